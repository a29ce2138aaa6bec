"""Reads the store in pages, feeds the folds, and makes the report: the only I/O of this room."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from guardrail._data import data_path
from guardrail.config import Settings
from guardrail.policy.load import load_policy
from guardrail.policy.model import Policy, Stage
from guardrail.policy.obligations import read_obligations
from guardrail.report.assessment import Material, assessment
from guardrail.report.counts import REGIONS, counts
from guardrail.report.document import Document, Kind
from guardrail.report.figures import Delivery, Period, Referrals, Scope, delivery
from guardrail.report.frame import Frame
from guardrail.report.gauges import gauges
from guardrail.report.registers import Acts, Cases, Notices, Responses, Revisions, Tickets
from guardrail.report.risk import Found, template
from guardrail.report.suppress import FEW
from guardrail.report.usage import MONTH, People, Turns
from guardrail.report.words import Say
from guardrail.store.base import Event, Query, Store
from guardrail.store.sqlite import SqliteStore
from guardrail.wiring import DATABASE, SHIPPED_MODEL, policy_path

__all__ = ["PAGE", "Wanted", "make", "report"]

PAGE = 1_000
"""Events or people read at a time."""

_CHINA = "CN"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for. `now` is in epoch seconds."""

    kind: Kind
    period: Period
    language: str = "en"
    public: bool = False
    few: int = FEW
    now: float = 0.0
    version: str = ""

    @property
    def region(self) -> str:
        """The jurisdiction; "" is everywhere."""
        return _CHINA if self.kind is Kind.CN_ART23 else REGIONS.get(self.kind, "")


async def report(wanted: Wanted, settings: Settings) -> Document:
    """The report from the database of these settings. A database that is not there is not made.

    Raises:
        PolicyError: the policy cannot be loaded.
        StoreError: the database cannot be read.
    """
    path = settings.data / DATABASE
    store = SqliteStore(path if path.exists() else ":memory:")
    try:
        return await make(wanted, settings, store)
    finally:
        await store.close()


async def make(wanted: Wanted, settings: Settings, store: Store) -> Document:
    """The report from this store. Nothing is written.

    Raises:
        PolicyError: the policy cannot be loaded.
        StoreError: the store cannot be read.
    """
    frame = _frame(wanted, settings)
    if wanted.kind is Kind.GAUGES:
        return await _gauges(frame, store)
    revisions = Revisions(wanted.period)
    found = Referrals(frame.scope, _crisis_rules(settings))
    if wanted.kind is not Kind.CN_ART23:
        await _interventions(store, found, revisions)
        return counts(frame, found, revisions)
    return assessment(frame, await _material(frame, store, found, revisions))


def _frame(wanted: Wanted, settings: Settings) -> Frame:
    region = wanted.region
    china = wanted.kind is Kind.GAUGES and _CHINA in settings.policies
    return Frame(
        kind=wanted.kind,
        scope=Scope(wanted.period, region),
        now=wanted.now or time.time(),
        policy=_policy(settings, _CHINA if china else region),
        say=Say(wanted.language),
        version=wanted.version,
        public=wanted.public,
        few=wanted.few,
        retention_days=settings.retention_days,
        manifest=_manifest(settings),
        classifier=settings.classifier.kind,
    )


def _policy(settings: Settings, region: str) -> Policy:
    """The policy in force today for users of this region."""
    of = settings.policies
    name = of.get(region) or of.get(region.partition("-")[0]) or settings.policy
    return load_policy(policy_path(name))


def _crisis_rules(settings: Settings) -> frozenset[str]:
    """Rules for crises, of all policies in force: a decision names only its rule."""
    names = {settings.policy, *settings.policies.values()}
    policies = [load_policy(policy_path(name)) for name in names]
    return frozenset(r.id for p in policies for r in p.rules if r.stage is Stage.CRISIS)


