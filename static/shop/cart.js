// Adding, changing and removing without a new page. Without this script the forms do the same.
"use strict";

const cart = document.getElementById("cart");
const count = document.getElementById("cart-count");
const said = document.getElementById("said");

addEventListener("submit", async (event) => {
  const form = event.target;
  const address = event.submitter?.hasAttribute("formaction") ? event.submitter.formAction : form.action;
  if (!form.hasAttribute("data-cart") && !event.submitter?.hasAttribute("data-cart")) return;
  event.preventDefault();
  try {
    const answer = await ask(address, { method: "POST", body: new FormData(form) });
    count.textContent = answer.count || "";
    if (cart) await redraw();
    say(answer.message, "success");
  } catch (error) {
    say(error.message, "error");
  }
});

// A quantity counts as soon as it is typed.
cart?.addEventListener("change", (event) => {
  if (event.target.name === "quantity") event.target.form.requestSubmit();
});

// Back from another page, browsers show this one as it was left.
addEventListener("pageshow", (event) => event.persisted && location.reload());

async function redraw() {
  const focused = document.activeElement?.id;
  const shown = await ask(cart.dataset.address);
  cart.innerHTML = shown.html;
  count.textContent = shown.count || "";
  if (focused) document.getElementById(focused)?.focus();
}

async function ask(address, options = {}) {
  let response;
  try {
    response = await fetch(address, { headers: { Accept: "application/json" }, ...options });
  } catch {
    throw new Error("The shop cannot be reached: please check your connection and try again.");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new Error(answer?.error?.message ?? "Something went wrong: please try again in a minute.");
}

function say(message, kind) {
  const line = document.createElement("p");
  line.className = `said ${kind}`;
  line.textContent = message;
  said.replaceChildren(line);
}
