"""What a guardian sets for a child: quiet hours, minutes, characters, spending, switches. Pure.

Rules of this file:

1. A guardian can only be stricter than the policy. What this file says is joined with the pack's
   caps by `limits` and with its clocks by `duties`, and the stricter of the two counts.
2. Hours are those on the clock on the wall of one time zone, the one that the guardian chose; the
   zone's own rules say when summer time begins. A window belongs to the weekday on which it begins.
3. It travels as plain data in events (`plain`, `read`): a list of changes, so that two guardians
   who change different things at the same time do not undo one another.

Sources: CN Measures Art 14 (limits, characters, spending), CN minors-mode guideline (hours), CA B&P
21812(d)(3) (memory, push, minutes; only a linked parent may change them).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = [
    "KINDS",
    "MOST_BLOCKED",
    "SWITCHES",
    "WEEKDAYS",
    "Bonus",
    "Household",
    "Quiet",
    "Spending",
    "changed",
    "character_name",
    "known_zone",
    "plain",
    "quiet_until",
    "readable",
    "spent",
    "wrong",
]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

SWITCHES = ("memory", "push")
"""What a guardian may switch off, as in `x-guardrail-suppress`."""

KINDS = ("night", "school")
"""What a quiet time is for."""

DAY = 24 * 60
MOST_WINDOWS = 28
MOST_BLOCKED = 200
MOST_CENTS = 10_000_000
REFERENCES = 400
"""Purchases of a month that are told apart. Far more than anybody makes: a cap comes first."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """A time without chat. `days` are numbers from Monday (0); `begins` and `ends` minutes.

    A window whose end is not after its beginning ends on the next day. `what` it is for ("night",
    "school") is for the guardian's page alone.
    """

    days: tuple[int, ...]
    begins: int
    ends: int
    what: str = "night"


@dataclass(frozen=True, slots=True)
class Bonus:
    """Minutes more on one day (YYYY-MM-DD), on top of what the guardian allows."""

    day: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent in one month (YYYY-MM), in the smallest unit of the money.

    `references` are keyed hashes of what was booked, so that telling it twice books it once.
    """

    month: str
    amount: int = 0
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Household:
    """What a child's guardians have set. That there is one means that oversight is on.

    `spend_cap` is for a calendar month, in the smallest unit of the money; nothing may be spent
    until a guardian says otherwise. `blocked` are keyed hashes of characters. `off` are switches
    that are off (see `SWITCHES`).
    """

    zone: str = ""  # IANA; empty is wherever the app says
    quiet: tuple[Quiet, ...] = ()
    daily_minutes: int | None = None
    session_minutes: int | None = None
    bonus: Bonus | None = None
    paused: bool = False
    blocked: tuple[str, ...] = ()
    spend_cap: int = 0
    off: tuple[str, ...] = ()

    def bonus_on(self, day: str) -> int:
        """Minutes more on this day."""
        return self.bonus.minutes if self.bonus is not None and self.bonus.day == day else 0


def quiet_until(house: Household, day: str, minutes: int) -> int | None:
    """When the quiet time that holds now ends, in minutes after midnight; `None` if none holds.

    `day` and `minutes` are the date and the clock in the zone of the household.
    """
    today = date.fromisoformat(day).weekday()
    found = [window.ends for window in house.quiet if _holds(window, today, minutes)]
    return found[0] if found else None


def _holds(window: Quiet, today: int, minutes: int) -> bool:
    if window.begins < window.ends:
        return today in window.days and window.begins <= minutes < window.ends
    begun_today = today in window.days and minutes >= window.begins
    begun_yesterday = (today - 1) % 7 in window.days and minutes < window.ends
    return begun_today or begun_yesterday


def spent(old: Spending | None, month: str, amount: int, reference: str) -> Spending:
    """The ledger after one more purchase (or a refund, below zero); the same one counts once.

    A month that is over is never written to again: the new one begins at nothing.
    """
    if old is None or old.month < month:
        old = Spending(month)
    if old.month > month or reference in old.references:
        return old
    total = max(0, old.amount + amount)
    return Spending(month, total, (*old.references, reference)[-REFERENCES:])


def character_name(name: str) -> str:
    """A character's name as it is compared: one spelling for capitals and wide letters."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())[:100]


def readable(name: str, most: int = 64) -> str:
    """A name as a page can show it: one line, nothing that turns or hides letters, not too long."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:most]


def known_zone(name: str) -> bool:
    """Whether there is a time zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


# -- as plain data -------------------------------------------------------------------------------


def plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of a household, by the names of its fields, as an event holds them."""
    return {name: _plain(value) for name, value in changes.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Quiet):
        told = {"begins": value.begins, "ends": value.ends, "what": value.what}
        return {"days": list(value.days), **told}
    if isinstance(value, Bonus):
        return {"day": value.day, "minutes": value.minutes}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def changed(old: Household | None, changes: Mapping[str, Any]) -> Household:
    """A household after changes as an event (or a row) holds them; what it does not know is left."""
    known = {field.name for field in fields(Household)} & changes.keys()
    return replace(old or Household(), **{name: _read(name, changes[name]) for name in known})


def _read(name: str, value: Any) -> Any:
    if name == "quiet":
        return tuple(
            Quiet(tuple(one["days"]), one["begins"], one["ends"], one["what"]) for one in value
        )
    if name == "bonus":
        return Bonus(value["day"], value["minutes"]) if value is not None else None
    return tuple(value) if name in ("blocked", "off") else value


def wrong(house: Household) -> str:
    """What speaks against a household, as a code; empty if nothing does."""
    checks = {
        "zone": not house.zone or known_zone(house.zone),
        "quiet": len(house.quiet) <= MOST_WINDOWS and all(map(_is_window, house.quiet)),
        "daily_minutes": _within(house.daily_minutes, 1, DAY),
        "session_minutes": _within(house.session_minutes, 1, DAY),
        "bonus": house.bonus is None or _within(house.bonus.minutes, 0, DAY),
        "blocked": len(house.blocked) <= MOST_BLOCKED,
        "spend_cap": _within(house.spend_cap, 0, MOST_CENTS),
        "off": set(house.off) <= set(SWITCHES),
    }
    return next((name for name, right in checks.items() if not right), "")


def _is_window(window: Quiet) -> bool:
    """One that begins when it ends would be a day or nothing; who means a day can pause."""
    clock = 0 <= window.begins < DAY and 0 <= window.ends < DAY and window.begins != window.ends
    known = window.what in KINDS and set(window.days) <= set(range(7))
    return clock and known and bool(window.days)


def _within(value: int | None, least: int, most: int) -> bool:
    return value is None or least <= value <= most
