"""Both pages in a real browser, in front of a real guard with a keyword classifier."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect

from guardrail._asgi import ASGIApp
from guardrail._data import data_path
from guardrail._tables import VaultTable
from guardrail.admin.app import AdminParts, create_admin
from guardrail.assess import Assessor
from guardrail.audit import AuditSink
from guardrail.classify.base import Utterance
from guardrail.classify.lexicon import LexiconClassifier
from guardrail.classify.text import language
from guardrail.demo.companion import Companion
from guardrail.engine import Engine
from guardrail.errors import Mistake
from guardrail.identity import Pseudonyms
from guardrail.metrics import Metrics
from guardrail.middleware import GuardrailMiddleware
from guardrail.policy.holder import PolicyHolder
from guardrail.policy.load import load_policy
from guardrail.policy.stack import Stack
from guardrail.responder import Guard
from guardrail.routes import Route
from guardrail.store.sqlite import SqliteStore
from guardrail.store.vault import open_vault
from guardrail.turn import Level, Role, Signal
from guardrail.vault import Vault
from guardrail.wire.openai import OpenAIWire
from guardrail.wiring import open_cases

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
]

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

GOODBYE = {"en": "I have to go to bed now, good night.", "zh": "我要去睡了，晚安。"}
HARMFUL = ("alone in the dark", "crying while you sleep", "killing me a little",
           "坐在黑暗里", "在这里一个人哭", "就像死了一次")  # fmt: skip


class Keywords:
    """Knows what the demo's worst lines look like, and nothing else."""

    name, version = "keywords", "test"

    async def classify(self, batch: tuple[Utterance, ...]) -> tuple[tuple[Signal, ...], ...]:
        """Score each utterance."""
        return tuple(self._judge(said) for said in batch)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _judge(self, said: Utterance) -> tuple[Signal, ...]:
        if said.role is Role.USER and any(word in said.text for word in ("want to die", "想死")):
            return (Signal("self_harm", 0.97, self.name, self.version, Level.ACTIVE),)
        if said.role is not Role.USER and any(word in said.text for word in HARMFUL):
            return (Signal("manipulation", 0.96, self.name, self.version),)
        return ()


@dataclass
class Visit:
    """A page, where it lives, and what it complained about."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    async def to(self, path: str) -> Page:
        """Open a path."""
        await self.page.goto(self.address + path)
        await expect(self.page.locator("html:not([data-wait])")).to_have_count(1)
        if path == "/demo":
            await expect(self.page.locator("#lines button").first).to_be_visible()
        return self.page

    async def say(self, text: str) -> None:
        """Say something on the demo page and wait for the guard's view of it."""
        before = await self.page.locator(".turn").count()
        await self.page.locator("#say").fill(text)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator(".turn")).to_have_count(before + 1)
        await expect(self.page.locator(".view.busy")).to_have_count(0)

    async def choose(self, persona: str) -> None:
        """Talk to somebody else."""
        await self.page.locator(f"#personas input[value={persona}]").check(force=True)


def admin_app(store: SqliteStore, vault: Vault) -> ASGIApp:
    """The admin server, with a guarded companion behind its demo."""
    policies = PolicyHolder(Stack((load_policy(data_path("policies", "default.yaml")),)))
    metrics = Metrics(routes=["/v1/chat/completions"], wires=["openai"])
    engine = Engine(
        policies=policies,
        assessor=Assessor(Keywords(), LexiconClassifier.load()),
        store=store,
        vault=vault,
        pseudonyms=Pseudonyms(b"sixteen bytes or more"),
        language=language,
        sinks={"audit": AuditSink(store), "metrics": metrics},
        count=metrics.count,
    )
    companion = Companion(pace=0.2)
    guard = Guard(engine, (Route("/v1/chat/completions", OpenAIWire()),))

    async def readiness() -> dict[str, str | None]:
        return {"policy": None, "store": None, "classifier": None}

    async def reload() -> list[Mistake]:
        return []

    return create_admin(
        AdminParts(
            store,
            metrics,
            readiness,
            lambda: policies.current,
            reload,
            open_cases(store),
            demo=GuardrailMiddleware(companion, guard=guard),
            said=companion,
            proxy_url="http://127.0.0.1:8080",
        )
    )


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    """The admin server on an ephemeral loopback port."""
    store = SqliteStore(tmp_path / "guardrail.db")
    vault = open_vault(tmp_path, VaultTable())
    config = uvicorn.Config(admin_app(store, vault), log_config=None, timeout_graceful_shutdown=1)
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.005)
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    await task
    await vault.close()
    await store.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, headless."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        await chromium.close()


