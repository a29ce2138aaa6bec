"""The commands `guardrail report` and `guardrail assess`; `guardrail.cli` takes them in.

Exit status as everywhere: 0 all is well, 1 something is wrong with what was given (the policy, the
database, the file to write), 2 the command line itself is wrong.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

import guardrail
from guardrail._terminal import ConfigOption, err, list_mistakes, out, read_settings
from guardrail.config import Settings
from guardrail.errors import ConfigError, GuardrailError
from guardrail.report.document import Document, Kind
from guardrail.report.figures import Period
from guardrail.report.formats import as_csv, as_json
from guardrail.report.html import as_html
from guardrail.report.suppress import FEW

__all__ = ["app"]

app = typer.Typer()


class Format(StrEnum):
    """How it is written."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


class Language(StrEnum):
    """The languages of a report."""

    EN = "en"
    ZH = "zh"


WRITERS = {Format.JSON: as_json, Format.CSV: as_csv, Format.HTML: as_html}


@app.command("report")
def report_command(  # noqa: PLR0913 - the options of a command
    which: Annotated[
        Kind,
        typer.Argument(help="sb243, wa, or, hi, co: yearly counts; cn-art23; gauges (CN Art. 22)."),
    ],
    *,
    year: Annotated[
        int | None, typer.Option(min=2000, max=9998, help="Calendar year; this one if left out.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Time zone whose calendar counts.")] = "UTC",
    public: Annotated[
        bool, typer.Option("--public", help="For publication: small figures are withheld.")
    ] = False,
    few: Annotated[
        int, typer.Option(min=2, help="With --public: figures below this are withheld.")
    ] = FEW,
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.JSON,
    file: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, help="File; standard output if left out."),
    ] = None,
    language: Annotated[
        Language | None, typer.Option(help="en or zh; zh for cn-art23 if left out.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Report what laws ask for, in aggregates: counts, assessment, gauges. Changes nothing."""
    now = time.time()
    try:
        this = datetime.fromtimestamp(now, Period.of(2000, zone).zone).year
        period = Period.of(year or this, zone)
    except (ValueError, LookupError, OSError):
        raise typer.BadParameter(
            f"{zone!r} is no time zone: write it as America/Los_Angeles"
        ) from None
    spoken = language or (Language.ZH if which is Kind.CN_ART23 else Language.EN)
    document = _make(which, period, spoken, config, public=public, few=few, now=now)
    text = WRITERS[form](document)
    _write(text, file)


def _write(text: str, file: Path | None) -> None:
    if file is None:
        sys.stdout.write(text)
        return
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        err.print(escape(f"{file} cannot be written: {error.strerror}"))
        raise typer.Exit(1) from None
    out.print(f"report: {escape(str(file))}")


def _make(
    which: Kind,
    period: Period,
    language: Language,
    config: Path | None,
    *,
    public: bool,
    few: int,
    now: float,
) -> Document:
    from guardrail.report.run import Wanted, report  # noqa: PLC0415 - --help stays quick

    wanted = Wanted(
        which,
        period,
        language.value,
        public=public,
        few=few,
        now=now,
        version=guardrail.__version__,
    )
    try:
        return asyncio.run(report(wanted, read_settings(config)))
    except ConfigError as error:
        list_mistakes(error.mistakes)
    except GuardrailError as error:
        err.print(escape(str(error)))
    raise typer.Exit(1)


@app.command("assess")
def assess_command(
    *,
    file: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, help="A new file; standard output if left out."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Say what changed since this assessment."),
    ] = None,
    renew: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="It was assessed again: take what runs now."
        ),
    ] = None,
    language: Annotated[Language, typer.Option(help="en or zh.")] = Language.EN,
    config: ConfigOption = None,
) -> None:
    """Risk assessment (CA B&P 21812, CN Art 22): a filled-in template, and whether it is due again."""
    from guardrail.assessed import due, renewed, running  # noqa: PLC0415 - --help stays quick

    if file is not None and file.exists():
        raise typer.BadParameter(f"{file} exists: an assessment is not written over")
    settings = read_settings(config)
    try:
        now = running(settings, guardrail.__version__)
        if renew is not None:
            renew.write_text(renewed(renew.read_text("utf-8"), now), "utf-8")
        if (looked := renew or against) is not None:
            mistakes = due(looked, now)
            list_mistakes(mistakes)
            if not mistakes:
                out.print(f"{escape(str(looked))}: what runs is what was assessed")
            raise typer.Exit(1 if mistakes else 0)
        _write(_template(settings, now, language), file)
    except GuardrailError as error:
        err.print(escape(str(error)))
        raise typer.Exit(1) from None


def _template(settings: Settings, now: tuple[str, ...], language: Language) -> str:
    from guardrail.report.run import assessed  # noqa: PLC0415
    from guardrail.report.words import Say  # noqa: PLC0415

    return assessed(settings, now, Say(language.value))
