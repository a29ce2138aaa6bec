"""What we remember of a person, over all their conversations and devices. Pure.

Session and person differ in what they are for: a session recognises messages, a person carries
what the duties of the law turn on: age, crisis, time spent, what has been shown, what a guardian
agreed to. Somebody whose id we do not know is remembered by the conversation alone.

Time is always the server's. A *sitting* is a stretch of use without a gap longer than `IDLE_GAP`,
on whatever device; a *day* is a day of the calendar where the person is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from guardrail.household import Household, Spending
from guardrail.leaning import DISTRESS, EXCLUSIVE, WITHDRAWN
from guardrail.turn import AgeBand, Danger, Evidence

__all__ = [
    "DAYS",
    "IDLE_GAP",
    "Age",
    "Consent",
    "Crisis",
    "Day",
    "Doubt",
    "Person",
    "aged",
    "appealed",
    "counted",
    "doubted",
    "moved",
    "noted",
    "pointed",
    "raised",
    "released",
    "shown",
    "stricter",
    "talking_to",
    "treated",
]

IDLE_GAP = 15 * 60.0
"""Seconds of silence that end a sitting. No law gives a number."""

DAYS = 28
"""Days of use that are kept: the longer window of the dependence index."""

CHARACTERS = 30
"""Characters of an overseen child that are kept by name, for the guardian's list."""

TOLD = 86_400.0
"""Seconds for which somebody is told that a guardian was told of them."""

_YOUNGEST, _OF_AGE = 5, 18
_YEARS_EN = re.compile(
    r"\b(?:i'?m|i am|im|turned|turning|just)\s+(?:only |just |almost |already |now )?(\d{1,2})\b(?! ?[%$€£]|[:.]\d| ?(?:min|hour|day|week|month|km|kg|cm|am\b|pm\b))"
    r"|\b(\d{1,2})\s?(?:yo\b|y/o|yrs? old|years? old)",
    re.IGNORECASE,
)
_HANZI = {
    word: 5 + number
    for number, word in enumerate(
        ("五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四", "十五", "十六", "十七")
    )
}
_YEARS_ZH = re.compile(
    r"我(?:今年|才|刚|刚满|快|已经|都|现在|其实|只有|是)*\s?(\d{1,2}|十[一二三四五六七]|[五六七八九十])\s?(?:周?岁|了)"
)

_RANK = {evidence: rank for rank, evidence in enumerate(reversed(Evidence))}
_GRAVITY = {danger: rank for rank, danger in enumerate(Danger)}


@dataclass(frozen=True, slots=True)
class Age:
    """What is known of an age, and how. `years`: the youngest and the oldest it may be."""

    band: AgeBand = AgeBand.UNKNOWN
    evidence: Evidence = Evidence.NONE
    years: tuple[int, int] | None = None
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Doubt:
    """An adult, by evidence, has said in the chat how old they are, and it is under 18."""

    years: tuple[int, int]
    at: float
    noted: bool = False  # a case has told somebody


@dataclass(frozen=True, slots=True)
class Crisis:
    """A crisis that lasts: through a change of subject, other conversations, another day."""

    danger: Danger = Danger.NONE
    since: float = 0.0
    until: float = 0.0  # when it ends by itself; a human may release it before
    signs: int = 0  # how often it was said in this crisis
    pointed: float = 0.0  # when the person last got words that point to real help

    def at(self, now: float) -> Danger:
        """How grave it is now."""
        return self.danger if now < self.until else Danger.NONE


@dataclass(frozen=True, slots=True)
class Consent:
    """What a guardian agreed to. The record of who and how is an event; this is what counts now."""

    scope: str
    version: str
    at: float


