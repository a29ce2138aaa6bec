"""Generated pages are what the code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
SPEC = importlib.util.spec_from_file_location("build_reference", DOCS / "build_reference.py")
assert SPEC is not None
assert SPEC.loader is not None
BUILD = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(BUILD)


def test_generated_pages_are_current():
    """`make docs` would change nothing."""
    for path, text in BUILD.outputs().items():
        assert path.read_text("utf-8") == text, f"{path.name} is stale: run make docs"


def test_every_setting_is_described():
    """No setting without words."""
    assert all(text for _, _, text in BUILD.rows(BUILD.Settings))
