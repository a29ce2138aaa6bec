"""Scores rows of text offline, with the same classifiers that guard live chats."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Self

from guardrail.assess import Assessor
from guardrail.classify.base import Classifier, Utterance
from guardrail.classify.text import language
from guardrail.config import Settings
from guardrail.errors import ConfigError, Mistake, RequestError
from guardrail.explain import driving_span
from guardrail.turn import Assessment, Detector, Label, Message, Role, Side
from guardrail.wiring import assessor

__all__ = ["Scorer", "numbered", "utterance_of"]

OPERATING_POINT = 0.5
"""Where a label is flagged if the classifier has no operating point of its own (the lexicon)."""

DIGITS = 6
"""Of a score: clean rows lie close together near 0, and a ranking of them should not tie."""

AHEAD = 4
"""Rows under way for each worker: enough that none waits for the next to be read."""

PATIENCE_MS = 60_000
"""Nobody waits for an offline answer: a busy machine must not turn scores into time-outs."""


class Scorer:
    """Reads one JSON row, gives one result. A bad row gives `error`, never a score."""

    def __init__(
        self,
        assessor: Assessor,
        *,
        point: str | None = None,
        explain: bool = False,
        workers: int = 1,
    ) -> None:
        self._assessor, self._explain, self._workers = assessor, explain, workers
        found: Mapping[str, float] = getattr(assessor.primary, "operating_point", {})
        if point is not None:
            found = _points(assessor.primary, point)
        self.bars = {str(label): found.get(label, OPERATING_POINT) for label in Label}
        """From which score on a label is flagged."""
        self.version = (assessor.primary or assessor.floor).version
        """What judges: a model hash, or the lexicon's revision if it is alone."""

    @classmethod
    def load(
        cls,
        settings: Settings,
        *,
        point: str | None = None,
        explain: bool = False,
        workers: int = 1,
    ) -> Self:
        """The scorer for these settings; `workers` rows are judged at a time.

        `point` names one of the model's operating points (`strict`, `balanced`, `relaxed`); with
        `explain`, each flag comes with the part of the text that it rests on most.

        Raises:
            ConfigError: the model cannot be loaded, or knows no such point.
        """
        patience = max(PATIENCE_MS, settings.classifier.deadline_ms)
        classifier = settings.classifier.model_copy(update={"deadline_ms": patience})
        made = assessor(settings.model_copy(update={"classifier": classifier}), workers=workers)
        return cls(made, point=point, explain=explain, workers=workers)

    async def lines(self, rows: Iterable[tuple[int, str | bytes]]) -> AsyncIterator[dict[str, Any]]:
        """Score many lines, in their order; a few more are under way than workers can take.

        Each text is a run of its own: in one batch the int8 model's answers would depend on what
        else is in it.
        """
        under_way: deque[asyncio.Task[dict[str, Any]]] = deque()
        for number, line in rows:
            under_way.append(asyncio.ensure_future(self.line(number, line)))
            if len(under_way) > AHEAD * self._workers:
                yield await under_way.popleft()
        while under_way:
            yield await under_way.popleft()

    async def line(self, number: int, line: str | bytes) -> dict[str, Any]:
        """Score one line of JSON Lines. The row's `id`, if it has one, comes back with it."""
        known: dict[str, Any] = {}
        try:
            row = json.loads(line)
            if isinstance(row, dict) and "id" in row:
                known = {"id": row["id"]}
            utterance = utterance_of(row)
        except (ValueError, RecursionError, RequestError) as error:
            return {**known, "line": number, "error": str(error)}
        return {**known, **await self.score(utterance)}

    async def score(self, utterance: Utterance) -> dict[str, Any]:
        """The scores of one utterance: `scores`, `level`, `flags`, and what was not judged.

        `detectors` holds what else was noticed, where the model knows of such things. Where the model
        `failed`, the lexicon's findings are all there is: what it did not find has no score, since a
        0.0 would say that somebody had looked.
        """
        found = await self._assess(utterance)
        level = found.level()
        seen = {signal.label for signal in found.signals} if found.failed else self.bars.keys()
        result: dict[str, Any] = {
            "scores": {
                name: round(found.score(name), DIGITS) for name in self.bars if name in seen
            },
            "level": str(level) if level else None,
            "flags": [label for label, bar in self.bars.items() if found.score(label) >= bar],
        }
        named = {s.label for s in found.signals} & set(Detector)
        if named:
            result["detectors"] = {name: round(found.score(name), DIGITS) for name in sorted(named)}
        if language(utterance.text) is None:
            result["unjudged"] = ["language"]
        if found.failed:
            result["failed"] = found.failed
        elif self._explain and result["flags"]:
            result["because"] = await self._because(utterance, result["flags"])
        return result

    async def _assess(self, utterance: Utterance) -> Assessment:
        side = Side.BOT if utterance.role is Role.ASSISTANT else Side.USER
        return await self._assessor.assess(side, (utterance,))

    async def _because(self, utterance: Utterance, labels: list[str]) -> dict[str, Any]:
        """Where in the text each label's score comes from."""
        told: dict[str, Any] = {}
        for label in labels:

            async def judge(batch: tuple[Utterance, ...], label: str = label) -> list[float]:
                return [(await self._assess(said)).score(label) for said in batch]

            span = await driving_span(utterance, judge)
            if span is not None:
                part = utterance.text[span.start : span.end]
                told[label] = {
                    "start": span.start,
                    "end": span.end,
                    "text": part,
                    "drop": span.drop,
                }
        return told

    async def close(self) -> None:
        """Let go of the model."""
        await self._assessor.close()


def _points(primary: Classifier | None, point: str) -> Mapping[str, float]:
    known: Mapping[str, Mapping[str, float]] = getattr(primary, "points", {})
    if point not in known:
        problem = f"the classifier has no operating point {point!r}"
        hint = f"it has {', '.join(sorted(known))}" if known else "it has none with a name"
        raise ConfigError([Mistake("classifier", 0, problem, hint)])
    return known[point]


def numbered(raw: bytes) -> list[tuple[int, bytes]]:
    """The lines of JSON Lines that are not blank, with their numbers."""
    # Only LF ends a line: JSON strings may hold U+2028 and its like as they are.
    lines = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [(n, line) for n, line in enumerate(lines, 1) if line.strip()]


def utterance_of(row: Any) -> Utterance:
    """What a row of JSON Lines says: `text`, and if it has them `role` and `context`.

    Raises:
        RequestError: it says that in a way we cannot read.
    """
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise RequestError('each line must be an object with a string "text"')
    context = row.get("context") or []
    if not isinstance(context, list) or not all(map(_says, context)):
        raise RequestError('"context" must be a list of {"role", "text"}')
    return Utterance(
        row["text"],
        _role(row.get("role", "user")),
        tuple(Message(_role(said.get("role")), said["text"]) for said in context),
    )


def _says(said: Any) -> bool:
    return isinstance(said, dict) and isinstance(said.get("text"), str)


def _role(word: Any) -> Role:
    if word in ("unknown", None):
        return Role.USER
    try:
        return Role(word)
    except ValueError:
        raise RequestError(f"unknown role {word!r}") from None
