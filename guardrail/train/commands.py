"""The command `guardrail train`; `guardrail.cli` takes it in.

Exit status as everywhere: 0 all is well, 1 something is wrong with what was given (each mistake is
listed with its place), 2 the command line itself is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from guardrail._terminal import JsonOption, err, list_mistakes, out
from guardrail.errors import ConfigError, MissingExtra

if TYPE_CHECKING:
    from guardrail.train.loop import Step
    from guardrail.train.run import Watch

__all__ = ["app"]

app = typer.Typer()

LISTED = 20  # mistakes; a file that is wrong throughout need not be told in full
SELDOM = 20  # steps from line to line where no bar is shown
WIDE = 110  # columns of a table, also where nobody says how wide the window is
Rows = Annotated[
    list[Path],
    typer.Option(
        "--data",
        exists=True,
        dir_okay=False,
        help="Labelled rows, JSON Lines (docs/training.md); may repeat.",
    ),
]


@app.command("train")
def train(  # noqa: PLR0913 - each is an option
    *,
    data: Rows,
    folder: Annotated[Path, typer.Option("--out", help="New folder for the model.")],
    model: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Model to start from; default: shipped."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="How often each row is seen.")] = 3,
    rate: Annotated[float, typer.Option(min=1e-8, max=1e-2, help="Learning rate.")] = 5e-5,
    hold_out: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Share of conversations kept for the table.")
    ] = 0.2,
    keep: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, help="Rows to show what is forgotten; may repeat."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of order, dropout and rounding.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on after the last epoch that was finished.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Fine-tune the classifier on your own rows; a table says what became better or worse."""
    try:
        require()
        from guardrail.train.run import Job, fine_tune

        job = Job(data, folder, model, keep or (), epochs, rate, hold_out, seed, resume)
        with _watch() as watch:
            result = fine_tune(job, watch)
    except ConfigError as error:
        list_mistakes(error.mistakes[:LISTED])
        if len(error.mistakes) > LISTED:
            err.print(f"and {len(error.mistakes) - LISTED} more")
        raise typer.Exit(1) from None
    except (MissingExtra, OSError) as error:
        err.print(escape(str(error)))
        raise typer.Exit(1) from None
    if as_json:
        out.print_json(data=result)
    else:
        _print(result)


def require() -> None:
    """See that the extra is there.

    Raises:
        MissingExtra: torch or onnx is not installed.
    """
    try:
        import onnx
        import torch
    except ImportError:
        raise MissingExtra("guardrail train", "train") from None
    del onnx, torch


@contextmanager
def _watch() -> Iterator[Watch]:
    """A bar in a terminal, a line now and then elsewhere; results alone go to standard output."""
    from guardrail.train.run import Watch

    def say(line: str) -> None:
        err.print(escape(line))

    with Progress(console=err, disable=not err.is_terminal) as progress:
        training = progress.add_task("training", total=None, visible=False)

        def step(now: Step) -> None:
            named = f"epoch {now.epoch}, loss {now.loss:.3f}"
            progress.update(
                training, visible=True, total=now.total, completed=now.done, description=named
            )
            if now.ended:
                held = "" if now.held is None else f", on what is held out {now.held:.3f}"
                say(f"{named}{held}")
            elif progress.disable and now.done % SELDOM == 0:
                say(f"{named}, step {now.done} of {now.total}")

        def score(what: str, total: int) -> Callable[[], object]:
            task = progress.add_task(f"scoring, {what}", total=total, visible=total > 0)
            return lambda: progress.advance(task)

        yield Watch(say, step, score)


def _print(result: Mapping[str, Any]) -> None:
    from guardrail.train.table import HEAD, lines

    console = Console(width=max(out.width, WIDE), highlight=False)
    for part, title in (("hold_out", "held out"), ("keep", "--keep")):
        if result[part]:
            shown = Table(*HEAD, box=None, title=title, title_justify="left")
            for line in lines(result[part]):
                shown.add_row(*map(escape, line))
            console.print(shown)
    for moved in result["bias_moved"]:
        label, lang, clean = moved["label"], moved["lang"], moved["clean"]
        out.print(f"bias of {label} ({lang}) set anew on {clean} clean rows that were held out")
    out.print(escape(f"{result['model']}, from {result['parent']}: {result['folder']}"))
