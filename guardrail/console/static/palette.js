// Ctrl K: every page, case and command that this page offers, found by typing.

const box = document.querySelector("#palette");
const find = box?.querySelector("input");
const list = box?.querySelector("ul");
let offered = [];
let chosen = 0;

function offers() {
  const commands = [...document.querySelectorAll("[data-command]")].filter((one) => one.offsetParent !== null || one.closest("details"));
  const links = document.querySelectorAll("tr[data-case] a, .side a, header nav a, .crumb a");
  return [
    // A command only brings its button into focus: pressing it stays a second step that is seen.
    ...commands.map((one) => ({ text: one.dataset.command, run: () => reach(one) })),
    ...[...links].map((one) => ({
      text: (one.closest("tr") ?? one).textContent.replace(/\s+/g, " ").trim(),
      run: () => location.assign(one.href),
    })),
  ];
}

function reach(node) {
  const folded = node.closest("details");
  if (folded) folded.open = true;
  node.focus();
}

function show() {
  const wanted = find.value.trim().toLowerCase();
  offered = offers().filter((one) => one.text.toLowerCase().includes(wanted)).slice(0, 12);
  chosen = Math.min(chosen, Math.max(0, offered.length - 1));
  list.replaceChildren(...offered.map(option));
  document.querySelector("#found-none").hidden = offered.length > 0;
  if (offered.length) find.setAttribute("aria-activedescendant", `found-${chosen}`);
  else find.removeAttribute("aria-activedescendant");
  list.children[chosen]?.scrollIntoView({ block: "nearest" });
}

function option(one, place) {
  const item = document.createElement("li");
  item.id = `found-${place}`;
  item.textContent = one.text;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", String(place === chosen));
  item.addEventListener("click", () => pick(place));
  return item;
}

function pick(place) {
  box.close();
  offered[place]?.run();
}

find?.addEventListener("input", () => {
  chosen = 0;
  show();
});
find?.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    chosen = Math.min(offered.length - 1, Math.max(0, chosen + (event.key === "ArrowDown" ? 1 : -1)));
    show();
  } else if (event.key === "Enter") {
    event.preventDefault();
    pick(chosen);
  }
});

export const palette = {
  open() {
    if (!box || box.open) return;
    find.value = "";
    chosen = 0;
    box.showModal();
    show();
  },
};
