"""The SQLite vault beyond its contract: keys, rotation, erasure down to the bytes, tampering."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from guardrail._tables import VaultTable
from guardrail.errors import StoreError, VaultError
from guardrail.store import _vault_sql as sql
from guardrail.store._masters import KeyRing
from guardrail.store.vault import KEY_FILE, VAULT, SqliteVault, open_vault
from guardrail.vault import Speaker, Text
from tests.conftest import Clock

DAY = 86_400.0
CANARY = "kanarienvogel-4711"

KMS = """
import base64, pathlib, sys
folder, word = pathlib.Path(sys.argv[1]), sys.argv[-1]
with open(folder / "asked", "a") as log:
    log.write(word + "\\n")
data = base64.b64decode(sys.stdin.read())
print(base64.b64encode(bytes(b ^ 0x5A for b in data[::-1])).decode())
"""

Open = Callable[..., SqliteVault]


@pytest.fixture
async def open_vaults(tmp_path: Path, clock: Clock):
    """Opens vaults on the same folder, as several processes do."""
    opened: list[SqliteVault] = []

    def make(**table) -> SqliteVault:
        opened.append(open_vault(tmp_path, VaultTable(**table), clock))
        return opened[-1]

    yield make
    for vault in opened:
        await vault.close()


@pytest.fixture
def vault(open_vaults: Open) -> SqliteVault:
    """One of them."""
    return open_vaults()


@pytest.fixture
def text(clock: Clock) -> Callable[..., Text]:
    """A text of now, for a day."""

    def made(id_: str = "t1", **fields) -> Text:
        plain = Text(id_, "case", "ann", Speaker.USER, CANARY, clock.now, clock.now + DAY)
        return replace(plain, **fields)

    return made


def on_disk(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def column(folder: Path, what: str) -> list[bytes]:
    """A column of the table of data keys, or of texts, by owner."""
    table = "text" if what == "sealed" else "data_key"
    with contextlib.closing(sqlite3.connect(folder / VAULT)) as db:
        return [row[0] for row in db.execute(f"SELECT {what} FROM {table} ORDER BY owner")]  # noqa: S608


def change(folder: Path, statement: str) -> None:
    """Change rows behind the vault's back, as a thief with write access would."""
    with contextlib.closing(sqlite3.connect(folder / VAULT)) as db, db:
        assert db.execute(statement).rowcount > 0


# -- what lies on the disk -------------------------------------------------------------------------


async def test_files_are_private_and_hold_no_words(vault: SqliteVault, tmp_path: Path, text):
    """Neither a word nor the data key can be read in any file, and only we may read the files."""
    await vault.seal(text())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(modes) == {VAULT, f"{VAULT}-wal", f"{VAULT}-shm", KEY_FILE}
    assert set(modes.values()) == {0o600}
    assert len((tmp_path / KEY_FILE).read_bytes()) == 32
    assert CANARY.encode() not in on_disk(tmp_path)


