"""Caps: exact to the turn and to the minute."""

from __future__ import annotations

import pytest

from guardrail.limits import over
from guardrail.person import Day, Person, moved
from guardrail.policy.model import Limits
from guardrail.session import Session, advance

NOW = 1_700_000_000.0
TODAY, YESTERDAY = "2023-11-14", "2023-11-13"
ALL = Limits(turns_per_minute=30, session_minutes=60, daily_minutes=120)


def session(recent: int = 1) -> Session:
    """A session with this many turns in the last minute."""
    return Session("c", NOW, NOW, recent=(NOW,) * recent)


def person(minutes: float = 0.0, used: float = 0.0, day: str = TODAY) -> Person:
    """Somebody who has been here for so long, and so long on that day."""
    return Person("u", NOW, NOW + minutes * 60, NOW, days=(Day(day, seconds=used * 60),))


@pytest.mark.parametrize(
    ("minutes", "recent", "used", "reached"),
    [
        (0, 1, 0, ()),
        (60, 30, 120, ()),
        (60.1, 30, 120, ("session_minutes",)),
        (60, 31, 120, ("turns_per_minute",)),
        (60, 30, 120.1, ("daily_minutes",)),
        (99, 99, 999, ("turns_per_minute", "session_minutes", "daily_minutes")),
    ],
)
def test_a_cap_lets_its_own_number_through(minutes, recent, used, reached):
    """What equals a cap is within it; what exceeds it is named."""
    assert over(ALL, session(recent), person(minutes, used), TODAY) == reached


def test_no_cap_is_no_limit():
    """Without caps nothing is ever reached."""
    assert over(Limits(), session(1000), person(1e6, 1e9), TODAY) == ()


def test_a_cap_of_nothing_stops_the_first_turn():
    """Zero turns means none."""
    assert over(Limits(turns_per_minute=0), session(), person(), TODAY) == ("turns_per_minute",)


def test_the_minutes_of_another_day_do_not_count():
    """The ledger that is asked is that of the day."""
    assert over(ALL, session(), person(used=999, day=YESTERDAY), TODAY) == ()
    assert over(ALL, session(), person(used=999), TODAY) == ("daily_minutes",)


def test_thirty_turns_a_minute_and_not_one_more():
    """Turn by turn: the 31st within a minute is over, the one after a pause is not."""
    now, moving = NOW, None
    for turn in range(1, 32):
        moving = advance(moving, "c", now := now + 1)
        assert bool(over(ALL, moving, person(), TODAY)) == (turn > 30)
    assert over(ALL, advance(moving, "c", now + 60), person(), TODAY) == ()


def test_two_devices_do_not_exceed_a_cap_by_more_than_a_turn():
    """Minutes are the person's: turns on two devices in turns reach the cap as on one."""
    somebody, reached = None, 0.0
    for minute in range(200):
        somebody = moved(somebody, "u", NOW + minute * 60, TODAY)
        if over(Limits(daily_minutes=120), session(), somebody, TODAY):
            reached = minute
            break
    assert reached == 121


@pytest.mark.parametrize("days", [("2023-11-14", "2023-11-15"), ("2023-11-15", "2023-11-14")])
def test_two_zones_at_once_do_not_empty_the_ledger(days: tuple[str, str]):
    """Devices in two zones write two days; going to and fro between them wins nobody time."""
    somebody = None
    for minute in range(600):
        somebody = moved(somebody, "u", NOW + minute * 60, days[minute % 2])
    assert somebody is not None
    assert sum(day.seconds for day in somebody.days) == 599 * 60
    assert over(ALL, session(), somebody, days[0]) == ("session_minutes", "daily_minutes")
