"""The moderator console: words, the queue, cases, covered texts, acts, refusals. On real files."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from guardrail.console.stream import _events, _Listener, newest
from guardrail.console.wellness import DUE, exposure, revealed
from guardrail.errors import StoreError
from guardrail.roles import StaffRole
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import (
    AgeBand,
    Danger,
    Level,
    Severity,
)
from tests.conftest import Clock
from tests.console import Desktop, Room

pytestmark = pytest.mark.asyncio(loop_scope="module")

CANARY = "she said the bridge"
NUMBERS = count(1)
MODERATOR, CHILD_SAFETY, LEAD = StaffRole.MODERATOR, StaffRole.CHILD_SAFETY, StaffRole.LEAD


@pytest.fixture(scope="module")
def turned() -> Clock:
    """The server's clock, for all of them."""
    return Clock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desktop(
    tmp_path_factory: pytest.TempPathFactory, turned: Clock
) -> AsyncIterator[tuple[Desktop, Any]]:
    """A desktop and its app: making them takes longer than most tests."""
    desk = Desktop(tmp_path_factory.mktemp("desk"), turned)
    yield desk, desk.app()
    await desk.close()


@pytest_asyncio.fixture(loop_scope="module")
async def room(desktop: tuple[Desktop, Any], turned: Clock) -> AsyncIterator[Room]:
    """Nobody works here yet, as far as this test knows."""
    room = Room(*desktop, turned, next(NUMBERS))
    yield room
    for browser in room.open:
        await browser.aclose()


# -- the queue -------------------------------------------------------------------------------------


async def test_the_queue_has_the_gravest_first_and_counts(room: Room) -> None:
    """And no word of anybody stands on it."""
    maya = await room.member("Maya")
    notice = await room.crisis("ann", severity=Severity.NOTICE, danger=Danger.NONE)
    grave = await room.crisis("bob", [CANARY], severity=Severity.IMMINENT)
    browser = room.browser(maya)
    page = await browser.get("/console")
    assert page.status_code == 200
    assert room.listed(page) == [grave, notice]
    assert CANARY not in page.text
    only = await browser.get("/console?severity=notice&page=999999999999")
    assert room.listed(only) == [notice] or only.status_code == 200
    assert room.listed(await browser.get("/console?severity=notice")) == [notice]
    assert room.listed(await browser.get("/console?severity=nonsense")) == [grave, notice]
    assert "No case matches" in (await browser.get("/console?mine=1")).text


async def test_cases_of_minors_are_not_for_everybody(room: Room) -> None:
    """A moderator does not see them; who is in the case when it shows keeps it."""
    mo, maya = await room.member("Mo", MODERATOR), await room.member("Maya")
    case = await room.crisis("ann", [CANARY])
    browser = room.browser(mo)
    await browser.post(f"/console/cases/{case}/claim")
    await room.crisis("ann", ["I am 13"], age=AgeBand.MINOR)
    page = await browser.get(f"/console/cases/{case}")
    assert page.status_code == 200
    assert "Show (" in page.text, "whoever has it still reads it"
    await browser.post(f"/console/cases/{case}/release", data={"why": "not_this_one"})
    assert (await browser.get(f"/console/cases/{case}")).status_code == 404
    assert room.listed(await browser.get("/console")) == []
    assert room.listed(await room.browser(maya).get("/console")) == [case]


# -- a case ----------------------------------------------------------------------------------------


async def test_words_are_covered_until_somebody_uncovers_them(room: Room) -> None:
    """One by one; each is written down before it is shown, and stays open for who has seen it."""
    maya, lea = await room.member("Maya"), await room.member("Lea", LEAD)
    case = await room.crisis("ann", ["My day.", "Tell me.", CANARY])
    browser = room.browser(maya)
    page = await browser.get(f"/console/cases/{case}")
    assert CANARY not in page.text
    ids = re.findall(rf"/console/cases/{case}/texts/(\S+?)\"", page.text)
    last = [one for one in dict.fromkeys(ids) if one != "all"][-1]
    shown = await browser.post(f"/console/cases/{case}/texts/{last}", follow_redirects=True)
    assert CANARY in shown.text
    assert "My day." not in shown.text
    (event,) = await room.events("exposure.revealed", maya.member.id)
    assert event.body["text"] == last
    assert CANARY not in repr(event)
    assert CANARY in (await browser.get(f"/console/cases/{case}")).text
    assert CANARY not in (await room.browser(lea).get(f"/console/cases/{case}")).text
    room.clock.now += 3_700
    token = await room.member("Maya")
    assert CANARY not in (await room.browser(token).get(f"/console/cases/{case}")).text


