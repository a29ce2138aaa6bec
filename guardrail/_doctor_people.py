"""The doctor's look at what is about people: the vault, the guardians' portal, the audit trail."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from guardrail.config import Settings
from guardrail.errors import ConfigError, StoreError, VaultError
from guardrail.staff.checkpoints import files
from guardrail.staff.notes import parsed, stored_signer
from guardrail.staff.trail import CHECKPOINTS, KEY
from guardrail.store.looking import last_event
from guardrail.store.vault import KEY_FILE, check_vault
from guardrail.wiring import DATABASE

__all__ = ["Finding", "people"]

STALE = 10
"""Intervals without a checkpoint after which somebody should look."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `warn`: a start is possible, and somebody should read on."""

    what: str
    ok: bool
    detail: str
    warn: bool = False


def people(settings: Settings, now: float | None = None) -> list[Finding]:
    """All findings about people; `now` in epoch seconds. Nothing is changed."""
    if settings.data.exists() and not settings.data.is_dir():  # as the store's line says
        return [Finding("audit", ok=True, detail="waits for the data folder")]
    found = [_vault(settings), _audit(settings, time.time() if now is None else now)]
    return [*found, _guardians(settings)] if settings.guardians.enabled else found


def _vault(settings: Settings) -> Finding:
    key = settings.vault.key_file or settings.data / KEY_FILE
    try:
        there = asyncio.run(check_vault(settings.data, settings.vault))
    except (StoreError, VaultError) as error:
        return Finding("vault", ok=False, detail=str(error))
    if _open_to_others(key):
        return Finding("vault", ok=False, detail=f"{key} can be read by others: chmod 600")
    if settings.vault.key_file is not None and not key.exists():
        return Finding("vault", ok=False, detail=f"{key} is not there: a file you name is not made")
    if not there:
        return Finding("vault", ok=True, detail="made at the first start")
    near = not settings.vault.kms_command and _same_disk(key, settings.data)
    detail = f"opens with {key}" + ("; keep a copy of that key elsewhere" if near else "")
    return Finding("vault", ok=True, detail=detail)


def _guardians(settings: Settings) -> Finding:
    table = settings.guardians
    if settings.notify.mail is None and not table.print_links:
        detail = "nobody can sign in: links go by mail, and notify.mail is not set"
        return Finding("guardians", ok=False, detail=detail)
    public = urlsplit(table.public_url)
    warnings = []
    if settings.notify.mail is None:
        warnings.append("links are printed on the terminal, for trying out: set notify.mail")
    if not table.public_url:
        warnings.append(f"links lead to http://{table.host}:{table.port}: set guardians.public_url")
    elif public.scheme != "https" and public.hostname not in LOOPBACK:
        warnings.append(
            "guardians.public_url is not https: links and cookies can be read on the way"
        )
    hooks = settings.notify.webhooks
    if table.alerts != "off" and not any("child" in hook.audiences for hook in hooks):
        warnings.append(
            "no webhook for `child`: they read of an alert in the chat, if they write in time"
        )
    detail = "; ".join(warnings) or f"links lead to {table.public_url}"
    return Finding("guardians", ok=True, detail=detail, warn=bool(warnings))


def _audit(settings: Settings, now: float) -> Finding:
    """The key that signs the log, where the checkpoints go, how old the newest is. Makes neither."""
    key = settings.data / KEY
    folder = settings.audit.checkpoints or settings.data / CHECKPOINTS
    try:
        if _open_to_others(key):
            return Finding("audit", ok=False, detail=f"{key} can be read by others: chmod 600")
        if key.exists():
            stored_signer(key)
        place = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
        if not place.is_dir() or not os.access(place, os.W_OK):
            return Finding("audit", ok=False, detail=f"{folder} cannot be written")
        beside = key.parent.exists() and _same_disk(place, key.parent)
        age = _newest(folder, settings, now)
    except (ConfigError, StoreError, OSError) as error:
        return Finding("audit", ok=False, detail=str(error))
    known = "" if key.exists() else ", key made at the first start"
    near = "; on the disk of the database, put them elsewhere" if beside else ""
    return Finding(
        "audit",
        ok=True,
        detail=f"checkpoints in {folder}{known}{near}{age}",
        warn=bool(near or age),
    )


def _newest(folder: Path, settings: Settings, now: float) -> str:
    """What is to be said of the newest checkpoint: nothing, if it is as new as what it covers."""
    database = settings.data / DATABASE
    last = last_event(database) if database.exists() else 0
    notes = files(folder) if folder.is_dir() else []
    if not notes:
        return "; there is none yet: nothing of the log is proven" if last else ""
    told = parsed(notes[-1].read_text("utf-8", "replace"))
    if told is None:
        return f"; {notes[-1]} is no checkpoint"
    age = round(now - told.at)
    if last <= told.size or age <= STALE * settings.audit.every_seconds:
        return ""
    return f"; the newest is {timedelta(seconds=age)} old, and {last - told.size} events came since"


def _open_to_others(key: Path) -> bool:
    return key.exists() and bool(key.stat().st_mode & 0o077)


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev
