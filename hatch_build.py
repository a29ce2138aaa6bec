"""Puts the model and the policies into the wheel; an editable install finds them in the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODEL_FILES = ("model.onnx", "first.onnx", "tokenizer.json", "manifest.json")


class DataHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `guardrail/_data` to standard wheels."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """See hatchling's BuildHookInterface."""
        if version != "standard":
            return
        root = Path(self.root)
        for model in sorted((root / "models").glob("*/manifest.json")):
            for name in MODEL_FILES:
                inside = f"guardrail/_data/models/{model.parent.name}/{name}"
                build_data["force_include"][str(model.parent / name)] = inside
        build_data["force_include"][str(root / "policies")] = "guardrail/_data/policies"
