"""Settings in, running parts out: the only module that knows every part by name."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from guardrail._data import data_path
from guardrail.assess import Assessor
from guardrail.audit import AuditSink
from guardrail.cases import Case, Clocks
from guardrail.classify.base import Classifier
from guardrail.classify.lexicon import LexiconClassifier
from guardrail.classify.onnx import OnnxClassifier
from guardrail.classify.text import language
from guardrail.classify.transformers import TransformersClassifier
from guardrail.config import Classify, IdentityTable, Jwt, Settings, load_settings
from guardrail.engine import Engine
from guardrail.errors import ConfigError, Mistake, PolicyError, StoreError
from guardrail.identity import HeaderRules, IdentityRules, JwtRules, Pseudonyms
from guardrail.metrics import Metrics
from guardrail.policy.check import check_policy
from guardrail.policy.holder import PolicyHolder
from guardrail.policy.load import find_policy, read_pack
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.policy.stack import Stack
from guardrail.policy.trial import run_trials
from guardrail.responder import Door, Guard
from guardrail.routes import Route
from guardrail.staff.caselog import CaseLog
from guardrail.staff.policylog import policy_loaded
from guardrail.staff.switchboard import Switchboard, Terms
from guardrail.store.base import Event, Store
from guardrail.store.sqlite import SqliteStore
from guardrail.store.vault import SqliteVault, open_vault
from guardrail.wire.base import Wire
from guardrail.wire.forgetting import Forgetting
from guardrail.wire.generic import GenericWire, read_spec
from guardrail.wire.openai import OpenAIWire

__all__ = [
    "DATABASE",
    "House",
    "assemble",
    "assessor",
    "build",
    "identity_rules",
    "open_cases",
    "policy_path",
    "secret_file",
]

SHIPPED_MODEL = "companion-v1"

DATABASE = "guardrail.db"
"""In the folder `data`."""


@dataclass(frozen=True)
class House:
    """Everything that one process runs on."""

    settings: Settings
    version: str
    guard: Guard
    metrics: Metrics
    store: Store
    vault: SqliteVault
    policies: PolicyHolder
    reload: Callable[[], Awaitable[list[Mistake]]]
    loaded: Callable[[], list[Event]]  # which policies are in force, for the log
    readiness: Callable[[], Awaitable[Mapping[str, str | None]]]
    cases: Callable[[], Awaitable[tuple[Case, ...]]]


def build(config: str | Path | Settings | None = None) -> Guard:
    """A guard for `GuardrailMiddleware`, from a settings file (or the defaults).

    Raises:
        ConfigError: with every mistake in settings and policy.
    """
    if not isinstance(config, Settings):
        config = load_settings(Path(config) if config else None, os.environ)
    return assemble(config).guard


def assemble(settings: Settings, *, version: str = "") -> House:
    """Make all parts and join them. Opens the model; opens no socket and no database.

    Raises:
        ConfigError: with every mistake in settings and policy.
    """
    floor = LexiconClassifier.load()
    paths = {r: policy_path(n) for r, n in {"": settings.policy, **settings.policies}.items()}
    trials = {policy_path(name): until for name, until in settings.shadows.items()}
    policies, sources = _policies(paths, trials, floor)
    routes = tuple(
        Route(
            r.path, _wire(settings, r.wire), r.method, r.tenant, r.region, r.judge != "before_call"
        )
        for r in settings.routes
    )
    metrics = Metrics(
        routes=[r.path for r in routes], wires=[r.wire.name for r in routes], version=version
    )
    metrics.policy(policies.current, at=time.time())
    metrics.reload(ok=True, at=time.time())
    store = SqliteStore(settings.data / DATABASE)
    vault = open_vault(settings.data, settings.vault)
    primary = _classifier(settings.classifier)
    engine = Engine(
        policies=policies,
        assessor=Assessor(primary, floor, deadline=settings.classifier.deadline_ms / 1000),
        store=store,
        vault=vault,
        pseudonyms=_pseudonyms(settings.data / "pseudonym.key"),
        language=language,
        sinks={"audit": AuditSink(store), "metrics": metrics},
        count=metrics.count,
    )

    def loaded() -> list[Event]:
        now = engine.clock()
        return [
            policy_loaded(policies.all[region], source, region=region, at=now)
            for region, source in sources.items()
        ]

    return House(
        settings=settings,
        version=version,
        guard=_guard(settings, engine, routes, metrics),
        metrics=metrics,
        store=store,
        vault=vault,
        policies=policies,
        reload=_reloader(policies, paths, sources, metrics, trials=trials),
        loaded=loaded,
        readiness=_readiness(store),
        cases=open_cases(store),
    )


def _guard(
    settings: Settings, engine: Engine, routes: tuple[Route, ...], metrics: Metrics
) -> Guard:
    table, door = settings.takeover, settings.door
    board = None
    if table.enabled:
        terms = Terms(
            wait=table.wait_seconds,
            stream=table.stream_seconds,
            settle=table.settle_seconds,
            keepalive=table.keepalive_seconds,
            poll=table.poll_seconds,
        )
        board = Switchboard(engine.store, engine.vault, engine.clock, terms)
    return Guard(
        engine,
        routes,
        identity_rules(settings.identity),
        Door(
            body_bytes=door.body_bytes,
            body_seconds=door.body_seconds,
            reply_bytes=door.reply_bytes,
        ),
        board=board,
        marks=settings.marks,
        disclose=settings.disclose,
        track=metrics.in_flight.track_inprogress,
        forgetting=Forgetting(settings.memory.fields, settings.memory.tools),
    )


def assessor(settings: Settings, *, workers: int = 1) -> Assessor:
    """The classifiers alone, for work without a server: every score is given, and by one model.

    `workers` texts are judged at a time, where the model runs here.

    Raises:
        ConfigError: the model cannot be loaded.
        MissingExtra: it needs an optional dependency.
    """
    deadline = settings.classifier.deadline_ms / 1000
    primary = _classifier(settings.classifier, every_score=True, workers=workers)
    return Assessor(primary, LexiconClassifier.load(), deadline=deadline)


def policy_path(policy: str) -> Path:
    """The file of a policy given by name (a shipped pack) or by path.

    Raises:
        PolicyError: there is none.
    """
    if policy.endswith((".yaml", ".yml")):
        return Path(policy)
    return find_policy(policy, [Path("policies"), data_path("policies")])


def _policies(
    paths: Mapping[str, Path], trials: Mapping[Path, date], floor: LexiconClassifier
) -> tuple[PolicyHolder, dict[str, Source]]:
    """The policies by region, and the files that they were read from."""
    read = {region: read_pack(path) for region, path in paths.items()}
    stacks = {region: stack for region, (stack, _) in read.items()}
    holder = PolicyHolder(
        stacks.pop(""),
        stacks,
        finish=lambda policy: _held(policy, floor),
        shadows=[(read_pack(path)[0], until) for path, until in trials.items()],
    )
    return holder, {region: source for region, (_, source) in read.items()}


def _held(policy: Policy, floor: LexiconClassifier) -> Policy:
    """Streams keep at least the longest lexicon phrase back, or one could leak in two halves."""
    return replace(policy, hold=replace(policy.hold, tail=max(policy.hold.tail, floor.longest)))


def _wire(settings: Settings, name: str) -> Wire:
    if name == "openai":
        return OpenAIWire()
    return GenericWire(read_spec(name, settings.wires[name]))


def _classifier(
    settings: Classify, *, every_score: bool = False, workers: int = 1
) -> Classifier | None:
    if settings.kind == "lexicon":
        return None
    if settings.kind == "onnx":
        folder = Path(settings.model) if settings.model else data_path("models", SHIPPED_MODEL)
        if every_score:
            return OnnxClassifier.load(
                folder, cascade=False, floor=0.0, threads=settings.threads, workers=workers
            )
        return OnnxClassifier.load(folder, cascade=settings.cascade, threads=settings.threads)
    if settings.kind == "transformers":
        return TransformersClassifier.load(settings.model, settings.labels)
    from guardrail.classify.remote import RemoteClassifier  # noqa: PLC0415 - brings httpx along

    return RemoteClassifier(
        settings.model,
        shape=settings.shape,
        labels=settings.labels,
        headers=settings.headers,
        timeout=settings.deadline_ms / 1000,
    )


def identity_rules(settings: IdentityTable) -> IdentityRules:
    """Who is believed.

    Raises:
        ConfigError: the file of keys cannot be used.
    """
    peers = tuple(ipaddress.ip_network(peer) for peer in settings.trusted_peers)
    jwt = _jwt(settings.jwt) if settings.jwt is not None else None
    return IdentityRules(HeaderRules(trusted_peers=peers), jwt)


def _jwt(settings: Jwt) -> JwtRules:
    keys = KeySet([OctKey.import_key(settings.secret)]) if settings.secret else _jwks(settings)
    return JwtRules(
        keys=keys,
        algorithms=("HS256",) if settings.secret else settings.algorithms,
        issuer=settings.issuer,
        audience=settings.audience,
        header=settings.header.lower(),
        required=settings.required,
    )


def _jwks(settings: Jwt) -> KeySet:
    try:
        found: Any = json.loads(Path(settings.jwks_file).read_text("utf-8"))
        return KeySet.import_key_set(found)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, JoseError) as error:
        mistake = Mistake(settings.jwks_file, 1, f"is not a key set: {type(error).__name__}")
        raise ConfigError([mistake]) from None


def _pseudonyms(path: Path) -> Pseudonyms:
    try:
        return Pseudonyms(secret_file(path))
    except ValueError as error:
        hint = "restore it from a backup: with another key every known user is a stranger"
        raise ConfigError([Mistake(str(path), 0, str(error), hint)]) from None


def secret_file(path: Path) -> bytes:
    """A key of 32 bytes, such as the one of pseudonyms; made at the first start, readable by us alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        # Linked when it is whole and on the disk: half a key would make a stranger of everybody.
        with tempfile.NamedTemporaryFile(dir=path.parent) as file:  # mode 0600
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another process was quicker
                os.link(file.name, path)
    return path.read_bytes()


