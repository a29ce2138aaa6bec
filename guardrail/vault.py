"""The Vault port: the words of cases, encrypted, and only for as long as the policy says.

The log (`store`) never holds words; it holds the ids of what lies here. Every text belongs to a
*subject* (a case) and to an *owner* (the keyed hash of the person it is about): erasing an owner
destroys their data key, and with it every copy of what it sealed.
"""

from __future__ import annotations

import math
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
    `train`: whether a model may learn from it, which the person has to have agreed to by itself
    (CN Measures Art 16).
    """

    id: str
    subject: str
    owner: str
    speaker: Speaker
    text: str
    at: float
    until: float
    train: bool = False


class Vault(Protocol):
    """Where texts lie. Contract: `tests/contract/test_vaults.py`.

    Every method may raise `StoreError`, and `VaultError` where the master key is not at hand or a
    row was changed by somebody else. `count`, `hold`, `held`, `erase` and `purge` need no key.
    """

    async def seal(self, *texts: Text) -> None:
        """Put texts away, all or none, durable on return; one whose id is there is left as it is.

        A text from before the erasure of its owner is left out: it is erased, too.
        """
        ...

    async def open(self, subject: str) -> tuple[Text, ...]:
        """All texts of a subject that are not over, oldest first."""
        ...

    async def of(self, owner: str) -> tuple[Text, ...]:
        """All texts of an owner that are not over or that a hold keeps, oldest first."""
        ...

    async def count(self, owner: str) -> int:
        """How many texts of an owner lie here, over or not."""
        ...

    async def hold(self, owner: str, until: float) -> None:
        """Legal hold: until then nothing of this owner is purged or erased.

        Of two holds the later one counts; 0 lifts it.
        """
        ...

    async def held(self, owner: str) -> float:
        """Until when an owner is held; 0 if they are not."""
        ...

    async def erase(self, owner: str, before: float = math.inf) -> bool:
        """Destroy an owner's key and texts, and every trace of the key in our files.

        `before`: a key that was made later is that of somebody who came back, and stays. False,
        and nothing is done, if a hold forbids it. Erasing twice is no mistake.
        """
        ...

    async def purge(self, now: float) -> int:
        """Delete what is over and not held; say how many texts."""
        ...

    async def close(self) -> None:
        """Let go. May be called twice."""
        ...
