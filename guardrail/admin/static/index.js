// The overview. Polls three small answers; touches the page only where something changed.

import { ago, el, getJSON, language, number, onLanguage, proof, seat, t } from "./common.js";
import { Spark } from "./spark.js";
import { badge, cleared, decisionList, facts, failures, scoreTable } from "./turn.js";

const EVERY = 3000;
const TILES = ["turns", "interventions", "degraded", "escalations"];
const $ = (selector) => document.querySelector(selector);
const shown = new Map();
const me = await seat().catch(() => ({ rights: ["queue", "policy"], signed_in: false })); // the server decides
let state = null;

$("#to-account").hidden = !me.signed_in;
$("#reload").hidden = !me.rights.includes("policy");
$("#cases").parentElement.hidden = !me.rights.includes("queue");

/** Rebuild `host` only if what it shows is not there already. */
function show(host, data, build) {
  const key = JSON.stringify([language, data]);
  if (shown.get(host) === key) return;
  shown.set(host, key);
  const built = build(data);
  host.replaceChildren(...(Array.isArray(built) ? built : [built]));
}

const tiles = TILES.map((name) => {
  const title = el("h2", {});
  const figure = el("p", { class: "big" });
  const span = el("p", { class: "soft" });
  const plot = el("div", {});
  $("#tiles").append(el("article", { class: `tile ${name}` }, title, figure, plot, span));
  return { name, title, figure, span, spark: new Spark(plot) };
});

function showTiles({ steps, minutes }) {
  for (const { name, title, figure, span, spark } of tiles) {
    const numbers = steps[name];
    const total = numbers.reduce((sum, n) => sum + n, 0);
    title.textContent = t(`tile.${name}`);
    figure.textContent = number(total);
    span.textContent = t("tile.window", { minutes });
    const words = { name: t(`tile.${name}`), total, minutes, most: Math.max(...numbers) };
    spark.show(numbers, t("tile.plot", words));
  }
}

function showState(summary) {
  const { policy, ready, proxy_url: proxy, demo } = summary;
  const missing = Object.entries(ready).filter(([, why]) => why !== null);
  const pill = $("#ready");
  pill.className = missing.length ? "pill stop" : "pill good";
  show(pill, missing, () =>
    [missing.length ? t("state.unready") : t("state.ready"), ...missing.map(([part, why]) => ` · ${part}: ${why}`)].join(""),
  );
  show($("#policy"), policy, () => [
    el("code", { title: policy.title }, `${policy.name}@${policy.revision}`),
    " ",
    el("span", { class: policy.mode === "shadow" ? "warn" : "soft" }, t(`state.${policy.mode}`)),
  ]);
  $("#proxy").textContent = proxy;
  $("#proxy-row").hidden = !proxy;
  $("#to-demo").hidden = !demo;
}

/** What is counted when all goes well, too; docs/operations.md has the metrics. */
const ORDINARY = new Set(["asked_in_vain", "pass_through", "guardian_alert", "guardian_login", "guardian_mail", "letter_skipped", "staff_login"]);

function attention({ bypass, failures: failed, events }) {
  const grave = Object.fromEntries(Object.entries(events).filter(([what]) => !ORDINARY.has(what)));
  const told = (key, counted, name) =>
    Object.entries(counted)
      .filter(([, count]) => count > 0)
      .map(([what, count]) => [t(key, { what: name(what) }), count]);
  const lines = [
    ...told("attention.event", grave, (what) => t(`event.${what}`)),
    ...told("attention.bypass", bypass, (what) => what.replaceAll("_", " ")),
    ...told("attention.failure", failed, (what) => what),
  ];
  if (!lines.length) return [el("li", { class: "calm" }, t("attention.none"))];
  return lines.map(([text, count]) => el("li", {}, el("b", {}, number(count)), " ", text));
}

/** A table whose cells carry their column's name, so that a phone can show rows as cards. */
function table(kind, columns, rows) {
  const head = columns.map(([name]) => el("th", { scope: "col" }, name));
  const body = rows.map((row) =>
    el("tr", {}, ...columns.map(([name, cell]) => el("td", { "data-label": name }, ...[cell(row)].flat()))),
  );
  return el("table", { class: `list ${kind}` }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body));
}

function casesTable(cases) {
  if (!cases.length) return el("p", { class: "calm" }, t("cases.none"));
  const about = ({ label, level }) =>
    t(`label.${label}`) + (level ? ` · ${t(`level.${level}`)}` : "");
  const standing = (c) => [
    el("span", {}, t(c.overdue ? "cases.overdue" : `cases.${c.status}`)),
    ...(c.advises_contact || c.contacts.length ? [" ", el("span", { class: "note" }, t("cases.contact"))] : []),
  ];
  return table(
    "cases",
    [
      [t("cases.severity"), (c) => el("span", { class: `badge ${c.severity}` }, t(`severity.${c.severity}`))],
      [t("cases.about"), about],
      [t("cases.waiting"), (c) => el("span", { class: "waiting", "data-since": c.opened_at }, ago(state.now - c.opened_at))],
      [t("cases.state"), standing],
      [t("cases.signals"), (c) => number(c.signals)],
      [t("turn.age"), (c) => t(`age.${c.age_band}`)],
      [t("cases.where"), (c) => `${c.region ?? "–"} · ${t(`language.${c.language}`)}`],
    ],
    cases,
  );
}