async def test_all_words_at_once(room: Room) -> None:
    """Each of them is written down."""
    maya = await room.member("Maya")
    case = await room.crisis("ann", ["one two", "three", "four"])
    shown = await room.browser(maya).post(f"/console/cases/{case}/texts/all", follow_redirects=True)
    assert all(word in shown.text for word in ("one two", "three", "four"))
    assert len(await room.events("exposure.revealed", maya.member.id)) == 3


async def test_what_a_member_reads_is_counted_for_them_alone(room: Room) -> None:
    """Texts once each, lines of a chat they are in, and a break when it was much."""
    maya, ben = await room.member("Maya"), await room.member("Ben")
    store, now = room.desk.store, room.clock.now
    for number in range(DUE - 1):
        await store.append(revealed(maya.member.id, "c", f"t{number}", now))
        await store.append(revealed(maya.member.id, "c", f"t{number}", now))
    seen = await exposure(store, maya.member.id, now)
    assert (seen.hour, seen.shift, seen.break_due) == (DUE - 1, DUE - 1, False)
    case = await room.crisis("ann")
    hold = await room.join(maya, case)
    await room.desk.board.heard(hold, ["are you real?"], secrets.token_hex(4))
    assert (await exposure(store, maya.member.id, now)).break_due
    assert (await exposure(store, ben.member.id, now)).shift == 0
    await room.desk.board.leave(case, maya.member)
    page = await room.browser(maya).get("/console")
    assert "Take a break" in page.text
    assert "Take a break" not in (await room.browser(ben).get("/console")).text
    later = await exposure(store, maya.member.id, now + 4_000)
    assert (later.hour, later.shift) == (0, DUE)


async def test_why_and_who(room: Room) -> None:
    """Score, rule, article, policy; crisis, help lines of the country, earlier cases, colleagues."""
    maya, lea = await room.member("Maya"), await room.member("Lea", LEAD)
    await room.crisis("ann", label="gambling", danger=Danger.NONE, severity=Severity.NOTICE)
    case = await room.crisis("ann", level=Level.PLAN)
    await room.browser(lea).get(f"/console/cases/{case}")
    text = (await room.browser(maya).get(f"/console/cases/{case}")).text
    for word in ("0.99", "crisis-active", "CN Art 13", "default@1", "988", "plan", "Gambling"):
        assert word in text, word
    assert "Also looking: Lea" in text
    assert "clear signs of self-harm" in text, "the rule in words"
    assert text.count("why it fired") == 1, "the words that the rule is about are marked"
    assert "Nobody says which country" not in text
    unknown = await room.crisis("bob", region=None)
    page = await room.browser(maya).get(f"/console/cases/{unknown}")
    assert "Nobody says which country" in page.text, "988 may be nobody's number there"


async def test_from_claim_to_close(room: Room) -> None:
    """Claim, note, second opinion, hand over, close, reopen, appeal: plain forms are enough."""
    maya, ben = await room.member("Maya"), await room.member("Ben")
    case = await room.crisis("ann")
    here, there = room.browser(maya), room.browser(ben)

    async def does(browser: httpx.AsyncClient, act: str, **data: str) -> httpx.Response:
        return await browser.post(f"/console/cases/{case}/{act}", data=data, follow_redirects=True)

    assert "Claimed · me" in (await does(here, "claim")).text
    assert "Claimed · Maya" in (await there.get(f"/console/cases/{case}")).text
    once = {"text": "Her sister is near.", "key": "k1"}
    await does(here, "note", **once)
    assert (await does(here, "note", **once)).text.count("Her sister is near.") == 1
    await does(here, "ask-opinion")
    assert "Your opinion" in (await there.get(f"/console/cases/{case}")).text
    assert "second opinion" in (await does(there, "opinion", text="Stay with her.")).text
    assert "Claimed · Ben" in (await does(here, "transfer", to=ben.member.id)).text
    assert (await does(there, "keep")).status_code == 204
    assert (await does(here, "keep")).status_code == 409
    closed = await does(there, "resolve", reason="helped", note="She called her sister.")
    assert case not in room.listed(closed)
    assert room.listed(await there.get("/console?status=resolved")) == [case]
    page = await there.get(f"/console/cases/{case}")
    assert "Closed: Helped · Ben" in page.text
    assert "She called her sister." in page.text
    assert "opened again" in (await does(here, "reopen", reason="new_facts")).text
    await does(there, "claim")
    await does(there, "resolve", reason="other")
    assert "Appeal" in (await does(here, "appeal", reason="user")).text
    await does(there, "claim")
    assert (await does(there, "resolve", reason="other")).status_code == 409


