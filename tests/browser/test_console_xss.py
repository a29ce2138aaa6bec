"""Five hundred payloads, stored wherever words of others can stand; real Chromium runs none of them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from guardrail.cases import Asked, Whom
from guardrail.roles import StaffRole
from guardrail.store.base import Event
from guardrail.turn import Danger, Evidence, Severity
from tests.browser.payloads import RUN, payloads
from tests.browser.staffroom import CHROMIUM, Place, opened

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
]

PAYLOADS = payloads()
EACH = 50

FOREIGN = """() => [...document.querySelectorAll("*")].filter((one) =>
  [...one.attributes].some((a) => /^(on|style$|hx-on|data-hx)/.test(a.name)) ||
  /^(IFRAME|OBJECT|EMBED|VIDEO|AUDIO|MARQUEE|MATH|BASE|TEMPLATE)$/.test(one.tagName) ||
  (one.tagName === "SCRIPT" && !one.src.startsWith(location.origin + "/static/")) ||
  (one.tagName === "IMG" && !one.src.startsWith(location.origin + "/static/")) ||
  /^javascript:/i.test(one.href?.baseVal ?? one.href ?? one.action ?? "")
).map((one) => one.outerHTML.slice(0, 200))"""
"""Elements that none of our templates makes."""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A console into which somebody wrote all of them."""
    async with opened(tmp_path) as place:
        yield place


def portions(size: int) -> Iterator[tuple[int, Sequence[str]]]:
    """The payloads, so many at a time."""
    for number, start in enumerate(range(0, len(PAYLOADS), size)):
        yield number, PAYLOADS[start : start + size]


async def harmless(place: Place, page: Page, path: str) -> None:
    """Open a page, move over it, open all that opens: nothing ran, nothing had to be stopped."""
    await page.goto(place.url + path)
    await page.evaluate(
        """() => {
          document.querySelectorAll("details").forEach((one) => (one.open = true));
          for (const one of document.querySelectorAll("main *"))
            for (const name of ["mouseover", "focus", "pointerenter"]) one.dispatchEvent(new Event(name));
        }"""
    )
    assert await page.evaluate(FOREIGN) == [], path
    assert await page.evaluate("window.__xss") is None, path
    assert await page.evaluate("window.__violations") == [], path


def test_there_are_five_hundred_and_they_would_run() -> None:
    """Each is another one, and each wants the same thing."""
    assert len(set(PAYLOADS)) == 500
    assert sum(RUN in one for one in PAYLOADS) > 200


async def test_they_run_where_nothing_is_escaped(place: Place) -> None:
    """The watch works: unescaped, on a page without our policy, some of them do run."""
    page = await place.browser.new_page()
    await page.set_content("".join(f"<div>{one}</div>" for one in PAYLOADS[:40]))
    await expect(page.locator("html")).to_have_count(1)
    assert await page.evaluate("window.__xss") == 1
    assert await page.evaluate(FOREIGN) != []
    await page.close()


async def test_as_words_and_notes(place: Place) -> None:
    """What was said, what is said in the chat, what colleagues write: 500 of each."""
    desk, maya = place.desk, place.team["maya"]
    page = await place.window(maya, "/console")
    for number, some in portions(EACH):
        user = f"u{number}"
        case = await desk.crisis(user, some)
        await desk.work.claim(maya.member, case)
        hold = await desk.board.join(case, f"talk of {user}", desk.key(user), maya.member)
        await desk.board.heard(hold, some, f"t{number}")
        for text in some:
            await desk.work.note(maya.member, case, text)
        await harmless(place, page, f"/console/cases/{case}")
        await page.locator("#show-all").click()
        await expect(page.locator("#words .words")).to_have_count(len(some))
        await expect(page.locator("#lines .words")).to_have_count(len(some))
        await page.locator("#notes-list li").first.wait_for()
        await harmless(place, page, f"/console/cases/{case}")
        shown = await page.locator("#words .words").all_text_contents()
        assert [one.split() for one in shown] == [one.split() for one in some], "as it was written"
        await page.locator("#say-text").fill(some[0])
        await page.locator("#say-go").click()
        await page.locator("#say-go").wait_for()
        assert await page.evaluate("window.__xss") is None


async def test_as_names_labels_and_all_else_that_has_a_place(place: Place) -> None:
    """Names of members (in lines to begin with as well), labels, rules, languages, apps, consents."""
    desk = place.desk
    eve = await desk.member("Eve", StaffRole.ADMIN, StaffRole.LEAD, StaffRole.AUDITOR)
    page = await place.window(eve, "/console")
    for number, bad in enumerate(PAYLOADS):
        now = time.time()
        case = await desk.crisis(
            f"v{number}", label=bad, rule=bad, article=bad, language=bad, region=bad, tenant=bad,
            severity=Severity.NOTICE, danger=Danger.NONE,
        )  # fmt: skip
        who = desk.people.keyed(desk.key(f"v{number}"))
        body = {"by": "x", "reason": bad, "scope": bad, "version": bad, "proof": Evidence.VERIFIED}
        consent = Event(f"c{number}", now, "person.consent", who.key, who.key, body=body)
        letter = Event(
            f"letter.x{number}", now, "letter.queued", case, who.key,
            body={"template": bad, "audience": "operator", "severity": None, "fields": {}},
        )  # fmt: skip
        await desk.store.append(consent, letter)
        await desk.people._write(who.key, consent)
        if number % 20:
            continue
        await desk.staff.book.rename(eve.member.id, name=bad, language="en")
        await desk.work.claim(eve.member, case)
        await desk.work.propose_contact(eve.member, case, Whom.EMERGENCY, Asked.OTHER)
        await desk.board.join(case, f"talk of v{number}", who.key, eve.member)
        await desk.board.say(case, eve.member, bad)
        await harmless(place, page, f"/console/cases/{case}")
        await page.locator("#macros").select_option(index=1)
        await page.locator("#insert").click()
        await expect(page.locator("#say-text")).not_to_be_empty()
        assert await page.evaluate("window.__xss") is None
        await page.keyboard.press("Control+k")
        await page.keyboard.press("Escape")
        await harmless(place, page, f"/console/people/{who.key}")
    rest = ("figures", "letters", "trail", "tickets", "people", "privacy")
    pages = [f"?page={number}" for number in range(len(PAYLOADS) // 50)]
    for path in (*pages, *(f"/{one}" for one in rest)):
        await harmless(place, page, f"/console{path}")
