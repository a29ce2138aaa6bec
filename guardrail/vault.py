"""The Vault port: the words of cases, encrypted, and only for as long as the policy says.

The log (`store`) never holds words; it holds the ids of what lies here. Every text belongs to a
*subject* (a case) and to an *owner* (the keyed hash of the person it is about): erasing an owner
destroys their data key, and with it every copy of what it sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

__all__ = ["Speaker", "Text", "Vault"]


class Speaker(StrEnum):
    """Who wrote a text."""

    USER = "user"
    BOT = "bot"
    MODERATOR = "moderator"
    NOTE = "note"  # staff among themselves
    ADDRESS = "address"  # where a guardian or emergency contact is reached


@dataclass(frozen=True, slots=True)
class Text:
    """One text. `at` and `until` are epoch seconds; after `until` it is gone.

    `subject` is a case id (or "contact:…"); `owner` the person's key, or the conversation's where
    nobody knows the person. `id` is made by whoever seals, so that sealing again adds nothing.
    """

    id: str
    subject: str
    owner: str
    speaker: Speaker
    text: str
    at: float
    until: float


class Vault(Protocol):
    """Where texts lie. Contract: `tests/contract/test_vaults.py`.

    Every method may raise `StoreError`, and `VaultError` where the master key is not at hand.
    """

    async def seal(self, *texts: Text) -> None:
        """Put texts away, durable on return; one whose id is there already is left as it is."""
        ...

    async def open(self, subject: str) -> tuple[Text, ...]:
        """All texts of a subject that are not over, oldest first."""
        ...

    async def of(self, owner: str) -> tuple[Text, ...]:
        """All texts of an owner that are not over, oldest first: for their copy."""
        ...

    async def hold(self, owner: str, until: float) -> None:
        """Legal hold: until then nothing of this owner is purged or erased; 0 lifts it."""
        ...

    async def erase(self, owner: str) -> bool:
        """Destroy an owner's key and texts; false if a hold forbids it."""
        ...

    async def purge(self, now: float) -> int:
        """Delete what is over and not held; say how many texts."""
        ...

    async def close(self) -> None:
        """Let go. May be called twice."""
        ...
