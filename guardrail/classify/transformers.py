"""Any Hugging Face sequence classifier, with a map of its labels to ours.

An optional extra: torch is half a gigabyte, so it is imported when a model is loaded and not before.
The model sees the judged text alone, without context; it was not trained on ours. Its scores are
taken as they are: whoever uses it sets the policy's thresholds for it, by measuring.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from guardrail.classify.base import Utterance
from guardrail.classify.text import normalise
from guardrail.errors import ClassifierError, ConfigError, MissingExtra, Mistake
from guardrail.turn import Label, Role, Signal

__all__ = ["TransformersClassifier"]

FLOOR = 0.01  # lower scores are not worth a signal
TOGETHER = 8  # windows of one text that run at a time
FAILURES = (RuntimeError, ValueError, TypeError, KeyError, IndexError, OSError, MemoryError)


class _Parts(NamedTuple):
    """What torch and transformers made; `Any`, because neither need be installed."""

    torch: Any
    model: Any
    tokenizer: Any
    window: int  # tokens that the model sees at a time
    device: str


class TransformersClassifier:
    """Runs a sequence classifier in a thread of its own; see `load`."""

    name = "transformers"

    def __init__(self, parts: _Parts, labels: Mapping[str, str], version: str) -> None:
        self._parts, self._version = parts, version
        columns = parts.model.config.label2id
        self._columns = [(int(columns[foreign]), ours) for foreign, ours in labels.items()]
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="transformers")

    @classmethod
    def load(
        cls,
        model: str,
        labels: Mapping[str, str],
        *,
        device: str = "auto",
        max_tokens: int = 512,
    ) -> TransformersClassifier:
        """Load a model by folder or hub name, and run it once, so that the first turn does not wait.

        `labels` says which of its labels mean which of ours; several may mean the same, then the
        highest counts. `device` is torch's word for it, or "auto" for a GPU if there is one. Code
        that comes with a model is not run.

        Raises:
            MissingExtra: torch or transformers is not installed.
            ConfigError: the model does not load or is no classifier, or a label is unknown.
        """
        try:
            import torch  # noqa: PLC0415 - an optional extra
            import transformers  # noqa: PLC0415
        except ImportError:
            raise MissingExtra("the transformers classifier", "transformers") from None
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            parts = _Parts(torch, *_load(transformers, model, max_tokens), device)
            parts.model.to(device).eval()
            _check(model, parts.model.config.label2id, labels)
            made = cls(parts, labels, _version(model, parts.model.config))
            made._judge((Utterance("hello", Role.USER),), threading.Event())
        except (*FAILURES, ClassifierError) as error:
            problem = f"does not load: {type(error).__name__}: {error}"
            raise ConfigError([Mistake(model, 0, problem)]) from error
        return made

    @property
    def version(self) -> str:
        """The model's name, and the hub's commit if it came from there."""
        return self._version

    async def classify(self, batch: tuple[Utterance, ...]) -> tuple[tuple[Signal, ...], ...]:
        """Score each utterance; a long text gets the highest score of its windows.

        Raises:
            ClassifierError: "nan" when the model answered nonsense, "error" when it failed,
                "closed" after `close`.
        """
        stop = threading.Event()
        try:
            work = self._pool.submit(self._judge, batch, stop)
        except RuntimeError:
            raise ClassifierError("closed") from None
        try:
            return await asyncio.wrap_future(work)
        except FAILURES as error:  # a message could quote the text, so only its kind goes on
            raise ClassifierError("error", type(error).__name__) from error
        finally:
            stop.set()  # cancelled: the thread ends after the windows it is at

    async def close(self) -> None:
        """Let the thread go; what is running ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _judge(
        self, batch: tuple[Utterance, ...], stop: threading.Event
    ) -> tuple[tuple[Signal, ...], ...]:
        return tuple(self._signals(normalise(said.text), stop) for said in batch)

    def _signals(self, text: str, stop: threading.Event) -> tuple[Signal, ...]:
        if not text:
            return ()
        highest = self._scores(text, stop)
        best: dict[str, float] = {}
        for column, ours in self._columns:
            best[ours] = max(highest[column], best.get(ours, 0.0))
        return tuple(
            Signal(label, min(score, 1.0), self.name, self._version)
            for label, score in best.items()
            if score >= FLOOR
        )

    def _scores(self, text: str, stop: threading.Event) -> list[float]:
        """The highest score of each column over all windows of a text."""
        torch, model, tokenizer, window, device = self._parts
        encoded = tokenizer(
            text,
            truncation=True,
            max_length=window,
            stride=window // 4,
            return_overflowing_tokens=True,
            padding=True,
            return_tensors="pt",
        )
        inputs = {k: encoded[k].to(device) for k in tokenizer.model_input_names if k in encoded}
        rows = []
        for start in range(0, len(encoded["input_ids"]), TOGETHER):
            if stop.is_set():
                raise ClassifierError("cancelled")
            some = {name: tensor[start : start + TOGETHER] for name, tensor in inputs.items()}
            with torch.inference_mode():
                rows.append(model(**some).logits.float())
        logits = torch.cat(rows)
        scores = logits.sigmoid() if _independent(model.config) else logits.softmax(dim=-1)
        highest = [float(score) for score in scores.amax(dim=0)]
        if not all(map(math.isfinite, highest)):
            raise ClassifierError("nan")
        return highest


def _load(transformers: Any, name: str, max_tokens: int) -> tuple[Any, Any, int]:
    tokenizer = transformers.AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    model, loading = transformers.AutoModelForSequenceClassification.from_pretrained(
        name, trust_remote_code=False, output_loading_info=True
    )
    if loading["missing_keys"]:  # transformers fills them with noise and only warns
        raise ValueError(f"no trained weights for {', '.join(sorted(loading['missing_keys']))}")
    if not tokenizer.is_fast:
        raise ValueError("its tokenizer is not a fast one, so long texts could not be read whole")
    room = getattr(model.config, "max_position_embeddings", None) or max_tokens
    return model, tokenizer, min(max_tokens, tokenizer.model_max_length, room)


def _independent(config: Any) -> bool:
    """Whether each label is judged by itself, rather than one label chosen among all."""
    return bool(config.problem_type == "multi_label_classification" or config.num_labels == 1)


def _version(name: str, config: Any) -> str:
    commit = getattr(config, "_commit_hash", None)
    return f"{Path(name).name}@{commit[:12]}" if commit else Path(name).name


def _check(name: str, known: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    mistakes = []
    if not labels:
        hint = f"the model has {', '.join(known)}"
        mistakes.append(Mistake(name, 0, "classifier.labels is empty", hint))
    for foreign, ours in labels.items():
        if foreign not in known:
            hint = f"it has {', '.join(known)}"
            mistakes.append(Mistake(name, 0, f"the model has no label {foreign!r}", hint))
        if ours not in list(Label):
            hint = f"one of {', '.join(Label)}"
            mistakes.append(Mistake(name, 0, f"{foreign}: {ours} is no label of ours", hint))
    if mistakes:
        raise ConfigError(mistakes)
