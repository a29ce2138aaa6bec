"""What a guardian sets: hours on the clock on the wall, caps, the ledger of spending."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.duties import moment, states
from guardrail.household import (
    Bonus,
    Household,
    Quiet,
    Spending,
    changed,
    character_name,
    plain,
    quiet_until,
    spent,
    wrong,
)
from guardrail.limits import allowed
from guardrail.person import Age, Day, Person, talking_to
from guardrail.policy.model import Limits, Mode, Policy
from guardrail.turn import AgeBand, Profile, State
from guardrail.wardday import ward_day

EMPTY = Policy("p", "r", "t", Mode.ENFORCE, (), {}, {}, {}, ())
MINOR = Profile("u", AgeBand.MINOR)
SCHOOL_NIGHTS = Quiet((6, 0, 1, 2, 3), 21 * 60, 7 * 60)  # Sunday to Thursday, over midnight
MORNING = Quiet((0, 1, 2, 3, 4), 8 * 60, 13 * 60, "school")
HOUSE = Household(zone="Europe/Berlin", quiet=(SCHOOL_NIGHTS, MORNING))


def at(written: str, zone: str = "Europe/Berlin", fold: int = 0) -> float:
    """The time at which clocks of a zone show this."""
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def held(house: Household, now: float, **fields) -> frozenset[State]:
    """What holds of a child with this household."""
    person = Person("u", now, now, now, house=house, **fields)
    return states(EMPTY, MINOR, person, moment(now, house.zone or "UTC"))


# -- hours -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "quiet"),
    [
        ("2026-11-22T20:59", False),  # a Sunday
        ("2026-11-22T21:00", True),
        ("2026-11-22T23:59", True),
        ("2026-11-23T00:00", True),  # Monday, the night of Sunday
        ("2026-11-23T06:59", True),
        ("2026-11-23T07:00", False),
        ("2026-11-23T08:00", True),  # school
        ("2026-11-23T13:00", False),
        ("2026-11-27T21:30", False),  # Friday night is free
        ("2026-11-28T03:00", False),
        ("2026-11-27T06:00", True),  # but the night of Thursday lasts till its morning
        ("2026-11-28T09:00", False),  # no school on Saturday
    ],
)
def test_a_window_belongs_to_the_day_on_which_it_begins(written: str, quiet: bool):
    """Friday's night is Saturday's morning."""
    assert (State.CURFEW in held(HOUSE, at(written))) is quiet


def test_summer_time_begins_and_quiet_hours_with_it():
    """In the night of 29 March the hour from two to three is missing; seven is still seven."""
    assert State.CURFEW in held(HOUSE, at("2026-03-29T21:00"))
    assert State.CURFEW in held(HOUSE, at("2026-03-30T06:59"))
    assert State.CURFEW not in held(HOUSE, at("2026-03-30T07:00"))
    night = replace(HOUSE, quiet=(Quiet(tuple(range(7)), 90, 210),))  # 01:30 to 03:30
    begins = at("2026-03-29T01:30")
    assert [State.CURFEW in held(night, begins + 60 * n) for n in (-1, 0, 59, 60)] == [
        False,
        True,
        True,
        False,
    ]  # an hour shorter


def test_summer_time_ends_and_the_hour_that_comes_twice_is_quiet_twice():
    """In the night of 25 October two o'clock comes twice: before and after are as ever."""
    night = replace(HOUSE, quiet=(Quiet(tuple(range(7)), 120, 180),))
    assert State.CURFEW in held(night, at("2026-10-25T02:30", fold=0))
    assert State.CURFEW in held(night, at("2026-10-25T02:30", fold=1))
    assert State.CURFEW not in held(night, at("2026-10-25T03:00"))


def test_the_zone_is_the_household_s():
    """Nine in the evening in Shanghai is the afternoon in Berlin."""
    now = at("2026-11-22T21:30", "Asia/Shanghai")
    assert State.CURFEW not in held(HOUSE, now)
    assert State.CURFEW in held(replace(HOUSE, zone="Asia/Shanghai"), now)


def test_a_guardian_lifts_quiet_hours_for_a_while():
    """Until then and no longer."""
    now = at("2026-11-22T21:30")
    assert State.CURFEW not in held(HOUSE, now, curfew_lifted=now + 60)
    assert State.CURFEW in held(HOUSE, now, curfew_lifted=now)


MINUTES = st.integers(0, 1439)


@given(st.integers(0, 6), st.tuples(MINUTES, MINUTES), st.tuples(st.integers(0, 6), MINUTES))
def test_a_window_is_quiet_for_as_long_as_it_says(day, span, now):
    """Against a plain count of minutes from the window's beginning, around a week."""
    (begins, ends), (today, minutes) = span, now
    if begins == ends:
        return
    window = Quiet((day,), begins, ends)
    monday = date(2026, 11, 23)
    found = quiet_until(
        Household(quiet=(window,)), (monday + timedelta(days=today)).isoformat(), minutes
    )
    since = ((today - day) % 7) * 1440 + minutes - begins
    length = (ends - begins) % 1440
    inside = 0 <= since < length or 0 <= since + 7 * 1440 < length
    assert (found is not None) is inside


# -- what else holds -------------------------------------------------------------------------------


def test_what_a_household_means_for_the_policy():
    """Oversight, pause, character, spending: each is a state that rules can ask for."""
    now = at("2026-11-25T15:00")
    free = Household(spend_cap=500)
    assert held(free, now) == {State.OVERSIGHT}
    assert held(replace(free, paused=True), now) == {State.OVERSIGHT, State.PAUSED}
    assert held(replace(free, blocked=("k",)), now) == {State.OVERSIGHT}
    assert State.CHARACTER in held(replace(free, blocked=("k",)), now, character="k")
    assert State.SPENT in held(free, now, spending=Spending("2026-11", 500))
    assert State.SPENT not in held(free, now, spending=Spending("2026-11", 499))
    assert State.SPENT not in held(free, now, spending=Spending("2026-10", 900))
    assert State.SPENT in held(Household(), now)  # nothing may be spent until a guardian says so
    assert State.GUARDIAN_TOLD in held(free, now, guardian_told=now - 86_399)
    assert State.GUARDIAN_TOLD not in held(free, now, guardian_told=now - 86_400)


def test_nobody_oversees_an_adult():
    """Once the age is known the household is there and counts for nothing."""
    now = at("2026-11-22T23:00")
    grown = Age(AgeBand.ADULT)
    house = replace(HOUSE, paused=True, daily_minutes=5)
    assert held(house, now, age=grown) == frozenset()
    person = Person("u", now, now, now, age=grown, house=house)
    assert allowed(Limits(daily_minutes=60), person, "2026-11-22") == Limits(daily_minutes=60)
    assert person.kept


def test_the_stricter_of_pack_and_guardian_counts():
    """Extra minutes go on top of the guardian's own number, never over the pack's."""
    pack = Limits(turns_per_minute=30, session_minutes=60, daily_minutes=120)

    def caps(**fields) -> Limits:
        return allowed(pack, Person("u", 0, 0, 0, house=Household(**fields)), "2026-11-22")

    assert caps() == pack
    assert caps(daily_minutes=45, session_minutes=90) == replace(pack, daily_minutes=45)
    assert caps(daily_minutes=45, bonus=Bonus("2026-11-22", 30)).daily_minutes == 75
    assert caps(daily_minutes=45, bonus=Bonus("2026-11-21", 30)).daily_minutes == 45
    assert caps(daily_minutes=100, bonus=Bonus("2026-11-22", 180)).daily_minutes == 120
    assert caps(session_minutes=20, bonus=Bonus("2026-11-22", 15)).session_minutes == 35


def test_characters_are_remembered_for_wards_alone():
    """By key, the latest last, and no more than thirty."""
    stranger = Person("u", 0, 0, 0)
    assert talking_to(stranger, "k", "Luna") is stranger
    ward = replace(stranger, house=Household())
    for number in range(40):
        ward = talking_to(ward, f"k{number}", f"Luna {number}")
    ward = talking_to(ward, "k20", "Luna 20")
    assert len(ward.characters) == 30
    assert (ward.character, list(ward.characters)[-1]) == ("k20", "k20")
    assert talking_to(ward, "", "").character == ""


