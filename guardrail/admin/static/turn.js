// How one turn looks: its decisions, its scores on both sides, what was held and for how long.

import { duration, el, number, t } from "./common.js";

export const LABELS = [
  "self_harm", "violence", "sexual", "gambling", "manipulation", "dependence", "minor",
];
const SIDES = ["user", "bot"];
const MILD = ["allow", "annotate"];

/** A small coloured word for an action. */
export function badge(decision) {
  const shadow = decision.enforced ? "" : " shadow";
  const word = decision.rule === "default" ? "action.none" : `action.${decision.action}`;
  return el("span", { class: `badge ${decision.action}${shadow}` }, t(word));
}

/** One line per decision: side, action, rule, why, under which article. */
export function decisionList(turn) {
  const told = turn.decisions.filter(tells);
  const early = told.filter(overtaken);
  const list = (some) => el("ul", { class: "decided" }, ...some.map(decisionItem));
  if (!early.length) return list(told);
  const fold = el("summary", {}, t("turn.earlier", { count: early.length }));
  const last = told.filter((decision) => !early.includes(decision));
  return el("div", {}, list(last), el("details", { class: "soft" }, fold, list(early)));
}

/** A plain "passed" says nothing where the same side was decided on otherwise, too. */
function tells(decision, _, all) {
  if (decision.action !== "allow" || decision.degraded) return true;
  return all.every((other) => other === decision || other.side !== decision.side);
}

/** A note on a piece of the reply, before a later piece led to more. */
function overtaken(decision, place, all) {
  const later = all.slice(place + 1).filter(({ side }) => side === decision.side);
  return decision.action === "annotate" && later.some(({ action }) => !MILD.includes(action));
}

function decisionItem(decision) {
  const why = [decision.reason, decision.article && `${t("demo.article")} ${decision.article}`];
  const notes = why.filter(Boolean).map((text) => el("p", { class: "soft" }, text));
  if (!decision.enforced && decision.action !== "allow") {
    notes.push(el("p", { class: "warn" }, t("demo.shadow")));
  }
  if (decision.degraded) {
    notes.push(el("p", { class: "warn" }, t("decisions.degraded", { why: decision.degraded })));
  }
  if (decision.severity && decision.enforced) {
    const severity = t(`severity.${decision.severity}`);
    notes.push(el("p", { class: "warn" }, t("demo.case", { severity })));
  }
  const rule = el("code", {}, decision.rule);
  const head = el("p", {}, el("b", {}, t(`side.${decision.side}`)), " ", badge(decision), " ", rule);
  return el("li", {}, head, ...notes);
}

/** The seven labels, a bar for each side. The label that decided stands out. */
export function scoreTable(turn) {
  const head = SIDES.map((side) => el("th", { scope: "col" }, t(`side.${side}`)));
  const rows = LABELS.map((label) => scoreRow(turn, label));
  return el(
    "table",
    { class: "scores" },
    el("caption", { class: "unseen" }, t("scores.head")),
    el("thead", {}, el("tr", {}, el("th", { scope: "col", class: "soft" }, t("scores.label")), ...head)),
    el("tbody", {}, ...rows),
  );
}

function scoreRow(turn, label) {
  const name = el("th", { scope: "row" }, t(`label.${label}`));
  return el("tr", {}, name, ...SIDES.map((side) => scoreCell(turn, side, label)));
}

function scoreCell(turn, side, label) {
  const asked = side === "user" || label !== "minor"; // a companion has no age
  if (!turn.sides[side] || turn.sides[side].cleared || !asked) return el("td", { class: "soft" }, "–");
  const found = turn.sides[side].scores[label] ?? { score: 0, source: "", version: "" };
  const decided = turn.decisions.find((d) => d.side === side && d.label === label);
  const level = found.level ? ` · ${t(`level.${found.level}`)}` : "";
  const fill = el("i", {});
  fill.style.inlineSize = `${found.score * 100}%`;
  const bar = el("span", { class: "bar", "aria-hidden": "true" }, fill);
  const cell = el("td", { title: `${found.source} ${found.version}${level}`.trim() || null });
  if (decided) cell.className = decided.grade === "hard" ? "hard" : "soft-grade";
  cell.append(bar, el("span", { class: "figure" }, found.score.toFixed(2)));
  if (decided) cell.append(el("span", { class: "unseen" }, ` ${t(`grade.${decided.grade}`)}`)); // not by colour alone
  return cell;
}

/** Why the model said nothing, if it did not. */
export function failures(turn) {
  return SIDES.filter((side) => turn.sides[side]?.failed).map((side) => {
    const { failed, floor_ran: floor } = turn.sides[side];
    const text = `${t(`side.${side}`)}: ${t("turn.failed", { why: failed })}`;
    return el("p", { class: "warn" }, floor ? `${text} ${t("turn.floor")}` : text);
  });
}

/** Which sides the first stage cleared: they have no scores, because nobody needed to ask. */
export function cleared(turn) {
  const sides = SIDES.filter((side) => turn.sides[side]?.cleared).map((side) => t(`side.${side}`));
  return sides.length ? [el("p", { class: "soft" }, `${sides.join(", ")}: ${t("turn.cleared")}`)] : [];
}

/** Windows, characters, milliseconds: what the guard cost this turn. */
export function facts(turn) {
  const { counts, timings } = turn;
  const held = timings.held === undefined ? null : duration(timings.held);
  const listed = [
    ["windows", counts.windows],
    ["held", counts.held_chars],
    ["withheld", counts.withheld_chars],
    ["inbound", timings.inbound && duration(timings.inbound)],
    ["outbound", timings.outbound && duration(timings.outbound)],
    ["wait", held],
    ["upstream", timings.upstream && duration(timings.upstream)],
    ["total", timings.total && duration(timings.total)],
  ].filter(([, value]) => value !== undefined && value !== null);
  return el("dl", { class: "facts" }, ...listed.map(([name, value]) => fact(name, value)));
}

function fact(name, value) {
  const shown = typeof value === "number" ? number(value) : value;
  return el("div", {}, el("dt", {}, t(`facts.${name}`)), el("dd", {}, shown));
}
