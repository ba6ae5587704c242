// Django's admin writes no label beside a field in a table, or beside the parts of a field: each gets the name that is
// seen above it. What scrolls can be reached by the keyboard, and the room that is open is in sight.
(() => {
  const FIELDS = "input:not([type=hidden], [type=submit], .select2-search__field), select, textarea";

  function improve() {
    for (const field of document.querySelectorAll(FIELDS)) {
      if (!isNamed(field)) field.setAttribute("aria-label", nameOf(field));
    }
    document.querySelectorAll(".select2-selection--single").forEach(nameChoice);
    document.querySelectorAll("#result_list tbody td, .tabular tbody td, .cards tbody td").forEach(sayWhatItIs);
    for (const region of document.querySelectorAll(".inline-group, .results, .module, .webhook-health")) {
      if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
    }
  }

  // On a phone a row is a card: each line begins with the name of its column, and those with nothing to say are left out.
  function sayWhatItIs(cell) {
    cell.dataset.label = headerOf(cell) ?? "";
    cell.toggleAttribute("data-empty", !cell.querySelector("input, select, img, a") && ["", "–"].includes(textOf(cell)));
  }

  function isNamed(field) {
    return field.ariaLabel || field.hasAttribute("aria-labelledby") || [...field.labels].some((label) => label.innerText.trim());
  }

  // What stands for a select that looks its choices up: it is called as the select is, and tells what is chosen.
  function nameChoice(selection) {
    const select = selection.closest(".select2-container").previousElementSibling;
    const chosen = selection.querySelector(".select2-selection__rendered");
    for (const said of ["role", "aria-readonly"]) chosen.removeAttribute(said);
    if (!select.ariaLabel) select.ariaLabel = textOf(select.labels[0]);
    selection.setAttribute("aria-labelledby", `${select.id} ${chosen.id}`);
    nameList(selection, select);
  }

  // While it is open: what is typed looks for the same, and what is found hangs on it.
  function nameList(selection, select) {
    const list = selection.getAttribute("aria-owns");
    if (!list) return selection.removeAttribute("aria-controls");
    selection.setAttribute("aria-controls", list);
    document.querySelector(".select2-container--open .select2-search__field").ariaLabel = select.ariaLabel;
  }

  function nameOf(field) {
    const cell = field.closest("td");
    const names = cell ? [headerOf(cell), rowOf(cell)] : [groupOf(field)];
    return names.filter(Boolean).join(", ") || pictureOf(field) || field.name;
  }

  function headerOf(cell) {
    const header = cell.closest("table").querySelectorAll("thead th")[indexOf(cell)];
    return textOf(header?.querySelector(".text") ?? header);
  }

  function indexOf(cell) {
    return [...cell.parentElement.children].indexOf(cell);
  }

  function rowOf(cell) {
    return textOf(cell.parentElement.querySelector("th, .original p"));
  }

  function groupOf(field) {
    return textOf(field.closest(".form-row, fieldset")?.querySelector("legend, label"));
  }

  function pictureOf(field) {
    return field.labels?.[0]?.querySelector("img")?.alt;
  }

  function textOf(element) {
    return element?.textContent.trim().replace(/:$/, "");
  }

  // Rows are added, and selects replaced, by Django's own scripts whenever they come to it.
  new MutationObserver(improve).observe(document.body, { childList: true, subtree: true });
  improve();
  document.querySelector(".sections [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
})();

// The hints of two lists side by side are pictures with a name; their script has made them by now.
addEventListener("load", () => {
  for (const hint of document.querySelectorAll(".help-tooltip[aria-label]")) hint.setAttribute("role", "img");
});
