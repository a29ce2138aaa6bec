"""The Classifier port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from guardrail.turn import Message, Role, Signal

__all__ = ["HINT", "RISK", "STATIC", "Classifier", "Utterance"]

HINT = "lexicon-hint"
"""Source of signals that count only when the model could not answer: words that are as often
harmless as not ("I want to disappear") are the model's to judge, not a lexicon's."""

RISK, STATIC = "risk", "static"
"""Label and source of the one signal of a text that a first stage cleared: how close it was."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is to be judged: one text, who says it, and what was said before.

    `context` is oldest first; a classifier reads as much of its end as it has room for. `suspect`:
    the floor found something in the text, so that no first stage may clear it. `known` characters at
    its beginning were judged before, as the text stood then (a stream grows): a classifier with a
    small window may look at the rest alone, and at what of them it needs to understand it.
    """

    text: str
    role: Role
    context: tuple[Message, ...] = ()
    suspect: bool = False
    known: int = 0


class Classifier(Protocol):
    """Scores utterances.

    Guarantees asked of every answer (`tests/contract/test_classifiers.py`):

    * one tuple per utterance, in the same order; an empty tuple means "looked, found nothing";
    * scores are calibrated guesses in 0..1, never NaN; a label that is absent counts as 0;
    * nothing of one utterance influences another; the object may be used from many tasks at once;
    * `classify` never blocks the event loop for longer than a few hundred microseconds;
    * it raises `ClassifierError` and nothing else; cancelling it is safe.
    """

    @property
    def name(self) -> str:
        """A short constant word: it becomes `Signal.source` and a metric label."""
        ...

    @property
    def version(self) -> str:
        """What was loaded: a model hash or a rules revision."""
        ...

    async def classify(self, batch: tuple[Utterance, ...]) -> tuple[tuple[Signal, ...], ...]:
        """Score each utterance.

        Raises:
            ClassifierError: it could not answer; no partial result is given.
        """
        ...

    async def close(self) -> None:
        """Let go of threads, sessions and sockets. May be called twice."""
        ...
