"""What the templates show: numbers as people read them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from guardrail.household import WEEKDAYS, Quiet
from guardrail.staff.guardians import Ward
from guardrail.wardday import WardDay

__all__ = [
    "Bar",
    "Night",
    "School",
    "bars",
    "characters",
    "clock",
    "in_cents",
    "money",
    "nights",
    "percent",
    "school",
    "when",
]

TALL, WIDE, STEP = 72.0, 26.0, 40.0  # of a bar chart, in its own units
NO_DECIMALS = frozenset({"JPY", "KRW", "VND", "CLP"})


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the week's chart."""

    day: str  # a word's key
    minutes: int
    x: float
    y: float
    height: float
    today: bool


@dataclass(frozen=True, slots=True)
class Night:
    """The quiet time that begins on one weekday, for the form: HH:MM or empty."""

    day: str
    begins: str = ""
    ends: str = ""


@dataclass(frozen=True, slots=True)
class School:
    """One more quiet time, the same on some weekdays."""

    days: tuple[str, ...] = ()
    begins: str = ""
    ends: str = ""


def bars(day: WardDay) -> tuple[Bar, ...]:
    """The week, with the longest day as the tallest bar, and never less than half an hour."""
    most = max(30.0, *(one.seconds / 60.0 for one in day.week))
    found = []
    for number, one in enumerate(day.week):
        minutes = one.seconds / 60.0
        height = round(TALL * minutes / most, 1)
        if one.turns and height < 2.0:  # noqa: PLR2004 - a bar that can be seen
            height = 2.0
        weekday = WEEKDAYS[date.fromisoformat(one.day).weekday()]
        found.append(
            Bar(weekday, int(minutes), number * STEP, TALL - height, height, one.day == day.at.day)
        )
    return tuple(found)


def percent(day: WardDay) -> int:
    """How much of the day's minutes is used, from 0 to 100."""
    cap = day.caps.daily_minutes
    return 0 if not cap else min(100, round(100 * day.used / cap))


def nights(quiet: tuple[Quiet, ...]) -> tuple[Night, ...]:
    """The quiet night that begins on each weekday, if one does."""
    found = {
        day: window for window in reversed(quiet) if window.what == "night" for day in window.days
    }
    return tuple(
        Night(name, clock(found[n].begins), clock(found[n].ends)) if n in found else Night(name)
        for n, name in enumerate(WEEKDAYS)
    )


def school(quiet: tuple[Quiet, ...]) -> School:
    """The quiet time for school."""
    window = next((one for one in quiet if one.what == "school"), None)
    if window is None:
        return School()
    days = tuple(WEEKDAYS[day] for day in window.days)
    return School(days, clock(window.begins), clock(window.ends))


def clock(minutes: int) -> str:
    """Minutes after midnight as a clock shows them."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def when(at: float, zone: str, language: str) -> str:
    """A day and a time where the ward is."""
    local = datetime.fromtimestamp(at, ZoneInfo(zone) if zone else UTC)
    if language == "zh":
        return f"{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local.day} {local:%b %H:%M}"


def money(amount: int, currency: str) -> str:
    """An amount in the smallest unit as people write it."""
    return str(amount) if currency in NO_DECIMALS else f"{amount / 100:.2f}"


def in_cents(text: str, currency: str) -> int | None:
    """An amount as people write it, in the smallest unit; `None` if it is none."""
    whole, _, part = text.replace(",", ".").partition(".")
    decimals = 0 if currency in NO_DECIMALS else 2
    if not (whole + part).isdecimal() or not whole or len(whole) > 7 or len(part) > decimals:  # noqa: PLR2004
        return None
    return int(whole + part.ljust(decimals, "0"))


def characters(ward: Ward) -> tuple[tuple[str, str, bool], ...]:
    """Key, name, and whether it is blocked: those met lately first, then others that are blocked."""
    met, blocked = ward.person.characters, ward.day.house.blocked
    found = [(key, name, key in blocked) for key, name in reversed(list(met.items()))]
    return tuple(found + [(key, "", True) for key in blocked if key not in met])
