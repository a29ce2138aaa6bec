"""Cases are the fold of their events: one crisis, one case, and none is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.cases import (
    WINDOW,
    Case,
    CaseBook,
    Clocks,
    Status,
    Verdict,
    Wanted,
    listed,
    opening,
    signal,
    tallied,
)
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import (
    Action,
    AgeBand,
    Danger,
    Decision,
    Level,
    Message,
    Profile,
    Role,
    Severity,
    Side,
    State,
    Turn,
)

NOON = 1_700_000_000.0 // WINDOW * WINDOW + WINDOW / 2
CANARY = "words of a person"


def turn(at: float = NOON, conversation: str = "c", **profile) -> Turn:
    """A turn in which somebody says something."""
    who = Profile(**{"user": "u", "region": "US", "language": "en", **profile})
    said = (Message(Role.USER, CANARY),)
    return Turn("t1", at, "openai", "/v1", conversation, who, said, (0,))


def decision(id_: str = "t1-0", **fields) -> Decision:
    """A decision that calls a human."""
    return replace(
        Decision(
            id=id_,
            side=Side.USER,
            rule="crisis",
            actions=(Action.ESCALATE, Action.SUPPORT),
            policy="default@1",
            label="self_harm",
            score=0.98765,
            severity=Severity.URGENT,
        ),
        **fields,
    )


def crisis(number: int = 0, at: float = NOON, conversation: str = "c", **fields) -> list[Event]:
    """What the engine appends when it escalates."""
    made = decision(f"t{number}-0", **fields)
    return [opening(made, turn(at, conversation)), signal(made, turn(at, conversation))]


def act(kind: str, of: Event, at: float | None = None, /, **body) -> Event:
    """What a moderator, or the switchboard, appends."""
    when = of.at if at is None else at
    return Event(f"case.{kind}.{when}.{body}", when, f"case.{kind}", of.subject, body=body)


def numbered(*events: Event) -> list[Event]:
    """Events as a store gives them back: numbered, each id once."""
    kept: dict[str, Event] = {}
    for event in events:
        kept.setdefault(event.id, replace(event, seq=len(kept) + 1))
    return list(kept.values())


def book(events: Iterable[Event]) -> CaseBook:
    """A book that read these events in the order of their log."""
    made = CaseBook()
    made.add(sorted(events, key=lambda event: event.seq))
    return made


def fold(*events: Event, now: float = NOON) -> Case:
    """The one case of these events, whatever its status."""
    (case,) = book(numbered(*events)).all(now)
    return case


# -- what the guard saw ----------------------------------------------------------------------------


def test_a_case_begins_with_all_its_facts():
    """One escalation is an open case with one signal and a clock that runs."""
    states = (State.CONCERN, State.ACTIVE)
    events = [
        make(decision(states=states), turn(), since=NOON - 5, tenant="app")
        for make in (opening, signal)
    ]
    assert fold(*events) == Case(
        id=events[0].subject,
        conversation="c",
        user="u",
        opened_at=NOON,
        updated_at=NOON,
        status=Status.OPEN,
        severity=Severity.URGENT,
        label="self_harm",
        level=None,
        signals=1,
        notes=0,
        region="US",
        language="en",
        age_band=AgeBand.UNKNOWN,
        policy="default@1",
        decisions=("t1-0",),
        conversations=("c",),
        labels=("self_harm",),
        states=("active", "concern"),
        route="/v1",
        tenant="app",
        crisis_since=NOON - 5,
        waits_since=NOON,
        deadline=NOON + 900,
    )


def test_only_the_gravest_counts():
    """Severity, level and age band get graver with each signal, never milder."""
    events = [
        signal(decision("1", severity=Severity.NOTICE), turn(language="zh"), Level.PASSIVE),
        signal(decision("2", severity=Severity.IMMINENT), turn(age_band=AgeBand.MINOR), Level.PLAN),
        signal(decision("3", severity=Severity.URGENT), turn(region=None), Level.ACTIVE),
    ]
    case = fold(*events)
    found = (case.severity, case.level, case.age_band)
    assert found == (Severity.IMMINENT, Level.PLAN, AgeBand.MINOR)
    assert (case.region, case.language) == ("US", "en")


def test_a_case_without_severity_is_a_notice():
    """An escalation that names no severity still waits for a human."""
    assert fold(opening(decision(severity=None), turn())).severity is Severity.NOTICE


def test_a_rule_may_advise_to_contact_somebody():
    """The case says so; that somebody is told takes two humans."""
    assert not fold(*crisis()).advises_contact
    case = fold(*crisis(0, actions=(Action.ESCALATE, Action.CONTACT)), *crisis(1, NOON + 5))
    assert (case.advises_contact, case.contacts) == (True, ())


def test_no_event_holds_what_was_said():
    """All of an event is facts and ids."""
    for event in crisis():
        assert CANARY not in json.dumps([event.id, event.subject, dict(event.body)])


# -- one crisis, one case --------------------------------------------------------------------------


def test_one_crisis_joins_one_case():
    """Turns of one person within a day share a case; it is opened once."""
    events = numbered(*(e for n in range(5) for e in crisis(n, NOON + n * 60)))
    assert [e.kind for e in events].count("case.opened") == 1
    (case,) = book(events).waiting(NOON)
    assert (case.signals, case.opened_at, case.updated_at) == (5, NOON, NOON + 240)
    assert case.decisions == ("t0-0", "t1-0", "t2-0", "t3-0", "t4-0")


@pytest.mark.parametrize(
    "other",
    [
        opening(decision(), turn(user="v")),
        opening(decision(label="violence"), turn()),
        opening(decision(), turn(NOON + WINDOW)),
        opening(decision(label=None, rule="too long"), turn()),
        opening(decision(danger=Danger.ACTIVE), turn(), since=NOON),
        opening(decision(), turn(user=None)),
    ],
    ids=["person", "label", "day", "rule", "crisis", "nobody"],
)
def test_another_matter_has_another_id(other: Event):
    """Person, what it is about, and when it began tell ids apart."""
    assert opening(decision(), turn()).subject != other.subject


def test_an_id_needs_no_looking_up():
    """In a crisis state the id is the person's and the crisis's: any label, conversation or day."""
    first = opening(decision(danger=Danger.ACTIVE), turn(), since=NOON)
    later = [
        opening(decision(danger=Danger.IMMINENT), turn(NOON + WINDOW), since=NOON),
        opening(decision(label="loss", danger=Danger.CONCERN), turn(), since=NOON),
        opening(decision(label="secrecy", side=Side.BOT), turn(conversation="d"), since=NOON),
    ]
    assert {event.subject for event in later} == {first.subject}
    harm = opening(decision(label="sexual", side=Side.BOT), turn(), since=NOON)
    assert harm.subject != first.subject  # what the bot did wrong is a matter of its own


def test_ids_do_not_run_into_each_other():
    """A label cannot pass for the end of a person's name."""
    one = opening(decision(label="b"), turn(user="a"))
    two = opening(decision(label=""), turn(user="a"))
    assert one.subject != two.subject


