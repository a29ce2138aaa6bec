"""Whoever writes past the store is found out: flips, deletions, reorders, truncations, roll-backs.

Each attack is made on a copy of a real database that real checkpoints cover. Half of them are made by
somebody who knows how it works, and makes leaves, numbers and SQLite's own count agree again.
"""

# ruff: noqa: S608 - the tables and columns are ours

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guardrail.errors import StoreError
from guardrail.staff.checkpoints import files
from guardrail.staff.verify import verify
from guardrail.store.base import Event, Query
from guardrail.store.leaves import digest
from guardrail.store.sqlite import SqliteStore
from tests.trails import DAY, NOW, OTHER, SIGNER, Log, changing, event

Attack = Callable[["Scene", random.Random], None]

COLUMNS = ("id", "at", "kind", "subject", "user", "conversation", "body")


class Scene:
    """A copy of the log, and what the attacker needs of it."""

    def __init__(self, original: Path, folder: Path) -> None:
        self.original = original
        self.database = folder / "guardrail.db"
        self.checkpoints = folder / "elsewhere"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(original, folder)

    def __enter__(self) -> sqlite3.Connection:
        self._changing = changing(self.database)
        self.db = self._changing.__enter__()
        return self.db

    def __exit__(self, *_: object) -> None:
        self._changing.__exit__(None, None, None)

    def found(self) -> list[str]:
        """What the check says is wrong."""
        verdict = verify(self.database, self.checkpoints, [SIGNER.verifier])
        return [problem.what for problem in verdict.problems]


async def build(folder: Path) -> None:
    """A log with everything in it: six checkpoints, a purge, older copies of the database."""
    folder.mkdir()
    log = Log(folder)
    for round_ in range(6):
        await log.add(round_ * 20, round_ * 20 + 20, NOW + round_ * DAY)
        if round_ == 4:
            log.at = NOW + 40 * DAY
            await log.store.purge(NOW + 2 * DAY)
        await log.trail.checkpoint()
        await log.store.close()
        shutil.copy(log.database, folder / f"copy-{round_}.db")
        log.store = SqliteStore(log.database, clock=lambda: log.at)
        log.trail = log.trail_of(SIGNER)
    await log.store.close()
    for path in folder.glob("*-sessions.db*"):
        path.unlink()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log that all attacks are made on."""
    folder = tmp_path_factory.mktemp("log") / "data"
    asyncio.run(build(folder))
    return folder


# -- the attacks -------------------------------------------------------------------------------


def one(db: sqlite3.Connection, table: str, chance: random.Random) -> int:
    """The number of some row."""
    return int(chance.choice(db.execute(f"SELECT seq FROM {table}").fetchall())[0])


def flipped(value: Any, chance: random.Random) -> Any:
    """The value with one bit turned over; something where there was nothing."""
    if value is None:
        return "somebody"
    if isinstance(value, int):
        return value ^ 1 << chance.randrange(62)
    raw = bytearray(
        struct.pack(">d", value)
        if isinstance(value, float)
        else value.encode()
        if isinstance(value, str)
        else value
    )
    if not raw:
        return "x"
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    if isinstance(value, float):
        (turned,) = struct.unpack(">d", raw)
        return turned if turned - turned == 0 else 0.5
    return bytes(raw)


def flip(db: sqlite3.Connection, table: str, column: str, chance: random.Random) -> None:
    """One bit of one column; what was text stays text, even if it is no longer UTF-8."""
    seq = one(db, table, chance)
    where = f"FROM {table} WHERE seq = {seq}"
    value, kind = db.execute(f"SELECT {column}, typeof({column}) {where}").fetchone()
    new = flipped(value, chance)
    cast = "CAST(? AS TEXT)" if kind == "text" else "?"
    db.execute(f"UPDATE {table} SET {column} = {cast} WHERE seq = {seq}", (new,))


def flip_event(scene: Scene, chance: random.Random) -> None:
    """A bit of any column of an event."""
    with scene as db:
        flip(db, "event", chance.choice(COLUMNS), chance)


def flip_number(scene: Scene, chance: random.Random) -> None:
    """A bit of an event's or a leaf's number."""
    with scene as db:
        table = chance.choice(["event", "leaf"])
        seq = one(db, table, chance)
        taken = {other for (other,) in db.execute(f"SELECT seq FROM {table}")}
        new = next(n for bit in range(8) if (n := seq ^ 1 << (bit + seq) % 62) not in taken)
        db.execute(f"UPDATE {table} SET seq = ? WHERE seq = ?", (new, seq))


def flip_leaf(scene: Scene, chance: random.Random) -> None:
    """A bit of any column of a leaf."""
    with scene as db:
        column = chance.choice(["at", "kind", "digest"])
        flip(db, "leaf", column, chance)


def change_both(scene: Scene, chance: random.Random) -> None:
    """An event is rewritten, and its leaf with it."""
    with scene as db:
        seq = one(db, "event", chance)
        column, value = chance.choice(
            [("subject", "other"), ("user", "other"), ("at", NOW + 0.5), ("body", b"{}")]
        )
        db.execute(f"UPDATE event SET {column} = ? WHERE seq = ?", (value, seq))
        leaf_again(db, seq)


def leaf_again(db: sqlite3.Connection, seq: int) -> None:
    """Make the leaf agree with its event."""
    row = db.execute(
        "SELECT id, at, kind, subject, user, conversation, body FROM event WHERE seq = ?", (seq,)
    ).fetchone()
    made = Event(*row[:6])
    db.execute(
        "INSERT OR REPLACE INTO leaf (seq, at, kind, digest) VALUES (?, ?, ?, ?)",
        (seq, made.at, made.kind, digest(made, row[6])),
    )


def delete(scene: Scene, chance: random.Random) -> None:
    """An event, its leaf, or both are gone."""
    with scene as db:
        seq = one(db, "event", chance)
        for table in chance.choice([("event",), ("leaf",), ("event", "leaf")]):
            db.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))


def delete_purged(scene: Scene, chance: random.Random) -> None:
    """The leaf of a purged record is gone, too."""
    with scene as db:
        missing = "SELECT seq FROM leaf WHERE seq NOT IN (SELECT seq FROM event)"
        (seq,) = chance.choice(db.execute(missing).fetchall())
        db.execute("DELETE FROM leaf WHERE seq = ?", (seq,))


def delete_and_close(scene: Scene, chance: random.Random) -> None:
    """Some events are gone with their leaves, and those behind them move up."""
    with scene as db:
        last = one(db, "event", chance)
        first = max(1, last - chance.randrange(3))
        count = last - first + 1
        for table in ("event", "leaf"):
            db.execute(f"DELETE FROM {table} WHERE seq BETWEEN ? AND ?", (first, last))
            for (seq,) in db.execute(
                f"SELECT seq FROM {table} WHERE seq > ? ORDER BY seq",
                (last,),
            ).fetchall():
                db.execute(f"UPDATE {table} SET seq = ? WHERE seq = ?", (seq - count, seq))
        recount(db)


def recount(db: sqlite3.Connection) -> None:
    """Make SQLite's own count agree."""
    db.execute("UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM leaf) WHERE name = 'event'")


def pretend_purged(scene: Scene, chance: random.Random) -> None:
    """A record is deleted as if it had been purged; perhaps with a purge that was made up."""
    with scene as db:
        rows = db.execute("SELECT seq FROM event WHERE kind = 'record'").fetchall()
        (seq,) = chance.choice(rows)
        db.execute("DELETE FROM event WHERE seq = ?", (seq,))
        if chance.random() < 0.5:
            db.execute("UPDATE leaf SET at = 1.0 WHERE seq = ?", (seq,))


def pretend_kind(scene: Scene, chance: random.Random) -> None:
    """A case is deleted, and its leaf says that it was an old record, or a number never used."""
    with scene as db:
        rows = db.execute("SELECT seq FROM event WHERE kind LIKE 'case.%'").fetchall()
        (seq,) = chance.choice(rows)
        db.execute("DELETE FROM event WHERE seq = ?", (seq,))
        kind = chance.choice(["record", "gap"])
        db.execute("UPDATE leaf SET kind = ?, at = 1.0 WHERE seq = ?", (kind, seq))


