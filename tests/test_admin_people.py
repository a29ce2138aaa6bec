"""The admin routes about people, complaints and incidents: what they take, refuse and give."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from guardrail.admin.app import AdminParts, create_admin
from guardrail.admin.people import BODY, Office
from guardrail.config import Settings
from guardrail.desk import Desk
from guardrail.identity import Pseudonyms
from guardrail.metrics import Metrics
from guardrail.people import People
from guardrail.person import Day, Person, raised
from guardrail.policy.holder import PolicyHolder
from guardrail.policy.model import Consent
from guardrail.policy.stack import Stack
from guardrail.serving import serving
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import Danger
from guardrail.wellknown import PATH, ProtocolPage
from guardrail.wiring import open_cases
from tests.conftest import POLICIES, POLICY, Clock

APP = "Bearer app-key"
ANN: dict[str, Any] = {"user": "ann", "app": APP}
TURN = "0123456789abcdef01234"
BY: dict[str, Any] = {"by": "operator"}
GUARDIAN: dict[str, Any] = {"scope": "companion", "version": "3", "proof": "verified"}


@dataclass
class Site:
    """An admin server on a real store."""

    store: SqliteStore
    people: People
    clock: Clock
    office: Office

    def open(self, token: str | None = None) -> httpx.AsyncClient:
        """A client."""

        async def ready() -> dict[str, str | None]:
            return {}

        async def reload() -> list[Any]:
            return []

        parts = AdminParts(
            store=self.store,
            metrics=Metrics(),
            readiness=ready,
            policy=lambda: self.office.policies()[""],
            reload=reload,
            cases=open_cases(self.store),
            token=token,
            office=self.office,
        )
        transport = httpx.ASGITransport(create_admin(parts))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:9090")


@pytest.fixture
async def site(tmp_path: Path, clock: Clock) -> AsyncIterator[Site]:
    """Consent is asked of children in China."""
    store, keys = SqliteStore(tmp_path / "g.db"), Pseudonyms(b"0123456789abcdef")
    default = POLICY(POLICIES / "default.yaml")
    cn = replace(default, name="cn", consents=(Consent(14, "companion", "3"),))
    holder = PolicyHolder(Stack((default,)), {"CN": Stack((cn,))})
    people, desk = People(store, keys, clock), Desk(store, keys, clock)
    office = Office(people, desk, lambda: holder.all, ProtocolPage(holder, clock=clock))
    yield Site(store, people, clock, office)
    await store.close()


async def post(admin: httpx.AsyncClient, path: str, status: int = 200, **body: Any) -> Any:
    """The JSON of an answer that has this status."""
    answer = await admin.post(f"/api/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


# -- people ----------------------------------------------------------------------------------------


async def test_consent_from_nobody_to_withdrawal(site: Site) -> None:
    """Given before the first turn, seen under both names, counted for the region that asks, revoked."""
    async with site.open() as admin:
        await post(admin, "people/find", 404, **ANN)
        given = await post(admin, "people/consent", person=ANN, **BY, **GUARDIAN)
        assert given["consent"] == {"scope": "companion", "version": "3", "at": site.clock.now}
        assert given["consent_asked"] == [
            {"region": "CN", "under": 14, "scope": "companion", "version": "3", "given": True}
        ]
        assert await post(admin, "people/find", **ANN) == given
        assert (await admin.get(f"/api/people/{given['key']}")).json() == given
        other = await post(
            admin, "people/consent", person=ANN, **BY, **{**GUARDIAN, "version": "2"}
        )
        assert other["consent_asked"][0]["given"] is False
        named: dict[str, Any] = {"key": given["key"]}
        assert (await post(admin, "people/consent/revoke", person=named, **BY))["consent"] is None
        again = await post(admin, "people/consent/revoke", 409, person=ANN, **BY)
    assert again == {"error": "no consent is given", "code": "not_possible"}


async def test_the_state_of_a_person(site: Site) -> None:
    """Age, crisis, pause, curfew, dependence with its parts; numbers and words of ours alone."""
    key, now = site.people.user("ann", APP.encode()).key, site.clock.now
    days = tuple(Day(f"2026-09-{n}", 7200.0, 600.0, 30, 2) for n in (18, 19, 20, 21))
    ann = Person(key, now - 9e5, now, now, days=days, paused=True, curfew_lifted=now + 60)
    ann = raised(ann, Danger.ACTIVE, now, 3600)
    await site.store.update("", key, lambda *_: (None, ann))
    async with site.open() as admin:
        found = await post(admin, "people/find", **ANN)
        assert found["age"] == {"band": "unknown", "evidence": "none", "years": None, "at": 0}
        assert (found["crisis"]["danger"], found["crisis"]["signs"]) == ("active", 1)
        assert (found["paused"], found["curfew_lifted_until"]) == (True, now + 60)
        assert found["today"] == {"day": "2026-09-21", "minutes": 120.0, "turns": 30}
        parts = found["dependence"]["parts"]
        assert set(parts) >= {"time", "said"}
        assert found["dependence"]["value"] == pytest.approx(sum(parts.values()))
        site.clock.now += 7200
        later = await post(admin, "people/find", **ANN)
        assert (later["crisis"]["danger"], later["curfew_lifted_until"]) == ("none", None)


async def test_crisis_pause_curfew_and_age(site: Site) -> None:
    """Each route does its act, and says 409 where there is nothing to do."""
    key = site.people.user("ann", None).key
    now = site.clock.now
    ill = raised(Person(key, now, now, now), Danger.ACTIVE, now, 3600)
    await site.store.update("", key, lambda *_: (None, ill))
    ann: dict[str, Any] = {"person": {"user": "ann", "proven": True}, **BY}
    async with site.open() as admin:
        assert (await post(admin, "people/crisis/release", **ann))["crisis"]["danger"] == "none"
        await post(admin, "people/crisis/release", 409, **ann)
        assert (await post(admin, "people/pause", reason="abuse", **ann))["paused"]
        assert not (await post(admin, "people/resume", **ann))["paused"]
        await post(admin, "people/resume", 409, **ann)
        lifted = await post(admin, "people/curfew", hours=2, **ann)
        assert lifted["curfew_lifted_until"] == now + 7200
        assert (await post(admin, "people/curfew", hours=0, **ann))["curfew_lifted_until"] is None
        aged = await post(
            admin, "people/age", band="minor", proof="verified", years=[13, 15], **ann
        )
        assert (aged["age"]["band"], aged["age"]["years"]) == ("minor", [13, 15])
        wrong = await post(admin, "people/age", 409, band="adult", proof="guardian", **ann)
        assert "appeal" in wrong["error"]
    events = await site.store.read(Query(kind="person.", ascending=True))
    assert [event.kind.partition(".")[2] for event in events] == [
        "crisis_released",
        "paused",
        "resumed",
        "curfew_lifted",
        "curfew_lifted",
        "age_set",
    ]
    assert events[1].body == {"by": "operator", "reason": "abuse"}


async def test_appeals(site: Site) -> None:
    """Opened, listed, overdue, granted or refused; each decided once."""
    async with site.open() as admin:
        ann: dict[str, Any] = {"person": ANN, "by": "app"}
        await post(admin, "people/appeal", 404, **ann)
        await post(admin, "people/age", person=ANN, by="app", band="minor", proof="platform")
        one = await post(admin, "people/appeal", 201, **ann)
        assert (one["due"], one["overdue"]) == (site.clock.now + 15 * 86_400, False)
        site.clock.now += 16 * 86_400
        assert [a["overdue"] for a in (await admin.get("/api/appeals")).json()] == [True]
        path = f"appeals/{one['ticket']}"
        await post(admin, f"{path}/grant", 422, by="operator", band="unknown", proof="verified")
        done = await post(admin, f"{path}/grant", by="operator", band="adult", proof="verified")
        assert (done["verdict"], done["overdue"]) == ("granted", False)
        assert (await post(admin, "people/find", **ANN))["age"]["band"] == "adult"
        await post(admin, f"{path}/refuse", 409, by="operator")
        await post(admin, "appeals/a-none/refuse", 404, by="operator")
        assert (await admin.get("/api/appeals")).json() == []
        assert len((await admin.get("/api/appeals?everything=true")).json()) == 1


BAD = [
    {},
    {"person": ANN},
    {"person": {}, **BY},
    {"person": {"user": "ann"}, **BY},
    {"person": {"user": "ann", "app": "x", "proven": True}, **BY},
    {"person": {"user": "ann", "key": "0" * 32, "proven": True}, **BY},
    {"person": {"key": "0" * 32, "proven": True}, **BY},
    {"person": {"key": "../../etc"}, **BY},
    {"person": {"user": 17, "proven": True}, **BY},
    {"person": {"user": "ann", "proven": "yes"}, **BY},
    {"person": {"user": "", "proven": True}, **BY},
    {"person": {"user": "ann", "app": "Bearer kéy"}, **BY},
    {"person": {"user": "a" * 257, "proven": True}, **BY},
    {"person": ANN, "by": "two words"},
    {"person": ANN, "by": ["operator"]},
    {"person": ANN, **BY, "reason": "She told me that she is sad"},
    {"person": ANN, **BY, "note": "more"},
]


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
async def test_bodies_that_are_refused(site: Site, body: Any) -> None:
    """422 with the field that is wrong; nothing is written down."""
    async with site.open() as admin:
        answer = await admin.post("/api/people/pause", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][0] == "body"
    assert APP not in answer.text
    assert await site.store.read(Query()) == ()


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("consent", {**GUARDIAN, "proof": "stated"}),
        ("consent", {**GUARDIAN, "version": 3}),
        ("age", {"band": "unknown", "proof": "verified"}),
        ("age", {"band": "adult", "proof": "verified", "years": [13, 15]}),
        ("age", {"band": "minor", "proof": "verified", "years": [15, 13]}),
        ("age", {"band": "minor", "proof": "verified", "years": [13]}),
        ("curfew", {"hours": -1}),
        ("curfew", {"hours": 10_000}),
        ("curfew", {"hours": "2"}),
    ],
)
async def test_values_that_are_refused(site: Site, path: str, more: Any) -> None:
    """Each act takes what it means and nothing near it."""
    async with site.open() as admin:
        await post(admin, f"people/{path}", 422, person=ANN, **BY, **more)


async def test_bodies_that_are_no_bodies(site: Site) -> None:
    """Too large: 413, also in pieces without a length. No JSON: 4xx. A wrong hash: 404 or 422."""

    def pieces() -> Iterator[bytes]:
        yield b'{"person": "'
        for _ in range(20):
            yield b"a" * 1024

    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces():
            yield piece

    async with site.open() as admin:
        for content in (b"[" * (BODY + 1), stream()):
            large = await admin.post("/api/people/pause", content=content)
            assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
        head = {"content-type": "application/json"}
        odd = [b'{"person": {"user": "\\ud800", "proven": true}, "by": "op"}', b"[" * 16_000]
        odd.append(b'{"person": {"key": NaN}, "by": "op"}')
        for content in (b"{", b"\xff", b"[]", b"null", b"", *odd):
            broken = await admin.post("/api/people/pause", content=content, headers=head)
            assert broken.status_code in (400, 422), content
        assert (await admin.get("/api/people/" + "0" * 32)).status_code == 404
        assert (await admin.get("/api/people/ann")).status_code == 422
        await post(admin, "people/pause", 404, person={"key": "0" * 32}, **BY)


# -- complaints ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "category"), [("complaints", "content"), ("incidents", "self_harm")]
)
async def test_a_ticket_from_beginning_to_end(site: Site, place: str, category: str) -> None:
    """Opened with due dates, listed, late, acknowledged, answered; no contact, no name is kept."""
    async with site.open() as admin:
        one = await post(
            admin,
            place,
            201,
            category=category,
            by="app",
            turn=TURN,
            contact="ann@example.com",
            person=ANN,
        )
        now = site.clock.now
        assert (one["acknowledge_by"], one["answer_by"]) == (now + 86_400, now + 15 * 86_400)
        assert (one["turn"], one["progress"], one["overdue"]) == (TURN, "opened", [])
        assert one["key"] == site.people.user("ann", APP.encode()).key
        site.clock.now += 90_000
        (listed,) = (await admin.get(f"/api/{place}")).json()
        assert listed == {**one, "overdue": ["acknowledge"]}
        path = f"{place}/{one['ticket']}"
        assert (await post(admin, f"{path}/acknowledge", by="op"))["overdue"] == []
        done = await post(admin, f"{path}/answer", by="op", outcome="upheld")
        assert (done["progress"], done["outcome"]) == ("answered", "upheld")
        await post(admin, f"{path}/answer", 409, by="op", outcome="upheld")
        await post(admin, f"{place}/c-none/answer", 404, by="op", outcome="upheld")
        assert (await admin.get(f"/api/{place}")).json() == []
        assert len((await admin.get(f"/api/{place}?everything=true")).json()) == 1
    written = json.dumps([[e.id, e.subject, dict(e.body)] for e in await site.store.read(Query())])
    assert "ann@example.com" not in written
    assert APP not in written


@pytest.mark.parametrize(
    "body",
    [
        {"category": "I am angry", "by": "app"},
        {"category": "nothing-known", "by": "app"},
        {"category": "content", "by": "app", "text": "it said that I"},
        {"category": "content", "by": "app", "turn": "it said that I am"},
        {"category": "content", "by": "app", "contact": "x" * 300},
        {"category": "content"},
    ],
)
async def test_a_complaint_has_no_words_of_its_own(site: Site, body: Any) -> None:
    """A category of the list, and ids; anything else is refused before it is written."""
    async with site.open() as admin:
        await post(admin, "complaints", 422, **body)
    assert await site.store.read(Query()) == ()


# -- the door --------------------------------------------------------------------------------------


async def test_the_gate_stands_before_all_of_it(site: Site) -> None:
    """Without the token nothing is seen or done; from another site nothing is done."""
    async with site.open(token="correct horse battery staple") as admin:
        for path in ("people/" + "0" * 32, "appeals", "complaints", "incidents"):
            assert (await admin.get(f"/api/{path}")).status_code == 401, path
        await post(admin, "people/pause", 401, person=ANN, **BY)
        admin.headers["authorization"] = "Bearer correct horse battery staple"
        await post(admin, "people/pause", person=ANN, **BY)
        admin.headers["origin"] = "https://elsewhere.example"
        await post(admin, "people/resume", 403, person=ANN, **BY)


async def test_the_page_holds_nothing_of_the_store(site: Site) -> None:
    """Both languages and formats, after somebody was paused and has complained."""
    async with site.open() as admin:
        found = await post(admin, "people/pause", person=ANN, **BY)
        one = await post(admin, "complaints", 201, category="content", by="app", person=ANN)
        for language in ("en", "zh"):
            for accept in ("text/html", "application/json"):
                head = {"accept": accept, "accept-language": language}
                page = await admin.get(PATH, headers=head)
                assert page.status_code == 200
                assert "12356" in page.text
                for secret in (found["key"], one["ticket"], "ann", "operator"):
                    assert f'"{secret}"' not in page.text
                    assert len(secret) < 10 or secret not in page.text


@asynccontextmanager
async def running(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The whole house, as `guardrail serve` starts it; the client asks its admin server."""
    settings = Settings.model_validate(
        {
            "listen": {"port": 0},
            "admin": {"port": 0},
            "classifier": {"kind": "lexicon"},
            "data": tmp_path / "data",
        }
    )
    async with serving(settings) as (_, addresses), httpx.AsyncClient() as client:
        client.base_url = httpx.URL(addresses.admin)
        yield client


async def test_in_the_running_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done and complained of is there after a restart, and the gauges show it."""
    monkeypatch.setattr("guardrail.serving.HOUSEKEEPING", 0.05)
    async with running(tmp_path) as admin:
        assert (
            'guardrail_complaints_overdue{register="incident"} 0.0'
            in (await admin.get("/metrics")).text
        )
        await post(admin, "people/pause", person=ANN, **BY)
        await post(admin, "complaints", 201, category="content", by="app")
        key = (await post(admin, "people/resume", person=ANN, **BY))["key"]
    store = SqliteStore(tmp_path / "data" / "guardrail.db")  # as if the power had been cut here
    await store.append(Event("lost", time.time(), "person.paused", key, key, body={"by": "op"}))
    await store.close()
    async with running(tmp_path) as admin:
        assert (await post(admin, "people/find", **ANN))["paused"]
        line = 'guardrail_complaints_open{register="complaint"} 1.0'
        for _ in range(200):
            if line in (await admin.get("/metrics")).text:
                break
        else:
            pytest.fail("the gauge never showed it")
