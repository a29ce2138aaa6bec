"""The guardian's way through the portal, on a phone, in a real browser, in both languages."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from guardrail.acts import Act
from guardrail.person import Day, talking_to
from guardrail.portal.app import PortalParts, create_portal
from guardrail.staff.guardterms import Place
from guardrail.wards import Wish
from tests.conftest import Clock
from tests.guardhome import DAD, MUM, PORTAL, Home, home_at

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
]

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

PHONE = {"width": 390, "height": 844}
WEDNESDAY = 1_795_606_200.0  # 2026-11-25, 12:30 in Berlin, 19:30 in Shanghai
PLACES = {"en": Place("DE", "Europe/Berlin", "en"), "zh": Place("CN", "Asia/Shanghai", "zh")}
NAMES = {"en": ("Mum", "Mia"), "zh": ("妈妈", "小美")}
PAGES = ("times", "characters", "more", "alerts", "consent", "guardians", "about")


@dataclass
class Phone:
    """A guardian's phone, what its pages complained of, and the house behind them."""

    home: Home
    page: Page
    address: str
    language: str
    complaints: list[str] = field(default_factory=list)

    async def to(self, path: str) -> Page:
        """Open a path, or a link out of a mail."""
        await self.page.goto(self.address + path.removeprefix(PORTAL))
        return self.page

    async def press(self, selector: str) -> Page:
        """Tap something that leads to a page, and wait for it."""
        async with self.page.expect_navigation():
            await self.page.locator(selector).first.tap()
        return self.page

    async def looks_right(self) -> None:
        """Nothing is wider than the phone, everything can be hit with a thumb, axe finds nothing grave."""
        wide = await self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], f"{self.page.url} is {wide} wide"
        small = await self.page.evaluate(
            """[...document.querySelectorAll('button, .button, .menu a, select, input:not([type=hidden])')]
            .map((one) => (one.closest('label') ?? one).getBoundingClientRect())
            .filter((box) => box.height < 40 || box.width < 40).length"""
        )
        assert small == 0, f"{self.page.url} has {small} small targets"
        found = await Axe().run(self.page)
        grave = [v for v in found.response["violations"] if v["impact"] in ("serious", "critical")]
        assert grave == [], [(v["id"], [n["html"] for n in v["nodes"]]) for v in grave]

    async def let_in(self) -> str:
        """From the app's invitation to the child's page; its path."""
        home, page, (name, child) = self.home, self.page, NAMES[self.language]
        invited = await home.guardians.invite(home.ann, by="app", place=PLACES[self.language])
        await self.to(invited.url)
        await self.looks_right()
        await page.locator("#address").fill(MUM)
        await self.press("main button.primary")
        await home.settled()
        await self.to(home.mailbox.last("guardian_enter"))
        await self.looks_right()
        await self.press("main button.primary")
        await self.looks_right()
        await page.locator("#name").fill(name)
        await page.locator("#child").fill(child)
        await page.locator("input[value='under-13']").check()
        await page.locator("input[name=agree]").check()
        await self.press("main button.primary")
        code = (await page.locator(".code").inner_text()).replace(" ", "")
        await self.looks_right()
        await home.guardians.ward_accepts(home.ann, by="app", code=code)
        await self.press("main .button")
        await expect(page.locator("h1")).to_have_text(child)
        return page.url.removeprefix(self.address)

    async def lived_in(self, link: str) -> None:
        """Two weeks of use, characters, a request, a purchase."""
        home = self.home
        minutes = [38, 0, 52, 71, 20, 0, 45, 33, 60, 12, 0, 84, 55, 27]
        days = tuple(
            Day(f"2026-11-{12 + n:02}", m * 60.0, 600.0 if m > 70 else 0.0, m // 3)
            for n, m in enumerate(minutes)
        )
        person = await home.person()
        for name in ("Sol", "Dr. Owl", "Luna 月"):
            person = talking_to(person, home.people._keys.character(name), name)
        await home.put(days=days, last_seen=WEDNESDAY - 60, characters=person.characters)
        guardian = home.guardian()
        await home.guardians.set(guardian, link, {"daily_minutes": 60, "spend_cap": 1_500})
        await home.guardians.block(guardian, link, "Dr. Owl")
        await home.people.spend(home.ann, Act("app"), amount=499, reference="a")
        await home.guardians.ask(home.ann, Wish.MORE, 30)


@pytest.fixture
async def home(tmp_path: Path, clock: Clock) -> AsyncIterator[Home]:
    """A house, on a Wednesday evening."""
    clock.now = WEDNESDAY
    async with home_at(tmp_path, clock) as home:
        yield home


@pytest.fixture
async def address(home: Home) -> AsyncIterator[str]:
    """The portal on an ephemeral loopback port."""
    portal = create_portal(PortalParts(home.guardians, home.visits, service="Mira"))
    config = uvicorn.Config(portal, log_config=None, timeout_graceful_shutdown=1, lifespan="off")
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.005)
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    await task


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, headless."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        await chromium.close()


@pytest.fixture(params=["en", "zh"])
async def phone(
    browser: Browser, home: Home, address: str, request: pytest.FixtureRequest
) -> AsyncIterator[Phone]:
    """A phone without scripts, in English, then in Chinese; no page may complain."""
    context = await phone_context(browser, request.param)
    phone = Phone(home, await context.new_page(), address, request.param)
    phone.page.on("console", lambda said: phone.complaints.append(said.text))
    phone.page.on("request", lambda asked: _at_home(phone, asked.url))
    yield phone
    await context.close()
    assert phone.complaints == []


