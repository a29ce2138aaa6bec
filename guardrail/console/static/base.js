// What every page of the console shares: the theme switch. Pages work without it.

const THEMES = ["auto", "light", "dark"];
const root = document.documentElement;
const button = document.querySelector("#theme");

function show() {
  const span = document.createElement("span");
  span.textContent = button.dataset[root.dataset.theme ?? "auto"];
  button.replaceChildren("◐", span);
}

if (button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length];
    if (next === "auto") {
      delete root.dataset.theme;
      localStorage.removeItem("theme");
    } else {
      root.dataset.theme = next;
      localStorage.setItem("theme", next);
    }
    show();
  });
  show();
}
