// Asks where the payment stands and goes on when it is known. Without it the page reloads itself.
(() => {
  "use strict";
  const box = document.getElementById("sezzle-arrival");
  if (!box) return;
  const pause = Number(box.dataset.seconds) * 1000;
  let left = Number(box.dataset.mostPolls);

  const show = (waiting) => {
    box.querySelector("[data-while-waiting]").hidden = !waiting;
    box.querySelector("[data-after-waiting]").hidden = waiting;
  };

  const ask = async () => {
    let state = "waiting";
    try {
      const answer = await fetch(box.dataset.statusUrl, { credentials: "same-origin", cache: "no-store" });
      if (answer.ok) state = (await answer.json()).state || "waiting";
    } catch {
      // The shopper's network is away; the next question may get through.
    }
    if (state !== "waiting") {
      // The server decides where to go, from what it knows by now.
      window.location.replace(window.location.pathname);
    } else if (--left > 0) {
      setTimeout(ask, pause);
    } else {
      show(false);
    }
  };

  show(true);
  setTimeout(ask, pause);
})();
