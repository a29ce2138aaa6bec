"""The audit trail: checkpoints that follow each other, and a check that finds every change."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from guardrail._data import data_path
from guardrail._tables import VaultTable
from guardrail.errors import ConfigError, StoreError
from guardrail.person import moved
from guardrail.policy.load import read_pack
from guardrail.session import advance
from guardrail.staff.checkpoints import files
from guardrail.staff.notes import Verifier, fingerprint, read_note, signer
from guardrail.staff.policylog import policy_loaded
from guardrail.staff.trail import Trail
from guardrail.staff.verify import Verdict, verify
from guardrail.store.base import Event, Query
from guardrail.store.leaves import GAP, NOTHING, digest, entry
from guardrail.store.migrations import MIGRATIONS, migrate
from guardrail.store.sqlite import SqliteStore
from guardrail.store.vault import open_vault
from guardrail.vault import Speaker, Text
from tests.trails import DAY, NOW, OTHER, SIGNER, Log, changing, event


@pytest.fixture
async def log(tmp_path: Path):
    """A log without events."""
    made = Log(tmp_path)
    yield made
    await made.store.close()


# -- notes -------------------------------------------------------------------------------------


def test_a_note_of_others_is_checked():
    """The example of Go's package `note`, and the key of Go's checksum database: known answers."""
    words = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    signature = base64.b64decode(
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )
    key = Verifier.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n")
    assert signature[:4] == key.id
    assert key.signed(words, signature[4:])
    assert not key.signed(words + "!", signature[4:])
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert str(Verifier.parse(text)) == text


def test_a_note_says_what_was_signed():
    """All fields come back, and the text is the one that is documented."""
    note = SIGNER.sign(7, b"r" * 32, NOW + 0.9, "-")
    name = SIGNER.verifier.name
    root = base64.b64encode(b"r" * 32).decode()
    text, _, signature = note.rpartition("\n\n")
    assert text == f"{name}\n7\n{root}\ntime 2023-11-14T22:13:20Z\nprevious -"
    assert signature.startswith(f"— {name} ")
    said = read_note(note, [OTHER.verifier, SIGNER.verifier])
    assert (said.origin, said.size, said.root, said.at) == (name, 7, b"r" * 32, NOW)


@given(st.data())
def test_no_other_note_is_believed(data: st.DataObject):
    """Whatever byte is changed, left out or added, the note is refused."""
    raw = SIGNER.sign(7, b"r" * 32, NOW, "-").encode()
    at = data.draw(st.integers(0, len(raw) - 1))
    bit = data.draw(st.integers(0, 7))
    flipped = raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]
    for changed in (flipped, raw[:at], raw[:at] + raw[at + 1 :], raw[:at] + b"0" + raw[at:]):
        with contextlib.suppress(ValueError):  # UnicodeDecodeError is one
            said = read_note(changed.decode(), [SIGNER.verifier])
            # What may differ is the end: a newline more or less, and padding that says nothing.
            assert said == read_note(raw.decode(), [SIGNER.verifier])
            assert changed.startswith(raw.rpartition("—".encode())[0])


def test_a_signature_by_others_is_not_enough():
    """A good note of another log is refused, and one under which another has put the name."""
    note = OTHER.sign(7, b"r" * 32, NOW, "-")
    with pytest.raises(ValueError, match="not signed by a key"):
        read_note(note, [SIGNER.verifier])
    false = note.replace(OTHER.verifier.name, SIGNER.verifier.name)
    with pytest.raises(ValueError, match="not signed"):
        read_note(false, [SIGNER.verifier])
    both = SIGNER.sign(7, b"r" * 32, NOW, "-") + "— witness.example/w AAAAAAAA\n"
    assert read_note(both, [SIGNER.verifier]).size == 7


@pytest.mark.parametrize(
    "text", ["", "a+b", "a+00000000+AAAA", "name+00000000+" + str(SIGNER.verifier).split("+", 2)[2]]
)
def test_a_public_key_with_a_mistake_is_refused(text: str):
    """A key that was not copied whole would find nothing signed."""
    with pytest.raises(ValueError, match="public key"):
        Verifier.parse(text)


def test_the_key_is_made_once(tmp_path: Path):
    """At the first start, readable by nobody else; later starts find it."""
    path = tmp_path / "data" / "audit.key"
    made = signer(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signer(path).verifier == made.verifier
    assert Verifier.parse(str(made.verifier)) == made.verifier
    assert [p.name for p in path.parent.iterdir()] == ["audit.key"]


@pytest.mark.parametrize("what", ["empty", "words", "another kind"])
def test_a_damaged_key_is_not_replaced(tmp_path: Path, what: str):
    """With a new key nobody could tell the log from a forged one, so that is for people to do."""
    path = tmp_path / "audit.key"
    kinds = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    other = X25519PrivateKey.generate().private_bytes(*kinds)
    path.write_bytes({"empty": b"", "words": b"a key", "another kind": other}[what])
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"audit\.key"):
        signer(path)
    assert path.read_bytes() == before


# -- leaves ------------------------------------------------------------------------------------


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 2**53 - 1), st.text())
def test_a_leaf_is_canonical_json(at: float, seq: int, kind: str):
    """The quick way and RFC 8785's give the same bytes."""
    import rfc8785

    try:
        made = entry(seq, at, kind, b"d" * 32)
    except ValueError:
        with pytest.raises(UnicodeEncodeError):
            kind.encode()
        return
    assert made == rfc8785.dumps({"seq": seq, "at": at, "kind": kind, "digest": "64" * 32})


