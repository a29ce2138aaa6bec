"""Rows to train on: read as `guardrail eval` reads them, but looked at more closely.

An evaluation leaves out what it cannot use and says so; a training that did would teach something
else than was meant. So every row must be usable, and every mistake is told with its place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardrail.classify.base import Utterance
from guardrail.errors import ConfigError, Mistake, RequestError
from guardrail.evaluate.rows import NAMES, Row, read_rows
from guardrail.scoring import utterance_of
from guardrail.train.coding import bucket, conversation
from guardrail.turn import Label, Level, Side

__all__ = ["FEW", "Own", "counted", "few", "fingerprint", "learnable", "read_own", "split"]

FIELDS = ("text", "role", "lang", "labels", "level", "detectors", "context", "tags", "id")
CUTS: Mapping[Level, tuple[int, int]] = {
    Level.PASSIVE: (0, 0),
    Level.ACTIVE: (1, 0),
    Level.PLAN: (1, 1),
}
CUT_NAMES = ("at_least_active", "at_least_plan")
PARTS = 1000
FEW = 20
"""With fewer harmful rows a label learns little more than these very words."""


@dataclass(frozen=True, slots=True)
class Own:
    """A row as it is trained on. `truth` holds what is known of each output, 0 or 1."""

    row: Row
    said: Utterance
    truth: Mapping[str, int]


def read_own(files: Sequence[Path], outputs: Sequence[str]) -> list[Own]:
    """Read labelled rows for a model with these outputs.

    Raises:
        ConfigError: a row cannot be read, or has a field or label nobody knows; with every place.
    """
    read = read_rows(files)
    mistakes = [_mistake(bad.place, bad.why) for bad in read.unreadable]
    found = []
    for row in read.rows:
        raw = json.loads(row.line)
        problems = list(_problems(row, raw, outputs))
        try:
            said = utterance_of(raw)
        except RequestError as error:
            problems.append((str(error), ""))
        else:
            found.append(Own(row, said, {**row.truth, **_cuts(row)}))
        mistakes += [_mistake(row.place, *problem) for problem in problems]
    if not mistakes and not found:
        mistakes = [Mistake(", ".join(map(str, files)), 0, "holds no rows")]
    if mistakes:
        raise ConfigError(mistakes)
    return [Own(o.row, o.said, {k: v for k, v in o.truth.items() if k in outputs}) for o in found]


def learnable(rows: Sequence[Own]) -> None:
    """See that the rows can teach more than to say yes, or no, to everything.

    Raises:
        ConfigError: they cannot.
    """
    if mistakes := list(_one_sided(rows)):
        raise ConfigError(mistakes)


def split(rows: Sequence[Own], share: float) -> tuple[list[Own], list[Own]]:
    """Rows to train on and rows held out, by conversation: twins stay together.

    The same rows are always dealt out the same way, also when others join them.
    """
    train: list[Own] = []
    held: list[Own] = []
    for own in rows:
        out = bucket("hold-out" + conversation(own.said), PARTS) < share * PARTS
        (held if out else train).append(own)
    return train, held


def counted(rows: Sequence[Own]) -> dict[str, dict[str, int]]:
    """How many rows say 1 and 0 of each output that any row knows."""
    names = sorted({name for own in rows for name in own.truth})
    said = {name: [own.truth[name] for own in rows if name in own.truth] for name in names}
    return {k: {"positives": sum(v), "negatives": len(v) - sum(v)} for k, v in said.items()}


def few(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Labels and detectors with some harmful rows, but fewer than `FEW`."""
    harmful = {name: counts[name]["positives"] for name in NAMES if name in counts}
    return {name: n for name, n in harmful.items() if 0 < n < FEW}


def fingerprint(files: Sequence[Path]) -> dict[str, str]:
    """The SHA-256 of each file, by its name; of two with one name, the second gets a number."""
    found: dict[str, str] = {}
    for path in files:
        name, number = path.name, 2
        while name in found:
            name, number = f"{path.name} ({number})", number + 1
        found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _problems(
    row: Row, raw: Mapping[str, Any], outputs: Sequence[str]
) -> Iterator[tuple[str, str]]:
    for key in raw.keys() - set(FIELDS):
        yield f"unknown field {key!r}", f"a row has {', '.join(FIELDS)}"
    for name in sorted(row.truth.keys() - set(NAMES)):
        yield f"{name!r} is no label or detector", f"one of {', '.join(NAMES)}"
    for name, value in row.truth.items():
        if value and name in NAMES and name not in outputs:
            yield f"the model has no output {name!r}", f"it has {', '.join(outputs)}"


def _cuts(row: Row) -> dict[str, int]:
    """What a level says of the two cuts between levels."""
    if row.level is None or row.side is not Side.USER or not row.truth.get(Label.SELF_HARM):
        return {}
    return dict(zip(CUT_NAMES, CUTS[row.level], strict=True))


def _one_sided(rows: Sequence[Own]) -> Iterator[Mistake]:
    counts = counted(rows)
    for name in NAMES:
        if name in counts and not counts[name]["negatives"]:
            first = next(own.row.place for own in rows if name in own.truth)
            hint = "add rows where it is 0, look-alikes above all"
            yield _mistake(first, f"every row that knows {name} says 1", hint)
    if not any(n["positives"] for name, n in counts.items() if name in NAMES):
        why = "no row says 1 of any label or detector" if counts else "no row has labels"
        yield _mistake(rows[0].row.place, why, "add rows of both kinds")


def _mistake(place: str, message: str, hint: str = "") -> Mistake:
    file, _, line = place.rpartition(":")
    return Mistake(file, int(line), message, hint)
