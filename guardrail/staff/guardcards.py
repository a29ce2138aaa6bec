"""What we know of a guardian by name: a mail address, and two names. In the vault, nowhere else.

Each thing has a data key of its own (it is its own *owner* in the vault), so that it can be taken
away alone: a guardian who no longer wants to be written to is no longer in `contact:<ward>`, where
letters look for addresses (`staff.addresses`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from guardrail.errors import RequestError
from guardrail.letters import Audience, queued
from guardrail.staff.addresses import Address, AddressBook, subject_of
from guardrail.store.base import Event
from guardrail.vault import Speaker, Text, Vault
from guardrail.wards import Link

__all__ = ["NAME", "Card", "GuardCards", "clean_address"]

KEPT = 10 * 365 * 86_400.0
"""Seconds: until the link ends, in truth; the vault wants a number."""

NAME = 40
"""Characters of a name."""

_MAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,190}")


@dataclass(frozen=True, slots=True)
class Card:
    """What two people call one another: how the ward knows the guardian, how the guardian the ward."""

    guardian: str = ""
    ward: str = ""


class GuardCards:
    """Every method may raise `StoreError`."""

    def __init__(self, vault: Vault, clock: Callable[[], float]) -> None:
        self._vault, self._clock = vault, clock
        self._letters = AddressBook(vault)

    # -- where a guardian gets mail ----------------------------------------------------------------

    async def remember(self, guardian: str, address: str, *, until: float = 0.0) -> None:
        """Where this guardian signs in; for good, or until then."""
        if not until and await self._kept(guardian):
            return
        await self._seal(f"guardian:{guardian}", f"guardian.{guardian}", address, until)

    async def address(self, guardian: str) -> str:
        """Where this guardian signs in; empty if it is not known any more."""
        texts = await self._vault.open(f"guardian:{guardian}")
        return texts[-1].text if texts else ""

    async def forget(self, guardian: str) -> None:
        """Forget where this guardian signs in; a letter that is on its way there is given up."""
        await self._erase(f"guardian:{guardian}", f"guardian.{guardian}.")
        await self._letters.forget(guardian)

    async def letter(
        self, template: str, to: Address, guardian: str, *, until: float, about: str = ""
    ) -> Event:
        """The event that queues a letter to this mailbox; until then the vault keeps where it goes.

        It lies with the guardian, not with a ward: letters about a ward go nowhere else by it.
        """
        now = self._clock()
        address = await self._letters.keep(guardian, to, at=now, until=until)
        return queued(
            template,
            Audience.GUARDIAN,
            id=f"{template}.{secrets.token_hex(8)}",
            subject=about or guardian,
            at=now,
            user=guardian,
            fields={"address": address},
        )

    # -- where letters about a ward go -------------------------------------------------------------

    async def write_to(self, link: Link, address: str) -> str:
        """Letters about this ward go there from now on; the id of the text, for letters to it alone."""
        await self.write_no_more(link)
        contact = Address("guardian", mail=address, language=link.language)
        now, name = self._clock(), f"contact.{link.id}.{secrets.token_hex(6)}"
        text = contact.text(name, link.ward, at=now, until=now + KEPT)
        await self._vault.seal(replace(text, owner=name))
        return name

    async def write_no_more(self, link: Link) -> None:
        """Letters about this ward go to this guardian no more."""
        await self._erase(subject_of(link.ward), f"contact.{link.id}.")

    async def contact(self, link: Link) -> str:
        """The id of the text that says where letters go; empty if they go nowhere."""
        texts = await self._vault.open(subject_of(link.ward))
        found = (one.id for one in texts if one.id.startswith(f"contact.{link.id}."))
        return next(found, "")

    # -- names -------------------------------------------------------------------------------------

    async def name(self, link: Link, card: Card) -> None:
        """Remember how the two call one another."""
        await self._seal(f"link:{link.id}", f"name.{link.id}.guardian", card.guardian)
        await self._seal(f"link:{link.id}", f"name.{link.id}.ward", card.ward)

    async def names(self, link: Link) -> Card:
        """How the two call one another; empty where nobody said."""
        texts = {
            text.id.split(".")[2]: text.text for text in await self._vault.open(f"link:{link.id}")
        }
        return Card(texts.get("guardian", ""), texts.get("ward", ""))

    async def forget_link(self, link: Link) -> None:
        """Forget names and contact of a link."""
        await self.write_no_more(link)
        await self._erase(f"link:{link.id}", f"name.{link.id}.")

    # -- inside ------------------------------------------------------------------------------------

    async def _kept(self, guardian: str) -> bool:
        later = self._clock() + KEPT / 2
        return any(one.until > later for one in await self._vault.open(f"guardian:{guardian}"))

    async def _seal(self, subject: str, stem: str, text: str, until: float = 0.0) -> None:
        if text:
            now, name = self._clock(), f"{stem}.{secrets.token_hex(6)}"
            end = until or now + KEPT
            await self._vault.seal(Text(name, subject, name, Speaker.ADDRESS, text, now, end))

    async def _erase(self, subject: str, stem: str) -> None:
        for text in await self._vault.open(subject):
            if text.id.startswith(stem):
                await self._vault.erase(text.owner)


def clean_address(address: str) -> str:
    """A mail address as it is compared and written to.

    Raises:
        RequestError: it is none (422).
    """
    plain = address.strip()
    if not _MAIL.fullmatch(plain) or not plain.isprintable():
        raise RequestError("this is no mail address", status=422, code="address")
    name, _, domain = plain.rpartition("@")
    return f"{name}@{domain.lower()}"