@pytest.mark.parametrize(
    "other",
    [crisis(1, NOON + WINDOW), crisis(1, NOON + 9, "d", danger=Danger.ACTIVE)],
    ids=["past midnight", "another conversation"],
)
def test_what_comes_under_another_id_joins_the_case_that_waits(other: list[Event]):
    """As long as somebody's case waits, the same matter goes into it."""
    first = crisis()
    read = book(numbered(*first, *other))
    (case,) = read.waiting(NOON)
    assert (case.id, case.signals) == (first[0].subject, 2)
    assert set(case.ids) == {first[0].subject, other[0].subject}
    assert read.get(other[0].subject, NOON) == case
    assert case.conversations[-1] == other[0].conversation


@pytest.mark.parametrize(
    ("later", "joined"),
    [
        (Severity.NOTICE, "c"),
        (Severity.URGENT, "d"),
        (Severity.IMMINENT, "d"),
    ],
)
def test_a_human_joins_where_it_is_gravest(later: Severity, joined: str):
    """A lesser sign in another chat does not lead away from the crisis."""
    case = fold(*crisis(), *crisis(1, NOON + 9, "d", severity=later))
    assert case.conversations[-1] == joined
    assert set(case.conversations) == {"c", "d"}


def test_two_first_signs_at_once_are_one_case():
    """Two processes each think that the crisis began with their turn."""
    crises = [
        [make(decision(f"t{n}-0", danger=Danger.ACTIVE), turn(NOON + n), since=NOON + n)
         for make in (opening, signal)]
        for n in range(2)
    ]  # fmt: skip
    case = fold(*crises[0], *crises[1])
    assert (case.signals, len(case.ids)) == (2, 2)


