"""Who works here, and what each may do. Pure.

A *member* is somebody of the staff with a login; a *guardian* has one in a realm of their own. What
a route is for stands in `MAY`: one table, from which the matrix in docs/accounts.md is generated and
against which every endpoint is tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["MAY", "Member", "Right", "StaffRole", "may"]


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


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is signed in.

    `id` goes into the log and never changes; `name` is the name that colleagues see, which need not
    be a real one. `tenant` is the app whose cases they work on, "" for all.
    """

    id: str
    name: str
    roles: frozenset[StaffRole]
    tenant: str = ""
    language: str = "en"


def may(member: Member, right: Right) -> bool:
    """Whether one of somebody's roles gives this right."""
    return any(right in MAY[role] for role in member.roles)