async def test_two_agree_before_anybody_outside_is_told(room: Room) -> None:
    """Nobody approves their own; where home is the danger no guardian can be chosen."""
    maya, ben = await room.member("Maya"), await room.member("Ben")
    case = await room.crisis("ann")
    here, there = room.browser(maya), room.browser(ben)
    asked = {"whom": "guardian", "reason": "danger"}
    page = await here.post(f"/console/cases/{case}/contacts", data=asked, follow_redirects=True)
    assert "/approve" not in page.text
    assert "Guardian (no address is known here)" in page.text
    path = re.findall(r'action="(\S+/approve)"', (await there.get(f"/console/cases/{case}")).text)
    own = await here.post(path[0])
    assert own.status_code == 409
    assert "A second member has to agree." in own.text
    done = await there.post(path[0], follow_redirects=True)
    assert "approved" in done.text
    letters = {event.body["template"] for event in await room.events("letter.queued")}
    assert {"child_told", "contact_guardian"} <= letters
    assert "did not arrive" not in done.text
    await room.desk.outbox.step()  # there is no channel at all
    assert "did not arrive" in (await here.get(f"/console/cases/{case}")).text
    safe = await here.post(f"/console/cases/{case}/home-danger", follow_redirects=True)
    assert "no guardian is told" in safe.text
    assert 'value="guardian"' not in safe.text


async def test_the_chat(room: Room) -> None:
    """Join, words with a doubt that is shown once, words, hand back; also without any script."""
    maya = await room.member("Maya")
    case = await room.crisis("ann")
    browser = room.browser(maya)
    base = f"/console/cases/{case}"
    early = await browser.post(f"{base}/join")
    assert early.status_code == 409
    await browser.post(f"{base}/claim")
    page = await browser.post(f"{base}/join", follow_redirects=True)
    assert "You are in the chat" in page.text
    doubtful = {"text": "I won't tell anyone."}
    asked = await browser.post(f"{base}/say", data=doubtful)
    assert asked.status_code == 200
    assert "<!doctype html>" in asked.text, "a whole page"
    assert "It promises to tell nobody" in asked.text
    assert "I won&#39;t tell anyone." in asked.text, "what was written is not lost"
    assert not await room.events("case.said")
    sent = await browser.post(f"{base}/say", data={**doubtful, "sure": "1"}, follow_redirects=True)
    assert "waits for the person" in sent.text
    empty = await browser.post(f"{base}/say", data={"text": "  "})
    assert (empty.status_code, "There are no words." in empty.text) == (422, True)
    await browser.post(f"{base}/leave")
    assert [event.kind for event in await room.events("case.left")] == ["case.left"]
    assert (await browser.post(f"{base}/say", data={"text": "hello?"})).status_code == 409


async def test_nobody_joins_a_chat_that_strangers_may_share(room: Room) -> None:
    """Where the app names neither person nor chat, the page says so, and the act is refused."""
    maya = await room.member("Maya")
    case = await room.crisis("ann", named=False)
    browser = room.browser(maya)
    page = await browser.post(f"/console/cases/{case}/claim", follow_redirects=True)
    assert "do-join" not in page.text
    assert "Nobody can join" in page.text
    refused = await browser.post(f"/console/cases/{case}/join")
    assert (refused.status_code, "would hear you" in refused.text) == (409, True)
    assert not await room.events("case.joined")


async def test_what_was_said_in_a_chat_is_covered_for_those_who_are_not_in_it(
    room: Room,
) -> None:
    """A colleague uncovers it as one; it counts as many lines as the person wrote."""
    maya, ben = await room.member("Maya"), await room.member("Ben")
    case = await room.crisis("ann")
    hold = await room.join(maya, case)
    await room.desk.board.heard(hold, [CANARY, "and more"], secrets.token_hex(4))
    there = room.browser(ben)
    page = await there.get(f"/console/cases/{case}")
    assert CANARY not in page.text
    assert "Maya is in this chat." in page.text
    shown = await there.post(f"/console/cases/{case}/texts/talk", follow_redirects=True)
    assert CANARY in shown.text
    seen = await exposure(room.desk.store, ben.member.id, room.clock.now)
    assert seen.hour == 2
    room.clock.now += 200  # her page died
    assert "has lost the connection" in (await there.get(f"/console/cases/{case}")).text


# -- what keeps a page fresh -----------------------------------------------------------------------


