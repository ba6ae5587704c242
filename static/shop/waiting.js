// An order that waits for Stripe's word: asks for it now and then, less and less, and shows the page once it is there.
// Without this script the page reloads itself.
const LONGEST_PAUSE = 30;
const LONGEST_WAIT = 15 * 60;
const waiting = document.getElementById("waiting");
const words = waiting.querySelector("span");

look(2, 0);

async function look(pause, waited) {
  await new Promise((resolve) => setTimeout(resolve, pause * 1000));
  if (await isThereNews()) return show();
  if (waited < LONGEST_WAIT) return look(Math.min(pause * 1.3, LONGEST_PAUSE), waited + pause);
  words.textContent = waiting.dataset.stopped;
}

// Nobody looks at a page in the background, and a shop that cannot be reached has no news.
async function isThereNews() {
  if (document.hidden) return false;
  try {
    const response = await fetch(location.href, { headers: { Accept: "application/json" } });
    return response.ok && (await response.json()).status !== waiting.dataset.status;
  } catch {
    return false;
  }
}

function show() {
  words.textContent = waiting.dataset.news;
  setTimeout(() => location.reload(), 1000);
}