async def test_the_settings_that_promises_rest_on(vault: SqliteVault):
    """Commits wait for the disk; what is deleted is overwritten, on both connections."""
    asked = ("journal_mode", "synchronous", "secure_delete")
    for worker in (vault._writer, vault._reader):
        found = await worker.do(
            lambda db: [db.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
        )
        assert found == ["wal", 2, 1]


async def test_nothing_of_an_erased_owner_is_left_in_any_file(
    vault: SqliteVault, tmp_path: Path, text
):
    """Neither the wrapped key nor what it sealed, in database or log, among 60 others."""
    await vault.seal(*(text(f"t{n}", owner=f"o{n:03}", text=CANARY * 20) for n in range(60)))
    await vault.rotate()
    keys, sealed = column(tmp_path, "wrapped"), column(tmp_path, "sealed")
    for n in range(0, 60, 3):
        assert await vault.erase(f"o{n:03}")
    left = on_disk(tmp_path)
    for n in range(60):
        found = {part in left for part in (keys[n], keys[n][:24], sealed[n], sealed[n][:24])}
        assert found == {n % 3 != 0}, n
    assert len(await vault.open("case")) == 40


async def test_what_was_purged_is_gone_from_the_disk(
    vault: SqliteVault, tmp_path: Path, text, clock: Clock
):
    """With its key, when nothing else is sealed with that; the key of somebody with more stays."""
    await vault.seal(text("1"), text("2", owner="bob"), text("3", owner="bob", until=clock.now + 9))
    keys, sealed = column(tmp_path, "wrapped"), column(tmp_path, "sealed")
    clock.now += 9
    await vault.purge(clock.now)
    assert sealed[2] not in on_disk(tmp_path)
    clock.now += DAY
    await vault.purge(clock.now)
    assert not any(raw in on_disk(tmp_path) for raw in (*keys, *sealed))


async def test_an_owner_who_comes_back_has_another_key(
    vault: SqliteVault, tmp_path: Path, text, clock: Clock
):
    """The tombstone holds no key, and the next text gets a new one."""
    await vault.seal(text("1"))
    (before,) = column(tmp_path, "wrapped")
    await vault.erase("ann")
    assert column(tmp_path, "wrapped") == []
    clock.now += 1
    await vault.seal(text("2"))
    assert column(tmp_path, "wrapped") != [before]


async def test_a_reader_that_stands_still_is_not_passed_over(tmp_path: Path, text, clock: Clock):
    """If another process keeps old pages alive, erasing says so, and is complete the next time."""
    ring = KeyRing(tmp_path / KEY_FILE)
    vault = SqliteVault(tmp_path / VAULT, ring, clock=clock, busy_seconds=0.05)
    await vault.seal(text())
    (key,) = column(tmp_path, "wrapped")
    with contextlib.closing(sqlite3.connect(tmp_path / VAULT, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM text").fetchone()
        with pytest.raises(StoreError, match="try again"):
            await vault.erase("ann")
        other.execute("ROLLBACK")
    assert await vault.of("ann") == ()
    assert await vault.erase("ann")
    assert key not in on_disk(tmp_path)
    await vault.close()


# -- rows that were changed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moved",
    [
        "UPDATE text SET subject = 'case' WHERE id = '2'",
        "UPDATE text SET owner = 'bob', data_key = 2, subject = 'case' WHERE id = '1'",
        "UPDATE text SET speaker = 'bot' WHERE id = '1'",
        "UPDATE text SET until = until + 9999 WHERE id = '1'",
        "UPDATE text SET at = at - 1 WHERE id = '1'",
        "UPDATE text SET train = 1 WHERE id = '1'",
        "UPDATE text SET id = '9' WHERE id = '1'",
        "UPDATE text SET sealed = (SELECT sealed FROM text WHERE id = '2') WHERE id = '1'",
        "UPDATE text SET sealed = x'00' WHERE id = '1'",
        "UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key WHERE id = 2) WHERE id = 1",
        "UPDATE data_key SET owner = 'eve' WHERE id = 1",
    ],
)
async def test_a_row_that_was_moved_does_not_open(vault: SqliteVault, tmp_path: Path, text, moved):
    """Not in another case, of another owner, for longer, or as somebody else's words."""
    await vault.seal(text("1"))
    await vault.seal(text("2", owner="bob", subject="other"))
    change(tmp_path, moved)
    with pytest.raises(VaultError) as caught:
        await vault.open("case")
    assert CANARY not in str(caught.value)


# -- the master key --------------------------------------------------------------------------------


async def test_processes_that_start_together_have_one_key(open_vaults: Open, tmp_path: Path, text):
    """Whoever comes first makes it; what any of them seals, all can open."""
    vaults = [open_vaults() for _ in range(8)]
    await asyncio.gather(*(v.seal(text(f"{n}", owner=f"o{n}")) for n, v in enumerate(vaults)))
    assert len((tmp_path / KEY_FILE).read_bytes()) == 32
    for one in vaults:
        assert len(await one.open("case")) == 8


async def test_without_the_key_texts_cannot_be_read_but_deleted(
    vault: SqliteVault, open_vaults: Open, tmp_path: Path, text
):
    """A lost key file is said to be one, and no new key takes its place; a wrong one, too."""
    await vault.seal(text("1"), text("2", owner="bob"))
    key = (tmp_path / KEY_FILE).read_bytes()
    (tmp_path / KEY_FILE).unlink()
    other = open_vaults()
    for call in (other.open("case"), other.seal(text("3")), other.rotate()):
        with pytest.raises(VaultError, match="cannot be read"):
            await call
    assert not (tmp_path / KEY_FILE).exists()
    (tmp_path / KEY_FILE).write_bytes(secrets.token_bytes(32))
    with pytest.raises(VaultError, match="restore the file from a backup"):
        await other.open("case")
    assert await other.count("ann") == 1
    assert await other.erase("ann")
    (tmp_path / KEY_FILE).write_bytes(key)
    assert [one.id for one in await open_vaults().open("case")] == ["2"]


@pytest.mark.parametrize("content", [b"", b"short", bytes(range(33)), b"0123456789abcdef" * 4])
async def test_a_file_that_is_no_key_is_refused(open_vaults: Open, tmp_path: Path, text, content):
    """Nor is text: 64 hex digits would be a key of half the strength."""
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(VaultError, match="is no master key"):
        await open_vaults().seal(text())


async def test_a_named_file_is_not_made(open_vaults: Open, tmp_path: Path, text):
    """A path with a slip of the pen must not begin a second key."""
    named = tmp_path / "secrets" / "master"
    with pytest.raises(VaultError, match="cannot be read"):
        await open_vaults(key_file=named).seal(text())
    named.parent.mkdir(exist_ok=True)
    named.write_bytes(secrets.token_bytes(32))
    vault = open_vaults(key_file=named)
    await vault.seal(text())
    assert len(await vault.of("ann")) == 1
    assert not (tmp_path / KEY_FILE).exists()


# -- rotation --------------------------------------------------------------------------------------


async def test_no_call_fails_while_keys_rotate(open_vaults: Open, tmp_path: Path, text):
    """Two processes read, write and erase all the time that a third one rotates: 0 failures."""
    vaults, operator = [open_vaults(), open_vaults()], open_vaults()
    await vaults[0].seal(*(text(f"s{n}", owner=f"o{n}", subject="old") for n in range(60)))
    before, keys = column(tmp_path, "wrapped"), (tmp_path / KEY_FILE).read_bytes()
    over = asyncio.Event()
    done = [0, 0]

    async def work(number: int) -> None:
        vault, chance = vaults[number], random.Random(number)  # noqa: S311 - whom to ask
        while not over.is_set():
            done[number] += 1
            owner = f"o{chance.randrange(60)}"
            fresh = f"new{number}.{done[number]}"
            await vault.seal(text(f"{number}.{done[number]}", owner=owner, subject=fresh))
            assert len(await vault.open(fresh)) == 1
            assert await vault.of(owner)
            await vault.seal(text(fresh, owner=fresh))  # a new key
            if done[number] % 5 == 0:
                assert await vault.erase(fresh)

    tasks = [asyncio.ensure_future(work(n)) for n in (0, 1)]
    rotations = 0
    while (rotations < 3 or min(done) < 12) and not any(task.done() for task in tasks):
        assert await operator.rotate() >= 60
        rotations += 1
    over.set()
    await asyncio.gather(*tasks)
    assert rotations >= 3
    assert (await operator.figures()).behind == 0
    assert len(await vaults[1].open("old")) == 60
    left = on_disk(tmp_path)
    assert not any(raw in left for raw in (*before, keys))
    assert len((tmp_path / KEY_FILE).read_bytes()) == 32


async def test_a_rotation_that_broke_off_is_gone_on_with(
    vault: SqliteVault, open_vaults: Open, tmp_path: Path, text
):
    """Both keys stay known, work goes on with either, and the next rotation finishes."""
    await vault.seal(text("1"), text("2", owner="bob"))
    spare = await vault._masters.made()
    master = await vault._writer.do(lambda db: sql.turn(db, vault._masters, spare))
    assert len((tmp_path / KEY_FILE).read_bytes()) == 64
    for one in (vault, open_vaults()):
        await one.seal(text(f"{id(one)}", owner=f"{id(one)}"))
        assert (await one.figures()).behind == 2
    assert await open_vaults().rotate() >= 2
    assert len((tmp_path / KEY_FILE).read_bytes()) == 32
    assert (await vault.figures()).master != master
    assert len(await vault.open("case")) == 4


async def test_a_new_key_in_the_file_alone_is_taken_up(
    vault: SqliteVault, open_vaults: Open, tmp_path: Path, text
):
    """A crash between file and database leaves a key that nothing is wrapped with: it is the next."""
    await vault.seal(text("1"))
    new = secrets.token_bytes(32)
    (tmp_path / KEY_FILE).write_bytes(new + (tmp_path / KEY_FILE).read_bytes())
    await open_vaults().seal(text("2", owner="bob"))  # still with the old one, which the log names
    assert await open_vaults().rotate() == 2
    assert (tmp_path / KEY_FILE).read_bytes() == new
    assert len(await vault.open("case")) == 2


async def test_an_operator_may_bring_the_key(vault: SqliteVault, tmp_path: Path, text):
    """Without `make` the first key of the file counts, and the file is left as it is."""
    await vault.seal(text("1"))
    assert await vault.rotate(make=False) == 0
    raw = secrets.token_bytes(32) + (tmp_path / KEY_FILE).read_bytes()
    (tmp_path / KEY_FILE).write_bytes(raw)
    assert await vault.rotate(make=False) == 1
    assert (tmp_path / KEY_FILE).read_bytes() == raw
    (tmp_path / KEY_FILE).write_bytes(raw[:32])
    assert len(await vault.open("case")) == 1


async def test_rotations_at_once_lose_nothing(open_vaults: Open, tmp_path: Path, text):
    """One of them may be told of the other; every text can be read, and one key is left."""
    vaults = [open_vaults() for _ in range(4)]
    await vaults[0].seal(*(text(f"{n}", owner=f"o{n}") for n in range(200)))
    results = await asyncio.gather(*(v.rotate() for v in vaults), return_exceptions=True)
    assert all(isinstance(r, int) or "another rotation" in str(r) for r in results)
    await vaults[3].rotate()
    assert len((tmp_path / KEY_FILE).read_bytes()) == 32
    assert len(await open_vaults().open("case")) == 200


async def test_a_rotation_never_makes_a_swapped_key_good(vault: SqliteVault, tmp_path: Path, text):
    """A data key that is another's stops it, and no master key is forgotten."""
    await vault.seal(text("1"), text("2", owner="bob"))
    change(tmp_path, "UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key WHERE id = 2)")
    with pytest.raises(VaultError, match="another owner"):
        await vault.rotate()
    assert len((tmp_path / KEY_FILE).read_bytes()) == 64


# -- a key management service ----------------------------------------------------------------------


def kms(folder: Path) -> tuple[str, ...]:
    """A command that wraps keys and writes down that it was asked."""
    return (sys.executable, "-c", KMS, str(folder))


async def test_a_command_wraps_the_master_key(open_vaults: Open, tmp_path: Path, text):
    """The file holds no key; each process asks once, and never again for a text."""
    kept = tmp_path / "kms"
    kept.mkdir()
    vault = open_vaults(kms_command=kms(kept))
    await vault.ready()
    for n in range(3):
        await vault.seal(text(f"{n}", owner=f"o{n}"))
    assert (kept / "asked").read_text() == "wrap\n"
    assert (tmp_path / KEY_FILE).read_bytes().startswith(b"wrapped ")
    assert not any(key in on_disk(tmp_path) for key in vault._masters._keys.values())
    other = open_vaults(kms_command=kms(kept))
    reads = await asyncio.gather(*(other.open("case") for _ in range(5)))
    assert {len(found) for found in reads} == {3}
    assert (kept / "asked").read_text() == "wrap\nunwrap\n"
    with pytest.raises(VaultError, match=r"set vault\.kms_command"):
        await open_vaults().open("case")


async def test_a_file_of_keys_moves_behind_a_command(
    vault: SqliteVault, open_vaults: Open, tmp_path: Path, text
):
    """Rotating once the command is set does it; while that lasts the old key opens what it wrapped."""
    await vault.seal(text("1"), text("2", owner="bob"))
    old = (tmp_path / KEY_FILE).read_bytes()
    asked = tmp_path / "kms"
    asked.mkdir()
    vault = open_vaults(kms_command=kms(asked))
    assert len(await vault.open("case")) == 2
    spare = await vault._masters.made()
    await vault._writer.do(lambda db: sql.turn(db, vault._masters, spare))
    await vault.seal(text("3", owner="eve"))
    assert len(await open_vaults(kms_command=kms(asked)).open("case")) == 3
    assert await vault.rotate() == 3
    assert (tmp_path / KEY_FILE).read_bytes().count(b"\n") == 1
    assert old not in on_disk(tmp_path)
    assert len(await vault.open("case")) == 3


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import sys; sys.exit(7)", "status 7"),
        ("print('arn:aws:kms:secret')", "did not answer in base64"),
        ("import time; time.sleep(30)", "took more than 0.3 s"),
        ("print('QUJD')", "something else than the key"),
    ],
)
async def test_a_command_that_fails_is_told_without_what_it_said(
    tmp_path: Path, script: str, said: str
):
    """The caller gets a VaultError; nobody else is left waiting, no process left behind."""
    (tmp_path / KEY_FILE).write_bytes(b"wrapped 0123456789abcdef QUJD\n")
    command = (sys.executable, "-c", script)
    seconds = 0.3 if "sleep" in script else 10.0
    ring = KeyRing(tmp_path / KEY_FILE, command=command, seconds=seconds)
    with pytest.raises(VaultError, match=said) as caught:
        await ring.unwrap("0123456789abcdef", b"x" * 40)
    assert "secret" not in str(caught.value)
    missing = KeyRing(tmp_path / KEY_FILE, command=(str(tmp_path / "none"),))
    with pytest.raises(VaultError, match="cannot be started"):
        await missing.made()