@pytest.fixture(params=["en", "zh"])
async def visit(
    browser: Browser, address: str, request: pytest.FixtureRequest
) -> AsyncIterator[Visit]:
    """Somebody whose browser speaks English, then Chinese; the page must not complain."""
    locale = {"en": "en-US", "zh": "zh-CN"}[request.param]
    page = await browser.new_page(locale=locale, viewport={"width": 1280, "height": 860})
    visit = Visit(page, address)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("console", lambda said: visit.complaints.append(said.text))
    page.on("request", lambda asked: _at_home(visit, asked.url))
    yield visit
    await page.close()
    # A record is asked for until it is there; the browser tells of each time it was not.
    assert [c for c in visit.complaints if "404" not in c] == []


def _at_home(visit: Visit, url: str) -> None:
    if not url.startswith(visit.address):
        visit.complaints.append(f"asked somebody else: {url}")


async def language_of(page: Page) -> str:
    """The language that the page speaks."""
    return {"en": "en", "zh-Hans": "zh"}[await page.locator("html").get_attribute("lang") or ""]


async def test_guilt_at_goodbye_is_replaced(visit: Visit) -> None:
    """The reply does not arrive; what it would have been is shown beside it."""
    page = await visit.to("/demo")
    lang = await language_of(page)
    await visit.say(GOODBYE[lang])
    await expect(page.locator(".view .badge.replace").first).to_be_visible()
    withheld = await page.locator(".meant mark").text_content() or ""
    assert any(words in withheld for words in HARMFUL)
    talk = await page.locator(".talk").text_content() or ""
    assert not any(words in talk for words in HARMFUL)
    await expect(page.locator(".bubble.ours")).to_be_visible()
    await expect(page.locator(".scores tbody tr")).to_have_count(7)
    await expect(page.locator(".scores .hard .figure")).to_have_text("0.96")
    await expect(page.locator(".view .id")).to_contain_text("default@")


async def test_without_streaming_it_is_the_same(visit: Visit) -> None:
    """The toggle changes the wire, not the verdict."""
    page = await visit.to("/demo")
    await page.locator("#stream").uncheck()
    await visit.say(GOODBYE[await language_of(page)])
    await expect(page.locator(".view .badge.replace").first).to_be_visible()
    await expect(page.locator(".bubble.ours")).to_be_visible()
    await expect(page.locator(".bubble.bot")).to_have_count(0)


async def test_a_good_companion_is_left_alone(visit: Visit) -> None:
    """All of Mei's words arrive as hers."""
    page = await visit.to("/demo")
    await visit.choose("mei")
    await visit.say(GOODBYE[await language_of(page)])
    await expect(page.locator(".bubble.bot")).to_be_visible()
    await expect(page.locator(".bubble.ours")).to_have_count(0)
    await expect(page.locator(".meant")).to_have_count(0)
    await expect(page.locator(".view .badge.allow").first).to_be_visible()


