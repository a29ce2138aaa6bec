"""What of a record may leave us: for the log, for counters, for a webhook. Pure.

A Record has no field for text. But a remote classifier chooses its labels, a client or a backend
the fields that nobody could judge, and a failure has a name: through any of these, words of a
person could be smuggled out. So each must look like a name. One that does not is replaced *whole*: "i_want_to_die"
would still be text if only its spaces were replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from guardrail.turn import Assessment, Decision, Detector, Label, Profile, Record, Signal

__all__ = ["UNFIT", "redact"]

UNFIT = "unfit"
"""Stands in place of whatever does not look like a name."""

_KNOWN = frozenset[str](Label) | frozenset[str](Detector)
_WORD = re.compile(r"[A-Za-z0-9]+([_.:/-][A-Za-z0-9]+){0,3}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_.:@/{}+-]+", re.ASCII)
_WORD_LENGTH = 32
_OURS = frozenset(
    {"inbound", "outbound", "upstream", "total", "held", "windows", "en", "zh", "openai", "chat"}
)
"""Words that stand in nearly every record: these need no look."""
_NAME_LENGTH = 128  # "sha256:" and 64 digits, a hub name, a route

V = TypeVar("V")
D = TypeVar("D", Assessment, Decision, Profile, Record, Signal)


def redact(record: Record) -> Record:
    """The record as it may leave. Redacting twice changes nothing more."""
    return _with(
        record,
        id=_name(record.id),
        wire=_name(record.wire),
        route=_name(record.route),
        conversation=_name(record.conversation),
        profile=_profile(record.profile),
        assessments=tuple(_assessment(a) for a in record.assessments),
        decisions=tuple(_decision(d) for d in record.decisions),
        shadows=tuple(_decision(d) for d in record.shadows),
        unjudged=_words(record.unjudged),
        failures=_words(record.failures),
        timings=_keys(record.timings),
        counts=_keys(record.counts),
    )


def _with(value: D, **fields: Any) -> D:
    """`value` with these fields; itself when they are so already, as in all but a few records."""
    for name, held in fields.items():
        if getattr(value, name) != held:
            return replace(value, **fields)
    return value


def _profile(profile: Profile) -> Profile:
    return _with(
        profile,
        user=_maybe(profile.user),
        region=_maybe(profile.region),
        language=_word(profile.language),
        proof=_word(profile.proof),
    )


def _assessment(assessment: Assessment) -> Assessment:
    failed = assessment.failed
    return _with(
        assessment,
        signals=tuple(_signal(s) for s in assessment.signals),
        failed=None if failed is None else _word(failed),
        unjudged=_words(assessment.unjudged),
    )


def _signal(signal: Signal) -> Signal:
    return _with(
        signal,
        label=_label(signal.label),
        score=round(signal.score, 3),
        source=_word(signal.source),
        version=_name(signal.version) if signal.version else "",
    )


def _decision(decision: Decision) -> Decision:
    """`rule`, `reason`, `article` and `text` (a key) are the policy author's words, not a person's."""
    label, degraded = decision.label, decision.degraded
    return _with(
        decision,
        id=_name(decision.id),
        policy=_name(decision.policy),
        label=None if label is None else _label(label),
        score=round(decision.score, 3),
        degraded=None if degraded is None else _word(degraded),
    )


def _label(label: str) -> str:
    return label if label in _KNOWN else _word(label)


def _word(text: str) -> str:
    """A short constant word such as "timeout" or "classifier:error"; never a sentence."""
    fit = text in _OURS or (len(text) <= _WORD_LENGTH and _WORD.fullmatch(text))
    return text if fit else UNFIT


def _name(text: str) -> str:
    """An id, a hash, a path: longer than a word, still without spaces."""
    return text if len(text) <= _NAME_LENGTH and _NAME.fullmatch(text) else UNFIT


def _maybe(text: str | None) -> str | None:
    return None if text is None else _name(text)


def _words(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_word(text) for text in texts))


def _keys(numbers: Mapping[str, V]) -> dict[str, V]:
    return {_word(key): value for key, value in numbers.items()}