def swap(scene: Scene, chance: random.Random) -> None:
    """Two events change places; perhaps their leaves, too, or with leaves made again."""
    with scene as db:
        seqs = [seq for (seq,) in db.execute("SELECT seq FROM event")]
        one_, other = chance.sample(seqs, 2)
        how = chance.choice(["events", "leaves", "both", "again"])
        tables = {"events": ["event"], "leaves": ["leaf"]}.get(how, ["event", "leaf"])
        for table in tables:
            for old, new in ((one_, -1), (other, one_), (-1, other)):
                db.execute(f"UPDATE {table} SET seq = ? WHERE seq = ?", (new, old))
        if how == "again":
            leaf_again(db, one_)
            leaf_again(db, other)


def truncate(scene: Scene, chance: random.Random) -> None:
    """The end is cut off, perhaps with leaves and SQLite's count."""
    with scene as db:
        (last,) = db.execute("SELECT max(seq) FROM event").fetchone()
        keep = last - chance.randrange(1, last)
        how = chance.randrange(3)
        db.execute("DELETE FROM event WHERE seq > ?", (keep,))
        if how:
            db.execute("DELETE FROM leaf WHERE seq > ?", (keep,))
        if how == 2:
            recount(db)
            db.execute("DELETE FROM checkpoint WHERE size > ?", (keep,))


def behead(scene: Scene, chance: random.Random) -> None:
    """The beginning is gone, and the rest is numbered again."""
    with scene as db:
        cut = chance.randrange(1, 60)
        for table in ("event", "leaf"):
            db.execute(f"DELETE FROM {table} WHERE seq <= ?", (cut,))
            if chance.random() < 0.5:
                db.execute(f"UPDATE {table} SET seq = seq - ?", (cut + 1000,))
                db.execute(f"UPDATE {table} SET seq = seq + 1000")


def roll_back(scene: Scene, chance: random.Random) -> None:
    """An older copy of the database is put in its place."""
    shutil.copy(scene.original / f"copy-{chance.randrange(5)}.db", scene.database)


def roll_back_and_write(scene: Scene, chance: random.Random) -> None:
    """An older copy, and other events after it, up to the old length and beyond."""
    roll_back(scene, chance)

    async def write() -> None:
        store = SqliteStore(scene.database)
        await store.append(
            *(event(n, NOW + 50 * DAY) for n in range(500, 501 + chance.randrange(150)))
        )
        await store.close()

    asyncio.run(write())


def insert(scene: Scene, chance: random.Random) -> None:
    """An event that never was takes the place of another, or of a purged one."""
    with scene as db:
        seq = one(db, "leaf", chance)
        db.execute("DELETE FROM event WHERE seq = ?", (seq,))
        row = (seq, f"forged.{seq}", NOW, "case.resolved", "s", b"{}")
        db.execute(
            "INSERT INTO event (seq, id, at, kind, subject, body) VALUES (?, ?, ?, ?, ?, ?)", row
        )
        if chance.random() < 0.5:
            leaf_again(db, seq)


def append(scene: Scene, chance: random.Random) -> None:
    """An event is added without a leaf, perhaps far away."""
    with scene as db:
        (last,) = db.execute("SELECT max(seq) FROM event").fetchone()
        seq = chance.choice([last + 1, last + 100, -5, 0])
        row = (seq, f"forged.{seq}", NOW, "case.resolved", "s", b"{}")
        db.execute(
            "INSERT INTO event (seq, id, at, kind, subject, body) VALUES (?, ?, ?, ?, ?, ?)", row
        )


def lose_a_checkpoint(scene: Scene, chance: random.Random) -> None:
    """A checkpoint's file is gone: the first, the newest, or any other."""
    chance.choice(files(scene.checkpoints)).unlink()