@given(st.text(), st.none() | st.text(), st.text())
def test_a_digest_is_of_canonical_json(id_: str, user: str | None, body: str):
    """Texts are escaped as RFC 8785 says."""
    from hashlib import sha256

    import rfc8785

    fields = {"id": id_, "subject": "s", "user": user, "conversation": None, "body": body}
    try:
        expected = sha256(rfc8785.dumps(fields)).digest()
    except ValueError:
        return
    assert digest(Event(id_, 1.0, "k", "s", user), body.encode()) == expected


# -- checkpoints -------------------------------------------------------------------------------


async def test_checkpoints_follow_the_log(log: Log):
    """One for each growth, each naming the one before it; none where nothing came."""
    assert await log.trail.checkpoint() is None
    sizes = []
    for first in (0, 3, 50):
        await log.add(first, first + 3)
        made = await log.trail.checkpoint()
        assert made is not None
        sizes.append(made.size)
        assert await log.trail.checkpoint() is None
    assert sizes == [3, 6, 9]
    notes = [path.read_text("utf-8") for path in files(log.checkpoints)]
    said = [read_note(note, [SIGNER.verifier]) for note in notes]
    assert [one.size for one in said] == sizes
    assert [one.previous for one in said] == ["-", fingerprint(notes[0]), fingerprint(notes[1])]
    verdict = log.verify()
    assert (verdict.problems, verdict.size, verdict.covered, verdict.at) == ((), 9, 9, NOW)


async def test_a_file_says_what_it_is(log: Log):
    """A day, a size, a hash; readable by others, for nothing in it is secret."""
    await log.add(0, 3)
    made = await log.trail.checkpoint()
    assert made is not None
    (path,) = files(log.checkpoints)
    name = f"000000000003-{fingerprint(made.note)[:8]}.note"
    assert path == log.checkpoints / "2023-11-14" / name
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [p.name for p in path.parent.iterdir()] == [name]


async def test_two_processes_make_one_chain(log: Log):
    """Whoever comes second takes over what the first wrote; no checkpoint stands beside the chain."""
    other = SqliteStore(log.database)
    trails = (log.trail, log.trail_of(SIGNER, other))
    for round_ in range(8):
        await log.add(round_ * 5, round_ * 5 + 5)
        await asyncio.gather(*(trail.checkpoint() for trail in trails))
    await other.close()
    assert log.wrong() == []
    assert log.verify().checkpoints == 8


async def test_a_folder_that_is_away_gets_its_files_later(log: Log):
    """No checkpoint is left out; what could not be written is said and counted."""
    log.checkpoints.write_text("in the way")
    await log.add(0, 3)
    await log.trail.close()
    await log.add(3, 6)
    await log.trail.close()  # the first one first: the chain has no gap
    assert [kept.size for kept in await log.store.checkpoints()] == [3]
    assert [what for what, _ in log.count] == ["audit_failed", "audit_failed"]
    log.checkpoints.unlink()
    await log.trail.close()
    assert len(files(log.checkpoints)) == 2
    assert log.wrong() == []
    assert len(log.count) == 2


async def test_a_checkpoint_survives_a_kill_before_its_file(log: Log):
    """What was pinned and not published is published at the next start."""
    await log.add(0, 3)
    await log.trail.checkpoint()
    shutil.rmtree(log.checkpoints)
    assert any("missing" in said for said in log.wrong())
    assert await log.trail_of(SIGNER).checkpoint() is None
    assert log.wrong() == []


