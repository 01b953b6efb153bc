// Shows the payments of another amount: that of a chosen variant, or of a "sezzle:price" event.
// Without it the amounts are those that the server wrote.
(() => {
  "use strict";
  const page = document.documentElement;
  if ("sezzleInstallmentsReady" in page.dataset) return; // Included twice.
  page.dataset.sezzleInstallmentsReady = "";
  const BOX = "[data-sezzle-installments]";

  const write = (cents, { sezzleMoney, sezzleGroup, sezzleDecimal }) => {
    const dollars = String(Math.floor(cents / 100)).replace(/\B(?=(\d{3})+$)/g, () => sezzleGroup);
    const rest = String(cents % 100).padStart(2, "0");
    return sezzleMoney.replace("{}", () => dollars + sezzleDecimal + rest).replaceAll(" ", "\u00a0");
  };

  // As installments.py decides it.
  const kindOf = (cents, { sezzleFrom, sezzleUpTo, sezzleCount }) => {
    if (!Number.isSafeInteger(cents) || cents <= 0 || cents > Number(sezzleUpTo)) return "nothing";
    if (cents < Number(sezzleFrom)) return "below";
    return cents % Number(sezzleCount) ? "uneven" : "even";
  };

  const show = (box, cents) => {
    const kind = kindOf(cents, box.dataset);
    const blank = box.querySelector(`template[data-sezzle-kind="${kind}"]`);
    const within = kind === "even" || kind === "uneven";
    const line = box.querySelector("[data-sezzle-line]");
    line.replaceChildren(...(blank ? [blank.content.cloneNode(true)] : []));
    const schedule = box.querySelector("[data-sezzle-schedule]");
    if (schedule) schedule.hidden = !within;
    if (!within) return;
    const count = Number(box.dataset.sezzleCount);
    const each = Math.floor(cents / count);
    const amounts = { each, last: cents - each * (count - 1), total: cents };
    for (const place of box.querySelectorAll("[data-sezzle-amount]")) {
      place.textContent = write(amounts[place.dataset.sezzleAmount], box.dataset);
    }
  };

  const whole = (text) => (/^\d+$/.test(String(text)) ? Number(text) : NaN);

  const chosen = (field) => (field.selectedOptions?.[0] ?? field).dataset?.sezzleCents;

  // A field without an amount, such as "Choose a size", brings back what the server wrote.
  const follow = (field) => {
    for (const box of document.querySelectorAll(BOX)) {
      const followed = box.dataset.sezzleFollow;
      if (followed && (field.name === followed || field.id === followed)) {
        show(box, whole(chosen(field) ?? box.dataset.sezzleCents));
      }
    }
  };

  document.addEventListener("change", (event) => follow(event.target));

  // At the document: every line on the page. At an element: those in it. On the way down, so that
  // an event that does not bubble is seen as well.
  document.addEventListener(
    "sezzle:price",
    ({ target, detail }) => {
      const boxes = target.matches?.(BOX) ? [target] : target.querySelectorAll(BOX);
      for (const box of boxes) show(box, whole(detail?.amount_in_cents));
    },
    true,
  );

  // Coming back, a browser fills in what was chosen, and says nothing of it.
  window.addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll("select, input")) {
      const unchecked = (field.type === "radio" || field.type === "checkbox") && !field.checked;
      if (!unchecked && chosen(field) !== undefined) follow(field);
    }
  });
})();