def change_a_checkpoint(scene: Scene, chance: random.Random) -> None:
    """A bit of a checkpoint, in the folder or in the database; or one signed by somebody else."""
    path = chance.choice(files(scene.checkpoints))
    raw = bytearray(path.read_bytes())
    how = chance.randrange(4)
    if how == 0:
        signed = raw.index("\n—".encode())  # what comes behind may be signatures of others
        raw[chance.randrange(signed)] ^= 1 << chance.randrange(8)
        path.write_bytes(raw)
    elif how == 1:
        path.write_text(OTHER.sign(int(raw.split(b"\n")[1]), b"r" * 32, NOW, "-"), "utf-8")
    elif how == 2:
        path.write_bytes(raw[: chance.randrange(len(raw) - 5)])
    else:
        with scene as db:
            column = chance.choice(["size", "note", "edge"])
            (size,) = chance.choice(db.execute("SELECT size FROM checkpoint").fetchall())
            (value,) = db.execute(
                f"SELECT {column} FROM checkpoint WHERE size = ?",
                (size,),
            ).fetchone()
            cast = "CAST(? AS TEXT)" if column == "note" else "?"
            db.execute(
                f"UPDATE checkpoint SET {column} = {cast} WHERE size = ?",
                (flipped(value, chance), size),
            )


def lose_the_count(scene: Scene, chance: random.Random) -> None:
    """SQLite's own count says something else, or nothing."""
    with scene as db:
        new = chance.choice([None, 0, -1, 5, 10_000])
        if new is None:
            db.execute("DELETE FROM sqlite_sequence")
        else:
            db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'event'", (new,))


ATTACKS: tuple[Attack, ...] = (
    flip_event,
    flip_event,
    flip_leaf,
    flip_number,
    change_both,
    delete,
    delete_purged,
    delete_and_close,
    pretend_purged,
    pretend_kind,
    swap,
    truncate,
    behead,
    roll_back,
    roll_back_and_write,
    insert,
    append,
    lose_a_checkpoint,
    change_a_checkpoint,
    lose_the_count,
)


def attacked(original: Path, folder: Path, rounds: range) -> list[str]:
    """The attacks that were not found."""
    missed = []
    for number in rounds:
        chance = random.Random(number)  # noqa: S311 - what to attack
        attack = ATTACKS[number % len(ATTACKS)]
        scene = Scene(original, folder)
        attack(scene, chance)
        if not scene.found():
            missed.append(f"{number}: {attack.__name__}")
    return missed


# -- the tests ---------------------------------------------------------------------------------


def test_the_log_itself_is_whole(original: Path, tmp_path: Path):
    """Untouched, nothing is wrong with it: what the attacks are found by is the attacks."""
    scene = Scene(original, tmp_path / "copy")
    verdict = verify(scene.database, scene.checkpoints, [SIGNER.verifier])
    assert verdict.problems == ()
    assert verdict.covered == verdict.size == 121
    assert (verdict.checkpoints, verdict.purged) == (6, 13)


def test_forty_attacks_are_found(original: Path, tmp_path: Path):
    """Two of each kind."""
    assert attacked(original, tmp_path / "copy", range(40)) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_thousand_attacks_are_found(original: Path, tmp_path: Path):
    """Fifty of each kind, on other places each time."""
    assert attacked(original, tmp_path / "copy", range(1_000, 2_000)) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_damage_to_the_file_is_found_or_harmless(original: Path, tmp_path: Path):
    """500 times a byte of the file itself: if nothing is said, every event and leaf is as it was."""

    def held(path: Path) -> list[Any]:
        with changing(path) as db:
            return [db.execute(f"SELECT * FROM {t}").fetchall() for t in ("event", "leaf")]

    expected = held(original / "guardrail.db")
    said = 0
    for number in range(500):
        chance = random.Random(number)  # noqa: S311 - where to damage
        scene = Scene(original, tmp_path / "copy")
        raw = bytearray(scene.database.read_bytes())
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        scene.database.write_bytes(raw)
        if scene.found():
            said += 1
        else:
            assert held(scene.database) == expected, number
    assert said > 150


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE event SET user = 'x' WHERE seq = 32", "event 32 is not what was logged"),
        ("DELETE FROM event WHERE seq = 33", "event 33 (case.opened) was deleted"),
        ("DELETE FROM leaf WHERE seq = 33", "event 33 has no leaf"),
    ],
)
def test_it_says_which_event(original: Path, tmp_path: Path, change: str, says: str):
    """What was done to one event is said with its number, first."""
    scene = Scene(original, tmp_path / "copy")
    with scene as db:
        db.execute(change)
    assert scene.found()[0].startswith(says)


