"""The yearly count and the folds behind the reports: what counts, what does not, and what is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from guardrail.audit import AuditSink, intervention, receipt, to_json
from guardrail.cases import opening, signal
from guardrail.complaints import ComplaintBook, Matter, Progress, Terms, Ticket, step
from guardrail.complaints import opening as ticket_opened
from guardrail.config import Settings, load_settings
from guardrail.middleware import GuardrailMiddleware
from guardrail.person import Age, Person, moved
from guardrail.policy.load import load_policy
from guardrail.policy.model import Posture
from guardrail.report import run
from guardrail.report.document import Document, Kind, Series
from guardrail.report.figures import Delivery, Period, Place, Referrals, Scope, delivery
from guardrail.report.registers import Cases, Responses, Tickets
from guardrail.report.run import Wanted, make
from guardrail.report.usage import People, Turns, age_group
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import (
    Action,
    AgeBand,
    Danger,
    Decision,
    Evidence,
    Outcome,
    Profile,
    Record,
    Severity,
    Side,
    Turn,
)
from tests.asgi import Call, call
from tests.faces.backend import Backend, chunk

POLICIES = Path(__file__).parent.parent / "policies"
PATH = "/v1/chat/completions"
JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
NOW = datetime(2027, 2, 1, tzinfo=UTC).timestamp()
CRISIS = Decision(
    "d0",
    Side.USER,
    "crisis-active",
    (Action.SUPPORT, Action.ESCALATE),
    "default@1",
    label="self_harm",
    text="crisis",
    resources=True,
    severity=Severity.URGENT,
    danger=Danger.ACTIVE,
)
YEAR = Period.of(2026, "UTC")


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    """A store in memory."""
    opened = SqliteStore(":memory:")
    yield opened
    await opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a guard without a model."""
    overrides = {"classifier": {"kind": "lexicon"}, "data": str(tmp_path)}
    return load_settings(None, {}, overrides)


def turn(number: int = 0, at: float = JUNE, **fields: Any) -> Turn:
    """A turn of somebody in California."""
    talk = fields.pop("talk", f"talk{number}")
    who = Profile(**{"user": f"user{number}", "region": "US-CA", **fields})
    return Turn(f"turn{number}", at, "openai", PATH, talk, who)


def record(of: Turn, outcome: Outcome = Outcome.INTERVENED, **fields: Any) -> Record:
    """What is written at the end of a turn."""
    fields = {"status": 200, "decisions": (replace(CRISIS, id=f"{of.id}-0"),), **fields}
    return Record(of.id, of.at, of.wire, of.route, of.conversation, of.profile, outcome, **fields)


async def happened(
    store: SqliteStore, of: Turn, outcome: Outcome | None = Outcome.INTERVENED, **fields: Any
) -> None:
    """An intervention as the guard writes it, and the record of its turn unless that is gone."""
    made = replace(CRISIS, id=f"{of.id}-0", **fields)
    await store.append(intervention(of, made))
    if outcome is not None:
        await AuditSink(store)(record(of, outcome, decisions=(made,)))


async def counted(
    store: SqliteStore, settings: Settings, kind: Kind = Kind.SB243, **wanted: Any
) -> Document:
    """A report from this store."""
    asked = {"period": YEAR, "now": NOW, "version": "1", **wanted}
    return await make(Wanted(kind, **asked), settings, store)


def series(document: Document, id_: str) -> Series:
    """One series of a report."""
    return next(s for section in document.sections for s in section.series if s.id == id_)


def values(document: Document, id_: str) -> dict[str, int | None]:
    """The figures of a series."""
    return {line.key: line.value for line in series(document, id_).lines}


def raw(document: Document) -> int | None:
    """The figure that the law asks for."""
    return values(document, "headline")["raw"]


# -- what counts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"label": None, "danger": Danger.CONCERN, "text": "loss"}, True),
        ({"label": None, "danger": Danger.NONE, "rule": "x", "text": "bot-crisis"}, True),
        ({"label": None, "danger": Danger.NONE, "rule": "ours", "text": "kind"}, True),
        ({"resources": False}, False),
        ({"label": None, "danger": Danger.NONE, "rule": "daily-limit", "text": "daily"}, False),
        ({"label": None, "danger": Danger.NONE, "rule": "failure-closed", "text": None}, False),
        ({"label": "gambling", "danger": Danger.NONE, "rule": "gambling", "text": "g"}, False),
    ],
)
def test_what_is_a_referral(changes: dict[str, Any], counts: bool):
    """Help lines because of a crisis; not those beside a time limit, a bet or a failure."""
    found = Referrals(Scope(YEAR), frozenset({"ours"}))
    event = intervention(turn(), replace(CRISIS, **changes))
    plain = replace(event, body={**event.body, "decision": dict(event.body["decision"])})
    assert found.wants(plain) is counts
    assert found.other == (not counts and changes.get("resources", True))


