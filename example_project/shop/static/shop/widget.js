// Sezzle's price widget reads this: where the price is that it writes the payments below.
document.sezzleConfig = { configGroups: [{ targetXPath: "#price" }] };
