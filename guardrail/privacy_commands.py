"""The commands `guardrail privacy …`; `guardrail.cli` takes them in.

They work beside a running server: SQLite lets several processes at its files. Everything that is
done for a person is in the log, with who did it. Exit status as everywhere: 0 all is well, 1 it
cannot be done (the reason is said), 2 the command line itself is wrong.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from datetime import time as clock_time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from rich.markup import escape

from guardrail._terminal import ConfigOption, JsonOption, err, out, read_settings
from guardrail.config import Settings
from guardrail.errors import GuardrailError, StoreError

if TYPE_CHECKING:  # --help stays quick
    from guardrail.staff.privacy import Privacy
    from guardrail.store.vault import SqliteVault

__all__ = ["privacy_app"]

privacy_app = typer.Typer(
    help="People's data: copy, delete, hold; the keys of the vault.", no_args_is_help=True
)

T = TypeVar("T")
PSEUDONYM_KEY = "pseudonym.key"
DAY = 86_400.0

UserOption = Annotated[str | None, typer.Option("--user", help="The person's id in your app.")]
ProvenOption = Annotated[
    bool,
    typer.Option("--proven", help="With --user: a token or a trusted peer names users on chats."),
]
AppOption = Annotated[
    str | None,
    typer.Option(
        "--app",
        envvar="GUARDRAIL_APP",
        help="With --user: the whole authorization header that your app shows on its chat routes, "
        "where only the chat's body names users. Better in the variable than in a command line.",
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option("--key", help="Or the person's keyed hash, as answers and cases give it."),
]
ByOption = Annotated[str, typer.Option("--by", help="Who acts, by a name for the log.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, as a code such as user-request.")]


@dataclass(frozen=True, slots=True)
class Office:
    """What a command works with."""

    privacy: Privacy
    vault: SqliteVault
    settings: Settings


@privacy_app.command("export")
def export(
    *,
    user: UserOption = None,
    app: AppOption = None,
    proven: ProvenOption = False,
    key: KeyOption = None,
    by: ByOption = "operator",
    file: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, help="New file; standard output if left out."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Give out all that is held of a person, with the words of their cases in the clear."""
    settings = read_settings(config)
    who = _key(settings, user, app, proven=proven, key=key)
    found = _run(settings, lambda office: office.privacy.copy(who, by))
    text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    if file is None:
        sys.stdout.write(text)
        return
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as copy:
            copy.write(text)
    except OSError as error:
        _stop(f"{file} cannot be written: {error.strerror}")
    out.print(f"copy: {escape(str(file))}, readable by you alone")


