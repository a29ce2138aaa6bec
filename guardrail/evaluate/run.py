"""Reads rows, asks the classifiers one after the other, writes what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import guardrail
from guardrail.config import Settings
from guardrail.evaluate.figures import figures
from guardrail.evaluate.judge import Judged, judge
from guardrail.evaluate.plots import draw
from guardrail.evaluate.report import blocks, html, markdown, misses
from guardrail.evaluate.rows import Rows
from guardrail.scoring import Scorer

__all__ = ["judge_all", "summed_up", "write"]

Tick = Callable[[], object]


async def judge_all(
    rows: Rows, settings: Mapping[str, Settings], tick: Tick = lambda: None
) -> dict[str, Judged]:
    """What each classifier makes of the rows. All are loaded before the first is asked.

    Raises:
        ConfigError: a model cannot be loaded.
        MissingExtra: it needs an optional dependency.
    """
    scorers = {name: Scorer.load(one) for name, one in settings.items()}
    judged = {}
    for name, scorer in scorers.items():
        judged[name] = await judge(scorer, rows.rows, tick)
        await scorer.close()
    return judged


def summed_up(
    rows: Rows,
    settings: Mapping[str, Settings],
    judged: Mapping[str, Judged],
    resamples: int,
) -> dict[str, Any]:
    """Everything that is written to figures.json. No text of any row is in it."""
    return {
        "guardrail": guardrail.__version__,
        "files": list(map(str, rows.files)),
        "rows": len(rows.rows) + len(rows.unreadable),
        "unreadable": [{"place": row.place, "why": row.why} for row in rows.unreadable],
        "foreign": dict(sorted(rows.foreign.items())),
        "resamples": resamples,
        "classifiers": {
            name: {
                "kind": settings[name].classifier.kind,
                "version": one.version,
                "operating_points": dict(one.bars),
                **figures(one, resamples),
            }
            for name, one in judged.items()
        },
    }


def write(
    folder: Path, result: Mapping[str, Any], judged: Mapping[str, Judged], *, show_misses: bool
) -> None:
    """Write report.html, report.md, figures.json and the plots into a folder.

    Raises:
        OSError: the folder cannot be written.
    """
    pictures = draw(judged, result["classifiers"], folder)
    shown = list(misses(judged)) if show_misses else None
    pieces = list(blocks(result, pictures, shown))
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    outputs = {
        "figures.json": text,
        "report.md": markdown(pieces),
        "report.html": html(pieces, folder),
    }
    for name, content in outputs.items():
        # A tag or a text may hold half a surrogate pair.
        (folder / name).write_text(content, "utf-8", errors="backslashreplace")
