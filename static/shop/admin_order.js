// Staff composes an order: what it comes to is shown at every change, and its link is copied by a button.
(() => {
  const shown = document.querySelector("#order-totals");
  const form = shown && shown.closest("form");
  let asked = 0;
  let timer;

  async function ask() {
    const number = ++asked;
    const answer = await fetch(shown.dataset.url, { method: "POST", body: new FormData(form) }).catch(() => null);
    const totals = answer && answer.ok ? await answer.json().catch(() => null) : null;
    // A later change was asked about meanwhile.
    if (number === asked) show(totals);
  }

  function show(totals) {
    if (!totals) {
      shown.textContent = shown.dataset.silent;
      return;
    }
    for (const row of form.querySelectorAll(".dynamic-lines")) {
      const sums = totals.rows[row.id];
      fill(row, "unit_price", sums);
      fill(row, "sum", sums);
    }
    shown.textContent = [totals.parts.join(" · "), totals.problem].filter(Boolean).join(" — ") || "–";
  }

  function fill(row, name, sums) {
    const place = row.querySelector(`.field-${name} p, .field-${name}`);
    if (place) place.textContent = sums ? sums[name] : "–";
  }

  function askSoon() {
    clearTimeout(timer);
    timer = setTimeout(ask, 250);
  }

  if (form && form.querySelector("[name=_save]")) {
    for (const happening of ["input", "change", "formset:added", "formset:removed"]) {
      document.addEventListener(happening, askSoon);
    }
    ask();
  }

  const link = document.querySelector("#payment-link");
  const button = document.querySelector("#copy-payment-link");
  if (link && button) {
    const said = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      link.select();
      const copied = await copy(link.value);
      button.textContent = copied ? button.dataset.copied : button.dataset.byHand;
      setTimeout(() => { button.textContent = said; }, 2000);
    });
  }

  async function copy(text) {
    // Without https there is no clipboard to write to, but what is selected can be copied.
    if (!navigator.clipboard) return document.execCommand("copy");
    return navigator.clipboard.writeText(text).then(() => true, () => false);
  }
})();
