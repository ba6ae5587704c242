// Without scripts the browser's own menu prints the page.
(() => {
  const button = document.querySelector("#print");
  button.hidden = false;
  button.addEventListener("click", () => window.print());
})();
