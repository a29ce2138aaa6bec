"""Looks at everything that a start needs and says what is wrong with it."""

from __future__ import annotations

import asyncio
import platform
import socket
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import available_timezones

from guardrail._doctor_people import Finding, people
from guardrail.checking import UNTOLD, packs_of, untold
from guardrail.classify.base import Utterance
from guardrail.config import Settings
from guardrail.errors import ConfigError, GuardrailError, Mistake, StoreError
from guardrail.household import known_zone
from guardrail.identity import Pseudonyms
from guardrail.policy.check import check_policy
from guardrail.policy.load import load_policy
from guardrail.store.sqlite import SqliteStore, quick_check
from guardrail.turn import Role, Side
from guardrail.wiring import DATABASE, assessor, identity_rules, policy_path

__all__ = ["Finding", "examine", "ports"]


def examine(settings: Settings, version: str) -> list[Finding]:
    """All findings; nothing is changed, no server is started."""
    return [
        Finding("version", ok=True, detail=f"{version} on Python {platform.python_version()}"),
        _policy(settings),
        asyncio.run(_model(settings)),
        asyncio.run(_store(settings)),
        *people(settings),
        _cases(settings),
        _identity(settings),
        _zones(),
        *ports(settings),
        Finding("upstream", ok=True, detail=settings.upstream.url or "the demo companion"),
    ]


def ports(settings: Settings) -> list[Finding]:
    """Whether the addresses of proxy, admin server and portal can be had."""
    proxy, admin = settings.listen, settings.admin
    found = [
        _port("proxy port", proxy.host, proxy.port),
        _port("admin port", admin.host, admin.port),
    ]
    if settings.guardians.enabled:
        found.append(_port("portal port", settings.guardians.host, settings.guardians.port))
    return found


def _policy(settings: Settings) -> Finding:
    """Every pack that the settings name; one that is wrong keeps all of them from being reloaded."""
    found: list[str] = []
    mistakes: dict[Mistake, None] = {}
    try:
        for name in packs_of(settings):
            path = policy_path(name)
            policy = load_policy(path)
            mistakes |= dict.fromkeys(check_policy(path, datetime.now(UTC).date()))
            found.append(f"{policy.tag}, {len(policy.rules)} rules")
    except GuardrailError as error:
        return Finding("policy", ok=False, detail=str(error))
    return Finding("policy", ok=not mistakes, detail="; ".join(map(str, mistakes or found)))


def _cases(settings: Settings) -> Finding:
    """Whether somebody hears of cases. A start is possible: a console that is looked at shows them."""
    if untold(settings, datetime.now(UTC).date()):
        return Finding("cases", ok=True, detail=f"{UNTOLD}: set notify", warn=True)
    return Finding("cases", ok=True, detail="your staff is told, or none is opened")


def _zones() -> Finding:
    """Requests that name a zone which this machine lacks are refused; the package `tzdata` has all."""
    if known_zone("Asia/Shanghai"):
        return Finding("time zones", ok=True, detail=f"{len(available_timezones())} are known")
    detail = "this machine knows none, and refuses who names one: install tzdata"
    return Finding("time zones", ok=True, detail=detail, warn=True)


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
