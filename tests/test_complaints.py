"""Complaints and incidents: the fold, its due dates, and what the desk keeps of a person."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from guardrail.complaints import (
    CATEGORIES,
    Complaint,
    ComplaintBook,
    Matter,
    Progress,
    Terms,
    Ticket,
    opening,
    step,
)
from guardrail.desk import Desk
from guardrail.errors import RequestError
from guardrail.identity import Pseudonyms
from guardrail.store.base import Query
from guardrail.store.sqlite import SqliteStore
from tests.conftest import Clock

HOUR, DAY = 3600.0, 86_400.0
ABOUT = Ticket("content", turn="t1")


def opened(at: float = 0.0) -> tuple[ComplaintBook, Complaint]:
    """A book with one ticket in it."""
    book = ComplaintBook(Matter.COMPLAINT)
    event = replace(opening(Matter.COMPLAINT, "c-1", ABOUT, at, terms=Terms(), by="app"), seq=1)
    book.add([event])
    found = book.get(event.subject)
    assert found is not None
    return book, found


def moved(book: ComplaintBook, one: Complaint, *steps: tuple[Progress, float]) -> Complaint:
    """The ticket after these steps."""
    for progress, at in steps:
        event = step(one, progress, at, by="operator", outcome="upheld")
        book.add([replace(event, seq=book.seq + 1)])
    found = book.get(one.ticket)
    assert found is not None
    return found


def test_due_dates() -> None:
    """A day to say that it arrived, fifteen to answer."""
    _, one = opened(at=10.0)
    assert (one.acknowledge_by, one.answer_by) == (10 + DAY, 10 + 15 * DAY)
    assert one.overdue(10 + DAY) == ()
    assert one.overdue(11 + DAY) == ("acknowledge",)
    assert one.overdue(11 + 15 * DAY) == ("acknowledge", "answer")


def test_acknowledged_in_time() -> None:
    """Then only the answer can be late."""
    book, one = opened()
    one = moved(book, one, (Progress.ACKNOWLEDGED, HOUR))
    assert (one.progress, one.acknowledged_at, one.open) == ("acknowledged", HOUR, True)
    assert one.overdue(16 * DAY) == ("answer",)


@pytest.mark.parametrize("end", [Progress.ANSWERED, Progress.CLOSED])
def test_what_has_ended_is_never_late(end: Progress) -> None:
    """Nor does it wait for anybody, nor can it move again."""
    book, one = opened()
    one = moved(book, one, (end, HOUR), (Progress.ACKNOWLEDGED, DAY), (Progress.CLOSED, DAY))
    assert (one.progress, one.ended_at, one.acknowledged_at) == (end, HOUR, HOUR)
    assert (one.open, one.outcome, one.overdue(99 * DAY)) == (False, "upheld", ())
    assert book.all() == ()
    assert book.all(everything=True) == (one,)


def test_what_is_in_the_book_does_not_count_again() -> None:
    """Nor does an event of a later release, or one without its beginning."""
    book, one = opened()
    again = replace(
        opening(Matter.COMPLAINT, "c-1", ABOUT, 5.0, terms=Terms(), by="app"), subject=one.ticket
    )
    unknown = replace(again, kind="complaint.transferred", seq=2)
    stray = replace(step(one, Progress.CLOSED, 9.0, by="x"), subject="c-other", seq=3)
    book.add([replace(again, seq=1), unknown, stray, replace(again, seq=4)])
    assert book.all() == (one,)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A real one."""
    store = SqliteStore(tmp_path / "desk.db")
    yield store
    await store.close()


async def test_the_desk_keeps_no_contact(store: SqliteStore, clock: Clock) -> None:
    """Only a keyed hash of it, the same for the same person."""
    desk = Desk(store, Pseudonyms(b"0123456789abcdef"), clock)
    one = await desk.open(Matter.COMPLAINT, "age", by="app", contact="ann@example.com")
    two = await desk.open(Matter.INCIDENT, "self_harm", by="app", contact="ann@example.com")
    assert one.about.contact == two.about.contact
    events = await store.read(Query())
    assert len(events) == 2
    assert "ann@example.com" not in json.dumps([dict(event.body) for event in events])


async def test_a_desk_finds_what_another_wrote(store: SqliteStore, clock: Clock) -> None:
    """Two processes on one log; a settled promise is not changed by other settings."""
    first = Desk(store, Pseudonyms(b"0123456789abcdef"), clock)
    second = Desk(store, Pseudonyms(b"0123456789abcdef"), clock, Terms(1.0, 2.0))
    one = await first.open(Matter.INCIDENT, "data", by="app")
    assert await second.all(Matter.INCIDENT) == (one,)
    assert await second.all(Matter.COMPLAINT) == ()
    await second.move(Matter.INCIDENT, one.ticket, Progress.ANSWERED, by="op", outcome="fixed")
    assert await first.all(Matter.INCIDENT) == ()


async def test_what_the_desk_refuses(store: SqliteStore, clock: Clock) -> None:
    """A category of the other register, a ticket that is none, one that has ended."""
    desk = Desk(store, Pseudonyms(b"0123456789abcdef"), clock)
    with pytest.raises(RequestError) as caught:
        await desk.open(Matter.COMPLAINT, "self_harm", by="app")
    assert caught.value.status == 422
    with pytest.raises(RequestError) as caught:
        await desk.move(Matter.COMPLAINT, "c-none", Progress.CLOSED, by="op")
    assert caught.value.status == 404
    one = await desk.open(Matter.COMPLAINT, "other", by="app")
    with pytest.raises(RequestError):
        await desk.get(Matter.INCIDENT, one.ticket)
    await desk.move(Matter.COMPLAINT, one.ticket, Progress.CLOSED, by="op", outcome="duplicate")
    with pytest.raises(RequestError) as caught:
        await desk.move(Matter.COMPLAINT, one.ticket, Progress.ANSWERED, by="op", outcome="x")
    assert caught.value.status == 409


async def test_tallies(store: SqliteStore, clock: Clock) -> None:
    """Open and overdue of each register, as the gauges show them."""
    desk = Desk(store, Pseudonyms(b"0123456789abcdef"), clock)
    await desk.open(Matter.COMPLAINT, "age", by="app")
    clock.now += 2 * DAY
    await desk.open(Matter.COMPLAINT, "age", by="app")
    assert await desk.tallies() == {"complaint": (2, 1), "incident": (0, 0)}


def test_every_register_has_a_way_out() -> None:
    """Whoever finds no fitting word says "other"."""
    assert all("other" in CATEGORIES[matter] for matter in Matter)
