"""Looks at everything that a start needs and says what is wrong with it."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from guardrail.classify.base import Utterance
from guardrail.config import Settings
from guardrail.errors import ConfigError, GuardrailError, StoreError
from guardrail.identity import Pseudonyms
from guardrail.policy.check import check_policy
from guardrail.policy.load import load_policy
from guardrail.staff.notes import stored_signer
from guardrail.staff.trail import CHECKPOINTS, KEY
from guardrail.store.sqlite import SqliteStore, quick_check
from guardrail.turn import Role, Side
from guardrail.wiring import DATABASE, assessor, identity_rules, policy_path

__all__ = ["Finding", "examine", "ports"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    ok: bool
    detail: str


def examine(settings: Settings, version: str) -> list[Finding]:
    """All findings; nothing is changed, no server is started."""
    return [
        Finding("version", ok=True, detail=f"{version} on Python {platform.python_version()}"),
        _policy(settings),
        asyncio.run(_model(settings)),
        asyncio.run(_store(settings)),
        _audit(settings),
        _identity(settings),
        *ports(settings),
        Finding("upstream", ok=True, detail=settings.upstream.url or "the demo companion"),
    ]


def ports(settings: Settings) -> list[Finding]:
    """Whether the addresses of proxy and admin server can be had."""
    proxy, admin = settings.listen, settings.admin
    found = [
        _port("proxy port", proxy.host, proxy.port),
        _port("admin port", admin.host, admin.port),
    ]
    if (proxy.host, proxy.port) == (admin.host, admin.port) and admin.port and found[1].ok:
        detail = f"{admin.host}:{admin.port} is the proxy's port, too"
        found[1] = Finding("admin port", ok=False, detail=detail)
    return found


def _policy(settings: Settings) -> Finding:
    try:
        path = policy_path(settings.policy)
        policy = load_policy(path)
        mistakes = check_policy(path, datetime.now(UTC).date())
    except GuardrailError as error:
        return Finding("policy", ok=False, detail=str(error))
    detail = "; ".join(str(m) for m in mistakes) or f"{policy.tag}, {len(policy.rules)} rules"
    return Finding("policy", ok=not mistakes, detail=detail)


async def _model(settings: Settings) -> Finding:
    try:
        began = time.perf_counter()
        judge = assessor(settings)
        loaded = time.perf_counter() - began
        found = await judge.assess(Side.USER, (Utterance("hello 你好", Role.USER),))
        await judge.close()
    except GuardrailError as error:
        return Finding("classifier", ok=False, detail=str(error))
    if found.failed:
        return Finding("classifier", ok=False, detail=f"it loads but fails: {found.failed}")
    name = judge.primary.version if judge.primary else "the lexicon alone"
    took = f"{name}, loaded in {loaded:.1f} s, {found.seconds * 1000:.1f} ms for a short line"
    return Finding("classifier", ok=True, detail=took)


async def _store(settings: Settings) -> Finding:
    """Looks through the databases that are there, and tries one of its own.

    A data folder that is not there is not made: if root made it, the service could not use it.
    """
    folder = settings.data
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryDirectory(dir=place) as trial:
            store = SqliteStore(Path(trial) / "doctor.db")
            await store.ping()
            await store.close()
        await asyncio.to_thread(quick_check, folder / DATABASE)
        weak = _weak_key(folder / "pseudonym.key")
    except StoreError as error:
        return Finding("store", ok=False, detail=str(error))
    except OSError as error:
        return Finding("store", ok=False, detail=f"{folder}: {error}")
    if weak:
        return Finding("store", ok=False, detail=weak)
    new = "" if place == folder.absolute() else ", made at the first start"
    return Finding("store", ok=True, detail=f"SQLite in {folder}{new}")


def _audit(settings: Settings) -> Finding:
    """The key that signs the log, and where the checkpoints go. Makes neither."""
    key = settings.data / KEY
    folder = settings.audit.checkpoints or settings.data / CHECKPOINTS
    if settings.data.exists() and not settings.data.is_dir():  # as the store's line says
        return Finding("audit", ok=True, detail="waits for the data folder")
    try:
        if key.exists() and key.stat().st_mode & 0o077:
            return Finding("audit", ok=False, detail=f"{key} can be read by others: chmod 600")
        if key.exists():
            stored_signer(key)
        place = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
        if not place.is_dir() or not os.access(place, os.W_OK):
            return Finding("audit", ok=False, detail=f"{folder} cannot be written")
        beside = key.parent.exists() and place.stat().st_dev == key.parent.stat().st_dev
    except (ConfigError, OSError) as error:
        return Finding("audit", ok=False, detail=str(error))
    known = "" if key.exists() else ", key made at the first start"
    near = "; on the disk of the database, put them elsewhere" if beside else ""
    return Finding("audit", ok=True, detail=f"checkpoints in {folder}{known}{near}")


def _weak_key(path: Path) -> str:
    """What is wrong with the key of the pseudonyms; a full disk leaves an empty one."""
    try:
        Pseudonyms(path.read_bytes())
    except FileNotFoundError:
        return ""
    except ValueError:
        return f"{path} is damaged: restore it from the backup; a new one forgets who everybody is"
    return ""


def _identity(settings: Settings) -> Finding:
    try:
        rules = identity_rules(settings.identity)
    except ConfigError as error:
        return Finding("identity", ok=False, detail=str(error))
    believed = [f"headers from {network}" for network in rules.headers.trusted_peers]
    believed += ["signed tokens"] if rules.jwt is not None else []
    who = " and ".join(believed) or "nobody, so every age is unknown"
    return Finding("identity", ok=True, detail=f"believed: {who}")


def _port(what: str, host: str, port: int) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            return Finding(what, ok=False, detail=f"{host}:{port}: {error.strerror}")
    return Finding(what, ok=True, detail=f"{host}:{port} is free")
