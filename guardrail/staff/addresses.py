"""Where guardians and emergency contacts are reached: texts in the vault.

An address is no business of the log. It lies in the vault (`Speaker.ADDRESS`, subject
`contact:<person key>`), is opened when a letter is delivered, and goes when its person is erased; a
letter that finds none then is given up, and says so.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import orjson

from guardrail.errors import RequestError
from guardrail.letterbook import Letter
from guardrail.vault import Speaker, Text, Vault

__all__ = ["Address", "AddressBook", "check_address", "read_address", "subject_of"]

LONGEST = 500
"""Characters of one part of an address."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where one guardian or emergency contact is reached: one of `mail`, `phone` and `webhook`.

    `phone` is passed to the operator's webhooks of that audience, since we send no SMS. A `webhook`
    needs `secrets` of its own, and a host on `notify.allow_hosts`. `sealed` are words that fill a
    letter and must not lie in the log, such as an invitation's link.
    """

    whom: str  # guardian | emergency
    mail: str = ""
    phone: str = ""
    webhook: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    language: str = ""  # "en" or "zh", if it is known
    sealed: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def ways(self) -> tuple[str, str, str]:
        """All ways to reach them; empty but for one."""
        return self.mail, self.phone, self.webhook

    def text(self, id: str, user: str, *, at: float, until: float) -> Text:  # noqa: A002
        """This address as it is sealed; `user` is the key of the person whose contact it is."""
        told = {key: value for key, value in asdict(self).items() if value}
        return Text(
            id=id,
            subject=subject_of(user),
            owner=user,
            speaker=Speaker.ADDRESS,
            text=orjson.dumps(told).decode(),
            at=at,
            until=until,
        )


def subject_of(user: str) -> str:
    """Under which subject the vault has a person's contacts."""
    return f"contact:{user}"


def read_address(text: str) -> Address:
    """An address from the JSON that is sealed. The message of an error holds nothing of it.

    Raises:
        RequestError: it is none (422).
    """
    try:
        told: Any = orjson.loads(text)
    except ValueError:
        raise _wrong("it is not JSON") from None
    if not isinstance(told, dict) or not isinstance(told.get("sealed", {}), dict):
        raise _wrong("it is not an object")
    try:
        found = Address(
            **{**told, "secrets": tuple(told.get("secrets", ()))}  # lists, in JSON
        )
    except TypeError:
        raise _wrong("it has unknown parts, or does not say whose it is") from None
    check_address(found)
    return found


class AddressBook:
    """Keeps and opens addresses. Every method may raise `StoreError`.

    Each has a data key of its own (it is its own *owner* in the vault), so that it can go alone.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def keep(
        self, user: str, address: Address, *, at: float, until: float, name: str = ""
    ) -> str:
        """Seal where a contact of this person is reached; the id under which it lies.

        Under a `name` that is there already nothing changes.

        Raises:
            RequestError: it is no address (422).
        """
        check_address(address)
        name = name or f"{subject_of(user)}.{secrets.token_hex(8)}"
        await self._vault.seal(replace(address.text(name, user, at=at, until=until), owner=name))
        return name

    async def all(self, user: str) -> Mapping[str, Address]:
        """All contacts of a person that can be read, by the id of the text."""
        texts = await self._texts(user)
        found = {text.id: _known(text, "") for text in texts}
        return {name: address for name, address in found.items() if address.whom}

    async def of(self, letter: Letter) -> Mapping[str, Address]:
        """Whom a letter goes to, by the id of the text: one if the letter names it, else all."""
        if letter.user is None:
            return {}
        named = letter.fields.get("address")
        return {
            text.id: address
            for text in await self._texts(letter.user)
            if named in (None, text.id)
            for address in (_known(text, letter.audience),)
            if address.whom == letter.audience
        }

    async def drop(self, user: str, name: str) -> None:
        """Forget one contact; nothing happens if there is none of this id."""
        for text in await self._texts(user):
            if text.id == name:
                await self._vault.erase(text.owner)

    async def forget(self, user: str, before: float = math.inf) -> None:
        """Forget all contacts of a person, whoever sealed them, but for those sealed later."""
        for owner in {text.owner for text in await self._texts(user)}:
            await self._vault.erase(owner, before)

    async def _texts(self, user: str) -> list[Text]:
        found = await self._vault.open(subject_of(user))
        return [text for text in found if text.speaker is Speaker.ADDRESS]


def _known(text: Text, audience: str) -> Address:
    """An address; one that cannot be read leads nowhere, and the letter to it is given up."""
    try:
        return read_address(text.text)
    except RequestError:
        return Address(audience)


def check_address(address: Address) -> None:
    """See that an address says whose it is, and one way to reach them.

    Raises:
        RequestError: it does not (422). The message holds nothing of it.
    """
    if address.whom not in ("guardian", "emergency"):
        raise _wrong("`whom` must be guardian or emergency")
    if address.language not in ("", "en", "zh"):
        raise _wrong("`language` must be en or zh")
    if sum(map(bool, address.ways)) != 1:
        raise _wrong("give one of mail, phone and webhook")
    parts: tuple[Any, ...] = (*address.ways, *address.secrets, *address.sealed.values())
    if not all(isinstance(one, str) and one.isprintable() and len(one) <= LONGEST for one in parts):
        raise _wrong("a part is no line of text, or too long")
    if address.mail and not _MAIL.fullmatch(address.mail):
        raise _wrong("`mail` is no address")
    if address.webhook and not address.secrets:
        raise _wrong("a webhook needs secrets")


_MAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,190}")


def _wrong(message: str) -> RequestError:
    return RequestError(f"this is no address: {message}", status=422, code="address")
