"""What the clock and a person's state ask for: states for the rules, and notices that are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.duties import Moment, due, moment, states
from guardrail.person import Consent as Given
from guardrail.person import Crisis, Day, Person, moved, shown
from guardrail.policy.model import (
    Clock,
    Consent,
    Curfew,
    Dependence,
    Mode,
    Notice,
    Policy,
    Start,
)
from guardrail.turn import AgeBand, Danger, Profile, State

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
EMPTY = Policy("p", "r", "t", Mode.ENFORCE, (), {}, {}, {}, ())
MINOR = Profile("u", AgeBand.MINOR)
ADULT = Profile("u", AgeBand.ADULT)
UNKNOWN = Profile("u", AgeBand.UNKNOWN)
NIGHT = Curfew(18, Clock(22 * 60), Clock(6 * 60))


def clock(written: str, zone: str = "UTC", fold: int = 0) -> float:
    """The time at which clocks of a zone show this."""
    local = datetime.fromisoformat(written)
    return local.replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


NOON = clock("2026-11-20T12:00")


def someone(now: float = NOON, **fields) -> Person:
    """Somebody whose sitting begins now."""
    return replace(Person("u", now, now, now), **fields)


class Talk:
    """Somebody who goes on talking, and is told what is due each time."""

    def __init__(self, *notices: Notice, profile: Profile = ADULT, zone: str = "UTC") -> None:
        self.policy = replace(EMPTY, notices=notices)
        self.profile, self.zone = profile, zone
        self.person: Person | None = None

    def say(self, now: float, *held: State, tell: bool = True) -> list[str]:
        """One turn, and which notices it owes."""
        at = moment(now, self.zone)
        self.person = moved(self.person, "u", now, at.day, night=at.night)
        owed = due(self.policy, self.profile, self.person, held=frozenset(held), at=at)
        if tell:
            self.person = shown(self.person, {notice.id: now for notice in owed})
        return [notice.id for notice in owed]


# -- the clock -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "minutes"),
    [
        ("UTC", "2026-11-20", 16 * 60 + 30),
        ("Asia/Shanghai", "2026-11-21", 30),
        ("America/Los_Angeles", "2026-11-20", 8 * 60 + 30),
        ("Asia/Kathmandu", "2026-11-20", 22 * 60 + 15),
        ("Pacific/Kiritimati", "2026-11-21", 6 * 60 + 30),
    ],
)
def test_a_moment_is_what_the_wall_says(zone: str, day: str, minutes: int):
    """Day and minutes are those of the zone."""
    at = moment(clock("2026-11-20T16:30"), zone)
    assert (at.day, at.minutes) == (day, minutes)
    assert at.night is (minutes < 5 * 60)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/passwd", "a\0b"])
def test_a_zone_that_nobody_knows_is_utc(zone: str):
    """The database of zones may be taken away under us: a turn must not stop."""
    assert moment(NOON, zone) == moment(NOON, "UTC")


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
@pytest.mark.parametrize("hour", ["00:30", "01:30", "03:30", "12:00", "23:59"])
def test_midnight_is_real_when_the_clocks_change(day: str, hour: str):
    """On days of 23 and 25 hours the day began when it began."""
    at = moment(clock(f"{day}T{hour}", "Europe/Berlin"), "Europe/Berlin")
    assert at.midnight == clock(f"{day}T00:00", "Europe/Berlin")
    assert at.minutes == int(hour[:2]) * 60 + int(hour[3:])


# -- states --------------------------------------------------------------------------------


def held(policy: Policy, profile: Profile, person: Person, at: Moment | None = None):
    """The states of a person at noon, unless another moment is given."""
    return states(policy, profile, person, at or moment(NOON, "UTC"))


def test_nothing_holds_of_somebody_new():
    """Without terms and without a past there is no state."""
    assert held(EMPTY, UNKNOWN, someone()) == frozenset()


@pytest.mark.parametrize(
    ("danger", "expected"),
    [
        (Danger.NONE, set()),
        (Danger.CONCERN, {State.CONCERN}),
        (Danger.ACTIVE, {State.CONCERN, State.ACTIVE}),
        (Danger.IMMINENT, {State.CONCERN, State.ACTIVE, State.IMMINENT}),
    ],
)
def test_a_crisis_holds_in_all_its_degrees(danger: Danger, expected: set[State]):
    """The graver holds with the lesser, and none of it once its time is over."""
    person = someone(crisis=Crisis(danger, NOON - HOUR, NOON + HOUR, 1))
    assert held(EMPTY, ADULT, person) == expected
    assert held(EMPTY, ADULT, person, moment(NOON + HOUR, "UTC")) == frozenset()


def test_a_pause_holds():
    """Until somebody ends it."""
    assert held(EMPTY, ADULT, someone(paused=True)) == {State.PAUSED}


@pytest.mark.parametrize(
    ("years", "elder"),
    [(None, False), ((60, 120), True), ((65, 70), True), ((59, 120), False), ((18, 120), False)],
)
def test_elders_are_known_to_be_so(years: tuple[int, int] | None, elder: bool):
    """Only who is 60 at least by what we know; not who might be."""
    profile = replace(ADULT, years=years)
    assert (State.ELDER in held(EMPTY, profile, someone())) is elder


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (None, True),
        (Given("companion", "2", NOON - DAY), False),
        (Given("companion", "1", NOON - DAY), True),  # the words have changed since
        (Given("news", "2", NOON - DAY), True),
    ],
)
def test_consent_counts_by_scope_and_version(given: Given | None, missing: bool):
    """What a guardian agreed to is those words, not later ones."""
    policy = replace(EMPTY, consents=(Consent(16, "companion", "2"),))
    child = replace(MINOR, years=(13, 15))
    assert (State.NO_CONSENT in held(policy, child, someone(consent=given))) is missing


@pytest.mark.parametrize(
    ("profile", "missing"),
    [
        (MINOR, True),  # of unknown years: any
        (replace(MINOR, years=(13, 15)), True),
        (replace(MINOR, years=(0, 12)), True),
        (replace(MINOR, years=(16, 17)), False),
        (UNKNOWN, False),
        (ADULT, False),
    ],
)
def test_whom_consent_is_asked_for(profile: Profile, missing: bool):
    """For everybody who may be younger than the age that the policy names."""
    policy = replace(EMPTY, consents=(Consent(16),))
    assert (State.NO_CONSENT in held(policy, profile, someone())) is missing


def test_dependence_has_two_heights():
    """Elevated holds with high; neither without terms, nor for ages that are not followed."""
    days = tuple(Day(f"2026-11-{n}", 4 * HOUR, HOUR, 20, 2) for n in range(14, 21))
    person = someone(days=days)
    both = replace(EMPTY, dependence=Dependence(0.3, 0.6))
    assert held(both, ADULT, person) == {State.ELEVATED, State.HIGH}
    one = replace(EMPTY, dependence=Dependence(0.3, 0.95))
    assert held(one, ADULT, person) == {State.ELEVATED}
    assert held(EMPTY, ADULT, person) == frozenset()
    young = replace(EMPTY, dependence=Dependence(0.3, 0.6, frozenset({AgeBand.MINOR})))
    assert held(young, ADULT, person) == frozenset()


# -- nights --------------------------------------------------------------------------------


def asleep(written: str, zone: str, curfew: Curfew = NIGHT, fold: int = 0, **fields) -> bool:
    """Whether a child is sent to bed when clocks of the zone show this."""
    at = moment(clock(written, zone, fold), zone)
    found = states(replace(EMPTY, curfews=(curfew,)), MINOR, someone(at.now, **fields), at)
    return State.CURFEW in found


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize(
    ("hour", "expected"),
    [("21:59", False), ("22:00", True), ("23:59", True), ("00:00", True), ("05:59", True),
     ("06:00", False), ("12:00", False)],
)  # fmt: skip
def test_a_night_crosses_midnight(zone: str, hour: str, expected: bool):
    """From the first minute to the last, on the clock where the child is."""
    assert asleep(f"2026-11-20T{hour}", zone) is expected


@pytest.mark.parametrize(
    ("hour", "expected"), [("12:59", False), ("13:00", True), ("14:29", True), ("14:30", False)]
)
def test_a_curfew_may_lie_within_a_day(hour: str, expected: bool):
    """Such as school hours."""
    school = Curfew(18, Clock(13 * 60), Clock(14 * 60 + 30))
    assert asleep(f"2026-11-20T{hour}", "Asia/Shanghai", school) is expected


@pytest.mark.parametrize(
    ("written", "fold", "expected"),
    [
        ("2026-03-29T01:59", 0, True),  # then clocks jump to three
        ("2026-03-29T03:00", 0, True),
        ("2026-03-29T05:59", 0, True),
        ("2026-03-29T06:00", 0, False),
        ("2026-10-25T02:30", 0, True),  # this hour comes twice
        ("2026-10-25T02:30", 1, True),
        ("2026-10-25T05:59", 0, True),
        ("2026-10-25T06:00", 0, False),
        ("2026-10-24T21:59", 0, False),
        ("2026-10-24T22:00", 0, True),
    ],
)
def test_a_night_when_the_clocks_change(written: str, fold: int, expected: bool):
    """In Berlin the night ends at six on the clock, after seven hours, eight or nine."""
    assert asleep(written, "Europe/Berlin", fold=fold) is expected


def test_an_hour_that_comes_twice_ends_once():
    """A curfew that ends within the doubled hour holds in it again: the clock is what counts."""
    early = Curfew(18, Clock(22 * 60), Clock(2 * 60 + 15))
    assert not asleep("2026-10-25T02:20", "Europe/Berlin", early)
    assert asleep("2026-10-25T02:10", "Europe/Berlin", early, fold=1)


def test_a_guardian_may_lift_a_night():
    """Until the time that was named, and no longer."""
    till = clock("2026-11-20T23:00", "Asia/Shanghai")
    assert not asleep("2026-11-20T22:59", "Asia/Shanghai", curfew_lifted=till)
    assert asleep("2026-11-20T23:00", "Asia/Shanghai", curfew_lifted=till)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (MINOR, True),
        (replace(MINOR, years=(13, 15)), True),
        (replace(MINOR, years=(16, 17)), False),
        (UNKNOWN, False),
        (ADULT, False),
    ],
)
def test_whose_nights_are_kept(profile: Profile, expected: bool):
    """Those of children who may be younger than the age that the policy names."""
    policy = replace(EMPTY, curfews=(replace(NIGHT, under=16),))
    at = moment(clock("2026-11-20T23:00"), "UTC")
    assert (State.CURFEW in states(policy, profile, someone(at.now), at)) is expected


# -- notices: beginnings -------------------------------------------------------------------


def test_once_in_a_sitting():
    """At its first turn, not again, and anew after a long silence."""
    talk = Talk(Notice("a", "t", start=Start.SITTING))
    times = (NOON, NOON + MINUTE, NOON + 15 * MINUTE, NOON + 45 * MINUTE, NOON + 46 * MINUTE)
    assert [talk.say(at) for at in times] == [["a"], [], [], ["a"], []]


def test_what_was_not_shown_stays_due():
    """An answer that could not carry it leaves it to the next."""
    talk = Talk(Notice("a", "t", start=Start.SITTING), Notice("b", "u", start=Start.DAY))
    assert talk.say(NOON, tell=False) == ["a", "b"]
    assert talk.say(NOON + MINUTE) == ["a", "b"]
    assert talk.say(NOON + 2 * MINUTE) == []


@pytest.mark.parametrize(
    ("zone", "evening", "later"),
    [
        ("UTC", "2026-11-20T23:58", "2026-11-21T00:02"),
        ("Asia/Shanghai", "2026-11-20T23:58", "2026-11-21T00:02"),
        ("Europe/Berlin", "2026-03-28T23:30", "2026-03-29T10:00"),  # 23 hours
        ("Europe/Berlin", "2026-03-28T23:59", "2026-03-29T03:00"),
        ("Europe/Berlin", "2026-10-24T23:30", "2026-10-25T00:10"),  # 25 hours
    ],
)
def test_once_a_day(zone: str, evening: str, later: str):
    """The calendar's day where the person is: also across midnight and changes of the clock."""
    talk = Talk(Notice("a", "t", start=Start.DAY), zone=zone)
    assert talk.say(clock(evening, zone) - HOUR) == ["a"]
    assert talk.say(clock(evening, zone)) == []
    assert talk.say(clock(later, zone)) == ["a"]
    assert talk.say(clock(later, zone) + 10 * HOUR) == []


