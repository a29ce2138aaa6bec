"""When somebody is meant to be there."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from guardrail.rota import Rota, misread

HOURS = "Mon-Fri 08:00-22:00 Europe/Berlin; Sat 20:00-02:00 Europe/Berlin"


@pytest.mark.parametrize(
    ("day", "hour", "there"),
    [
        (2, 9, True),  # Monday
        (2, 22, False),
        (6, 21, True),  # Friday
        (7, 21, True),  # Saturday
        (8, 1, True),  # the night that belongs to Saturday
        (8, 3, False),
        (9, 1, False),  # Monday before dawn
    ],
)
def test_hours_are_local(*, day: int, hour: int, there: bool) -> None:
    """Shifts follow the zone they are written in, past midnight too."""
    rota = Rota.read(HOURS)
    at = datetime(2026, 11, day, hour, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert rota.staffed(at) is there
    assert rota.staffed(at.astimezone(ZoneInfo("Asia/Shanghai"))) is there


@pytest.mark.parametrize(
    ("hours", "hour", "there"),
    [
        ("", 3, True),
        (" ; ", 3, True),
        ("Sun 08:00-24:00 UTC", 23, True),
        ("Sun 08:00-24:00 UTC", 3, False),
        ("Sat-Mon 00:00-24:00 UTC", 3, True),
        ("Tue-Sat 00:00-24:00 UTC", 3, False),
        ("Fri-Mon  02:00-04:00   UTC", 3, True),
    ],
)
def test_a_sunday(*, hours: str, hour: int, there: bool) -> None:
    """No hours are all hours; a day can be whole; a week goes round."""
    assert Rota.read(hours).staffed(datetime(2026, 11, 8, hour, tzinfo=UTC)) is there


@pytest.mark.parametrize(
    ("hours", "why"),
    [
        ("Mon", "is no shift"),
        ("Mon 8-10 UTC", "is no shift"),
        ("Mon 08:00-10:00", "is no shift"),
        ("Foo 08:00-10:00 UTC", "Foo is no day"),
        ("Mon-Foo 08:00-10:00 UTC", "Foo is no day"),
        ("Mon 08:00-10:60 UTC", "10:60 is no time"),
        ("Mon 24:01-10:00 UTC", "24:01 is no time"),
        ("Mon 08:00-10:00 X/Y", "no time zone X/Y"),
    ],
)
def test_what_cannot_be_read(hours: str, why: str) -> None:
    """Each shift says what is wrong with it, and those beside it are looked at, too."""
    with pytest.raises(ValueError, match=why):
        Rota.read(hours)
    first, second = misread(f"{hours}; Mon 08:00-10:00 UTC; {hours}")
    assert first == second
    assert why in first
