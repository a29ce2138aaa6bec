"""What leaves us: names, numbers and hashes, never a sentence."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.audit import to_json
from guardrail.redact import UNFIT, redact
from guardrail.turn import (
    Action,
    Assessment,
    Decision,
    Label,
    Outcome,
    Profile,
    Record,
    Side,
    Signal,
)

PLAIN = Record(
    id="018bcfe568009f3ab1c2d",
    at=1_700_000_000.0,
    wire="openai",
    route="/openai/deployments/{name}/chat/completions",
    conversation="0123456789abcdef0123456789abcdef",
    profile=Profile(user="fedcba9876543210fedcba9876543210", region="US-CA", language="zh"),
    outcome=Outcome.INTERVENED,
    assessments=(
        Assessment(
            Side.USER,
            (
                Signal("self_harm", 0.123, "onnx", "sha256:" + "ab" * 32),
                Signal("toxic", 0.5, "remote", "org/model-name@v1.2"),
            ),
            failed="timeout",
            unjudged=("language", "field:toolCalls"),
        ),
    ),
    decisions=(
        Decision(
            "018b-0",
            Side.USER,
            "crisis first",
            (Action.SUPPORT,),
            "default@1a2b",
            label="self_harm",
            score=0.987,
            reason="The law asks for a protocol.",
            degraded="timeout",
        ),
    ),
    unjudged=("image",),
    failures=("classifier:timeout", "journal"),
    timings={"inbound": 0.001},
    counts={"windows": 2},
)
SENTENCE = "I want to die, please help me"
SMUGGLED = [
    SENTENCE,
    "i_want_to_die_please_help_me",
    "Iwanttodiepleasehelpmeiwanttodiepleasehelpme",
    "我想死",
    "ｗｏｒｄｓ",
    "word\n",
    "",
    "a" * 33,
    "ann@example.com",
]


def foreign(text: str) -> Record:
    """A record with `text` wherever the outside world can put one."""
    return replace(
        PLAIN,
        assessments=(
            Assessment(
                Side.BOT, (Signal(text, 0.5, text, text),), failed=text, unjudged=(text, text)
            ),
        ),
        decisions=(replace(PLAIN.decisions[0], label=text, degraded=text),),
        unjudged=(text,),
        failures=(text, "store"),
        profile=replace(PLAIN.profile, region=text, language=text, proof=text),
        timings={text: 0.5},
        counts={text: 1},
    )


def test_what_is_plain_passes_unchanged():
    """Hashes, routes, versions and words are what records are made of."""
    assert redact(PLAIN) == PLAIN


@pytest.mark.parametrize("text", SMUGGLED)
def test_no_text_gets_out(text: str):
    """What does not look like a name is replaced whole, wherever it stands."""
    signal = redact(foreign(text)).assessments[0].signals[0]
    assert (signal.label, signal.source) == (UNFIT, UNFIT)
    found = redact(foreign(text))
    assert found.failures == (UNFIT, "store")
    assert found.unjudged == found.assessments[0].unjudged == (UNFIT,)
    assert (found.decisions[0].label, found.decisions[0].degraded) == (UNFIT, UNFIT)
    assert found.profile.language == UNFIT
    assert list(found.timings) == list(found.counts) == [UNFIT]


@given(
    st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda t: " " in t or not t.isascii())
)
def test_nothing_with_a_space_or_a_foreign_letter_gets_out(text: str):
    """Whatever is put in, no sentence comes out."""
    planted = f"x{text}x"
    assert planted not in json.dumps(to_json(redact(foreign(planted))), ensure_ascii=False)


@given(st.text(max_size=50))
def test_redacting_twice_changes_nothing_more(text: str):
    """A record may pass several sinks that each redact it."""
    once = redact(foreign(text))
    assert redact(once) == once


@pytest.mark.parametrize("label", Label)
def test_our_own_labels_are_known(label: Label):
    """None of them is taken for text."""
    assert redact(foreign(label)).assessments[0].signals[0].label == label


@given(st.floats(0, 1))
def test_scores_are_rounded(score: float):
    """Three digits are enough to explain a decision, and too few to mark a person."""
    signals = (Signal("toxic", score, "onnx"),)
    decisions = (replace(PLAIN.decisions[0], score=score),)
    record = replace(PLAIN, assessments=(Assessment(Side.USER, signals),), decisions=decisions)
    found = redact(record)
    assert found.assessments[0].signals[0].score == found.decisions[0].score == round(score, 3)
