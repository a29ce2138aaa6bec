"""Small real things that many tests need."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from guardrail._tables import VaultTable
from guardrail.assess import Assessor
from guardrail.audit import AuditSink
from guardrail.classify.lexicon import LexiconClassifier
from guardrail.classify.text import language
from guardrail.engine import Engine
from guardrail.identity import Pseudonyms
from guardrail.metrics import Metrics
from guardrail.policy.holder import PolicyHolder
from guardrail.policy.load import load_policy
from guardrail.policy.stack import Stack
from guardrail.responder import Guard
from guardrail.routes import Route
from guardrail.store.sqlite import SqliteStore
from guardrail.store.vault import SqliteVault, open_vault
from guardrail.wire.openai import OpenAIWire

POLICIES = Path(__file__).parent.parent / "policies"


LEXICON = cache(LexiconClassifier.load)  # neither of the two ever changes, and reading them
POLICY = cache(load_policy)  # takes longer than most tests


MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
ROOM = 2 * 1024**3


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Put temporary folders into memory where the system lets us: no test is about the disk."""
    worker = hasattr(config, "workerinput")
    if worker or config.option.basetemp is not None or not os.access(MEMORY, os.W_OK):
        return
    found = os.statvfs(MEMORY)
    if found.f_bavail * found.f_frsize > ROOM and not found.f_flag & os.ST_NOEXEC:
        folder = tempfile.mkdtemp(prefix="guardrail-tests-", dir=MEMORY)
        config.option.basetemp = folder
        config.add_cleanup(partial(shutil.rmtree, folder, ignore_errors=True))


class Clock:
    """A clock that a test turns by hand."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The server's clock."""
    return Clock()


@pytest.fixture
async def make_guard(tmp_path: Path, clock: Clock) -> AsyncIterator[Callable[..., Guard]]:
    """Builds guards on a real store; the lexicon judges alone unless a classifier is given."""
    stores: list[SqliteStore] = []
    vaults: list[SqliteVault] = []

    def make(
        *,
        primary: Any = None,
        policy: Any = None,
        stack: Stack | None = None,
        routes: tuple[Route, ...] = (),
        **rest: Any,
    ) -> Guard:
        store = SqliteStore(tmp_path / f"{len(stores)}.db")
        vault = open_vault(tmp_path / f"{len(stores)}", VaultTable(), clock)
        stores.append(store)
        vaults.append(vault)
        metrics = Metrics(routes=["/v1/chat/completions"], wires=["openai"])
        engine = Engine(
            policies=PolicyHolder(
                stack or Stack((policy or POLICY(POLICIES / "default.yaml"),)),
                today=datetime.fromtimestamp(clock.now, UTC).date(),
            ),
            assessor=Assessor(primary, LEXICON(), deadline=rest.pop("deadline", 1)),
            store=store,
            vault=vault,
            pseudonyms=Pseudonyms(b"0123456789abcdef"),
            language=language,
            sinks={"audit": AuditSink(store), "metrics": metrics, **rest.pop("sinks", {})},
            count=metrics.count,
            clock=clock,
        )
        return Guard(engine, routes or (Route("/v1/chat/completions", OpenAIWire()),), **rest)

    yield make
    for store in stores:
        await store.close()
    for vault in vaults:
        await vault.close()
