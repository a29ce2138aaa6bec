// Keeps an open page true. The server tells that something has changed; the page is then loaded
// again by htmx, and the parts of it that are marked `data-live` are put in place of the old ones.
//
// Rules of this file:
// 1. What somebody is writing is never taken from under their hands: a part that holds a field with
//    the focus, or one that was touched, stays as it is until it was sent.
// 2. What is open stays open, what has the focus keeps it (htmx does that, by id).
// 3. A line of the chat that is there already is not built anew, so a screen reader reads only new ones.
// 4. When nothing can be heard any more, the page says so.

const $ = (query) => document.querySelector(query);
const FIELDS = "input:not([type=hidden]), textarea, select";
const PATIENCE = 4000; // milliseconds without a connection, of which nothing is said
const HIDDEN = 300_000; // milliseconds after which a page that nobody sees stops listening
const ACTIVE = ["keydown", "pointerdown", "pointermove", "wheel", "input"];

const live = $("#live");
let after = Number(live?.dataset.after ?? 0);
let source = null;
let silence = 0;
let away = 0;
let tries = 0;
let awake = true; // somebody was here since the last sign of life

// -- listening --------------------------------------------------------------------------------------

function listen() {
  if (!live || source) return;
  const url = new URL(live.dataset.events, location.href);
  url.searchParams.set("after", after);
  source = new EventSource(url);
  source.addEventListener("open", () => {
    clearTimeout(silence);
    silence = tries = 0;
    $("#offline").hidden = true;
  });
  source.addEventListener(live.dataset.on, (event) => {
    after = Math.max(after, Number(event.data));
    htmx.trigger(live, "news");
  });
  source.addEventListener("error", () => {
    silence ||= setTimeout(() => ($("#offline").hidden = false), PATIENCE);
    if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
    deaf();
    setTimeout(listen, Math.min(60_000, 2000 * 2 ** tries++));
  });
}

function deaf() {
  source?.close();
  source = null;
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(away);
  if (document.hidden && !$("#say")) away = setTimeout(deaf, HIDDEN);
  else if (!document.hidden && live && !source) listen();
});

// -- putting parts in place -------------------------------------------------------------------------

document.addEventListener("input", (event) => {
  const part = event.target.closest("[data-live]");
  if (part) part.dataset.touched = "";
});

const busy = (part) => "touched" in part.dataset || (part.contains(document.activeElement) && document.activeElement.matches(FIELDS));

/** Takes new lines over, and what became of old ones; keeps the rest. */
function grow(list, lines) {
  const near = list.parentElement.scrollHeight - list.parentElement.scrollTop - list.parentElement.clientHeight < 80;
  for (const line of [...lines.children]) {
    const old = document.getElementById(line.id);
    if (!old) {
      list.append(line);
      list.parentElement.querySelector(".none")?.remove();
    } else if (old.innerHTML !== line.innerHTML) {
      old.querySelector(".by").replaceChildren(...line.querySelector(".by").childNodes);
    }
  }
  if (near) list.parentElement.scrollTop = list.parentElement.scrollHeight;
}

let opened = [];
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  const part = fragment.querySelector?.(`#${target.id}`) ?? fragment;
  if ("grows" in target.dataset) {
    grow(target, part);
    event.detail.shouldSwap = false;
  } else if ((busy(target) && target.id !== "say-advice") || target.innerHTML === part.innerHTML) {
    event.detail.shouldSwap = false;
  } else {
    if (target.id === "queue") newcomers(target, part);
    opened = [...target.querySelectorAll("details")].map((one) => [one.id, one.open]);
  }
});
document.addEventListener("htmx:oobAfterSwap", () => {
  for (const [id, open] of opened) {
    const folded = document.getElementById(id);
    if (folded) folded.open = open;
  }
  opened = [];
});

const cases = (part) => [...part.querySelectorAll("tr[data-case]")].map((row) => row.dataset.case);