@dataclass(frozen=True, slots=True)
class Day:
    """One day's use, and the signs of dependence in it (CN Measures Art 10: early warning)."""

    day: str  # YYYY-MM-DD where the person is
    seconds: float = 0.0
    night: float = 0.0  # seconds between midnight and five
    turns: int = 0
    signs: int = 0  # turns that put the bot before people, or say one cannot do without it
    exclusive: int = 0  # of these, as far as it is known what they were about (see `leaning`)
    withdrawn: int = 0
    distress: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as far as we have to know them. No text, no name: the key is a keyed hash."""

    key: str
    since: float
    last_seen: float
    sitting: float  # when this sitting began
    age: Age = Age()
    crisis: Crisis = Crisis()
    days: tuple[Day, ...] = ()  # oldest first, the last one is today's
    shown: Mapping[str, float] = field(default_factory=dict)  # notice → when, by its id
    consent: Consent | None = None
    paused: bool = False
    curfew_lifted: float = 0.0  # until when a guardian has lifted the curfew
    away: float = 0.0  # seconds of absence before this sitting
    house: Household | None = None  # what guardians have set; that it is there means oversight
    character: str = ""  # whom this turn is with, as a keyed hash; for an overseen child alone
    characters: Mapping[str, str] = field(default_factory=dict)  # keyed hash → name, latest last
    spending: Spending | None = None
    doubt: Doubt | None = None  # until somebody has looked into it
    guardian_told: float = 0.0  # when a guardian was last told of a danger

    @property
    def kept(self) -> bool:
        """Whether this outlives the retention of those who stay away.

        A child is still one after a month's absence, and what a guardian or an operator has set
        holds until they change it.
        """
        settled = self.consent is not None or self.house is not None
        young = self.age.band is AgeBand.MINOR or self.doubt is not None
        return young or settled or self.paused

    @property
    def overseen(self) -> Household | None:
        """What guardians have set, as far as it counts: nobody oversees an adult."""
        return None if self.age.band is AgeBand.ADULT else self.house

    def today(self, day: str) -> Day:
        """The ledger of this day; an empty one if nothing is on it."""
        return next((ledger for ledger in self.days if ledger.day == day), None) or Day(day)


def stricter(a: AgeBand, b: AgeBand | None) -> AgeBand:
    """The stricter of two age bands; a proven adult counts over not knowing."""
    if b is None:
        return a
    if AgeBand.MINOR in (a, b):
        return AgeBand.MINOR
    return AgeBand.ADULT if AgeBand.ADULT in (a, b) else AgeBand.UNKNOWN


def moved(old: Person | None, key: str, now: float, day: str, *, night: bool = False) -> Person:
    """The person after one more turn at `now`: sitting, ledger and absence.

    `day` is the calendar's where the person is, `night` whether it is between midnight and five
    there. Gaps up to `IDLE_GAP` count as use.
    """
    if old is None:
        old = Person(key, since=now, last_seen=now, sitting=now)
    gap = max(0.0, now - old.last_seen)
    spent = gap if gap <= IDLE_GAP else 0.0
    so_far = old.today(day)
    ledger = Day(
        day,
        seconds=so_far.seconds + spent,
        night=so_far.night + (spent if night else 0.0),
        turns=so_far.turns + 1,
        signs=so_far.signs,
        exclusive=so_far.exclusive,
        withdrawn=so_far.withdrawn,
        distress=so_far.distress,
    )
    return replace(
        old,
        sitting=now if gap > IDLE_GAP else old.sitting,
        last_seen=max(now, old.last_seen),
        days=_with(old.days, ledger),
        away=gap if gap > IDLE_GAP else old.away,
    )


def talking_to(person: Person, character: str, name: str) -> Person:
    """The person in a turn with this character (a keyed hash; empty if nobody knows it).

    Characters are remembered for those whose guardian may block one, and for nobody else.
    """
    if person.overseen is None:
        return person
    if not character:
        return replace(person, character="")
    others = {key: known for key, known in person.characters.items() if key != character}
    kept = dict([*others.items(), (character, name)][-CHARACTERS:])
    return replace(person, character=character, characters=kept)


def counted(person: Person, day: str, about: Collection[str] = ()) -> Person:
    """The person with one more sign of dependence on this day; `about` by the names of `leaning`."""
    ledger = person.today(day)
    ledger = replace(
        ledger,
        signs=ledger.signs + 1,
        exclusive=ledger.exclusive + (EXCLUSIVE in about),
        withdrawn=ledger.withdrawn + (WITHDRAWN in about),
        distress=ledger.distress + (DISTRESS in about),
    )
    return replace(person, days=_with(person.days, ledger))


def aged(person: Person, found: Age) -> Person:
    """The person with one more piece of evidence of their age.

    The stronger evidence counts; of two as strong the stricter band, and then the later. So a word
    in the chat makes a minor of somebody unknown, but no adult of a minor (CN Measures Art 14).
    """
    known = person.age
    if _RANK[found.evidence] < _RANK[known.evidence]:
        return person
    if _RANK[found.evidence] == _RANK[known.evidence]:
        band = stricter(known.band, found.band)
        if band is not found.band:
            return person
    if found.band is AgeBand.UNKNOWN or found == replace(known, at=found.at):
        return person
    settled = found.evidence is Evidence.VERIFIED or found.band is AgeBand.MINOR
    return replace(person, age=found, doubt=None if settled else person.doubt)


def doubted(person: Person, years: tuple[int, int], at: float) -> Person:
    """The person after words that their age is doubted by, though evidence has them an adult."""
    if person.age.band is not AgeBand.ADULT or person.doubt is not None:
        return person
    return replace(person, doubt=Doubt(years, at))


def noted(person: Person) -> Person:
    """The person after a case has told somebody of the doubt."""
    return (
        person if person.doubt is None else replace(person, doubt=replace(person.doubt, noted=True))
    )


def treated(person: Person, doubtful: AgeBand) -> Age:
    """The age by which somebody is treated: where it is doubted, `doubtful` is the policy's word.

    A document goes over what is said in a chat; a signal of the app or the device does not.
    """
    doubt, known = person.doubt, person.age
    if doubt is None or known.band is not AgeBand.ADULT or known.evidence is Evidence.VERIFIED:
        return known
    if doubtful is AgeBand.ADULT:
        return known
    years = doubt.years if doubtful is AgeBand.MINOR else None
    return Age(doubtful, Evidence.STATED, years, doubt.at)


def stated_years(text: str) -> tuple[int, int] | None:
    """The age in years that somebody under 18 gives in a text, if it can be read off: "im 15"."""
    found = _YEARS_EN.search(text) or _YEARS_ZH.search(text)
    if found is None:
        return None
    said = next(group for group in found.groups() if group)
    years = int(said) if said.isdecimal() else _HANZI.get(said, 0)
    return (years, years) if _YOUNGEST <= years < _OF_AGE else None


def appealed(person: Person, found: Age) -> Person:
    """The person after an appeal was granted: only this counts, whatever was known before."""
    return replace(person, age=found, doubt=None)


def raised(person: Person, danger: Danger, now: float, hold: float) -> Person:
    """The person after a sign of crisis; a running one gets graver or longer, never less.

    `hold` is in seconds (OR SB 1546: further intervention while ideation continues).
    """
    if danger is Danger.NONE:
        return person
    old = person.crisis
    running = old.at(now) is not Danger.NONE
    gravest = max(old.at(now), danger, key=_GRAVITY.__getitem__)
    return replace(
        person,
        crisis=replace(
            old,
            danger=gravest,
            since=old.since if running else now,
            until=max(now + hold, old.until if running else 0.0),
            signs=(old.signs if running else 0) + 1,
        ),
    )


def released(person: Person) -> Person:
    """The person after a human has ended the crisis."""
    return replace(person, crisis=Crisis())


def pointed(person: Person, now: float) -> Person:
    """The person after words that point to real help have reached them."""
    return replace(person, crisis=replace(person.crisis, pointed=now))


def shown(person: Person, notices: Mapping[str, float]) -> Person:
    """The person after these notices were shown, by id and time."""
    return replace(person, shown={**person.shown, **notices}) if notices else person


def _with(days: tuple[Day, ...], today: Day) -> tuple[Day, ...]:
    """The ledger with today's line last. A line of a later day (another zone) stays where it is."""
    rest = tuple(day for day in days if day.day != today.day)
    return (*rest, today)[-DAYS:]