function time(at) {
  const when = new Date(at * 1000);
  const text = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(when);
  return el("time", { datetime: when.toISOString(), title: when.toLocaleString(language) }, text);
}

function notes(row) {
  const listed = [];
  if (!row.enforced) listed.push(t("decisions.shadow"));
  if (row.degraded) listed.push(t("decisions.degraded", { why: row.degraded }));
  if (row.unjudged.length) listed.push(t("decisions.unjudged", { what: row.unjudged.join(", ") }));
  const warned = listed.map((text) => el("span", { class: "note" }, text));
  return row.article ? [...warned, el("span", { class: "soft" }, row.article)] : warned;
}

function score(row) {
  if (!row.label) return "–";
  const grade = t(`grade.${row.grade}`);
  return `${row.score.toFixed(2)}${grade ? ` · ${grade}` : ""}`;
}

function decisionsTable(rows) {
  if (!rows.length) return el("p", { class: "calm" }, t("decisions.none"));
  const open = (row) => {
    const when = time(row.at);
    const label = t("decisions.open", { time: when.textContent });
    return el("button", { type: "button", class: "link", "aria-label": label, onclick: () => openTurn(row.turn) }, when);
  };
  return table(
    "decided-on",
    [
      [t("decisions.time"), open],
      [t("decisions.side"), (row) => t(`side.${row.side}`)],
      [t("decisions.action"), badge],
      [t("decisions.rule"), (row) => el("code", {}, row.rule)],
      [t("decisions.label"), (row) => (row.label ? t(`label.${row.label}`) : "–")],
      [t("decisions.score"), score],
      [t("decisions.policy"), (row) => el("code", { class: "soft", title: row.policy }, row.policy.slice(0, row.policy.indexOf("@") + 8))],
      [t("decisions.notes"), notes],
    ],
    rows,
  );
}

async function openTurn(id) {
  const turn = await getJSON(`/api/turns/${encodeURIComponent(id)}`);
  if (turn === null) return;
  const about = [t(`outcome.${turn.outcome}`), t(`age.${turn.age_band}`), t(`language.${turn.language}`), turn.region];
  $("#turn-body").replaceChildren(
    el("p", {}, el("code", {}, turn.id)),
    el("p", { class: "soft" }, about.filter(Boolean).join(" · ")),
    decisionList(turn),
    ...failures(turn),
    ...cleared(turn),
    scoreTable(turn),
    facts(turn),
  );
  if (!$("#turn").open) $("#turn").showModal();
}

async function reload() {
  const button = $("#reload");
  button.disabled = true;
  try {
    const answer = await fetch("/api/policy/reload", { method: "POST", headers: await proof() });
    const { mistakes = [], policy } = await answer.json();
    const said = answer.ok
      ? [el("p", { class: "soft" }, t("state.reloaded", { policy: `${policy.name}@${policy.revision}` }))]
      : [el("p", { class: "warn" }, t("state.refused")), el("pre", {}, mistakes.join("\n"))];
    $("#reload-answer").replaceChildren(...said);
  } finally {
    button.disabled = false;
  }
  await refresh();
}

function draw() {
  if (state === null) return;
  showState(state);
  showTiles(state);
  show($("#attention"), state.totals, attention);
  show($("#cases"), state.cases, casesTable);
  show($("#decisions"), state.decisions, decisionsTable);
  for (const node of document.querySelectorAll(".waiting")) {
    node.textContent = ago(state.now - Number(node.dataset.since));
  }
}

async function refresh(background = false) {
  const everything = $("#everything").checked;
  try {
    const [summary, cases, decisions] = await Promise.all([
      getJSON("/api/summary", { background }),
      me.rights.includes("queue") ? getJSON("/api/cases", { background }) : [],
      getJSON(`/api/decisions?everything=${everything}`, { background }),
    ]);
    state = { ...summary, cases, decisions };
    draw();
  } catch {
    shown.delete($("#ready"));
    $("#ready").className = "pill stop";
    $("#ready").textContent = t("state.lost");
  }
}

async function poll() {
  if (!document.hidden) await refresh(true);
  setTimeout(poll, EVERY);
}

$("#everything").addEventListener("change", () => refresh());
$("#reload").addEventListener("click", reload);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
onLanguage(draw);
await poll();
