// Comfort only: every page of the shop works without this file.

// A button that was pressed shows it, and is not pressed twice by accident.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.querySelector("button.pay")?.setAttribute("aria-disabled", "true");
  });
}

// Coming back with the browser's back button finds a button that works again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) {
    delete form.dataset.sent;
    form.querySelector("button.pay")?.removeAttribute("aria-disabled");
  }
});

// The order's page follows its payment for ten minutes, ever more slowly.
const page = document.getElementById("follow");
if (page) {
  const started = Date.now();
  let pause = 1500;
  const look = async () => {
    try {
      const answer = await fetch(page.dataset.stateUrl, { headers: { Accept: "application/json" } });
      const now = await answer.json();
      if (answer.ok && (now.state !== page.dataset.state || String(now.events) !== page.dataset.events)) {
        window.location.reload();
        return;
      }
    } catch {
      // Offline for a moment: look again later.
    }
    pause = Math.min(pause * 1.3, 5000);
    if (Date.now() - started < 600000) {
      setTimeout(look, pause);
    }
  };
  setTimeout(look, pause);
}
