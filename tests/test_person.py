"""What is remembered of a person: sittings and days, age by its evidence, crisis, notices."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.duties import moment
from guardrail.person import (
    DAYS,
    IDLE_GAP,
    Age,
    Consent,
    Crisis,
    Day,
    Doubt,
    Person,
    aged,
    appealed,
    counted,
    doubted,
    moved,
    noted,
    pointed,
    raised,
    released,
    shown,
    stricter,
    treated,
)
from guardrail.turn import AgeBand, Danger, Evidence

NOW = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC
TODAY, TOMORROW = "2023-11-14", "2023-11-15"
HOUR = 3600.0
BANDS = st.sampled_from(AgeBand)
PROOFS = st.sampled_from(Evidence)
AGES = st.builds(Age, BANDS, PROOFS, st.none(), st.floats(0, 1e6))
DANGERS = st.sampled_from(Danger)
RANK = list(Danger)


def someone(**fields) -> Person:
    """Somebody who has just come."""
    return replace(Person("u", NOW, NOW, NOW), **fields)


def used(*times: float, zone: str = "UTC") -> Person:
    """Somebody who says something at these times."""
    person = None
    for at in times:
        here = moment(at, zone)
        person = moved(person, "u", at, here.day, night=here.night)
    assert person is not None
    return person


# -- sittings and days ---------------------------------------------------------------------


def test_the_first_turn_begins_everything():
    """Somebody new is here since now, and their first turn counts."""
    assert moved(None, "u", NOW, TODAY) == Person("u", NOW, NOW, NOW, days=(Day(TODAY, turns=1),))


def test_a_sitting_goes_on_until_a_long_silence():
    """A gap up to the limit belongs to the sitting; a longer one begins another."""
    second = used(NOW, NOW + IDLE_GAP)
    third = moved(second, "u", NOW + 2 * IDLE_GAP + 1, TODAY)
    assert (second.sitting, second.away) == (NOW, 0.0)
    assert (third.sitting, third.away) == (third.last_seen, IDLE_GAP + 1)
    assert moved(third, "u", third.last_seen + 60, TODAY).away == IDLE_GAP + 1
    assert third.since == NOW


def test_use_adds_up_without_the_silences():
    """Gaps within a sitting are use; longer ones and steps back of the clock are not."""
    later = NOW + 60 + IDLE_GAP + 1
    person = used(NOW, NOW + 60, later, later - 30, later + 20)
    assert person.days == (Day(TODAY, seconds=80.0, turns=5),)
    assert person.last_seen == later + 20


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=30))
def test_use_never_exceeds_the_time_that_passed(offsets: list[float]):
    """Whatever the clock does, nobody is charged more than the time between first and last."""
    person = None
    for offset in offsets:
        person = moved(person, "u", NOW + offset, TODAY)
    assert person is not None
    assert 0.0 <= person.days[-1].seconds <= max(offsets) - min(offsets) + 1e-3
    assert person.days[-1].turns == len(offsets)
    assert person.since <= person.last_seen
    assert person.sitting <= person.last_seen


def test_two_devices_are_charged_once():
    """Turns that alternate between two conversations share one ledger and one clock."""
    times = [NOW + at for at in range(0, 600, 10) for _ in range(2)]
    assert used(*times).days[-1].seconds == 590.0


def test_midnight_begins_another_line():
    """The gap across midnight counts for the day that it ends in; the sitting goes on."""
    midnight = 1_700_006_400.0
    person = used(midnight - 120, midnight - 60, midnight + 60, midnight + 120)
    assert person.sitting == midnight - 120
    assert person.days == (
        Day(TODAY, seconds=60.0, turns=2),
        Day(TOMORROW, seconds=180.0, night=180.0, turns=2),
    )


def test_nights_are_counted_where_the_person_is():
    """An afternoon in London is a night in Auckland's calendar only for those in Auckland."""
    at = 1_700_046_000.0  # 11:00 in UTC, midnight in Auckland
    assert used(at + 60, at + 120, zone="UTC").days[-1].night == 0.0
    assert used(at + 60, at + 120, zone="Pacific/Auckland").days[-1].night == 60.0


def test_two_zones_at_once():
    """Two devices in two zones write two lines, and neither loses what it had."""
    times = [(NOW + n * 60, ("UTC", "Asia/Shanghai")[n % 2]) for n in range(10)]
    person = None
    for at, zone in times:
        here = moment(at, zone)
        person = moved(person, "u", at, here.day, night=here.night)
    assert person is not None
    days = {day.day: (day.seconds, day.turns) for day in person.days}
    assert days == {TODAY: (240.0, 5), TOMORROW: (300.0, 5)}
    assert len(person.days) == 2


