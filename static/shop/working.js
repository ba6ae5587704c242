// A pressed button that takes its time says so, and cannot be pressed twice. Without this script the forms do the same.
const SECONDS_TO_TRY_AGAIN = 30;
const labels = new Map();

addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button?.dataset.working) return;
  if (labels.has(button)) return event.preventDefault();
  labels.set(button, button.textContent);
  button.textContent = button.dataset.working;
  // A disabled button would leave its form without what it adds: the form has been sent by then.
  setTimeout(() => { button.disabled = labels.has(button); });
  setTimeout(() => rest(button), SECONDS_TO_TRY_AGAIN * 1000);
});

function rest(button) {
  button.disabled = false;
  button.textContent = labels.get(button) ?? button.textContent;
  labels.delete(button);
}

// Back from the payment page, browsers show this one as it was left.
addEventListener("pageshow", () => [...labels.keys()].forEach(rest));
