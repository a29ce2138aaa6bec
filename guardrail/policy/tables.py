"""The tables of a pack: thresholds, failure postures, limits, hold.

A table is written label → side → age band. Each step may be `any`, which stands for whatever has
no line of its own; the more named line wins, label before side before age.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import TypeVar

from guardrail.policy.model import Hold, Limits, Name, Posture, Threshold
from guardrail.policy.reader import Reader, and_more, suggestion
from guardrail.policy.source import Node
from guardrail.policy.vocabulary import ANY, HOLD, LIMIT_NAMES, LIMITS, THRESHOLD
from guardrail.turn import AgeBand, Detector, Label, Side

__all__ = ["read_hold", "read_limits", "read_postures", "read_thresholds"]

T = TypeVar("T")

Row = tuple[str, str, str]
"""Label, side and age band as written, each perhaps `any`."""

Cell = tuple[Name, Side, AgeBand]

_MINUTES_PER_DAY = 24 * 60
_MOST_TURNS = 600
"""Ten a second. Whoever wants more wants no limit."""

_UNDER = re.compile(r"under-(\d{1,2})")
_LABELS = (*(str(label) for label in Label), ANY)
_NAMES = (*_LABELS, *(str(detector) for detector in Detector))
_SIDES = (*(str(side) for side in Side), ANY)
_AGES = (*(str(age) for age in AgeBand), ANY)


def read_thresholds(reader: Reader, node: Node) -> Mapping[Cell, Threshold]:
    """Thresholds by label or detector, side and age. Gaps stay gaps; a check points them out."""
    return _resolved(
        _rows(reader, node, "thresholds", _threshold, known=_NAMES), (*Label, *Detector)
    )


def read_postures(
    reader: Reader, node: Node | None, *, whole: bool = True
) -> Mapping[Cell, Posture]:
    """Failure postures by label, side and age. A gap is a mistake: failing must be answered.

    Unless the pack is not `whole` but stands on another one.
    """
    if node is None:
        return {}  # the missing key has been complained about
    before = len(reader.mistakes)
    postures = _resolved(_rows(reader, node, "failure", _posture))
    if not whole or len(reader.mistakes) > before:
        return postures  # what cannot be read leaves gaps that nobody left
    gaps: dict[tuple[int, str], list[str]] = {}
    for label, side in product(Label, Side):
        ages = ", ".join(age for age in AgeBand if (label, side, age) not in postures)
        if ages:
            line = node.at(label.value, side.value).line
            gaps.setdefault((line, ages), []).append(f"{label} on the {side} side")
    for (line, ages), places in gaps.items():
        message = f"failure does not say what happens for {and_more(places)} ({ages})"
        reader.complain(Node(None, line), message, "add the line, or one with any")
    return postures


def read_limits(
    reader: Reader, node: Node
) -> tuple[Mapping[AgeBand, Limits], Mapping[int, Limits]]:
    """Caps for every age band that has some, and for those who may be under an age (`under-16`)."""
    written: dict[str, Limits] = {}
    young: dict[int, Limits] = {}
    for key, child in reader.mapping(node, "limits").items():
        if under := _UNDER.fullmatch(key):
            young[int(under[1])] = _limit(reader, child)
        elif key in _AGES:
            written[key] = _limit(reader, child)
        else:
            hint = suggestion(key, (*_AGES, "under-16"))
            reader.complain(child, f"limits: {key!r} is unknown", hint)
    found = {age: written.get(age, written.get(ANY)) for age in AgeBand}
    return {age: limits for age, limits in found.items() if limits is not None}, young


def read_hold(reader: Reader, node: Node) -> Hold:
    """How streams are held; what is not written keeps its default."""
    keys = reader.fields(node, HOLD, "hold")
    default = Hold()

    def whole(key: str, otherwise: int) -> int:
        return reader.whole(keys[key], key, 0, 4000) if key in keys else otherwise

    seconds = default.seconds
    if "seconds" in keys:
        seconds = reader.number(keys["seconds"], "seconds", 0.05, 30)
    return Hold(whole("chars", default.chars), seconds, whole("tail", default.tail))


def _rows(
    reader: Reader,
    node: Node,
    what: str,
    leaf: Callable[[Reader, Node], T],
    *,
    known: tuple[str, ...] = _LABELS,
) -> dict[Row, T]:
    return {
        (label, side, age): leaf(reader, value)
        for label, sides in _steps(reader, node, what, known)
        for side, ages in _steps(reader, sides, f"{what} of {label}", _SIDES)
        for age, value in _steps(reader, ages, f"{what} of {label}, {side} side", _AGES)
    }


def _steps(
    reader: Reader, node: Node, what: str, known: tuple[str, ...]
) -> Iterator[tuple[str, Node]]:
    for key, child in reader.mapping(node, what).items():
        if key in known:
            yield key, child
        else:
            reader.complain(child, f"{what}: {key!r} is unknown", suggestion(key, known))


def _resolved(rows: Mapping[Row, T], names: Iterable[Name] = Label) -> dict[Cell, T]:
    cells: dict[Cell, T] = {}
    for label, side, age in product(names, Side, AgeBand):
        # product() goes from the most named line to (any, any, any): the first hit wins.
        for row in product((label.value, ANY), (side.value, ANY), (age.value, ANY)):
            if row in rows:
                cells[label, side, age] = rows[row]
                break
    return cells


def _threshold(reader: Reader, node: Node) -> Threshold:
    keys = reader.fields(node, THRESHOLD, "a threshold")
    if not {"soft", "hard"} <= keys.keys():
        return Threshold(1.0, 1.0)
    soft = reader.number(keys["soft"], "soft", 0, 1)
    hard = reader.number(keys["hard"], "hard", 0, 1)
    if not 0 < soft <= hard:
        reader.complain(node, "thresholds must satisfy 0 < soft <= hard")
    return Threshold(soft, hard)


def _posture(reader: Reader, node: Node) -> Posture:
    return reader.word(node, Posture, "a failure posture")


def _limit(reader: Reader, node: Node) -> Limits:
    keys = reader.fields(node, LIMITS, "limits")
    caps: dict[str, int] = {}
    for name in LIMIT_NAMES:
        most = _MOST_TURNS if name == "turns_per_minute" else _MINUTES_PER_DAY
        if name in keys:
            caps[name] = reader.whole(keys[name], name, 1, most)
    return Limits(**caps)
