"""What a form of the portal asks for, as changes of a household. Pure."""

from __future__ import annotations

import re
from typing import Any

from guardrail.errors import RequestError
from guardrail.household import SWITCHES, WEEKDAYS, Quiet
from guardrail.portal.seat import Form
from guardrail.portal.views import in_cents

__all__ = ["AGES", "switches_of", "times_of", "years_of"]

AGES = {"under-13": (0, 12), "13": (13, 13), "14-15": (14, 15), "16-17": (16, 17)}
"""How old a child is, as far as laws ask: below 13 (US COPPA), below 14 (CN), below 16, below 18."""

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::\d\d)?")


def times_of(form: Form) -> dict[str, Any]:
    """Quiet hours, their zone, and minutes.

    Raises:
        RequestError: a time or a number is none, or only half of a quiet time is there (422).
    """
    quiet = _nights(form)
    if school := _window(form, "school"):
        days = tuple(n for n, day in enumerate(WEEKDAYS) if day in form.all("school_day"))
        if not days:
            raise RequestError("choose the days", status=422, code="days")
        quiet.append(Quiet(days, *school, "school"))
    return {
        "quiet": tuple(quiet),
        "zone": form.get("zone"),
        "daily_minutes": form.number("daily"),
        "session_minutes": form.number("session"),
    }


def switches_of(form: Form, currency: str) -> dict[str, Any]:
    """Memory, push and the spend cap.

    Raises:
        RequestError: the amount is none (422).
    """
    cap = in_cents(form.get("spend") or "0", currency)
    if cap is None:
        raise RequestError("this is no amount", status=422, code="amount")
    on = form.all("on")
    return {"spend_cap": cap, "off": tuple(one for one in SWITCHES if one not in on)}


def years_of(form: Form) -> tuple[int, int]:
    """How old the child is.

    Raises:
        RequestError: nobody said (422).
    """
    years = AGES.get(form.get("age"))
    if years is None:
        raise RequestError("choose an age", status=422, code="age")
    return years


def _nights(form: Form) -> list[Quiet]:
    """One window for all days that have the same; Monday's for every day if that was asked for."""
    found: dict[tuple[int, int], list[int]] = {}
    for number, name in enumerate(WEEKDAYS):
        if window := _window(form, WEEKDAYS[0] if form.get("same") else name):
            found.setdefault(window, []).append(number)
    return [Quiet(tuple(days), *window) for window, days in found.items()]


def _window(form: Form, name: str) -> tuple[int, int] | None:
    """When a quiet time begins and ends; `None` if both fields are empty."""
    begins, ends = form.get(f"{name}_from"), form.get(f"{name}_to")
    if not begins and not ends:
        return None
    window = _minutes(begins), _minutes(ends)
    if window[0] == window[1]:
        raise RequestError("it ends when it begins", status=422, code="time")
    return window


def _minutes(text: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise RequestError("this is no time", status=422, code="time")
    return int(found[1]) * 60 + int(found[2])
