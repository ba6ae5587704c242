// The shop's own payment page: Stripe's Payment Element, and the button that pays. Without this script the page
// offers Stripe's page.
const form = document.getElementById("pay-form");
const button = document.getElementById("pay-here-button");
const state = document.getElementById("pay-state");
const problem = document.getElementById("pay-problem");
const email = document.getElementById("pay-email");
const label = button.textContent;
const { publishableKey, amount, order, success } = form.dataset;
const words = document.getElementById("pay-words").dataset;

let stripe;
let elements;
let clientSecret;

form.hidden = false;
// Until there is a card form, the button tries again, and needs no address for that.
form.noValidate = true;
document.getElementById("without-script").hidden = true;
// The button of the way to pay where this one does not run; beside it, no more than another way.
document.getElementById("pay-button").classList.add("plain");
start();

async function start() {
  state.textContent = words.loading;
  try {
    if (!window.Stripe) throw new Error(words.blocked);
    stripe = window.Stripe(publishableKey);
    mount(await openIntent());
  } catch (error) {
    complain(error);
  }
}

async function openIntent(values = {}) {
  const answer = await ask(values);
  // Paid in another tab, or nothing is to be paid: the order's page says which.
  if (!answer.client_secret) return location.assign(order);
  if (answer.publishable_key !== publishableKey || String(answer.amount) !== amount) throw changed();
  return answer.client_secret;
}

async function ask(values) {
  let response;
  try {
    const body = new URLSearchParams(values);
    response = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body });
  } catch {
    throw new Error(words.unreachable);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  if (answer?.error?.code === "order_closed") return {};
  if (answer?.error?.code === "invalid_email") email.setAttribute("aria-invalid", "true");
  throw new Error(answer?.error?.message ?? words.failed);
}

function changed() {
  return Object.assign(new Error(words.changed), { reload: true });
}

function mount(secret) {
  if (!secret) return;
  clientSecret = secret;
  elements = stripe.elements({ clientSecret, locale: document.documentElement.lang, appearance: appearance() });
  const element = elements.create("payment", { fields: { billingDetails: { email: "never" } } });
  element.on("ready", () => working(false));
  element.on("loaderror", () => complain(new Error(words.blocked)));
  element.mount("#pay-element");
  form.noValidate = false;
}

// Stripe's frame knows nothing of our style sheet: it is told the colors as they are now.
function appearance() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const colorPrimary = getComputedStyle(button).backgroundColor;
  const { color: colorText, backgroundColor: colorBackground } = getComputedStyle(form);
  return { theme: dark ? "night" : "stripe", variables: { colorPrimary, colorText, colorBackground, borderRadius: "12px" } };
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  if (!elements) return retry();
  working(true, words.bank);
  try {
    await pay();
  } catch (error) {
    complain(error);
  }
});

function retry() {
  working(true);
  start();
}

async function pay() {
  // The shop has to know where to write to before the card is charged.
  const secret = await openIntent({ email: email.value });
  if (!secret) return;
  if (secret !== clientSecret) {
    mount(secret);
    throw new Error(words.renewed);
  }
  const confirmParams = {
    return_url: new URL(success, location.href).href,
    payment_method_data: { billing_details: { email: email.value } },
  };
  const { error } = await stripe.confirmPayment({ elements, confirmParams });
  if (isUnderWay(error.payment_intent)) return location.assign(`${success}?payment_intent=${error.payment_intent.id}`);
  throw new Error(inWords(error));
}

// It was confirmed before, perhaps in another tab.
function isUnderWay(intent) {
  return ["processing", "succeeded"].includes(intent?.status);
}

function inWords(error) {
  if (error.type === "validation_error") return error.message;
  return `${error.message} ${words.notCharged} ${error.type === "card_error" ? words.otherCard : words.later}`;
}

function complain(error) {
  working(false);
  problem.textContent = error.message;
  problem.hidden = false;
  if (email.hasAttribute("aria-invalid")) email.focus();
  if (error.reload) offerReload();
  else if (!elements) button.textContent = words.tryAgain;
}

function working(yes, said = "") {
  button.disabled = yes;
  button.textContent = yes ? button.dataset.working : label;
  state.textContent = said;
  if (!yes) return;
  problem.hidden = true;
  email.removeAttribute("aria-invalid");
}

function offerReload() {
  button.textContent = words.newTotal;
  form.addEventListener("submit", reloadInstead, { capture: true });
}

// Nothing is paid by this press: the shopper has not seen the total yet.
function reloadInstead(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
  location.reload();
}

// Back from the order's page, browsers show this one as it was left.
addEventListener("pageshow", (event) => event.persisted && location.reload());
