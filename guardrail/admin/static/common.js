// What all pages share: words in two languages, the theme, small DOM helpers.

const WORDS = await (await fetch("/static/words.json")).json();
const THEMES = ["auto", "light", "dark"];
const root = document.documentElement;
const listeners = [];

export let language =
  localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

/** The words for a key, with {names} filled in. An unknown key shows its last part. */
export function t(key, values = {}) {
  const text = WORDS[language][key] ?? key.slice(key.indexOf(".") + 1);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Run `change` now, and again whenever the language changes. */
export function onLanguage(change) {
  listeners.push(change);
  change();
}

/** A new element: `el("p", {class: "soft"}, "text", child)`. Attributes that are null are left out. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/**
 * JSON of a same-origin GET; null for 404; the login page for 401. What a page asks for by itself is
 * `background`: it does not keep anybody signed in.
 */
export async function getJSON(path, { background = false } = {}) {
  const headers = { accept: "application/json" };
  if (background) headers["x-guardrail-background"] = "1";
  const answer = await fetch(path, { headers });
  if (answer.status === 401) location.assign("/login");
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

/** Who looks at this page: name, rights, and whether they signed in. */
export const seat = () => getJSON("/api/seat");

/** The headers that a request has to show when it changes something. */
export async function proof() {
  const csrf = (await seat())?.csrf;
  return csrf ? { "x-csrf-token": csrf } : {};
}

export const number = (value) => new Intl.NumberFormat(language).format(value);

/** Seconds in the unit that reads best. */
export function duration(seconds) {
  if (seconds < 0.00095) return `${(seconds * 1000).toFixed(2)} ms`;
  if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

/** How long ago, in one unit. */
export function ago(seconds) {
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = units.find(([, length]) => seconds >= length) ?? units[3];
  const value = Math.max(0, Math.floor(seconds / size));
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(value);
}

function translate() {
  root.lang = language === "zh" ? "zh-Hans" : "en";
  document.querySelector("#language")?.setAttribute("lang", language === "zh" ? "en" : "zh-Hans");
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(node.dataset.tLabel));
  }
}

function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
  for (const change of listeners) change();
}

function showTheme(button) {
  const text = t("nav.theme", { theme: t(`theme.${root.dataset.theme ?? "auto"}`) });
  button.replaceChildren("◐", el("span", {}, text));
}

function switchTheme(button) {
  const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length];
  if (next === "auto") {
    delete root.dataset.theme;
    localStorage.removeItem("theme");
  } else {
    root.dataset.theme = next;
    localStorage.setItem("theme", next);
  }
  showTheme(button);
}

onLanguage(translate);
document.querySelector("#language")?.addEventListener("click", switchLanguage);
const themeButton = document.querySelector("#theme");
if (themeButton) {
  onLanguage(() => showTheme(themeButton));
  themeButton.addEventListener("click", () => switchTheme(themeButton));
}
delete root.dataset.wait;
