"""The doctor's look at the vault, the guardians' portal and the age of the newest checkpoint."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from guardrail._doctor_people import Finding, people
from guardrail._tables import VaultTable
from guardrail.config import load_settings
from guardrail.staff.notes import signer
from guardrail.staff.trail import Trail
from guardrail.store.base import Event
from guardrail.store.sqlite import SqliteStore
from guardrail.store.vault import open_vault
from guardrail.vault import Speaker, Text

NOW = 1_790_000_000.0
MAIL = {"host": "smtp.example", "sender": "a@example.com"}
HOOK = {"url": "https://app.example/hook", "secrets": ["whsec_" + "A" * 40], "audiences": ["child"]}
POST = {"mail": MAIL, "webhooks": [HOOK]}


async def build(data: Path) -> None:
    """One event under a checkpoint, one text in the vault."""
    store = SqliteStore(data / "guardrail.db")
    await store.append(Event("a", NOW, "test", "s"))
    trail = Trail(store, data / "checkpoints", signer(data / "audit.key"), clock=lambda: NOW)
    await trail.checkpoint()
    await store.close()
    vault = open_vault(data, VaultTable())
    await vault.seal(Text("a", "case", "ann", Speaker.USER, "words", NOW, NOW * 2))
    await vault.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of which each test has a copy."""
    data = tmp_path_factory.mktemp("doctor") / "data"
    asyncio.run(build(data))
    return data


@pytest.fixture
def data(built: Path, tmp_path: Path) -> Path:
    """A data folder of its own."""
    return shutil.copytree(built, tmp_path / "data")


def found(data: Path, now: float = NOW, **more: Any) -> dict[str, Finding]:
    """What is found, by name; looking makes nothing."""
    before = sorted(data.rglob("*"))
    findings = people(load_settings(None, {}, {"data": str(data), **more}), now)
    assert sorted(data.rglob("*")) == before
    return {one.what: one for one in findings}


def test_a_house_in_order(data: Path) -> None:
    """The vault opens; checkpoints on the same disk are worth a word, and no more."""
    told = found(data)
    assert told["vault"].detail.startswith("opens with")
    assert told["audit"].ok
    assert told["audit"].warn
    assert "put them elsewhere" in told["audit"].detail
    assert "newest" not in told["audit"].detail


def test_a_vault_that_cannot_be_opened(data: Path) -> None:
    """Without its key, with another one, with one that everybody reads, and in pieces."""
    key, vault = data / "vault.key", data / "guardrail-vault.db"
    key.chmod(0o644)
    assert "chmod 600" in found(data)["vault"].detail
    key.chmod(0o600)
    key.write_bytes(bytes(range(200, 232)))
    assert "restore the file from a backup" in found(data)["vault"].detail
    key.unlink()
    assert "cannot be read" in found(data)["vault"].detail
    vault.write_bytes(vault.read_bytes()[:6000])
    assert "is damaged" in found(data)["vault"].detail
    assert not found(data)["vault"].ok
    assert not found(data, vault={"key_file": str(data / "no")})["vault"].ok
    vault.unlink()
    assert found(data)["vault"] == Finding("vault", ok=True, detail="made at the first start")


def test_a_trail_that_does_not_go_on(data: Path) -> None:
    """Events that no checkpoint covers for ten intervals; an old one over a quiet log is well."""
    day = NOW + 86_400
    assert "newest" not in found(data, day)["audit"].detail
    with closing(sqlite3.connect(data / "guardrail.db")) as db, db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(event)") if row[1] != "seq"]
        told = ", ".join("'b'" if one == "id" else one for one in columns)
        db.execute(f"INSERT INTO event ({', '.join(columns)}) SELECT {told} FROM event")  # noqa: S608
    assert "newest" not in found(data, NOW + 60)["audit"].detail
    late = found(data, day)["audit"]
    assert late.warn
    assert "the newest is 1 day, 0:00:00 old, and 1 events came since" in late.detail
    shutil.rmtree(data / "checkpoints")
    assert "nothing of the log is proven" in found(data)["audit"].detail


@pytest.mark.parametrize(
    ("table", "notify", "ok", "warn", "says"),
    [
        ({}, {}, False, False, "notify.mail is not set"),
        ({"print_links": True}, {}, True, True, "for trying out"),
        ({}, POST, True, True, "set guardians.public_url"),
        ({"public_url": "http://p.example"}, POST, True, True, "not https"),
        ({"public_url": "http://127.0.0.1:1"}, POST, True, False, "links lead to"),
        ({"public_url": "https://p.example"}, POST, True, False, "https://p.example"),
        ({"public_url": "https://p.example"}, {"mail": MAIL}, True, True, "no webhook for `child`"),
        ({"public_url": "https://p.example", "alerts": "off"}, {"mail": MAIL}, True, False, "lead"),
    ],
)
def test_a_portal_that_nobody_can_use(
    data: Path, table: dict[str, Any], notify: dict[str, Any], *, ok: bool, warn: bool, says: str
) -> None:
    """Guardians get in by mail, over https, children are told first; a portal that is off needs none."""
    guardians = {"enabled": True, **table}
    told = found(data, guardians=guardians, notify=notify)["guardians"]
    assert (told.ok, told.warn) == (ok, warn)
    assert says in told.detail
    assert "guardians" not in found(data)