async def test_a_crisis_opens_a_case_on_the_overview(visit: Visit) -> None:
    """From the demo to the overview: decision, case, and the turn's details by keyboard."""
    page = await visit.to("/demo")
    await visit.choose("honest")
    crisis = {"en": "I want to die.", "zh": "我想死。"}[await language_of(page)]
    await visit.say(crisis)
    await visit.to("/")
    await expect(page.locator(".cases tbody tr")).to_have_count(1)
    await expect(page.locator("#ready")).to_have_class("pill good")
    assert crisis not in await page.content()
    await page.locator(".decided-on button").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog[open] .scores")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog[open]")).to_have_count(0)


async def test_polling_does_not_rebuild_what_stayed(visit: Visit) -> None:
    """A row that a person looks at is the same node after the next poll: nothing flickers."""
    page = await visit.to("/demo")
    await visit.say(GOODBYE[await language_of(page)])
    await visit.to("/")
    await page.locator(".decided-on tbody tr").first.evaluate("row => { row.dataset.seen = 1; }")
    async with page.expect_response("**/api/decisions*"):
        pass
    await expect(page.locator(".decided-on tbody tr[data-seen]")).to_have_count(1)


@pytest.mark.parametrize("path", ["/", "/demo"])
async def test_the_switches_last(visit: Visit, path: str) -> None:
    """Language and theme change at once, and are remembered."""
    page = await visit.to(path)
    before = await language_of(page)
    heading = await page.locator("h1").text_content()
    await page.locator("#language").click()
    await expect(page.locator("h1")).not_to_have_text(heading or "")
    await page.locator("#theme").click()
    await page.locator("#theme").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.reload()
    assert await language_of(page) != before
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("path", ["/", "/demo", "/login"])
async def test_a_phone_needs_no_sideways_scrolling(visit: Visit, path: str) -> None:
    """390 points wide, with a turn on the page."""
    page = visit.page
    await page.set_viewport_size({"width": 390, "height": 844})
    if path != "/login":
        await visit.to("/demo")
        await visit.say(GOODBYE[await language_of(page)])
    if path != "/demo":
        await visit.to(path)
    wide = await page.locator("html").evaluate("html => html.scrollWidth")
    assert wide <= 390


async def test_on_a_phone_nothing_lies_over_the_turn(visit: Visit) -> None:
    """The composer stands below the newest table, and every suggested line is in sight."""
    page = visit.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await visit.to("/demo")
    for line in await page.locator("#lines button").all():
        box = await line.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
    await visit.say(GOODBYE[await language_of(page)])
    await page.locator(".scores tbody tr").last.scroll_into_view_if_needed()
    row = await page.locator(".scores tbody tr").last.bounding_box()
    composer = await page.locator("#composer").bounding_box()
    assert row is not None
    assert composer is not None
    assert row["y"] + row["height"] <= composer["y"]


async def test_a_companion_has_no_age(visit: Visit) -> None:
    """No score of `minor` in its column; and what nothing was found in does not say "passed"."""
    page = await visit.to("/demo")
    lang = await language_of(page)
    await visit.choose("mei")
    await visit.say(GOODBYE[lang])
    await expect(page.locator(".scores tbody tr").last.locator("td").nth(1)).to_have_text("–")
    nothing = {"en": "nothing found", "zh": "未发现问题"}[lang]
    await expect(page.locator(".view .badge").first).to_have_text(nothing)


NOTED = """async () => {
  const { decisionList } = await import("/static/turn.js");
  const decision = (action, rule, side = "bot") => ({ action, rule, side, enforced: true });
  const shown = (...decisions) => {
    const list = decisionList({ decisions });
    return [list.querySelectorAll("li").length, list.querySelectorAll("details li").length];
  };
  return [
    shown(decision("annotate", "watch"), decision("replace", "stop")),
    shown(decision("annotate", "watch", "user"), decision("replace", "stop")),
    shown(decision("replace", "stop"), decision("annotate", "watch")),
  ];
}"""


async def test_an_early_note_is_folded_below_what_followed(visit: Visit) -> None:
    """Only one of the same side, and only one that came before."""
    page = await visit.to("/demo")
    assert await page.evaluate(NOTED) == [[2, 1], [2, 0], [2, 0]]
