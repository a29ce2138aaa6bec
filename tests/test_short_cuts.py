"""What is looked for first, to pass by what most lines are, never changes an answer.

Each short cut is held against the long way around it: on all rows of the seeds in the slow lane, on
made-up lines in the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail import demeaning, distress, eating, preparing
from guardrail.classify import _spelling_latin as latin
from guardrail.classify import text as texts
from guardrail.policy.decide import _matches
from guardrail.policy.model import Facts
from guardrail.turn import AgeBand, Assessment, Profile, Side
from tests.conftest import POLICIES, POLICY

SEEDS = Path(__file__).parent.parent / "seeds"
LINES = st.text(st.characters(codec="utf-8"), max_size=60) | st.text(
    "aeiou nst'’.!?,\n\t\x00é中", max_size=120
)


def seeds() -> Iterator[str]:
    """All that anybody says in the seeds of `train` and `test`."""
    for path in sorted(SEEDS.glob("*/*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            yield row["text"]
            yield from (said["text"] for said in row.get("context", ()))


def normalised(text: str) -> str:
    """`normalise` without its short cut for plain ASCII."""
    return " ".join(texts._CONTROL.sub(" ", text).split())


def english(text: str) -> bool:
    """`_may_be_english`, by all of its words at once."""
    words = texts._WORD.findall(text[: texts.TELLING_CHARACTERS].lower())
    few = len(words) < texts.TELLING_WORDS
    return few or not texts._ENGLISH.isdisjoint(words[: texts.TELLING_WORDS_MOST])


def check(text: str) -> None:
    """Every short cut through a text ends where the long way does."""
    if text.isascii():
        assert texts.normalise(text) == normalised(text)
    assert texts._may_be_english(text) == english(text)
    fours = any(four in text.lower() for four in latin._FOURFOLD)
    assert fours == bool(re.search(r"([a-z])\1\1\1", text.lower())), text
    folded = text.casefold().replace("’", "'")
    assert distress._says_en(folded) == bool(distress._EN.search(folded)), text
    if eating._EN.search(folded) or eating._ZH.search(folded):
        assert any(hint in folded for hint in eating._HINTS), text
    if not preparing._WEIGHTY.isdisjoint(preparing._signs(folded)):
        assert any(hint in folded for hint in preparing._ALONE), text
    if any(demeaning._contempt(found[0]) for found in demeaning._SENTENCE.finditer(folded)):
        assert "你" in folded or "you" in folded, text


@pytest.mark.slow
def test_on_all_seeds() -> None:
    """Nothing that was ever written for us is read another way."""
    found = set(seeds())
    assert len(found) > 25_000
    for text in found:
        check(text)


@given(LINES)
def test_on_made_up_lines(text: str) -> None:
    """Nor is anything else."""
    check(text)


@given(st.from_regex(distress._EN))
@settings(max_examples=200)
def test_distress_has_a_sign(line: str) -> None:
    """Whatever the pattern finds holds one of the signs that are looked for first."""
    assert distress._says_en(line)


@pytest.mark.parametrize("pack", ["default", "us-ca", "cn"])
def test_a_calm_turn_asks_every_rule_that_could_hold(pack: str) -> None:
    """Where nothing was found and nothing holds, the rules left out would not have held either."""
    policy = POLICY(POLICIES / f"{pack}.yaml")
    for side in Side:
        assert len(policy.calm[side]) < len(policy.unmarked[side])
        for age in AgeBand:
            facts = Facts("f", side, Profile(None, age), Assessment(side))
            holding = [r for r in policy.unmarked[side] if _matches(r.when, facts, {}, None)]
            assert holding == [r for r in policy.calm[side] if _matches(r.when, facts, {}, None)]
