"""The rows written for this project keep the rules of seeds/GUIDE.md, and the test rows stay apart."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from guardrail.turn import Label, Level

SEEDS = Path(__file__).parent.parent / "seeds"
FILES = sorted(SEEDS.glob("*/*.jsonl"))
GUIDE = (SEEDS / "GUIDE.md").read_text("utf-8")
TAGS = set(re.findall(r"`([a-z_]+)`", GUIDE.partition("## Tags")[2].partition("##")[0]))
FIELDS = {"id", "text", "role", "lang", "labels", "level", "tags", "context"}
_ROWS = re.findall(r"\| `(\w+)` \| (user|bot|both) \|", GUIDE)
DETECTORS = {
    "user": {name for name, who in _ROWS if who != "bot"},
    "assistant": {name for name, who in _ROWS if who != "user"},
}
NEAR = 0.8  # share of character trigrams from which two texts are copies of each other


def rows(folder: str) -> list[dict[str, Any]]:
    """All rows of `train` or `test`."""
    paths = sorted((SEEDS / folder).glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text("utf-8").split("\n")[:-1]]


def trigrams(text: str) -> frozenset[str]:
    """The character trigrams of a text, letters and digits only."""
    plain = "".join(c for c in text.lower() if c.isalnum())
    return frozenset(plain[i : i + 3] for i in range(max(1, len(plain) - 2)))


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_rows_are_well_formed(path):
    """Every field, every label, known tags, levels only where they belong."""
    for number, line in enumerate(path.read_text("utf-8").split("\n")[:-1], 1):
        row = json.loads(line)
        where = f"{path.name}:{number}"
        assert set(row) - {"detectors"} == FIELDS, where
        assert set(row.get("detectors", ())) <= DETECTORS[row["role"]], where
        assert row["text"].strip(), where
        assert set(row["labels"]) == set(Label), where
        assert set(row["labels"].values()) <= {0, 1}, where
        assert set(row["tags"]) <= TAGS, (where, set(row["tags"]) - TAGS)
        assert len(row["context"]) <= 4, where
        assert all(set(said) == {"role", "text"} for said in row["context"]), where
        graded = row["role"] == "user" and row["labels"]["self_harm"] == 1
        assert (row["level"] in set(Level)) if graded else row["level"] is None, where
        assert not (row["labels"]["sexual"] and row["labels"]["minor"]), where


def test_nothing_is_there_twice():
    """No id and no text with the same context appears twice, in training and test together."""
    everything = rows("train") + rows("test")
    assert not [k for k, n in Counter(r["id"] for r in everything).items() if n > 1]
    seen = Counter((r["text"], json.dumps(r["context"], sort_keys=True)) for r in everything)
    assert not [k for k, n in seen.items() if n > 1]


@pytest.mark.slow
def test_no_test_row_is_a_near_copy_of_a_training_row():
    """Longer texts share less than four in five trigrams across the split.

    Two such sets share at least one of any fifth of the smaller one's members (and one more), so
    only rows that hold one of its rarest trigrams need be compared.
    """
    train = [t for t in (trigrams(r["text"]) for r in rows("train")) if len(t) >= 12]
    holders = defaultdict(list)
    for number, found in enumerate(train):
        for trigram in found:
            holders[trigram].append(number)
    for row in rows("test"):
        own = trigrams(row["text"])
        if len(own) < 12:
            continue
        rarest = sorted(own, key=lambda t: len(holders[t]))[: int(len(own) * (1 - NEAR)) + 1]
        for number in {n for trigram in rarest for n in holders[trigram]}:
            other = train[number]
            assert len(own & other) / len(own | other) < NEAR, row["id"]


def test_languages_and_labels_are_balanced():
    """Half English, half Chinese; every label and detector has positives of both in training."""
    train = rows("train")
    assert len(train) >= 10_000
    assert len(rows("test")) >= 1_500
    english = sum(r["lang"] == "en" for r in train) / len(train)
    assert 0.45 < english < 0.55
    for label in Label:
        for lang in ("en", "zh"):
            assert sum(r["labels"][label] for r in train if r["lang"] == lang) >= 40, (label, lang)
    for role, names in DETECTORS.items():
        for name in names:
            found = [r for r in train if r["role"] == role and name in r.get("detectors", ())]
            for lang in ("en", "zh"):
                assert sum(r["lang"] == lang for r in found) >= 40, (role, name, lang)


def test_many_rows_depend_on_what_was_said_before():
    """A classifier that reads one line at a time cannot get these right."""
    for folder in ("train", "test"):
        found = rows(folder)
        with_context = sum(bool(r["context"]) for r in found) / len(found)
        decided_by_it = sum("context_only" in r["tags"] for r in found) / len(found)
        assert 0.4 < with_context < 0.75, (folder, with_context)
        assert decided_by_it > 0.12, (folder, decided_by_it)