def test_what_goes_on_after_the_end_is_a_new_case():
    """A resolved case of yesterday is not opened by a crisis of today."""
    first, second = crisis(), crisis(1, NOON + WINDOW)
    read = book(numbered(*first, act("resolved", first[0], by="ann"), *second))
    assert [case.id for case in read.waiting(NOON)] == [second[0].subject]
    assert [case.id for case in read.of("u", NOON)] == [second[0].subject, first[0].subject]


def test_a_late_signal_goes_where_somebody_is():
    """An old id that is resolved does not come back beside a newer case that waits."""
    first, second = crisis(), crisis(1, NOON + WINDOW)
    late = crisis(2, NOON + 60)
    read = book(numbered(*first, act("resolved", first[0], by="ann"), *second, *late))
    (case,) = read.waiting(NOON)
    assert (case.id, case.signals, case.also) == (second[0].subject, 2, ())


def test_moderators_act_under_any_id():
    """An act on an id that was joined is an act on the case."""
    first, second = crisis(), crisis(1, NOON + WINDOW)
    events = numbered(*first, *second, act("claimed", second[0], by="ann", until=NOON * 2, n=1))
    (case,) = book(events).waiting(NOON)
    assert case.claimed_by == "ann"


# -- who has it ------------------------------------------------------------------------------------


def test_a_claim_lives_as_long_as_its_lease():
    """Nothing has to happen for it to end."""
    first = crisis()
    events = [*first, act("claimed", first[0], NOON + 10, by="ann", until=NOON + 190, n=1)]
    held, over = fold(*events, now=NOON + 189), fold(*events, now=NOON + 190)
    assert (held.status, held.claimed_by, held.generation) == (Status.CLAIMED, "ann", 1)
    assert (over.status, over.claimed_by, over.waits_since) == (Status.OPEN, None, NOON + 190)


def test_a_sign_of_life_makes_it_last():
    """But only that of whoever has it, and not after it ended."""
    first = crisis()
    events = [
        *first,
        act("claimed", first[0], NOON, by="ann", until=NOON + 180, n=1),
        act("kept", first[0], NOON + 100, by="ann", until=NOON + 280, n=2),
        act("kept", first[0], NOON + 110, by="ben", until=NOON + 999),
    ]
    assert fold(*events, now=NOON + 270).claimed_by == "ann"
    events.append(act("kept", first[0], NOON + 290, by="ann", until=NOON + 999, n=3))
    assert fold(*events, now=NOON + 300).claimed_by is None


def test_the_clock_stands_still_while_somebody_has_it():
    """What was left goes on when they let go, or when their lease is over."""
    first = crisis()
    claimed = act("claimed", first[0], NOON + 400, by="ann", until=NOON + 580, n=1)
    assert fold(*first, claimed, now=NOON + 5000).deadline == NOON + 580 + 500
    let = act("released", first[0], NOON + 450, by="ann", why="break", n=2)
    case = fold(*first, claimed, let, now=NOON + 450)
    assert (case.deadline, case.round, case.breached) == (NOON + 450 + 500, 1, False)


def test_whoever_comes_too_late_gets_a_clock_that_starts_anew():
    """A case whose human vanished is rung again, also if it was overdue before they came."""
    first = crisis()
    events = [
        *first,
        act("breached", first[0], NOON + 901, deadline=NOON + 900, severity="urgent", round=1),
        act("claimed", first[0], NOON + 1000, by="ann", until=NOON + 1180, n=1),
    ]
    held = fold(*events, now=NOON + 1100)
    assert (held.breached, held.overdue, held.alarmed) == (True, False, Severity.URGENT)
    case = fold(*events, now=NOON + 1180)
    assert (case.round, case.alarmed, case.deadline) == (2, None, NOON + 1180 + 900)
    let = act("released", first[0], NOON + 1100, by="ann", why="break", n=2)
    assert fold(*events, let, now=NOON + 1100).deadline == NOON + 1100 + 900


