"""The commands `guardrail audit …`; `guardrail.cli` takes them in.

Exit status as everywhere: 0 all is well, 1 something is wrong with the log or with what was given, 2
with the command line.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.markup import escape

import guardrail
from guardrail._terminal import ConfigOption, JsonOption, err, list_mistakes, out, read_settings
from guardrail.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from guardrail.staff.notes import Verifier
    from guardrail.staff.verify import Verdict

__all__ = ["audit_app"]

audit_app = typer.Typer(help="Prove that the log was not changed.", no_args_is_help=True)

DAY = 86_400.0
LISTED = 50
"""Problems that are printed; `--json` gives more."""

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of the database; the settings' if left out.")
]
CheckpointsOption = Annotated[
    Path | None, typer.Option("--checkpoints", help="Folder of the checkpoints.")
]
KeyOption = Annotated[
    list[str] | None,
    typer.Option("--key", help="Public key, or a file with it; the data folder's if left out."),
]


@dataclass(frozen=True, slots=True)
class _Places:
    """Where everything lies."""

    database: Path
    checkpoints: Path
    key: Path


@audit_app.command("verify")
def audit_verify(
    *,
    config: ConfigOption = None,
    data: DataOption = None,
    checkpoints: CheckpointsOption = None,
    key: KeyOption = None,
    retention: Annotated[
        float | None,
        typer.Option(min=0, help="Days: a purge of younger records is a problem, too."),
    ] = None,
    sparse: Annotated[
        bool, typer.Option("--sparse", help="The folder holds only some of the checkpoints.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Look for changed, deleted, added or moved events. Needs no running system; a copy will do."""
    from guardrail.staff.verify import verify  # noqa: PLC0415 - --help stays quick

    places = _places(config, data, checkpoints)
    seconds = None if retention is None else retention * DAY
    keys = _keys(key, places)
    verdict = verify(places.database, places.checkpoints, keys, retention=seconds, sparse=sparse)
    if as_json:
        out.print_json(data=asdict(verdict))
    else:
        _print(verdict)
    raise typer.Exit(1 if verdict.problems else 0)


@audit_app.command("checkpoint")
def audit_checkpoint(*, config: ConfigOption = None, data: DataOption = None) -> None:
    """Sign the log as it is now. `guardrail serve` does so by itself."""
    from guardrail.staff.notes import signer  # noqa: PLC0415
    from guardrail.staff.trail import Trail  # noqa: PLC0415
    from guardrail.store.sqlite import SqliteStore  # noqa: PLC0415

    places = _places(config, data, None)
    if not places.database.is_file():
        _stop(f"there is no database at {places.database}")

    async def sign() -> int | None:
        store = SqliteStore(places.database)
        try:
            trail = Trail(store, places.checkpoints, signer(places.key), clock=time.time)
            await trail.look()
            made = await trail.checkpoint()
        finally:
            await store.close()
        return made.size if made else None

    try:
        size = asyncio.run(sign())
    except ConfigError as error:
        list_mistakes(error.mistakes)
        raise typer.Exit(1) from None
    except (StoreError, OSError) as error:
        _stop(str(error))
    said = "nothing new to sign" if size is None else f"checkpoint of {size} events"
    out.print(escape(f"{said}, in {places.checkpoints}"))


@audit_app.command("export")
def audit_export(
    *,
    file: Annotated[Path, typer.Option("--out", help="The zip file to write; a new one.")],
    since: Annotated[
        str, typer.Option(help="First day or moment, UTC: 2027-07-01.")
    ] = "1970-01-01",
    until: Annotated[
        str | None, typer.Option(help="Day or moment before which it ends; now if left out.")
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    checkpoints: CheckpointsOption = None,
    key: KeyOption = None,
) -> None:
    """Write events for an auditor, with proofs, checkpoints, and how to check them without us."""
    from guardrail.staff.checkpoints import read_folder  # noqa: PLC0415
    from guardrail.staff.export import Proof, Wanted, write_export  # noqa: PLC0415
    from guardrail.staff.verify import verify  # noqa: PLC0415

    places, now = _places(config, data, checkpoints), time.time()
    keys = _keys(key, places)
    wanted = Wanted(_moment(since), _moment(until) if until else now, now, guardrail.__version__)
    verdict = verify(places.database, places.checkpoints, keys)
    signed = read_folder(places.checkpoints, keys).signed
    proof = Proof(keys[0], signed, verdict.covered, [str(p) for p in verdict.problems])
    try:
        count = write_export(places.database, file, wanted, proof)
    except FileExistsError:
        _stop(f"{file} is there already")
    except (StoreError, OSError) as error:
        _stop(f"not exported: {error}")
    out.print(escape(f"{count} events in {file}"))
    if verdict.size > verdict.covered:
        err.print(
            f"{verdict.size - verdict.covered} events are younger than the newest checkpoint and"
            " have no proof: `guardrail audit checkpoint` signs them"
        )
    if verdict.problems:
        _print(verdict)
        raise typer.Exit(1)


@audit_app.command("public-key")
def audit_public_key(*, config: ConfigOption = None, data: DataOption = None) -> None:
    """Print the key that checks the signatures: give it to your auditor before it is needed."""
    (key,) = _keys(None, _places(config, data, None))
    out.print(escape(str(key)))


def _places(config: Path | None, data: Path | None, checkpoints: Path | None) -> _Places:
    from guardrail.staff.trail import CHECKPOINTS, KEY  # noqa: PLC0415
    from guardrail.wiring import DATABASE  # noqa: PLC0415

    settings = read_settings(config, {"data": str(data) if data else None})
    folder = checkpoints or settings.audit.checkpoints or settings.data / CHECKPOINTS
    return _Places(settings.data / DATABASE, folder, settings.data / KEY)


def _keys(given: Sequence[str] | None, places: _Places) -> list[Verifier]:
    """The public keys that were given; the one of the data folder's private key if none was."""
    from guardrail.staff.notes import Verifier, stored_signer  # noqa: PLC0415

    try:
        if not given:
            return [stored_signer(places.key).verifier]
        texts = [Path(one).read_text("utf-8") if Path(one).is_file() else one for one in given]
        return [Verifier.parse(text) for text in texts]
    except FileNotFoundError as error:
        _stop(f"there is no key at {error.filename}: give the public one with --key")
    except ConfigError as error:
        list_mistakes(error.mistakes)
        raise typer.Exit(1) from None
    except (OSError, ValueError) as error:
        _stop(f"the key cannot be read: {error}")


def _moment(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no moment: write it as 2027-07-01") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _print(verdict: Verdict) -> None:
    for problem in verdict.problems[:LISTED]:
        err.print(f"[red]BAD[/] {escape(problem.what)}")
    if (rest := len(verdict.problems[LISTED:]) + verdict.more) > 0:
        err.print(f"[red]BAD[/] and {rest} more")
    when = datetime.fromtimestamp(verdict.at, UTC).isoformat() if verdict.at else "never"
    out.print(
        f"{verdict.size} events, {verdict.covered} of them under {verdict.checkpoints} checkpoints, "
        f"the newest of {when}"
    )
    if verdict.purged:
        days = (verdict.horizon or 0.0) / DAY
        out.print(f"{verdict.purged} records were purged, none before it was {days:.1f} days old")
    if verdict.gaps:
        out.print(f"{verdict.gaps} numbers were empty when the leaves were first made")
    if not verdict.problems:
        out.print("[green]ok[/]: nothing was changed")


def _stop(line: str) -> NoReturn:
    err.print(escape(line))
    raise typer.Exit(1)