def test_a_day_of_25_hours_is_one():
    """What was shown just after midnight is not shown again in the evening."""
    talk = Talk(Notice("a", "t", start=Start.DAY), zone="Europe/Berlin")
    assert talk.say(clock("2026-10-25T00:10", "Europe/Berlin")) == ["a"]
    assert talk.say(clock("2026-10-25T23:50", "Europe/Berlin")) == []


# -- notices: long use ---------------------------------------------------------------------


def test_every_so_many_minutes_of_a_sitting():
    """Counted from its beginning, then from the last time; a silence begins anew."""
    talk = Talk(Notice("a", "t", every_minutes=60))
    told = [n for n in range(200) if talk.say(NOON + n * MINUTE)]
    assert told == [60, 120, 180]
    again = NOON + 199 * MINUTE + HOUR
    assert [n for n in range(70) if talk.say(again + n * MINUTE)] == [60]


def test_turns_are_sparse_and_the_clock_still_counts():
    """Due at the first turn after the time is full, and then from there."""
    talk = Talk(Notice("a", "t", every_minutes=60))
    told = [n for n in range(0, 200, 14) if talk.say(NOON + n * MINUTE)]
    assert told == [70, 140]


def test_a_beginning_and_long_use_in_one():
    """One notice for both: at the beginning, then every three hours (NY GBL 1702)."""
    talk = Talk(Notice("a", "t", start=Start.SITTING, every_minutes=180))
    told = [n for n in range(0, 400, 10) if talk.say(NOON + n * MINUTE)]
    assert told == [0, 180, 360]


