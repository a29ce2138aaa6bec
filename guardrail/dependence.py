"""The dependence index: how far somebody has come to rely on the bot, and by what it shows. Pure.

CN Measures Art 10 asks for an early warning of over-dependence and names no measure. Ours is a sum
of five parts that anybody can follow; each is 0 to 1, and `parts` says how much each adds. It is a
reason to remind and to point to people, never a diagnosis. Days are those kept by the person: up to
`DAYS`, so the longer window is 28 days and the shorter one its last seven.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from guardrail.leaning import DISTRESS, EXCLUSIVE, WITHDRAWN
from guardrail.person import Day, Person

__all__ = ["Index", "index"]

WEEK = 7
TIME, TIME_FULL = 0.3, 180.0  # weight; minutes a day over the week from which the part is full
NIGHT, NIGHT_FULL = 0.2, 60.0  # minutes a night
SAID, SAID_FULL = 0.3, 6.0  # turns in the week that say so
DAILY = 0.1  # days of the week with use, above four
RISE = 0.1  # the week against the three before it
ENOUGH = 2  # days of use, below which nothing is said: one long evening is no dependence


@dataclass(frozen=True, slots=True)
class Index:
    """`value` from 0 to 1, what each part adds to it, and what the turns that say so were about.

    `said` counts the week's turns by the names of `leaning`; a turn may be about several or none.
    """

    value: float
    parts: Mapping[str, float]
    said: Mapping[str, int] = field(default_factory=dict)


def index(person: Person, today: str) -> Index:
    """The index of a person on a day (YYYY-MM-DD)."""
    if len(person.days) < ENOUGH:
        return Index(0.0, {})
    first = date.fromisoformat(today) - timedelta(days=WEEK - 1)
    since, oldest = first.isoformat(), (first - timedelta(days=3 * WEEK)).isoformat()
    week = [day for day in person.days if day.day >= since]  # ISO dates sort as they are
    before = [day for day in person.days if oldest <= day.day < since]
    if len(week) < ENOUGH:
        return Index(0.0, {})
    per_day = _minutes(week) / WEEK
    earlier = _minutes(before) / (3 * WEEK)
    parts = {
        "time": TIME * _share(per_day, TIME_FULL),
        "night": NIGHT * _share(sum(day.night for day in week) / 60.0 / WEEK, NIGHT_FULL),
        "said": SAID * _share(sum(day.signs for day in week), SAID_FULL),
        "daily": DAILY * _share(max(0, len(week) - 4), 3),
        "rise": RISE * _share(max(0.0, per_day - earlier), TIME_FULL) if before else 0.0,
    }
    parts = {name: round(part, 3) for name, part in parts.items()}
    said = {
        EXCLUSIVE: sum(day.exclusive for day in week),
        WITHDRAWN: sum(day.withdrawn for day in week),
        DISTRESS: sum(day.distress for day in week),
    }
    return Index(round(sum(parts.values()), 3), parts, {k: n for k, n in said.items() if n})


def _minutes(days: Iterable[Day]) -> float:
    return sum(day.seconds for day in days) / 60.0


def _share(value: float, full: float) -> float:
    return min(1.0, value / full)