def test_a_clock_that_is_set_back_empties_no_ledger():
    """After a step back over midnight the day goes on where it stood."""
    midnight = 1_700_006_400.0
    person = used(midnight - 120, midnight - 60, midnight + 60)
    back = moved(person, "u", midnight - 30, TODAY)
    assert back.today(TODAY) == Day(TODAY, seconds=60.0, turns=3)
    assert back.last_seen == midnight + 60
    assert back.away == 0.0
    assert moved(back, "u", midnight + 120, TOMORROW).today(TOMORROW).seconds == 180.0


def test_a_clock_that_is_set_forward_is_an_absence():
    """A jump ahead is no use."""
    person = used(NOW, NOW + 60, NOW + 60 + 5 * HOUR)
    assert sum(day.seconds for day in person.days) == 60.0


def test_only_the_last_days_are_kept():
    """As many as the longer window of the dependence index; the oldest go first."""
    person = used(*(NOW + n * 24 * HOUR for n in range(DAYS + 5)))
    assert len(person.days) == DAYS
    assert person.days[0].day == "2023-11-19"
    assert person.days == tuple(sorted(person.days, key=lambda day: day.day))


def test_a_day_without_use_has_an_empty_ledger():
    """Of a day that is not kept, nothing is known."""
    assert someone().today(TODAY) == Day(TODAY)
    assert used(NOW).today("2020-01-01") == Day("2020-01-01")


def test_another_turn_forgets_nothing_of_the_day():
    """What was said of dependence stays, whatever it was about."""
    before = counted(used(NOW), TODAY, ["exclusive", "withdrawn", "distress"]).days[-1]
    after = moved(
        counted(used(NOW), TODAY, ["exclusive", "withdrawn", "distress"]), "u", NOW + 60, TODAY
    ).days[-1]
    assert after == replace(before, seconds=60.0, turns=2)
    assert (after.signs, after.exclusive, after.withdrawn, after.distress) == (1, 1, 1, 1)


def test_signs_are_counted_by_day():
    """A sign of dependence stands beside the day's use, and adds no turn."""
    person = counted(counted(used(NOW), TODAY), TODAY)
    assert person.today(TODAY) == Day(TODAY, turns=1, signs=2)
    assert counted(person, TOMORROW).days == (
        Day(TODAY, turns=1, signs=2),
        Day(TOMORROW, signs=1),
    )


# -- age -----------------------------------------------------------------------------------


@given(BANDS, BANDS, BANDS)
def test_strictness_does_not_depend_on_order(a: AgeBand, b: AgeBand, c: AgeBand):
    """Evidence may come in any order and twice; a minor stays a minor."""
    assert stricter(a, b) is stricter(b, a)
    assert stricter(stricter(a, b), c) is stricter(a, stricter(b, c))
    assert stricter(a, a) is a
    assert stricter(AgeBand.MINOR, a) is AgeBand.MINOR
    assert stricter(a, None) is a


@pytest.mark.parametrize(
    ("known", "found", "then"),
    [
        (AgeBand.UNKNOWN, AgeBand.UNKNOWN, AgeBand.UNKNOWN),
        (AgeBand.UNKNOWN, AgeBand.ADULT, AgeBand.ADULT),
        (AgeBand.ADULT, AgeBand.UNKNOWN, AgeBand.ADULT),
        (AgeBand.ADULT, AgeBand.MINOR, AgeBand.MINOR),
        (AgeBand.MINOR, AgeBand.ADULT, AgeBand.MINOR),
        (AgeBand.MINOR, AgeBand.UNKNOWN, AgeBand.MINOR),
    ],
)
@pytest.mark.parametrize("proof", Evidence)
def test_age_is_sticky(known: AgeBand, found: AgeBand, then: AgeBand, proof: Evidence):
    """Of evidence that is as strong, an age moves towards minor and never back."""
    person = someone(age=Age(known, proof))
    assert aged(person, Age(found, proof)).age.band is then


