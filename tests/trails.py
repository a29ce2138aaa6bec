"""A log on the disk with checkpoints, for the tests of the audit trail."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guardrail.staff.notes import Signer
from guardrail.staff.trail import Trail
from guardrail.staff.verify import Verdict, verify
from guardrail.store.base import Event
from guardrail.store.sqlite import SqliteStore

__all__ = ["DAY", "NOW", "OTHER", "SIGNER", "Log", "changing", "event"]

NOW = 1_700_000_000.0
DAY = 86_400.0
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
KINDS = ("record", "intervention", "case.opened", "case.claimed", "person.paused", "record")


def event(number: int, at: float = NOW) -> Event:
    """One event of a varied log."""
    kind = KINDS[number % len(KINDS)]
    user = f"user-{number % 5}" if number % 4 else None
    body = {"n": number, "score": number / 7, "words": ["ü", "早安"]}
    return Event(f"{kind}.{number}", at + number * 0.37, kind, f"s{number}", user, "c", body)


@dataclass
class Log:
    """A log on the disk with its checkpoints; `at` is what its clock says."""

    folder: Path
    at: float = NOW

    def __post_init__(self) -> None:
        self.database = self.folder / "guardrail.db"
        self.checkpoints = self.folder / "elsewhere"
        self.store = SqliteStore(self.database, clock=lambda: self.at)
        self.count: list[tuple[str, str]] = []
        self.trail = self.trail_of(SIGNER)

    def trail_of(self, key: Signer, store: SqliteStore | None = None) -> Trail:
        """Somebody who signs this log."""
        return Trail(
            store or self.store,
            self.checkpoints,
            key,
            clock=lambda: self.at,
            count=lambda what, why: self.count.append((what, why)),
        )

    async def add(self, first: int, last: int, at: float = NOW) -> None:
        """Append these events."""
        await self.store.append(*(event(number, at) for number in range(first, last)))

    def verify(self, **asked: Any) -> Verdict:
        """What the check says."""
        return verify(self.database, self.checkpoints, [SIGNER.verifier], **asked)

    def wrong(self, **asked: Any) -> list[str]:
        """What it says is wrong."""
        return [problem.what for problem in self.verify(**asked).problems]


@contextlib.contextmanager
def changing(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for somebody who writes past the store."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db
