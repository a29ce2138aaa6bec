"""Emergency contacts: whom an approved letter reaches, and who agreed to that.

Rules of this file:

1. Written down first, then sealed: there is no address of which nobody knows who agreed to it.
2. The log holds ids and codes. The address lies in the vault, and is given out to nobody.
3. What could not be reached anyway is refused now, not in the hour in which it is needed.

Every method may raise `StoreError`; asking again does what is left, and adds nothing twice.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from guardrail.errors import RequestError
from guardrail.people import Act, People, Who
from guardrail.staff.addresses import Address, AddressBook, check_address, subject_of
from guardrail.store.base import Event, Query, Store
from guardrail.vault import Vault

__all__ = ["MOST", "Agreed", "Contact", "EmergencyContacts"]

MOST = 3
"""Emergency contacts of one person."""

KEPT = 10 * 365 * 86_400.0
"""Seconds: until it is removed, in truth; the vault wants a number."""

PAGE = 1_000
"""Events looked at: who has changed their contacts more often is told without who agreed."""

SET, REMOVED = "person.contact_set", "person.contact_removed"


class Agreed(StrEnum):
    """Who agreed that this contact is told in an emergency."""

    PERSON = "person"  # whose contact it is
    CONTACT = "contact"  # who would be told
    BOTH = "both"
    GUARDIAN = "guardian"


@dataclass(frozen=True, slots=True)
class Contact:
    """One emergency contact, without the address. `at` is when it was last set (epoch seconds)."""

    id: str
    way: str  # mail | phone | webhook
    language: str
    agreed: str  # an `Agreed`; empty if the log does not say
    at: float


class EmergencyContacts:
    """A person's contacts. `reaches` says whether the settings have a way to an address."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        people: People,
        *,
        clock: Callable[[], float] = time.time,
        reaches: Callable[[Address], bool] = lambda _: True,
    ) -> None:
        self.people = people
        self._store, self._clock, self._reaches = store, clock, reaches
        self._book = AddressBook(vault)

    async def keep(
        self, who: Who, act: Act, address: Address, agreed: Agreed, *, instead: str = ""
    ) -> Contact:
        """Register a contact, in the place of the one with the id `instead` if it is given.

        An address that is there already keeps its id.

        Raises:
            RequestError: nobody is known by this key (404); it is no address (422); the settings
                have no way to reach it, or there are three contacts already (409).
        """
        check_address(address)
        found = await self._addresses(who)
        if not self._reaches(address):
            raise _refused("the settings have no way to reach such a contact", "no_channel")
        name = next((name for name, one in found.items() if one == address), "")
        if not name and len(found.keys() - {instead}) >= MOST:
            raise _refused(f"there are {MOST} emergency contacts already", "most")
        name = name or secrets.token_hex(8)
        told = {"contact": name, "way": _way(address), "agreed": agreed, "instead": instead}
        event = await self._note(SET, who, act, told)
        until = event.at + KEPT
        await self._book.keep(who.key, address, at=event.at, until=until, name=_text(who, name))
        if instead and instead != name:
            await self._book.drop(who.key, _text(who, instead))
        return Contact(name, _way(address), address.language, agreed, event.at)

    async def drop(self, who: Who, act: Act, contact: str) -> None:
        """Remove a contact; a letter on its way to it is given up.

        Raises:
            RequestError: nobody is known by this key, or there is no such contact (404).
        """
        if contact not in await self._addresses(who):
            raise _refused("there is no such contact", "unknown_contact", 404)
        await self._note(REMOVED, who, act, {"contact": contact})
        await self._book.drop(who.key, _text(who, contact))

    async def all(self, who: Who) -> tuple[Contact, ...]:
        """A person's contacts, those that were set first before the others.

        Raises:
            RequestError: nobody is known by this key (404).
        """
        addresses, told = await self._addresses(who), await self._told(who)
        found = []
        for name, address in addresses.items():
            event = told.get(name)
            agreed, at = (event.body["agreed"], event.at) if event is not None else ("", 0.0)
            found.append(Contact(name, _way(address), address.language, agreed, at))
        return tuple(sorted(found, key=lambda one: (one.at, one.id)))

    # -- inside ----------------------------------------------------------------------------------

    async def _addresses(self, who: Who) -> dict[str, Address]:
        """What lies in the vault, by the ids that callers know."""
        if not who.new:
            await self.people.get(who)
        found = await self._book.all(who.key)
        head = _text(who, "")
        return {
            name.removeprefix(head): address
            for name, address in found.items()
            if name.startswith(head) and address.whom == "emergency"
        }

    async def _told(self, who: Who) -> dict[str, Event]:
        """The newest `contact_set` of each contact."""
        events = await self._store.read(Query(SET, user=who.key, limit=PAGE))
        return {event.body["contact"]: event for event in reversed(events)}

    async def _note(self, kind: str, who: Who, act: Act, told: dict[str, str]) -> Event:
        body = {"by": act.by, "reason": act.reason, **told}
        name = f"{kind}.{secrets.token_hex(8)}"
        event = Event(name, self._clock(), kind, who.key, who.key, body=body)
        (kept,) = await self._store.append(event)
        return kept


def _way(address: Address) -> str:
    ways = zip(("mail", "phone", "webhook"), address.ways, strict=True)
    return next((way for way, there in ways if there), "")


def _text(who: Who, contact: str) -> str:
    """The id of a contact's text in the vault."""
    return f"{subject_of(who.key)}.{contact}"


def _refused(message: str, code: str, status: int = 409) -> RequestError:
    return RequestError(message, status=status, code=code)
