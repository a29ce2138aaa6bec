"""Who works here, and what each may do. Pure.

A *member* is somebody of the staff with a login; a *guardian* has one in a realm of their own. What
a route is for stands in `MAY`: one table, from which the matrix in docs/accounts.md is generated and
against which every endpoint is tested.

Two things narrow it. A *machine* (the admin token, or nobody where all is open) holds no right that
is for a human in person. A member of one *tenant* holds no right that reaches over all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "IN_PERSON",
    "MAY",
    "STAFF",
    "TOKEN",
    "VISITOR",
    "WHOLE_HOUSE",
    "Member",
    "Right",
    "StaffRole",
    "may",
    "rights",
    "sees",
]


class StaffRole(StrEnum):
    """What somebody is here for. One may be several things."""

    ADMIN = "admin"  # accounts and settings; sees no text of cases
    POLICY = "policy_manager"
    LEAD = "lead"  # assigns, takes over from others, approves
    MODERATOR = "moderator"
    CHILD_SAFETY = "child_safety"  # a moderator who also sees the cases of minors
    ANALYST = "analyst"  # aggregates only
    AUDITOR = "auditor"  # reads the trail, changes nothing
    GUARDIAN = "guardian"  # in the portal alone


class Right(StrEnum):
    """One thing that a route is for."""

    OVERVIEW = "overview"  # counters, policy, decisions without ids
    QUEUE = "queue"  # cases, without text
    TEXT = "text"  # the words in a case; for minors' cases CHILDREN as well
    CHILDREN = "children"  # cases of minors
    WORK = "work"  # claim, note, reply, resolve
    LEAD = "lead"  # take a case from a colleague, assign
    APPROVE = "approve"  # the second person for contacting somebody outside
    PEOPLE = "people"  # acts on persons: age, consent, pause, release; complaints
    POLICY = "policy"  # reload, look at trials
    FIGURES = "figures"  # dashboards and reports
    TRAIL = "trail"  # the audit log, its proofs and exports
    PRIVACY = "privacy"  # export, delete, legal hold
    ACCOUNTS = "accounts"  # make, change and end accounts
    LETTERS = "letters"  # notifications: see those that failed, send again
    WARD = "ward"  # a guardian's own child


_MODERATOR = frozenset({Right.OVERVIEW, Right.QUEUE, Right.TEXT, Right.WORK})

MAY: Mapping[StaffRole, frozenset[Right]] = {
    StaffRole.ADMIN: frozenset(
        {
            Right.OVERVIEW,
            Right.ACCOUNTS,
            Right.POLICY,
            Right.PEOPLE,
            Right.PRIVACY,
            Right.FIGURES,
            Right.LETTERS,
        }
    ),
    StaffRole.POLICY: frozenset({Right.OVERVIEW, Right.POLICY, Right.FIGURES}),
    StaffRole.LEAD: _MODERATOR
    | {Right.CHILDREN, Right.LEAD, Right.APPROVE, Right.PEOPLE, Right.FIGURES, Right.LETTERS},
    StaffRole.MODERATOR: _MODERATOR,
    StaffRole.CHILD_SAFETY: _MODERATOR | {Right.CHILDREN, Right.APPROVE},
    StaffRole.ANALYST: frozenset({Right.OVERVIEW, Right.FIGURES}),
    StaffRole.AUDITOR: frozenset({Right.OVERVIEW, Right.FIGURES, Right.TRAIL}),
    StaffRole.GUARDIAN: frozenset({Right.WARD}),
}


STAFF = tuple(role for role in StaffRole if role is not StaffRole.GUARDIAN)
"""Roles that an account of the console may have; guardians have a realm of their own."""

IN_PERSON = frozenset({Right.TEXT, Right.WORK, Right.LEAD, Right.APPROVE, Right.ACCOUNTS})
"""Rights of a human who signed in. A token that could make accounts or approve would be a second
person for whoever holds it."""

WHOLE_HOUSE = frozenset(
    {
        Right.OVERVIEW,
        Right.PEOPLE,
        Right.POLICY,
        Right.FIGURES,
        Right.TRAIL,
        Right.PRIVACY,
        Right.ACCOUNTS,
        Right.LETTERS,
    }
)
"""Rights that reach over all tenants: what they show or change is not kept apart by tenant."""

MINOR = "minor"
"""`turn.AgeBand.MINOR`."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is signed in.

    `id` goes into the log and never changes; `name` is the name that colleagues see, which need not
    be a real one. `tenant` is the app whose cases they work on, "" for all. `machine`: not a human.
    """

    id: str
    name: str
    roles: frozenset[StaffRole]
    tenant: str = ""
    language: str = "en"
    machine: bool = False


TOKEN = Member(
    "token", "token", frozenset({StaffRole.ADMIN, StaffRole.LEAD, StaffRole.AUDITOR}), machine=True
)
"""Whoever shows the admin token: scripts, and apps through the people API."""

VISITOR = Member("visitor", "visitor", frozenset({StaffRole.LEAD, StaffRole.POLICY}), machine=True)
"""Whoever asks on loopback while there is neither a token nor an account."""


def may(member: Member, right: Right) -> bool:
    """Whether one of somebody's roles gives this right, and nothing takes it away."""
    if member.machine and right in IN_PERSON:
        return False
    if member.tenant and right in WHOLE_HOUSE:
        return False
    return any(right in MAY[role] for role in member.roles)


def rights(member: Member) -> frozenset[Right]:
    """Everything that somebody may."""
    return frozenset(right for right in Right if may(member, right))


def sees(member: Member, case_tenant: str, age_band: str, right: Right) -> bool:
    """Whether somebody may use a right on a case of this tenant about somebody of this age band.

    A case of a minor needs `CHILDREN` besides, for its words as for its row in the queue.
    """
    if member.tenant and member.tenant != case_tenant:
        return False
    if age_band == MINOR and not may(member, Right.CHILDREN):
        return False
    return may(member, right)
