// Keys, times and freshness of the pages about cases. Every page works without this file.

import { palette } from "./palette.js";
import { fresh } from "./fresh.js";
import { moment } from "./times.js";

const root = document.documentElement;
const relative = new Intl.RelativeTimeFormat(root.lang, { numeric: "always", style: "short" });
const $ = (query) => document.querySelector(query);

// -- times ------------------------------------------------------------------------------------------

/** Seconds from now in the unit that reads best. */
function away(seconds) {
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? units[3];
  return relative.format(Math.trunc(seconds / size), unit);
}

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function times() {
  const now = Date.now() / 1000;
  for (const one of document.querySelectorAll("time[data-at]")) put(one, moment(one.dataset.at));
  for (const one of document.querySelectorAll("time[data-ago]")) put(one, away(one.dataset.ago - now));
  for (const one of document.querySelectorAll("time[data-deadline]")) {
    const late = one.dataset.deadline < now;
    put(one, late ? `${one.dataset.late} ${away(one.dataset.deadline - now)}` : away(one.dataset.deadline - now));
    one.classList.toggle("late", late);
  }
}
times();
setInterval(times, 1000);

// -- keys -------------------------------------------------------------------------------------------

const WRITING = "input:not([type=checkbox]), textarea, select, [contenteditable]";
const links = () => [...document.querySelectorAll("tr[data-case] a")];

function step(by) {
  const all = links();
  const at = all.indexOf(document.activeElement);
  const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by));
  all[to]?.focus();
}

function unfold(id) {
  const folded = $(`#${id}`);
  if (!folded) return;
  folded.open = true;
  folded.querySelector("select, textarea, button")?.focus();
}

const plain = {
  "?": () => $("#keys").showModal(),
  j: () => step(1),
  k: () => step(-1),
  g: () => location.assign("/console"),
  v: () => $("button.cover")?.click(),
  a: () => $("#state .acts :is(button, summary)")?.focus(),
  r: () => $("#say-text")?.focus(),
  n: () => $("#note-text")?.focus(),
  e: () => unfold("more-end"),
};

const single = $("#single-keys");
const singly = () => localStorage.getItem("single-keys") !== "off";
if (single) {
  single.checked = singly();
  single.addEventListener("change", () => localStorage.setItem("single-keys", single.checked ? "on" : "off"));
}

document.addEventListener("keydown", (event) => {
  const chord = event.ctrlKey || event.metaKey;
  if (event.isComposing) return;
  if (chord && event.key.toLowerCase() === "k") {
    event.preventDefault();
    palette.open();
  } else if (chord && event.key === "Enter" && event.target.form?.method === "post") {
    event.preventDefault();
    if (!event.target.form.classList.contains("htmx-request")) event.target.form.requestSubmit();
  } else if (!chord && !event.altKey && singly() && !event.target.closest(WRITING) && !$("dialog[open]")) {
    const act = plain[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
});

for (const button of document.querySelectorAll("[data-opens]")) {
  button.hidden = false;
  button.addEventListener("click", () => $(`#${button.dataset.opens}`).showModal());
}

// -- lines to begin with ------------------------------------------------------------------------------

/** Puts a line into the words that are being written, and marks the first place to be filled in. */
function insert() {
  const area = $("#say-text");
  const line = $("#macros").value;
  if (!line) return;
  const before = area.value ? `${area.value}\n` : "";
  area.value = before + line;
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
  const place = /\{[^}]*\}/.exec(line);
  const [from, to] = place ? [place.index, place.index + place[0].length] : [line.length, line.length];
  area.setSelectionRange(before.length + from, before.length + to);
}

function scripted() {
  for (const node of document.querySelectorAll(".needs-script")) node.hidden = false;
  const log = $(".log");
  if (log) log.scrollTop = log.scrollHeight;
}
document.addEventListener("click", (event) => {
  if (event.target.id === "insert") insert();
});
scripted();

fresh(() => {
  times();
  scripted();
});
