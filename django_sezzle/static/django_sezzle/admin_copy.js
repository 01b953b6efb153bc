"use strict";

// Puts a button beside everything that can be copied. Without it the text can be selected.
for (const section of document.querySelectorAll("[data-sezzle-copy]")) {
  const status = section.querySelector("[data-sezzle-status]");
  for (const source of section.querySelectorAll("[data-sezzle-copyable]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sezzle-copy";
    button.textContent = section.dataset.sezzleCopy;
    button.setAttribute("aria-label", `${section.dataset.sezzleCopy}: ${source.dataset.sezzleWhat}`);
    button.addEventListener("click", async () => {
      const text = source.value ?? source.textContent;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        // No secure context, or no leave: select it, and let the browser's own command copy.
        if (source.select) {
          source.select();
        } else {
          getSelection().selectAllChildren(source);
        }
        if (!document.execCommand("copy")) {
          return;
        }
      }
      status.textContent = `${section.dataset.sezzleCopied}: ${source.dataset.sezzleWhat}`;
    });
    source.after(button);
  }
}
