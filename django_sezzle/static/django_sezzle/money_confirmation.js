// Keeps "then" and the total up to date with what is typed. Without it the page shows the proposal.
(() => {
  "use strict";
  const form = document.getElementById("sezzle-money");
  if (!form) return;

  const AFTER = {
    capture: (now, moved) => [now.held - moved, now.taken + moved, now.givenBack],
    refund: (now, moved) => [now.held, now.taken, now.givenBack + moved],
    release: (now, moved) => [now.held - moved, now.taken, now.givenBack],
    reauthorize: (now, moved) => [moved, 0, 0],
  };
  const after = AFTER[form.dataset.action];
  if (!after) return;

  const asText = (cents, currency) => {
    const whole = String(Math.floor(cents / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
    return `$${whole}.${String(cents % 100).padStart(2, "0")} ${currency}`;
  };

  const asCents = (text) => {
    const found = /^([0-9]{1,8})(?:\.([0-9]{1,2}))?$/.exec(text.trim());
    return found ? Number(found[1]) * 100 + Number((found[2] || "").padEnd(2, "0")) : null;
  };

  const rows = [...form.querySelectorAll("tr[data-possible]")].map((row) => ({
    currency: row.dataset.currency,
    possible: Number(row.dataset.possible),
    now: {
      held: Number(row.dataset.held),
      taken: Number(row.dataset.taken),
      givenBack: Number(row.dataset.givenBack),
    },
    input: row.querySelector(".sezzle-ask input"),
    wrong: row.querySelector("[data-wrong]"),
    cells: [...row.querySelectorAll("[data-after]")],
  }));

  const showRow = (row) => {
    const typed = asCents(row.input.value);
    const isGood = typed !== null && typed > 0 && typed <= row.possible;
    row.wrong.hidden = isGood;
    row.input.setAttribute("aria-invalid", String(!isGood));
    const then = isGood ? after(row.now, typed) : null;
    const now = [row.now.held, row.now.taken, row.now.givenBack];
    row.cells.forEach((cell, index) => {
      cell.textContent = then ? asText(then[index], row.currency) : "?";
      cell.parentElement.classList.toggle("sezzle-changed", !then || then[index] !== now[index]);
    });
    return isGood ? typed : null;
  };

  const show = () => {
    const sums = {};
    rows.forEach((row) => {
      const moved = showRow(row);
      const before = row.currency in sums ? sums[row.currency] : 0;
      sums[row.currency] = moved === null || before === null ? null : before + moved;
    });
    form.querySelectorAll("[data-total]").forEach((total) => {
      const cents = sums[total.dataset.total];
      const text = cents === null ? "?" : asText(cents, total.dataset.total);
      // Read aloud only when it changes.
      if (total.textContent !== text) total.textContent = text;
    });
  };

  form.querySelectorAll("[data-for-script]").forEach((part) => (part.hidden = false));
  form.querySelectorAll("[data-without-script]").forEach((part) => (part.hidden = true));
  const legend = document.getElementById("sezzle-legend");
  legend.textContent = form.querySelector("p[data-for-script]").textContent;
  form.querySelector("p[data-for-script]").hidden = true;
  form.addEventListener("input", show);
  show();
})();
