"""The whole story, with real servers: a child in crisis, two of the staff, a guardian on a phone.

`GUARDRAIL_SCREENSHOTS=docs/images` keeps pictures of it.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from guardrail.config import Settings
from guardrail.roles import StaffRole
from guardrail.serving import serving
from guardrail.store.base import Event, Query, Store
from tests.browser.little_app import APP, little_app
from tests.browser.staffroom import CHROMIUM, LOCALES, SHOTS, WATCH, chromium
from tests.here import serve_here
from tests.post import MailServer, mail_server
from tests.staffed import Staff

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
]

TOKEN = "a token that nobody guesses"
MUM = "mum@example.com"
PERSON = {"user": "mia", "app": APP}
SOON = 15_000

CRISIS = {
    "en": "I wrote my goodbye letters. I'm going to kill myself tonight.",
    "zh": "遗书写好了，我今晚就自杀。",
}
ASKED = {"en": "are you a real person?", "zh": "你是真人吗？"}
HERE = {
    "en": "Yes, I'm a person. I'm here with you. Are you safe right now?",
    "zh": "是的，我是真人，我在这儿陪你。你现在安全吗？",
}
LATER = {
    "en": "I'm still here. Could you put the pills in another room?",
    "zh": "我还在。你能先把药放到别的房间吗？",
}
AFTER = {"en": "ok. thank you for staying", "zh": "好。谢谢你陪我"}
NOTE = {"en": "She is calmer, and is calling her aunt.", "zh": "她平静一些了，正在给姨妈打电话。"}
HUMAN = {"en": "(human):", "zh": "（真人）："}
WARNED = {"en": "the adult who looks after your account", "zh": "照看你账号的大人"}
LEFT = {"en": "has left the chat", "zh": "已经离开"}


@dataclass
class Stage:
    """Everything that runs, and the windows that look at it."""

    browser: Browser
    mail: MailServer
    store: Store
    data: Path
    console: str
    portal: str
    chat: str
    staff: Staff
    language: str
    windows: dict[str, Page] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    async def window(self, name: str, url: str, *, phone: bool = False, cookie: str = "") -> Page:
        """A window with cookies of its own."""
        size: Any = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
        context = await self.browser.new_context(
            locale=LOCALES[self.language], viewport=size, device_scale_factor=2 if phone else 1
        )
        if cookie:
            cookies = {"guardrail_seat": cookie, "guardrail_language": self.language}
            await context.add_cookies(
                [{"name": key, "value": value, "url": url} for key, value in cookies.items()]
            )
        await context.add_init_script(WATCH)
        page = self.windows[name] = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{name}: {error}"))
        await page.goto(url)
        return page

    async def member(self, name: str, *roles: StaffRole) -> Page:
        """A member of the staff, in front of the queue."""
        token, signed = await self.staff.enter(*roles)
        await self.staff.book.rename(signed.member.id, name=name, language=self.language)
        return await self.window(name, f"{self.console}/console", cookie=token)

    async def letter(self, to: str) -> str:
        """The newest mail to somebody, as text."""
        for _ in range(200):
            found = [text(message) for rcpt, message in self.mail.got if to in rcpt]
            if found:
                return found[-1]
            await self.windows["guardian"].wait_for_timeout(50)
        raise AssertionError(f"no mail to {to}")

    async def events(self, kind: str) -> list[Event]:
        """What the log holds of a kind, oldest first."""
        return list(await self.store.read(Query(kind, ascending=True, limit=1_000)))

    async def picture(self, name: str, window: str, *, whole: bool = False) -> None:
        """Keep a picture, if somebody wants them."""
        if SHOTS:
            path = Path(SHOTS) / f"console-{name}{'-zh' if self.language == 'zh' else ''}.png"
            await self.windows[window].screenshot(path=path, full_page=whole)


def text(message: EmailMessage) -> str:
    """The plain part of a mail, and its subject."""
    body = message.get_body(("plain",))
    return f"{message['subject']}\n{body.get_content() if body is not None else ''}"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture(params=["en", "zh"])
async def stage(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Proxy, companion, console, portal, mail server, the operator's app, and a browser."""
    port = free_port()
    async with AsyncExitStack() as stack:
        mail = await stack.enter_async_context(mail_server())
        settings = Settings.model_validate(
            {
                "data": tmp_path / "data",
                "listen": {"port": 0},
                "admin": {"port": 0, "token": TOKEN},
                "classifier": {"kind": "lexicon"},
                "takeover": {"wait_seconds": 20, "settle_seconds": 0.4, "poll_seconds": 0.1},
                "guardians": {
                    "enabled": True,
                    "port": port,
                    "public_url": f"http://127.0.0.1:{port}",
                },
                "notify": {
                    "mail": {
                        "host": "127.0.0.1",
                        "port": mail.port,
                        "tls": "none",
                        "sender": "care@example.com",
                        "moderators": ["desk@example.com"],
                    },
                    "allow_private": True,
                    "languages": [request.param],
                },
            }
        )
        house, addresses = await stack.enter_async_context(serving(settings))
        app = little_app(addresses.proxy, "mia", language=request.param)
        chat = await stack.enter_async_context(serve_here(app))
        staff = Staff(settings.data, house.store, time.time)
        stack.push_async_callback(staff.close)
        browser = await stack.enter_async_context(chromium())
        stage = Stage(
            browser,
            mail,
            house.store,
            settings.data,
            addresses.admin,
            f"http://127.0.0.1:{port}",
            chat,
            staff,
            request.param,
        )
        yield stage
        for name, page in stage.windows.items():
            wrong = await page.evaluate("window.__violations")
            assert not wrong or SHOTS, (name, wrong)
            await page.context.close()
    assert not stage.complaints, stage.complaints