/** Says that cases came which were not in the list, and shows it in the title until somebody looks. */
function newcomers(old, part) {
  const known = new Set(cases(old));
  const came = cases(part).filter((one) => !known.has(one)).length;
  announce(came ? $("#announce").dataset.new.replace("{count}", came) : $("#announce").dataset.queue);
  if (came && document.hidden) document.title = `● ${document.title.replace(/^● /, "")}`;
}
window.addEventListener("focus", () => (document.title = document.title.replace(/^● /, "")));

function announce(text) {
  $("#announce").textContent = "";
  setTimeout(() => ($("#announce").textContent = text), 50);
}

// -- what is asked, and what went wrong ---------------------------------------------------------------

for (const name of ACTIVE) document.addEventListener(name, () => (awake = true), { passive: true, capture: true });

document.addEventListener("htmx:configRequest", (event) => {
  const { elt, headers, verb } = event.detail;
  headers.Accept = "text/html";
  if (elt === live || (elt.id === "keep" && !awake)) headers["x-guardrail-background"] = "1";
  if (elt.id === "keep") awake = false;
  if (verb !== "get" && elt.id !== "keep") $("#trouble").hidden = true;
});

/** Whether the answer is the page to sign in: the browser followed the way there by itself. */
const atDoor = (xhr) => xhr.responseURL.includes("/account/login");

/** The words of a page that says no. */
function refusal(page) {
  const found = new DOMParser().parseFromString(page, "text/html");
  return found.querySelector("main p")?.textContent ?? "";
}

document.addEventListener("htmx:responseError", (event) => {
  const { xhr, elt } = event.detail;
  if (xhr.status === 401) {
    $("#signed-out").hidden = false;
    return;
  }
  if (elt === live && xhr.status !== 404) {
    $("#offline").hidden = false;
    return;
  }
  $("#trouble").textContent = refusal(xhr.responseText) || xhr.status;
  $("#trouble").hidden = false;
  if (elt.id === "keep" && xhr.status === 409) { // the case is no longer theirs
    elt.remove();
    htmx.trigger(live, "news");
  }
});
document.addEventListener("htmx:sendError", (event) => {
  const { elt } = event.detail;
  $("#offline").hidden = false; // until the next part that arrives
  if (elt === live || elt.id === "keep") return;
  $("#trouble").textContent = $("#trouble").dataset.unsent; // until they do something again
  $("#trouble").hidden = false;
});
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (atDoor(event.detail.xhr)) {
    event.preventDefault();
    $("#signed-out").hidden = false;
  } else if (event.detail.xhr.status < 400) {
    if (event.detail.elt === live && source) $("#offline").hidden = true;
    $("#signed-out").hidden = true;
  }
});

// -- saying something -----------------------------------------------------------------------------------

// The field is empty as soon as its words are on their way, so the next ones can be begun; what was
// not sent (a doubt, an error, no connection) comes back in front of them.
let underway = null;
document.addEventListener("htmx:beforeSend", (event) => {
  if (event.detail.elt.id !== "say") return;
  const area = $("#say-text");
  underway = area.value;
  area.value = "";
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.id !== "say" || underway === null) return;
  const area = $("#say-text");
  const sent = event.detail.successful && !atDoor(event.detail.xhr) && !$("#say-sure");
  if (area && !sent) area.value = [underway, area.value].filter(Boolean).join("\n");
  underway = null;
  area?.focus();
});

/** After a text was uncovered the focus is on it, so that it is read out and the next one is near. */
function refocus(path) {
  const [, id] = /\/texts\/(.+)$/.exec(path) ?? [];
  if (!id) return;
  const wanted = id === "all" ? "[data-text]" : id === "talk" ? ".log" : `[data-text="${CSS.escape(decodeURIComponent(id))}"]`;
  $(wanted)?.focus();
}

export function fresh(after_) {
  document.addEventListener("htmx:afterSwap", (event) => {
    after_();
    refocus(event.detail.requestConfig?.path ?? "");
  });
  document.addEventListener("htmx:oobAfterSwap", after_);
  document.addEventListener("htmx:afterRequest", after_);
  listen();
}
