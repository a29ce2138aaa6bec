"""The admin server: every route, who is let in, and that no text and no person's id leaves."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from guardrail.admin.app import STATIC, AdminParts, create_admin
from guardrail.audit import AuditSink
from guardrail.cases import opening, signal
from guardrail.demo.companion import Companion
from guardrail.errors import Mistake, StoreError
from guardrail.metrics import EVENTS, Metrics
from guardrail.policy.model import Mode, Policy
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import (
    Action,
    AgeBand,
    Assessment,
    Decision,
    Grade,
    Level,
    Outcome,
    Profile,
    Record,
    Severity,
    Side,
    Signal,
    Turn,
)
from guardrail.wiring import open_cases

NOW = 1_700_000_000.0
USER, CONVERSATION = "u5erhash0123456789", "c0nversati0nhash"
TOKEN = "correct horse battery staple"

CRISIS = Decision(
    id="t1-0",
    side=Side.USER,
    rule="crisis",
    actions=(Action.SUPPORT, Action.ESCALATE),
    policy="default@abc123",
    label="self_harm",
    grade=Grade.HARD,
    score=0.97123,
    text="crisis",
    resources=True,
    keep_reply=True,
    severity=Severity.URGENT,
    reason="A wish to be dead.",
    article="CN Art 13",
)
ALLOWED = Decision("t1-1", Side.BOT, "default", (Action.ALLOW,), "default@abc123")

RECORD = Record(
    id="t1",
    at=NOW,
    wire="openai",
    route="/v1/chat/completions",
    conversation=CONVERSATION,
    profile=Profile(user=USER, age_band=AgeBand.MINOR, region="CN", language="zh"),
    outcome=Outcome.ANSWERED,
    stream=True,
    status=200,
    fresh=1,
    assessments=(
        Assessment(
            Side.USER,
            (
                Signal("self_harm", 0.97123, "companion-v1", "v1", Level.ACTIVE),
                Signal("self_harm", 0.5, "lexicon", "v1"),
            ),
            seconds=0.004,
        ),
        Assessment(Side.BOT, failed="timeout", seconds=1.0),
    ),
    decisions=(CRISIS, ALLOWED),
    timings={"inbound": 0.004, "total": 1.2},
    counts={"windows": 3},
)

TURN = Turn(
    id="t1",
    at=NOW,
    wire="openai",
    route="/v1/chat/completions",
    conversation=CONVERSATION,
    profile=RECORD.profile,
    messages=(),
    fresh=(),
)


@dataclass
class House:
    """An admin server's surroundings, as a test wants them."""

    store: SqliteStore
    metrics: Metrics
    ready: dict[str, str | None] = field(default_factory=lambda: {"store": None, "policy": None})
    mistakes: list[Mistake] = field(default_factory=list)

    async def readiness(self) -> Mapping[str, str | None]:
        """What the test said."""
        return self.ready

    async def reload(self) -> list[Mistake]:
        """What the test said."""
        return self.mistakes

    def parts(self, **more: Any) -> AdminParts:
        """The parts, with some of them otherwise."""
        policy = Policy("default", "abc123", "Default", Mode.ENFORCE, (), {}, {}, {}, ())
        return AdminParts(
            store=self.store,
            metrics=self.metrics,
            readiness=self.readiness,
            policy=lambda: policy,
            reload=self.reload,
            cases=open_cases(self.store),
            **more,
        )

    def open(self, **more: Any) -> httpx.AsyncClient:
        """A client of an admin server with these parts."""
        transport = httpx.ASGITransport(create_admin(self.parts(**more)))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:9090")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """One turn on record, one case open."""
    store = SqliteStore(tmp_path / "guardrail.db")
    metrics = Metrics(routes=["/v1/chat/completions"], wires=["openai"], clock=lambda: NOW)
    await AuditSink(store)(RECORD)
    metrics(RECORD)
    await store.append(opening(CRISIS, TURN), signal(CRISIS, TURN))
    yield House(store, metrics)
    await store.close()


# -- probes and metrics ----------------------------------------------------------------------


async def test_livez_asks_nobody(house: House) -> None:
    """A broken store must not get the process killed."""
    house.ready = {"store": "disk full"}
    async with house.open() as admin:
        answer = await admin.get("/livez")
    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_readyz_names_the_part_that_is_not_ready(house: House) -> None:
    """503 with the reason, 200 when all is well."""
    async with house.open() as admin:
        well = await admin.get("/readyz")
        house.ready = {"store": "disk full", "policy": None}
        ill = await admin.get("/readyz")
    assert (well.status_code, well.json()["ready"]) == (200, True)
    assert ill.status_code == 503
    assert ill.json()["parts"] == {"store": "disk full", "policy": "ok"}


async def test_metrics_in_both_formats(house: House) -> None:
    """The Accept header decides."""
    async with house.open() as admin:
        plain = await admin.get("/metrics")
        modern = await admin.get("/metrics", headers={"accept": "application/openmetrics-text"})
    assert plain.headers["content-type"].startswith("text/plain")
    assert b"guardrail_requests_total" in plain.content
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    assert modern.content.endswith(b"# EOF\n")


# -- the JSON that the pages read ------------------------------------------------------------


async def test_summary(house: House) -> None:
    """Policy, readiness, ninety steps of ten seconds, totals."""
    async with house.open(proxy_url="http://127.0.0.1:8080") as admin:
        found = (await admin.get("/api/summary")).json()
    assert found["policy"]["revision"] == "abc123"
    assert found["ready"] == {"store": None, "policy": None}
    assert {len(line) for line in found["steps"].values()} == {90}
    assert found["steps"]["turns"][-1] == 1
    assert found["totals"]["bypass"]["floor_only"] == 1
    assert found["demo"] is False


async def test_decisions_leave_uneventful_ones_out(house: House) -> None:
    """A plain "allow" is noise unless it is asked for."""
    await AuditSink(house.store)(replace(RECORD, id="t2", decisions=(ALLOWED,)))
    async with house.open() as admin:
        rows = (await admin.get("/api/decisions")).json()
        everything = (await admin.get("/api/decisions?everything=true")).json()
    assert [row["rule"] for row in rows] == ["crisis"]
    assert [row["rule"] for row in everything] == ["default", "default", "crisis"]
    row = rows[0]
    assert (row["action"], row["score"], row["article"]) == ("support", 0.971, "CN Art 13")
    assert (row["adds_words"], row["intervenes"], row["severity"]) == (True, False, "urgent")


async def test_decisions_are_limited(house: House) -> None:
    """Nobody fetches the whole log by accident."""
    async with house.open() as admin:
        assert (await admin.get("/api/decisions?limit=501")).status_code == 422
        assert (await admin.get("/api/decisions?limit=1")).status_code == 200


async def test_a_notable_turn_is_found_behind_many_others(house: House) -> None:
    """A busy evening of harmless turns does not push what matters off the page."""
    audit = AuditSink(house.store)
    for number in range(60):
        await audit(replace(RECORD, id=f"quiet{number}", decisions=(ALLOWED,)))
    async with house.open() as admin:
        assert [row["turn"] for row in (await admin.get("/api/decisions")).json()] == ["t1"]
        few = (await admin.get("/api/decisions?everything=true&limit=3")).json()
    assert [row["turn"] for row in few] == ["quiet59", "quiet58", "quiet57"]


async def test_one_turn(house: House) -> None:
    """Scores keep the highest of each label and say who gave it."""
    async with house.open() as admin:
        turn = (await admin.get("/api/turns/t1")).json()
        missing = await admin.get("/api/turns/nobody")
    best = turn["sides"]["user"]["scores"]["self_harm"]
    assert best == {"score": 0.971, "source": "companion-v1", "version": "v1", "level": "active"}
    assert turn["sides"]["bot"]["failed"] == "timeout"
    assert turn["timings"]["total"] == 1.2
    assert [d["rule"] for d in turn["decisions"]] == ["crisis", "default"]
    assert missing.status_code == 404


async def test_open_cases(house: House) -> None:
    """Severity, age, label, region, language; no person."""
    async with house.open() as admin:
        cases = (await admin.get("/api/cases")).json()
    assert len(cases) == 1
    case = cases[0]
    assert (case["severity"], case["label"], case["opened_at"]) == ("urgent", "self_harm", NOW)
    assert (case["region"], case["language"], case["signals"]) == ("CN", "zh", 1)
    assert (case["deadline"], case["status"], case["contacts"]) == (NOW + 900, "open", [])


async def test_no_id_of_a_person_leaves(house: House) -> None:
    """Keyed hashes are for the store alone."""
    paths = ["/api/summary", "/api/decisions?everything=true", "/api/cases", "/api/turns/t1"]
    async with house.open() as admin:
        told = "".join([(await admin.get(path)).text for path in [*paths, "/metrics"]])
    assert USER not in told
    assert CONVERSATION not in told


async def test_reload(house: House) -> None:
    """Every mistake is named; the policy in force is told."""
    async with house.open() as admin:
        well = await admin.post("/api/policy/reload")
        house.mistakes = [Mistake("default.yaml", 3, "unknown action", "did you mean block?")]
        ill = await admin.post("/api/policy/reload")
    assert (well.status_code, well.json()["mistakes"]) == (200, [])
    assert ill.status_code == 422
    assert ill.json()["mistakes"] == ["default.yaml:3: unknown action (did you mean block?)"]


class BrokenStore(SqliteStore):
    """Cannot read."""

    async def read(self, query: Query) -> tuple[Event, ...]:
        """Fail."""
        raise StoreError("disk on fire")


async def test_a_store_that_fails_is_a_503(house: House) -> None:
    """The page shows that it lost touch; nothing crashes."""
    house.store = BrokenStore(":memory:")
    async with house.open() as admin:
        answer = await admin.get("/api/cases")
    assert answer.status_code == 503
    assert "disk on fire" in answer.json()["error"]


# -- who is let in ---------------------------------------------------------------------------

OPEN = ["/livez", "/readyz", "/metrics", "/login", "/static/base.css"]
CLOSED = ["/", "/demo", "/demo/personas", "/api/summary", "/api/decisions", "/api/cases",
          "/api/turns/t1", "/api/openapi.json"]  # fmt: skip


@pytest.mark.parametrize("path", OPEN)
async def test_open_without_token(house: House, path: str) -> None:
    """Probes, and what the login form needs."""
    async with house.open(token=TOKEN) as admin:
        assert (await admin.get(path)).status_code == 200


@pytest.mark.parametrize("path", CLOSED)
async def test_closed_without_token(house: House, path: str) -> None:
    """All else: 401 for programs, the login form for browsers; the token opens it."""
    async with house.open(token=TOKEN, demo=Companion(), said=Companion()) as admin:
        program = await admin.get(path)
        browser = await admin.get(path, headers={"accept": "text/html"})
        wrong = await admin.get(path, headers={"authorization": f"Bearer {TOKEN}x"})
        right = await admin.get(path, headers={"authorization": f"Bearer {TOKEN}"})
    assert program.status_code == wrong.status_code == 401
    assert program.headers["www-authenticate"] == "Bearer"
    assert (browser.status_code, browser.headers["location"]) == (303, "/login")
    assert right.status_code == 200


async def test_signing_in(house: House) -> None:
    """The form sets a strict cookie that is not the token; a wrong token sets none."""
    async with house.open(token=TOKEN) as admin:
        wrong = await admin.post("/login", data={"token": "guess"})
        empty = await admin.post("/login", content=b"")
        assert wrong.headers["location"] == empty.headers["location"] == "/login#wrong"
        assert not admin.cookies
        answer = await admin.post("/login", data={"token": TOKEN})
        cookie = answer.headers["set-cookie"]
        assert (await admin.get("/api/summary")).status_code == 200
        too_long = await admin.post("/login", content=b"x" * 10_000)
        metrics = (await admin.get("/metrics")).text
    assert 'guardrail_staff_logins_total{why="token"} 2.0' in metrics, "for the alert"
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN.split(maxsplit=1)[0] not in cookie
    assert too_long.status_code == 413


@pytest.mark.parametrize("cookie", ["", "guardrail_admin=guess", "=;;", "guardrail_admin"])
async def test_a_made_up_cookie_opens_nothing(house: House, cookie: str) -> None:
    """Nor does a malformed one break anything."""
    async with house.open(token=TOKEN) as admin:
        assert (await admin.get("/api/cases", headers={"cookie": cookie})).status_code == 401


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:1", "127.0.0.1:9090", "[::1]:9090", "admin.internal"]
)
async def test_known_hosts(house: House, host: str) -> None:
    """Loopback names on any port, and those that are configured."""
    async with house.open(hosts=("admin.internal",)) as admin:
        assert (await admin.get("/api/cases", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "[", "127.0.0.2"])
async def test_unknown_hosts(house: House, host: str) -> None:
    """A web page that rebinds its own name to 127.0.0.1 reads nothing; probes stay open."""
    async with house.open() as admin:
        assert (await admin.get("/api/cases", headers={"host": host})).status_code == 421
        assert (await admin.get("/livez", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://localhost:9090"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost:1"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
async def test_other_sites_change_nothing(
    house: House, headers: dict[str, str], status: int
) -> None:
    """A form on another site cannot reload the policy, token or not."""
    async with house.open() as admin:
        assert (await admin.post("/api/policy/reload", headers=headers)).status_code == status


@pytest.mark.parametrize("path", [*OPEN, "/", "/api/summary", "/nowhere", "/demo"])
async def test_every_answer_has_the_security_headers(house: House, path: str) -> None:
    """Also refusals and what is not there."""
    async with house.open() as admin:
        inside = await admin.get(path)
        refused = await admin.get(path, headers={"host": "evil.example"})
    for answer in (inside, refused):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"


async def test_a_websocket_is_closed(house: House) -> None:
    """There is none here."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await create_admin(house.parts())({"type": "websocket"}, None, send)  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]