async def test_an_answer_counts_once_however_many_reasons_it_has(store, settings):
    """Two interventions in one turn are one notification."""
    one = turn()
    await happened(store, one)
    await store.append(intervention(one, replace(CRISIS, id="second", side=Side.BOT)))
    assert raw(await counted(store, settings)) == 1


@pytest.mark.parametrize(
    ("outcome", "fate"),
    [
        (Outcome.ANSWERED, Delivery.CONFIRMED),
        (Outcome.INTERVENED, Delivery.CONFIRMED),
        (Outcome.UPSTREAM_ERROR, Delivery.CONFIRMED),
        (Outcome.UPSTREAM_BROKEN, Delivery.CONFIRMED),
        (Outcome.CLIENT_GONE, Delivery.GONE),
        (Outcome.FAULT, Delivery.FAULT),
    ],
)
async def test_only_what_arrived_counts(store, settings, outcome, fate):
    """The record of the turn says whether; what was lost stands beside the count."""
    await happened(store, turn(), outcome)
    found = await counted(store, settings)
    assert raw(found) == (fate is Delivery.CONFIRMED)
    assert {**values(found, "fates"), **values(found, "lost")}[fate] == 1


def test_a_stream_that_was_cut_off_lost_its_words():
    """Words that were to follow it never went out; before it began, they stand in its place."""
    body = to_json(record(turn(), Outcome.UPSTREAM_BROKEN, unjudged=("stream",)))
    assert delivery(body, JUNE, 0.0) is Delivery.CONFIRMED
    assert delivery({**body, "counts": {"released_chars": 9}}, JUNE, 0.0) is Delivery.BROKEN


async def test_purged_records_count_and_are_told(store, settings):
    """An intervention older than every record cannot be checked; it counts, and the report says so."""
    await happened(store, turn(1, JUNE - 86_400))
    await happened(store, turn(2, JUNE))
    await store.purge(JUNE - 3_600)
    await happened(store, turn(3, JUNE + 60), None)
    found = await counted(store, settings)
    assert raw(found) == 3
    assert values(found, "fates") == {"confirmed": 1, "purged": 1, "missing": 1}
    notes = next(s.notes for s in found.sections if s.id == "counts")
    assert any(note.startswith("1 of these cannot be checked any more") for note in notes)


async def test_when_every_record_is_gone_all_count(store, settings):
    """Years later only the interventions are left."""
    await happened(store, turn())
    await store.purge(JUNE + 1)
    assert values(await counted(store, settings), "fates")["purged"] == 1


async def test_a_receipt_outlives_the_record(store, settings):
    """That the words were sent is known when the record is long gone."""
    one = turn()
    await happened(store, one)
    receipt = Event(f"referral.{one.id}", one.at, "referral.delivered", one.id)
    await store.append(receipt)
    await store.purge(JUNE + 1)
    assert values(await counted(store, settings), "fates")["confirmed"] == 1


# -- when and where --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "zone", "year"),
    [
        ("2026-01-01T00:00:00+00:00", "UTC", 2026),
        ("2025-12-31T23:59:59+00:00", "UTC", 2025),
        ("2027-01-01T07:59:59+00:00", "America/Los_Angeles", 2026),
        ("2027-01-01T08:00:00+00:00", "America/Los_Angeles", 2027),
        ("2025-12-31T16:00:00+00:00", "Asia/Shanghai", 2026),
    ],
)
async def test_the_year_is_that_of_the_zone(store, settings, at, *, zone, year):
    """New Year in Los Angeles is eight hours after that in London, to the second."""
    await happened(store, turn(at=datetime.fromisoformat(at).timestamp()))
    for asked in (2025, 2026, 2027):
        found = await counted(store, settings, period=Period.of(asked, zone))
        assert raw(found) == (asked == year)


@pytest.mark.parametrize(
    ("region", "place"),
    [
        ("US-CA", Place.HERE),
        ("us-ca", Place.HERE),
        (None, Place.UNKNOWN),
        ("US", Place.UNKNOWN),
        ("US-WA", Place.ELSEWHERE),
        ("CA", Place.ELSEWHERE),
        ("U", Place.ELSEWHERE),
    ],
)
async def test_an_unknown_region_is_told_apart(store, settings, region, place):
    """Somebody in the US may be in California: neither counted nor forgotten. CA alone is Canada."""
    await happened(store, turn(region=region))
    found = await counted(store, settings)
    assert {key for key, value in values(found, "places").items() if value} == {place}
    assert raw(found) == (place is Place.HERE)


