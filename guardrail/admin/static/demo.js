// The demo: a conversation on the left, and for each turn the guard's view of it on the right.

import { el, getJSON, language, onLanguage, proof, t } from "./common.js";
import { badge, cleared, decisionList, facts, failures, scoreTable } from "./turn.js";

const $ = (selector) => document.querySelector(selector);
const PATIENCE = 20; // times a turn's record is asked for; it is written when the answer is over
const personas = await getJSON("/demo/personas");
const allowed = await proof();
const visitor = `demo-${randomId()}`;

let persona = personas.find(({ id }) => id === "kai") ?? personas[0];
let messages = [];
let turns = [];
let hearing = null; // ends the answer under way

function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((n) => n.toString(16).padStart(2, "0")).join("");
}

// -- one turn ---------------------------------------------------------------------------------

/** One exchange: what was said, what arrived, what was meant, and what the guard recorded. */
class Turn {
  constructor(said) {
    this.said = said;
    this.persona = persona;
    this.arrived = "";
    this.problem = null;
    this.meant = null;
    this.record = undefined; // null: there is none
    this.talk = el("div", { class: "talk", "aria-live": "polite", "aria-busy": "true" });
    this.view = el("section", { class: "view" });
    $("#turns").append(el("li", { class: "turn" }, this.talk, this.view));
    this.draw();
  }

  hear(text) {
    this.arrived += text;
    if (this.words) this.words.data = this.arrived;
    else this.draw();
  }

  draw() {
    this.drawTalk();
    this.drawView();
  }

  drawTalk() {
    const bubbles = [bubble("you", t("demo.you"), this.said)];
    this.words = null;
    if (this.record === undefined && !this.problem) {
      const open = bubble("bot open", this.name(), this.arrived);
      this.words = open.lastChild;
      bubbles.push(open);
    } else {
      const { theirs, ours } = this.shares();
      if (theirs.trim()) bubbles.push(bubble("bot", this.name(), theirs.trim()));
      if (ours.trim()) bubbles.push(bubble("ours", t("demo.guard"), ours.trim()));
    }
    if (this.problem) bubbles.push(el("p", { class: "bubble wrong" }, t("demo.error", { why: this.problem })));
    this.talk.replaceChildren(...bubbles);
    this.talk.setAttribute("aria-busy", String(this.words !== null)); // read out once it is whole
  }

  name() {
    return this.persona.name[language];
  }

  /** Whose words arrived: theirs come first, as far as they are what was meant; ours follow. */
  shares() {
    if (this.record === null) return { theirs: this.arrived, ours: "" };
    const said = Array.from(this.arrived);
    let theirs = commonLength(this.arrived, this.meant ?? "");
    if (this.replaced()) theirs = Math.min(theirs, this.record.counts.released_chars ?? 0);
    return { theirs: said.slice(0, theirs).join(""), ours: said.slice(theirs).join("") };
  }

  replaced() {
    return this.record?.outcome === "intervened";
  }

  drawView() {
    this.view.className = this.record === undefined ? "view busy" : "view";
    if (this.problem) this.view.replaceChildren(el("p", {}, "–"));
    else if (this.record === undefined) this.view.replaceChildren(el("p", {}, t("demo.watching")));
    else if (this.record === null) this.view.replaceChildren(el("p", {}, t("demo.lost")));
    else this.view.replaceChildren(...this.seen());
  }

  seen() {
    const turn = this.record;
    return [
      el("p", {}, badge(strongest(turn.decisions)), ` ${t(this.effect())}`),
      decisionList(turn),
      ...failures(turn),
      ...cleared(turn),
      this.whatWasMeant(),
      scoreTable(turn),
      facts(turn),
      el("p", { class: "id" }, el("code", {}, turn.id), " · ", el("code", {}, turn.decisions.at(-1)?.policy ?? "")),
    ].filter(Boolean);
  }

  effect() {
    if (this.meant === null) return "demo.never";
    if (this.replaced()) return "demo.instead";
    const added = this.record.decisions.some((decision) => decision.adds_words);
    return added ? "demo.added" : "demo.all";
  }

  /** What the companion wanted to say, if not all of it arrived. */
  whatWasMeant() {
    if (this.meant === null) return null;
    const { theirs } = this.shares();
    const withheld = Array.from(this.meant).slice(Array.from(theirs).length).join("");
    if (!withheld.trim()) return null;
    const words = el("blockquote", {}, theirs, el("mark", { title: t("demo.withheld") }, withheld));
    return el("div", { class: "meant" }, el("h3", {}, t("demo.wanted")), words);
  }
}

