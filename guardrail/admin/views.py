"""What the admin pages may see of an event. Pure.

Each function here names the fields that leave, one by one: what the store holds besides (keyed
hashes of people and conversations among it) stays there, also after the store learns new fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from guardrail.cases import Case
from guardrail.classify.base import RISK
from guardrail.counters import Tally
from guardrail.policy.model import Policy
from guardrail.store.base import Event
from guardrail.turn import Action, Decision, Grade, Severity, Side

__all__ = ["case_row", "decision_rows", "policy_facts", "steps", "turn_facts"]

Row = dict[str, Any]


def decision_rows(record: Event, *, everything: bool = False) -> list[Row]:
    """The decisions of one turn, the latest first; plain "allow" only if `everything` is wanted."""
    body = record.body
    about = {
        "turn": record.subject,
        "at": record.at,
        "route": body["route"],
        "language": body["profile"]["language"],
        "age_band": body["profile"]["age_band"],
        "outcome": body["outcome"],
        "unjudged": body["unjudged"],
        "failures": body["failures"],
    }
    rows = [about | _decision(data) for data in reversed(body["decisions"])]
    return [row for row in rows if everything or _notable(row)]


def turn_facts(record: Event) -> Row:
    """One turn, whole: what was scored, decided, held and spent."""
    body = record.body
    return {
        "id": record.subject,
        "at": record.at,
        "wire": body["wire"],
        "route": body["route"],
        "outcome": body["outcome"],
        "stream": body["stream"],
        "status": body["status"],
        "fresh": body["fresh"],
        "language": body["profile"]["language"],
        "age_band": body["profile"]["age_band"],
        "region": body["profile"]["region"],
        "sides": {data["side"]: _side(data) for data in body["assessments"]},
        "decisions": [_decision(data) for data in body["decisions"]],
        "unjudged": body["unjudged"],
        "failures": body["failures"],
        "timings": body["timings"],
        "counts": body["counts"],
    }


def case_row(case: Case) -> Row:
    """One case that is not resolved. Who has it is nobody's business here."""
    return {
        "id": case.id,
        "severity": case.severity,
        "label": case.label,
        "level": case.level,
        "opened_at": case.opened_at,
        "updated_at": case.updated_at,
        "signals": case.signals,
        "notes": case.notes,
        "region": case.region,
        "language": case.language,
        "age_band": case.age_band,
        "policy": case.policy,
        "status": case.status,
        "deadline": case.deadline,
        "overdue": case.overdue,
        "waits_since": case.waits_since,
        "advises_contact": case.advises_contact,
        "contacts": [{"whom": one.whom, "verdict": one.verdict} for one in case.contacts],
    }


def policy_facts(policy: Policy) -> Row:
    """Which policy is in force."""
    return {
        "name": policy.name,
        "revision": policy.revision,
        "title": policy.title,
        "mode": policy.mode,
        "rules": len(policy.rules),
    }


def steps(tallies: Iterable[Tally]) -> Row:
    """One list of numbers per line of the plot, oldest first."""
    found = list(tallies)
    return {
        "turns": [t.turns for t in found],
        "interventions": [t.interventions for t in found],
        "degraded": [t.degraded for t in found],
        "escalations": [t.escalations for t in found],
    }


def _decision(data: Mapping[str, Any]) -> Row:
    """One decision, with what follows from it worked out by the value itself."""
    decision = Decision(
        id=data["id"],
        side=Side(data["side"]),
        rule=data["rule"],
        actions=tuple(map(Action, data["actions"])),
        policy=data["policy"],
        enforced=data["enforced"],
        label=data["label"],
        grade=Grade(data["grade"]),
        score=data["score"],
        text=data["text"],
        resources=data["resources"],
        keep_reply=data["keep_reply"],
        severity=Severity(data["severity"]) if data["severity"] else None,
        reason=data["reason"],
        article=data["article"],
        degraded=data["degraded"],
    )
    return {
        "id": decision.id,
        "side": decision.side,
        "rule": decision.rule,
        "action": decision.action,
        "actions": list(decision.actions),
        "policy": decision.policy,
        "enforced": decision.enforced,
        "label": decision.label,
        "grade": decision.grade,
        "score": round(decision.score, 3),
        "severity": decision.severity,
        "resources": decision.resources,
        "reason": decision.reason,
        "article": decision.article,
        "degraded": decision.degraded,
        "intervenes": decision.intervenes,
        "adds_words": decision.adds_words,
    }


def _notable(row: Row) -> bool:
    return bool(row["action"] != Action.ALLOW or row["degraded"] or row["unjudged"])


def _side(data: Mapping[str, Any]) -> Row:
    """One side's scores: the highest any source gave each label, and who gave it."""
    best: dict[str, Row] = {}
    for signal in data["signals"]:
        held = best.get(signal["label"])
        if held is None or signal["score"] > held["score"]:
            best[signal["label"]] = {
                "score": round(signal["score"], 3),
                "source": signal["source"],
                "version": signal["version"],
                "level": signal["level"],
            }
    cleared = best.pop(RISK, None) is not None and not best  # by the first stage, all of it
    return {
        "scores": best,
        "cleared": cleared,
        "failed": data["failed"],
        "floor_ran": data["floor_ran"],
        "unjudged": data["unjudged"],
        "seconds": data["seconds"],
    }
