"""`guardrail audit …`, and an export that an auditor checks without us."""

from __future__ import annotations

import asyncio
import json
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from guardrail import _doctor_people
from guardrail.audit_commands import audit_app
from guardrail.config import load_settings
from guardrail.staff import check_export
from guardrail.staff.checkpoints import files
from guardrail.staff.notes import signer
from guardrail.staff.trail import Trail
from guardrail.store.sqlite import SqliteStore
from tests.trails import DAY, NOW, OTHER, Log, changing, event


def audit(*words: str) -> Result:
    """Run one of the commands in this process."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(audit_app, list(words))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of its own, where nobody's guardrail.yaml lies."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def build(folder: Path) -> None:
    """A data folder as `guardrail serve` leaves it: three checkpoints, a purge, a key."""
    log = Log(folder, at=NOW + 40 * DAY)
    key = signer(folder / "audit.key")
    trail = Trail(log.store, folder / "checkpoints", key, clock=lambda: log.at)
    for first in (0, 10, 20):
        await log.add(first, first + 10, NOW + first * DAY)
        if first == 10:
            await log.store.purge(NOW + DAY)
        await trail.checkpoint()
    await log.store.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of which each test has a copy."""
    folder = tmp_path_factory.mktemp("built") / "data"
    asyncio.run(build(folder))
    return folder


@pytest.fixture
def data(built: Path, desk: Path) -> Path:
    """A data folder of its own."""
    return shutil.copytree(built, desk / "data")


def key_of(data: Path) -> str:
    """The public key of a data folder, as it is printed."""
    return audit("public-key", "--data", str(data)).stdout.strip()


def test_a_good_log_is_said_to_be_good(data: Path):
    """Status 0, and how much of it is proven."""
    done = audit("verify", "--data", str(data))
    assert done.exit_code == 0, done.output
    assert "31 events, 31 of them under 3 checkpoints" in done.stdout
    assert "3 records were purged, none before it was 39.0 days old" in done.stdout
    assert "ok: nothing was changed" in done.stdout


def test_a_changed_log_is_said_to_be_bad(data: Path):
    """Status 1, and the number of the event; the same for machines."""
    with changing(data / "guardrail.db") as db:
        db.execute("UPDATE event SET user = '[/x]' WHERE seq = 15")
        db.execute("DELETE FROM event WHERE seq = 17")
    done = audit("verify", "--data", str(data))
    assert done.exit_code == 1
    assert "event 15 is not what was logged" in done.stderr
    assert "event 17 (" in done.stderr
    assert "ok" not in done.stdout
    told = json.loads(audit("verify", "--data", str(data), "--json").stdout)
    assert [problem["seq"] for problem in told["problems"]] == [15, 17]


def test_many_problems_are_counted(data: Path):
    """A page of them is enough to read."""
    with changing(data / "guardrail.db") as db:
        db.executemany("DELETE FROM leaf WHERE seq = ?", [(n,) for n in range(1, 30, 2)])
        db.execute("UPDATE event SET subject = 'x'")
    from guardrail import audit_commands

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit_commands, "LISTED", 3)
        done = audit("verify", "--data", str(data))
    assert "more" in done.stderr
    assert done.stderr.count("BAD") == 4


def test_a_copy_is_checked_with_the_public_key(data: Path, desk: Path):
    """An auditor has a copy of the database, checkpoints of their own, and the public key."""
    key = key_of(data)
    copy = desk / "copy"
    copy.mkdir()
    shutil.copy(data / "guardrail.db", copy)
    shutil.copytree(data / "checkpoints", desk / "mine")
    (desk / "key.txt").write_text(key + "\n")
    words = ("verify", "--data", str(copy), "--checkpoints", str(desk / "mine"))
    for given in (key, "key.txt"):
        assert audit(*words, "--key", given).exit_code == 0
    assert audit(*words, "--key", str(OTHER.verifier)).exit_code == 1
    both = audit(*words, "--key", str(OTHER.verifier), "--key", key)
    assert both.exit_code == 0
    files(desk / "mine")[0].unlink()
    assert audit(*words, "--key", key).exit_code == 1
    assert audit(*words, "--key", key, "--sparse").exit_code == 0


def test_how_young_a_purged_record_may_be(data: Path):
    """Retention that is asked for is held against every purge."""
    assert audit("verify", "--data", str(data), "--retention", "30").exit_code == 0
    done = audit("verify", "--data", str(data), "--retention", "180")
    assert done.exit_code == 1
    assert "a purge took records that were 39.0 days old" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["verify"], "there is no key at data/audit.key"),
        (["verify", "--key", "nobody"], "the key cannot be read"),
        (["checkpoint"], "there is no database at data/guardrail.db"),
        (["public-key"], "there is no key at data/audit.key"),
        (["verify", "--key", str(OTHER.verifier)], "there is no database at data/guardrail.db"),
    ],
)
def test_what_is_not_there_is_said(desk: Path, words: list[str], says: str):
    """Nothing is made by asking; status 1 and one line."""
    done = audit(*words)
    assert done.exit_code == 1
    assert says in done.stderr
    assert "Traceback" not in done.output
    assert not (desk / "data").exists()


