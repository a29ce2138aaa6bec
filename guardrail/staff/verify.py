"""Proves, without the running system, that a log is the one whose checkpoints were signed.

Nothing that lies in the database is believed: every leaf is made anew from its event, the tree from
the leaves, and its root at each checkpoint's size is held against the signed one. So an event that
a checkpoint covers cannot be changed, removed, added or moved unseen, even together with its leaf.
A purged record keeps its leaf: it shows that this was a record, and older than the purge says.

What cannot be found is in docs/audit.md: younger events that are changed together with their leaf
before the next checkpoint, and what was done by whoever holds the key and every copy of the notes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import orjson

from guardrail.errors import StoreError
from guardrail.merkle import Edge, leaf_hash
from guardrail.staff.checkpoints import Folder, Signed, place, read_folder
from guardrail.staff.notes import Verifier, fingerprint, parsed
from guardrail.store.base import Checkpoint, Event
from guardrail.store.leaves import BEGUN, GAP, NOTHING, PURGED, digest, entry
from guardrail.store.ledger import Ledger, Line, RawEvent, RawLeaf

__all__ = ["Problem", "Verdict", "verify"]

SHOWN = 1_000
"""Problems that are listed; more are counted."""
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `seq` is the event it is about, 0 if it is about none."""

    seq: int
    what: str

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. All is well if there is no problem.

    `covered` events are under a checkpoint, the newest of which was made `at`; those above it, up
    to `size`, agree with their leaves, and nothing more is known of them yet. `horizon` is the age
    in seconds of the youngest record that a purge may have taken, None without a purge.
    """

    problems: tuple[Problem, ...]
    more: int = 0
    size: int = 0
    covered: int = 0
    checkpoints: int = 0
    at: float | None = None
    purged: int = 0
    gaps: int = 0
    horizon: float | None = None


def verify(
    database: Path,
    folder: Path,
    keys: Sequence[Verifier],
    *,
    retention: float | None = None,
    sparse: bool = False,
) -> Verdict:
    """Look at everything. Changes nothing, and needs no running system.

    Args:
        database: the events' file, or a copy of it.
        folder: the checkpoints.
        keys: public keys of those who signed them.
        retention: seconds; a purge that took younger records is a problem.
        sparse: the folder holds only some of the checkpoints.
    """
    found = read_folder(folder, keys, sparse=sparse)  # first: the database is never behind it
    audit = _Audit(found, retention)
    try:
        with Ledger.open(database) as ledger:
            if damage := ledger.damage():
                audit.wrong(0, f"the file is damaged: {damage}")
            for line in ledger.lines():
                audit.take(line)
            audit.end(ledger.given())
            if not sparse:
                audit.compare(ledger.checkpoints(), folder)
    except (StoreError, ValueError) as error:
        audit.wrong(0, f"the database cannot be read to its end: {_said(error)}")
    return audit.verdict()


@dataclass(slots=True)
class _Audit:
    """What was seen so far, from the first event on."""

    folder: Folder
    retention: float | None
    problems: list[Problem] = field(default_factory=list)
    more: int = 0
    edge: Edge = field(default_factory=Edge)
    known: bool = True  # whether every leaf so far could be had, so that the roots can
    differs: bool = False  # from a checkpoint
    last: int = 0
    reached: int = 0  # of the folder's checkpoints
    matched: int = 0  # the size of the newest that agrees
    gone: array[float] = field(default_factory=lambda: array("d"))  # times of missing records
    gone_seq: array[int] = field(default_factory=lambda: array("q"))
    purges: list[tuple[int, float]] = field(default_factory=list)  # seq and `before`
    told: int = 0  # records that the purges say they took
    horizon: float | None = None
    gaps: int = 0
    last_gap: int = 0
    upto: int = 0  # gaps may be up to here

    def __post_init__(self) -> None:
        for problem in self.folder.problems:
            self.wrong(0, problem)

    def wrong(self, seq: int, what: str) -> None:
        if len(self.problems) < SHOWN:
            self.problems.append(Problem(seq, what))
        else:
            self.more += 1

    def take(self, line: Line) -> None:
        """The next number of the log."""
        if line.seq != self.last + 1:
            self._skipped(line.seq)
        self.last = line.seq
        made = self._made(line)
        leaf = self._leaf(line)
        if line.leaf is None:
            self.wrong(line.seq, f"event {line.seq} has no leaf: it was added, or its leaf deleted")
        elif line.event is None:
            self._absent(line.seq, line.leaf)
        elif made is None or made != leaf:
            self.wrong(line.seq, f"event {line.seq} is not what was logged, or its leaf is not")
        else:
            self._about_itself(line.seq, line.event)
        self._grow(leaf or made)

    def end(self, given: int) -> None:
        """The log is read: look at what only all of it can show."""
        if given > self.last:
            self.wrong(given, f"the end was cut off: events {self.last + 1} to {given} are missing")
        elif given < self.last:
            self.wrong(self.last, f"the log has {self.last} events, but gave only {given} numbers")
        if self.folder.signed and (newest := self.folder.signed[-1]).statement.size > self.last:
            size = newest.statement.size
            self.wrong(
                size, f"rolled back: {newest.path} is of {size} events, the log has {self.last}"
            )
        if self.last and not self.folder.signed:
            self.wrong(0, "there is no checkpoint: nothing is proven")
        if self.last_gap > self.upto:
            self.wrong(self.last_gap, f"number {self.last_gap} is marked as never used, wrongly")
        self._judge_purges()

    def compare(self, kept: Sequence[Checkpoint], folder: Path) -> None:
        """The newest checkpoints lie in the database, too: none may be missing on either side."""
        there = {fingerprint(signed.note) for signed in self.folder.signed}
        for checkpoint in kept:
            statement, size = parsed(checkpoint.note), checkpoint.size
            edge = Edge(size, checkpoint.edge)
            if statement is None or (statement.size, statement.root) != (size, edge.root):
                self.wrong(0, f"the database's own note of its checkpoint of {size} was changed")
            # One that was made a moment ago was not there when the folder was read.
            elif (
                fingerprint(checkpoint.note) not in there
                and not (folder / place(checkpoint)).exists()
            ):
                self.wrong(0, f"a checkpoint of {size} events is missing: {place(checkpoint)}")
        newest = self.folder.signed[-1] if self.folder.signed else None
        if newest is not None and newest.note not in {checkpoint.note for checkpoint in kept}:
            self.wrong(0, f"the database does not know the newest checkpoint, {newest.path}")

    def verdict(self) -> Verdict:
        signed = self.folder.signed
        at = next(
            (s.statement.at for s in reversed(signed) if s.statement.size == self.matched), None
        )
        return Verdict(
            tuple(self.problems),
            self.more,
            size=self.last,
            covered=self.matched,
            checkpoints=len(signed),
            at=at,
            purged=len(self.gone),
            gaps=self.gaps,
            horizon=self.horizon,
        )

    def _skipped(self, seq: int) -> None:
        self.known = False
        if seq <= 0:
            self.wrong(seq, f"there is an event number {seq}")
        elif seq == self.last + 2:
            self.wrong(seq - 1, f"event {seq - 1} is missing, and its leaf")
        else:
            self.wrong(
                self.last + 1, f"events {self.last + 1} to {seq - 1} are missing, and their leaves"
            )

    def _made(self, line: Line) -> bytes | None:
        """The leaf hash that the event should have; None if it cannot have been logged like this."""
        event = line.event
        if event is None or not event.typed:
            return None
        plain = Event(event.id, event.at, event.kind, event.subject, event.user, event.conversation)
        try:
            return leaf_hash(entry(line.seq, event.at, event.kind, digest(plain, event.body)))
        except ValueError:
            return None

    def _leaf(self, line: Line) -> bytes | None:
        """The leaf hash that the leaf's row gives; None if there is none."""
        leaf = line.leaf
        if leaf is None or not leaf.typed:
            return None
        try:
            return leaf_hash(entry(line.seq, leaf.at, leaf.kind, leaf.digest))
        except ValueError:
            return None

    def _absent(self, seq: int, leaf: RawLeaf) -> None:
        """A leaf without its event: purged, never used, or deleted."""
        if leaf.kind == "record" and isinstance(leaf.at, float):
            self.gone.append(leaf.at)
            self.gone_seq.append(seq)
        elif leaf.kind == GAP and leaf.digest == NOTHING:
            self.gaps, self.last_gap = self.gaps + 1, seq
        else:
            self.wrong(seq, f"event {seq} ({leaf.kind}) was deleted")

    def _about_itself(self, seq: int, event: RawEvent) -> None:
        """An event of the log's own, which is what was logged."""
        if event.kind not in {PURGED, BEGUN}:
            return
        try:
            body: dict[str, Any] = orjson.loads(event.body)
            if event.kind == BEGUN:
                self.upto = min(int(body["upto"]), seq - 1)
            else:
                self._purge(seq, float(event.at), float(body["before"]), int(body["count"]))
        except (ValueError, TypeError, KeyError):
            self.wrong(seq, f"event {seq} ({event.kind}) is none that guardrail writes")

    def _purge(self, seq: int, at: float, before: float, count: int) -> None:
        age = at - before
        self.purges.append((seq, before))
        self.told += count
        self.horizon = age if self.horizon is None else min(self.horizon, age)
        if age < (self.retention or 0.0):
            self.wrong(seq, f"event {seq}: a purge took records that were {age / DAY:.1f} days old")

    def _judge_purges(self) -> None:
        """Every missing record must be older than a purge after it says, and be counted there."""
        seqs = [seq for seq, _ in self.purges]
        # For each purge, the latest `before` from it on.
        later = list(accumulate((before for _, before in reversed(self.purges)), max))[::-1]
        for seq, at in zip(self.gone_seq, self.gone, strict=True):
            after = bisect_right(seqs, seq)
            if after == len(seqs) or at >= later[after]:
                self.wrong(seq, f"event {seq} (record) was deleted: no purge can have taken it")
        if self.told != len(self.gone):
            self.wrong(0, f"{len(self.gone)} records are missing, the purges took {self.told}")

    def _grow(self, leaf: bytes | None) -> None:
        """Add a leaf to the tree, and hold its root against the checkpoints of this size."""
        self.known = self.known and leaf is not None
        if self.known and leaf is not None:
            self.edge = self.edge.grown([leaf])
        signed = self.folder.signed
        while self.reached < len(signed) and signed[self.reached].statement.size <= self.last:
            one = signed[self.reached]
            self.reached += 1
            if not self.known or self.edge.root != one.statement.root:
                self._differs(one)
            else:
                self.matched = one.statement.size

    def _differs(self, one: Signed) -> None:
        """Said of the first only: whatever it is, all that come after it differ, too."""
        if self.differs:
            return
        self.differs = True
        size, since = one.statement.size, self.matched + 1
        self.wrong(since, f"events {since} to {size} are not what {one.path} was signed for")


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return str(error)
