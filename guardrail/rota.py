"""When somebody of the staff is meant to be there: `takeover.staffed` as shifts. Pure.

A shift is `Mon-Fri 08:00-22:00 Europe/Berlin`: days, hours and the time zone that both are read in.
One that ends before it begins goes on past midnight and belongs to the day on which it began.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from guardrail.household import known_zone

__all__ = ["Rota", "Shift", "misread"]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_SHIFT = re.compile(
    r"(?P<first>[A-Z][a-z]{2})(-(?P<last>[A-Z][a-z]{2}))? (?P<begins>\d\d:\d\d)-(?P<ends>\d\d:\d\d)"
    r" (?P<zone>\S+)"
)


@dataclass(frozen=True, slots=True)
class Shift:
    """Some days of the week, 0 is Monday, and the hours of each."""

    days: frozenset[int]
    begins: time
    ends: time
    zone: str

    def covers(self, at: datetime) -> bool:
        """Whether it is going on at this moment (an aware time)."""
        local = at.astimezone(ZoneInfo(self.zone))
        now, today = local.time(), local.weekday()
        if self.begins < self.ends:
            return today in self.days and self.begins <= now < self.ends
        since_yesterday = (today - 1) % 7 in self.days and now < self.ends
        return since_yesterday or (today in self.days and now >= self.begins)


@dataclass(frozen=True, slots=True)
class Rota:
    """All shifts; none means that somebody is always there."""

    shifts: tuple[Shift, ...] = ()

    @classmethod
    def read(cls, written: str) -> Rota:
        """The rota as the settings have it.

        Raises:
            ValueError: a shift is not written as documented; the message says which.
        """
        return cls(tuple(_shift(part) for part in _parts(written)))

    def staffed(self, at: datetime) -> bool:
        """Whether somebody is meant to be there at this moment (an aware time)."""
        return not self.shifts or any(shift.covers(at) for shift in self.shifts)


def misread(written: str) -> tuple[str, ...]:
    """What is wrong with each shift that cannot be read."""
    found = []
    for part in _parts(written):
        try:
            _shift(part)
        except ValueError as error:
            found.append(str(error))
    return tuple(found)


def _parts(written: str) -> list[str]:
    return [" ".join(part.split()) for part in written.split(";") if part.strip()]


def _shift(part: str) -> Shift:
    found = _SHIFT.fullmatch(part)
    if found is None:
        raise ValueError(f"{part!r} is no shift such as Mon-Fri 08:00-22:00 Europe/Berlin")
    first, last = found["first"], found["last"] or found["first"]
    if unknown := [day for day in (first, last) if day not in DAYS]:
        raise ValueError(f"{part!r}: {unknown[0]} is no day; days are {', '.join(DAYS)}")
    if not known_zone(found["zone"]):
        raise ValueError(f"{part!r}: there is no time zone {found['zone']}")
    begin, span = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7
    days = frozenset((begin + n) % 7 for n in range(span + 1))
    return Shift(days, _time(found["begins"], part), _time(found["ends"], part), found["zone"])


def _time(written: str, part: str) -> time:
    """A time of the day; 24:00 is the end of it."""
    try:
        return time.fromisoformat("00:00" if written == "24:00" else written)
    except ValueError:
        raise ValueError(f"{part!r}: {written} is no time of the day") from None
