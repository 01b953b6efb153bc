// Follows a payment at the till and shows what fits its stage. Without it the page loads itself anew.
(() => {
  "use strict";
  const box = document.getElementById("sezzle-till");
  if (!box || box.dataset.goesOn === undefined) return;
  const pause = Number(box.dataset.seconds) * 1000;
  let left = Number(box.dataset.mostPolls);
  let tone = [...box.classList].find((name) => name.startsWith("sezzle-tone-"));

  const say = (name, text) => {
    const place = box.querySelector(`[data-${name}]`);
    // Only news is read aloud.
    if (place.textContent !== text) place.textContent = text;
  };

  const tell = (name, isSo) => {
    box.querySelector(`[data-${name}]`).hidden = !isSo;
  };

  const show = (found) => {
    say("headline", found.headline);
    say("text", found.text);
    say("seen", found.seen);
    box.dataset.stage = found.stage;
    box.classList.replace(tone, `sezzle-tone-${found.tone}`);
    tone = `sezzle-tone-${found.tone}`;
    for (const part of document.querySelectorAll("[data-stages]")) {
      part.hidden = !part.dataset.stages.split(" ").includes(found.stage);
    }
  };

  const ask = async () => {
    const answer = await fetch(box.dataset.url, {
      credentials: "same-origin",
      cache: "no-store",
      headers: { Accept: "application/json" },
    });
    const type = answer.headers.get("Content-Type") || "";
    if (answer.status >= 500) throw new Error(String(answer.status));
    return answer.ok && type.startsWith("application/json") ? answer.json() : null;
  };

  const follow = async () => {
    // A page that nobody sees asks nobody.
    if (document.hidden) return later();
    let found;
    try {
      found = await ask();
    } catch {
      tell("lost", true);
      return later();
    }
    tell("lost", false);
    if (found === null) return tell("logged-out", true);
    show(found);
    if (found.goesOn) later();
  };

  const later = () => {
    left -= 1;
    if (left > 0) setTimeout(follow, pause);
    else tell("tired", true);
  };

  setTimeout(follow, pause);
})();