async def oversight(stage: Stage) -> Page:
    """The app invites a guardian by mail, who agrees on a phone; the child types the code in."""
    bearer = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=stage.console, headers=bearer) as api:
        told = {"person": PERSON, "by": "app", "address": MUM, "language": stage.language}
        invited = await api.post("/api/people/guardian/invite", json=told)
        assert invited.status_code == 201, invited.text
        phone = await stage.window("guardian", f"{stage.portal}/sign-in", phone=True)
        link = re.search(r"http://\S+", await stage.letter(MUM))
        assert link is not None
        await phone.goto(link[0])
        await phone.locator("button.primary").click()
        await phone.locator("#name").fill("Mum")
        await phone.locator("#child").fill("Mia")
        await phone.locator("input[name=age]").nth(1).check()
        await phone.locator("input[name=agree]").check()
        await phone.locator("button.primary").click()
        code = (await phone.locator(".code").text_content() or "").replace(" ", "")
        accepted = await api.post(
            "/api/people/guardian/accept", json={"person": PERSON, "by": "app", "code": code}
        )
        assert accepted.status_code == 200, accepted.text
    await phone.goto(stage.portal)
    await expect(phone.locator("h1")).to_be_visible()
    return phone


async def says(window: Page, words: str) -> None:
    """The child writes."""
    await window.locator("input").fill(words)
    await window.keyboard.press("Enter")


