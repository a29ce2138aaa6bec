"""Which part of a text drove its score."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.classify.base import Utterance
from guardrail.classify.lexicon import LexiconClassifier
from guardrail.explain import PARTS, driving_span, parts
from guardrail.turn import Role

LEXICON = LexiconClassifier.load()


async def judge(batch: tuple[Utterance, ...]) -> list[float]:
    """The lexicon's word on self-harm."""
    found = await LEXICON.classify(batch)
    return [max((s.score for s in each if s.label == "self_harm"), default=0.0) for each in found]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("we had soup. i want to kill myself. the cat is fine", "i want to kill myself."),
        ("soup was ok, i want to kill myself, anyway", "i want to kill myself,"),
        ("今天吃了面。我想自杀。猫很好", "我想自杀。"),
    ],
)
async def test_the_part_that_carries_the_score_is_named(text: str, part: str):
    """The sentence, or in a lone sentence the clause."""
    span = await driving_span(Utterance(text, Role.USER), judge)
    assert span is not None
    assert text[span.start : span.end].strip() == part
    assert span.drop > 0.5


async def test_a_text_without_a_finding_has_no_such_part():
    """Nothing drops where nothing was found."""
    assert await driving_span(Utterance("soup. cats. rain", Role.USER), judge) is None
    assert await driving_span(Utterance("  ", Role.USER), judge) is None


async def test_what_is_said_twice_rests_on_no_part_alone():
    """Leaving out one of two leaves the other: no part alone is to blame."""
    text = "i want to kill myself. i want to kill myself."
    assert await driving_span(Utterance(text, Role.USER), judge) is None


@given(st.text(max_size=400))
def test_parts_are_in_order_and_hold_all_that_is_said(text: str):
    """They do not overlap, and what lies between them is space."""
    found = parts(text)
    assert len(found) <= PARTS
    at = 0
    for start, end in found:
        assert at <= start < end <= len(text)
        assert not text[at:start].strip()
        at = end
    assert not text[at:].strip()