def test_a_case_nobody_claims_is_overdue_after_its_deadline():
    """By the clock of whoever looks, whether or not it was written down."""
    assert not fold(*crisis(), now=NOON + 900).overdue
    case = fold(*crisis(), now=NOON + 901)
    assert (case.overdue, case.breached, case.alarmed) == (True, True, None)


def test_what_gets_graver_is_due_sooner():
    """The shorter clock counts from the graver signal; a deadline that is nearer stays."""
    imminent = {"severity": Severity.IMMINENT}
    assert fold(*crisis(), *crisis(1, NOON + 100, **imminent)).deadline == NOON + 160
    assert fold(*crisis(), *crisis(1, NOON + 880, **imminent)).deadline == NOON + 900
    first = crisis()
    claimed = act("claimed", first[0], NOON, by="ann", until=NOON + 180, n=1)
    events = [*first, claimed, *crisis(1, NOON + 100, **imminent)]
    assert fold(*events, now=NOON + 180).deadline == NOON + 180 + 60


def test_hand_overs():
    """A transfer needs no release, and nobody stays in a chat that is another one's."""
    first = crisis()
    events = [
        *first,
        act("claimed", first[0], by="ann", until=NOON + 180, n=1),
        act("joined", first[0], NOON + 1, by="ann", display="Ann"),
        act("said", first[0], NOON + 2, by="ann", text="x"),
        act("said", first[0], NOON + 3, by="user", text="y"),
    ]
    case = fold(*events)
    assert (case.status, case.joined, case.joined_at) == (Status.JOINED, "ann", NOON + 1)
    assert (case.said_at, case.heard_at) == (NOON + 2, NOON + 3)
    assert fold(*events, act("left", first[0], by="ann")).status is Status.CLAIMED
    events.append(act("transferred", first[0], by="lea", to="ben", until=NOON + 200, n=2))
    case = fold(*events)
    assert (case.status, case.claimed_by, case.joined) == (Status.CLAIMED, "ben", None)
    assert case.generation == 2


# -- how it ends, and comes back -------------------------------------------------------------------


def test_moderators_resolve_and_reopen():
    """Status follows the latest event; notes are counted."""
    first = crisis()
    events = [*first]
    steps = (
        ("note", Status.OPEN),
        ("resolved", Status.RESOLVED),
        ("note", Status.RESOLVED),
        ("reopened", Status.OPEN),
        ("from_a_later_release", Status.OPEN),
    )
    for number, (kind, status) in enumerate(steps):
        events.append(act(kind, first[0], number=number, by="mod"))
        assert fold(*events).status is status
    assert fold(*events).notes == 2


def test_an_end_names_its_reason():
    """Who, when, why; and the note that was written with it."""
    first = crisis()
    end = act("resolved", first[0], NOON + 9, by="ann", reason="helped", text="note.1", n=1)
    case = fold(*first, end, now=NOON + WINDOW)
    assert (case.resolved_by, case.resolved_at, case.resolution) == ("ann", NOON + 9, "helped")
    assert (case.notes, case.overdue, case.waits_since) == (1, False, 0.0)
    assert book(numbered(*first, end)).waiting(NOON) == ()


@pytest.mark.parametrize(
    ("kind", "appealed"), [("reopened", False), ("appealed", True), ("signal", False)]
)
def test_what_comes_back_starts_anew(kind: str, appealed: bool):
    """Its clock, its breach and its alarm; by a human, an appeal, or one more sign."""
    first = crisis()
    back = crisis(1, NOON + 5000)[1:] if kind == "signal" else [act(kind, first[0], NOON + 5000)]
    events = [
        *first,
        act("breached", first[0], NOON + 901, deadline=NOON + 900, severity="urgent", round=1),
        act("claimed", first[0], NOON + 950, by="ann", until=NOON + 999, n=1),
        act("resolved", first[0], NOON + 960, by="ann", reason="helped", n=2),
        *back,
    ]
    case = fold(*events, now=NOON + 5000)
    assert (case.status, case.breached, case.alarmed) == (Status.OPEN, False, None)
    assert (case.round, case.deadline) == (2, NOON + 5900)
    assert (case.appealed, case.claimed_by, case.claimed_at) == (appealed, None, 0.0)


