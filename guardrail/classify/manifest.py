"""What a model folder says about itself, and whether its files are the ones it speaks of.

Rules of this file: nothing is run or parsed here but JSON; what was hashed is what the caller gets.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guardrail.errors import ConfigError, Mistake
from guardrail.turn import Role

__all__ = ["ENCODER", "FIRST", "TOKENIZER", "Manifest", "verified"]

ENCODER, TOKENIZER = "model.onnx", "tokenizer.json"
FIRST = "first.onnx"
"""The small first stage; a folder need not have one."""

GROUPS = ("en user", "en assistant", "zh user", "zh assistant")
"""Language and speaker: each has a calibration of its own."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model folder says about itself, as far as running it needs to know.

    `calibration` holds scale and bias of each output's logit, for each language and role ("en user");
    `thresholds` the operating point of
    each label and of the two self-harm cuts `at_least_active` and `at_least_plan`. `graded` says
    whether those cuts are good enough to be spoken of: a wrong level would soften an answer.
    `detectors` are further outputs, by the role that they are asked of. `clear` is the logit of the
    first stage below which the encoder is not asked; `None` if there is no such stage. `points` are
    named sets of thresholds.
    """

    version: str
    labels: tuple[str, ...]
    outputs: tuple[str, ...]
    max_tokens: int
    calibration: Mapping[str, Mapping[str, tuple[float, float]]]
    thresholds: Mapping[str, float]
    files: Mapping[str, str]
    graded: bool = False
    detectors: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    clear: float | None = None
    points: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read and check a manifest.

        Raises:
            ConfigError: it is missing, not JSON, or lacks something.
        """
        try:
            manifest = cls._of(json.loads(path.read_bytes()))
            manifest.check()
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problem = f"is not a manifest: {type(error).__name__}: {error}"
        else:
            return manifest
        hint = "a model folder holds model.onnx, tokenizer.json and manifest.json"
        raise ConfigError([Mistake(str(path), 1, problem, hint)])

    @classmethod
    def _of(cls, raw: Any) -> Manifest:
        clear = raw.get("clear")
        names = (ENCODER, TOKENIZER, *([] if clear is None else [FIRST]))
        return cls(
            version=str(raw["version"]),
            labels=tuple(raw["labels"]),
            outputs=tuple(raw["outputs"]),
            max_tokens=int(raw["max_tokens"]),
            calibration={
                group: {o: (float(line["scale"]), float(line["bias"])) for o, line in lines.items()}
                for group, lines in raw["calibration"].items()
            },
            thresholds=_numbers(raw["thresholds"]),
            files={name: str(raw["files"][name]["sha256"]) for name in names},
            graded=bool(raw.get("levels_usable", False)),
            detectors={Role(who): tuple(found) for who, found in raw.get("detectors", {}).items()},
            points={point: _numbers(bars) for point, bars in raw.get("points", {}).items()},
            clear=None if clear is None else float(clear),
        )

    def check(self) -> None:
        """Every name that is spoken of is there: a misspelt one would be a label never found.

        Raises:
            ValueError: one is not.
        """
        asked = {*self.labels, *(name for names in self.detectors.values() for name in names)}
        for group in GROUPS:
            if missing := set(self.outputs) - set(self.calibration.get(group, ())):
                raise ValueError(f"no calibration of {min(missing)} for {group!r}")
        if strange := asked - set(self.outputs):
            raise ValueError(f"{min(strange)} is no output")
        if self.clear is not None and not math.isfinite(self.clear):
            raise ValueError("the bar of the first stage is no number")


def _numbers(table: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in table.items()}


def verified(directory: Path, manifest: Manifest) -> dict[str, bytes]:
    """The files' contents, hashed as they are read: what is checked is what runs.

    Raises:
        ConfigError: a file is missing or is not the one the manifest names.
    """
    contents, mistakes = {}, []
    for name in manifest.files:
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
