// Goes on with what waits, batch by batch, and says how far it is. Without it there is a button.
(() => {
  "use strict";
  const box = document.getElementById("sezzle-progress");
  if (!box) return;
  const form = box.querySelector("form");
  const text = box.querySelector("[data-text]");
  const bar = box.querySelector("progress");
  const LOOK_MS = 1000;
  const MOST_LOOKS = 30;
  const MOST_IDLE_BATCHES = 3;
  let isOver = false;

  const ask = async (options) => {
    const answer = await fetch(box.dataset.url, {
      credentials: "same-origin",
      cache: "no-store",
      headers: { Accept: "application/json" },
      ...options,
    });
    const type = answer.headers.get("Content-Type") || "";
    if (!answer.ok || !type.startsWith("application/json")) throw new Error(String(answer.status));
    return answer.json();
  };

  const show = (found) => {
    if (found.through < bar.value) return found;
    bar.value = found.through;
    if (text.textContent !== found.text) text.textContent = found.text;
    return found;
  };

  const pause = () => new Promise((resolve) => setTimeout(resolve, LOOK_MS));

  const look = async () => {
    while (!isOver) {
      await pause();
      if (isOver) return;
      try {
        show(await ask({}));
      } catch {
        // The batch under way tells whether something is wrong.
      }
    }
  };

  const workOff = async () => {
    let idle = 0;
    let before = null;
    for (;;) {
      const found = show(await ask({ method: "POST", body: new FormData(form) }));
      if (!found.waiting) return;
      idle = found.waiting === before ? idle + 1 : 0;
      before = found.waiting;
      if (idle >= MOST_IDLE_BATCHES) throw new Error("no progress");
      if (idle) await pause();
    }
  };

  const waitForOthers = async () => {
    for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
      const found = show(await ask({}));
      if (!found.waiting && !found.beingSent) return;
      await pause();
    }
  };

  const run = async () => {
    if (form) form.hidden = true;
    try {
      if (form) {
        look();
        await workOff();
      }
      isOver = true;
      await waitForOthers();
      window.location.replace(box.dataset.url);
    } catch {
      isOver = true;
      if (form) form.hidden = false;
      box.querySelector("[data-trouble]").hidden = !form;
    }
  };

  run();
})();
