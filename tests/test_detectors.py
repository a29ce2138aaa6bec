"""Each detector that a duty needs has a test set of its own, in both languages, and figures on it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from guardrail.turn import Detector

ROOT = Path(__file__).parent.parent
METRICS = ROOT / "models" / "companion-v1" / "metrics.json"
GUIDE = (ROOT / "seeds" / "GUIDE.md").read_text("utf-8")
SPEAKERS = {"user": ("user",), "bot": ("assistant",), "both": ("user", "assistant")}
ASKED = {
    Detector(name): SPEAKERS[who]
    for name, who in re.findall(r"\| `(\w+)` \| (user|bot|both) \|", GUIDE)
}
SETS = [(name, lang, role) for name in Detector for lang in ("en", "zh") for role in ASKED[name]]
LEAST = 15  # positives; with fewer an area under the curve says nothing


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_has_rows_that_nothing_was_trained_on(lang: str) -> None:
    """Of both speakers, where it is asked of both."""
    found: Counter[tuple[str, str]] = Counter()
    for path in (ROOT / "seeds" / "test").glob(f"{lang}*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            row: dict[str, Any] = json.loads(line)
            found.update((name, row["role"]) for name in row.get("detectors", ()))
    wanted = [(str(name), role) for name, of, role in SETS if of == lang]
    assert [one for one in wanted if found[one] < LEAST] == []


@pytest.mark.skipif(not METRICS.exists(), reason="models/companion-v1/metrics.json is not here")
def test_the_model_was_measured_on_each() -> None:
    """The figures stand in the card; a detector that ranks hardly better than chance is none."""
    figures = json.loads(METRICS.read_text("utf-8"))
    for name, lang, role in SETS:
        found = figures[f"test {lang} {role}"][name]
        assert found["positives"] >= LEAST, (name, lang, role)
        assert found["auc"] >= 0.85, (name, lang, role)
