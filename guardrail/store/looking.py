"""Looks through a database file and changes nothing, in it or beside it: for `guardrail doctor`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from guardrail.errors import StoreError
from guardrail.store._worker import explained
from guardrail.store.ledger import read_only
from guardrail.store.migrations import MIGRATIONS, Migration, applied

__all__ = ["last_event", "look_through"]


def look_through(file: Path, steps: Sequence[Migration] = MIGRATIONS) -> None:
    """See that a file is a whole database of ours.

    Raises:
        StoreError: it is damaged, no database, or of a newer release.
    """
    try:
        with read_only(file) as db:
            found = [row[0] for row in db.execute("PRAGMA quick_check(1)")]
            applied(db, steps)
    except sqlite3.Error as error:
        raise explained(error, str(file)) from error
    except StoreError as error:
        raise StoreError(f"{file}: {error}") from None
    if found != ["ok"]:
        raise StoreError(f"{file} is damaged: restore it from a backup ({found[0]})")


def last_event(file: Path) -> int:
    """The number of the newest event in a log; 0 without one.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        with read_only(file) as db:
            return int(db.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0])
    except sqlite3.Error as error:
        raise explained(error, str(file)) from error
