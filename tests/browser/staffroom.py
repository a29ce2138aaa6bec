"""A console on a real port, seeded with people in crisis, and windows of those who work there.

::

    async with opened(tmp_path) as place:
        page = await place.window(place.team["maya"], "/console", language="zh")
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from guardrail.cases import Asked, Resolution, Whom
from guardrail.complaints import Matter
from guardrail.people import Act
from guardrail.roles import StaffRole
from guardrail.turn import AgeBand, Danger, Level, Severity
from tests.console import Desktop, Seated
from tests.here import serve_here

__all__ = ["CHROMIUM", "FLAGS", "LOCALES", "SHOTS", "Place", "chromium", "opened", "seeded"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

SHOTS = os.environ.get("GUARDRAIL_SCREENSHOTS", "")
"""A folder for pictures, such as docs/images. Taking them adds styles that our policy stops."""

LOCALES = {"en": "en-US", "zh": "zh-CN"}

WATCH = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
"""Notes what the content security policy stopped."""


class Served:
    """A server that can be stopped and started again on its port."""

    def __init__(self, app: Any) -> None:
        self._app, self._stack = app, AsyncExitStack()
        self._port = 0
        self.url = ""

    async def start(self) -> None:
        """Serve, on the port that it had before if it had one."""
        self.url = await self._stack.enter_async_context(serve_here(self._app, on=self._port))
        self._port = int(self.url.rpartition(":")[2])

    async def stop(self) -> None:
        """Let go of every connection."""
        await self._stack.aclose()


@dataclass
class Place:
    """Where everything is."""

    desk: Desktop
    served: Served
    browser: Browser
    team: dict[str, Seated] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the console."""
        return self.served.url

    async def window(
        self, who: Seated, path: str, *, language: str = "en", width: int = 1280, **more: Any
    ) -> Page:
        """A window of a member's own, on a page."""
        context = await self.browser.new_context(
            locale=LOCALES[language], viewport={"width": width, "height": 860}, **more
        )
        self.contexts.append(context)
        name, value = who.cookie
        await context.add_cookies(
            [
                {"name": name, "value": value, "url": self.url},
                {"name": "guardrail_language", "value": language, "url": self.url},
            ]
        )
        await context.add_init_script(WATCH)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console", lambda said: self.complaints.append(f"{said.text} {said.location['url']}")
        )
        await page.goto(self.url + path)
        return page

    async def picture(self, page: Page, name: str, language: str, *, whole: bool = False) -> None:
        """Keep a picture for the docs, if somebody wants them."""
        if SHOTS:
            path = Path(SHOTS) / f"console-{name}{'-zh' if language == 'zh' else ''}.png"
            await page.screenshot(path=path, full_page=whole)

    async def close(self) -> None:
        """Close every window."""
        for context in self.contexts:
            await context.close()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Chromium, headless."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Place]:
    """The console, with a team and nobody in crisis."""
    desk = Desktop(folder, time.time)
    served = Served(desk.app())
    await served.start()
    async with chromium() as browser:
        place = Place(desk, served, browser)
        for name, roles in {
            "maya": (StaffRole.CHILD_SAFETY,),
            "ben": (StaffRole.CHILD_SAFETY,),
            "ada": (StaffRole.ADMIN, StaffRole.LEAD, StaffRole.AUDITOR),
        }.items():
            place.team[name] = await desk.member(name.title(), *roles)
        try:
            yield place
        finally:
            await place.close()
    await served.stop()
    await desk.close()


async def seeded(place: Place) -> None:
    """A night like others."""
    desk, maya = place.desk, place.team["maya"].member
    place.cases = {
        "mia": await desk.crisis(
            "mia",
            [
                "My day was awful.",
                "I'm sorry. What happened?",
                "Everybody at school knows. I have the pills here and I'm doing it tonight.",
            ],
            severity=Severity.IMMINENT,
            age=AgeBand.MINOR,
            level=Level.PLAN,
            ago=35,
        ),
        "bob": await desk.crisis("bob", ["I don't want to be here any more."], ago=1_000),
        "lin": await desk.crisis(
            "lin",
            ["我不想活了。", "怎么了？", "没人在乎我。"],
            language="zh",
            region="CN",
            level=Level.PASSIVE,
            ago=300,
        ),
        "cy": await desk.crisis(
            "cy",
            ["I lost all my savings on that site."],
            label="loss",
            severity=Severity.NOTICE,
            danger=Danger.NONE,
            region="GB",
            ago=7_000,
        ),
        "eve": await desk.crisis("eve", ["It's over."], ago=9_000),
    }
    await desk.work.claim(maya, place.cases["lin"])
    await desk.work.propose_contact(maya, place.cases["lin"], Whom.EMERGENCY, Asked.DANGER)
    await desk.work.note(
        maya, place.cases["lin"], "She answers in short lines; her sister is near."
    )
    await desk.work.ask_opinion(maya, place.cases["lin"])
    await desk.work.claim(maya, place.cases["eve"])
    await desk.work.resolve(maya, place.cases["eve"], Resolution.HELPED, "She called her mother.")
    await desk.people.appeal(desk.people.keyed(desk.key("mia")), Act("operator", "request"))
    await desk.desk.open(Matter.COMPLAINT, "content", by="app", user=desk.key("bob"))
    await desk.desk.open(Matter.INCIDENT, "self_harm", by="app")
    await desk.trail.checkpoint()
    await desk.outbox.step()
