// Adding, changing and removing without a new page. Without this script the forms do the same.
const cart = document.getElementById("cart");
const count = document.getElementById("cart-count");
const said = document.getElementById("said");
const words = said.dataset;
const SECONDS_TO_READ = 6;

// What was sent, and is not answered yet.
const underWay = [];
let lastAnswer = Promise.resolve();
let checkoutWasPressed = false;

addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.submitter?.id === "checkout-button" && underWay.length) return stay(event);
  const address = event.submitter?.hasAttribute("formaction") ? event.submitter.formAction : form.action;
  if (!form.hasAttribute("data-cart") && !event.submitter?.hasAttribute("data-cart")) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  const sent = `${address}?${new URLSearchParams(body)}`;
  // Enter, or a press of its button, says once more what the quantity's field has just said by itself.
  if (cart && underWay.includes(sent)) return;
  underWay.push(sent);
  try {
    const answer = await inTurn(() => ask(address, { method: "POST", body }));
    count.textContent = answer.count || "";
    if (cart) await redraw();
    say(checkoutWasPressed ? `${answer.message} ${words.lookFirst}` : answer.message, "success");
  } catch (error) {
    say(error.message, "error");
  } finally {
    underWay.splice(underWay.indexOf(sent), 1);
    checkoutWasPressed = false;
  }
});

// A quantity typed in this very moment makes another total, and nobody has seen it yet.
function stay(event) {
  event.preventDefault();
  checkoutWasPressed = true;
}

// A quantity counts as soon as it is typed.
cart?.addEventListener("change", (event) => {
  if (event.target.type === "number") event.target.form.requestSubmit(document.getElementById("update"));
});

// Back from another page, browsers show this one as it was left.
addEventListener("pageshow", (event) => event.persisted && location.reload());

// The browser keeps the cart as the last answer says it: one that was asked for before another came knows nothing of it.
function inTurn(act) {
  const answer = lastAnswer.then(act);
  lastAnswer = answer.catch(() => {});
  return answer;
}

async function redraw() {
  const { id } = document.activeElement;
  const wasInside = cart.contains(document.activeElement);
  const shown = await ask(cart.dataset.address);
  cart.innerHTML = shown.html;
  count.textContent = shown.count || "";
  if (wasInside) (document.getElementById(id) ?? cart).focus();
}

async function ask(address, options = {}) {
  let response;
  try {
    response = await fetch(address, { headers: { Accept: "application/json" }, ...options });
  } catch {
    throw new Error(words.unreachable);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new Error(answer?.error?.message ?? words.failed);
}

// What went well covers the page for a while; what went wrong stays until the next try.
function say(message, kind) {
  const line = document.createElement("p");
  line.className = `said passing ${kind}`;
  line.textContent = message;
  said.replaceChildren(line);
  uncover(document.activeElement, line);
  if (kind === "success") setTimeout(() => line.remove(), SECONDS_TO_READ * 1000);
}

// A field or button that has the focus is seen above it.
function uncover(element, line) {
  const covered = element.getBoundingClientRect().bottom - line.getBoundingClientRect().top;
  if (element.matches("input, button, a") && covered > 0) scrollBy({ top: covered + 8 });
}
