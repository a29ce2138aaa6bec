"""Where a new model may be written, and what is said of it there.

Rules of this file: the shipped weights are never written over, whatever the options say.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import guardrail
from guardrail._data import data_path
from guardrail.classify.manifest import ENCODER, FIRST, TOKENIZER, Manifest, verified
from guardrail.errors import ConfigError, Mistake

__all__ = ["MANIFEST", "SHIPPED", "Parent", "allowed", "manifest", "written"]

MANIFEST = "manifest.json"
SHIPPED = ("models", "companion-v1")
SUFFIX = "-tuned"


@dataclass(frozen=True, slots=True)
class Parent:
    """The model that is started from. `raw` is its manifest as it stands, `files` its contents."""

    folder: Path
    manifest: Manifest
    raw: Mapping[str, Any]
    files: Mapping[str, bytes]

    @classmethod
    def read(cls, folder: Path | None) -> Parent:
        """Read and verify a model folder; the shipped one if none is named.

        Raises:
            ConfigError: a file is missing or is not the one the manifest names.
        """
        folder = folder or data_path(*SHIPPED)
        found = Manifest.read(folder / MANIFEST)
        raw = json.loads((folder / MANIFEST).read_bytes())
        return cls(folder, found, raw, verified(folder, found))


def allowed(out: Path, start: Path, checkpoint: str, *, resume: bool) -> None:
    """See that a folder may be written.

    Raises:
        ConfigError: it is the shipped or the start's folder, lies inside the installed package,
            holds something already, or holds no run to go on with.
    """
    real = out.resolve()
    package = Path(guardrail.__file__).resolve().parent
    problem, hint = "", "choose a new folder"
    if any(real.is_relative_to(kept) for kept in (package, data_path("models").resolve())):
        problem = "is where guardrail's own files lie; the shipped weights are never written over"
    elif real == start.resolve():
        problem = "is the model that would be started from"
    elif out.exists() and not out.is_dir():
        problem = "is a file"
    elif (out / MANIFEST).exists() and resume:
        problem = "holds a finished model; there is nothing to go on with"
    elif out.is_dir() and any(out.iterdir()):
        if not resume:
            problem, hint = "is not empty", "choose a new folder, or go on with --resume"
        elif not (out / checkpoint).exists():
            problem = "holds no run to go on with"
    if problem:
        raise ConfigError([Mistake(str(out), 0, problem, hint)])


def manifest(
    parent: Parent, model: bytes, calibration: Mapping[str, Any], data: Mapping[str, Any]
) -> dict[str, Any]:
    """What is said of a model that was made from another: of itself, and what holds on."""
    made = copy.deepcopy(dict(parent.raw))
    for gone in ("first", "dev"):  # figures of other weights
        made.pop(gone, None)
    name = str(made.get("name", "model")).removesuffix(SUFFIX) + SUFFIX
    files = {ENCODER: model, TOKENIZER: parent.files[TOKENIZER]}
    return made | {
        "name": name,
        "version": f"{name}-{hashlib.sha256(model).hexdigest()[:8]}",
        "parent": parent.manifest.version,
        "made": datetime.now(UTC).strftime("%Y-%m-%d"),
        "files": {
            file: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for file, content in files.items()
        },
        "calibration": calibration,
        "clear": None,  # the first stage was set against the parent's answers
        "data": data,
    }


def written(out: Path, parent: Parent, said: Mapping[str, Any]) -> None:
    """Complete a folder that holds a model.onnx; without its manifest it does not load."""
    (out / TOKENIZER).write_bytes(parent.files[TOKENIZER])
    (out / FIRST).unlink(missing_ok=True)
    text = json.dumps(said, indent=2, ensure_ascii=False) + "\n"
    (out / MANIFEST).write_text(text, "utf-8")
