"""Metric families whose labels hold a fixed vocabulary: no word from outside becomes a label."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from prometheus_client.metrics import MetricWrapperBase

__all__ = ["OTHER", "Family", "Vocabulary"]

OTHER = "other"

KEPT = 2048
"""Children kept per family; beyond it they are looked up each time, never forgotten."""


M = TypeVar("M", bound=MetricWrapperBase)


class Vocabulary:
    """The words one label may hold."""

    def __init__(self, words: Iterable[object] = (), room: int = 0) -> None:
        self._words = {str(word) for word in words}
        self._room = room

    def __call__(self, word: object) -> str:
        text = str(word)
        if text in self._words:
            return text
        if self._room > 0 and text:
            self._room -= 1
            self._words.add(text)
            return text
        return OTHER


class Family(Generic[M]):
    """A metric with its labels folded into their vocabularies and its children kept at hand."""

    def __init__(self, metric: M, *vocabularies: Vocabulary) -> None:
        self._metric, self._vocabularies = metric, vocabularies
        self._children: dict[tuple[object, ...], M] = {}

    def __call__(self, *values: object) -> M:
        child = self._children.get(values)
        if child is None:
            folded = [fold(v) for fold, v in zip(self._vocabularies, values, strict=True)]
            child = self._metric.labels(*folded) if folded else self._metric
            if len(self._children) < KEPT:
                self._children[values] = child
        return child

    def sums(self) -> dict[str, float]:
        """What was counted so far, by the first label."""
        sums: dict[str, float] = {}
        for sample in (s for family in self._metric.collect() for s in family.samples):
            if sample.name.endswith("_total"):
                word = next(iter(sample.labels.values()))
                sums[word] = sums.get(word, 0.0) + sample.value
        return sums
