"""The default Vault: a third SQLite file beside the store's two, each text sealed.

Theory of operation. Every owner has a data key of 32 random bytes, which seals their texts and lies
here wrapped by a master key, which does not (`_masters`). Three things follow:

1. Erasing an owner is destroying one row: without it nobody can read their texts any more,
   wherever on the disk remnants of them may lie. The rows of the texts go, too. SQLite overwrites
   what is deleted (`secure_delete`; looked at byte by byte, nothing is left in the pages), and the
   write-ahead log, which still holds it, is emptied before `erase` returns.
2. A new master key wraps the data keys again, a few at a time, and touches no text. The row `master`
   says which key wraps now, and whoever makes a data key reads it in the transaction that writes
   the key: so none is ever wrapped by a key that is about to be forgotten.
3. A master key may have to be asked of a service, which a transaction cannot wait for. So texts are
   sealed first and written after; what was true then is looked at again under the lock, and if it is
   not true any more, all is done once more.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from guardrail._tables import VaultTable
from guardrail.errors import StoreError
from guardrail.store import _vault_sql as sql
from guardrail.store._masters import KeyRing, UnknownMaster
from guardrail.store._sealing import bound, boxed, new_key, seal, unboxed, unseal
from guardrail.store._vault_sql import Figures
from guardrail.store._worker import MEMORY, Worker
from guardrail.store.ledger import read_only
from guardrail.store.looking import look_through
from guardrail.vault import Text

__all__ = ["KEY_FILE", "VAULT", "Figures", "SqliteVault", "check_vault", "open_vault"]

VAULT, KEY_FILE = "guardrail-vault.db", "vault.key"
"""In the folder `data`."""
TRIES = 20
"""How often somebody else may come between before a call gives up."""


def open_vault(
    data: Path, table: VaultTable, clock: Callable[[], float] = time.time
) -> SqliteVault:
    """The vault in the folder `data`, with the keys that the settings name. Opens nothing yet."""
    path = table.key_file or data / KEY_FILE
    ring = KeyRing(path, make=table.key_file is None, command=table.kms_command)
    return SqliteVault(data / VAULT, ring, clock=clock)


async def check_vault(data: Path, table: VaultTable) -> bool:
    """See that the vault in the folder `data` is whole and its master key opens it; changes nothing.

    False if there is none yet. A key service is asked once.

    Raises:
        StoreError: the file is damaged, or of a newer release.
        VaultError: the key is not there, is another one, or its command does not answer.
    """
    path = data / VAULT
    if not path.exists():
        return False
    await asyncio.to_thread(look_through, path, sql.STEPS)
    with read_only(path) as db:
        known = db.execute("SELECT id FROM master").fetchone()
    if known is not None:
        ring = KeyRing(table.key_file or data / KEY_FILE, make=False, command=table.kms_command)
        await ring.wrap(str(known[0]), b"")
    return True


class SqliteVault:
    """A Vault in one file, safe for several processes. Opens nothing until it is first used.

    Args:
        path: the file, made with mode 0600 (its folder, too); ":memory:" for one that passes.
        masters: the keys that wrap data keys.
        clock: epoch seconds; what is over is over by this clock.
        busy_seconds: how long to wait for another process that holds the file's lock.
    """

    def __init__(
        self,
        path: Path | str,
        masters: KeyRing,
        *,
        clock: Callable[[], float] = time.time,
        busy_seconds: float = 5.0,
    ) -> None:
        self._masters, self._clock, self._patience = masters, clock, busy_seconds
        self._writer = Worker(str(path), busy_seconds, sql.prepare)
        self._reader = self._writer
        if str(path) != MEMORY:
            self._reader = Worker(str(path), busy_seconds, sql.prepare)

    async def seal(self, *texts: Text) -> None:
        """Put texts away; see `Vault.seal`."""
        for _ in range(TRIES if texts else 0):
            master = await self._master()
            known = await self._keys({text.owner for text in texts})
            try:
                add = await self._sealed(texts, master, known)
            except UnknownMaster:  # rotated between the two, unless it is the same again
                if (await self._master(), await self._keys(known)) == (master, known):
                    raise
                continue
            if await self._writer.do(add):
                return
        if texts:
            raise StoreError("the vault is too busy")

    async def open(self, subject: str) -> tuple[Text, ...]:
        """Texts of a subject; see `Vault.open`."""
        return await self._texts("text.subject = ? AND until > ?", subject)

    async def of(self, owner: str) -> tuple[Text, ...]:
        """Texts of an owner; see `Vault.of`."""
        held = f"{sql.HELD_UNTIL} > ?2"
        return await self._texts(f"text.owner = ?1 AND (until > ?2 OR {held})", owner)

    async def count(self, owner: str) -> int:
        """How many texts of an owner lie here; see `Vault.count`."""
        return int(await self._one("SELECT count(*) FROM text WHERE owner = ?", owner))

    async def hold(self, owner: str, until: float) -> None:
        """Legal hold; see `Vault.hold`."""
        await self._writer.do(lambda db: sql.hold(db, owner, until))

    async def held(self, owner: str) -> float:
        """Until when an owner is held; see `Vault.held`."""
        wanted = "SELECT coalesce((SELECT until FROM hold WHERE owner = ?), 0.0)"
        until = float(await self._one(wanted, owner))
        return until if until > self._clock() else 0.0

    async def erase(self, owner: str, before: float = math.inf) -> bool:
        """Destroy an owner's key and texts; see `Vault.erase`."""
        now = self._clock()
        if not await self._writer.do(lambda db: sql.erase(db, owner, before, now)):
            return False
        await self._scrub()
        return True

    async def purge(self, now: float) -> int:
        """Delete what is over; see `Vault.purge`."""
        total = 0
        while found := await self._writer.do(lambda db: sql.purge(db, now)):
            total += found
        if total:
            await self._scrub()
        return total

    async def close(self) -> None:
        """Finish what was accepted, then let go. May be called twice."""
        for worker in (self._reader, self._writer):
            await worker.close()

    # -- beyond the port: the operator's -------------------------------------------------------

    async def rotate(self, *, make: bool = True) -> int:
        """Wrap every data key with the newest master key while work goes on; say how many.

        `make` makes a new master key first, and at the end forgets the old ones; without it the
        newest one that is there counts, and the key file is left as it is. If this breaks off,
        both keys stay known, and asking again goes on.

        Raises:
            StoreError: another rotation has begun meanwhile.
            VaultError: a data key cannot be opened; no master key is forgotten.
        """
        await self._master()  # there may be none at all yet
        spare = await self._masters.made() if make else None
        master = await self._writer.do(lambda db: sql.turn(db, self._masters, spare))
        moved = 0
        while old := await self._reader.do(lambda db: sql.behind(db, master), writes=False):
            fresh = [(await self._again(key, master), key) for key in old]
            moved += await self._writer.do(partial(sql.rewrap, master=master, fresh=fresh))
        if make:
            await self._writer.do(lambda db: sql.retire(db, self._masters, master))
        await self._scrub()
        return moved

    async def ready(self) -> None:
        """Open the master key now: the words of the first case need not wait for a service."""
        await self._masters.wrap(await self._master(), b"")

    async def figures(self) -> Figures:
        """What lies here; needs no key."""
        now = self._clock()
        return await self._reader.do(lambda db: sql.figures(db, now), writes=False)

    # -- inside ----------------------------------------------------------------------------------

    async def _one(self, query: str, *values: object) -> Any:
        return await self._reader.do(
            lambda db: db.execute(query, values).fetchone()[0], writes=False
        )

    async def _master(self) -> str:
        """The id of the key that wraps now; the first time of all, one is chosen."""
        found = await self._one("SELECT max(id) FROM master")
        if found is None:
            spare = await self._masters.made()
            found = await self._writer.do(lambda db: sql.begin(db, self._masters, spare))
        return str(found)

    async def _keys(self, owners: Iterable[str]) -> Mapping[str, sql.Wrapped]:
        return await self._reader.do(lambda db: sql.keys(db, owners), writes=False)

    async def _sealed(
        self, texts: Sequence[Text], master: str, known: Mapping[str, sql.Wrapped]
    ) -> Callable[[sqlite3.Connection], bool]:
        """What writes these texts. It answers no if the keys are others by then."""
        keys = {owner: unboxed(await self._unwrap(key), owner) for owner, key in known.items()}
        fresh: list[tuple[str, bytes]] = []
        for owner in {text.owner for text in texts} - known.keys():
            keys[owner] = new_key()
            fresh.append((owner, await self._masters.wrap(master, boxed(keys[owner], owner))))
        sealed = [(text, seal(keys[text.owner], _raw(text.text), bound(text))) for text in texts]
        ids = {owner: key.id for owner, key in known.items()}
        now = self._clock()
        return partial(sql.add, now=now, master=master, known=ids, fresh=fresh, sealed=sealed)

    async def _unwrap(self, key: sql.Wrapped) -> bytes:
        return await self._masters.unwrap(key.master, key.wrapped)

    async def _again(self, key: sql.Wrapped, master: str) -> bytes:
        box = await self._unwrap(key)
        unboxed(box, key.owner)  # one that was swapped must not become a good one
        return await self._masters.wrap(master, box)

    async def _texts(self, where: str, whose: str) -> tuple[Text, ...]:
        rows: Sequence[sql.Row] = ()
        for _ in range(TRIES):
            before, now = rows, self._clock()
            rows = await self._reader.do(lambda db: sql.rows(db, where, whose, now), writes=False)  # noqa: B023 - awaited
            try:
                return await self._opened(rows)
            except UnknownMaster:  # rotated between the two, unless it is the same again
                if rows == before:
                    raise
        raise StoreError("the vault is too busy")

    async def _opened(self, rows: Sequence[sql.Row]) -> tuple[Text, ...]:
        keys = {row.key.id: row.key for row in rows}
        found = {n: unboxed(await self._unwrap(key), key.owner) for n, key in keys.items()}
        return tuple(_unsealed(row, found[row.key.id]) for row in rows)

    async def _scrub(self) -> None:
        """Empty the write-ahead log, in which what was deleted can still be read.

        Not a read, but nothing that may stand in a transaction either; it waits for readers.

        Raises:
            StoreError: another process reads for too long. What was deleted is gone for everybody
                who asks us, but not yet from the disk: asking again tries again.
        """
        end = time.monotonic() + self._patience
        while await self._writer.do(sql.unemptied, writes=False):
            if time.monotonic() > end:
                raise StoreError("deleted, but another process keeps it on the disk: try again")
            await asyncio.sleep(0.01)  # of two that empty it at once, SQLite sends one away


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _unsealed(row: sql.Row, key: bytes) -> Text:
    words = unseal(key, row.sealed, bound(row.text))
    return replace(row.text, text=words.decode("utf-8", "surrogatepass"))