def test_a_damaged_key_is_said(data: Path):
    """With the file's name and what to do."""
    (data / "audit.key").write_text("a key")
    for command in ("verify", "checkpoint", "public-key"):
        done = audit(command, "--data", str(data))
        assert done.exit_code == 1
        assert "audit.key" in done.stderr
        assert "restore it from a backup" in done.stderr


async def test_a_checkpoint_by_hand(data: Path):
    """For those who embed guardrail, or want one before an export."""
    done = await run_beside("checkpoint", "--data", str(data))
    assert "nothing new to sign" in done.stdout
    store = SqliteStore(data / "guardrail.db")
    await store.append(event(50))
    await store.close()
    done = await run_beside("checkpoint", "--data", str(data))
    assert "checkpoint of 32 events" in done.stdout
    assert audit("verify", "--data", str(data)).exit_code == 0
    shutil.rmtree(data / "checkpoints")
    (data / "checkpoints").write_text("in the way")
    done = await run_beside("checkpoint", "--data", str(data))
    assert done.exit_code == 1


async def run_beside(*words: str) -> Result:
    """Run a command that has an event loop of its own."""
    return await asyncio.to_thread(audit, *words)


def export(data: Path, desk: Path, *more: str) -> Path:
    """An export, unpacked."""
    done = audit("export", "--data", str(data), "--out", str(desk / "out.zip"), *more)
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(desk / "out.zip") as archive:
        archive.extractall(desk / "out")
    return desk / "out"


def test_an_export_is_checked_without_us(data: Path, desk: Path):
    """By the script that is in it, in a process of its own."""
    key = key_of(data)
    folder = export(data, desk)
    assert stat.S_IMODE((desk / "out.zip").stat().st_mode) == 0o600
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, 32))
    assert sum("body" not in line for line in lines) == 3
    words = [sys.executable, "-I", str(folder / "check_export.py"), str(folder), key]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "everything agrees\n")
    done = subprocess.run(words[:3], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert (folder / "key.txt").read_text().strip() == key


def test_an_export_of_a_period(data: Path, desk: Path):
    """Whole days in UTC; all events from the first to the last of them, and their proofs."""
    folder = export(data, desk, "--since", "2023-11-24", "--until", "2023-12-02")
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    assert [line["seq"] for line in lines] == list(range(11, 21))
    about = json.loads((folder / "export.json").read_text())
    assert (about["first"], about["last"]) == (11, 20)
    assert check_export.check(folder, key_of(data)) == []
    assert not (folder / "problems.txt").exists()


def test_an_export_of_nothing(data: Path, desk: Path):
    """A period without events gives an export without events, which agrees."""
    folder = export(data, desk, "--since", "2030-01-01", "--until", "2031-01-01")
    assert (folder / "events.jsonl").read_bytes() == b""
    assert check_export.check(folder, key_of(data)) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line | {"user": "other"},
        lambda line: line | {"body": "{}"},
        lambda line: line | {"at": line["at"] + 1},
        lambda line: line | {"kind": "record"},
        lambda line: line | {"seq": line["seq"] + 1},
        lambda line: line | {"digest": "0" * 64},
        lambda line: line | {"proof": line["proof"][1:]},
        lambda line: line | {"proof": None},
        lambda line: {key: line[key] for key in line if key != "user"},
    ],
)
def test_a_forged_export_is_found(
    data: Path, desk: Path, change: Callable[[dict[str, Any]], dict[str, Any]]
):
    """Any line that was changed, left out or moved."""
    key, folder = key_of(data), export(data, desk)
    path = folder / "events.jsonl"
    lines = path.read_bytes().splitlines()
    at = next(n for n, line in enumerate(lines) if json.loads(line)["kind"] == "case.opened")
    lines[at] = json.dumps(change(json.loads(lines[at]))).encode()
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert check_export.check(folder, key)


def test_lines_left_out_of_an_export_are_found(data: Path, desk: Path):
    """In the middle, at the end, or moved; and a key that is another's."""
    key, folder = key_of(data), export(data, desk)
    path = folder / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for left in (lines[:5] + lines[6:], lines[:-1], lines[1:], [lines[1], lines[0], *lines[2:]]):
        path.write_bytes(b"".join(left))
        assert check_export.check(folder, key)
    path.write_bytes(b"".join(lines))
    assert check_export.check(folder, key) == []
    assert check_export.check(folder, str(OTHER.verifier))


