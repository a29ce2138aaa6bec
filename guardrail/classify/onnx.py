"""The default classifier: a small encoder in ONNX, on the CPU, in threads of its own.

A model is a folder with `model.onnx`, `tokenizer.json` and a `manifest.json` that says what they
are (`manifest`). `models/companion-v1/CARD.md` tells how one was made.

A folder may bring a *first stage*, `first.onnx`: a far smaller net with the same inputs and one
output, the logit of any risk at all. It looks first, and what it clears (below the manifest's
`clear`) the encoder never sees. Then the one signal is `risk` from the source `static`. It can only clear: every other score, and
with it every decision, is the encoder's.

Every text, and every window of a long one, is run by itself. The quantised graph chooses its
number range from all that is in a batch, so neighbours would change each other's scores; and on
one thread a batch saves next to nothing.
"""

from __future__ import annotations

import asyncio
import math
import operator
import threading
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from guardrail.classify._runtime import open_session, ort_errors
from guardrail.classify.base import RISK, STATIC, Utterance
from guardrail.classify.manifest import ENCODER, FIRST, TOKENIZER, Manifest, verified
from guardrail.classify.spelling import despell
from guardrail.classify.text import (
    CONTEXT_CHARACTERS,
    CONTEXT_TURNS,
    language,
    layout,
    normalise,
    pack,
    windows,
)
from guardrail.errors import ClassifierError, ConfigError, Mistake
from guardrail.turn import Label, Level, Role, Signal

__all__ = ["OnnxClassifier"]

FLOOR = 0.01
"""Lower scores are not worth a signal in a live chat."""
GLANCE = 72
"""Tokens of a text up to which the first stage may clear it: in a long one it overlooks the one grave
sentence in the midst of much harmless talk (seen in a test), which the encoder does not."""
SEEN = 4
"""Characters for each token of a window that are kept of what was judged before: a window's worth of
English, more of Chinese."""
OWN = 1  # the mask of the judged text's tokens
INLINE = 1200
"""Characters of a batch, contexts included, up to which the first stage runs on the event loop:
that takes less than handing them to a thread and back would."""
FAILURES = (
    ort_errors.EPFail,
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
    MemoryError,
    RuntimeError,
    ValueError,
)


@dataclass(slots=True)
class _Reading:
    """An utterance on its way through both stages."""

    said: Utterance
    feeds: list[dict[str, np.ndarray[Any, Any]]] | None = None
    looked_at: bool = False  # the first stage could not clear it

    @property
    def size(self) -> int:
        """Characters that will be read."""
        context = self.said.context[-CONTEXT_TURNS:]
        return len(self.said.text) + sum(min(len(c.text), CONTEXT_CHARACTERS) for c in context)


