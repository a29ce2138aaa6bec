"""The command line: serve, demo, check, policy, score, doctor.

eval and tune join from `evaluate`, train from `train`.

Exit status: 0 all is well; 1 something is wrong with what was given (mistakes are listed);
2 the command line itself is wrong.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import structlog
import typer
from rich.markup import escape

import guardrail
from guardrail._terminal import (
    DEFAULT_FILE,
    ConfigOption,
    JsonOption,
    err,
    list_mistakes,
    out,
    read_settings,
)
from guardrail.accounts_commands import account_app
from guardrail.audit_commands import audit_app
from guardrail.config import Settings
from guardrail.errors import ConfigError, GuardrailError, Mistake
from guardrail.evaluate.commands import app as measures
from guardrail.policy_commands import policy_app
from guardrail.privacy_commands import privacy_app
from guardrail.report.commands import app as reports
from guardrail.train.commands import app as training

__all__ = ["main"]

app = typer.Typer(
    name="guardrail",
    help="Emotional safety for companion chatbots.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.add_typer(audit_app, name="audit")
app.add_typer(account_app, name="account")
app.add_typer(policy_app, name="policy")
app.add_typer(privacy_app, name="privacy")
app.add_typer(measures)
app.add_typer(reports)
app.add_typer(training)


def main() -> None:
    """Run the command line."""
    app()


def version() -> str:
    """The installed version."""
    return guardrail.__version__


@app.callback(invoke_without_command=True)
def root(
    *, show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Emotional safety for companion chatbots."""
    if show_version:
        out.print(f"guardrail {version()}")
        raise typer.Exit


@app.command()
def serve(
    *,
    config: ConfigOption = None,
    upstream: Annotated[str | None, typer.Option(help="Base URL of the chat backend.")] = None,
    host: Annotated[str | None, typer.Option(help="Address of the proxy.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the proxy.")] = None,
    admin_port: Annotated[int | None, typer.Option(help="Port of the admin server.")] = None,
    data: Annotated[Path | None, typer.Option(help="Directory for database and keys.")] = None,
    policy: Annotated[str | None, typer.Option(help="Policy name or file.")] = None,
) -> None:
    """Start the proxy and the admin server; with no upstream, the demo companion behind them."""
    settings = read_settings(
        config,
        {
            "upstream": {"url": upstream},
            "listen": {"host": host, "port": port},
            "admin": {"port": admin_port},
            "data": str(data) if data else None,
            "policy": policy,
        },
    )
    _serve(settings)


@app.command()
def demo(
    *,
    port: Annotated[int, typer.Option(help="Port of the proxy.")] = 8080,
    admin_port: Annotated[int, typer.Option(help="Port of the admin server.")] = 9090,
    data: Annotated[Path, typer.Option(help="Directory for database and keys.")] = Path("data"),
) -> None:
    """Start with the bundled demo companion, whatever the settings file says."""
    overrides = {"listen": {"port": port}, "admin": {"port": admin_port}, "data": str(data)}
    _serve(read_settings(None, {**overrides, "upstream": {"url": ""}}, read_default=False))


