"""Before and after, side by side, as `guardrail eval` would count each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from guardrail.evaluate.figures import FEW, area
from guardrail.evaluate.judge import Judged
from guardrail.evaluate.rows import NAMES

__all__ = ["HEAD", "compared", "lines"]

HEAD = (
    "label",
    "harmful / clean",
    "AUC before",
    "after",
    "recall before",
    "after",
    "false alarms before",
    "after",
)
NONE = "–"


def compared(before: Judged, after: Judged) -> dict[str, dict[str, Any]]:
    """The figures of both by label and detector; what no row knows is left out.

    Recall and false alarms are those at the operating point (0.5), with the lexicon beneath the
    model, as it is used.
    """
    found = {}
    for name in NAMES:
        old, new = _figures(before, name), _figures(after, name)
        if old["positives"] + old["negatives"]:
            counts = {key: new.pop(key) for key in ("positives", "negatives")}
            found[name] = {**counts, "before": {k: old[k] for k in new}, "after": new}
    return found


def lines(figures: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """The table's cells, under `HEAD`. Of fewer than `FEW` rows a share says little: a dash."""
    shown = []
    for name, found in figures.items():
        harmful, clean = found["positives"], found["negatives"]
        line = [name, f"{harmful} / {clean}"]
        for key, rows in (
            ("auc", min(harmful, clean)),
            ("recall", harmful),
            ("false_alarms", clean),
        ):
            old, new = (found[when][key] if rows >= FEW else None for when in ("before", "after"))
            form = "{:.3f}" if key == "auc" else "{:.1%}"
            line += [NONE if v is None else form.format(v) for v in (old, new)]
        shown.append(line)
    return shown


def _figures(judged: Judged, name: str) -> dict[str, Any]:
    truth, scores, over = judged.picked(name, np.ones(len(judged.rows), bool))
    harmful, clean = scores[truth], scores[~truth]
    return {
        "positives": len(harmful),
        "negatives": len(clean),
        "auc": round(area(harmful, clean), 4) if len(harmful) and len(clean) else None,
        "recall": round(float(over[truth].mean()), 4) if len(harmful) else None,
        "false_alarms": round(float(over[~truth].mean()), 4) if len(clean) else None,
    }
