"""Thresholds for a stated budget of false alarms, chosen on labelled rows.

A threshold is put just above the clean row that would be one alarm too many. It is as good as the
rows: choose it on rows that you do not report figures of.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from guardrail.evaluate.figures import FEW, interval
from guardrail.evaluate.judge import Column, Judged
from guardrail.turn import Label, Side

__all__ = ["Cut", "Proposal", "Refusal", "budgets", "fragment", "propose"]

HARD_SHARE = 0.25
"""`hard` is as good as said: it gets this share of the budget."""
CLEAN_ROWS = 3
"""So many rows for one alarm of the budget. If none of 3/b rows is an alarm, the true share is
below b with 95 % certainty (the rule of three); with fewer even that cannot be said."""
TINY = 1e-9  # 0.29 * 100 is 28.999…
STEPS = 1000  # thresholds have three digits, scores four
LOWEST = 0.01  # classifiers give no signal for less


@dataclass(frozen=True, slots=True)
class Cut:
    """One threshold and what it would do to the rows it was chosen on.

    `recall` is None where no row is harmful. The intervals are 95 %, by bootstrap; they take in
    that the threshold itself would come out otherwise on other rows.
    """

    threshold: float
    alarms: int
    recall: float | None = None
    recall_interval: Sequence[float] | None = None
    threshold_interval: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """Both thresholds of a label on one side, and how many rows they rest on."""

    label: Label
    side: Side
    budget: float
    clean: int
    harmful: int
    soft: Cut
    hard: Cut


@dataclass(frozen=True, slots=True)
class Refusal:
    """A label on one side for which nothing is proposed, and why."""

    label: Label
    side: Side
    why: str


def budgets(general: float, special: Iterable[str] = ()) -> dict[Label, float]:
    """The budget of each label; `special` are words such as `self_harm=0.04`.

    Raises:
        ValueError: a label is unknown, or a budget is not between 0 and 1.
    """
    found = dict.fromkeys(Label, _budget(general))
    for word in special:
        name, equals, value = word.partition("=")
        if not equals or name not in list(Label):
            raise ValueError(f"{word!r} is not LABEL=BUDGET, LABEL one of {', '.join(Label)}")
        found[Label(name)] = _budget(value)
    return found


def propose(
    judged: Judged, budget: Mapping[Label, float], resamples: int
) -> Iterator[Proposal | Refusal]:
    """A proposal or a refusal for each label and side that the rows say anything of."""
    sides = np.array([row.side for row in judged.rows], object)
    for label in budget:
        for side in Side:
            truth, scores, _ = judged.picked(label, sides == side)
            if len(truth):
                groups = scores[truth], scores[~truth]
                yield _proposal((label, side), budget[label], groups, resamples)


def fragment(proposals: Iterable[Proposal]) -> str:
    """The proposals as a policy pack's `thresholds`, in YAML."""
    lines, label = ["thresholds:"], None
    for p in proposals:
        if p.label != label:
            lines.append(f"  {p.label}:")
            label = p.label
        soft, hard = f"soft: {p.soft.threshold:.3f}", f"hard: {p.hard.threshold:.3f}"
        lines += [
            f"    # {p.clean} clean rows, {p.harmful} harmful",
            f"    # soft: {_said(p.soft, p)}",
            f"    # hard: {_said(p.hard, p)}",
            f"    {p.side}: {{ any: {{ {soft}, {hard} }} }}",
        ]
    return "\n".join(lines) + "\n"


def _proposal(
    place: tuple[Label, Side], budget: float, groups: tuple[Column, Column], resamples: int
) -> Proposal | Refusal:
    (label, side), (harmful, clean) = place, groups
    needed = math.ceil(CLEAN_ROWS / budget - TINY)
    if len(clean) < needed:
        why = f"{len(clean)} clean rows, and a budget of {budget:g} needs {needed}"
        return Refusal(label, side, why)
    soft = _cut(budget, harmful, clean, resamples)
    hard = _cut(budget * HARD_SHARE, harmful, clean, resamples)
    if max(soft.threshold, hard.threshold) >= 1:
        why = "clean rows score as high as can be; no threshold keeps them within the budget"
        return Refusal(label, side, why)
    return Proposal(label, side, budget, len(clean), len(harmful), soft, hard)


def _cut(budget: float, harmful: Column, clean: Column, resamples: int) -> Cut:
    at = _threshold(clean, budget)
    alarms = int((clean >= at).sum())
    if not len(harmful):
        return Cut(at, alarms)

    def recall(harmful: Column, clean: Column) -> float:
        return float((harmful >= _threshold(clean, budget)).mean())

    return Cut(
        at,
        alarms,
        round(recall(harmful, clean), 4),
        interval(recall, harmful, clean, resamples=resamples) if len(harmful) >= FEW else None,
        interval(lambda _, c: _threshold(c, budget), harmful, clean, resamples=resamples),
    )


def _threshold(clean: Column, budget: float) -> float:
    """The lowest threshold of three digits that no more than the budget of clean rows reach."""
    allowed = int(len(clean) * budget + TINY)
    highest = np.partition(clean, len(clean) - 1 - allowed)[len(clean) - 1 - allowed]
    # In whole ten-thousandths, as scores come: 0.57 * 1000 is 569.999…
    return max((round(float(highest) * STEPS * 10) // 10 + 1) / STEPS, LOWEST)


def _said(cut: Cut, of: Proposal) -> str:
    text = f"{cut.alarms} false alarms ({cut.alarms / of.clean:.1%})"
    if cut.recall is None:
        return text
    if of.harmful < FEW:  # a share of so few says little
        return f"{text}, finds {round(cut.recall * of.harmful)} of {of.harmful}"
    text += f", finds {cut.recall:.0%}"
    if cut.recall_interval:
        low, high = cut.recall_interval
        text += f" ({low:.0%} to {high:.0%})"
    return text


def _budget(value: Any) -> float:
    try:
        share = float(value)
    except ValueError:
        share = math.nan
    if not 0 < share < 1:
        raise ValueError(f"a budget is a share between 0 and 1, such as 0.02, not {value}")
    return share