function bubble(kind, who, text) {
  return el("p", { class: `bubble ${kind}` }, el("span", { class: "who" }, who), text);
}

function strongest(decisions) {
  const order = ["allow", "annotate", "escalate", "contact", "support", "replace", "block", "end"];
  const ranked = decisions.toSorted((a, b) => order.indexOf(a.action) - order.indexOf(b.action));
  return ranked.at(-1) ?? { action: "allow", enforced: true };
}

/** How many characters two texts have in common at their beginning. */
function commonLength(one, other) {
  const [a, b] = [Array.from(one), Array.from(other)];
  const differs = a.findIndex((character, i) => character !== b[i]);
  return differs < 0 ? a.length : differs;
}

// -- talking ----------------------------------------------------------------------------------

async function say(text) {
  if (hearing || !text.trim()) return;
  const mine = new AbortController();
  hearing = mine;
  $("#send").disabled = true;
  $("#empty").hidden = true;
  messages.push({ role: "user", content: text });
  const turn = new Turn(text);
  turns.push(turn);
  turn.view.scrollIntoView({ block: "nearest" });
  try {
    await exchange(turn, mine.signal);
  } catch (error) {
    turn.problem = error.message;
    turn.record = null;
  }
  if (hearing !== mine) return; // another conversation has begun
  hearing = null;
  $("#send").disabled = false;
  turn.draw();
  turn.talk.parentNode.scrollIntoView({ block: "nearest" });
}

async function exchange(turn, signal) {
  const asked = randomId();
  const answer = await fetch("/demo/api/v1/chat/completions", {
    method: "POST",
    signal,
    headers: { "content-type": "application/json", "x-request-id": asked, ...allowed },
    body: JSON.stringify({ model: persona.id, messages, stream: $("#stream").checked, user: visitor }),
  });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  for await (const piece of wordsOf(answer)) turn.hear(piece);
  messages.push({ role: "assistant", content: turn.arrived });
  const meant = await getJSON(`/demo/said?id=${asked}`);
  turn.meant = meant?.said[0] ?? null;
  turn.record = await recordOf(answer.headers.get("x-guardrail-id"), signal);
}

/** The words of an answer as they come, whole or streamed. */
async function* wordsOf(answer) {
  if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) {
    yield (await answer.json()).choices[0].message.content ?? "";
    return;
  }
  let rest = "";
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) yield deltaOf(line);
  }
}

function deltaOf(line) {
  if (!line.startsWith("data: {")) return "";
  const { choices } = JSON.parse(line.slice(6));
  return choices?.[0]?.delta?.content ?? "";
}

async function recordOf(id, signal) {
  for (let n = 0; id && n < PATIENCE && !signal.aborted; n += 1) {
    const record = await getJSON(`/api/turns/${encodeURIComponent(id)}`);
    if (record !== null) return record;
    await new Promise((later) => setTimeout(later, 100));
  }
  return null;
}

function begin() {
  hearing?.abort();
  hearing = null;
  messages = [];
  turns = [];
  $("#turns").replaceChildren();
  $("#empty").hidden = false;
  $("#send").disabled = false;
}

// -- choosing ---------------------------------------------------------------------------------

function drawChoices() {
  const focused = document.activeElement?.name === "persona";
  $("#personas").replaceChildren(...personas.map(personaChoice));
  if (focused) $("#personas :checked").focus();
  $("#about").textContent = persona.about[language];
  $("#lines").replaceChildren(
    ...persona.lines.map((line) =>
      el("button", { type: "button", onclick: () => say(line[language]) }, line[language]),
    ),
  );
  $("#say").placeholder = t("demo.placeholder", { name: persona.name[language] });
}

function personaChoice(one) {
  const input = el("input", {
    type: "radio", name: "persona", value: one.id, checked: one === persona, onchange: () => choose(one),
  });
  return el("label", {}, input, el("span", {}, one.name[language]));
}

function choose(one) {
  persona = one;
  begin();
  drawChoices();
}

$("#composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (hearing) return;
  const text = $("#say").value;
  $("#say").value = "";
  say(text);
});
$("#say").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("#composer").requestSubmit();
  }
});
$("#new").addEventListener("click", begin);
$("#send").disabled = false;
onLanguage(() => {
  drawChoices();
  for (const turn of turns) turn.draw();
});