@privacy_app.command("delete")
def delete(  # noqa: PLR0913 - the options of a command
    *,
    user: UserOption = None,
    app: AppOption = None,
    proven: ProvenOption = False,
    key: KeyOption = None,
    by: ByOption = "operator",
    reason: ReasonOption = "user-request",
    closed: Annotated[
        bool,
        typer.Option(
            "--account-closed", help="The account is gone: nothing protects a child any more."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Destroy the key of a person's words, the words, their row and sessions; say what stays."""
    from guardrail.staff.privacy import STAYS  # noqa: PLC0415

    settings = read_settings(config)
    who = _key(settings, user, app, proven=proven, key=key)
    if not yes:
        typer.confirm("This cannot be undone. Delete?", abort=True, err=True)
    done = _run(settings, lambda office: office.privacy.delete(who, by, reason, closed=closed))
    if as_json:
        out.print_json(data=asdict(done))
        return
    out.print(f"deleted: {done.texts} texts with their key, {done.rows} rows")
    if done.protects:
        out.print(f"kept while the account is open: {', '.join(done.protects)}, today's minutes")
    for family, count in done.stays.items():
        out.print(f"stays in the log: {count} × {family}: {escape(STAYS.get(family, 'an event'))}")


@privacy_app.command("hold")
def hold(  # noqa: PLR0913 - the options of a command
    *,
    user: UserOption = None,
    app: AppOption = None,
    proven: ProvenOption = False,
    key: KeyOption = None,
    until: Annotated[str | None, typer.Option(help="The last day, as 2029-12-01.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Or how many days from now.")] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Or end the hold.")] = False,
    by: ByOption = "operator",
    reason: ReasonOption = "legal",
    config: ConfigOption = None,
) -> None:
    """Keep a person's data from being deleted, or lift that. Of two holds the later one counts."""
    if sum((until is not None, days is not None, lift)) != 1:
        raise typer.BadParameter("give one of --until, --days and --lift")
    settings = read_settings(config)
    who = _key(settings, user, app, proven=proven, key=key)
    end = 0.0 if lift else _end(until, days)
    held = _run(settings, lambda office: office.privacy.hold(who, end, by, reason))
    out.print(f"held until {_when(held)}" if held else "not held")


@privacy_app.command("status")
def status(
    *,
    user: UserOption = None,
    app: AppOption = None,
    proven: ProvenOption = False,
    key: KeyOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Say how things are with a person's data; without a person, with the vault."""
    settings = read_settings(config)
    if user is None and key is None:
        _show(_run(settings, _vault_facts), as_json=as_json)
        return
    who = _key(settings, user, app, proven=proven, key=key)
    standing = asdict(_run(settings, lambda office: office.privacy.standing(who)))
    if not as_json:
        for name in ("held_until", "refused"):
            standing[name] = _when(standing[name]) if standing[name] else "no"
    _show(standing, as_json=as_json)


@privacy_app.command("rotate-key")
def rotate_key(
    *,
    new: Annotated[
        bool,
        typer.Option(
            "--new-key/--no-new-key",
            help="Make a new master key; or take the one that you have put first in the key file.",
        ),
    ] = True,
    config: ConfigOption = None,
) -> None:
    """Wrap every data key with a new master key, while the server goes on working."""
    settings = read_settings(config)
    moved, facts = _run(settings, lambda office: _rotate(office, new=new))
    out.print(f"{moved} data keys are wrapped by master key {facts.master} now")


@privacy_app.command("mend")
def mend(*, config: ConfigOption = None) -> None:
    """Do every deletion in the log once more: what to run after a restore from a backup."""
    settings = read_settings(config)
    count = _run(settings, lambda office: office.privacy.mend(all_of_them=True))
    out.print(f"{count} deletions are done again; who came back since keeps what is new")


async def _vault_facts(office: Office) -> dict[str, Any]:
    facts = asdict(await office.vault.figures())
    return facts | {"refused_but_possible_now": list(await office.privacy.possible())}


async def _rotate(office: Office, *, new: bool) -> tuple[int, Any]:
    return await office.vault.rotate(make=new), await office.vault.figures()


def _show(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        out.print_json(data=facts)
        return
    for name, value in facts.items():
        out.print(f"{name.replace('_', ' ')}: {escape(str(value))}")


def _run(settings: Settings, work: Callable[[Office], Awaitable[T]]) -> T:
    """What `work` gives, on the files of a server that may be running."""

    async def run() -> T:
        async with _opened(settings) as office:
            return await work(office)

    try:
        return asyncio.run(run())
    except GuardrailError as error:
        _stop(str(error))


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Office]:
    from guardrail.staff.guardcards import GuardCards  # noqa: PLC0415
    from guardrail.staff.guardend import forget_ward  # noqa: PLC0415
    from guardrail.staff.guardlog import GuardLog  # noqa: PLC0415
    from guardrail.staff.privacy import Privacy  # noqa: PLC0415
    from guardrail.store.sqlite import SqliteStore  # noqa: PLC0415
    from guardrail.store.vault import open_vault  # noqa: PLC0415
    from guardrail.wiring import DATABASE  # noqa: PLC0415

    path = settings.data / DATABASE
    if not path.exists():
        raise StoreError(f"there is no database at {path}: is `data` the server's?")
    store, vault = SqliteStore(path), open_vault(settings.data, settings.vault)
    forget = partial(forget_ward, GuardLog(store, time.time), GuardCards(vault, time.time))
    try:
        yield Office(Privacy(store, vault, forget=forget), vault, settings)
    finally:
        await vault.close()
        await store.close()


def _key(
    settings: Settings, user: str | None, app: str | None, *, proven: bool, key: str | None
) -> str:
    """The person's key in the store."""
    from guardrail.identity import Pseudonyms  # noqa: PLC0415
    from guardrail.turn import Identity  # noqa: PLC0415

    if (user is None) is (key is None):
        raise typer.BadParameter("name the person by --user or by --key")
    if key is not None:
        return key
    if (app is None) is not proven:
        raise typer.BadParameter("say how chats name this user: --app or --proven")
    try:
        pseudonyms = Pseudonyms((settings.data / PSEUDONYM_KEY).read_bytes())
    except (OSError, ValueError):
        _stop(f"there is no {PSEUDONYM_KEY} in {settings.data}: is `data` the server's?")
    identity = Identity(user=user, proof="header" if proven else "app_key")
    return pseudonyms.user((app or "").encode(), identity) or ""


def _end(until: str | None, days: int | None) -> float:
    """Epoch seconds: the end of a day in UTC, or so many days from now."""
    if days is not None:
        return time.time() + days * DAY
    try:
        day = date.fromisoformat(until or "")
    except ValueError:
        raise typer.BadParameter(f"{until!r} is not a day: write it as 2029-12-01") from None
    return datetime.combine(day, clock_time.min, UTC).timestamp() + DAY


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="minutes")


def _stop(message: str) -> NoReturn:
    err.print(escape(message))
    raise typer.Exit(1)