def test_a_country_holds_its_provinces():
    """CN-31 is in CN, CNX is not."""
    scope = Scope(YEAR, "CN")
    assert [scope.place(r) for r in ("CN", "CN-31", "CNX", None)] == [
        Place.HERE,
        Place.HERE,
        Place.ELSEWHERE,
        Place.UNKNOWN,
    ]


@pytest.mark.parametrize(
    ("kind", "region"),
    [(Kind.WA, "US-WA"), (Kind.OR, "US-OR"), (Kind.HI, "US-HI"), (Kind.CO, "US-CO")],
)
async def test_every_state_counts_its_own(store, settings, kind, region):
    """The same rule, another place."""
    await happened(store, turn(1, region=region))
    await happened(store, turn(2))
    assert raw(await counted(store, settings, kind)) == 1


# -- side series -----------------------------------------------------------------------------------


async def test_the_side_series_are_deduplicated(store, settings):
    """By conversation and day in the zone of the report, and by user; without an id by conversation."""
    evening = datetime(2026, 6, 2, 5, tzinfo=UTC).timestamp()  # still the 1st in Los Angeles
    said = [
        turn(1, evening - 600, user="ann", talk="a"),
        turn(2, evening, user="ann", talk="a"),
        turn(3, evening + 86_400, user="ann", talk="b"),
        turn(4, evening, user=None, talk="c"),
        turn(5, evening + 86_400, user=None, talk="c"),
        turn(6, evening, user=None, talk="d"),
    ]
    for one in said:
        await happened(store, one)
    found = await counted(store, settings, period=Period.of(2026, "America/Los_Angeles"))
    assert values(found, "headline") == {"raw": 6, "by_talk": 5, "by_user": 3}
    assert values(found, "other")["unnamed"] == 3
    utc = await counted(store, settings)
    assert values(utc, "headline")["by_talk"] == 5


async def test_every_breakdown_adds_up(store, settings):
    """By month, age, language, cause and rule: always the figure itself."""
    for number in range(8):
        who = {"age_band": list(AgeBand)[number % 3], "language": ("en", "zh")[number % 2]}
        await happened(store, turn(number, JUNE + number * 1e6, **who), side=list(Side)[number % 2])
    found = await counted(store, settings)
    for id_ in ("months", "age", "language", "causes", "rules"):
        assert sum(v or 0 for v in values(found, id_).values()) == raw(found) == 8
    assert values(found, "causes") == {"bot.self_harm": 4, "user.self_harm": 4}


async def test_more_events_than_a_page(store, settings, monkeypatch):
    """Reading goes on where a page ended, also in the midst of a turn."""
    monkeypatch.setattr(run, "PAGE", 7)
    for number in range(20):
        await happened(store, turn(number))
        await store.append(intervention(turn(number), replace(CRISIS, id=f"again{number}")))
        key = f"person{number:02}"
        await store.update("", key, lambda s, _, key=key: (s, Person(key, JUNE, JUNE, JUNE)))
    assert raw(await counted(store, settings)) == 20
    assert values(await counted(store, settings, Kind.GAUGES), "known")["all"] == 20


# -- through the real guard ------------------------------------------------------------------------


def asked(guard: Any, backend: Backend, *, stream: bool) -> Call:
    """One turn of somebody who is answered, with words of ours behind the reply."""
    said = [{"role": "user", "content": "i wish i was dead"}]
    body = {"model": "m", "stream": stream, "messages": said}
    return call(GuardrailMiddleware(backend, guard=guard), PATH, body)