async def test_who_gives_up_waiting_takes_the_key_from_nobody(
    open_vaults: Open, tmp_path: Path, text
):
    """A turn waits half a second; the key that it asked for is there for the next one."""
    asked = tmp_path / "kms"
    asked.mkdir()
    await open_vaults(kms_command=kms(asked)).seal(text("1"))
    vault = open_vaults(kms_command=kms(asked))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.005):
            await vault.open("case")
    assert len(await vault.open("case")) == 1
    assert (asked / "asked").read_text() == "wrap\nunwrap\n"


# -- kills -----------------------------------------------------------------------------------------

ROTATING = """
import asyncio, itertools, sys, pathlib
from guardrail._tables import VaultTable
from guardrail.store.vault import open_vault
from guardrail.vault import Speaker, Text

async def main():
    vault = open_vault(pathlib.Path(sys.argv[1]), VaultTable())
    async def rotate():
        while True:
            await vault.rotate()
    turning = asyncio.ensure_future(rotate())
    for n in itertools.count():
        name = f"{sys.argv[2]}.{n}"
        await vault.seal(Text(name, "case", name, Speaker.USER, name, 1.0, 9e9))
        print(name, flush=True)
        if turning.done():
            turning.result()

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_kill_9_while_keys_rotate_loses_no_text(tmp_path: Path, open_vaults: Open):
    """40 times at a random point: what was acknowledged can be read."""
    chance = random.Random(5)  # noqa: S311 - when to kill
    told: set[str] = set()
    for round_ in range(40):
        child = subprocess.Popen(
            [sys.executable, "-c", ROTATING, str(tmp_path), f"r{round_}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        for _ in range(chance.randrange(1, 30)):
            told.add(child.stdout.readline().strip())
        child.send_signal(signal.SIGKILL)
        told.update(child.stdout.read().split("\n")[:-1])
        child.stdout.close()
        child.wait()
    vault = open_vaults()
    assert told - {""} <= {one.text for one in await vault.open("case")}
    await vault.rotate()
    assert len((tmp_path / KEY_FILE).read_bytes()) == 32
