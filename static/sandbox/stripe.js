// Stands where Stripe.js would be, so that in development the browser runs the page's own code unchanged.
// There is no redirectToCheckout, because Stripe.js has none any more: pages go to the session's url.
(() => {
  "use strict";

  const STAND_IN = "/sandbox/";
  const UNMOUNTED = { error: { type: "api_error", message: "The Payment Element was unmounted." } };
  const UNREACHABLE = "The payment service cannot be reached. Please check your connection and try again.";

  window.Stripe = (key) => {
    if (!String(key).startsWith("pk_")) {
      throw integrationError("Invalid value for Stripe(): publishableKey should begin with pk_.");
    }
    return {
      elements: (options = {}) => new Elements(options),
      confirmPayment: (options) => confirmPayment(key, options),
      retrievePaymentIntent: (clientSecret) => retrievePaymentIntent(key, clientSecret),
    };
  };

  function integrationError(message) {
    return Object.assign(new Error(message), { name: "IntegrationError" });
  }

  class Elements {
    constructor({ clientSecret, mode, amount, currency, locale = "auto" }) {
      if (!clientSecret && !(mode === "payment" && Number.isInteger(amount) && currency)) {
        throw integrationError("Elements needs a clientSecret, or the mode \"payment\" with amount and currency.");
      }
      this.clientSecret = clientSecret;
      this.locale = locale;
      this.element = null;
    }

    create(type, options) {
      if (type !== "payment") throw integrationError(`The stand-in for Stripe does not serve the element ${type} yet.`);
      if (this.element) throw integrationError("Can only create one Element of type payment.");
      this.element = new PaymentElement(this, options);
      return this.element;
    }

    getElement(type) {
      return type === "payment" ? this.element : null;
    }

    async submit() {
      const { error } = await mounted(this).ask({ act: "validate" });
      return error ? { error } : { selectedPaymentMethod: "card" };
    }
  }

  function mounted(elements) {
    if (!elements?.element?.frame) {
      throw integrationError("elements should have a mounted Payment Element. Call element.mount() first.");
    }
    return elements.element;
  }

  class PaymentElement {
    constructor(elements) {
      this.elements = elements;
      this.handlers = [];
      this.asked = 0;
      this.answers = new Map();
      this.receive = this.receive.bind(this);
    }

    mount(target) {
      const node = typeof target === "string" ? document.querySelector(target) : target;
      if (!node) throw integrationError(`The selector you specified (${target}) applies to no DOM elements.`);
      this.unmount();
      this.loaded = new Promise((resolve) => (this.load = resolve));
      const query = new URLSearchParams({ locale: this.elements.locale });
      this.frame = frameOf(`${STAND_IN}elements/payment?${query}`, "Secure payment input frame");
      // Room for the ring around a field, outside of what the fields are aligned with.
      Object.assign(this.frame.style, { margin: "-4px", width: "calc(100% + 8px)" });
      addEventListener("message", this.receive);
      node.replaceChildren(this.frame);
    }

    unmount() {
      removeEventListener("message", this.receive);
      this.frame?.remove();
      this.frame = null;
      this.load?.();
      this.answers.forEach((answer) => answer(UNMOUNTED));
      this.answers.clear();
    }

    destroy() {
      this.unmount();
      this.elements.element = null;
    }

    on(event, handler) {
      this.handlers.push({ event, handler });
      return this;
    }

    off(event, handler) {
      this.handlers = this.handlers.filter((each) => each.event !== event || (handler && each.handler !== handler));
      return this;
    }

    // Accepted: there is nothing in it to change.
    update() {}

    async ask(message) {
      await this.loaded;
      if (!this.frame) return UNMOUNTED;
      const id = (this.asked += 1);
      return new Promise((resolve) => {
        this.answers.set(id, resolve);
        this.frame.contentWindow.postMessage({ ...message, id }, location.origin);
      });
    }

    receive({ data, origin, source }) {
      if (source !== this.frame?.contentWindow || origin !== location.origin) return;
      if (data.sandbox === "ready") {
        this.texts = data.texts;
        this.frame.title = this.texts.frame;
        this.load();
        this.tell("ready", {});
      }
      if (data.sandbox === "change") {
        this.tell("change", { empty: data.empty, complete: data.complete, collapsed: false, value: { type: "card" } });
      }
      if (data.sandbox === "height") this.frame.style.height = `${data.height}px`;
      if (data.sandbox === "answer") {
        this.answers.get(data.id)?.(data.result);
        this.answers.delete(data.id);
      }
    }

    tell(event, details) {
      const told = this.handlers.filter((each) => each.event === event);
      told.forEach(({ handler }) => handler({ elementType: "payment", ...details }));
    }
  }

  async function confirmPayment(key, { elements, clientSecret, confirmParams = {}, redirect = "always" } = {}) {
    const element = mounted(elements);
    const secret = clientSecret ?? elements.clientSecret;
    const { return_url: returnUrl, payment_method_data: method, ...others } = confirmParams;
    if (!secret) throw integrationError("confirmPayment needs the clientSecret of a PaymentIntent.");
    if (!returnUrl && redirect !== "if_required") throw integrationError("confirmParams.return_url is required.");
    if (Object.keys(others).length) {
      throw integrationError(`The stand-in for Stripe does not serve confirmParams.${Object.keys(others)[0]} yet.`);
    }
    const email = method?.billing_details?.email ?? "";
    const values = { key, client_secret: secret, email, locale: elements.locale };
    const result = await confirmed(key, element, secret, values);
    if (result.error || redirect === "if_required") return result;
    location.assign(withResult(returnUrl, result.paymentIntent));
    // The page is on its way elsewhere: what waits for this goes with it.
    return new Promise(() => {});
  }

  async function confirmed(key, element, secret, values) {
    const result = await element.ask({ act: "confirm", intent: idOf(secret), values });
    if (result.paymentIntent?.status !== "requires_action") return result;
    const { locale } = values;
    await authenticated(`${urlOf(secret)}/authenticate?${queryOf(key, secret, locale)}`, element.texts.bank);
    const { paymentIntent, error } = await retrievePaymentIntent(key, secret, locale);
    const failure = paymentIntent?.last_payment_error;
    return failure ? { error: { ...failure, payment_intent: paymentIntent } } : error ? { error } : { paymentIntent };
  }

  function authenticated(url, title) {
    const dialog = document.createElement("dialog");
    const frame = frameOf(url, title);
    Object.assign(dialog.style, { padding: "0", border: "0", borderRadius: "8px", width: "min(30rem, 100% - 2rem)" });
    frame.style.height = "min(26rem, 80vh)";
    dialog.append(frame);
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
      addEventListener("message", function receive({ data, origin, source }) {
        if (source !== frame.contentWindow || origin !== location.origin || data.sandbox !== "authenticated") return;
        removeEventListener("message", receive);
        dialog.remove();
        resolve();
      });
    });
  }

  async function retrievePaymentIntent(key, clientSecret, locale = "auto") {
    try {
      return await (await fetch(`${urlOf(clientSecret)}?${queryOf(key, clientSecret, locale)}`)).json();
    } catch {
      return { error: { type: "api_connection_error", message: UNREACHABLE } };
    }
  }

  function urlOf(clientSecret) {
    return `${STAND_IN}payment_intents/${encodeURIComponent(idOf(clientSecret))}`;
  }

  function idOf(clientSecret) {
    return String(clientSecret).split("_secret_")[0];
  }

  function queryOf(key, clientSecret, locale) {
    return new URLSearchParams({ key, client_secret: clientSecret, locale });
  }

  function withResult(returnUrl, intent) {
    const url = new URL(returnUrl, location.href);
    url.searchParams.set("payment_intent", intent.id);
    url.searchParams.set("payment_intent_client_secret", intent.client_secret);
    url.searchParams.set("redirect_status", intent.status);
    return url;
  }

  function frameOf(url, title) {
    const frame = document.createElement("iframe");
    Object.assign(frame, { src: url, title });
    Object.assign(frame.style, { border: "0", display: "block", width: "100%" });
    return frame;
  }
})();
