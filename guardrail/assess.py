"""Asks the classifiers, under a deadline, and says plainly what came of it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable
from dataclasses import replace

from guardrail.attempting import attempt_in
from guardrail.classify.base import HINT, Classifier, Utterance
from guardrail.errors import ClassifierError
from guardrail.preparing import plan_in
from guardrail.thinking import thought_in
from guardrail.turn import Assessment, Level, Role, Side, Signal

__all__ = ["Assessor", "both", "merge"]

Found = tuple[tuple[Signal, ...], ...]
"""The signals of each utterance of a batch."""

_KIND = re.compile(r"[a-z_]{1,24}")
_GUESS = 0.8
"""Score below which a model's plan is a guess: the ladder acts on it all the same."""


class Assessor:
    """A primary classifier with the lexicon, which cannot fail for want of a model, beneath it.

    Both look at everything. The floor's explicit findings always count; its hints count only when
    the primary failed. A failure is never an exception to the caller: it is `Assessment.failed`,
    and the policy says what follows.
    """

    def __init__(
        self,
        primary: Classifier | None,
        floor: Classifier,
        *,
        deadline: float = 1.0,
        waiting: int = 128,
    ) -> None:
        """Take the classifiers and the bounds.

        `deadline` is in seconds, for one call. Beyond `waiting` calls under way new ones fail at
        once: an answer that comes after its deadline helps nobody and delays the next.
        """
        self.primary, self.floor = primary, floor
        self._deadline, self._waiting = deadline, waiting
        self._under_way = 0

    async def assess(
        self, side: Side, batch: tuple[Utterance, ...], unjudged: tuple[str, ...] = ()
    ) -> Assessment:
        """Judge a batch as one: the highest score of each label counts."""
        began = time.perf_counter()
        found, floor_failed = await self._ask_floor(batch)
        signals = [signal for of_one in found for signal in of_one]
        failed: str | None = None
        judged: Found = ()
        if self.primary is not None and batch:
            try:
                judged = await self._ask_primary(self.primary, _suspected(batch, found))
            except ClassifierError as error:
                failed = _word(error)
        signals += [signal for of_one in judged for signal in of_one]
        signals += _patterns(batch, found, judged)
        if failed is None and floor_failed is None:
            signals = [s for s in signals if s.source != HINT or self.primary is None]
        return Assessment(
            side=side,
            signals=merge(signals),
            failed=failed or floor_failed,
            floor_ran=floor_failed is None,
            unjudged=unjudged,
            seconds=time.perf_counter() - began,
        )

    async def close(self) -> None:
        """Close both classifiers."""
        if self.primary is not None:
            await self.primary.close()
        await self.floor.close()

    async def _ask_floor(self, batch: tuple[Utterance, ...]) -> tuple[Found, str | None]:
        try:
            return await self.floor.classify(batch), None
        except ClassifierError as error:
            return (), _word(error)

    async def _ask_primary(self, primary: Classifier, batch: tuple[Utterance, ...]) -> Found:
        if self._under_way >= self._waiting:
            raise ClassifierError("overload")
        self._under_way += 1
        try:
            async with asyncio.timeout(self._deadline):
                return await primary.classify(batch)
        except TimeoutError:
            raise ClassifierError("timeout") from None
        finally:
            self._under_way -= 1


def _word(error: ClassifierError) -> str:
    """The kind of a failure, which goes into records and counters: a word, and never a text."""
    return error.kind if _KIND.fullmatch(error.kind) else "error"


def _patterns(batch: tuple[Utterance, ...], *found: Found) -> list[Signal]:
    """What patterns see in a person's words: thoughts, what is got ready, what has been done.

    The last two take less where anybody sees the thought. A plan that a model merely guesses is no
    thought: it may well be made of the very rope or letter that is looked for here.
    """
    seen: list[Signal] = []
    for number, said in enumerate(batch):
        if said.role is not Role.USER:
            continue
        signals = [signal for of_all in found if of_all for signal in of_all[number]]
        own = thought_in(said.text, _asked(said))
        thought = bool(own) or any(map(_is_thought, signals))
        seen += own
        seen += plan_in(said.text, thought=thought)
        seen += attempt_in(said.text, thought=thought)
    return seen


def _is_thought(signal: Signal) -> bool:
    return signal.level is not None and (signal.level is not Level.PLAN or signal.score >= _GUESS)


def _asked(said: Utterance) -> str:
    """What the bot said right before."""
    last = said.context[-1] if said.context else None
    return last.text if last is not None and last.role is Role.ASSISTANT else ""


def _suspected(batch: tuple[Utterance, ...], found: Found) -> tuple[Utterance, ...]:
    """The batch, with a mark on what the floor found something in; on all of it if it failed."""
    if found and not any(found):
        return batch
    marks = found or ((),) * len(batch)
    return tuple(
        replace(said, suspect=True) if mark or not found else said
        for said, mark in zip(batch, marks, strict=True)
    )


def merge(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """One signal per label and source: the highest; the gravest level is kept with it."""
    best: dict[tuple[str, str], Signal] = {}
    for signal in signals:
        key = (signal.label, signal.source)
        held = best.get(key)
        if held is None or (signal.score, signal.level is not None) > (
            held.score,
            held.level is not None,
        ):
            best[key] = signal
    return tuple(best.values())


def both(a: Assessment, b: Assessment) -> Assessment:
    """Two assessments of one side as one: the highest score of each label, all that failed."""
    return replace(
        b,
        signals=merge((*a.signals, *b.signals)),
        failed=a.failed or b.failed,
        floor_ran=a.floor_ran and b.floor_ran,
        unjudged=tuple(dict.fromkeys((*a.unjudged, *b.unjudged))),
        seconds=a.seconds + b.seconds,
    )
