"""The settings' table `notify` as an outbox with its couriers."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from guardrail._tables import NotifyTable
from guardrail.errors import ConfigError, Mistake
from guardrail.identity import Pseudonyms
from guardrail.letters import Audience, Places
from guardrail.staff.addresses import Address, AddressBook
from guardrail.staff.carrier import Terms, Veto, Wait, no_veto, no_wait
from guardrail.staff.contacts import Contacts
from guardrail.staff.couriers import Courier, Mailing
from guardrail.staff.egress import Egress, Refused, Resolver, Rules, system_resolver
from guardrail.staff.mail import Mailer, Mails
from guardrail.staff.outbox import Outbox
from guardrail.staff.webhooks import Poster, Webhooks
from guardrail.store.base import Store
from guardrail.vault import Vault

__all__ = ["Parts", "PostOffice", "post_office"]


@dataclass(frozen=True, slots=True)
class Parts:
    """What an outbox stands on. `count`, `veto` and `wait` are those of `Outbox`.

    `printed` is where guardians' links go without a mail server, for trying out.
    """

    store: Store
    vault: Vault
    pseudonyms: Pseudonyms
    count: Callable[[str, str], None]
    clock: Callable[[], float] = time.time
    veto: Veto = no_veto
    wait: Wait = no_wait
    printed: Mailing | None = None


@dataclass(frozen=True, slots=True)
class PostOffice:
    """The outbox, and the mailer for what has to go at once; none without a mail server.

    `reaches` says whether the settings have a way to an emergency contact.
    """

    outbox: Outbox
    mailer: Mailer | None
    reaches: Callable[[Address], bool]


def post_office(
    table: NotifyTable,
    parts: Parts,
    *,
    console: str = "",
    portal: str = "",
    resolve: Resolver = system_resolver,
    tls: ssl.SSLContext | None = None,
) -> PostOffice:
    """Make all couriers. Opens nothing.

    `console` and `portal` are the addresses of these pages as browsers see them; `resolve` and `tls`
    are for tests.

    Raises:
        ConfigError: a host in the table is none.
    """
    try:
        rules = Rules.of(table)
    except Refused:
        message = "a host in webhooks, mail or allow_hosts is no name of a host"
        raise ConfigError([Mistake("notify", 0, message)]) from None
    seconds = table.timeout_seconds
    egress = Egress(rules, resolve=resolve, tls=tls, seconds=seconds)
    places = Places(console, portal, table.service, table.callback, table.languages)
    hashed, book = partial(parts.pseudonyms.of, "endpoint"), AddressBook(parts.vault)
    poster = Poster(egress, places, parts.clock)
    mailer = Mailer(table.mail, egress, places, seconds=seconds) if table.mail else None
    couriers: list[Courier] = [
        Webhooks(poster, table.webhooks, hashed, book),
        Contacts(book, hashed, poster=poster, mailer=mailer or parts.printed),
    ]
    if table.mail is not None and mailer is not None:
        couriers.append(Mails(mailer, table.mail, hashed))
    terms = Terms(table.attempts, table.timeout_seconds)
    outbox = Outbox(
        parts.store,
        couriers,
        clock=parts.clock,
        terms=terms,
        count=parts.count,
        veto=parts.veto,
        wait=parts.wait,
    )
    return PostOffice(outbox, mailer, partial(_reaches, table, egress))


def _reaches(table: NotifyTable, egress: Egress, address: Address) -> bool:
    """Whether a letter to this emergency contact could leave: its address says nothing more."""
    if address.phone:
        return any(Audience.EMERGENCY in hook.audiences for hook in table.webhooks)
    if address.mail:
        return table.mail is not None
    try:
        egress.url(address.webhook)
    except Refused:
        return False
    return True