def test_contacts_are_proposed_and_decided_once():
    """The first verdict stands; what was sent stays so."""
    first = crisis()
    made = act("contact_proposed", first[0], by="ann", whom="guardian", reason="danger")
    yes = act("contact_approved", first[0], NOON + 1, by="ben", of=made.id)
    no = act("contact_refused", first[0], NOON + 2, by="lea", of=made.id)
    assert [one.id for one in fold(*first, made).proposed] == [made.id]
    (one,) = fold(*first, made, yes, no).contacts
    assert (one.verdict, one.decided_by, one.decided_at) == (Verdict.APPROVED, "ben", NOON + 1)
    (one,) = fold(*first, made, no, yes, act("contact_sent", first[0], of=made.id)).contacts
    assert one.verdict is Verdict.REFUSED
    stop = act("contact_withdrawn", first[0], of=made.id)
    assert fold(*first, made, yes, stop).contacts[0].verdict is Verdict.WITHDRAWN
    arrived = act("contact_sent", first[0], of=made.id)
    assert fold(*first, made, yes, stop, arrived).contacts[0].verdict is Verdict.SENT


def test_a_dangerous_home_holds_for_all_cases_of_a_person():
    """Also for one that is opened later, until somebody takes it back."""
    first, second = crisis(), crisis(1, label="violence")
    events = [*first, act("home_danger", first[0], by="ann"), *second]
    read = book(numbered(*events))
    assert all(case.home_danger for case in read.all(NOON))
    assert (read.home_danger("u"), read.home_danger("v")) == (True, False)
    events.append(act("home_danger", first[0], by="lea", danger=False))
    assert not book(numbered(*events)).home_danger("u")


def test_second_opinions():
    """One that was asked for is asked for no longer once it was given."""
    first = crisis()
    asked = act("opinion_wanted", first[0], by="ann")
    assert fold(*first, asked).wants_opinion
    case = fold(*first, asked, act("second_opinion", first[0], by="ben", of="ann", text="x"))
    assert (case.wants_opinion, case.opinions, case.notes) == (False, 1, 0)


# -- the book --------------------------------------------------------------------------------------


def test_other_events_are_no_cases():
    """Records and fragments of cases are passed over."""
    stray = Event("x", NOON, "case.note", "unknown")
    record = Event("r", NOON, "record", "t1")
    assert book(numbered(stray, record)).waiting(NOON) == ()


def test_what_is_in_the_book_does_not_count_again():
    """Two who read on at the same time bring the same page twice."""
    events = numbered(*crisis(0), *crisis(1, NOON + 60))
    read = book(events[:2])
    read.add(events)
    read.add(events)
    assert (read.seq, read.waiting(NOON)) == (events[-1].seq, book(events).waiting(NOON))


@given(st.permutations(numbered(*crisis(0), *crisis(1, NOON + 5), *crisis(2, NOON + 9))))
def test_the_order_of_reading_does_not_matter(events: list[Event]):
    """Events tell the same case newest first, oldest first, or shuffled."""
    assert list(book(events).all(NOON)) == [fold(*sorted(events, key=lambda e: e.seq))]


async def test_a_case_survives_the_store():
    """Folding what comes back from a store gives the same case; appending again adds nothing."""
    store = SqliteStore(":memory:")
    for _ in range(2):
        await store.append(*crisis(0))
        await store.append(*crisis(1, NOON + 60))
    kept = await store.read(Query(kind="case."))
    assert list(book(kept).all(NOON)) == [fold(*crisis(0), *crisis(1, NOON + 60))]
    assert len(kept) == 3
    await store.close()


@pytest.mark.slow
def test_a_long_log_is_read_quickly():
    """50,000 events take well under a second, and what is read on costs nothing."""
    events = []
    for number in range(5_000):
        first = opening(decision(f"t{number}"), turn(NOON + number, user=f"u{number}"))
        events += [first, signal(decision(f"t{number}"), turn(NOON + number, user=f"u{number}"))]
        events.append(act("claimed", first, by="ann", until=first.at + 180, n=1))
        events += [act("kept", first, by="ann", until=first.at + n, n=n) for n in range(200, 205)]
        events += [act("note", first, by="ann"), act("resolved", first, by="ann", n=9)]
    made = [replace(event, seq=number + 1) for number, event in enumerate(events)]
    read = CaseBook()
    began = time.process_time()
    read.add(made)
    assert time.process_time() - began < 1.0
    assert (read.seq, read.waiting(NOON)) == (50_000, ())