def _start(offsets: Sequence[tuple[int, int]], known: int, room: int) -> int:
    """The first token to look at, when what ends within `known` characters was judged before.

    New tokens have a quarter of a window before them, as anywhere else, and more where it is free.
    """
    if not known:
        return 0
    judged = bisect_right(offsets, known, key=operator.itemgetter(1))
    return max(0, min(judged - room // 4, len(offsets) - room))


def _unless(stop: threading.Event | None) -> None:
    if stop is not None and stop.is_set():
        raise ClassifierError("cancelled")


class OnnxClassifier:
    """Runs a model folder; see `load`."""

    name = "onnx"

    def __init__(
        self,
        manifest: Manifest,
        session: Any,
        tokenizer: Tokenizer,
        *,
        first: Any = None,
        floor: float = FLOOR,
        workers: int = 1,
        max_tokens: int | None = None,
    ) -> None:
        self.labels = manifest.labels
        self.operating_point: Mapping[str, float] = {
            label: manifest.thresholds[label] for label in manifest.labels
        }
        self.points = manifest.points
        self._manifest, self._session, self._tokenizer = manifest, session, tokenizer
        self._first = first
        self._clear = -math.inf if manifest.clear is None else manifest.clear
        self._floor = floor
        self._limit = max_tokens or manifest.max_tokens
        self._lines = {
            group: np.array([pairs[output] for output in manifest.outputs]).T
            for group, pairs in manifest.calibration.items()
        }
        self._column = {output: i for i, output in enumerate(manifest.outputs)}
        self._closed = False
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="classify")

    @classmethod
    def load(
        cls,
        directory: Path,
        *,
        cascade: bool = True,
        floor: float = FLOOR,
        threads: int = 1,
        workers: int = 1,
        max_tokens: int | None = None,
    ) -> OnnxClassifier:
        """Verify a model folder, load it and run it once, so that the first turn does not wait.

        `threads` work on one text, `workers` texts are judged at a time; for many short chats
        more workers serve better than more threads. `max_tokens` may shorten the window. Without
        `cascade` the encoder judges everything; scores below `floor` are left out.

        Raises:
            ConfigError: a file is missing, is not the one the manifest names, or does not load.
        """
        manifest = Manifest.read(directory / "manifest.json")
        contents = verified(directory, manifest)
        try:
            session = open_session(contents[ENCODER], threads)
            first = open_session(contents[FIRST], 1) if cascade and FIRST in contents else None
            tokenizer = Tokenizer.from_buffer(contents[TOKENIZER])
            made = cls(
                manifest,
                session,
                tokenizer,
                first=first,
                floor=floor,
                workers=workers,
                max_tokens=max_tokens,
            )
            hello = Utterance("hello", Role.USER)
            for said in (hello, replace(hello, suspect=True)):  # one for each stage
                made._judge([_Reading(said)], threading.Event())
        except (*FAILURES, KeyError, ClassifierError) as error:
            problem = f"does not load: {type(error).__name__}: {error}"
            raise ConfigError([Mistake(str(directory), 1, problem)]) from error
        return made

    @property
    def version(self) -> str:
        """The model's name and the beginning of its hash."""
        return self._manifest.version

    async def classify(self, batch: tuple[Utterance, ...]) -> tuple[tuple[Signal, ...], ...]:
        """Score each utterance; a long text gets the highest score of its windows.

        Raises:
            ClassifierError: "nan" when the model answered nonsense, "error" when it failed,
                "closed" after `close`.
        """
        if self._closed:
            raise ClassifierError("closed")
        read = [_Reading(said) for said in batch]
        if self._first is None or sum(reading.size for reading in read) > INLINE:
            return await self._in_thread(read)
        try:
            cleared = [self._cleared(reading) for reading in read]
        except FAILURES as error:
            raise ClassifierError("error", type(error).__name__) from error
        rest = [r for r, clear in zip(read, cleared, strict=True) if clear is None]
        judged = iter(await self._in_thread(rest) if rest else ())
        return tuple(next(judged) if clear is None else clear for clear in cleared)

    async def close(self) -> None:
        """Let the threads go; what is running ends by itself."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, read: list[_Reading]) -> tuple[tuple[Signal, ...], ...]:
        stop = threading.Event()
        try:
            work = self._pool.submit(self._judge, read, stop)
        except RuntimeError:
            raise ClassifierError("closed") from None
        try:
            return await asyncio.wrap_future(work)
        except FAILURES as error:
            # The message of an ONNX error names nodes, never text; still only its kind goes on.
            raise ClassifierError("error", type(error).__name__) from error
        finally:
            stop.set()  # cancelled: the thread ends after the window it is at

    def _judge(self, read: list[_Reading], stop: threading.Event) -> tuple[tuple[Signal, ...], ...]:
        return tuple(self._cleared(r, stop) or self._scored(r, stop) for r in read)

    def _cleared(
        self, reading: _Reading, stop: threading.Event | None = None
    ) -> tuple[Signal, ...] | None:
        """What the first stage has to say if it can speak for the encoder."""
        said = reading.said
        if self._first is None or reading.looked_at or said.suspect or not language(said.text):
            return None
        reading.looked_at = True
        worst = -math.inf
        for feed in self._feeds(reading):
            _unless(stop)
            if int((feed["mask"] == OWN).sum()) > GLANCE:
                return None
            risk = float(self._first.run(None, feed)[0][0, 0])
            if not risk < self._clear:  # NaN is not below anything
                return None
            worst = max(worst, risk)
        score = 1 / (1 + math.exp(-max(worst, -30.0)))
        return (Signal(RISK, score, STATIC, self.version),)

    def _scored(self, reading: _Reading, stop: threading.Event) -> tuple[Signal, ...]:
        """What the encoder has to say."""
        said, rows = reading.said, []
        for feed in self._feeds(reading):
            _unless(stop)
            rows.append(self._session.run(None, feed)[0][0])
        who = Role.USER if said.role is Role.USER else Role.ASSISTANT
        scale, bias = self._lines[f"{language(said.text) or 'en'} {who}"]
        logits = np.array(rows, np.float64) * scale + bias
        if not np.isfinite(logits).all():
            raise ClassifierError("nan")
        return self._signals(said.role, 1 / (1 + np.exp(-np.clip(logits, -30, 30))))

    def _feeds(self, reading: _Reading) -> list[dict[str, np.ndarray[Any, Any]]]:
        """The inputs of a net, window by window; made once for both stages.

        A text in disguise is read as it is meant. As it is spelt, the net can only guess, and its
        guess for what it cannot read is alarm (models/companion-v1/RUNS.md, "Disguises").
        """
        if reading.feeds is None:
            said = reading.said
            reading.feeds = list(self._packed(said, despell(said.text).text))
        return reading.feeds

    def _packed(self, said: Utterance, text: str) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
        # What was judged may be left out, but not where a disguise was taken off: all of it moved.
        known = said.known if text == said.text else 0
        skipped = max(0, known - SEEN * self._limit)
        known = len(normalise(text[skipped:known]))
        text, before = layout(said.role, text[skipped:], said.context)
        coded = self._tokenizer.encode(text, add_special_tokens=False)
        context = self._tokenizer.encode(before, add_special_tokens=False).ids if before else []
        room = self._limit - 2 - min(len(context) + 1 if context else 0, self._limit // 4)
        for window in windows(coded.ids[_start(coded.offsets, known, room) :], room):
            packed = zip(("ids", "mask"), pack(window, context, self._limit), strict=True)
            yield {name: np.array([values], np.int64) for name, values in packed}

    def _signals(self, role: Role, scores: np.ndarray[Any, Any]) -> tuple[Signal, ...]:
        best = scores.max(axis=0)
        found = []
        for label in (*self.labels, *self._manifest.detectors.get(role, ())):
            score = float(best[self._column[label]])
            if score >= self._floor:
                asked = label == Label.SELF_HARM and role is Role.USER and self._manifest.graded
                level = self._level(scores) if asked else None
                found.append(Signal(label, min(score, 1.0), self.name, self.version, level))
        return tuple(found)

    def _level(self, scores: np.ndarray[Any, Any]) -> Level | None:
        """The gravest level of the windows that are over the threshold."""
        at = self._manifest.thresholds
        over = scores[scores[:, self._column[Label.SELF_HARM]] >= at[Label.SELF_HARM]]
        if not len(over):
            return None
        for cut, level in (("at_least_plan", Level.PLAN), ("at_least_active", Level.ACTIVE)):
            if float(over[:, self._column[cut]].max()) >= at.get(cut, math.inf):
                return level
        return Level.PASSIVE
