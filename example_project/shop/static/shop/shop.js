// Comfort only: every page of the shop works without this file.

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