async def phone_context(browser: Browser, language: str, **rest: object) -> BrowserContext:
    """A phone's browser."""
    return await browser.new_context(
        locale={"en": "en-US", "zh": "zh-CN"}[language],
        viewport=PHONE,  # type: ignore[arg-type]
        device_scale_factor=2,
        has_touch=True,
        is_mobile=True,
        timezone_id="America/New_York",  # not where the child is
        **rest,  # type: ignore[arg-type]
    )


def _at_home(phone: Phone, url: str) -> None:
    if not url.startswith(phone.address):
        phone.complaints.append(f"asked somebody else: {url}")


async def test_from_the_invitation_to_every_page(phone: Phone) -> None:
    """Every page can be read and used with one hand, in both languages, light and dark."""
    await phone.to("/sign-in")
    await phone.looks_right()
    where = await phone.let_in()
    await phone.looks_right()
    await phone.lived_in(where.rpartition("/")[2])
    for scheme in ("dark", "light"):
        await phone.page.emulate_media(color_scheme=scheme)
        for path in ("", *(f"/{page}" for page in PAGES)):
            page = await phone.to(where + path)
            await expect(page.locator("h1")).to_have_count(1)
            await phone.looks_right()
    lang = await phone.page.locator("html").get_attribute("lang")
    assert lang == {"en": "en", "zh": "zh-Hans"}[phone.language]


async def test_the_four_things_that_parents_do_most(phone: Phone) -> None:
    """Time used, half an hour more, an exception at night, stop now: each two taps at most."""
    where = await phone.let_in()
    link = where.rpartition("/")[2]
    await phone.lived_in(link)
    home, page = phone.home, await phone.to(where)
    await expect(page.locator(".figure b")).to_have_text("27")
    await phone.press(".asked button.primary")
    await expect(page.locator("[role=status]")).to_be_visible()
    day, _ = await home.guardians.day(home.ann)
    assert (day.bonus, day.caps.daily_minutes) == (30, 90)
    await phone.press("button.stop.big")
    await expect(page.locator(".state.shut")).to_be_visible()
    assert (await home.guardians.day(home.ann))[0].closed == "paused"
    await phone.press("button.primary.big")
    await expect(page.locator(".state.open")).to_be_visible()
    await phone.to(f"{where}/times")
    await page.locator("input[name=mon_from]").fill("10:00")
    await page.locator("input[name=mon_to]").fill("07:00")
    await page.locator("input[name=same]").check()
    await page.locator("select#zone").select_option("Europe/Berlin")
    await phone.press("button.big")
    await expect(page.locator("[role=status]")).to_be_visible()
    await phone.to(where)
    await expect(page.locator(".state.shut")).to_contain_text("07:00")
    await phone.press("form[action$=lift] button[value='60']")
    await expect(page.locator(".state.open")).to_be_visible()
    assert (await home.person()).curfew_lifted == home.clock.now + 3_600


async def test_settings_by_thumb(phone: Phone) -> None:
    """Characters, switches, alerts, a second guardian, the end: by what is on the pages alone."""
    where = await phone.let_in()
    await phone.lived_in(where.rpartition("/")[2])
    home, page = phone.home, await phone.to(f"{where}/characters")
    await expect(page.locator(".list li")).to_have_count(3)
    await phone.press("button[name=name]")
    await expect(page.locator(".badge")).to_have_count(2)
    await phone.press("button[name=unblock]")
    await expect(page.locator(".badge")).to_have_count(1)
    await phone.to(f"{where}/more")
    await page.locator("input[value=memory]").uncheck()
    await page.locator("#spend").fill("20")
    await phone.press("button.big")
    await expect(page.locator("#spend")).to_have_value("20.00")
    assert (await home.person()).house.off == ("memory",)  # type: ignore[union-attr]
    await phone.to(f"{where}/guardians")
    await page.locator("#address").fill(DAD)
    await phone.press("form[action$=invite] button")
    await expect(page.locator(".list li")).to_have_count(2)
    await page.locator("input[name=sure]").check()
    await phone.press("form[action$=leave] button")
    await phone.looks_right()
    assert (await home.person()).house is None


async def test_the_way_by_keyboard(phone: Phone) -> None:
    """The first tab leads past the head of the page, and every control has a name."""
    where = await phone.let_in()
    page = await phone.to(f"{where}/times")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    unnamed = await page.evaluate(
        """[...document.querySelectorAll('input:not([type=hidden]), select, button')]
        .filter((one) => !(one.labels?.length || one.ariaLabel || one.textContent.trim())).length"""
    )
    assert unnamed == 0


async def test_the_other_language_is_one_tap_away(phone: Phone) -> None:
    """And stays chosen on the pages that follow."""
    await phone.to("/sign-in")
    await phone.press("header a[lang]")
    other = {"en": "zh-Hans", "zh": "en"}[phone.language]
    assert await phone.page.locator("html").get_attribute("lang") == other
    await phone.to("/sign-in")
    assert await phone.page.locator("html").get_attribute("lang") == other
