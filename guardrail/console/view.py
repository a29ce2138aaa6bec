"""What the pages about cases show, as plain values for templates. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from guardrail._case_queue import FLAGS
from guardrail.cases import Case, Queue, Status, Wanted
from guardrail.store.base import Event
from guardrail.turn import AgeBand, Severity

__all__ = ["UNSHOWN", "Fired", "Row", "chips", "fired_at", "pager", "row", "steps", "wanted", "why"]

Row = dict[str, Any]

Fired = Callable[[str, float], bool]
"""Whether what a speaker said at this moment is what a rule acted on."""

LAST = 0.0015
"""Seconds before its turn at which the last text of a turn lies in the vault, at most: `memory` puts
one text a millisecond before the next."""

CHOICES: Mapping[str, type[Severity | Status | AgeBand]] = {
    "status": Status,
    "severity": Severity,
    "age_band": AgeBand,
}
FREE = ("label", "language", "tenant")

UNSHOWN = frozenset({"case.kept", "case.delivered", "case.said", "case.signal"})
"""Events of a case that its history leaves out: there are many, and they stand elsewhere."""


def wanted(query: Mapping[str, str]) -> Wanted:
    """The filter that an address asks for; what it says wrongly is left out."""
    found: dict[str, Any] = {name: True for name in FLAGS if query.get(name) == "1"}
    for name, kind in CHOICES.items():
        if query.get(name) in {str(one) for one in kind}:
            found[name] = kind(query[name])
    for name in FREE:
        if query.get(name):
            found[name] = query[name][:64]
    return Wanted(**found)


def chips(queue: Queue, query: Mapping[str, str]) -> list[Row]:
    """The filters of the queue as links: each adds itself to the others, or takes itself away."""
    found: list[Row] = []
    order = (*Severity,)[::-1]
    for name in ("severity", *FLAGS, "age_band", "language", "label", "tenant"):
        counts = queue.counts.get(name, {})
        known = [one for one in order if one in counts] if name == "severity" else sorted(counts)
        chosen = query.get(name)
        asked = [chosen] if chosen and name not in FLAGS and chosen not in counts else []
        for value in (*known, *asked):
            key = value or ("1" if name in FLAGS else "")
            on, count = bool(key) and chosen == key, counts.get(value, 0)
            if not key or (not count and not on):
                continue
            rest = {k: v for k, v in query.items() if k != name} | ({} if on else {name: key})
            found.append(
                {"name": name, "value": value, "count": count, "on": on, "query": urlencode(rest)}
            )
    return found


def pager(query: Mapping[str, str], page: int, total: int, size: int) -> Row:
    """The addresses of the pages before and after this one, where there are any."""

    def to(number: int) -> str:
        return urlencode({**query, **({"page": number} if number else {})})

    return {
        "newer": to(page - 1) if page else None,
        "older": to(page + 1) if total > (page + 1) * size else None,
    }


def row(case: Case, names: Mapping[str, str], member: str) -> Row:
    """One case in the queue."""
    return {
        "id": case.id,
        "severity": case.severity,
        "status": case.status,
        "labels": case.labels or (case.label,),
        "level": case.level,
        "who": names.get(case.claimed_by, case.claimed_by) if case.claimed_by else "",
        "mine": case.claimed_by == member,
        "deadline": case.deadline if case.waits else 0.0,
        "overdue": case.waits and case.overdue,
        "age_band": case.age_band,
        "language": case.language,
        "region": case.region or "",
        "tenant": case.tenant,
        "signals": case.signals,
        "notes": case.notes,
        "opened_at": case.opened_at,
        "updated_at": case.updated_at,
        "resolved_at": case.resolved_at if case.status is Status.RESOLVED else 0.0,
        "wants_opinion": case.wants_opinion,
        "proposed": bool(case.proposed),
        "advises_contact": case.advises_contact,
        "appealed": case.appealed,
    }


def why(
    records: Iterable[Event],
    decisions: Iterable[str],
    rule: Callable[[str], Mapping[str, Any]] = lambda _: {},
) -> list[Row]:
    """Why a case was opened or joined: the rule, its article, the score and what was done.

    `rule` gives a rule in the reader's words (`when`, `why`), as the policy is today.
    """
    wanted_ids = set(decisions)
    return [
        {
            "turn": record.subject,
            "at": record.at,
            "rule": one["rule"],
            "when": rule(one["rule"]).get("when", ""),
            "article": one["article"],
            "reason": rule(one["rule"]).get("why") or one["reason"],
            "label": one["label"],
            "score": one["score"],
            "grade": one["grade"],
            "side": one["side"],
            "actions": one["actions"],
            "policy": one["policy"],
            "degraded": one["degraded"],
        }
        for record in records
        for one in record.body["decisions"]
        if one["id"] in wanted_ids
    ]


def fired_at(reasons: Iterable[Row]) -> Fired:
    """The texts that these reasons (`why`) are about: the last that their side said in that turn."""
    turns = [(str(one["side"]), float(one["at"])) for one in reasons]

    def fired(speaker: str, at: float) -> bool:
        return any(speaker == side and 0.0 <= turn - at < LAST for side, turn in turns)

    return fired


def steps(events: Iterable[Event], names: Mapping[str, str]) -> list[Row]:
    """What happened with a case, oldest first; words are elsewhere."""
    return [_step(event, names) for event in events if event.kind not in UNSHOWN]


def _step(event: Event, names: Mapping[str, str]) -> Row:
    body = event.body
    by, to = str(body.get("by", "")), str(body.get("to", ""))
    kind = event.kind.removeprefix("case.")
    if kind == "home_danger" and body.get("danger") is False:
        kind = "home_safe"
    return {
        "at": event.at,
        "kind": kind,
        "by": names.get(by, by if by == "system" else ""),
        "to": names.get(to, ""),
        "why": _code(kind, body),
    }


def _code(kind: str, body: Mapping[str, Any]) -> tuple[str, str] | None:
    """Family and value of the code that says more about a step, if there is one."""
    families = {
        "released": ("let", "why"),
        "resolved": ("resolution", "reason"),
        "reopened": ("reopened", "reason"),
        "appealed": ("appeal", "reason"),
        "contact_proposed": ("whom", "whom"),
        "breached": ("severity", "severity"),
    }
    family, field = families.get(kind, ("", ""))
    return (family, str(body[field])) if field in body else None