def _reloader(
    policies: PolicyHolder,
    paths: Mapping[str, Path],
    sources: dict[str, Source],
    metrics: Metrics,
    *,
    trials: Mapping[Path, date],
) -> Callable[[], Awaitable[list[Mistake]]]:
    """Load, check, try; only then swap, all or none. A bad pack leaves the last good ones in force."""
    turn = asyncio.Lock()  # of two reloads the one that read first must not have the last word

    def prepare() -> tuple[dict[Path, tuple[Stack, Source]], list[Mistake]]:
        read: dict[Path, tuple[Stack, Source]] = {}
        mistakes: dict[Mistake, None] = {}
        for path in dict.fromkeys((*paths.values(), *trials)):
            try:
                read[path] = read_pack(path)
                today = datetime.now(UTC).date()
                mistakes |= dict.fromkeys(check_policy(path, today) + _failed_trials(path))
            except PolicyError as error:
                mistakes |= dict.fromkeys(error.mistakes)
        return read, list(mistakes)

    async def reload() -> list[Mistake]:
        async with turn:
            read, mistakes = await asyncio.to_thread(prepare)
            if not mistakes:
                stacks = {region: read[path][0] for region, path in paths.items()}
                on_trial = [(read[path][0], until) for path, until in trials.items()]
                policies.swap(stacks.pop(""), stacks, on_trial)
                sources.update({region: read[path][1] for region, path in paths.items()})
                metrics.policy(policies.current, at=time.time())
            metrics.reload(ok=not mistakes, at=time.time())
        return mistakes

    return reload


