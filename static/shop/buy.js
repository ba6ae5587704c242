// The Buy button: opens a Checkout Session and goes to its page. Without this script the form does the same.
const form = document.getElementById("buy-form");
const button = document.getElementById("buy-button");
const problem = document.getElementById("buy-problem");
const payHere = document.getElementById("pay-here-button");
const words = form.dataset;
const labels = new Map([button, payHere].map((one) => [one, one.textContent]));

form.addEventListener("submit", async (event) => {
  // A page of the shop's own: the browser goes there by itself, once it has read the button.
  if (event.submitter === payHere) return setTimeout(() => working(true, payHere));
  if (event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  working(true);
  try {
    await goToPaymentPage(await openSession());
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
    working(false);
    if (error.code === "price_changed") offerReload();
  }
});

async function openSession() {
  let response;
  try {
    const headers = { Accept: "application/json" };
    response = await fetch(form.action, { method: "POST", headers, body: new FormData(form) });
  } catch {
    throw new Error(words.unreachable);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw Object.assign(new Error(answer?.error?.message ?? words.failed), answer?.error);
}

async function goToPaymentPage(session) {
  // Stripe.js lost redirectToCheckout with 2025-09-30.clover, and may be blocked altogether: the address always works.
  try {
    const stripe = window.Stripe?.(session.publishable_key);
    if (stripe?.redirectToCheckout) {
      const result = await stripe.redirectToCheckout({ sessionId: session.id });
      if (!result?.error) return;
    }
  } catch (error) {
    console.warn("Stripe.js did not take the shopper to the payment page", error);
  }
  location.assign(session.url);
}

function working(yes, pressed = button) {
  pressed.disabled = yes;
  pressed.textContent = yes ? pressed.dataset.working : labels.get(pressed);
  if (yes) problem.hidden = true;
}

function offerReload() {
  button.textContent = words.newPrice;
  form.addEventListener("submit", () => location.reload(), { capture: true, once: true });
}

// Back from the payment page, browsers show this one as it was left.
addEventListener("pageshow", () => labels.forEach((_, one) => working(false, one)));