async def test_from_a_cry_for_help_to_the_last_note(stage: Stage) -> None:
    """Found, claimed, met by a human in the same chat, a guardian told by two, handed back, closed."""
    lang = stage.language
    phone = await oversight(stage)
    maya = await stage.member("Maya", StaffRole.CHILD_SAFETY)
    ben = await stage.member("Ben", StaffRole.LEAD)
    await expect(maya.locator("tr[data-case]")).to_have_count(0)

    # The child writes; the case is there without anybody reloading anything.
    mia = await stage.window("mia", stage.chat, phone=True)
    await says(mia, CRISIS[lang])
    await expect(mia.locator(".them")).to_have_count(1, timeout=SOON)
    row = maya.locator("tr[data-case]")
    await expect(row).to_have_count(1, timeout=SOON)
    await expect(row.locator(".badge.imminent")).to_be_visible()
    assert CRISIS[lang] not in await maya.content()
    await row.locator("a").click()
    await maya.locator("#do-claim").click()
    await maya.locator("#do-join").wait_for()
    await maya.locator("[data-opens]").first.wait_for()  # its scripts are there
    assert CRISIS[lang] not in await maya.content()
    await maya.keyboard.press("v")
    await expect(maya.locator("#words .words").first).to_have_text(CRISIS[lang])
    await maya.locator("#do-join").click()
    await expect(maya.locator("#talk-state .done")).to_be_visible()
    await expect(mia.locator(".them").nth(1)).to_contain_text("Maya", timeout=SOON)

    # Words both ways, labelled; also between two turns.
    await says(mia, ASKED[lang])
    await expect(maya.locator("#lines .line.user")).to_contain_text(ASKED[lang], timeout=SOON)
    await maya.locator("#say-text").fill(HERE[lang])
    await maya.keyboard.press("Control+Enter")
    heard = mia.locator(".them", has_text=HERE[lang])
    await expect(heard).to_have_count(1, timeout=SOON)
    await expect(heard).to_contain_text(f"Maya{' ' if lang == 'en' else ''}{HUMAN[lang]}")
    await maya.locator("#say-text").fill(LATER[lang])
    await maya.locator("#say-go").click()
    await expect(mia.locator(".them", has_text=LATER[lang])).to_have_count(1, timeout=SOON)
    arrived = maya.locator("#lines .line.moderator").last
    await expect(arrived).to_contain_text({"en": "arrived", "zh": "已送达"}[lang], timeout=SOON)
    await stage.picture("case", "Maya", whole=True)

    # A guardian is told by two, and the child before the guardian.
    await maya.locator("#do-propose").click()
    await maya.locator("#propose-whom").select_option("guardian")
    await maya.locator("#propose-reason").select_option("danger")
    await maya.locator("#propose-go").click()
    await expect(maya.locator("#approve-1")).to_have_count(0)
    case = maya.url.partition("#")[0]
    await ben.goto(case)
    stage.mail.got.clear()
    await ben.locator("#approve-1").click()
    told = await stage.letter(MUM)
    assert not any(word in told for word in (CRISIS[lang], ASKED[lang], "Mia", "suicid"))
    await expect(mia.locator(".them", has_text=WARNED[lang])).to_have_count(1)
    await stage.picture("warned", "mia")
    queued = {e.body["template"]: e.seq for e in await stage.events("letter.queued")}
    assert queued["child_told"] < queued["contact_guardian"]
    (warned,) = await stage.events("case.warned")
    carried = [e for e in await stage.events("case.delivered") if e.body["upto"] >= warned.seq]
    mailed = [e for e in await stage.events("letter.sent") if e.subject.startswith("contact.")]
    assert carried[0].seq < mailed[0].seq, "the guardian was told before the child"
    assert not await stage.events("case.untold")
    sent = {"en": "sent", "zh": "已发出"}[lang]
    await expect(maya.locator("#contacts-list .verdict")).to_have_text(sent, timeout=SOON)
    await phone.goto(stage.portal)
    for words in (CRISIS[lang], ASKED[lang], HERE[lang]):
        assert words not in await phone.content()

    # The note, the hand-back, the end.
    await maya.locator("#note-text").fill(NOTE[lang])
    await maya.locator("#note-go").click()
    await expect(maya.locator("#notes-list")).to_contain_text(NOTE[lang])
    await maya.locator("#do-leave").click()
    await expect(mia.locator(".them", has_text=LEFT[lang])).to_have_count(1, timeout=SOON)
    before = await mia.locator(".them").count()
    await says(mia, AFTER[lang])
    await expect(mia.locator(".them")).to_have_count(before + 1, timeout=SOON)
    reply = await mia.locator(".them").last.text_content() or ""
    assert HUMAN[lang] not in reply
    assert not reply.startswith(("(", "（")), "the bot speaks again, notices stand behind its words"
    await stage.picture("chat", "mia")
    await maya.locator("#do-end").click()
    await maya.locator("#end-reason").select_option("referred")
    await maya.locator("#end-go").click()
    await maya.wait_for_url(f"{stage.console}/console")
    await expect(maya.locator("tr[data-case]")).to_have_count(0)

    # What is left: every step in the log, and not one word of anybody.
    kinds = [event.kind.removeprefix("case.") for event in await stage.events("case.")]
    wanted = (
        "opened", "claimed", "joined", "delivered", "said", "contact_proposed", "contact_approved",
        "contact_sent", "note", "left", "resolved",
    )  # fmt: skip
    assert [kind for kind in dict.fromkeys(kinds) if kind in wanted] == list(wanted)
    for file in stage.data.glob("guardrail.db*"):
        raw = file.read_bytes()
        for spoken in (CRISIS, ASKED, HERE, LATER, AFTER, NOTE):
            assert spoken[lang].encode() not in raw, file.name
