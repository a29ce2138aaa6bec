"""The commands `guardrail account …`; `guardrail.cli` takes them in.

They work on the files of `data`, whether the server runs or not, and are how the first admin gets in.
Exit status as everywhere: 0 all is well, 1 it could not be done, 2 with the command line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from guardrail._tables import link_base
from guardrail._terminal import ConfigOption, JsonOption, err, out, read_settings
from guardrail.config import Settings
from guardrail.errors import GuardrailError
from guardrail.roles import MAY, STAFF, Right, StaffRole

if TYPE_CHECKING:
    from guardrail.staff.accounts import Accounts, Invitation
    from guardrail.store.accounts import Account

__all__ = ["account_app"]

account_app = typer.Typer(help="Who works here: invite, list, end.", no_args_is_help=True)

BY = "cli"
"""Who acts, in the log."""

T = TypeVar("T")

RolesOption = Annotated[
    list[StaffRole], typer.Option("--role", help="What they are here for; may be given again.")
]
TenantOption = Annotated[str, typer.Option(help="Limit them to the cases of one app.")]
MemberArgument = Annotated[str, typer.Argument(help="Id of a member; `list` shows them.")]


@account_app.command()
def invite(
    *,
    role: RolesOption,
    name: Annotated[str, typer.Option(help="What colleagues will see.")] = "",
    tenant: TenantOption = "",
    language: Annotated[str, typer.Option(help="en or zh.")] = "en",
    config: ConfigOption = None,
) -> None:
    """Print a link with which somebody makes their account; it counts once."""
    settings = read_settings(config, {})
    _known(settings, tenant)
    if language not in ("en", "zh"):
        raise typer.BadParameter("en or zh", param_hint="--language")
    given = _done(
        settings,
        lambda accounts: accounts.invite(BY, role, name=name, tenant=tenant, language=language),
    )
    _hand_over(settings, given)


@account_app.command("list")
def list_(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Everybody, oldest first."""
    everybody = _done(read_settings(config, {}), lambda accounts: accounts.all())
    if as_json:
        out.print_json(data=[_facts(one) for one in everybody])
        return
    table = Table("id", "name", "roles", "app", "state", "last sign-in")
    for one in everybody:
        facts = {key: escape(str(value or "–")) for key, value in _facts(one).items()}
        roles = ", ".join(sorted(one.roles))
        cells = ("id", "name", "tenant", "state", "seen")
        first, second, *rest = (facts[cell] for cell in cells)
        table.add_row(first, second, roles, *rest)
    out.print(table)


@account_app.command()
def roles(*, as_json: JsonOption = False) -> None:
    """What each role may."""
    if as_json:
        out.print_json(data={role: sorted(MAY[role]) for role in STAFF})
        return
    table = Table("right", *STAFF)
    for right in Right:
        if right is not Right.WARD:
            table.add_row(right, *("x" if right in MAY[role] else "" for role in STAFF))
    out.print(table)


@account_app.command()
def assign(
    member: MemberArgument,
    *,
    role: RolesOption,
    tenant: TenantOption = "",
    config: ConfigOption = None,
) -> None:
    """Give somebody other roles; they count from their next request on."""
    settings = read_settings(config, {})
    _known(settings, tenant)
    one = _done(settings, lambda accounts: accounts.assign(BY, member, role, tenant))
    out.print(f"{one.id}: {', '.join(sorted(one.roles))}")


@account_app.command()
def disable(member: MemberArgument, *, config: ConfigOption = None) -> None:
    """End somebody's access and all their logins, now."""
    _say(_done(read_settings(config, {}), lambda accounts: accounts.disable(BY, member)))


@account_app.command()
def enable(member: MemberArgument, *, config: ConfigOption = None) -> None:
    """Give access back, and end a lock."""
    _say(_done(read_settings(config, {}), lambda accounts: accounts.enable(BY, member)))


@account_app.command()
def reset(member: MemberArgument, *, config: ConfigOption = None) -> None:
    """For a lost phone or password: the old ones end now; print a link to begin anew."""
    settings = read_settings(config, {})
    _hand_over(settings, _done(settings, lambda accounts: accounts.renew(BY, member)))


def _done(settings: Settings, work: Callable[[Accounts], Awaitable[T]]) -> T:
    """The result of some work on the accounts, or the reason against it and status 1."""
    try:
        return asyncio.run(_with_accounts(settings, work))
    except GuardrailError as error:
        err.print(escape(str(error)))
        raise typer.Exit(1) from None


async def _with_accounts(settings: Settings, work: Callable[[Accounts], Awaitable[T]]) -> T:
    from guardrail.staff.accounts import Accounts
    from guardrail.store.accounts import ACCOUNTS_FILE, AccountBook
    from guardrail.store.sqlite import SqliteStore
    from guardrail.wiring import DATABASE

    store, book = SqliteStore(settings.data / DATABASE), AccountBook(settings.data / ACCOUNTS_FILE)
    try:
        return await work(Accounts(book, store))
    finally:
        await book.close()
        await store.close()


def _known(settings: Settings, tenant: str) -> None:
    known = sorted({route.tenant for route in settings.routes} - {""})
    if tenant and tenant not in known:
        told = ", ".join(known) or "none is named under routes"
        raise typer.BadParameter(f"there is no such app ({told})", param_hint="--tenant")


def _hand_over(settings: Settings, given: Invitation) -> None:
    base = settings.accounts.public_url or link_base(settings.admin.host, settings.admin.port)
    until = datetime.fromtimestamp(given.until, UTC).strftime("%Y-%m-%d %H:%M UTC")
    out.print(escape(f"{base.rstrip('/')}/account/join#{given.code}"))
    err.print(f"It counts once, until {until}, for account {given.account}.")


def _say(one: Account) -> None:
    out.print(f"{one.id}: {one.standing}")


def _facts(one: Account) -> dict[str, Any]:
    seen = datetime.fromtimestamp(one.seen_at, UTC).isoformat() if one.seen_at else None
    return {
        "id": one.id,
        "name": one.name,
        "roles": sorted(one.roles),
        "tenant": one.tenant,
        "state": one.standing,
        "seen": seen,
    }