async def test_run_makes_them_by_itself(log: Log):
    """Again and again until it is cancelled, and a last one at the end; errors do not stop it."""
    log.checkpoints.write_text("in the way")
    await log.add(0, 3)
    task = asyncio.ensure_future(log.trail.run(0.002))
    while not log.count:
        await asyncio.sleep(0.002)
    log.checkpoints.unlink()
    while not files(log.checkpoints):
        await asyncio.sleep(0.002)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await log.add(3, 6)
    await log.trail.close()
    assert log.verify().covered == 6


async def test_what_the_database_says_of_the_tree_is_not_believed(log: Log):
    """An edge that was changed is made anew from the leaves; it cannot spoil what is signed."""
    await log.add(0, 20)
    await log.trail.checkpoint()
    with changing(log.database) as db:
        db.execute("UPDATE checkpoint SET edge = zeroblob(length(edge))")
    await log.add(20, 25)
    await log.trail.checkpoint()
    assert log.verify().covered == 25
    assert log.wrong() == ["the database's own note of its checkpoint of 20 was changed"]


async def test_nothing_is_signed_that_contradicts_itself(log: Log):
    """Where leaves were changed or are missing, no checkpoint is made, and that is said."""
    await log.add(0, 20)
    await log.trail.checkpoint()
    with changing(log.database) as db:
        db.execute("UPDATE checkpoint SET edge = zeroblob(length(edge))")
        db.execute("UPDATE leaf SET digest = zeroblob(32) WHERE seq = 7")
    await log.add(20, 25)
    with pytest.raises(StoreError, match="not the one that was signed when it had 20"):
        await log.trail.checkpoint()
    with changing(log.database) as db:
        db.execute("DELETE FROM leaf WHERE seq = 7")
    with pytest.raises(StoreError, match="leaf of event 7 is missing"):
        await log.trail.checkpoint()
    assert len(files(log.checkpoints)) == 1


async def test_an_older_copy_is_noticed_at_the_start(log: Log):
    """The folder knows more than the database: said and counted, and the new chain goes on beside."""
    await log.add(0, 20)
    await log.trail.checkpoint()
    await log.trail.look()
    await log.store.close()
    shutil.copy(log.database, log.folder / "copy.db")
    log.store = SqliteStore(log.database)
    await log.add(20, 30)
    await log.trail_of(SIGNER).checkpoint()
    await log.store.close()
    shutil.copy(log.folder / "copy.db", log.database)
    log.store = SqliteStore(log.database)
    trail = log.trail_of(SIGNER)
    with pytest.raises(StoreError, match="older copy"):
        await trail.look()
    await log.add(40, 60)
    await trail.checkpoint()
    assert len(files(log.checkpoints)) == 3
    assert any("are not what" in said for said in log.wrong())


async def test_a_new_key_goes_on_with_the_chain(log: Log):
    """With both public keys the whole log is proven; with one, the other's part is not."""
    await log.add(0, 5)
    await log.trail.checkpoint()
    await log.add(5, 9)
    await log.trail_of(OTHER).checkpoint()
    both = [SIGNER.verifier, OTHER.verifier]
    assert verify(log.database, log.checkpoints, both).problems == ()
    assert any("not signed by a key that was given" in said for said in log.wrong())


async def test_a_long_log_is_read_in_pages(log: Log, monkeypatch: pytest.MonkeyPatch):
    """The tree is the same however its leaves are read."""
    from guardrail.staff import trail

    monkeypatch.setattr(trail, "PAGE", 4)
    for first in (0, 8, 17):
        await log.add(first, first + 9)
        await log.trail.checkpoint()
    with changing(log.database) as db:
        db.execute("UPDATE checkpoint SET edge = x'' WHERE size = 26")
    await log.add(30, 39)
    await log.trail.checkpoint()
    assert log.verify().covered == 35


