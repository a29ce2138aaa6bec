"""Rows read from their JSON once: what was last written is at hand when the next turn reads it.

A reading depends on nothing but the row's bytes, so it is kept by these: another process that writes
the row meanwhile, or a transaction that is undone, makes other bytes, which are read as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Held"]

ROOM = 1024
"""Readings that are kept: about 3 MB."""

T = TypeVar("T")


class Held(Generic[T]):
    """The last readings. Used by the store's one thread; values are frozen and shared."""

    def __init__(self, read: Callable[[bytes], T]) -> None:
        self._read = read
        self._values: dict[bytes, T] = {}

    def read(self, row: bytes) -> T:
        """What is in a row. It is let go of, since a row that is read is written next."""
        value = self._values.pop(row, None)
        return self._read(row) if value is None else value

    def keep(self, row: bytes, value: T) -> bytes:
        """Keep what `row` was made of; the longest kept goes first. Gives the row."""
        self._values[row] = value
        if len(self._values) > ROOM:
            del self._values[next(iter(self._values))]
        return row

    def clear(self) -> None:
        """Forget all of it: somebody is erased."""
        self._values.clear()