@pytest.mark.parametrize("name", ["Luna  星", " luna 星", "ＬＵＮＡ 星", "LUNA 星 "])
def test_a_character_has_one_spelling(name: str):
    """Capitals, wide letters and spaces do not make another one."""
    assert character_name(name) == "luna 星"


# -- spending --------------------------------------------------------------------------------------


def test_a_purchase_is_booked_once():
    """By its reference; a refund goes below; a new month begins at nothing."""
    ledger = spent(None, "2026-11", 300, "a")
    assert spent(ledger, "2026-11", 300, "a") is ledger
    ledger = spent(ledger, "2026-11", 200, "b")
    assert ledger.amount == 500
    assert spent(ledger, "2026-11", -900, "c").amount == 0
    assert spent(ledger, "2026-12", 100, "a") == Spending("2026-12", 100, ("a",))
    assert spent(ledger, "2026-10", 100, "z") is ledger


# -- as plain data ---------------------------------------------------------------------------------


def test_changes_survive_the_log():
    """As JSON there and back, each field by itself, two guardians' changes side by side."""
    house = replace(HOUSE, bonus=Bonus("2026-11-22", 30), blocked=("k",), off=("push",))
    fields = {name: getattr(house, name) for name in ("zone", "quiet", "bonus", "blocked", "off")}
    told = orjson.loads(orjson.dumps(plain(fields)))
    assert changed(None, told) == house
    assert changed(changed(house, {"paused": True}), {"daily_minutes": 30}) == replace(
        house, paused=True, daily_minutes=30
    )
    assert changed(house, {"of_a_later_release": 1}) == house


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({}, ""),
        ({"zone": "Europe/Berlin"}, ""),
        ({"zone": "Europe/Nowhere"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"quiet": (Quiet((0,), 60, 60),)}, "quiet"),
        ({"quiet": (Quiet((), 60, 90),)}, "quiet"),
        ({"quiet": (Quiet((7,), 60, 90),)}, "quiet"),
        ({"quiet": (Quiet((0,), 60, 1440),)}, "quiet"),
        ({"quiet": (Quiet((0,), 60, 90, "nap"),)}, "quiet"),
        ({"quiet": (SCHOOL_NIGHTS,) * 29}, "quiet"),
        ({"daily_minutes": 0}, "daily_minutes"),
        ({"session_minutes": 1441}, "session_minutes"),
        ({"bonus": Bonus("2026-11-22", -1)}, "bonus"),
        ({"blocked": ("k",) * 201}, "blocked"),
        ({"spend_cap": -1}, "spend_cap"),
        ({"off": ("help",)}, "off"),
    ],
)
def test_what_cannot_be_set(fields: dict[str, Any], fault: str):
    """Help can never be switched off."""
    assert wrong(replace(Household(), **fields)) == fault


# -- the day ---------------------------------------------------------------------------------------


def test_how_a_day_stands():
    """Used, left, sitting, nights, the week with empty days; closed by the first thing that closes it."""
    now = at("2026-11-25T15:00")
    days = (
        Day("2026-11-19", 600, 0, 3),
        Day("2026-11-23", 1_200, 120, 5),
        Day("2026-11-25", 3_000, 0, 9),
    )
    person = Person("u", 0, now, now - 1_200, days=days, house=replace(HOUSE, daily_minutes=60))
    day = ward_day(EMPTY, person, now)
    assert (day.used, day.left, day.sitting, day.closed) == (50, 10, 20, "")
    assert [one.day[-2:] for one in day.week] == ["19", "20", "21", "22", "23", "24", "25"]
    assert (day.nights, day.days_used) == (1, 3)
    used_up = replace(person, house=replace(HOUSE, daily_minutes=50))
    assert ward_day(EMPTY, used_up, now).closed == "daily"
    paused = replace(used_up, house=replace(HOUSE, daily_minutes=50, paused=True))
    assert ward_day(EMPTY, paused, now).closed == "paused"
    assert ward_day(EMPTY, person, at("2026-11-25T22:00")).closed == "quiet"
    later = ward_day(EMPTY, person, now + 3_600)
    assert (later.sitting, later.at.day) == (0, "2026-11-25")
    assert datetime.fromtimestamp(later.ends, UTC).isoformat() == "2026-11-25T23:00:00+00:00"