SIGNING = """
import asyncio, itertools, sys, time
from pathlib import Path
from guardrail.staff.notes import signer
from guardrail.staff.trail import Trail
from guardrail.store.base import Event
from guardrail.store.sqlite import SqliteStore

async def main():
    folder = Path(sys.argv[1])
    store = SqliteStore(folder / "guardrail.db", busy_seconds=20)
    key = signer(folder / "audit.key")
    trail = Trail(store, folder / "elsewhere", key, clock=time.time, count=print)
    task = asyncio.ensure_future(trail.run(0.003))
    for n in itertools.count():
        await store.append(Event(f"{sys.argv[2]}-{n}", 1e9 + n, "record", "s", body={"n": n}))
        print(n, flush=True)

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_kill_9_breaks_no_chain(tmp_path: Path):
    """Two processes at a time, killed at random points 20 times: the log stays proven, in one chain."""
    chance = random.Random(5)  # noqa: S311 - when to kill
    for round_ in range(20):
        children = [
            subprocess.Popen(
                [sys.executable, "-c", SIGNING, str(tmp_path), f"r{round_}.{n}"],
                stdout=subprocess.PIPE,
                text=True,
            )
            for n in range(2)
        ]
        for child in children:
            assert child.stdout is not None
            for _ in range(chance.randrange(1, 60)):
                assert "audit_failed" not in child.stdout.readline()
            child.kill()
        for child in children:
            child.communicate()

    async def last() -> None:
        store = SqliteStore(tmp_path / "guardrail.db")
        key = signer(tmp_path / "audit.key")
        await Trail(store, tmp_path / "elsewhere", key, clock=lambda: NOW).checkpoint()
        await store.close()

    asyncio.run(last())  # what was pinned and not published comes with it
    keys = [signer(tmp_path / "audit.key").verifier]
    verdict = verify(tmp_path / "guardrail.db", tmp_path / "elsewhere", keys)
    assert verdict.problems == ()
    assert verdict.covered == verdict.size > 500
    assert verdict.checkpoints > 40


# -- what is lawful ----------------------------------------------------------------------------


async def test_a_running_system_can_be_checked(log: Log):
    """Looking needs no lock and leaves nothing behind; younger events are said to be uncovered."""
    await log.add(0, 10)
    await log.trail.checkpoint()
    await log.add(10, 12)
    before = {path.name for path in log.folder.iterdir()}
    verdict = log.verify()
    assert (verdict.problems, verdict.size, verdict.covered) == ((), 12, 10)
    assert {path.name for path in log.folder.iterdir()} == before


async def test_purging_leaves_it_whole(log: Log):
    """Records that retention took are gone lawfully, before and after a checkpoint."""
    await log.add(0, 30)
    await log.trail.checkpoint()
    log.at = NOW + 40 * DAY
    assert await log.store.purge(NOW + 5) == 5
    assert log.wrong() == []
    await log.add(30, 40, NOW + 39 * DAY)
    assert await log.store.purge(NOW + 10 * DAY) == 5
    await log.trail.checkpoint()
    verdict = log.verify(retention=29 * DAY)
    assert (verdict.problems, verdict.purged) == ((), 10)
    assert verdict.horizon == pytest.approx(30 * DAY)
    assert log.wrong(retention=31 * DAY) == [
        "event 42: a purge took records that were 30.0 days old"
    ]


async def test_a_purge_does_not_cover_for_a_deletion(log: Log):
    """A record that no purge can have taken was deleted, whatever else was purged."""
    await log.add(0, 30)
    log.at = NOW + 40 * DAY
    await log.store.purge(NOW + 5)
    await log.trail.checkpoint()
    with changing(log.database) as db:
        (young,) = db.execute("SELECT max(seq) FROM event WHERE kind = 'record'").fetchone()
        db.execute("DELETE FROM event WHERE seq = ?", (young,))
    assert f"event {young} (record) was deleted: no purge can have taken it" in log.wrong()


async def test_more_records_missing_than_purged(log: Log):
    """Even an old record cannot vanish beside a purge: each says how many it took."""
    await log.add(0, 30)
    log.at = NOW + 40 * DAY
    await log.store.append(replace(event(0), id="kept", at=NOW + 9))
    await log.store.purge(NOW + 8)
    await log.add(30, 31, NOW + 41 * DAY)
    await log.store.append(
        Event("p", log.at, "audit.purged", "record", body={"before": NOW + 20, "count": 0})
    )
    await log.trail.checkpoint()
    assert log.wrong() == []
    with changing(log.database) as db:
        db.execute("DELETE FROM event WHERE id = 'kept'")
    assert log.wrong() == ["8 records are missing, the purges took 7"]


async def test_a_purge_of_the_future_is_none(log: Log):
    """A purge that says it took what was not there yet was made up."""
    await log.add(0, 3)
    await log.store.append(
        Event("p", NOW, "audit.purged", "record", body={"before": NOW + 9, "count": 0})
    )
    await log.trail.checkpoint()
    assert log.wrong() == ["event 4: a purge took records that were -0.0 days old"]


@pytest.mark.parametrize("body", [{}, {"before": "x", "count": 1}, {"before": 1.0, "count": None}])
async def test_a_purge_that_says_nothing_is_none(log: Log, body):
    """The check does not fall over it."""
    await log.store.append(Event("p", NOW, "audit.purged", "record", body=body))
    await log.trail.checkpoint()
    assert log.wrong() == ["event 1 (audit.purged) is none that guardrail writes"]


async def test_erasing_a_person_leaves_it_whole(log: Log):
    """Their row, sessions and words go; the log holds neither, and stays proven."""
    await log.store.update(
        "c", "user-1", lambda s, p: (advance(s, "c", NOW), moved(p, "user-1", NOW, "2023-11-14"))
    )
    vault = open_vault(log.folder, VaultTable(), clock=lambda: log.at)
    await vault.seal(Text("w", "s1", "user-1", Speaker.USER, "words", NOW, NOW + DAY))
    await log.add(0, 12)
    await log.trail.checkpoint()
    assert await vault.erase("user-1")
    assert await log.store.forget("user-1", ["c"], NOW + 1, lambda _person: None) == 2
    await log.store.append(Event("erased", NOW + 1, "person.erased", "user-1", "user-1"))
    assert await vault.of("user-1") == ()
    assert await log.store.people() == ()
    assert log.wrong() == []
    await log.trail.checkpoint()
    assert log.verify().covered == 13
    await vault.close()


async def test_events_of_an_older_release_get_their_leaves(tmp_path: Path):
    """All that is there is proven from now on; numbers that were empty are said to have been so."""
    path = tmp_path / "guardrail.db"
    with changing(path) as db:
        migrate(db, MIGRATIONS[:2])
        for number in range(1, 9):
            row = (f"e{number}", NOW + number, "record", "s", b'{"a":1}')
            db.execute(
                "INSERT INTO event (id, at, kind, subject, body) VALUES (?, ?, ?, ?, ?)", row
            )
        db.execute("DELETE FROM event WHERE seq IN (2, 3, 8)")
    log = Log(tmp_path)
    (begun,) = await log.store.read(Query(kind="audit.begun"))
    assert (begun.seq, begun.body) == (9, {"upto": 8})
    assert len(await log.store.leaves()) == 9
    await log.add(0, 5)
    await log.trail.checkpoint()
    verdict = log.verify()
    assert (verdict.problems, verdict.gaps, verdict.size) == ((), 3, 14)
    await log.store.close()
    with changing(path) as db:
        db.execute("DELETE FROM event WHERE seq = 11")
        db.execute("UPDATE leaf SET at = 0, kind = ?, digest = ? WHERE seq = 11", (GAP, NOTHING))
    assert "number 11 is marked as never used, wrongly" in log.wrong()


async def test_a_new_log_begins_without_words(log: Log):
    """A database that is new has nothing to say about older events, and nothing to prove."""
    await log.store.ping()
    assert await log.store.read(Query()) == ()
    assert log.verify() == Verdict(())


async def test_some_of_the_checkpoints_will_do(log: Log):
    """An auditor who kept a few of them can check with these alone."""
    for first in range(0, 50, 10):
        await log.add(first, first + 10)
        await log.trail.checkpoint()
    for path in files(log.checkpoints)[:3]:
        path.unlink()
    assert log.wrong() != []
    assert log.wrong(sparse=True) == []
    with changing(log.database) as db:
        db.execute("UPDATE event SET user = 'x' WHERE seq = 4")
    assert log.wrong(sparse=True) != []


async def test_which_policy_was_in_force_is_logged(log: Log):
    """With name, revision and the hash of its files; another region is another event."""
    stack, source = read_pack(data_path("policies") / "default.yaml")
    policy = stack.on(date(2026, 11, 22))
    made = policy_loaded(policy, source, region="", at=NOW)
    await log.store.append(made, policy_loaded(policy, source, region="CN", at=NOW))
    first, second = await log.store.read(Query(kind="policy.loaded", ascending=True))
    assert (first.body["name"], first.body["revision"]) == (policy.name, policy.revision)
    assert len(first.body["sha256"]) == 64
    assert (first.body["region"], second.body["region"]) == ("", "CN")
    assert policy_loaded(policy, source, region="", at=NOW + 1).id != made.id
