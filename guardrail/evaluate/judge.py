"""Rows and what one classifier makes of them, side by side as columns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from guardrail.evaluate.rows import NAMES, Row, Unscored
from guardrail.scoring import OPERATING_POINT, Scorer
from guardrail.turn import Detector, Label, Side

__all__ = ["Column", "Judged", "judge"]

Column = np.ndarray[Any, Any]
"""One value per row."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of the rows that could be scored; every column is as long as `rows`.

    `truth` and `scores` are NaN where nothing is known or nobody was asked, and such a pair is in
    no figure. `over` is whether a score reaches the operating point. `levels` is the level that was
    given, "none" where self-harm was not flagged and "ungraded" where it came without a level.
    """

    version: str
    bars: Mapping[str, float]  # the operating points
    rows: tuple[Row, ...]
    truth: Mapping[str, Column]
    scores: Mapping[str, Column]
    over: Mapping[str, Column]
    levels: tuple[str, ...]
    seconds: Column
    unscored: tuple[Unscored, ...]
    unjudged: int  # rows in a language that nobody learnt; they are scored all the same

    def known(self, name: str) -> Column:
        """Which rows say something of a label or detector that the classifier gives."""
        return ~(np.isnan(self.truth[name]) | np.isnan(self.scores[name]))

    def picked(self, name: str, where: Column) -> tuple[Column, Column, Column]:
        """Truth (as yes or no), scores and over of the known rows in `where`."""
        pick = self.known(name) & where
        return self.truth[name][pick] == 1, self.scores[name][pick], self.over[name][pick]


async def judge(
    scorer: Scorer, rows: Sequence[Row], tick: Callable[[], object] = lambda: None
) -> Judged:
    """Score every row, one at a time; `tick` is called after each."""
    judged: list[tuple[Row, dict[str, Any], float]] = []
    unscored: list[Unscored] = []
    for number, row in enumerate(rows, 1):
        began = time.perf_counter()
        result = await scorer.line(number, row.line)
        spent = time.perf_counter() - began
        why = result.get("error") or result.get("failed")
        if why:  # the lexicon alone is not what is evaluated here
            unscored.append(Unscored(row.place, str(why)))
        else:
            judged.append((row, result, spent))
        tick()
    return _columns(scorer, judged, tuple(unscored))


def _columns(
    scorer: Scorer,
    judged: Sequence[tuple[Row, dict[str, Any], float]],
    unscored: tuple[Unscored, ...],
) -> Judged:
    rows = tuple(row for row, _, _ in judged)
    results = [result for _, result, _ in judged]
    scores = {str(label): _column(r["scores"][label] for r in results) for label in Label}
    scores |= {str(name): _detected(name, rows, results) for name in Detector}
    over = {str(label): np.array([label in r["flags"] for r in results], bool) for label in Label}
    of_detectors = dict.fromkeys(map(str, Detector), OPERATING_POINT)
    over |= {name: scores[name] >= bar for name, bar in of_detectors.items()}
    return Judged(
        version=scorer.version,
        bars={**scorer.bars, **of_detectors},
        rows=rows,
        truth={name: _column(row.truth.get(name, np.nan) for row in rows) for name in NAMES},
        scores=scores,
        over=over,
        levels=tuple(map(_said, results)),
        seconds=_column(spent for _, _, spent in judged),
        unscored=unscored,
        unjudged=sum("unjudged" in result for result in results),
    )


def _column(values: Any) -> Column:
    return np.array(list(values), np.float64)


def _detected(name: str, rows: Sequence[Row], results: Sequence[dict[str, Any]]) -> Column:
    """A result names only what was noticed. What is never noticed on a side was not asked there."""
    found = [result.get("detectors", {}).get(name) for result in results]
    asked: set[Side] = {r.side for r, score in zip(rows, found, strict=True) if score is not None}
    return _column(
        np.nan if row.side not in asked else score or 0.0
        for row, score in zip(rows, found, strict=True)
    )


def _said(result: Mapping[str, Any]) -> str:
    if Label.SELF_HARM not in result["flags"]:
        return "none"
    return result["level"] or "ungraded"