@pytest.mark.parametrize(
    ("known", "found", "then"),
    [
        (Age(), Age(AgeBand.MINOR, Evidence.STATED), AgeBand.MINOR),
        (Age(), Age(AgeBand.MINOR, Evidence.INFERRED), AgeBand.MINOR),
        (Age(AgeBand.MINOR, Evidence.STATED), Age(AgeBand.ADULT, Evidence.STATED), AgeBand.MINOR),
        (Age(AgeBand.MINOR, Evidence.STATED), Age(AgeBand.ADULT, Evidence.INFERRED), AgeBand.MINOR),
        (Age(AgeBand.MINOR, Evidence.STATED), Age(AgeBand.ADULT, Evidence.VERIFIED), AgeBand.ADULT),
        (Age(AgeBand.MINOR, Evidence.INFERRED), Age(AgeBand.ADULT, Evidence.STATED), AgeBand.ADULT),
        (Age(AgeBand.ADULT, Evidence.VERIFIED), Age(AgeBand.MINOR, Evidence.STATED), AgeBand.ADULT),
        (Age(AgeBand.ADULT, Evidence.STATED), Age(AgeBand.MINOR, Evidence.STATED), AgeBand.MINOR),
        (Age(AgeBand.ADULT, Evidence.PLATFORM), Age(AgeBand.MINOR, Evidence.GUARDIAN), AgeBand.ADULT),
        (Age(AgeBand.MINOR, Evidence.STATED), Age(AgeBand.UNKNOWN, Evidence.VERIFIED), AgeBand.MINOR),
    ],
)  # fmt: skip
def test_the_stronger_evidence_counts(known: Age, found: Age, then: AgeBand):
    """Words in a chat make a minor of somebody unknown, and no adult of a minor."""
    assert aged(someone(age=known), found).age.band is then


def test_evidence_stands_in_its_order():
    """Each kind of evidence overrides those after it, and is not overridden by them."""
    for rank, strong in enumerate(Evidence):
        for weak in list(Evidence)[rank + 1 :]:
            adult = someone(age=Age(AgeBand.ADULT, strong))
            assert aged(adult, Age(AgeBand.MINOR, weak)) == adult
            child = someone(age=Age(AgeBand.MINOR, weak))
            assert aged(child, Age(AgeBand.ADULT, strong)).age.band is AgeBand.ADULT


@given(st.lists(AGES, max_size=6), AGES)
def test_age_never_softens_without_stronger_evidence(history: list[Age], found: Age):
    """Whatever came before: a minor only becomes something else by stronger evidence."""
    person = someone()
    for age in history:
        person = aged(person, age)
    after = aged(person, found)
    softer = person.age.band is AgeBand.MINOR and after.age.band is not AgeBand.MINOR
    order = list(Evidence)
    assert not softer or order.index(found.evidence) < order.index(person.age.evidence)
    assert after.age in (person.age, found)
    assert aged(after, found).age.band is after.age.band


@given(st.lists(AGES, max_size=5), st.randoms())
def test_the_order_of_evidence_does_not_matter(found: list[Age], chance):
    """The band that comes out is the same, in whatever order the evidence arrived."""

    def band(ages: list[Age]) -> tuple[AgeBand, Evidence]:
        person = someone()
        for age in ages:
            person = aged(person, age)
        return person.age.band, person.age.evidence

    mixed = list(found)
    chance.shuffle(mixed)
    assert band(found) == band(mixed)


def test_the_same_evidence_again_changes_nothing():
    """A header on every request does not move the time at which an age became known."""
    person = someone(age=Age(AgeBand.MINOR, Evidence.PLATFORM, (13, 15), NOW))
    again = Age(AgeBand.MINOR, Evidence.PLATFORM, (13, 15), NOW + 9)
    older = Age(AgeBand.MINOR, Evidence.PLATFORM, (16, 17), NOW + 9)
    assert aged(person, again) is person
    assert aged(person, older).age == older  # a birthday


def test_an_appeal_sets_everything_else_aside():
    """A human's word makes an adult of a minor; later words in the chat count as before."""
    child = someone(age=Age(AgeBand.MINOR, Evidence.VERIFIED, (13, 15)))
    adult = Age(AgeBand.ADULT, Evidence.GUARDIAN, None, NOW)
    assert appealed(child, adult).age == adult
    again = aged(appealed(child, adult), Age(AgeBand.MINOR, Evidence.STATED))
    assert again.age == adult


# -- crisis --------------------------------------------------------------------------------


def test_a_doubt_stands_until_somebody_has_looked():
    """A signal of the app's once more does not clear it; a document, an appeal or a guardian does."""
    adult = Age(AgeBand.ADULT, Evidence.PLATFORM)
    person = doubted(aged(someone(), adult), (14, 14), 5.0)
    assert person.kept
    assert treated(person, AgeBand.MINOR) == Age(AgeBand.MINOR, Evidence.STATED, (14, 14), 5.0)
    assert treated(person, AgeBand.ADULT) == adult
    assert doubted(person, (13, 13), 9.0) == person
    again = aged(person, replace(adult, years=(18, 120)))
    assert again.doubt == person.doubt
    proven = Age(AgeBand.ADULT, Evidence.VERIFIED)
    assert aged(person, proven).doubt is None
    assert appealed(person, adult).doubt is None
    assert noted(person).doubt == Doubt((14, 14), 5.0, noted=True)
    assert noted(someone()) == someone()


