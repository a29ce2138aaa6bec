// Keys, times and small comforts of the pages about cases. Every page works without this file.

const zone = { dateStyle: "short", timeStyle: "short" };
const lang = document.documentElement.lang;
const short = new Intl.DateTimeFormat(lang, zone);
const relative = new Intl.RelativeTimeFormat(lang, { numeric: "always", style: "short" });

/** Seconds from now in the unit that reads best. */
function away(seconds) {
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? units[3];
  return relative.format(Math.trunc(seconds / size), unit);
}

function times() {
  const now = Date.now() / 1000;
  for (const one of document.querySelectorAll("time[data-at]")) one.textContent = short.format(one.dataset.at * 1000);
  for (const one of document.querySelectorAll("time[data-ago]")) one.textContent = away(one.dataset.ago - now);
  for (const one of document.querySelectorAll("time[data-deadline]")) {
    one.textContent = away(one.dataset.deadline - now);
    one.classList.toggle("late", one.dataset.deadline < now);
  }
}
times();
setInterval(times, 1000);

// -- keys -----------------------------------------------------------------------------------------

const $ = (query) => document.querySelector(query);
const writing = (node) => node.closest("input, textarea, select, [contenteditable]");
const links = () => [...document.querySelectorAll("tr[data-case] a")];

function step(by) {
  const all = links();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  all[Math.min(all.length - 1, Math.max(0, at + by))].focus();
}

const plain = {
  "?": () => $("#keys").showModal(),
  j: () => step(1),
  k: () => step(-1),
  g: () => location.assign("/console"),
  r: () => $("#say textarea")?.focus(),
  n: () => $("#notes textarea")?.focus(),
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.form) {
    event.preventDefault();
    event.target.form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target) || document.querySelector("dialog[open]")) return;
  const act = plain[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});

// -- the palette: every link and every command of the page ------------------------------------------

const palette = $("#palette");
const find = palette?.querySelector("input");
const list = palette?.querySelector("ul");
let chosen = 0;

function offers() {
  const pages = [...document.querySelectorAll("header nav a, tr[data-case] a, .side a")].map((a) => ({
    text: a.closest("tr") ? a.closest("tr").innerText.replace(/\s+/g, " ") : a.textContent.trim(),
    run: () => location.assign(a.href),
  }));
  // A command only brings its button into focus: pressing it stays a second, seen step.
  const commands = [...document.querySelectorAll("[data-command]")].map((button) => ({
    text: button.dataset.command,
    run: () => {
      button.closest("details")?.setAttribute("open", "");
      button.focus();
    },
  }));
  return [...commands, ...pages];
}

function show() {
  const wanted = find.value.trim().toLowerCase();
  const found = offers().filter((one) => one.text.toLowerCase().includes(wanted)).slice(0, 12);
  chosen = Math.min(chosen, Math.max(0, found.length - 1));
  list.replaceChildren(
    ...found.map((one, place) => {
      const item = document.createElement("li");
      item.textContent = one.text;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", place === chosen);
      item.addEventListener("click", () => pick(one));
      return item;
    }),
  );
  return found;
}

function pick(one) {
  palette.close();
  one?.run();
}

function openPalette() {
  if (!palette) return;
  find.value = "";
  chosen = 0;
  palette.showModal();
  show();
}

find?.addEventListener("input", () => { chosen = 0; show(); });
find?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    chosen = Math.max(0, chosen + (event.key === "ArrowDown" ? 1 : -1));
    show();
  } else if (event.key === "Enter") {
    event.preventDefault();
    pick(show()[chosen]);
  }
});

// -- comforts -------------------------------------------------------------------------------------

document.addEventListener("change", (event) => {
  if (event.target.id !== "macros" || !event.target.value) return;
  const area = $("#say textarea");
  area.value = area.value ? `${area.value}\n${event.target.value}` : event.target.value;
  area.focus();
});

/** What somebody has begun to write survives that a part of the page is loaded again. */
const drafts = new Map();
document.addEventListener("htmx:beforeSwap", (event) => {
  for (const area of event.detail.target.querySelectorAll("textarea[name]")) {
    if (area.value) drafts.set(area.form.getAttribute("action") + area.name, { text: area.value, here: area === document.activeElement });
  }
});
document.addEventListener("htmx:afterSwap", (event) => {
  times();
  const sent = event.detail.requestConfig?.verb === "post";
  for (const area of event.detail.target.querySelectorAll("textarea[name]")) {
    const kept = drafts.get(area.form.getAttribute("action") + area.name);
    if (kept && !area.value && !sent) {
      area.value = kept.text;
      if (kept.here) area.focus();
    }
  }
  drafts.clear();
  const lines = $("#lines");
  if (lines) lines.scrollTop = lines.scrollHeight;
});
