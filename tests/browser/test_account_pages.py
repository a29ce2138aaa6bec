"""Joining, signing in, one's own account and the team in a real browser, in both languages."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect

from guardrail.roles import StaffRole
from tests.staffed import PASSWORD
from tests.test_seats import Site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
]

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

SHOTS = os.environ.get("GUARDRAIL_SHOTS", "")
"""A folder for pictures, for whoever wants to look."""


class Ahead:
    """The real time, and what a test waits for without waiting."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def __call__(self) -> float:
        return time.time() + self.skipped


@dataclass
class Visit:
    """A page, where it lives, and what it complained about."""

    page: Page
    address: str
    site: Site
    clock: Ahead
    language: str
    complaints: list[str] = field(default_factory=list)

    async def shot(self, name: str) -> None:
        """Keep a picture."""
        if SHOTS:
            path = Path(SHOTS) / f"{name}-{self.language}.png"
            await self.page.screenshot(path=path, full_page=True)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, headless."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        await chromium.close()


@pytest.fixture(params=["en", "zh"])
async def visit(
    browser: Browser, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Visit]:
    """Somebody on a phone; the page must not complain, least of all of the security policy."""
    clock = Ahead()
    site = Site(tmp_path, clock)  # type: ignore[arg-type]  # it only has to tell the time
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(site.app(), log_config=None))
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.005)
    locale = {"en": "en-US", "zh": "zh-CN"}[request.param]
    page = await browser.new_page(locale=locale, viewport={"width": 390, "height": 844})
    visit = Visit(page, f"http://127.0.0.1:{sock.getsockname()[1]}", site, clock, request.param)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("console", lambda said: visit.complaints.append(said.text))
    yield visit
    await page.close()
    server.should_exit = True
    await task
    await site.close()
    assert [one for one in visit.complaints if "status of 4" not in one] == []


async def join(visit: Visit) -> str:
    """The first admin, from the link to their page; gives the TOTP key."""
    page, site = visit.page, visit.site
    invitation = await site.staff.accounts.invite("cli", [StaffRole.ADMIN], name="Ann")
    await page.goto(f"{visit.address}/account/join#{invitation.code}")
    await expect(page.locator("svg.qr")).to_be_visible()
    assert invitation.code not in page.url
    await visit.shot("join")
    secret = await page.locator("code.secret").text_content() or ""
    await page.locator("input[name=login]").fill("ann")
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("input[name=code]").fill(pyotp.TOTP(secret).at(int(visit.clock())))
    await page.locator("main button").click()
    await expect(page.locator(".codes code")).to_have_count(10)
    await visit.shot("codes")
    return secret


async def narrow(page: Page) -> None:
    """Nothing makes a phone scroll sideways."""
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, page.url


async def test_a_first_admin(visit: Visit) -> None:
    """Link, picture, codes, out, in again, a wrong try, the team, an invitation."""
    page, home = visit.page, visit.address
    secret = await join(visit)
    await narrow(page)
    await page.goto(f"{home}/account")
    await expect(page.locator("h2").first).to_have_text("Ann")
    await narrow(page)
    await visit.shot("own")
    await page.locator("header form[action='/account/logout'] button").click()
    await expect(page.locator("input[name=login]")).to_be_visible()
    visit.clock.skipped += 60
    for password in ("not this one at all", PASSWORD):
        await page.locator("input[name=login]").fill("ann")
        await page.locator("input[name=password]").fill(password)
        code = pyotp.TOTP(secret).at(int(visit.clock()))
        await page.locator("input[name=code]").fill(code)
        if password != PASSWORD:
            await page.locator("button.primary").click()
            await expect(page.locator("[role=alert]")).to_be_visible()
            await narrow(page)
            await visit.shot("login")
    await page.locator("button.primary").click()
    await page.wait_for_url(f"{home}/")
    await page.goto(f"{home}/account/team")
    await narrow(page)
    await page.locator("input[name=name]").fill("Bob <script>document.title = 1</script>")
    await page.locator("input[value=moderator]").check()
    await visit.shot("team")
    await page.locator("button.primary").click()
    await expect(page.locator("code.link")).to_contain_text("/account/join#")
    await page.goto(f"{home}/account/team")
    await page.get_by_text("Bob <script>").click()
    await narrow(page)
    await visit.shot("member")
    assert await page.title() != "1"


async def test_the_switches(visit: Visit) -> None:
    """Language and theme; the language stays for the next page."""
    page = visit.page
    await page.goto(f"{visit.address}/account/login")
    before = await page.locator("html").get_attribute("lang")
    await page.locator("header form[action='/account/language'] button").click()
    await expect(page.locator("html")).not_to_have_attribute("lang", before or "")
    await page.goto(f"{visit.address}/account/join")
    assert await page.locator("html").get_attribute("lang") != before
    await page.locator("#theme").click()
    assert await page.locator("html").get_attribute("data-theme") == "light"
    await page.reload()
    assert await page.locator("html").get_attribute("data-theme") == "light"
