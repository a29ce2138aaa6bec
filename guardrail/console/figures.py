"""The page of figures, for teams without Grafana: what came, what was done, how soon somebody was there.

Counts of people are shown without small cells to everybody. Counts of cases are, too, to those who
do not work with cases anyway (`report.suppress` says how). Reading stops at `MOST`, and the page
says so: it is no report for an authority (`guardrail report`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from guardrail.console.bench import Bench
from guardrail.console.folds import INDEX, Crowd, Days, Flow, Waits, percentile
from guardrail.console.pages import page_route
from guardrail.console.plots import bar, columns
from guardrail.console.seats import needs
from guardrail.report.document import Line, Series
from guardrail.report.suppress import FEW, protected_series
from guardrail.report.usage import AGES, MINUTES
from guardrail.roles import Member, Right, may
from guardrail.store.base import Event
from guardrail.store.base import Query as Ask
from guardrail.turn import ACTION_RANK, Severity

__all__ = ["figure_routes"]

SPANS = (7, 30, 90)
"""Days that can be looked at."""

PAGE = 1_000
MOST = 200_000
"""Events of one kind, and people, that are read at most."""

FRESH = 60.0
"""Seconds for which figures are shown again without reading."""

Analyst = Annotated[Member, needs(Right.FIGURES, signed_in=True)]


@dataclass
class _Found:
    """What was read, and whether that was all."""

    days: Days
    at: float
    flow: Flow
    waits: Waits
    crowd: Crowd
    whole: bool = True


@dataclass
class _Reader:
    """Reads once for all who look within a minute."""

    bench: Bench
    kept: dict[int, _Found] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, span: int) -> _Found:
        async with self.turn:
            found, now = self.kept.get(span), self.bench.clock()
            if found is None or not 0.0 <= now - found.at < FRESH:
                found = self.kept[span] = await self._read(span, now)
            return found

    async def _read(self, span: int, now: float) -> _Found:
        policy = self.bench.policy(None)
        days = Days.until(now, span, policy.zone)
        found = _Found(days, now, Flow(days), Waits(), Crowd(days, policy.dependence))
        async for event in self._events("case.", found):
            found.flow.add(event)
            found.waits.add(event)
        async for event in self._events("intervention", found):
            found.flow.add(event)
        await self._people(found)
        return found

    async def _events(self, kind: str, found: _Found) -> AsyncIterator[Event]:
        seq = count = 0
        since = found.days.begin
        while page := await self.bench.store.read(
            Ask(kind, after_seq=seq, since=since, limit=PAGE, ascending=True)
        ):
            for event in page:
                yield event
            seq, count = page[-1].seq, count + len(page)
            if count >= MOST:
                found.whole = False
                return
            await asyncio.sleep(0)  # a turn may go on

    async def _people(self, found: _Found) -> None:
        after, count = "", 0
        while page := await self.bench.store.people(after, PAGE):
            found.crowd.add(page)
            after, count = page[-1].key, count + len(page)
            if count >= MOST:
                found.whole = False
                return
            await asyncio.sleep(0)


def figure_routes(bench: Bench) -> APIRouter:
    """One page."""
    routes = APIRouter(route_class=page_route(bench.pages), include_in_schema=False)
    reader = _Reader(bench)

    @routes.get("/console/figures")
    async def figures(
        request: Request, member: Analyst, days: Annotated[int, Query(ge=0, le=366)] = 30
    ) -> Response:
        """The last days in numbers."""
        span = min(SPANS, key=lambda one: abs(one - days))
        found = await reader.of(span)
        plain = may(member, Right.QUEUE)
        words = bench.pages.words[bench.pages.language(request)]
        return bench.pages.render(
            request,
            "figures.html",
            spans=SPANS,
            span=span,
            days=found.days,
            whole=found.whole,
            most=MOST,
            few=FEW,
            plain=plain,
            flows=[
                _stacked("signals", found.days, found.flow.signals, plain=plain),
                _stacked("actions", found.days, found.flow.actions, plain=plain),
            ],
            waits=_waits(bench, found.waits, plain=plain),
            crowds=list(_crowds(found.crowd, words)),
        )

    return routes


def _stacked(
    name: str, days: Days, counts: Mapping[tuple[str, str], int], *, plain: bool
) -> dict[str, Any]:
    """Columns by day, and the table with the same numbers; days without any are left out there."""
    keys = sorted({key for _, key in counts}, key=lambda key: (_rank(key), key))
    shown: dict[tuple[str, str], int | None] = {}
    for day in days.list:
        lines = tuple(Line(key, key, counts.get((day, key), 0)) for key in keys)
        series = Series(name, name, lines, parts=True)
        kept = lines if plain else protected_series(series, FEW).lines
        told = {line.key: line.value for line in kept}
        shown |= {(day, key): told.get(key) for key in keys}
    rows = [(day, [shown[day, key] for key in keys]) for day in days.list]
    return {
        "name": name,
        "kinds": keys,
        "plot": columns(days.list, keys, shown),
        "top": max((sum(value or 0 for value in row) for _, row in rows), default=0),
        "rows": [(day, row) for day, row in reversed(rows) if any(v != 0 for v in row)],
    }


def _rank(key: str) -> int:
    return next((rank for action, rank in ACTION_RANK.items() if action == key), 0)


def _waits(bench: Bench, waits: Waits, *, plain: bool) -> list[dict[str, Any]]:
    """Times by severity, the gravest first; those of a few cases would speak of somebody."""
    found = []
    for severity in reversed(Severity):
        row: dict[str, Any] = {"severity": severity, "due": bench.casework.terms.of(severity)}
        for name, values in (("claim", waits.claims(severity)), ("word", waits.words(severity))):
            told = plain or len(values) >= FEW or not values
            row[name] = {
                "n": len(values) if told else None,
                "p50": percentile(values, 0.5) if told else None,
                "p90": percentile(values, 0.9) if told else None,
            }
        found.append(row)
    return found


def _crowds(crowd: Crowd, words: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    """Counts of people: never without the rule for small cells."""
    groups = {
        "ages": (crowd.ages, AGES),
        "usage": (crowd.minutes, (*map(str, MINUTES), "more")),
        "index": (crowd.index, (*map(str, INDEX), "more")),
    }
    for name, (counts, keys) in groups.items():
        lines = tuple(Line(key, words[f"{name}.{key}"], counts.get(key, 0)) for key in keys)
        whole = sum(counts.values())
        series = protected_series(Series(name, name, lines, parts=True, whole=whole), FEW)
        top = max((line.value or 0 for line in series.lines), default=0)
        rows = [(line.label, line.value, bar(line.value, top)) for line in series.lines]
        yield {"name": name, "rows": rows, "whole": series.whole, "withheld": series.withheld}
