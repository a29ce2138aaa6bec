"""People in the loop, put together: settings in, services and pages out. The second half of `wiring`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from fastapi import APIRouter

from guardrail._asgi import ASGIApp
from guardrail._tables import Oidc
from guardrail.admin.contacts import contact_routes
from guardrail.admin.guardians import guardian_routes
from guardrail.admin.people import Office
from guardrail.cases import Case
from guardrail.console.account import account_routes
from guardrail.console.bench import Bench, Evidence
from guardrail.console.doors import Lobby, door_routes
from guardrail.console.pages import Pages
from guardrail.console.routers import console_routes
from guardrail.errors import StoreError, VaultError
from guardrail.people import People
from guardrail.portal.app import PortalParts, create_portal
from guardrail.report.usage import MONTH
from guardrail.rota import Rota
from guardrail.staff.accounts import Accounts
from guardrail.staff.caselog import clocks
from guardrail.staff.casework import Casework
from guardrail.staff.childfirst import ChildFirst
from guardrail.staff.emergency import EmergencyContacts
from guardrail.staff.guardalerts import GuardAlerts
from guardrail.staff.guardconsents import GuardConsents
from guardrail.staff.guardians import Guardians
from guardrail.staff.guardterms import Printed
from guardrail.staff.guardterms import Terms as GuardTerms
from guardrail.staff.guardvisits import GuardVisits
from guardrail.staff.logins import Logins
from guardrail.staff.notes import Verifier, signer
from guardrail.staff.oidc import Provider
from guardrail.staff.postoffice import Parts, PostOffice, post_office
from guardrail.staff.privacy import Privacy
from guardrail.staff.trail import CHECKPOINTS, KEY, Trail
from guardrail.staff.verify import verify
from guardrail.store.accounts import AccountBook
from guardrail.wiring import DATABASE, House, secret_file

__all__ = ["Staff", "staff_of"]

log = structlog.get_logger("guardrail")

SWEEP = 2.0
"""Seconds between looks at deadlines: an imminent case has sixty."""

_DAY = 86_400.0


@dataclass(frozen=True)
class Staff:
    """All services about people, and the pages over them."""

    house: House
    people: People
    casework: Casework
    accounts: Accounts
    logins: Logins
    guardians: Guardians
    alerts: GuardAlerts
    consents: GuardConsents
    visits: GuardVisits
    privacy: Privacy
    post: PostOffice
    trail: Trail
    routers: tuple[APIRouter, ...]
    ending: asyncio.Event  # set when the servers are about to end: open pages let go

    async def mend(self) -> None:
        """At the start: what a power cut may have taken back is done once more.

        Raises:
            StoreError: the store cannot be read.
        """
        await self.people.mend()
        board = self.house.guard.board
        if board is not None:
            await board.mend()
        try:
            await self.privacy.mend()
            await self.house.vault.ready()
        except VaultError as error:  # people are served all the same; words of cases are not kept
            self.house.metrics.count("vault_failed", "start")
            log.error("the vault has no key", error=str(error))
        await self.house.store.append(*self.house.loaded())

    def tasks(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """What runs beside the servers, by name."""
        every = self.house.settings.audit.every_seconds
        return [
            ("letters", self.post.outbox.run()),
            ("audit trail", self.trail.run(every)),
            ("deadlines", self._sweep()),
        ]

    async def close(self) -> None:
        """The last checkpoint, after the last record; then the door for letters."""
        finishing = self.house.guard.engine.finishing
        await asyncio.gather(*finishing, return_exceptions=True)
        await self.trail.close()
        await self.post.outbox.close()
        await self.accounts.close()

    async def keep_house(self) -> None:
        """Every now and then: guardians whose consent is wanted anew, and gauges of letters.

        Raises:
            StoreError: something could not be read or written.
        """
        if await self.consents.follow():
            self.post.outbox.wake()
        tallies = await self.post.outbox.tallies()
        self.house.metrics.letters.show(
            tallies.pending, tallies.dead, tallies.oldest, tallies.disabled
        )

    async def purge(self) -> None:
        """Words that are over go, deletions that came too late are done, and people are counted.

        Raises:
            StoreError: something could not be read or written.
        """
        await self.privacy.sweep()
        house = self.house
        since = house.guard.engine.clock() - MONTH
        house.metrics.users.show(*await house.store.headcount(since))

    def portal(self) -> ASGIApp:
        """The guardians' server."""
        settings = self.house.settings
        return create_portal(
            PortalParts(
                guardians=self.guardians,
                visits=self.visits,
                public_url=settings.guardians.public_url,
                hosts=settings.guardians.hosts,
                service=settings.notify.service,
                currency=settings.guardians.currency,
            )
        )

    async def _sweep(self) -> None:
        """Deadlines, take-overs that nobody carries on, and what guardians are to be told."""
        board = self.house.guard.board
        while True:
            try:
                told = await self.casework.sweep() + await self.alerts.follow()
                if board is not None:
                    await board.sweep()
                if told:
                    self.post.outbox.wake()
            except StoreError as error:
                self.house.metrics.count("takeover_failed", "sweep")
                log.error("deadlines were not looked at", error=str(error))
            await asyncio.sleep(SWEEP)


