"""What the commands share: the two consoles, common options, settings and their mistakes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from guardrail.config import Settings, load_settings
from guardrail.errors import ConfigError, Mistake

__all__ = [
    "DEFAULT_FILE",
    "ConfigOption",
    "JsonOption",
    "err",
    "list_mistakes",
    "out",
    "read_settings",
]

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)  # a wrapped `file:line` finds no file

DEFAULT_FILE = Path("guardrail.yaml")

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings file; guardrail.yaml is read if it is there."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def read_settings(
    config: Path | None,
    overrides: Mapping[str, Any] | None = None,
    *,
    read_default: bool = True,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings, or list every mistake and stop with status 1."""
    path = config
    if path is None and read_default and DEFAULT_FILE.exists():
        path = DEFAULT_FILE
    try:
        return load_settings(path, os.environ if environment is None else environment, overrides)
    except ConfigError as error:
        list_mistakes(error.mistakes)
        raise typer.Exit(1) from None


def list_mistakes(mistakes: Iterable[Mistake]) -> None:
    """Say on standard error where each one stands, and what would mend it."""
    for mistake in mistakes:
        err.print(f"[bold]{escape(mistake.place)}[/]: {escape(mistake.message)}")
        if mistake.hint:
            err.print(f"    hint: {escape(mistake.hint)}")
