"""The commands `guardrail eval` and `guardrail tune`; `guardrail.cli` takes them in.

Exit status as everywhere: 0 all is well, 1 something is wrong with what was given (a row has no
scores, or there are too few for a proposal), 2 the command line itself is wrong.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from guardrail._terminal import (
    DEFAULT_FILE,
    ConfigOption,
    JsonOption,
    err,
    out,
    read_settings,
)
from guardrail.config import Settings
from guardrail.errors import GuardrailError

if TYPE_CHECKING:
    from guardrail.evaluate.judge import Judged
    from guardrail.evaluate.rows import Rows

__all__ = ["app"]

app = typer.Typer()

FilesArgument = Annotated[
    list[Path],
    typer.Argument(exists=True, dir_okay=False, help="Labelled rows, JSON Lines (seeds/GUIDE.md)."),
]
IntervalOption = Annotated[
    int, typer.Option(min=0, help="Resamples for each bootstrap interval; 0 for none.")
]
WIDE = 110  # columns of a table, also where nobody says how wide the window is
MANY = 200  # rows from which a bar shows how far it is


@app.command("eval")
def evaluate(
    files: FilesArgument,
    *,
    config: ConfigOption = None,
    against: Annotated[
        list[Path] | None, typer.Option(help="Settings file of another classifier; may repeat.")
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help="Folder of the report.")] = Path(
        "evaluation"
    ),
    as_json: JsonOption = False,
    interval: IntervalOption = 200,
    show_misses: Annotated[
        bool, typer.Option("--show-misses", help="Put the texts of misjudged rows into the report.")
    ] = False,
) -> None:
    """Evaluate classifiers on labelled rows: figures, plots and a report."""
    from guardrail.evaluate.plots import require
    from guardrail.evaluate.report import table
    from guardrail.evaluate.rows import read_rows
    from guardrail.evaluate.run import summed_up, write

    settings = _classifiers(config, against or [])
    rows = read_rows(files)
    try:
        require()
        judged = _judged(rows, settings)
        result = summed_up(rows, settings, judged, interval)
        write(folder, result, judged, show_misses=show_misses)
    except (GuardrailError, OSError) as error:
        err.print(escape(str(error)))
        raise typer.Exit(1) from None
    if as_json:
        out.print_json(data=result)
    else:
        _print_table(*table(result["classifiers"], "all"))
        out.print(f"report: {escape(str(folder / 'report.html'))}")
    raise typer.Exit(_say_unscored(rows, judged))


@app.command()
def tune(
    files: FilesArgument,
    *,
    budget: Annotated[
        float, typer.Option(help="Share of clean rows that may be flagged (soft).")
    ] = 0.02,
    label: Annotated[
        list[str] | None, typer.Option(help="Another budget for one label: self_harm=0.04.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    interval: IntervalOption = 200,
) -> None:
    """Propose thresholds for a budget of false alarms, as YAML for a policy pack."""
    from guardrail.evaluate.rows import read_rows
    from guardrail.evaluate.tune import Proposal, budgets, fragment, propose

    try:
        shares = budgets(budget, label or ())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    settings = _classifiers(config, [])
    rows = read_rows(files)
    try:
        judged = _judged(rows, settings)
    except GuardrailError as error:
        err.print(escape(str(error)))
        raise typer.Exit(1) from None
    (one,) = judged.values()
    found = list(propose(one, shares, interval))
    proposals = [answer for answer in found if isinstance(answer, Proposal)]
    refused = [answer for answer in found if not isinstance(answer, Proposal)]
    if as_json:
        answer: dict[str, Any] = {"classifier": one.version, "rows": len(one.rows)}
        answer["proposals"] = [asdict(yes) for yes in proposals]
        answer["refused"] = [asdict(no) for no in refused]
        out.print_json(data=answer)
    elif proposals:
        out.print(escape(f"# {len(one.rows)} rows, classifier {one.version}"))
        out.print(escape(fragment(proposals)), end="")
    for no in refused:
        err.print(escape(f"no proposal for {no.label}, {no.side}: {no.why}"))
    if not found:
        err.print("no proposal: no row that was scored says anything of a label")
    bad = _say_unscored(rows, judged)
    raise typer.Exit(1 if bad or refused or not proposals else 0)


def _classifiers(config: Path | None, against: Sequence[Path]) -> dict[str, Settings]:
    """Settings by the name of their file."""
    first = config or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    found = {first.stem if first else "default": read_settings(config)}
    # The environment goes before a file; here it would make all classifiers the same one.
    rest = {k: v for k, v in os.environ.items() if not k.startswith("GUARDRAIL__CLASSIFIER")}
    for path in against:
        name, number = path.stem, 2
        while name in found:
            name, number = f"{path.stem}-{number}", number + 1
        found[name] = read_settings(path, environment=rest)
    return found


def _judged(rows: Rows, settings: Mapping[str, Settings]) -> dict[str, Judged]:
    from guardrail.evaluate.run import judge_all

    total = len(rows.rows) * len(settings)
    with Progress(console=err, disable=total < MANY or not err.is_terminal) as progress:
        task = progress.add_task("scoring", total=total)
        return asyncio.run(judge_all(rows, settings, lambda: progress.advance(task)))


def _print_table(head: Sequence[str], lines: Sequence[Sequence[Any]]) -> None:
    shown = Table(*head, box=None)
    for line in lines:
        shown.add_row(*map(escape, line))
    Console(width=max(out.width, WIDE)).print(shown)


def _say_unscored(rows: Rows, judged: Mapping[str, Judged]) -> int:
    """Name the rows that are in no figure; the exit status that follows."""
    unscored = {row.place: row.why for row in rows.unreadable}
    unscored |= {row.place: row.why for one in judged.values() for row in one.unscored}
    for place, why in unscored.items():
        err.print(escape(f"{place}: not scored: {why}"))
    return 1 if unscored else 0