@pytest.mark.parametrize(
    "trouble", ["none", "error", "raises", "breaks", "unreadable", "let through"]
)
async def test_what_the_guard_does_is_what_is_counted(make_guard, trouble):
    """Words that follow a reply, whatever becomes of the backend: counted if and only if they came."""
    policy = load_policy(POLICIES / "default.yaml")
    if trouble in {"lost", "in its place"}:  # a pack that lets pass what nobody could read
        policy = replace(policy, postures=dict.fromkeys(policy.postures, Posture.OPEN))
    backend, guard = Backend(), make_guard(policy=policy)
    stream = trouble in {"breaks", "unreadable", "lost", "in its place"}
    if trouble == "error":
        backend.status = 500
    elif trouble == "raises":
        backend.raises = RuntimeError("down")
    elif trouble == "breaks":
        backend.parts, backend.breaks = [chunk("Half a sen")], True
    elif stream:
        begun = [] if trouble == "in its place" else [chunk("Hello. ")] * 40
        backend.parts = [*begun, b"data: " + b"x" * 9_000_000]
    got = asked(guard, backend, stream=stream)
    with suppress(RuntimeError):  # the app's own error goes on to its server, after our words
        await got.done()
    store = guard.engine.store
    event = (await store.read(Query(kind="intervention")))[-1]
    (written,) = await store.read(Query(kind="record"))
    assert Referrals(Scope(YEAR), frozenset()).wants(event)
    fate = delivery(written.body, event.at, written.at)
    assert (fate is Delivery.CONFIRMED) == (b"988" in got.body) == (trouble != "lost")


async def test_a_client_that_left_before_our_words_is_not_counted(make_guard):
    """It hung up in the midst of the reply that they were to follow."""
    backend, guard = Backend(), make_guard()
    backend.parts = [*[chunk("Hello. ")] * 40, asyncio.Event(), chunk("never")]
    got = asked(guard, backend, stream=True)
    await got.until(b"Hello.")
    got.hang_up()
    await got.done()
    (written,) = await guard.engine.store.read(Query(kind="record"))
    assert delivery(written.body, written.at, written.at) is Delivery.GONE
    assert b"988" not in got.body


# -- usage -----------------------------------------------------------------------------------------


def rows(records: Iterable[Record]) -> list[Event]:
    """Records as events of the log."""
    return [
        Event(r.id, r.at, "record", r.id, r.profile.user, r.conversation, to_json(r))
        for r in records
    ]


def test_active_users_are_counted_once_a_month():
    """Different user ids; conversations without one stand beside them."""
    turns = Turns(Scope(YEAR), JUNE + 86_400)
    said = [
        turn(1, JUNE, user="ann"),
        turn(2, JUNE + 60, user="ann"),
        turn(3, JUNE, user="bob"),
        turn(4, JUNE + 40 * 86_400, user="ann"),
        turn(5, JUNE, user=None, talk="t"),
        turn(6, JUNE - 40 * 86_400, user="cay"),
    ]
    for event in rows(map(record, said)):
        turns.add(event)
    months = {m: turns.users(m) for m in YEAR.months if turns.users(m)}
    assert months == {"2026-04": 1, "2026-06": 2, "2026-07": 1}
    assert (turns.recent, len(turns.unnamed["2026-06"])) == (2, 1)


def test_a_sitting_ends_with_a_gap():
    """From the first to the last turn; a sweep of those long gone changes nothing."""
    turns = Turns(Scope(YEAR), NOW)
    at = [0, 600, 1_200, 10_000]
    for event in rows(record(turn(n, JUNE + t, user="ann")) for n, t in enumerate(at)):
        turns.add(event)
    many = [record(turn(n, JUNE + 50_000 + n / 4, user=f"u{n}")) for n in range(3_000)]
    many[0] = replace(many[0], profile=replace(many[0].profile, user="bob"))
    many[-1] = replace(many[-1], profile=replace(many[-1].profile, user="bob"))
    for event in rows(many):
        turns.add(event)
    turns.close()
    assert turns.sittings == {"30": 1, "15": 1, "5": 2_999}


@pytest.mark.parametrize(
    ("band", "years", "group"),
    [
        ("minor", (13, 13), "under14"),
        ("minor", (13, 15), "minor"),
        ("minor", (14, 15), "from14"),
        ("minor", [16, 17], "from16"),
        ("minor", (15, 16), "minor"),
        ("minor", (0, 17), "minor"),
        ("minor", None, "minor"),
        ("adult", (59, 70), "adult"),
        ("adult", (60, 70), "elder"),
        ("adult", None, "adult"),
        ("unknown", None, "unknown"),
    ],
)
def test_an_age_is_in_a_group_only_if_all_of_it_is(band, years, group):
    """What may be 13 or 15 is a minor whose age is not known nearer."""
    assert age_group({"age_band": band, "years": years}) == group


def test_people_are_counted_by_what_is_known_of_them():
    """Ledgers, evidence of age, crisis, pause."""
    person = None
    for n in range(4):
        person = moved(person, "k", JUNE + n * 600, "2026-06-01", night=True)
    assert person is not None
    minor = replace(person, age=Age(AgeBand.MINOR, Evidence.STATED), paused=True)
    people = People(JUNE + 2_000, "2026-06-01", load_policy(POLICIES / "default.yaml").dependence)
    people.add(minor)
    people.add(Person("old", JUNE - 9e6, JUNE - 9e6, JUNE - 9e6))
    assert (people.known, people.recent, people.minutes) == (2, 1, {"60": 1})
    assert (people.minors, people.held, people.night) == ({"stated": 1}, {"paused": 1}, 1)
    assert people.dependence == {"calm": 2}