@app.command()
def check(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check settings and policy; say every mistake at once, with file and line."""
    from guardrail.checking import mistakes_in, warnings_in

    path = config or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    today = datetime.now(UTC).date()
    mistakes = mistakes_in(path, os.environ, today, version())
    for warning in () if mistakes else warnings_in(path, os.environ, today):
        err.print(f"[yellow]warning[/]: {escape(str(warning))}")
    _report(mistakes, as_json=as_json)


@app.command()
def score(
    file: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="JSON Lines; standard input if left out."),
    ] = None,
    *,
    config: ConfigOption = None,
    point: Annotated[
        str | None, typer.Option(help="Flag at this operating point: strict, balanced, relaxed.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which part of a text each flag rests on.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Texts judged at a time; default: one for each core.")
    ] = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
) -> None:
    """Score texts: JSON Lines in (`text`, `role`, `context`, `id`), JSON Lines out, same order."""
    from guardrail.scoring import Scorer, numbered

    settings = read_settings(config, {})
    raw = file.read_bytes() if file else sys.stdin.buffer.read()
    try:
        scorer = Scorer.load(settings, point=point, explain=explain, workers=workers)
        bad = asyncio.run(_score_all(scorer, numbered(raw)))
    except GuardrailError as error:
        err.print(escape(str(error)))
        raise typer.Exit(1) from None
    raise typer.Exit(1 if bad else 0)


@app.command()
def doctor(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Look at everything that a start needs: settings, policy, model, store, ports."""
    from guardrail.doctor import examine

    findings = examine(read_settings(config, {}), version())
    if as_json:
        out.print_json(data=[asdict(f) for f in findings])
    else:
        for finding in findings:
            fine = "[yellow]warn[/]" if finding.warn else "[green]ok  [/]"
            mark = fine if finding.ok else "[red]BAD [/]"
            out.print(f"{mark} {finding.what}: {escape(finding.detail)}")
    raise typer.Exit(0 if all(f.ok for f in findings) else 1)


def _log_as_lines() -> None:
    """One event, one line of JSON, unless a person is watching: nothing in it can forge another."""
    if not sys.stdout.isatty():
        stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
        structlog.configure(
            [structlog.processors.add_log_level, stamp, structlog.processors.JSONRenderer()]
        )


def _serve(settings: Settings) -> None:
    gc.disable()  # of what is loaded now nothing goes again; `settle_memory` turns it on
    try:
        _serving(settings)
    finally:
        gc.enable()


def _serving(settings: Settings) -> None:
    from guardrail.doctor import ports
    from guardrail.serving import Addresses, run
    from guardrail.wiring import House

    def ready(house: House, addresses: Addresses) -> None:
        for line in _greeting(house, addresses):
            out.print(line)

    taken = [f"{found.what} {found.detail}" for found in ports(settings) if not found.ok]
    if taken:  # said before the model is loaded, and with the address, which an OSError lacks
        _stop(*taken, "choose others with --port and --admin-port, or stop what runs there")
    _log_as_lines()
    try:
        asyncio.run(run(settings, version=version(), ready=ready))
    except ConfigError as error:
        list_mistakes(error.mistakes)
        raise typer.Exit(1) from None
    except (GuardrailError, OSError) as error:
        _stop(str(error))


def _stop(*lines: str) -> NoReturn:
    err.print(escape("cannot start: " + "\n    ".join(lines)))
    raise typer.Exit(1)


def _greeting(house: Any, addresses: Any) -> Iterable[str]:
    policy, routes = house.policies.current.tag, house.guard.routes
    proxy, admin, upstream = map(escape, (addresses.proxy, addresses.admin, addresses.upstream))
    yield f"[bold]guardrail {version()}[/]  policy {escape(policy)}"
    yield f"  chat proxy    {proxy}  ->  {upstream}"
    yield f"  admin         {admin}"
    if addresses.portal:
        yield f"  guardians     {escape(addresses.portal)}"
    if addresses.demo:
        yield f"  [bold]open[/]          {admin}/demo"
    for route in routes:
        yield f"  guarded:      {escape(f'{route.method} {route.path}')}"
    spoken = next((route.path for route in routes if route.wire.name == "openai"), None)
    if spoken is not None:
        yield ""
        yield "Try it:"
        yield escape("  " + _trial(addresses.proxy + spoken, demo=addresses.demo))


def _trial(url: str, *, demo: bool) -> str:
    """A line to paste. Of a backend that is not ours we know neither the models nor the key."""
    model, key = ("kai", "") if demo else ("YOUR-MODEL", ' -H "authorization: Bearer $KEY"')
    content = "I have to go to bed now, bye"
    body = f'{{"model":"{model}","messages":[{{"role":"user","content":"{content}"}}]}}'
    url = re.sub(r"\{([a-z_]+)\}", lambda name: name[1].upper(), url)  # curl would expand braces
    return f"curl -i {url}{key} -H 'content-type: application/json' -d '{body}'"


async def _score_all(scorer: Any, rows: list[tuple[int, bytes]]) -> int:
    from rich.progress import Progress

    bad = 0
    with Progress(console=err, disable=len(rows) < 200 or not err.is_terminal) as progress:  # noqa: PLR2004
        task = progress.add_task("scoring", total=len(rows))
        async for result in scorer.lines(rows):
            bad += "error" in result or "failed" in result
            text = json.dumps(result, ensure_ascii=False) + "\n"
            # An id may hold half a surrogate pair; backslashreplace writes it as JSON does.
            sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
            progress.advance(task)
    sys.stdout.buffer.flush()
    await scorer.close()
    return bad


def _report(mistakes: list[Mistake], *, as_json: bool) -> None:
    if as_json:
        keys = ("file", "line", "message", "hint")
        out.print_json(data=[{key: getattr(m, key) for key in keys} for m in mistakes])
    elif mistakes:
        list_mistakes(mistakes)
    else:
        out.print("[green]ok[/]: settings and policy have no mistakes")
    raise typer.Exit(1 if mistakes else 0)