# -- notices: absence ----------------------------------------------------------------------


@pytest.mark.parametrize(("days", "expected"), [(6.99, []), (7, ["a"]), (400, ["a"])])
def test_back_after_an_absence(days: float, expected: list[str]):
    """Whoever was away for so many days is told at the first turn, once."""
    talk = Talk(Notice("a", "t", absence_days=7))
    assert talk.say(NOON) == []
    assert talk.say(NOON + days * DAY) == expected
    assert talk.say(NOON + days * DAY + MINUTE) == []


def test_somebody_new_was_not_away():
    """There is nothing to come back from."""
    assert Talk(Notice("a", "t", absence_days=1)).say(NOON) == []


# -- notices: states -----------------------------------------------------------------------


def test_on_a_state():
    """Due while one of its states holds."""
    talk = Talk(Notice("a", "t", on=frozenset({State.ASKED_HUMAN, State.ELEVATED})))
    assert talk.say(NOON) == []
    assert talk.say(NOON + MINUTE, State.LEAVING) == []
    assert talk.say(NOON + 2 * MINUTE, State.ASKED_HUMAN) == ["a"]
    assert talk.say(NOON + 3 * MINUTE, State.ASKED_HUMAN) == ["a"]  # asked again, told again
    assert talk.say(NOON + 4 * MINUTE, State.ELEVATED, State.LEAVING) == ["a"]