def test_only_an_adult_can_be_doubted():
    """Of everybody else a child's word makes a child."""
    assert doubted(someone(), (14, 14), 5.0).doubt is None


def test_a_crisis_lasts_and_ends_by_itself():
    """It holds for its time to the second, whatever else is said."""
    person = raised(someone(), Danger.ACTIVE, NOW, 24 * HOUR)
    assert person.crisis == Crisis(Danger.ACTIVE, NOW, NOW + 24 * HOUR, 1)
    assert person.crisis.at(NOW + 24 * HOUR - 1) is Danger.ACTIVE
    assert person.crisis.at(NOW + 24 * HOUR) is Danger.NONE


def test_a_lesser_sign_makes_it_longer_not_lighter():
    """A running crisis keeps its gravest state, its beginning and its count."""
    person = raised(someone(), Danger.IMMINENT, NOW, 24 * HOUR)
    person = raised(person, Danger.CONCERN, NOW + HOUR, 24 * HOUR)
    assert person.crisis == Crisis(Danger.IMMINENT, NOW, NOW + 25 * HOUR, 2)


def test_a_shorter_hold_shortens_nothing():
    """A policy that was changed since does not end what the one before began."""
    person = raised(someone(), Danger.ACTIVE, NOW, 48 * HOUR)
    assert raised(person, Danger.ACTIVE, NOW + HOUR, HOUR).crisis.until == NOW + 48 * HOUR


def test_a_crisis_after_the_last_is_a_new_one():
    """What ran out does not make the next one graver."""
    person = raised(someone(), Danger.IMMINENT, NOW, HOUR)
    person = raised(person, Danger.CONCERN, NOW + 2 * HOUR, HOUR)
    assert person.crisis == Crisis(Danger.CONCERN, NOW + 2 * HOUR, NOW + 3 * HOUR, 1)


def test_no_danger_is_no_sign():
    """A decision that raises nothing leaves everything as it was."""
    person = raised(someone(), Danger.ACTIVE, NOW, HOUR)
    assert raised(person, Danger.NONE, NOW + 60, HOUR) is person


def test_a_human_ends_it():
    """Release takes effect at once, and the next sign begins anew."""
    person = pointed(raised(someone(), Danger.IMMINENT, NOW, HOUR), NOW)
    assert released(person).crisis == Crisis()
    assert raised(released(person), Danger.CONCERN, NOW + 60, HOUR).crisis.signs == 1


def test_words_that_point_to_help_are_remembered():
    """When they were said; nothing else of the crisis moves."""
    person = raised(someone(), Danger.ACTIVE, NOW, HOUR)
    assert pointed(person, NOW + 5).crisis == replace(person.crisis, pointed=NOW + 5)


@given(st.lists(st.tuples(DANGERS, st.floats(0, HOUR), st.floats(1, 48)), max_size=12))
def test_a_running_crisis_never_gets_less(signs: list[tuple[Danger, float, float]]):
    """Over any row of signs: neither graver states nor ends move back while it runs."""
    person, now = someone(), NOW
    for danger, pause, hours in signs:
        now += pause
        before = person.crisis
        person = raised(person, danger, now, hours * HOUR)
        after = person.crisis
        assert RANK.index(after.at(now)) >= RANK.index(before.at(now))
        assert RANK.index(after.at(now)) >= RANK.index(danger)
        if before.at(now) is not Danger.NONE:
            assert after.until >= before.until
            assert after.since == before.since


# -- notices, and who is kept --------------------------------------------------------------


def test_notices_are_remembered_by_id():
    """The last time counts; others stay as they were; nothing shown changes nothing."""
    person = shown(shown(someone(), {"a": NOW, "b": NOW}), {"a": NOW + 9})
    assert dict(person.shown) == {"a": NOW + 9, "b": NOW}
    assert shown(person, {}) is person


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({}, False),
        ({"age": Age(AgeBand.MINOR, Evidence.INFERRED)}, True),
        ({"age": Age(AgeBand.ADULT, Evidence.VERIFIED)}, False),
        ({"consent": Consent("companion", "1", NOW)}, True),
        ({"paused": True}, True),
        ({"crisis": Crisis(Danger.ACTIVE, NOW, NOW + HOUR, 1)}, False),
    ],
)
def test_who_outlives_the_retention(fields, kept: bool):
    """Children, and those of whom a guardian or an operator has decided something."""
    assert someone(**fields).kept is kept
