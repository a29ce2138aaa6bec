"""Signs what the log holds, again and again, and puts it where the database is not.

Theory of operation. Each event has a leaf in the log's Merkle tree, written in its transaction. A
checkpoint is the signed root of that tree at one size. While the log grows, one is made every
`every_seconds`, and a last one at shutdown. Whoever changes, deletes or reorders events that a
checkpoint covers would need another root, and so the key *and* every copy of the checkpoint.

Rules of this file:

1. The database says which checkpoint comes next: of two processes one wins (`Store.pin`), the other
   takes over what the winner wrote. So there is one chain, each naming the one before it.
2. First pinned, then published. A folder that cannot be reached gets its files when it is back;
   until then no further checkpoint is made, so nothing is ever left out of the chain.
3. A file's name holds the size and the note's hash: nothing is ever overwritten, not even by a log
   that was rolled back.
4. Nothing is signed that contradicts what was signed before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import structlog

from guardrail.errors import StoreError
from guardrail.merkle import Edge
from guardrail.staff.checkpoints import files, place, size_in_name, write_note
from guardrail.staff.notes import Signer, Statement, fingerprint, read_note
from guardrail.store.base import Checkpoint, Store

__all__ = ["CHECKPOINTS", "KEY", "Trail"]

log = structlog.get_logger("guardrail")

Count = Callable[[str, str], None]

KEY = "audit.key"
"""The private key, in the folder `data`."""
CHECKPOINTS = "checkpoints"
"""The folder of the checkpoints in the folder `data`, where the settings name no other."""
PAGE = 10_000
"""Leaves read at a time."""
FAILED = "audit_failed"
"""What is counted when the trail cannot go on; see `guardrail.metrics.EVENTS`."""


class Trail:
    """Keeps the checkpoints of one log.

    Args:
        store: whose log it is.
        folder: where the notes go; made when the first one is written.
        signer: the log's key.
        clock: epoch seconds.
        count: told (`audit_failed`, why) when something did not work.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        signer: Signer,
        *,
        clock: Callable[[], float],
        count: Count = lambda _what, _why: None,
    ) -> None:
        self._store, self._folder, self._signer = store, folder, signer
        self._clock, self._count = clock, count

    async def run(self, every_seconds: float) -> None:
        """Make checkpoints until cancelled. What fails is said, counted and tried again."""
        await self._kept(self.look)
        while True:
            await self._kept(self.checkpoint)
            await asyncio.sleep(every_seconds)

    async def close(self) -> None:
        """Make the last checkpoint. Before the store is closed."""
        await self._kept(self.checkpoint)

    async def look(self) -> None:
        """Compare the folder with the database: an older copy of it knows less than the folder.

        Raises:
            StoreError: the folder holds a checkpoint that the database does not know.
            OSError: the folder cannot be read.
        """
        newest = max(await asyncio.to_thread(files, self._folder), default=None, key=size_in_name)
        kept = await self._store.checkpoints()  # later: another process may have added to both
        if newest is None or (kept and size_in_name(newest) < kept[0].size):
            return
        if newest.name not in {place(checkpoint).name for checkpoint in kept}:
            raise StoreError(
                f"{newest} is a checkpoint that the database does not know: was an older copy put"
                " in its place? run `guardrail audit verify`"
            )

    async def checkpoint(self) -> Checkpoint | None:
        """Sign the log as it is now, if it grew; publish what is not in the folder yet.

        Returns the new checkpoint, which may be another process's, or None if there is nothing new.

        Raises:
            StoreError: the log cannot be read, or contradicts what was signed of it.
            OSError: the folder cannot be written.
        """
        kept = await self._store.checkpoints()
        await asyncio.to_thread(self._publish, kept)
        last = kept[-1] if kept else None
        begun = await self._edge(last)
        edge = await self._grown(begun, None)
        if edge.size == begun.size:
            return None
        previous = fingerprint(last.note) if last else "-"
        note = self._signer.sign(edge.size, edge.root, self._clock(), previous)
        new = Checkpoint(edge.size, note, edge.nodes)
        won = await self._store.pin(new, last.size if last else 0)
        await asyncio.to_thread(self._publish, [won])
        return won

    async def _edge(self, last: Checkpoint | None) -> Edge:
        """The tree as the last checkpoint left it. What the database says of it is not believed."""
        if last is None:
            return Edge()
        edge, signed = Edge(last.size, last.edge), self._read(last)
        if signed is None or edge.root != signed.root:  # another key's, or the edge was changed
            edge = await self._grown(Edge(), last.size)
        if edge.size != last.size or (signed is not None and edge.root != signed.root):
            raise StoreError(
                f"the log is not the one that was signed when it had {last.size} events: run"
                " `guardrail audit verify`"
            )
        return edge

    def _read(self, checkpoint: Checkpoint) -> Statement | None:
        try:
            return read_note(checkpoint.note, [self._signer.verifier])
        except ValueError:
            return None

    async def _grown(self, edge: Edge, upto: int | None) -> Edge:
        """The edge after the leaves that follow it, or those of them up to a size."""
        more = True
        while more:
            limit = PAGE if upto is None else min(PAGE, upto - edge.size)
            leaves = await self._store.leaves(edge.size, limit)
            edge = await asyncio.to_thread(edge.grown, leaves)
            more = len(leaves) == PAGE
        return edge

    def _publish(self, checkpoints: Iterable[Checkpoint]) -> None:
        for checkpoint in checkpoints:
            path = self._folder / place(checkpoint)
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                write_note(path, checkpoint.note.encode())

    async def _kept(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except (StoreError, OSError) as error:
            log.error("audit trail failed", error=str(error))  # holds numbers and paths only
            self._count(FAILED, type(error).__name__)