# -- the queue -------------------------------------------------------------------------------------


def various() -> list[Case]:
    """Cases of every kind, in no order."""
    who: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"severity": Severity.NOTICE}, {"language": "zh", "age_band": AgeBand.MINOR}),
        ({"severity": Severity.IMMINENT, "label": "violence"}, {}),
        ({"severity": Severity.URGENT}, {"language": "zh"}),
        ({"severity": Severity.IMMINENT}, {}),
    ]
    events = []
    for number, (fields, profile) in enumerate(who):
        at = NOON - number * 10
        made = decision(**fields)
        events.append(opening(made, turn(at, user=f"u{number}", **profile), tenant=f"app{number}"))
    events.append(act("claimed", events[2], by="ann", until=NOON + 180, n=1))
    return list(book(numbered(*events)).all(NOON + 40))


def test_the_gravest_comes_first_then_what_is_due():
    """The order in which a moderator should look."""
    found = listed(various(), Wanted(), "ann")
    assert [case.user for case in found.cases] == ["u3", "u1", "u2", "u0"]
    assert found.total == 4


@pytest.mark.parametrize(
    ("wanted", "users"),
    [
        (Wanted(severity=Severity.IMMINENT), ["u3", "u1"]),
        (Wanted(label="violence"), ["u1"]),
        (Wanted(language="zh"), ["u2", "u0"]),
        (Wanted(age_band=AgeBand.MINOR), ["u0"]),
        (Wanted(tenant="app3"), ["u3"]),
        (Wanted(status=Status.CLAIMED), ["u2"]),
        (Wanted(mine=True), ["u2"]),
        (Wanted(unclaimed=True), ["u3", "u1", "u0"]),
        (Wanted(overdue=True), ["u3"]),
        (Wanted(breached=True, language="zh"), []),
        (Wanted(status=Status.RESOLVED), []),
    ],
    ids=str,
)
def test_filters(wanted: Wanted, users: list[str]):
    """Every filter that is set must match, and its count says so beforehand."""
    found = listed(various(), wanted, "ann")
    assert [case.user for case in found.cases] == users


def test_counts_say_what_each_filter_would_show():
    """Live counts beside the filters."""
    counts = listed(various(), Wanted(mine=True), "ann").counts
    assert counts["severity"] == {"imminent": 2, "urgent": 1, "notice": 1}
    assert counts["language"] == {"en": 2, "zh": 2}
    assert counts["label"] == {"self_harm": 3, "violence": 1}
    assert counts["status"] == {"open": 3, "claimed": 1}
    flags = {name: counts[name][""] for name in ("mine", "unclaimed", "overdue", "breached")}
    assert flags == {"mine": 1, "unclaimed": 3, "overdue": 1, "breached": 1}


def test_pages():
    """A page, and how many there are in all."""
    found = listed(various(), Wanted(), "ann", limit=2, offset=1)
    assert ([case.user for case in found.cases], found.total) == (["u1", "u2"], 4)


def test_resolved_cases_stand_with_the_latest_first():
    """Only those who ask for them see them."""
    events = []
    for number in range(3):
        first = opening(decision(), turn(user=f"u{number}"))
        events += [first, act("resolved", first, NOON + number, by="ann")]
    cases = list(book(numbered(*events)).all(NOON))
    assert listed(cases, Wanted(), "ann").cases == ()
    found = listed(cases, Wanted(status=Status.RESOLVED), "ann")
    assert [case.user for case in found.cases] == ["u2", "u1", "u0"]


def test_tallies():
    """What the gauges show."""
    found = tallied(various(), NOON + 40)
    imminent, urgent = found[Severity.IMMINENT], found[Severity.URGENT]
    assert (imminent.open, imminent.claimed, imminent.overdue, imminent.oldest) == (2, 0, 1, 70.0)
    assert (urgent.open, urgent.claimed, urgent.overdue, urgent.oldest) == (1, 1, 0, 0.0)


def test_clocks_by_severity():
    """A minute, a quarter of an hour, a day."""
    assert [Clocks().of(severity) for severity in Severity] == [86_400.0, 900.0, 60.0]
