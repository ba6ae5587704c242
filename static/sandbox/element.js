// In the frame of the Payment Element: the card goes from here to the stand-in, and never to the shop's page.
(() => {
  "use strict";

  const form = document.getElementById("card");
  const fields = ["number", "expiry", "cvc"].map((name) => form.elements[name]);
  const patterns = { number: /^[\d\s-]{12,}$/, expiry: /^\d{1,2}\s*[/-]?\s*(20)?\d{2}$/, cvc: /^\d{3,4}$/ };
  const acts = { validate, confirm };

  addEventListener("message", async ({ data, origin, source }) => {
    if (source !== parent || origin !== location.origin || !Object.hasOwn(acts, data?.act)) return;
    tell({ sandbox: "answer", id: data.id, result: await acts[data.act](data) });
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target }) => {
    if (fields.includes(target)) clear(target);
    tell({ sandbox: "change", empty: fields.every((field) => !field.value), complete: !firstIncomplete() });
  });
  new ResizeObserver(() => tell({ sandbox: "height", height: document.body.offsetHeight })).observe(document.body);
  tell({ sandbox: "ready", texts: { ...form.dataset } });

  function tell(message) {
    parent.postMessage(message, location.origin);
  }

  function validate() {
    fields.forEach(clear);
    const incomplete = fields.filter((field) => !isComplete(field));
    incomplete.forEach((field) => complain(field, incompleteMessage(field)));
    return incomplete.length ? { error: incompleteError(incomplete[0]) } : {};
  }

  function firstIncomplete() {
    return fields.find((field) => !isComplete(field));
  }

  function isComplete(field) {
    return patterns[field.name].test(field.value.trim());
  }

  function incompleteError(field) {
    field.focus();
    return { type: "validation_error", code: `incomplete_${field.name}`, message: incompleteMessage(field) };
  }

  function incompleteMessage({ name }) {
    return form.dataset[name];
  }

  async function confirm({ intent, values }) {
    const invalid = validate();
    if (invalid.error) return invalid;
    const body = new FormData(form);
    Object.entries(values).forEach(([name, value]) => body.set(name, value));
    const result = await post(`/sandbox/payment_intents/${encodeURIComponent(intent)}/confirm`, body);
    const { fields: messages = {}, ...error } = result.error ?? {};
    Object.entries(messages).forEach(([name, message]) => complain(form.elements[name], message));
    return result.error ? { error } : result;
  }

  async function post(url, body) {
    try {
      return await (await fetch(url, { method: "POST", body })).json();
    } catch {
      return { error: { type: "api_connection_error", message: form.dataset.unreachable } };
    }
  }

  function complain(field, message) {
    if (!fields.includes(field)) return;
    const text = document.createElement("p");
    text.id = `${field.id}_error`;
    text.className = "errorlist";
    text.role = "alert";
    text.textContent = message;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", text.id);
    field.parentElement.classList.add("wrong");
    field.parentElement.append(text);
  }

  function clear(field) {
    document.getElementById(`${field.id}_error`)?.remove();
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
    field.parentElement.classList.remove("wrong");
  }
})();
