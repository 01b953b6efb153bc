// Keeps "Pay with Sezzle" from being pressed twice. Without it the server takes care of that.
(() => {
  "use strict";
  const page = document.documentElement;
  if ("sezzleButtonReady" in page.dataset) return; // Included twice.
  page.dataset.sezzleButtonReady = "";
  const BUTTON = "[data-sezzle-button]";
  const PATIENCE = 15000;

  const say = (button, words) => {
    const label = button.querySelector("[data-sezzle-label]");
    if (!label || !words) return;
    button.dataset.sezzleIdle ??= label.textContent;
    label.textContent = words;
  };

  const hold = (button) => {
    button.setAttribute("aria-disabled", "true");
    say(button, button.dataset.sezzleBusy);
    // The shopper pressed Stop, or the network went away.
    setTimeout(() => free(button), PATIENCE);
  };

  const free = (button) => {
    button.removeAttribute("aria-disabled");
    say(button, button.dataset.sezzleIdle);
  };

  document.addEventListener("submit", (event) => {
    const button = event.submitter ?? event.target.querySelector(BUTTON);
    if (event.defaultPrevented || !button?.matches(BUTTON)) return;
    if (button.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
    } else {
      hold(button);
    }
  });

  // The window for Sezzle's checkout was closed, and the shopper is still here.
  document.addEventListener("sezzle:idle", (event) => free(event.target));

  // Coming back with the browser's back button finds a button that works.
  window.addEventListener("pageshow", () => document.querySelectorAll(BUTTON).forEach(free));
})();