def test_a_cooldown_keeps_it_quiet():
    """Not again until its minutes are over, then at once."""
    talk = Talk(Notice("a", "t", on=frozenset({State.ELEVATED}), cooldown_minutes=30))
    told = [n for n in range(70) if talk.say(NOON + n * MINUTE, State.ELEVATED)]
    assert told == [0, 30, 60]


def test_a_cooldown_holds_over_every_reason():
    """Also where a sitting begins."""
    notice = Notice("a", "t", start=Start.SITTING, cooldown_minutes=60)
    talk = Talk(notice)
    assert [talk.say(NOON + n * 20 * MINUTE) for n in range(4)] == [["a"], [], [], ["a"]]


@pytest.mark.parametrize("back", [HOUR, 400 * DAY])
def test_a_clock_that_is_set_back_silences_no_answer(back: float):
    """Who asks whether this is a person is told, whatever time the notice was last shown."""
    talk = Talk(Notice("a", "t", on=frozenset({State.ASKED_HUMAN}), cooldown_minutes=5))
    assert talk.say(NOON, State.ASKED_HUMAN) == ["a"]
    assert talk.say(NOON - back, State.ASKED_HUMAN) == ["a"]


# -- notices: for whom ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "profile", "expected"),
    [
        ({}, ADULT, True),
        ({"ages": frozenset({AgeBand.MINOR})}, MINOR, True),
        ({"ages": frozenset({AgeBand.MINOR})}, UNKNOWN, False),
        ({"ages": frozenset({AgeBand.MINOR, AgeBand.UNKNOWN})}, UNKNOWN, True),
        ({"under": 14}, replace(MINOR, years=(13, 15)), True),
        ({"under": 13}, replace(MINOR, years=(13, 15)), False),
        ({"under": 13}, MINOR, True),
        ({"under": 18}, ADULT, False),
        ({"under": 16, "ages": frozenset({AgeBand.ADULT})}, MINOR, False),
    ],
)
def test_whom_a_notice_concerns(fields, profile: Profile, expected: bool):
    """An age band, or who may be younger than an age."""
    talk = Talk(Notice("a", "t", start=Start.SITTING, **fields), profile=profile)
    assert bool(talk.say(NOON)) is expected


def test_each_text_once():
    """Two duties that are met by the same words are told by the first of them."""
    talk = Talk(
        Notice("a", "same", start=Start.SITTING),
        Notice("b", "same", start=Start.DAY),
        Notice("c", "other", start=Start.DAY),
    )
    assert talk.say(NOON) == ["a", "c"]


@given(
    st.lists(st.floats(0, 4 * HOUR), min_size=1, max_size=40),
    st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin"]),
)
def test_no_sitting_goes_untold(pauses: list[float], zone: str):
    """Whenever somebody comes: each sitting and each day has its notice, and so has each hour."""
    talk = Talk(
        Notice("sitting", "a", start=Start.SITTING),
        Notice("day", "b", start=Start.DAY),
        Notice("long", "c", every_minutes=60),
        zone=zone,
    )
    now, told = NOON, dict.fromkeys(("sitting", "day", "long"), 0.0)
    for pause in pauses:
        now += pause
        told.update(dict.fromkeys(talk.say(now), now))
        assert talk.person is not None
        at = moment(now, zone)
        assert told["sitting"] >= talk.person.sitting
        assert told["day"] >= at.midnight
        assert now - max(talk.person.sitting, told["long"]) < HOUR
