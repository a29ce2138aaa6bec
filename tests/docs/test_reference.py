"""Generated pages are what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

BUILD = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "build_reference.py"))


def test_generated_pages_are_current():
    """`make docs` would change nothing."""
    for path, text in BUILD["outputs"]().items():
        assert path.read_text("utf-8") == text, f"{path.name} is stale: run make docs"


def test_every_setting_is_described():
    """No setting without words, and no table that stands nowhere."""
    found = dict(BUILD["tables"](BUILD["Settings"]))
    assert found.keys() >= {
        "Each entry of `routes`",
        "`identity.jwt`",
        "Each entry of `notify.webhooks`",
        "`notify.mail`",
        "`accounts.oidc`",
    }
    for model in (BUILD["Settings"], *found.values()):
        assert all(text for _, _, text in BUILD["rows"](model))