def _manifest(settings: Settings) -> Mapping[str, Any]:
    """What the model in use says of itself; empty if it is none of ours."""
    if settings.classifier.kind != "onnx":
        return {}
    model = settings.classifier.model
    folder = Path(model) if model else data_path("models", SHIPPED_MODEL)
    try:
        found = json.loads((folder / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def assessed(settings: Settings, now: tuple[str, ...], say: Say) -> str:
    """The template of a risk assessment of these settings; `now` is what runs under them.

    Raises:
        PolicyError: a pack cannot be loaded.
    """
    packs = {"": settings.policy, **settings.policies}
    kind = settings.classifier.kind
    found = Found(
        policies={region: load_policy(policy_path(name)) for region, name in packs.items()},
        chapters=read_obligations(data_path("policies", "law", "obligations.yaml")),
        running=now,
        classifier=str(_manifest(settings).get("version", kind)),
        today=datetime.now(UTC).date().isoformat(),
    )
    return template(found, say)


# -- reading ---------------------------------------------------------------------------------------


async def pages(store: Store, kind: str, since: float = 0.0) -> AsyncIterator[tuple[Event, ...]]:
    """All events of a kind, oldest first, a page at a time."""
    seq = 0
    while page := await store.read(
        Query(kind=kind, after_seq=seq, since=since, limit=PAGE, ascending=True)
    ):
        yield page
        seq = page[-1].seq


async def _interventions(
    store: Store, found: Referrals, revisions: Revisions, responses: Responses | None = None
) -> None:
    """Read interventions, and for those that may count the record of their turn."""
    oldest = await _oldest(store)
    async for page in pages(store, "intervention", found.scope.period.begin):
        for event in page:
            revisions.add(event)
            if responses is not None:
                responses.add(event)
        asked = [event for event in page if found.wants(event)]
        fates = await asyncio.gather(*(_fate(store, event, oldest) for event in asked))
        for event, fate in zip(asked, fates, strict=True):
            found.add(event, fate)


async def _fate(store: Store, event: Event, oldest: float) -> Delivery:
    """Whether the words of an intervention arrived: its receipt says so for good, else its record."""
    turn = event.subject
    if await store.read(Query(kind="referral.delivered", subject=turn, limit=1)):
        return Delivery.CONFIRMED
    found = await store.read(Query(kind="record", subject=turn, limit=1))
    return delivery(found[0].body if found else None, event.at, oldest)


async def _oldest(store: Store) -> float:
    """The time of the oldest record; infinite if there is none."""
    first = await store.read(Query(kind="record", limit=1, ascending=True))
    return first[0].at if first else float("inf")


async def _people(store: Store, people: People) -> None:
    after = ""
    while page := await store.people(after, PAGE):
        for person in page:
            people.add(person)
        after = page[-1].key


async def _gauges(frame: Frame, store: Store) -> Document:
    period = frame.scope.period
    oldest = await _oldest(store)
    everywhere = Turns(Scope(period), frame.now, oldest)
    china = Turns(Scope(period, _CHINA), frame.now, oldest)
    since = min(period.begin, frame.now - MONTH)
    async for page in pages(store, "record", since):
        for event in page:
            everywhere.add(event)
            china.add(event)
    people = People(frame.now, frame.today, frame.policy.dependence)
    await _people(store, people)
    return gauges(frame, everywhere, china, people)


async def _material(frame: Frame, store: Store, found: Referrals, revisions: Revisions) -> Material:
    scope, period = frame.scope, frame.scope.period
    made = Material(
        referrals=found,
        responses=Responses(scope),
        cases=Cases(scope),
        turns=Turns(scope, frame.now, await _oldest(store)),
        people=People(frame.now, frame.today, frame.policy.dependence),
        acts=Acts(period),
        notices=Notices(scope),
        complaints=Tickets("complaint", period, frame.now),
        incidents=Tickets("incident", period, frame.now),
        revisions=revisions,
    )
    await _interventions(store, found, revisions, made.responses)
    async for page in pages(store, "record", period.begin):
        for event in page:
            made.turns.add(event)
            revisions.add(event)
    made.turns.close()
    folds: dict[str, Cases | Acts | Notices | Tickets] = {
        "case.": made.cases,
        "person.": made.acts,
        "notice.shown": made.notices,
        "complaint.": made.complaints,
        "incident.": made.incidents,
    }
    for kind, fold in folds.items():
        # A case of this year may have gone into one of the year before.
        async for page in pages(store, kind, 0.0 if fold is made.cases else period.begin):
            for event in page:
                fold.add(event)
    await _people(store, made.people)
    return made
