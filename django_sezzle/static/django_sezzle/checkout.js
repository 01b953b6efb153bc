// Shows Sezzle's checkout in a window or in a frame of this page, through Sezzle's own script.
// Wherever that cannot be, the form goes its way as without this file, and the shop redirects.
(() => {
  "use strict";
  const page = document.documentElement;
  if ("sezzleCheckoutReady" in page.dataset) return; // Included twice.
  page.dataset.sezzleCheckoutReady = "";
  const BUTTON = "[data-sezzle-button][data-sezzle-mode]";
  const LONGEST_ANSWER = 30000;
  const LOOK = 500;
  // Sezzle's own word about the end comes first, when it comes.
  const GRACE = 1500;
  const visits = new WeakMap();

  // Phones and tablets have one window; what an app shows of the web mostly cannot open another.
  const isPossible = () => {
    const names = navigator.userAgent;
    return (
      typeof Checkout === "function" &&
      !navigator.userAgentData?.mobile &&
      !/Android|iPhone|iPad|iPod|Mobile|Tablet|Silk|; wv\)|FBA[NV]|Instagram|Line\//.test(names) &&
      !(/Macintosh/.test(names) && navigator.maxTouchPoints > 1) &&
      !new URLSearchParams(location.search).has("isWebView")
    );
  };

  // Sezzle's script does not say whether the browser let it open a window: null means it did not.
  const windowOpenedBy = (work) => {
    const open = window.open;
    let opened;
    window.open = (...given) => (opened = open.apply(window, given));
    try {
      work();
    } finally {
      window.open = open;
    }
    return opened;
  };

  // A page with "Cross-Origin-Opener-Policy: same-origin" sees its window as closed while the
  // shopper is still in it. Who has really closed it looks at this page again.
  const whenLookedAt = (act) => {
    if (document.hasFocus()) act();
    else window.addEventListener("focus", act, { once: true });
  };

  const ask = async (button, mode) => {
    // Not form.action: a field of the shop's form may have that name.
    const address = button.form.getAttribute("action") || location.href;
    try {
      const answer = await fetch(address, {
        method: "POST",
        body: new FormData(button.form),
        credentials: "same-origin",
        headers: { Accept: "application/json", "Sezzle-Checkout-Mode": mode },
        signal: AbortSignal.timeout(LONGEST_ANSWER),
      });
      return await answer.json();
    } catch {
      return {};
    }
  };

  // One visit to Sezzle, from the press to wherever the shopper goes next.
  class Visit {
    constructor(button) {
      this.button = button;
      this.mode = button.dataset.sezzleMode;
      this.addresses = {};
      this.isOver = false;
    }

    // Synchronously in the press, or the browser takes the window for an advertisement.
    open() {
      const left = () => this.leave();
      try {
        this.sdk = new Checkout({
          mode: this.mode,
          publicKey: this.button.dataset.sezzleKey,
          apiMode: this.button.dataset.sezzleApi,
          apiVersion: "v2",
        });
        this.sdk.init({ onClick() {}, onComplete: (event) => this.complete(event), onCancel: left, onFailure: left });
        if (typeof this.sdk.openModal === "function") {
          this.window = windowOpenedBy(() => this.sdk.openModal());
        } else if (this.mode === "popup") {
          return false;
        }
      } catch {
        this.close();
        return false;
      }
      if (this.window === null) {
        this.close();
        return false;
      }
      this.watch();
      return true;
    }

    async go() {
      const found = await ask(this.button, this.mode);
      // Closed before anything was shown.
      if (this.window?.closed) this.cancel();
      if (this.isOver) return;
      if (found.checkout_url && found.mode === this.mode) {
        this.addresses = found;
        try {
          await this.sdk.startCheckout({ checkout_url: found.checkout_url });
        } catch {
          this.giveUp();
        }
      } else if (found.next || found.checkout_url) {
        this.close();
        location.assign(found.next || found.checkout_url);
      } else {
        this.giveUp();
      }
    }

    // The server asks Sezzle; what is said here is only compared.
    complete(event) {
      const { complete_url } = this.addresses;
      if (this.isOver || !complete_url) return;
      this.end();
      const order = event?.data?.order_uuid;
      const hint = typeof order === "string" ? `?${new URLSearchParams({ order })}` : "";
      location.assign(complete_url + hint);
    }

    leave() {
      if (this.mode === "popup") whenLookedAt(() => this.cancel());
      else this.cancel();
    }

    cancel() {
      if (this.isOver) return;
      this.end();
      const { cancel_url } = this.addresses;
      if (cancel_url) location.assign(cancel_url);
      else this.button.dispatchEvent(new CustomEvent("sezzle:idle", { bubbles: true }));
    }

    giveUp() {
      if (this.isOver) return;
      this.close();
      // Not form.submit(): again, a field may have that name.
      HTMLFormElement.prototype.submit.call(this.button.form);
    }

    // Sezzle's script may say at the end of a window nothing at all.
    watch() {
      if (!this.window) return;
      this.watching = setInterval(() => {
        if (!this.window.closed) return;
        clearInterval(this.watching);
        setTimeout(() => this.leave(), GRACE);
      }, LOOK);
    }

    close() {
      this.end();
      try {
        this.sdk?.closeModal?.();
      } catch {
        // Nothing was open.
      }
    }

    end() {
      this.isOver = true;
      clearInterval(this.watching);
    }

    // A second press brings the window to the front again.
    show() {
      if (this.isOver || !this.window || this.window.closed) return false;
      this.window.focus();
      return true;
    }
  }

  document.addEventListener("submit", (event) => {
    const button = event.submitter ?? event.target.querySelector(BUTTON);
    if (event.defaultPrevented || !button?.matches(BUTTON)) return;
    const earlier = visits.get(button.form);
    if (earlier?.show()) {
      event.preventDefault();
      button.dispatchEvent(new CustomEvent("sezzle:idle", { bubbles: true }));
      return;
    }
    if (earlier && !earlier.isOver) earlier.close();
    if (!isPossible()) return;
    const visit = new Visit(button);
    if (!visit.open()) return;
    event.preventDefault();
    visits.set(button.form, visit);
    visit.go();
  });
})();
