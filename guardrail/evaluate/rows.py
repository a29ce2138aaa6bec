"""Labelled rows, in the format of the seeds (`seeds/GUIDE.md`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guardrail.classify.text import language
from guardrail.errors import RequestError
from guardrail.scoring import numbered
from guardrail.turn import Detector, Label, Level, Role, Side

__all__ = ["NAMES", "Row", "Rows", "Unscored", "read_rows"]

NAMES: tuple[str, ...] = (*Label, *Detector)
_BOTH = {Detector.EVADING, Detector.ROMANCE}
_SUBJECTS = {Detector.ABOUT_OTHER, Detector.BEREAVED, Detector.FICTION}
_OF_USER = {Detector.LEAVING, Detector.ASKS_HUMAN, Detector.LOSS} | _SUBJECTS | _BOTH
ASKED_OF: Mapping[Side, frozenset[Detector]] = {
    Side.USER: frozenset(_OF_USER),
    Side.BOT: frozenset(set(Detector) - _OF_USER | _BOTH),
}
"""Which detectors a row that lists its detectors speaks of, by who says it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line as the scorer gets it, and what a person said of it.

    `truth` holds what is known, 0 or 1; a name that is not in it is masked.
    """

    place: str  # file:line
    line: bytes
    text: str
    side: Side
    lang: str
    truth: Mapping[str, int]
    level: Level | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unscored:
    """A row that has no scores, and why."""

    place: str
    why: str


@dataclass(slots=True)
class Rows:
    """What was read. `foreign` counts labels and detectors that are not ours: nobody scores them."""

    files: tuple[Path, ...] = ()
    rows: list[Row] = field(default_factory=list)
    unreadable: list[Unscored] = field(default_factory=list)
    foreign: Counter[str] = field(default_factory=Counter)


def read_rows(files: Iterable[Path]) -> Rows:
    """Read labelled rows. A row that cannot be read is listed, and the next one is read."""
    found = Rows(tuple(files))
    for path in found.files:
        for number, line in numbered(path.read_bytes()):
            place = f"{path}:{number}"
            try:
                row = _row(place, line)
            except (ValueError, RecursionError, RequestError) as error:
                found.unreadable.append(Unscored(place, str(error)))
                continue
            found.rows.append(row)
            found.foreign.update(sorted(row.truth.keys() - set(NAMES)))
    return found


def _row(place: str, line: bytes) -> Row:
    raw = json.loads(line)
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str):
        raise RequestError('each line must be an object with a string "text"')
    side = Side.BOT if raw.get("role") == Role.ASSISTANT else Side.USER
    truth = {**_labels(raw.get("labels")), **_detectors(raw.get("detectors"), side)}
    lang = raw.get("lang") or language(raw["text"]) or "other"
    if not isinstance(lang, str):
        raise RequestError('"lang" must be a string')
    return Row(
        place=place,
        line=line,
        text=raw["text"],
        side=side,
        lang=lang,
        truth=truth,
        level=_level(raw.get("level")) if side is Side.USER else None,
        tags=_names(raw.get("tags"), "tags"),
    )


def _labels(raw: Any) -> dict[str, int]:
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise RequestError('"labels" must be an object')
    for name, value in raw.items():
        if value not in (0, 1, None):
            raise RequestError(f'"labels": {name} must be 0, 1 or null')
    return {name: int(value) for name, value in raw.items() if value is not None}


def _detectors(raw: Any, side: Side) -> dict[str, int]:
    """A row without the field says nothing of them; one with it says 0 of those it leaves out."""
    if raw is None:
        return {}
    holds = _names(raw, "detectors")
    return {**dict.fromkeys(map(str, ASKED_OF[side]), 0), **dict.fromkeys(holds, 1)}


def _names(raw: Any, key: str) -> tuple[str, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list) or not all(isinstance(name, str) for name in raw):
        raise RequestError(f'"{key}" must be a list of strings')
    return tuple(raw)


def _level(raw: Any) -> Level | None:
    if raw is None:
        return None
    try:
        return Level(raw)
    except ValueError:
        raise RequestError(f'"level" must be one of {", ".join(Level)}, or null') from None