# -- registers -------------------------------------------------------------------------------------


def test_cases_by_the_time_until_they_were_resolved():
    """Only those opened here and in the year; the first resolution counts."""
    cases, log = Cases(Scope(YEAR, "CN")), []
    for number, (region, hours) in enumerate([("CN-31", 0.5), ("CN", 30), ("US", 1), ("CN", None)]):
        of = turn(number, region=region)
        opened = opening(CRISIS, of)
        log += [opened, signal(CRISIS, of)]
        if hours is not None:
            done = {"resolution": "helped", "by": "m"}
            log.append(replace(opened, kind="case.resolved", at=JUNE + hours * 3600, body=done))
    taken_in(cases, log)
    assert (cases.opened, cases.signals) == (3, 3)
    assert cases.resolution == {"1": 1, "72": 1, "open": 1}
    assert cases.severity == {"urgent": 3}


def taken_in(cases: Cases, log: list[Event]) -> None:
    """As the store gives events out: each with its place in the log."""
    for seq, event in enumerate(log, 1):
        cases.add(replace(event, seq=seq))


def test_two_ids_of_one_case_are_one():
    """Past midnight a second id comes out for the same crisis; the queue joins them, and so do we."""
    eve = YEAR.begin - 3600
    for first, counts in ((JUNE, 1), (eve, 0)):
        log = [
            event
            for at in (first, first + 86_400)
            for event in (opening(CRISIS, turn(at=at)), signal(CRISIS, turn(at=at)))
        ]
        assert len({event.subject for event in log}) == 2
        cases = Cases(Scope(YEAR, "US-CA"))
        taken_in(cases, log)
        assert (cases.opened, cases.severity.total()) == (counts, counts)
        assert cases.signals == 2 * counts


def test_tickets_in_time_and_late():
    """By the due dates that they were opened with."""
    tickets = Tickets("complaint", YEAR, JUNE + 100 * 86_400)
    for number, days in enumerate([1, 20, None]):
        about = Ticket("privacy")
        opened = ticket_opened(
            Matter.COMPLAINT, f"c-{number}", about, JUNE, terms=Terms(), by="app"
        )
        tickets.add(opened)
        if days is not None:
            book = ComplaintBook(Matter.COMPLAINT)
            book.add([replace(opened, seq=1)])
            one = book.get(opened.subject)
            assert one is not None
            tickets.add(step(one, Progress.ANSWERED, JUNE + days * 86_400, by="op"))
    assert tickets.progress == {"answered": 1, "late": 1, "overdue": 1}
    assert (tickets.category, tickets.unheard) == ({"privacy": 3}, 2)


def test_a_ticket_that_only_has_a_due_date_is_understood():
    """Another writer of such events may know no acknowledgement."""
    tickets = Tickets("complaint", YEAR, JUNE)
    body = {"category": "age", "due": JUNE + 10}
    tickets.add(Event("x", JUNE, "complaint.opened", "c1", body=body))
    tickets.add(Event("y", JUNE + 5, "complaint.answered", "c1"))
    assert tickets.progress == {"answered": 1}


def test_responses_by_their_strongest_action():
    """And whether it was proposed to tell somebody."""
    responses = Responses(Scope(YEAR))
    event = intervention(turn(), replace(CRISIS, actions=(Action.SUPPORT, Action.CONTACT)))
    responses.add(event)
    assert (responses.action, responses.contact) == ({"support": 1}, 1)


async def test_notices_and_revisions_stand_in_the_assessment(store, settings):
    """What was shown, and which revision decided from when to when."""
    policy = load_policy(POLICIES / "default.yaml")
    shown = turn(1, region="CN")
    await store.append(receipt(shown, policy.notices[0], policy.tag))
    for number, tag in enumerate(["default@1", "default@2", "default@2"]):
        await happened(store, turn(number, JUNE + number * 86_400, region="CN"), policy=tag)
    found = await counted(store, settings, Kind.CN_ART23)
    assert values(found, "shown")[policy.notices[0].id] == 1
    listings = {one.id: one for section in found.sections for one in section.listings}
    assert listings["revisions"].rows == (
        ("default@1", "2026-06-01", "2026-06-01"),
        ("default@2", "2026-06-02", "2026-06-03"),
    )
