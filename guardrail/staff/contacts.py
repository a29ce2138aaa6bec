"""The courier to guardians and emergency contacts, whose addresses lie in the vault."""

from __future__ import annotations

from collections.abc import Callable

from guardrail.errors import StoreError
from guardrail.letterbook import Letter
from guardrail.letters import TEMPLATES
from guardrail.staff.addresses import Address, AddressBook
from guardrail.staff.couriers import Mailing, Outcome, Route
from guardrail.staff.webhooks import Poster

__all__ = ["Contacts"]

AUDIENCES = frozenset({"guardian", "emergency"})


class Contacts:
    """Mail and webhooks to contacts; those by phone go with the operator's webhooks (`Webhooks`).

    An endpoint is named after its text in the vault, and opened again for every try.
    """

    prefix = "c"

    def __init__(
        self,
        book: AddressBook,
        hashed: Callable[[str], str],
        *,
        poster: Poster | None = None,
        mailer: Mailing | None = None,
    ) -> None:
        self._book, self._hashed = book, hashed
        self._poster, self._mailer = poster, mailer

    async def routes(self, letter: Letter) -> tuple[Route, ...]:
        """See `Courier`. A contact by mail is none where there is no mail server."""
        if letter.audience not in AUDIENCES:
            return ()
        found = await self._book.of(letter)
        return tuple(
            Route(f"{self.prefix}-{id_}", self._contact(address, letter))
            for id_, address in found.items()
            if self._ours(address)
        )

    async def deliver(self, letter: Letter, endpoint: str) -> Outcome:
        """See `Courier`."""
        try:
            found = await self._book.of(letter)
        except StoreError:
            return Outcome("vault")
        address = found.get(endpoint.removeprefix(f"{self.prefix}-"))
        if address is None:  # erased, or over
            return Outcome("address_gone", final=True)
        if address.mail and self._mailer is not None:
            return await self._mailer.send(
                letter, address.mail, language=address.language, sealed=address.sealed
            )
        if address.webhook and self._poster is not None:
            return await self._poster.post(
                letter, address.webhook, address.secrets, sealed=address.sealed
            )
        return Outcome("address", final=True)

    def shown(self, endpoint: str) -> str:  # noqa: ARG002 - an address is nobody's to read here
        """See `Courier`: only that it is a contact."""
        return "contact"

    async def close(self) -> None:
        """See `Courier`."""
        if self._poster is not None:
            await self._poster.close()

    def _ours(self, address: Address) -> bool:
        """Also one that cannot be read: that letter is to be given up, not forgotten."""
        mail = bool(address.mail and self._mailer)
        return mail or bool(address.webhook and self._poster) or not any(address.ways)

    def _contact(self, address: Address, letter: Letter) -> str:
        """A contact of two people may be told of each."""
        if not TEMPLATES[letter.template].alarm:
            return ""
        return self._hashed(f"{address.mail}{address.webhook}\n{letter.audience}\n{letter.user}")
