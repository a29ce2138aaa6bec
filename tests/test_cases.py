"""Cases are the fold of their events: one crisis, one case, and none is lost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.cases import WINDOW, Case, CaseBook, Status, opening, signal
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import (
    Action,
    AgeBand,
    Decision,
    Level,
    Message,
    Profile,
    Role,
    Severity,
    Side,
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


def crisis(number: int = 0, at: float = NOON, **fields) -> list[Event]:
    """What the engine appends when it escalates."""
    made = decision(f"t{number}-0", **fields)
    return [opening(made, turn(at)), signal(made, turn(at))]


def moved(kind: str, of: Event, **fields) -> Event:
    """What the console appends when a moderator acts."""
    return Event(f"{kind}.{fields}", of.at, kind, of.subject, body={"by": "mod"})


def numbered(*events: Event) -> list[Event]:
    """Events as a store gives them back: numbered, each id once."""
    kept: dict[str, Event] = {}
    for event in events:
        kept.setdefault(event.id, replace(event, seq=len(kept) + 1))
    return list(kept.values())


def book(events) -> CaseBook:
    """A book that read these events in the order of their log."""
    made = CaseBook()
    made.add(sorted(events, key=lambda event: event.seq))
    return made


def fold(events) -> Case:
    """The one case of these events, whatever its status."""
    (case,) = book(events)._cases.values()
    return case


def waiting(events) -> tuple[Case, ...]:
    """What a moderator would see."""
    return book(events).waiting()


def test_a_case_begins_with_all_its_facts():
    """One escalation is an open case with one signal."""
    events = numbered(*crisis())
    assert fold(events) == Case(
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
        decisions=("t0-0",),
    )


def test_one_crisis_joins_one_case():
    """Turns of one conversation within a day share a case; it is opened once."""
    events = numbered(*(e for n in range(5) for e in crisis(n, NOON + n * 60)))
    assert [e.kind for e in events].count("case.opened") == 1
    (case,) = waiting(events)
    assert (case.signals, case.opened_at, case.updated_at) == (5, NOON, NOON + 240)
    assert case.decisions == ("t0-0", "t1-0", "t2-0", "t3-0", "t4-0")


@pytest.mark.parametrize(
    "other",
    [
        opening(decision(), turn(conversation="d")),
        opening(decision(label="violence"), turn()),
        opening(decision(), turn(NOON + WINDOW)),
        opening(decision(label=None, rule="too long"), turn()),
    ],
    ids=["conversation", "label", "day", "rule"],
)
def test_another_crisis_is_another_case(other: Event):
    """Conversation, label and day tell cases apart."""
    assert opening(decision(), turn()).subject != other.subject


def test_ids_do_not_run_into_each_other():
    """A label cannot pass for the end of a conversation's name."""
    one = opening(decision(label="b"), turn(conversation="a"))
    two = opening(decision(label=""), turn(conversation="a"))
    assert one.subject != two.subject


def test_only_the_gravest_counts():
    """Severity, level and age band get graver with each signal, never milder."""
    events = [
        signal(decision("1", severity=Severity.NOTICE), turn(language="zh"), Level.PASSIVE),
        signal(decision("2", severity=Severity.IMMINENT), turn(age_band=AgeBand.MINOR), Level.PLAN),
        signal(decision("3", severity=Severity.URGENT), turn(region=None), Level.ACTIVE),
    ]
    case = fold(numbered(*events))
    assert (case.severity, case.level, case.age_band) == (
        Severity.IMMINENT,
        Level.PLAN,
        AgeBand.MINOR,
    )
    assert (case.region, case.language) == ("US", "en")


def test_a_case_without_severity_is_a_notice():
    """An escalation that names no severity still waits for a human."""
    assert fold(numbered(opening(decision(severity=None), turn()))).severity is Severity.NOTICE


def test_moderators_resolve_and_reopen():
    """Status follows the latest event; notes are counted."""
    events = crisis()
    steps = (
        ("case.note", Status.OPEN),
        ("case.resolved", Status.RESOLVED),
        ("case.note", Status.RESOLVED),
        ("case.reopened", Status.OPEN),
        ("case.from_a_later_release", Status.OPEN),
    )
    for number, (kind, status) in enumerate(steps):
        events.append(moved(kind, events[0], number=number))
        assert fold(numbered(*events)).status is status
    assert fold(numbered(*events)).notes == 2


def test_a_new_signal_brings_a_resolved_case_back():
    """Closing a case does not deafen us to the rest of the day."""
    first = crisis(0)
    events = numbered(*first, moved("case.resolved", first[0]), *crisis(1, NOON + 60))
    (case,) = waiting(events)
    assert (case.status, case.signals) == (Status.OPEN, 2)


def test_resolved_cases_do_not_wait():
    """What is done is not listed."""
    first = crisis()
    assert waiting(numbered(*first, moved("case.resolved", first[0]))) == ()


def test_the_gravest_comes_first_then_the_one_that_waits_longest():
    """The order in which a moderator should look."""
    wanted = [
        (Severity.IMMINENT, NOON + 20),
        (Severity.IMMINENT, NOON + 30),
        (Severity.URGENT, NOON + 10),
        (Severity.NOTICE, NOON),
    ]
    events = [
        opening(decision(severity=severity), turn(at, conversation=str(at)))
        for severity, at in reversed(wanted)
    ]
    found = [(c.severity, c.opened_at) for c in waiting(numbered(*events))]
    assert found == wanted


def test_other_events_are_no_cases():
    """Records and fragments of cases are passed over."""
    stray = Event("x", NOON, "case.note", "unknown")
    record = Event("r", NOON, "record", "t1")
    assert waiting(numbered(stray, record)) == ()


def test_what_is_in_the_book_does_not_count_again():
    """Two who read on at the same time bring the same page twice."""
    events = numbered(*crisis(0), *crisis(1, NOON + 60))
    read = book(events[:2])
    read.add(events)
    read.add(events)
    assert (read.seq, read.waiting()) == (events[-1].seq, waiting(events))


@given(st.permutations(numbered(*crisis(0), *crisis(1, NOON + 5), *crisis(2, NOON + 9))))
def test_the_order_of_reading_does_not_matter(events: list[Event]):
    """Events tell the same case newest first, oldest first, or shuffled."""
    assert fold(events) == fold(sorted(events, key=lambda e: e.seq))


def test_no_event_holds_what_was_said():
    """All of an event is facts and ids."""
    for event in crisis():
        assert CANARY not in json.dumps([event.id, event.subject, dict(event.body)])


async def test_a_case_survives_the_store():
    """Folding what comes back from a store gives the same case; appending again adds nothing."""
    store = SqliteStore(":memory:")
    for _ in range(2):
        await store.append(*crisis(0))
        await store.append(*crisis(1, NOON + 60))
    kept = await store.read(Query(kind="case."))
    assert fold(kept) == fold(numbered(*crisis(0), *crisis(1, NOON + 60)))
    assert len(kept) == 3
    await store.close()
