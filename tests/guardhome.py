"""A house with guardians: real stores, real services, a mailbox that keeps what is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from guardrail._asgi import ASGIApp
from guardrail._tables import VaultTable
from guardrail.acts import Who
from guardrail.identity import Pseudonyms
from guardrail.letterbook import Letter
from guardrail.people import People
from guardrail.person import Person
from guardrail.policy.holder import PolicyHolder
from guardrail.policy.model import Consent
from guardrail.policy.stack import Stack
from guardrail.portal.app import PortalParts, create_portal
from guardrail.staff.addresses import AddressBook
from guardrail.staff.contacts import Contacts
from guardrail.staff.couriers import DELIVERED, Outcome
from guardrail.staff.guardalerts import GuardAlerts
from guardrail.staff.guardcards import Card
from guardrail.staff.guardians import Guardians
from guardrail.staff.guardterms import Place, Terms
from guardrail.staff.guardvisits import GuardVisits
from guardrail.staff.outbox import Outbox
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.store.vault import SqliteVault, open_vault
from guardrail.wards import Link
from tests.conftest import POLICIES, POLICY, Clock

PORTAL = "http://localhost:9091"
SECRET = b"0123456789abcdef"
PORTAL_KEY = b"p" * 32
MUM, DAD = "mum@example.com", "dad@example.com"
BERLIN = Place("DE", "Europe/Berlin", "en")


class Mailbox:
    """Keeps what is sent; or sends nothing, with this as the reason."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, str, str, str]] = []  # template, to, language, link
        self.why, self.final = "", False

    async def send(
        self,
        letter: Letter,
        to: str,
        *,
        language: str = "",
        sealed: Mapping[str, str] | None = None,
    ) -> Outcome:
        """As `Mailer.send`."""
        if self.why:
            return Outcome(self.why, final=self.final)
        self.letters.append((letter.template, to, language, (sealed or {}).get("link", "")))
        return DELIVERED

    def last(self, template: str) -> str:
        """The link in the last letter of this kind, without its host."""
        return next(
            link for kind, *_, link in reversed(self.letters) if kind == template
        ).removeprefix(PORTAL)


@dataclass
class Home:
    """Everything that has to do with guardians. Children in China need consent below 14."""

    store: SqliteStore
    vault: SqliteVault
    people: People
    guardians: Guardians
    visits: GuardVisits
    clock: Clock
    mailbox: Mailbox
    holder: PolicyHolder
    outbox: Outbox
    counted: list[tuple[str, str]] = field(default_factory=list)
    portal: ASGIApp | None = None  # made when somebody comes

    @property
    def ann(self) -> Who:
        """A child whom a token names."""
        return self.people.user("ann", None)

    def guardian(self, address: str = MUM) -> str:
        """A guardian's id."""
        return self.guardians.known_as(address)

    async def invited(
        self, address: str = MUM, *, who: Who | None = None, place: Place = BERLIN
    ) -> Link:
        """An invitation that this guardian has taken."""
        invited = await self.guardians.invite(
            who or self.ann, by="app", place=place, address=address
        )
        return await self.guardians.take(invited.link.id, self.guardian(address))

    async def accepted(self, link: Link, *, years: tuple[int, int] = (14, 15)) -> Link:
        """The same, agreed to by the guardian."""
        read = (await self.guardians.agreement(link)).name
        names = Card("Mum", "Mia")
        return await self.guardians.accept(
            link.guardian, link.id, years=years, names=names, read=read
        )

    async def linked(self, *, place: Place = BERLIN, years: tuple[int, int] = (14, 15)) -> Link:
        """A guardian of Ann's, with both sides agreed."""
        link = await self.accepted(await self.invited(place=place), years=years)
        return await self.guardians.ward_accepts(self.ann, by="app", link=link.id)

    async def second(self, first: Link, address: str = DAD) -> Link:
        """The same for a second one, whom the first invites."""
        guardian = self.guardian(address)
        invited = await self.guardians.invite_second(first.guardian, first.id, address=address)
        link = await self.accepted(await self.guardians.take(invited.link.id, guardian))
        return await self.guardians.ward_accepts(self.ann, by="app", link=link.id)

    async def settled(self) -> None:
        """Letters that are owed are brought to the mailbox."""
        await self.visits.settled()
        await self.outbox.step()

    async def person(self) -> Person:
        """Ann as she is remembered."""
        return await self.people.get(self.ann)

    async def put(self, **fields: Any) -> None:
        """Remember things of Ann as turns would."""
        key = self.ann.key
        await self.store.update("", key, lambda _, old: (None, old and replace(old, **fields)))

    async def log(self, kind: str) -> list[Event]:
        """Events of one kind, oldest first."""
        return list(await self.store.read(Query(kind, ascending=True, limit=1_000)))

    def alerts(self, mode: str = "confirmed", **rest: Any) -> GuardAlerts:
        """What follows the cases."""
        self.guardians.terms = replace(self.guardians.terms, alerts=mode)
        count = lambda what, why: self.counted.append((what, why))  # noqa: E731
        return GuardAlerts(self.guardians, self.store, count=count, **rest)

    def open(self, **rest: Any) -> httpx.AsyncClient:
        """A browser at the portal."""
        if rest or self.portal is None:
            self.portal = create_portal(PortalParts(self.guardians, self.visits, **rest))
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.portal),
            base_url=PORTAL,
            headers={"origin": PORTAL},
        )

    async def sign_in(self, browser: httpx.AsyncClient, address: str = MUM) -> str:
        """Sign somebody in who is a guardian; what their forms carry."""
        await self.visits.ask(address, language="en")
        await self.settled()
        await browser.post(self.mailbox.last("guardian_enter"))
        secret = browser.cookies["guardrail_portal"]
        return self.visits.form(secret)


@asynccontextmanager
async def home_at(path: Path, clock: Clock) -> AsyncIterator[Home]:
    """A house in this folder."""
    store, keys = SqliteStore(path / "g.db"), Pseudonyms(SECRET)
    vault = open_vault(path / "v", VaultTable(), clock)
    default = POLICY(POLICIES / "default.yaml")
    cn = replace(
        default, name="cn", zone="Asia/Shanghai", consents=(Consent(14, "companion", "3"),)
    )
    holder = PolicyHolder(Stack((default,)), {"CN": Stack((cn,))})
    people, mailbox = People(store, keys, clock), Mailbox()
    counted: list[tuple[str, str]] = []
    guardians = Guardians(
        store,
        vault,
        people,
        keys,
        secret=PORTAL_KEY,
        policy=lambda region: holder.at(clock.now, region or None),
        mailer=mailbox,
        clock=clock,
        terms=Terms(public_url=PORTAL),
    )

    def count(what: str, why: str) -> None:
        counted.append((what, why))

    visits = GuardVisits(guardians, store, count=count)
    courier = Contacts(AddressBook(vault), lambda text: keys.of("endpoint", text), mailer=mailbox)
    alerts = GuardAlerts(guardians, store)
    outbox = Outbox(store, [courier], clock=clock, count=count, veto=alerts.veto)
    yield Home(store, vault, people, guardians, visits, clock, mailbox, holder, outbox, counted)
    await visits.settled()
    await store.close()
    await vault.close()
