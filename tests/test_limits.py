"""Caps: exact to the turn and to the minute."""

from __future__ import annotations

import pytest

from guardrail.limits import over
from guardrail.policy.model import Limits
from guardrail.session import Session, Usage, advance

NOW = 1_700_000_000.0
ALL = Limits(turns_per_minute=30, session_minutes=60, daily_minutes=120)


def session(minutes: float = 0.0, recent: int = 1) -> Session:
    """A session that has been going on for this long."""
    return Session("c", NOW, NOW, NOW + minutes * 60, recent=(NOW,) * recent)


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
    assert over(ALL, session(minutes, recent), Usage(seconds=used * 60)) == reached


def test_no_cap_is_no_limit():
    """Without caps nothing is ever reached."""
    assert over(Limits(), session(1e6, 1000), Usage(seconds=1e9)) == ()


def test_a_cap_of_nothing_stops_the_first_turn():
    """Zero turns means none."""
    assert over(Limits(turns_per_minute=0), session(), Usage()) == ("turns_per_minute",)


def test_thirty_turns_a_minute_and_not_one_more():
    """Turn by turn: the 31st within a minute is over, the one after a pause is not."""
    now, moving = NOW, None
    for turn in range(1, 32):
        moving = advance(moving, "c", now := now + 1)
        assert bool(over(ALL, moving, Usage())) == (turn > 30)
    assert over(ALL, advance(moving, "c", now + 60), Usage()) == ()