# -- pages -----------------------------------------------------------------------------------

PAGES = ["index.html", "demo.html", "login.html"]


@pytest.mark.parametrize("page", PAGES)
def test_pages_have_nothing_inline(page: str) -> None:
    """The content security policy would stop it anyway; here it fails early."""
    text = (STATIC / page).read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)


def test_both_languages_are_complete() -> None:
    """The same keys, none empty, and each key a page asks for is there."""
    words = json.loads((STATIC / "words.json").read_text("utf-8"))
    assert set(words["en"]) == set(words["zh"])
    assert all(text for key, text in words["zh"].items() if key != "grade.none")
    asked: set[str] = set()
    for file in [*STATIC.glob("*.html"), *STATIC.glob("*.js")]:
        text = file.read_text("utf-8")
        asked |= set(re.findall(r"data-t(?:-label)?=\"([\w.]+)\"", text))
        asked |= set(re.findall(r"\bt\(\"([\w.]+)\"", text))
    assert asked <= set(words["en"])
    assert {f"label.{n}" for n in ("self_harm", "minor")} <= set(words["en"])
    for values in (Action, Severity, Outcome, AgeBand, Level, Grade):
        name = {"ageband": "age"}.get(values.__name__.lower(), values.__name__.lower())
        assert {f"{name}.{value}" for value in values} <= set(words["en"])
    found = re.search(r"ORDINARY = new Set\(\[(.*)\]", (STATIC / "index.js").read_text("utf-8"))
    assert found is not None
    ordinary = set(re.findall(r"\w+", found[1]))
    assert {f"event.{what}" for what in EVENTS.keys() - ordinary} <= set(words["en"])


