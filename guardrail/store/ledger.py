"""A database looked at from outside, row by row, as an auditor has to: nothing in it is believed.

It is opened for reading only and need not be in use by anybody; a copy will do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardrail.errors import StoreError
from guardrail.store._worker import explained
from guardrail.store.base import Checkpoint
from guardrail.store.leaves import checkpoints
from guardrail.store.migrations import MIGRATIONS, applied

__all__ = ["Ledger", "Line", "RawEvent", "RawLeaf", "read_only"]


@dataclass(frozen=True, slots=True)
class RawEvent:
    """The columns of an event as they lie there: of any type that SQLite has."""

    id: Any
    at: Any
    kind: Any
    subject: Any
    user: Any
    conversation: Any
    body: Any

    @property
    def typed(self) -> bool:
        """Whether each column is of the type that we write."""
        texts = (self.id, self.kind, self.subject)
        return (
            all(isinstance(text, str) for text in texts)
            and isinstance(self.user, str | None)
            and isinstance(self.conversation, str | None)
            and isinstance(self.at, float)
            and isinstance(self.body, bytes)
        )


@dataclass(frozen=True, slots=True)
class RawLeaf:
    """The columns of a leaf as they lie there."""

    at: Any
    kind: Any
    digest: Any

    @property
    def typed(self) -> bool:
        """Whether each column is of the type that we write."""
        return (
            isinstance(self.at, float)
            and isinstance(self.kind, str)
            and isinstance(self.digest, bytes)
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One number of the log. Of event and leaf, one may be missing."""

    seq: int
    event: RawEvent | None
    leaf: RawLeaf | None


class Ledger:
    """One moment of the events' file: everything that is read fits together."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self._path, self._db = path, db

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Ledger]:
        """Look at a file.

        Raises:
            StoreError: it is not there, no database, or of another release.
        """
        if not path.is_file():
            raise StoreError(f"there is no database at {path}")
        with _explained(path), read_only(path) as db:
            db.text_factory = _text
            db.execute("BEGIN")
            if (done := applied(db)) < len(MIGRATIONS):
                raise StoreError(
                    f"{path} has schema {done}, this release knows {len(MIGRATIONS)}: start this"
                    " release on it first, or verify with the release that wrote it"
                )
            yield cls(path, db)

    def damage(self) -> str:
        """What SQLite's own check has to say against the file; empty if all is well."""
        with _explained(self._path):
            found = [str(row[0]) for row in self._db.execute("PRAGMA integrity_check(1)")]
        return "" if found == ["ok"] else found[0]

    def lines(self) -> Iterator[Line]:
        """Every number that has an event or a leaf, in order."""
        with _explained(self._path):
            events = self._db.execute(
                "SELECT seq, id, at, kind, subject, user, conversation, body FROM event"
                " NOT INDEXED ORDER BY seq"
            )
            leaves = self._db.execute("SELECT seq, at, kind, digest FROM leaf ORDER BY seq")
            event, leaf = next(events, None), next(leaves, None)
            while event is not None or leaf is not None:
                seq = min(row[0] for row in (event, leaf) if row is not None)
                line_event = line_leaf = None
                if event is not None and event[0] == seq:
                    line_event, event = RawEvent(*event[1:]), next(events, None)
                if leaf is not None and leaf[0] == seq:
                    line_leaf, leaf = RawLeaf(*leaf[1:]), next(leaves, None)
                yield Line(seq, line_event, line_leaf)

    def given(self) -> int:
        """The highest number that SQLite ever gave to an event; it keeps count beside the table."""
        with _explained(self._path):
            found = self._db.execute(
                "SELECT max(seq) FROM sqlite_sequence WHERE name = 'event'"
            ).fetchone()
        return found[0] if isinstance(found[0], int) else 0

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """The newest checkpoints, as the database has them."""
        with _explained(self._path):
            return checkpoints(self._db)


@contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that changes nothing, in the file or beside it.

    Nobody writes where there is no -wal, and then no lock and no -shm is needed: SQLite would make
    one, which a doctor run by root must not leave behind.
    """
    still = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    uri = f"{path.absolute().as_uri()}?mode=ro{still}"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as db:
        yield db


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise explained(error, str(path)) from error


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
