"""The audit trail: what was signed of the log, whether it still holds, and what happened last.

An auditor sees that somebody acted and who of the staff it was, never whom it was about. What members
have uncovered for reading is theirs alone and left out here (it stands in the log, and in an export).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from guardrail.console.bench import Bench, Evidence
from guardrail.console.pages import page_route
from guardrail.console.seats import needs
from guardrail.console.wellness import KIND
from guardrail.errors import RequestError
from guardrail.roles import Member, Right
from guardrail.staff.notes import fingerprint, parsed
from guardrail.staff.verify import Verdict
from guardrail.store.base import Event
from guardrail.store.base import Query as Ask

__all__ = ["FAMILIES", "trail_pages"]

LATEST = 100
PATIENCE = 10.0
"""Seconds that a page waits for the proof; a long log takes longer, and the page says so."""

FAMILIES = (
    "account", "audit", "case", "complaint", "guardian", "incident", "intervention", "letter", "notice",
    "person", "policy", "record", "referral",
)  # fmt: skip
"""Kinds of events by their first word."""

Auditor = Annotated[Member, needs(Right.TRAIL, signed_in=True)]


@dataclass
class _Proof:
    """The last time that the log was verified from here, or is being."""

    begun: float = 0.0
    task: asyncio.Task[Verdict] | None = None

    def start(self, evidence: Evidence, now: float) -> asyncio.Task[Verdict]:
        """Begin, unless it is under way."""
        if self.task is None or self.task.done():
            self.begun = now
            self.task = asyncio.create_task(asyncio.to_thread(evidence.verify))
        return self.task

    def told(self) -> dict[str, Any]:
        """How it stands: never, running, failed, or the verdict."""
        if self.task is None:
            return {"state": "never"}
        if not self.task.done():
            return {"state": "running", "at": self.begun}
        if self.task.cancelled() or self.task.exception() is not None:
            return {"state": "failed", "at": self.begun}
        verdict = self.task.result()
        state = "wrong" if verdict.problems else "holds"
        return {"state": state, "at": self.begun, "verdict": verdict}


def trail_pages(bench: Bench) -> APIRouter:
    """One page, and the button that verifies."""
    routes = APIRouter(route_class=page_route(bench.pages), include_in_schema=False)
    proof = _Proof()

    @routes.get("/console/trail")
    async def trail(
        request: Request, _: Auditor, kind: Annotated[str, Query(max_length=32)] = ""
    ) -> Response:
        """Checkpoints, the proof, the latest events."""
        chosen = kind if kind in FAMILIES else ""
        newest = await bench.store.read(Ask(limit=1))
        return bench.pages.render(
            request,
            "trail.html",
            families=FAMILIES,
            chosen=chosen,
            events=_listed(await _latest(bench, chosen), await bench.names()),
            size=newest[0].seq if newest else 0,
            checkpoints=await _checkpoints(bench),
            key=str(bench.evidence.verifier) if bench.evidence is not None else "",
            proof=proof.told(),
        )

    @routes.post("/console/trail/verify")
    async def verify(_: Auditor) -> Response:
        """Hold the log against everything that was signed."""
        if bench.evidence is None:
            raise RequestError("nothing is signed here", status=409, code="no_evidence")
        await asyncio.wait({proof.start(bench.evidence, bench.clock())}, timeout=PATIENCE)
        return RedirectResponse("/console/trail#proof", 303)

    return routes


async def _latest(bench: Bench, chosen: str) -> list[Event]:
    """The newest events, of one family or of all."""
    if chosen:
        plain = await bench.store.read(Ask(kind=chosen, limit=LATEST))
        below = await bench.store.read(Ask(kind=f"{chosen}.", limit=LATEST))
        return sorted((*plain, *below), key=lambda event: -event.seq)[:LATEST]
    found = await bench.store.read(Ask(limit=LATEST * 2))
    return [event for event in found if event.kind != KIND][:LATEST]


def _listed(events: list[Event], names: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "seq": event.seq,
            "at": event.at,
            "kind": event.kind,
            "by": _actor(event, names),
        }
        for event in events
    ]


def _actor(event: Event, names: Mapping[str, str]) -> str:
    """Who of the staff acted; of an account's own event, whose it is."""
    found = names.get(str(event.body.get("by", "")), "")
    own = event.kind.startswith("account.")
    return found or (names.get(event.subject, "") if own else "")


async def _checkpoints(bench: Bench) -> list[dict[str, Any]]:
    """What was signed last, the newest first."""
    found = []
    for one in reversed(await bench.store.checkpoints()):
        statement = parsed(one.note)
        if statement is not None:
            hash_ = fingerprint(one.note)
            found.append({"size": one.size, "at": statement.at, "fingerprint": hash_})
    return found[:5]
