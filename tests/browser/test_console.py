"""The console in a real browser: fresh without reloading, by keys alone, on a phone, for everybody."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Route, expect

from guardrail.cases import Status
from guardrail.roles import StaffRole
from guardrail.store.base import Query
from guardrail.turn import AgeBand, Severity
from tests.browser.staffroom import CHROMIUM, SHOTS, Place, opened, seeded

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
]

SOON = 6_000
"""Milliseconds in which an open page has to have heard of what is new."""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """The console on a night like others; its pages must not complain."""
    async with opened(tmp_path) as place:
        await seeded(place)
        yield place
        for context in place.contexts:
            for page in context.pages:
                assert await page.evaluate("window.__violations") == [] or SHOTS
    assert not place.complaints or SHOTS, place.complaints


def paths(place: Place) -> dict[str, str]:
    """Every page of the console, by name."""
    mia = place.desk.key("mia")
    return {
        "queue": "/console",
        "closed": "/console?status=resolved",
        "nothing": "/console?mine=1&severity=notice",
        "case": f"/console/cases/{place.cases['mia']}",
        "claimed": f"/console/cases/{place.cases['lin']}",
        "resolved": f"/console/cases/{place.cases['eve']}",
        "figures": "/console/figures",
        "people": "/console/people",
        "person": f"/console/people/{mia}",
        "tickets": "/console/tickets",
        "letters": "/console/letters",
        "trail": "/console/trail",
        "privacy": "/console/privacy",
        "data": f"/console/privacy/{mia}",
        "unknown": "/console/cases/nope",
    }


SQUEEZED = """[...document.querySelectorAll("label, p, li, td, th, dd, dt, button, a")].filter((one) => {
  const box = one.getBoundingClientRect();
  return one.childElementCount < 3 && box.height > 160 && box.height > 4 * box.width;
}).map((one) => one.outerHTML.slice(0, 120)).concat(
  [...document.querySelectorAll("label.check")].filter((one) => one.getBoundingClientRect().height > 90)
    .map((one) => one.outerHTML.slice(0, 120)))"""
"""Text that runs down the page a letter a line."""


async def grave(page: Page) -> list[str]:
    """What axe finds that keeps somebody from using a page."""
    found = await Axe().run(page)
    return [
        f"{one['id']} ({one['impact']}): {[node['html'][:120] for node in one['nodes'][:3]]}"
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_everybody_can_use_every_page(place: Place, language: str, scheme: str) -> None:
    """Axe finds nothing serious, also with all that can be opened open; nothing is wider than a phone."""
    page = await place.window(place.team["ada"], "/console", language=language, color_scheme=scheme)
    for name, path in paths(place).items():
        await page.set_viewport_size({"width": 1280, "height": 860})
        await page.goto(place.url + path)
        await page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
        assert await grave(page) == [], name
        assert await page.locator("h1").count() == 1, name
        assert await page.evaluate(SQUEEZED) == [], name
        await page.set_viewport_size({"width": 390, "height": 844})
        assert await page.evaluate(SQUEEZED) == [], name
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, name
    place.complaints = [one for one in place.complaints if "404" not in one]  # the unknown case


async def test_dialogs_can_be_used_by_everybody(place: Place) -> None:
    """The list of keys and the palette."""
    page = await place.window(place.team["maya"], "/console")
    for key in ("?", "Control+k"):
        await page.keyboard.press(key)
        await expect(page.locator("dialog[open]")).to_have_count(1)
        assert await grave(page) == []
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog[open]")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_case_appears_without_reloading(place: Place, language: str) -> None:
    """The row and the counts come; who reads by ear is told; the focus stays where it was."""
    page = await place.window(place.team["ben"], "/console", language=language)
    second = page.locator("tr[data-case] a").nth(1)
    await second.focus()
    held = await second.get_attribute("id")
    case = await place.desk.crisis("zoe", severity=Severity.IMMINENT, age=AgeBand.MINOR)
    await expect(page.locator(f"#open-{case}")).to_be_visible(timeout=SOON)
    await expect(page.locator("#chip-severity-imminent .count")).to_have_text("2")
    await expect(page.locator("#announce")).to_contain_text("1")
    assert await page.evaluate("document.activeElement.id") == held
    await place.desk.work.claim(place.team["maya"].member, case)
    row = page.locator(f"tr[data-case='{case}']")
    await expect(row).to_contain_text("Maya", timeout=SOON)
    await place.picture(page, "queue", language)


async def test_what_is_being_written_is_never_taken_away(place: Place) -> None:
    """News of the case come while a reason is chosen and a note is written; both stay."""
    maya, case = place.team["maya"], place.cases["lin"]
    page = await place.window(maya, f"/console/cases/{case}")
    await page.locator("#do-end").click()
    await page.locator("#end-reason").select_option("referred")
    await page.locator("#end-note").fill("half a sentence")
    await page.locator("#note-text").fill("and another half")
    await page.locator("#do-propose").click()
    await place.desk.work.note(place.team["ben"].member, case, "I know her from last week.")
    await expect(page.locator("#notes-list")).to_contain_text("last week", timeout=SOON)
    await expect(page.locator("#end-note")).to_have_value("half a sentence")
    await expect(page.locator("#end-reason")).to_have_value("referred")
    await expect(page.locator("#note-text")).to_have_value("and another half")
    await expect(page.locator("#more-end")).to_have_attribute("open", "")
    await expect(page.locator("#more-propose")).to_have_attribute("open", "")


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_by_keys_alone(place: Place, language: str) -> None:
    """From the queue to claim, uncover, join, write, send, note and close; no pointer."""
    desk, case = place.desk, place.cases["mia"]
    page = await place.window(place.team["maya"], "/console", language=language)
    keys = page.keyboard
    await keys.press("j")
    await keys.press("Enter")
    await page.wait_for_url(f"**/cases/{case}")
    await keys.press("a")
    assert await page.evaluate("document.activeElement.id") == "do-claim"
    async with page.expect_navigation():
        await keys.press("Enter")
    for number in range(3):
        await keys.press("v")
        await expect(page.locator("#words .words")).to_have_count(number + 1)
    focused = page.locator("#words li:focus")
    await expect(focused).to_contain_text("tonight")
    await keys.press("a")
    assert await page.evaluate("document.activeElement.id") == "do-join"
    async with page.expect_navigation():
        await keys.press("Enter")
    await keys.press("r")
    await keys.type("I'm here with you now.")
    await keys.press("Control+Enter")
    await expect(page.locator("#lines li")).to_have_count(1)
    await expect(page.locator("#say-text")).to_be_focused()
    await expect(page.locator("#say-text")).to_have_value("")
    await keys.press("Escape")
    await page.locator("#note-text").focus()
    await keys.type("She answers.")
    async with page.expect_navigation():
        await keys.press("Control+Enter")
    await expect(page.locator("#notes-list")).to_contain_text("She answers.")
    await keys.press("Control+k")
    hand_back = await page.locator("#do-leave").text_content() or ""
    await keys.type(hand_back)
    await keys.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "do-leave"
    async with page.expect_navigation():
        await keys.press("Enter")
    await keys.press("e")
    assert await page.evaluate("document.activeElement.id") == "end-reason"
    await keys.press("ArrowDown")
    await keys.press("Tab")
    await keys.press("Tab")
    async with page.expect_navigation():
        await keys.press("Enter")
    assert page.url == f"{place.url}/console"
    assert (await desk.work.get(place.team["maya"].member, case)).status is Status.RESOLVED


async def test_single_keys_can_be_switched_off_and_never_type(place: Place) -> None:
    """A key in a field is a letter; switched off, only chords do something."""
    page = await place.window(place.team["maya"], f"/console/cases/{place.cases['lin']}")
    await page.locator("#note-text").fill("")
    await page.locator("#note-text").press_sequentially("gave her space?")
    await expect(page.locator("#note-text")).to_have_value("gave her space?")
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await page.locator("h1").click()
    await page.keyboard.press("?")
    await page.locator("#single-keys").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("?")
    await expect(page.locator("dialog[open]")).to_have_count(0)
    assert "/cases/" in page.url
    await page.keyboard.press("Control+k")
    await expect(page.locator("#palette")).to_be_visible()


async def test_a_line_is_looked_at_twice_before_it_goes_out(place: Place) -> None:
    """A place that is not filled in, a promise that cannot be kept; then it is sent as it is."""
    maya, case = place.team["maya"], place.cases["lin"]
    await place.desk.board.join(case, "talk of lin", place.desk.key("lin"), maya.member)
    page = await place.window(maya, f"/console/cases/{case}")
    await page.locator("#macros").select_option(index=7)
    await page.locator("#insert").click()
    chosen = "() => { const a = document.activeElement; return a.value.slice(a.selectionStart, a.selectionEnd); }"
    assert await page.evaluate(chosen) == "{谁}"
    await page.locator("#say-go").click()
    await expect(page.locator("#say .alert")).to_be_visible()
    await expect(page.locator("#say-text")).to_have_value(re.compile("{谁}"))
    await expect(page.locator("#lines li")).to_have_count(0)
    await page.locator("#say-text").fill("我会告诉你姐姐。")
    await page.locator("#say-go").click()
    await expect(page.locator("#lines li")).to_have_count(1)
    await expect(page.locator("#say .alert")).to_have_count(0)
    await page.locator("#say-text").fill("不会告诉任何人。")
    await page.locator("#say-go").click()
    await page.locator("#say-sure").check()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#lines li")).to_have_count(2)
    await expect(page.locator("#say .alert")).to_have_count(0)
    said = await place.desk.store.read(Query(kind="case.said"))
    assert len(said) == 2


async def test_the_next_words_can_be_begun_while_the_first_are_on_their_way(place: Place) -> None:
    """The field is empty at once; what was begun stays; what could not be sent comes back."""
    maya, case = place.team["maya"], place.cases["lin"]
    await place.desk.board.join(case, "talk of lin", place.desk.key("lin"), maya.member)
    page = await place.window(maya, f"/console/cases/{case}")
    gate = asyncio.Event()

    async def slowly(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await page.route("**/say", slowly)
    await page.locator("#say-text").fill("第一句")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#say-text")).to_have_value("")
    await page.keyboard.type("second")
    await page.keyboard.press("Control+Enter")
    gate.set()
    await expect(page.locator("#lines li")).to_have_count(1)
    await expect(page.locator("#say-text")).to_have_value("second")
    await page.unroute("**/say")
    await page.route("**/say", lambda route: route.abort())
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#trouble")).to_contain_text("did not go through")
    await expect(page.locator("#say-text")).to_have_value("second")
    # A part that arrives takes the word of the lost connection back, not the one of the lost words.
    await page.locator("[data-events]").evaluate("part => htmx.trigger(part, 'news')")
    await expect(page.locator("#offline")).to_be_hidden()
    await expect(page.locator("#trouble")).to_be_visible()
    await page.unroute("**/say")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#lines li")).to_have_count(2)
    await expect(page.locator("#trouble")).to_be_hidden()
    place.complaints = [one for one in place.complaints if not re.search("ERR_|htmx:", one)]


async def test_the_talk_goes_both_ways_in_an_open_page(place: Place) -> None:
    """Their words come by themselves, "arrived" too; lines that were there are not built anew."""
    desk, maya, case = place.desk, place.team["maya"], place.cases["lin"]
    hold = await desk.board.join(case, "talk of lin", desk.key("lin"), maya.member)
    page = await place.window(maya, f"/console/cases/{case}")
    await desk.board.heard(hold, ["你是真人吗？"], "t1")
    await expect(page.locator("#lines li")).to_have_count(1, timeout=SOON)
    await page.locator("#lines li").first.evaluate("line => { line.dataset.kept = 1; }")
    await page.locator("#say-text").fill("是的，我是真人。")
    await page.locator("#say-go").click()
    await expect(page.locator("#lines li")).to_have_count(2)
    await expect(page.locator("#lines li").nth(1)).to_contain_text("waits for the person")
    hold = await desk.board.of_case(case) or hold
    await desk.board.delivered(hold, hold.owed[-1].seq, "t2")
    await expect(page.locator("#lines li").nth(1)).to_contain_text("arrived", timeout=SOON)
    await expect(page.locator("#lines li[data-kept]")).to_have_count(1)


async def test_a_page_whose_connection_is_gone_says_so(place: Place) -> None:
    """The server is restarted: a warning stands on top, goes, and nothing was missed or lost."""
    case = place.cases["lin"]
    page = await place.window(place.team["maya"], f"/console/cases/{case}")
    await page.locator("#note-text").fill("written before")
    await place.served.stop()
    await expect(page.locator("#offline")).to_be_visible(timeout=15_000)
    await place.desk.work.note(place.team["ben"].member, case, "Written meanwhile.")
    await place.served.start()
    await expect(page.locator("#notes-list")).to_contain_text("meanwhile", timeout=35_000)
    await expect(page.locator("#offline")).to_be_hidden(timeout=35_000)
    await expect(page.locator("#note-text")).to_have_value("written before")
    place.complaints = [one for one in place.complaints if not re.search("ERR_|htmx:", one)]


async def test_whoever_lost_the_case_is_told_on_the_page(place: Place) -> None:
    """A lead took it over: buttons go, the page says who has it, words are kept."""
    maya, ada, case = place.team["maya"], place.team["ada"], place.cases["lin"]
    page = await place.window(maya, f"/console/cases/{case}")
    await page.locator("#note-text").fill("written before")
    await place.desk.work.take(ada.member, case)
    await expect(page.locator("#state")).to_contain_text("Ada", timeout=SOON)
    await expect(page.locator("#do-end")).to_have_count(0)
    await expect(page.locator("#note-text")).to_have_value("written before")
    if await page.locator("#keep").count():
        await page.evaluate("htmx.trigger('#keep', 'load')")
    await expect(page.locator("#trouble")).to_contain_text("somebody took the case")
    await expect(page.locator("#keep")).to_have_count(0)
    place.complaints = [one for one in place.complaints if "409" not in one and "htmx" not in one]


async def test_a_login_that_ended_takes_no_words_along(place: Place) -> None:
    """The page says so and keeps what was written; after signing in it goes on."""
    maya, case, desk = place.team["maya"], place.cases["lin"], place.desk
    await desk.board.join(case, "talk of lin", desk.key("lin"), maya.member)
    page = await place.window(maya, f"/console/cases/{case}")
    await page.locator("#note-text").fill("written before")
    await page.locator("#say-text").fill("我在这儿。")
    await desk.staff.book.leave_all(maya.member.id)
    await page.locator("#say-go").click()
    await expect(page.locator("#signed-out")).to_be_visible()
    await expect(page.locator("#say-text")).to_have_value("我在这儿。")
    await desk.work.note(place.team["ben"].member, case, "News.")
    await expect(page.locator("#signed-out")).to_be_visible(timeout=SOON)
    await expect(page.locator("#note-text")).to_have_value("written before")
    again = await desk.member("Maya", StaffRole.CHILD_SAFETY)
    name, value = again.cookie
    await page.context.add_cookies([{"name": name, "value": value, "url": place.url}])
    await page.evaluate("htmx.trigger('#live', 'news')")
    await expect(page.locator("#notes-list")).to_contain_text("News.", timeout=SOON)
    await expect(page.locator("#signed-out")).to_be_hidden()
    await expect(page.locator("#note-text")).to_have_value("written before")
    place.complaints.clear()


async def test_an_open_page_alone_keeps_nobody_signed_in(place: Place) -> None:
    """Its signs of life say that nobody was there, until somebody moves."""
    case = place.cases["lin"]
    page = await place.window(place.team["maya"], "/console")
    await page.clock.install()
    async with page.expect_request("**/keep"):
        await page.goto(f"{place.url}/console/cases/{case}")
        await page.clock.fast_forward(2_000)
    for moves, alone in ((False, True), (True, False), (False, True)):
        if moves:
            await page.keyboard.press("Shift")
        async with page.expect_request("**/keep") as asked:
            await page.clock.fast_forward(31_000)
        headers = await (await asked.value).all_headers()
        assert ("x-guardrail-background" in headers) is alone


async def test_without_scripts_everything_can_still_be_done(place: Place) -> None:
    """Claim, uncover, join, say, close: forms are enough."""
    case = place.cases["bob"]
    page = await place.window(
        place.team["ben"], f"/console/cases/{case}", java_script_enabled=False
    )
    await page.locator("#do-claim").click()
    await page.locator("button.cover").first.click()
    await expect(page.locator("#words .words")).to_have_count(1)
    await page.goto(f"{place.url}/console/cases/{case}")
    await page.locator("#do-join").click()
    await page.locator("#say-text").fill("I'm here.")
    await page.locator("#say-go").click()
    await expect(page.locator("#lines li")).to_have_count(1)
    await page.locator("#do-end").click()
    await page.locator("#end-reason").select_option("helped")
    await page.locator("#end-go").click()
    await expect(page).to_have_url(f"{place.url}/console")
    place.contexts.clear()  # nothing was watched without scripts


async def test_less_motion_for_those_who_ask_for_it(place: Place) -> None:
    """No element has a transition or an animation."""
    page = await place.window(
        place.team["ada"], f"/console/cases/{place.cases['lin']}", reduced_motion="reduce"
    )
    moving = """() => [...document.querySelectorAll("*")].filter((one) => {
      const style = getComputedStyle(one);
      return parseFloat(style.transitionDuration) > 0 || parseFloat(style.animationDuration) > 0;
    }).length"""
    for path in paths(place).values():
        await page.goto(place.url + path)
        assert await page.evaluate(moving) == 0, path
    place.complaints = [one for one in place.complaints if "404" not in one]
