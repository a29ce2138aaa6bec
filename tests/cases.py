"""Cases for tests: what the guard appends when somebody is in crisis, and those who work on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from guardrail.cases import opening, signal
from guardrail.roles import Member, StaffRole
from guardrail.store.base import Event
from guardrail.turn import Action, Danger, Decision, Profile, Severity, Side, Turn

NOON = 1_790_035_200.0
"""Noon in UTC."""

DECISION = Decision(
    id="t1-0",
    side=Side.USER,
    rule="crisis-active",
    actions=(Action.SUPPORT, Action.ESCALATE),
    policy="default@1",
    label="self_harm",
    score=0.98765,
    severity=Severity.URGENT,
    article="CN Art 13",
    danger=Danger.ACTIVE,
)


def somebody(id_: str, *roles: StaffRole, tenant: str = "") -> Member:
    """A member of the staff."""
    return Member(id_, id_.title(), frozenset(roles), tenant)


ANN = somebody("ann", StaffRole.CHILD_SAFETY)
BEN = somebody("ben", StaffRole.CHILD_SAFETY)
MO = somebody("mo", StaffRole.MODERATOR)
LEA = somebody("lea", StaffRole.LEAD)
ADMIN = somebody("admin", StaffRole.ADMIN)
AUDITOR = somebody("auditor", StaffRole.AUDITOR)


def crisis(
    number: int = 0,
    at: float = NOON,
    *,
    since: float = 0.0,
    conversation: str = "c",
    tenant: str = "",
    profile: dict[str, Any] | None = None,
    **fields: Any,
) -> list[Event]:
    """What the guard appends for one decision that calls a human."""
    who = Profile(**{"user": "u", "region": "US", "language": "en", **(profile or {})})
    turn = Turn(f"t{number}", at, "openai", "/v1", conversation, who)
    made = replace(DECISION, id=f"t{number}-0", **fields)
    return [
        opening(made, turn, since=since, tenant=tenant),
        signal(made, turn, since=since, tenant=tenant),
    ]
