// Stands where Stripe.js would be, so that in development the browser runs the page's own code unchanged.
// There is no redirectToCheckout, because Stripe.js has none any more: pages go to the session's url.
(() => {
  "use strict";

  window.Stripe = (publishableKey) => {
    if (!String(publishableKey).startsWith("pk_")) {
      throw new Error("Invalid value for Stripe(): publishableKey should begin with pk_.");
    }
    return {};
  };
})();