def _failed_trials(path: Path) -> list[Mistake]:
    """What the pack's own tests say against it; a pack without tests has none."""
    if not path.with_name(f"{path.stem}_test.yaml").exists():
        return []
    trials = run_trials(path)
    return [
        Mistake(trials.file, trial.line, f"{trial.name}: {problem}")
        for trial in trials.results
        for problem in trial.problems
    ]


def _readiness(store: Store) -> Callable[[], Awaitable[Mapping[str, str | None]]]:
    """Each part by name, with `None` if it is ready or else why not.

    Without a policy and a classifier there is no house, so these two are always ready. One that
    answers no more degrades turns, as the policy says; it does not take the whole chat away.
    """

    async def readiness() -> Mapping[str, str | None]:
        found: dict[str, str | None] = {"policy": None, "classifier": None, "store": None}
        try:
            await store.ping()
        except StoreError as error:
            found["store"] = str(error)
        return found

    return readiness


def open_cases(
    store: Store,
    clock: Callable[[], float] = time.time,
    terms: Clocks = Clocks(),  # noqa: B008 - frozen
) -> Callable[[], Awaitable[tuple[Case, ...]]]:
    """Cases that are not resolved. Each look reads on where the one before it ended."""
    return CaseLog(store, clock, terms).waiting
