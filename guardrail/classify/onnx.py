"""The default classifier: a small encoder in ONNX, on the CPU, in threads of its own.

A model is a folder with `model.onnx`, `tokenizer.json` and a `manifest.json` that says what they
are: their hashes, the labels, the calibration and the operating point. `models/companion-v1/CARD.md`
tells how one was made.

Every text, and every window of a long one, is run by itself. The quantised graph chooses its
number range from all that is in a batch, so neighbours would change each other's scores; and on
one thread a batch saves next to nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors
from tokenizers import Tokenizer

from guardrail.classify.base import Utterance
from guardrail.classify.text import layout, pack, windows
from guardrail.errors import ClassifierError, ConfigError, Mistake
from guardrail.turn import Label, Level, Role, Signal

__all__ = ["Manifest", "OnnxClassifier"]

FLOOR = 0.01  # lower scores are not worth a signal
FILES = ("model.onnx", "tokenizer.json")
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


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model folder says about itself, as far as running it needs to know.

    `calibration` holds scale and bias of each output's logit; `thresholds` the operating point of
    each label and of the two self-harm cuts `at_least_active` and `at_least_plan`. `graded` says
    whether those cuts are good enough to be spoken of: a wrong level would soften an answer.
    """

    version: str
    labels: tuple[str, ...]
    outputs: tuple[str, ...]
    max_tokens: int
    calibration: Mapping[str, tuple[float, float]]
    thresholds: Mapping[str, float]
    files: Mapping[str, str]
    graded: bool = False

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read and check a manifest.

        Raises:
            ConfigError: it is missing, not JSON, or lacks something.
        """
        try:
            raw = json.loads(path.read_bytes())
            return cls(
                version=str(raw["version"]),
                labels=tuple(raw["labels"]),
                outputs=tuple(raw["outputs"]),
                max_tokens=int(raw["max_tokens"]),
                calibration={
                    name: (float(pair["scale"]), float(pair["bias"]))
                    for name, pair in raw["calibration"].items()
                },
                thresholds={name: float(at) for name, at in raw["thresholds"].items()},
                files={name: str(raw["files"][name]["sha256"]) for name in FILES},
                graded=bool(raw.get("levels_usable", False)),
            )
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problem = f"is not a manifest: {type(error).__name__}: {error}"
        hint = "a model folder holds model.onnx, tokenizer.json and manifest.json"
        raise ConfigError([Mistake(str(path), 1, problem, hint)])


class OnnxClassifier:
    """Runs a model folder; see `load`."""

    name = "onnx"

    def __init__(
        self,
        manifest: Manifest,
        session: Any,
        tokenizer: Tokenizer,
        *,
        workers: int = 1,
        max_tokens: int | None = None,
    ) -> None:
        self.labels = manifest.labels
        self.operating_point: Mapping[str, float] = {
            label: manifest.thresholds[label] for label in manifest.labels
        }
        self._manifest, self._session, self._tokenizer = manifest, session, tokenizer
        self._limit = max_tokens or manifest.max_tokens
        pairs = [manifest.calibration[output] for output in manifest.outputs]
        self._scale = np.array([scale for scale, _ in pairs])
        self._bias = np.array([bias for _, bias in pairs])
        self._column = {output: i for i, output in enumerate(manifest.outputs)}
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="classify")

    @classmethod
    def load(
        cls,
        directory: Path,
        *,
        threads: int = 1,
        workers: int = 1,
        max_tokens: int | None = None,
    ) -> OnnxClassifier:
        """Verify a model folder, load it and run it once, so that the first turn does not wait.

        `threads` work on one text, `workers` texts are judged at a time; for many short chats
        more workers serve better than more threads. `max_tokens` may shorten the window.

        Raises:
            ConfigError: a file is missing, is not the one the manifest names, or does not load.
        """
        manifest = Manifest.read(directory / "manifest.json")
        contents = _verified(directory, manifest)
        try:
            session = _session(contents["model.onnx"], threads)
            tokenizer = Tokenizer.from_buffer(contents["tokenizer.json"])
            made = cls(manifest, session, tokenizer, workers=workers, max_tokens=max_tokens)
            made._judge((Utterance("hello", Role.USER),), threading.Event())
        except (*FAILURES, KeyError, ClassifierError) as error:
            problem = f"does not load: {type(error).__name__}: {error}"
            raise ConfigError([Mistake(str(directory), 1, problem)]) from error
        return made

    @property
    def version(self) -> str:
        """The model's name and the beginning of its hash."""
        return self._manifest.version

    async def classify(self, batch: tuple[Utterance, ...]) -> tuple[tuple[Signal, ...], ...]:
        """Score each utterance in a thread; a long text gets the highest score of its windows.

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
        except FAILURES as error:
            # The message of an ONNX error names nodes, never text; still only its kind goes on.
            raise ClassifierError("error", type(error).__name__) from error
        finally:
            stop.set()  # cancelled: the thread ends after the window it is at

    async def close(self) -> None:
        """Let the threads go; what is running ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _judge(
        self, batch: tuple[Utterance, ...], stop: threading.Event
    ) -> tuple[tuple[Signal, ...], ...]:
        return tuple(self._signals(said.role, self._scores(said, stop)) for said in batch)

    def _scores(self, said: Utterance, stop: threading.Event) -> np.ndarray[Any, Any]:
        """Calibrated scores, one row per window."""
        text, before = layout(said.role, said.text, said.context)
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        context = self._tokenizer.encode(before, add_special_tokens=False).ids if before else []
        room = self._limit - 2 - min(len(context) + 1 if context else 0, self._limit // 4)
        rows = []
        for window in windows(ids, room):
            if stop.is_set():
                raise ClassifierError("cancelled")
            inputs = pack(window, context, self._limit)
            feed = {
                name: np.array([values], np.int64)
                for name, values in zip(("ids", "mask"), inputs, strict=True)
            }
            rows.append(self._session.run(None, feed)[0][0])
        logits = np.array(rows, np.float64) * self._scale + self._bias
        if not np.isfinite(logits).all():
            raise ClassifierError("nan")
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))

    def _signals(self, role: Role, scores: np.ndarray[Any, Any]) -> tuple[Signal, ...]:
        best = scores.max(axis=0)
        found = []
        for label in self.labels:
            score = float(best[self._column[label]])
            if score >= FLOOR:
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


def _verified(directory: Path, manifest: Manifest) -> dict[str, bytes]:
    """The files' contents, hashed as they are read: what is checked is what runs."""
    contents, mistakes = {}, []
    for name in FILES:
        path = directory / name
        try:
            contents[name] = path.read_bytes()
        except OSError as error:
            mistakes.append(Mistake(str(path), 1, f"cannot be read: {error.strerror}"))
            continue
        if hashlib.sha256(contents[name]).hexdigest() != manifest.files[name]:
            hint = "fetch the file again, or build the manifest with models/companion-v1/export.py"
            mistakes.append(Mistake(str(path), 1, "is not the file the manifest names", hint))
    if mistakes:
        raise ConfigError(mistakes)
    return contents


def _session(model: bytes, threads: int) -> Any:
    """An ONNX Runtime session for a server: few threads, and idle ones sleep."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
