"""The numbers: what one classifier is good and bad at, part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from guardrail.evaluate.judge import Column, Judged
from guardrail.evaluate.rows import NAMES
from guardrail.turn import Label, Level, Side

__all__ = ["FALSE_ALARMS", "FEW", "area", "cells", "figures", "interval", "parts", "reliability"]

FALSE_ALARMS = 0.02
FEW = 8
"""With fewer positives a share says little: it is not shown as one, and has no interval."""
BINS = 10
PERCENTILES = (50, 90, 99)


def figures(judged: Judged, resamples: int) -> dict[str, Any]:
    """All figures of one classifier, ready for JSON. Intervals are 95 %, by bootstrap over rows."""
    return {
        "rows": len(judged.rows),
        "unscored": [{"place": row.place, "why": row.why} for row in judged.unscored],
        "unjudged": judged.unjudged,
        "parts": {
            part: {name: _figure(judged, name, where, resamples) for name in NAMES}
            for part, where in parts(judged).items()
        },
        "calibration": {name: reliability(judged, name) for name in NAMES},
        "tags": _tags(judged),
        "levels": _levels(judged),
        "latency_ms": _latency(judged.seconds),
    }


def parts(judged: Judged) -> dict[str, Column]:
    """All rows, those by who speaks, by language, and by both; no part is empty."""
    side = np.array([row.side for row in judged.rows], object)
    lang = np.array([row.lang for row in judged.rows], object)
    found = {"all": np.ones(len(judged.rows), bool)}
    found |= {str(one): side == one for one in Side}
    found |= {one: lang == one for one in sorted(set(lang))}
    found |= cells(judged)
    return {part: where for part, where in found.items() if where.any()}


def cells(judged: Judged) -> dict[str, Column]:
    """The rows by who speaks in which language, such as "user en"."""
    cell = np.array([f"{row.side} {row.lang}" for row in judged.rows], object)
    return {one: cell == one for one in sorted(set(cell), reverse=True)}


def _figure(judged: Judged, name: str, where: Column, resamples: int) -> dict[str, Any]:
    truth, scores, over = judged.picked(name, where)
    harmful, clean = scores[truth], scores[~truth]
    found: dict[str, Any] = {"positives": len(harmful), "negatives": len(clean)}
    if len(harmful):
        found["recall"] = _share(over[truth])
    if len(clean):
        found["false_alarms"] = _share(over[~truth])
    if not len(harmful) or not len(clean):
        return found
    found["auc"] = round(area(harmful, clean), 4)
    if len(harmful) >= FEW and len(clean) >= FEW:
        found["auc_interval"] = interval(area, harmful, clean, resamples=resamples)
    highest = np.sort(clean)[::-1][int(len(clean) * FALSE_ALARMS)]
    found["recall_at_2_percent"] = _share(harmful > highest)
    return found


def area(harmful: Column, clean: Column) -> float:
    """The area under the ROC curve: how often a harmful row scores higher than a clean one.

    Equal scores count one half. The same as scikit-learn's, which takes thirty times as long; that
    shows when it is asked hundreds of times for each interval.
    """
    ranked = np.sort(clean)
    below = ranked.searchsorted(harmful, "left") + ranked.searchsorted(harmful, "right")
    return float(below.mean() / 2 / len(clean))


def interval(
    statistic: Callable[[Column, Column], float], harmful: Column, clean: Column, *, resamples: int
) -> list[float] | None:
    """Where 95 % of the values lie if both groups are drawn again, with replacement, so often."""
    if not resamples:
        return None
    draw = np.random.default_rng(0)
    values = [
        statistic(draw.choice(harmful, len(harmful)), draw.choice(clean, len(clean)))
        for _ in range(resamples)
    ]
    return [round(float(at), 4) for at in np.quantile(values, (0.025, 0.975))]


def reliability(judged: Judged, name: str) -> dict[str, dict[str, Any]]:
    """What share of rows was harmful, by the score they got, in cells with enough positives."""
    found = {}
    for part, where in cells(judged).items():
        truth, scores, _ = judged.picked(name, where)
        if truth.sum() >= FEW and (~truth).sum() >= FEW:
            found[part] = _reliability(truth, scores)
    return found


def _reliability(truth: Column, scores: Column) -> dict[str, Any]:
    from sklearn.calibration import calibration_curve  # noqa: PLC0415 - an optional extra
    from sklearn.metrics import brier_score_loss  # noqa: PLC0415

    observed, predicted = calibration_curve(truth, scores, n_bins=BINS)
    inner = np.linspace(0, 1, BINS + 1)[1:-1]  # as the curve's; it leaves empty bins out
    counts = np.bincount(np.searchsorted(inner, scores))
    return {
        "rows": counts[counts > 0].tolist(),
        "predicted": [round(float(value), 4) for value in predicted],
        "observed": [round(float(value), 4) for value in observed],
        "brier": round(float(brier_score_loss(truth, scores)), 4),
    }


def _tags(judged: Judged) -> dict[str, dict[str, int]]:
    """By kind of row, at the operating point, over the labels that are known.

    A harmful row is found if a label that it has is flagged; a clean one has none of the labels.
    """
    known = {label: judged.known(label) for label in Label}
    has = {label: judged.truth[label] == 1 for label in Label}
    over = judged.over
    harmful = np.logical_or.reduce(list(has.values()))
    found = np.logical_or.reduce([has[label] & over[label] for label in Label])
    clean = np.logical_or.reduce(list(known.values())) & ~harmful
    alarm = np.logical_or.reduce([known[label] & ~has[label] & over[label] for label in Label])
    table = {}
    for tag in sorted({tag for row in judged.rows for tag in row.tags}):
        where = np.array([tag in row.tags for row in judged.rows], bool)
        table[tag] = {
            "rows": int(where.sum()),
            "harmful": int((where & harmful).sum()),
            "found": int((where & found).sum()),
            "clean": int((where & clean).sum()),
            "flagged": int((where & clean & alarm).sum()),
        }
    return table


def _levels(judged: Judged) -> dict[str, dict[str, int]]:
    """What a person graded (the rows) against what the classifier gave; what people said only."""
    table = {
        actual: dict.fromkeys(("none", *map(str, Level), "ungraded"), 0)
        for actual in ("none", *map(str, Level))
    }
    for row, given in zip(judged.rows, judged.levels, strict=True):
        said = row.truth.get(Label.SELF_HARM) if row.side is Side.USER else None
        if said == 0 or (said == 1 and row.level):
            table[str(row.level) if said and row.level else "none"][given] += 1
    return table


def _latency(seconds: Column) -> dict[str, float]:
    """Of one row at a time, in milliseconds: the lexicon is in it, a first stage is not."""
    if not len(seconds):
        return {}
    found = dict(zip(PERCENTILES, np.percentile(seconds, PERCENTILES), strict=True))
    named: Mapping[str, float] = {f"p{at}": float(value) for at, value in found.items()}
    return {name: round(value * 1e3, 2) for name, value in (*named.items(), ("max", seconds.max()))}


def _share(flags: Column) -> float:
    return round(float(flags.mean()), 4)