def test_it_says_between_which_checkpoints(original: Path, tmp_path: Path):
    """An event that was changed together with its leaf is known to within a checkpoint."""
    scene = Scene(original, tmp_path / "copy")
    with scene as db:
        db.execute("UPDATE event SET user = 'x' WHERE seq = 32")
        leaf_again(db, 32)
    (said,) = scene.found()
    assert said.startswith("events 21 to 40 are not what ")


def test_a_range_that_is_gone_is_said_once(original: Path, tmp_path: Path):
    """One line for many events, and not one for each checkpoint that cannot agree."""
    scene = Scene(original, tmp_path / "copy")
    with scene as db:
        db.execute("DELETE FROM event WHERE seq BETWEEN 30 AND 50")
        db.execute("DELETE FROM leaf WHERE seq BETWEEN 30 AND 50")
    found = scene.found()
    assert found[0] == "events 30 to 50 are missing, and their leaves"
    assert len(found) <= 3


async def test_what_the_next_checkpoint_will_cover_is_not_proven_yet(log_with_young: Log):
    """The honest limit: an event younger than the newest checkpoint, changed with its leaf."""
    with changing(log_with_young.database) as db:
        db.execute("UPDATE event SET user = 'x' WHERE seq = 7")
    assert log_with_young.wrong() == ["event 7 is not what was logged, or its leaf is not"]
    with changing(log_with_young.database) as db:
        leaf_again(db, 7)
    verdict = log_with_young.verify()
    assert verdict.problems == ()
    assert (verdict.covered, verdict.size) == (5, 9)  # that is what it says of them


@pytest.fixture
async def log_with_young(tmp_path: Path):
    """A log of nine events, five of them under a checkpoint."""
    log = Log(tmp_path)
    await log.add(0, 5)
    await log.trail.checkpoint()
    await log.add(5, 9)
    yield log
    await log.store.close()


@pytest.mark.parametrize("what", ["missing", "garbage", "other", "older", "newer", "headless"])
async def test_a_database_that_cannot_be_read(tmp_path: Path, what: str):
    """Said in a line, whatever lies there."""
    log = Log(tmp_path)
    await log.add(0, 5)
    await log.trail.checkpoint()
    await log.store.close()
    if what == "missing":
        log.database.unlink()
    elif what == "garbage":
        log.database.write_bytes(b"no database, " * 400)
    else:
        change = {
            "other": "DROP TABLE event",
            "older": "DELETE FROM migration WHERE number > 2",
            "newer": "INSERT INTO migration VALUES (99, 'later', '')",
            "headless": "DROP TABLE migration",
        }[what]
        with changing(log.database) as db:
            db.execute(change)
    assert log.wrong()[0].startswith("the database cannot be read to its end: ")


async def test_nothing_is_proven_without_checkpoints(tmp_path: Path):
    """An empty folder, or one that is not there, proves nothing, and the check does not say it does."""
    log = Log(tmp_path)
    await log.add(0, 5)
    assert log.wrong() == ["there is no checkpoint: nothing is proven"]
    log.checkpoints.mkdir()
    (log.checkpoints / "README.txt").write_text("no note")
    assert log.wrong() == ["there is no checkpoint: nothing is proven"]
    await log.store.close()


async def test_a_gap_in_the_leaves_is_no_page_end(tmp_path: Path):
    """The store itself refuses to go on over a leaf that is missing."""
    log = Log(tmp_path)
    await log.add(0, 9)
    with changing(log.database) as db:
        db.execute("DELETE FROM leaf WHERE seq = 4")
    with pytest.raises(StoreError, match="leaf of event 4"):
        await log.store.leaves()
    assert len(await log.store.leaves(4)) == 5
    assert len(await log.store.read(Query())) == 9
    await log.store.close()