async def test_the_stream_tells_what_came_since_the_page_was_made(room: Room) -> None:
    """Of every case for the queue, of the one looked at for its page; nothing is told twice."""
    maya = await room.member("Maya")
    case, bench = await room.crisis("ann"), room.desk.bench()
    stream = _events(_Listener(bench, maya.member, maya.session, case), 0)
    first = [await anext(stream) for _ in range(2)]
    assert [one["event"] for one in first] == ["queue", "case"]
    coming = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    assert not coming.done()
    other = await room.crisis("bob")
    await room.desk.board.catch_up()
    told = await coming
    assert told["event"] == "queue"
    await room.desk.work.claim(maya.member, other)
    await room.desk.work.claim(maya.member, case)
    assert [(await anext(stream))["event"] for _ in range(2)] == ["queue", "case"]
    await room.desk.staff.book.leave_all(maya.member.id)
    await room.crisis("cy")
    assert await anext(stream, None) is None, "whoever is signed out hears nothing more"


async def test_a_server_that_ends_is_not_held_up_by_open_pages(room: Room) -> None:
    """The stream lets go as soon as it is told."""
    maya, bench = await room.member("Maya"), room.desk.bench(board=None)
    stream = _events(_Listener(bench, maya.member, maya.session, ""), await newest(bench))
    coming = asyncio.ensure_future(anext(stream, None))
    await asyncio.sleep(0.01)
    bench.ending.set()
    async with asyncio.timeout(1):
        assert await coming is None


async def test_nobody_listens_to_a_case_that_is_not_theirs(room: Room) -> None:
    """The stream of one case is refused like its page."""
    mo = await room.member("Mo", MODERATOR)
    case = await room.crisis("ann", age=AgeBand.MINOR)
    assert (await room.browser(mo).get(f"/console/events?case={case}")).status_code == 404


# -- bad input -------------------------------------------------------------------------------------


WRONG: tuple[tuple[str, dict[str, str], int, str], ...] = (
    ("resolve", {"reason": "because"}, 422, "Something in the form will not do"),
    ("resolve", {}, 422, "Something in the form will not do"),
    ("note", {"text": "x" * 4_001}, 422, "between 1 and 4,000"),
    ("note", {"text": " "}, 422, "between 1 and 4,000"),
    ("note", {"text": "x" * 70_000}, 413, "too large"),
    ("contacts", {"whom": "the press", "reason": "danger"}, 422, "Something in the form"),
    ("contacts/nope/approve", {}, 404, "There is no such proposal."),
    ("release", {"why": "break"}, 409, "Claim the case first."),
    ("transfer", {"to": "nobody"}, 409, "may not work on this case"),
    ("reopen", {"reason": "mistake"}, 409, "The case is not closed."),
    ("say", {"text": "hi"}, 409, "You are not in this chat."),
    ("take", {}, 403, "Your roles do not allow this."),
    ("texts/nope", {}, 404, "These words are gone."),
)


async def test_what_cannot_be_done_is_said_in_words(room: Room) -> None:
    """A page in plain words, never a stack trace."""
    maya = await room.member("Maya")
    case = await room.crisis("ann")
    browser = room.browser(maya)
    for act, data, status, words in WRONG:
        page = await browser.post(f"/console/cases/{case}/{act}", data=data)
        assert (page.status_code, words in page.text) == (status, True), (act, page.text)
        assert "Traceback" not in page.text


async def test_an_unknown_case_and_a_page_that_is_too_old(room: Room) -> None:
    """404 and 403, in the language of whoever looks."""
    jing = await room.member("静", language="zh")
    browser = room.browser(jing)
    missing = await browser.get("/console/cases/nope")
    assert (missing.status_code, "没有这个个案" in missing.text) == (404, True)
    case = await room.crisis("ann")
    browser.headers.pop("x-csrf-token")
    old = await browser.post(f"/console/cases/{case}/claim", data={"csrf": "0" * 64})
    assert (old.status_code, "页面已过期" in old.text) == (403, True)
    assert not await room.events("case.claimed")


async def test_an_address_at_which_there_is_nothing(room: Room) -> None:
    """A page in words, in the reader's language; the address of an act leads to its case."""
    maya = await room.member("Maya")
    case = await room.crisis("ann")
    browser = room.browser(maya)
    for path in (
        "/console/nope",
        "/console/cases/nope/x/%2e%2e",
        f"/console/cases/{case}/contacts",
    ):
        page = await browser.get(path, follow_redirects=True)
        assert "<!doctype html>" in page.text, path
        assert page.status_code == (200 if case in path else 404), path
    done = await browser.post(f"/console/cases/{case}/nope", data={})
    assert (done.status_code, "There is nothing here." in done.text) == (404, True)
    async with room.desk.browser(None, room.app) as stranger:
        nobody = await stranger.get("/console/nope")
    assert (nobody.status_code, nobody.headers["location"]) == (
        303,
        "/account/login?next=/console/nope",
    )


