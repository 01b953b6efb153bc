// Tells the shop's page how the checkout ended, or goes back there where no page waits. Understood by
// this emulator's checkout.min.js alone.
(() => {
  "use strict";
  const done = document.getElementById("done").dataset;
  const shop = window.opener ?? (window.parent === window ? null : window.parent);
  if (!shop) {
    // The shop's page has cut the window off, or the address was opened by itself.
    location.replace(done.url);
    return;
  }
  const data = { order_uuid: done.orderUuid, session_uuid: done.sessionUuid };
  shop.postMessage({ emulator: done.ending, data }, done.parent);
  if (window.opener) window.close();
})();
