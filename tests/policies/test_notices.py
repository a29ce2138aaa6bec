"""Every notice of every shipped pack comes when it is due, to whom it concerns, and not before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from guardrail.duties import due, moment
from guardrail.person import Person
from guardrail.policy.load import packs_in, read_pack
from guardrail.policy.model import Notice, Policy, Start
from guardrail.turn import AgeBand, Profile, State
from tests.conftest import POLICIES

NOW = 1_800_000_000.0
MINUTE, DAY = 60.0, 86_400.0
PAIRS = [
    (policy, notice)
    for path in packs_in(POLICIES)
    for policy in [read_pack(path)[0].on(date.max)]
    for notice in policy.notices
]
FOUND = [pytest.param(p, n, id=f"{p.name}:{n.id}") for p, n in PAIRS]


def of_age(notice: Notice) -> Profile:
    """Somebody whom it concerns."""
    band = AgeBand.MINOR if notice.under is not None else next(iter(notice.ages), AgeBand.ADULT)
    return Profile(user="u", age_band=band)


def told(policy: Policy, notice: Notice, person: Person, held: set[State]) -> bool:
    """Whether it is due now."""
    alone = replace(policy, notices=(notice,))
    return notice in due(alone, of_age(notice), person, held=held, at=moment(NOW, "UTC"))


def before_and_after(notice: Notice) -> tuple[tuple[Person, set[State]], tuple[Person, set[State]]]:
    """Somebody for whom it is not yet due, and the same person when it is."""
    calm: set[State] = set()
    person = Person("u", since=NOW - 90 * DAY, last_seen=NOW, sitting=NOW)
    if notice.start is not None:
        since = NOW if notice.start is Start.SITTING else NOW - 2 * DAY
        seen = replace(person, shown={notice.id: NOW})
        return (seen, calm), (replace(person, shown={notice.id: since - 1.0}), calm)
    if notice.every_minutes is not None:
        span = notice.every_minutes * MINUTE
        early = replace(person, sitting=NOW - span + 1.0)
        return (early, calm), (replace(person, sitting=NOW - span), calm)
    if notice.absence_days is not None:
        gone = replace(person, away=notice.absence_days * DAY)
        return (replace(person, away=gone.away - 1.0), calm), (gone, calm)
    return (person, calm), (person, set(notice.on))


@pytest.mark.parametrize(("policy", "notice"), FOUND)
def test_in_time(policy: Policy, notice: Notice) -> None:
    """Due at its time, and a moment before not."""
    (early, calm), (late, held) = before_and_after(notice)
    assert not told(policy, notice, early, calm)
    assert told(policy, notice, late, held)


@pytest.mark.parametrize(("policy", "notice"), FOUND)
def test_whom_it_concerns(policy: Policy, notice: Notice) -> None:
    """A notice for children is theirs alone; its words are there in every language."""
    _, (late, held) = before_and_after(notice)
    for band in AgeBand:
        alone = replace(policy, notices=(notice,))
        found = due(alone, Profile("u", band), late, held=held, at=moment(NOW, "UTC"))
        young = notice.under is None or band is AgeBand.MINOR
        assert (notice in found) is (young and (not notice.ages or band in notice.ages))
    assert set(policy.texts[notice.text]) == set(policy.languages)


def test_some_wait_before_they_come_again() -> None:
    """What is due on a state keeps quiet for as long as it says."""
    quiet = [pair for pair in PAIRS if pair[1].cooldown_minutes]
    assert quiet
    for policy, notice in quiet:
        span = notice.cooldown_minutes * MINUTE
        _, (late, held) = before_and_after(notice)
        assert not told(policy, notice, replace(late, shown={notice.id: NOW - span + 1}), held)
        assert told(policy, notice, replace(late, shown={notice.id: NOW - span}), held)