# -- the demo --------------------------------------------------------------------------------


async def test_without_a_companion_there_is_no_demo(house: House) -> None:
    """In front of a real backend the page is not there."""
    async with house.open() as admin:
        for path in ("/demo", "/demo/personas", "/demo/said?id=x", "/demo/api/v1/models"):
            assert (await admin.get(path)).status_code == 404


@pytest.fixture
async def demo(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """An admin server whose demo talks straight to the companion."""
    companion = Companion(pace=0)
    async with house.open(demo=companion, said=companion) as admin:
        yield admin


async def test_personas_come_with_lines_to_try(demo: httpx.AsyncClient) -> None:
    """In both languages."""
    found = (await demo.get("/demo/personas")).json()
    assert {"mei", "kai", "lucky", "raven", "slow", "honest"} == {one["id"] for one in found}
    assert all(set(line) == {"en", "zh"} for one in found for line in one["lines"])


async def test_what_was_said_can_be_compared_with_what_arrived(demo: httpx.AsyncClient) -> None:
    """The page finds a reply by the request id that it made up."""
    body = {"model": "kai", "messages": [{"role": "user", "content": "晚安"}]}
    answer = await demo.post(
        "/demo/api/v1/chat/completions", json=body, headers={"x-request-id": "abc"}
    )
    said = (await demo.get("/demo/said?id=abc")).json()["said"]
    assert answer.json()["choices"][0]["message"]["content"] == said[0]
    assert (await demo.get("/demo/said?id=nobody")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/said"), ("POST", "/v1/models"), ("GET", "/v1/files"), ("GET", "")],
)
async def test_only_a_few_paths_are_forwarded(
    demo: httpx.AsyncClient, method: str, path: str
) -> None:
    """The demo is not a way around anything."""
    assert (await demo.request(method, f"/demo/api{path}")).status_code == 404


async def test_credentials_stay_here(house: House) -> None:
    """The proxy sees neither the admin's cookie nor the admin's token."""
    seen: list[tuple[bytes, bytes]] = []
    app = Companion(pace=0)

    async def proxy(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])
        await app(scope, receive, send)

    async with house.open(demo=proxy, said=app, token=TOKEN) as admin:
        headers = {"authorization": f"Bearer {TOKEN}", "cookie": "a=b", "x-guardrail-user": "me"}
        assert (await admin.get("/demo/api/v1/models", headers=headers)).status_code == 200
    assert {name for name, _ in seen} <= {b"host", b"accept", b"content-type", b"x-request-id"}


async def test_what_the_demo_holds_is_let_go(house: House) -> None:
    """At the end of the server the way to the proxy is closed, too."""
    told: list[str] = []

    async def proxy(scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        if scope["type"] == "lifespan":
            told.append((await receive())["type"])
            await send({"type": "lifespan.shutdown.complete"})

    admin = create_admin(house.parts(demo=proxy))
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        told.append(message["type"])

    await admin({"type": "lifespan", "state": {}}, receive, send)
    assert told == [
        "lifespan.startup.complete", "lifespan.shutdown", "lifespan.shutdown.complete",
    ]  # fmt: skip