def test_openssl_checks_the_signature(data: Path, desk: Path):
    """The lines of the README do what they say."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = export(data, desk)
    readme = (folder / "README.md").read_text()
    script = "".join(line[7:] + "\n" for line in readme.splitlines() if line.startswith("       "))
    script = script.replace(
        "N.note", json.loads((folder / "export.json").read_text())["checkpoint"]
    )
    done = subprocess.run(
        ["sh", "-ec", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "Signature Verified Successfully" in done.stdout, done.stderr
    for note in (folder / "checkpoints").iterdir():
        note.write_text(note.read_text().replace("2023", "2024"))
    done = subprocess.run(
        ["sh", "-ec", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0


async def test_events_without_a_proof_are_said(data: Path, desk: Path):
    """Younger than the newest checkpoint: exported, and named by both sides."""
    store = SqliteStore(data / "guardrail.db")
    await store.append(event(60, NOW + 30 * DAY))
    await store.close()
    done = await run_beside("export", "--data", str(data), "--out", str(desk / "out.zip"))
    assert done.exit_code == 0
    assert "1 events are younger than the newest checkpoint" in done.stderr
    with zipfile.ZipFile(desk / "out.zip") as archive:
        archive.extractall(desk / "out")
    found = check_export.check(desk / "out", key_of(data))
    assert found == ["event 32 is not covered by the checkpoint"]


@pytest.mark.parametrize(
    ("harm", "ok", "says"),
    [
        (lambda data: None, True, "checkpoints in"),
        (lambda data: (data / "audit.key").unlink(), True, "key made at the first start"),
        (lambda data: (data / "audit.key").chmod(0o644), False, "chmod 600"),
        (lambda data: (data / "audit.key").write_text("x"), False, "audit.key"),
        (shutil.rmtree, True, "key made at the first start"),
        (
            lambda data: (
                (data / "checkpoints").rename(data / "c") and (data / "checkpoints").touch()
            ),
            False,
            "cannot be written",
        ),
    ],
)
def test_the_doctor_looks_at_it(data: Path, harm: Callable[[Path], Any], ok: bool, says: str):
    """Key and folder, and nothing is made by looking."""
    harm(data)
    before = sorted(data.rglob("*"))
    settings = load_settings(None, {}, {"data": str(data)})
    (found,) = (one for one in _doctor_people.people(settings) if one.what == "audit")
    assert found.ok is ok
    assert says in found.detail
    assert sorted(data.rglob("*")) == before


def test_a_bad_log_is_exported_with_its_problems(data: Path, desk: Path):
    """What is wrong is in the export; where no tree can be made, there is none."""
    with changing(data / "guardrail.db") as db:
        db.execute("UPDATE event SET user = 'x' WHERE seq = 15")
    done = audit("export", "--data", str(data), "--out", str(desk / "out.zip"))
    assert done.exit_code == 1
    with zipfile.ZipFile(desk / "out.zip") as archive:
        assert "event 15 is not" in archive.read("problems.txt").decode()
        archive.extractall(desk / "out")
    assert check_export.check(desk / "out", key_of(data)) == [
        "event 15: it does not agree with its digest"
    ]
    with changing(data / "guardrail.db") as db:
        db.execute("DELETE FROM leaf WHERE seq = 15")
    done = audit("export", "--data", str(data), "--out", str(desk / "two.zip"))
    assert done.exit_code == 1
    assert "event 15 has no leaf" in done.stderr
    assert not (desk / "two.zip").exists()


def test_an_export_overwrites_nothing(data: Path, desk: Path):
    """A file that is there stays; a day that is none is a mistake of the command line."""
    (desk / "out.zip").write_text("kept")
    done = audit("export", "--data", str(data), "--out", "out.zip")
    assert (done.exit_code, (desk / "out.zip").read_text()) == (1, "kept")
    assert "out.zip is there already" in done.stderr
    assert audit("export", "--data", str(data), "--out", "o.zip", "--since", "soon").exit_code == 2
    assert audit("export", "--data", str(data), "--out", "no/o.zip").exit_code == 1


@pytest.mark.parametrize(
    "value", [0.1, 1.0, 1e-6, 1.5e-7, 1e20, 1e21, 1.25e22, -3.5, 123456789.125, 1e16]
)
def test_the_script_writes_numbers_as_the_rfc_does(value: float):
    """RFC 8785's form, in plain Python."""
    import rfc8785

    assert check_export.number(value).encode() == rfc8785.dumps(value)