def staff_of(house: House, office: Office) -> Staff:
    """Make everything. Opens no socket and no database.

    Raises:
        ConfigError: a setting or a key file is wrong.
        OSError: a key file cannot be made.
    """
    settings, engine = house.settings, house.guard.engine
    store, vault, clock = house.store, house.vault, engine.clock
    guardians, visits = _guardians(house, office)
    casework, alerts = _cases(house, guardians)
    post = _post(house, alerts, guardians)
    accounts, logins = _accounts(house)
    keys = signer(settings.data / KEY)
    notes = settings.audit.checkpoints or settings.data / CHECKPOINTS
    privacy = Privacy(store, vault, clock, forget=guardians.forget)
    contacts = EmergencyContacts(store, vault, office.people, clock=clock, reaches=post.reaches)
    bench = Bench(
        pages=Pages(),
        casework=casework,
        board=house.guard.board,
        store=store,
        vault=vault,
        office=office,
        privacy=privacy,
        accounts=accounts,
        policy=lambda region: house.policies.at(clock(), region),
        clock=clock,
        outbox=post.outbox,
        evidence=_evidence(settings.data / DATABASE, notes, keys.verifier),
        still=logins.still,
    )
    return Staff(
        house=house,
        people=office.people,
        casework=casework,
        accounts=accounts,
        logins=logins,
        guardians=guardians,
        alerts=alerts,
        consents=GuardConsents(guardians),
        visits=visits,
        privacy=privacy,
        post=post,
        trail=Trail(store, notes, keys, clock=clock, count=engine.count),
        routers=(
            *_routers(house, bench, logins),
            guardian_routes(guardians),
            contact_routes(contacts),
        ),
        ending=bench.ending,
    )


def _cases(house: House, guardians: Guardians) -> tuple[Casework, GuardAlerts]:
    """The work on cases and the alerts to guardians: each asks the other what it knows of a home."""
    settings, engine = house.settings, house.guard.engine

    async def bars(user: str) -> str:
        return await alerts.why_not(user)

    casework = Casework(
        house.store,
        house.vault,
        clock=engine.clock,
        terms=clocks(settings.cases),
        keeps=_keeps(house),
        rota=Rota.read(settings.takeover.staffed),
        bars=bars,
    )
    alerts = GuardAlerts(guardians, house.store, unsafe=casework.home_unsafe, count=engine.count)
    return casework, alerts


def _evidence(database: Path, notes: Path, verifier: Verifier) -> Evidence:
    return Evidence(verifier, lambda: verify(database, notes, [verifier]))


def _accounts(house: House) -> tuple[Accounts, Logins]:
    settings, engine = house.settings, house.guard.engine
    clock = engine.clock
    book = AccountBook(settings.data / "guardrail-accounts.db")
    key = secret_file(settings.data / "accounts.key")
    logins = Logins(book, house.store, settings.accounts, key=key, clock=clock, count=engine.count)
    return Accounts(book, house.store, clock), logins


def _post(house: House, alerts: GuardAlerts, guardians: Guardians) -> PostOffice:
    settings, engine = house.settings, house.guard.engine
    console = settings.accounts.public_url.rstrip("/")
    printed = Printed(sys.stderr.write) if settings.guardians.print_links else None
    first = ChildFirst(
        house.store,
        guardians.people,
        seconds=settings.guardians.child_first_seconds,
        policies=lambda: tuple(house.policies.all.values()),  # those of that moment
        clock=engine.clock,
        count=engine.count,
    )
    parts = Parts(
        house.store,
        house.vault,
        engine.pseudonyms,
        engine.count,
        engine.clock,
        alerts.veto,
        first.waits,
        printed,
    )
    post = post_office(
        settings.notify,
        parts,
        console=f"{console}/console" if console else "",
        portal=settings.guardians.public_url,
    )
    guardians.mailer = post.mailer
    return post


def _keeps(house: House) -> Callable[[Case], float]:
    """For how many seconds the words of a case are kept."""

    def keeps(case: Case) -> float:
        policy = house.policies.at(house.guard.engine.clock(), case.region)
        harm = "self_harm" in case.labels
        return policy.privacy.text_days(case.age_band, self_harm=harm) * _DAY

    return keeps


def _guardians(house: House, office: Office) -> tuple[Guardians, GuardVisits]:
    settings, engine = house.settings, house.guard.engine
    guardians = Guardians(
        house.store,
        house.vault,
        office.people,
        engine.pseudonyms,
        secret=secret_file(settings.data / "guardians.key"),
        policy=lambda region: house.policies.at(engine.clock(), region or None),
        clock=engine.clock,
        terms=GuardTerms.of(settings.guardians),
    )
    return guardians, GuardVisits(guardians, house.store, count=engine.count)


def _provider(house: House, table: Oidc) -> Provider:
    engine = house.guard.engine
    return Provider(table, engine.clock, count=engine.count)


def _routers(house: House, bench: Bench, logins: Logins) -> tuple[APIRouter, ...]:
    settings = house.settings
    table = settings.accounts
    tenants = tuple(dict.fromkeys(r.tenant for r in settings.routes if r.tenant))
    lobby = Lobby(
        bench.accounts,
        logins,
        bench.pages,
        table,
        provider=_provider(house, table.oidc) if table.oidc is not None else None,
        token=bool(settings.admin.token),
        tenants=tenants,
    )
    return (
        door_routes(lobby),
        account_routes(lobby),
        *console_routes(bench),
    )