async def test_a_claim_that_ran_out(room: Room) -> None:
    """Acts of whoever had it say so; claiming again helps."""
    maya = await room.member("Maya")
    case = await room.crisis("ann")
    browser = room.browser(maya)
    await browser.post(f"/console/cases/{case}/claim")
    room.clock.now += 200
    late = await browser.post(f"/console/cases/{case}/resolve", data={"reason": "helped"})
    assert (late.status_code, "Claim the case first." in late.text) == (409, True)
    kept = await browser.post(f"/console/cases/{case}/keep", headers={"accept": "*/*"})
    assert (kept.status_code, kept.json()["code"]) == (409, "claim_lost")


class Flaky(SqliteStore):
    """A store that can be told to fail."""

    down = False

    async def read(self, query: Query) -> tuple[Event, ...]:
        """Events, unless the disk is gone."""
        if self.down and query.kind != "account.":
            raise StoreError("disk I/O error")
        return await super().read(query)


async def test_a_store_that_is_down_is_a_page_too(tmp_path: Path, clock: Clock) -> None:
    """503 in words; nothing of the error is shown."""
    store = Flaky(tmp_path / "guardrail.db")
    desk = Desktop(tmp_path, clock, store=store)
    room = Room(desk, desk.app(), clock, 0)
    maya = await room.member("Maya")
    case = await room.crisis("ann")
    browser = room.browser(maya)
    store.down = True
    for page in (
        await browser.get("/console"),
        await browser.get(f"/console/cases/{case}"),
        await browser.post(f"/console/cases/{case}/claim"),
    ):
        assert page.status_code == 503
        assert "The data cannot be reached right now." in page.text
        assert "disk" not in page.text
    store.down = False
    assert (await browser.get("/console")).status_code == 200
    await browser.aclose()
    await desk.close()


# -- words of people are no code -------------------------------------------------------------------


class Tags(HTMLParser):
    """What a browser would make of a page: its scripts, handlers and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what would run or load something."""
        told = dict(attrs)
        if tag == "script" and not (told.get("src") or "").startswith("/static/"):
            self.found.append("script")
        self.found += [name for name in told if name.startswith("on") or name == "style"]
        links = [told.get("href") or "", told.get("src") or "", told.get("action") or ""]
        self.found += [link for link in links if link.strip().lower().startswith("javascript:")]
        if tag in ("img", "iframe", "object", "embed", "base", "video") and tag != "img":
            self.found.append(tag)


PAYLOADS = (
    "<script>window.__xss=1</script>",
    '"><img src=x onerror=window.__xss=1>',
    "'><svg/onload=window.__xss=1>",
    "</textarea><script>window.__xss=1</script>",
    "{{ 7 * 7 }}<b onmouseover=window.__xss=1>x</b>",
    "javascript:window.__xss=1",
    '" autofocus onfocus=window.__xss=1 x="',
)


async def test_words_of_people_are_only_words(room: Room) -> None:
    """As chat, note, name, label, language and rule; the browser lane tries 500 of them."""
    for payload in PAYLOADS:
        await only_words(room, payload)


async def only_words(room: Room, payload: str) -> None:
    """Nothing of a payload becomes an element, a handler or a style."""
    maya, eve = await room.member("Maya"), await room.member(payload[:64], LEAD)
    user = secrets.token_hex(4)
    case = await room.crisis(
        user, [payload, payload], label=payload, rule=payload, article=payload, language=payload
    )
    await room.desk.work.claim(maya.member, case)
    await room.desk.work.note(maya.member, case, payload)
    hold = await room.desk.board.join(case, "talk of ann", room.desk.key("ann"), maya.member)
    await room.desk.board.heard(hold, [payload], secrets.token_hex(4))
    browser = room.browser(maya)
    await browser.post(f"/console/cases/{case}/texts/all")
    await room.browser(eve).get(f"/console/cases/{case}")
    for path in ("/console", f"/console/cases/{case}"):
        page = await browser.get(path)
        assert page.status_code == 200
        tags = Tags()
        tags.feed(page.text)
        assert tags.found == [], path
    assert page.text.count("window.__xss=1") >= 4, "the words are there, as words"
    assert "49" not in re.findall(r"<p class=\"words\"[^>]*>([^<]*)", page.text)
