"""What a report is before it is written: sections of figures, lists and plain words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Document", "Gauge", "Kind", "Line", "Listing", "Section", "Series", "counted"]


class Kind(StrEnum):
    """Which report, by the names that people type."""

    SB243 = "sb243"
    WA = "wa"
    OR = "or"
    HI = "hi"
    CO = "co"
    CN_ART23 = "cn-art23"
    GAUGES = "gauges"


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. `None` is withheld: too few to be published."""

    key: str
    label: str
    value: int | None


@dataclass(frozen=True, slots=True)
class Series:
    """Figures of one kind.

    `parts`: the lines are parts of a whole that a reader may know, so that a single line that is
    withheld could be computed from the others. `exact`: keys that a law wants as they are, of lines
    that are no parts. `whole` is the number of which these are parts, if it is to be shown; `sure`:
    a law wants that as it is.
    """

    id: str
    title: str
    lines: tuple[Line, ...]
    parts: bool = False
    exact: frozenset[str] = frozenset()
    whole: int | None = None
    sure: bool = False
    plot: bool = False
    note: str = ""
    withheld: bool = False  # all of it


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number with the threshold from which a duty begins. `state`: "below", "near", "reached"."""

    id: str
    title: str
    value: int | None
    limit: int
    state: str
    verdict: str  # the state in words


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of words: rules, revisions. It holds no count of people or of what they did."""

    id: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One head of a report. `gaps` say what the data cannot answer: no head is left blank."""

    id: str
    title: str
    notes: tuple[str, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    series: tuple[Series, ...] = ()
    listings: tuple[Listing, ...] = ()
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. `about` are facts of the report itself: label and value."""

    kind: str
    title: str
    language: str
    about: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    public: bool = False
    few: int = 10


def counted(counts: Mapping[str, int], labels: Iterable[tuple[str, str]]) -> tuple[Line, ...]:
    """Lines for these keys, in this order; one that nobody counted is 0."""
    return tuple(Line(key, label, counts.get(key, 0)) for key, label in labels)
