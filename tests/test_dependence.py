"""The dependence index: a sum that anybody can follow, and no alarm over one long evening."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.dependence import index
from guardrail.person import DAYS, Day, Person

TODAY = "2026-11-20"
MINUTE = 60.0


def ago(days: int) -> str:
    """The day so many days before today."""
    return (date.fromisoformat(TODAY) - timedelta(days=days)).isoformat()


def person(*days: Day) -> Person:
    """Somebody with these days, in their order."""
    return Person("u", 0.0, 0.0, 0.0, days=tuple(sorted(days, key=lambda day: day.day))[-DAYS:])


def daily(
    minutes: float, *, first: int = 0, last: int = 6, night: float = 0.0, signs: int = 0
) -> list[Day]:
    """The same use on every day from `first` to `last` days ago."""
    return [
        Day(ago(n), minutes * MINUTE, night * MINUTE, 10, signs) for n in range(first, last + 1)
    ]


def test_nobody_depends_at_first():
    """Without days there is nothing to say."""
    found = index(person(), TODAY)
    assert (found.value, found.parts) == (0.0, {})


def test_one_long_evening_is_no_dependence():
    """However long, late and said: one day says nothing."""
    assert index(person(Day(TODAY, 86_400.0, 18_000.0, 999, 99)), TODAY).value == 0.0


@pytest.mark.parametrize(
    ("days", "parts"),
    [
        (daily(180), {"time": 0.3, "daily": 0.1}),
        (daily(90), {"time": 0.15, "daily": 0.1}),
        (daily(1000), {"time": 0.3, "daily": 0.1}),
        (daily(180, last=3), {"time": 0.171}),
        (daily(60, night=60), {"time": 0.1, "night": 0.2, "daily": 0.1}),
        (daily(0, signs=1, last=5), {"said": 0.3, "daily": 0.067}),
        (daily(0, signs=1, last=2), {"said": 0.15}),
        (daily(0, last=4), {"daily": 0.033}),
    ],
)
def test_parts(days: list[Day], parts: dict[str, float]):
    """Each part is its weight times its share of what counts as full, and never more."""
    found = index(person(*days), TODAY)
    assert {name: part for name, part in found.parts.items() if part} == parts
    assert found.value == pytest.approx(sum(parts.values()), abs=0.002)


def test_a_rise_is_against_the_three_weeks_before():
    """Use that is steady adds nothing; use that has grown by three hours a day adds it all."""
    steady = person(*daily(180), *daily(180, first=7, last=27))
    risen = person(*daily(190), *daily(10, first=7, last=27))
    assert index(steady, TODAY).parts["rise"] == 0.0
    assert index(risen, TODAY).parts["rise"] == 0.1
    assert index(person(*daily(190)), TODAY).parts["rise"] == 0.0  # nothing to compare with


def test_less_use_is_no_rise():
    """Nobody's index falls below nothing."""
    fallen = person(*daily(10), *daily(600, first=7, last=27))
    assert index(fallen, TODAY).parts["rise"] == 0.0


def test_older_days_are_no_comparison():
    """Somebody who comes rarely has lines of months ago: they are not the three weeks before."""
    rare = [Day(ago(n), 600 * MINUTE, 0.0, 10) for n in range(60, 80)]
    before = daily(10, first=7, last=9)
    found = index(person(*daily(120, last=2), *before, *rare), TODAY)
    assert found.parts["rise"] == index(person(*daily(120, last=2), *before), TODAY).parts["rise"]
    assert found.parts["rise"] > 0.0


def test_the_week_moves_on():
    """Eight days later the same days say nothing."""
    somebody = person(*daily(180, night=60, signs=1))
    assert index(somebody, TODAY).value >= 0.9
    assert index(somebody, ago(-8)).value == 0.0


LINES = st.lists(
    st.builds(
        lambda ago_, seconds, night, signs: Day(ago(ago_), seconds, min(night, seconds), 1, signs),
        st.integers(0, 40),
        st.floats(0, 86_400),
        st.floats(0, 18_000),
        st.integers(0, 50),
    ),
    max_size=DAYS,
    unique_by=lambda day: day.day,
)


@given(LINES)
def test_it_stays_between_nothing_and_one(days: list[Day]):
    """Whatever was used, the parts add up to the value, and it is within its bounds."""
    found = index(person(*days), TODAY)
    assert 0.0 <= found.value <= 1.0
    assert found.value == pytest.approx(sum(found.parts.values()), abs=1e-9)
    assert all(part >= 0.0 for part in found.parts.values())


@given(LINES, st.integers(0, 6), st.floats(0, 3600), st.integers(0, 3))
def test_more_use_never_lowers_it(days: list[Day], when: int, more: float, signs: int):
    """Another hour this week, or another such word, raises it or leaves it."""
    before = person(*days)
    held = before.today(ago(when))
    added = Day(held.day, held.seconds + more, held.night, held.turns + 1, held.signs + signs)
    others = [day for day in before.days if day.day != held.day]
    assert index(person(*others, added), TODAY).value >= index(before, TODAY).value - 1e-9


def test_it_says_what_the_turns_were_about():
    """Of the last seven days, and only what there is."""
    days = (
        Day(ago(9), signs=1, exclusive=1),
        Day(ago(1), signs=2, exclusive=1, distress=2),
        Day(ago(0), signs=1, distress=1),
    )
    assert index(person(*days), TODAY).said == {"exclusive": 1, "distress": 3}
