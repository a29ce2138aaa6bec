"""What a score of 0.5 means after the training."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from guardrail.classify.text import language
from guardrail.train.rows import Own
from guardrail.turn import Role

__all__ = ["ENOUGH", "refitted"]

ENOUGH = 250
"""Clean rows of a label in a language, below which the parent's calibration stays."""
OTHERWISE = 0.02  # false alarms, where the parent does not say what it was set to
LANGUAGES = ("en", "zh")


def refitted(
    said: Mapping[str, Any], held: Sequence[Own], logits: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The parent's calibration, its bias set anew where enough clean rows were held out; and where.

    `said` is the parent's manifest, `logits` what the new file answers, (rows, outputs). Scales stay.
    Both speakers move alike: that a bot manipulates and a person hardly ever does is knowledge.
    """
    lines = copy.deepcopy(said["calibration"])
    column = {output: i for i, output in enumerate(said["outputs"])}
    groups = [_group(own) for own in held]
    changed = []
    for lang in LANGUAGES:
        for label in said["labels"]:
            clean = np.array(
                [
                    _line(lines[group][label], logits[i][column[label]])
                    for i, (own, group) in enumerate(zip(held, groups, strict=True))
                    if group.startswith(lang) and own.truth.get(label) == 0
                ]
            )
            if len(clean) < ENOUGH:
                continue
            share = said.get("false_alarms", {}).get(label, OTHERWISE)
            at = float(np.sort(clean)[::-1][int(len(clean) * share)])
            for role in (Role.USER, Role.ASSISTANT):
                line = lines[f"{lang} {role}"][label]
                line["bias"] = round(line["bias"] - at, 4)
            changed.append({"label": label, "lang": lang, "clean": len(clean), "moved": -at})
    return lines, changed


def _group(own: Own) -> str:
    """As the classifier chooses it."""
    who = Role.USER if own.said.role is Role.USER else Role.ASSISTANT
    return f"{language(own.said.text) or 'en'} {who}"


def _line(line: Mapping[str, float], logit: float) -> float:
    return logit * line["scale"] + line["bias"]
