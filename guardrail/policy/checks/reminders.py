"""A reminder that can never fire is a duty that nobody keeps."""

from __future__ import annotations

from collections.abc import Iterator

from guardrail.errors import Mistake
from guardrail.policy.checks.sides import OF_THE_REPLY
from guardrail.policy.model import Notice, Policy
from guardrail.policy.source import Source
from guardrail.turn import AgeBand, Profile, State

__all__ = ["check"]

_INDEX = frozenset({State.ELEVATED, State.HIGH})
_BEFORE_THE_BOT = frozenset(
    {State.NO_CONSENT, State.PAUSED, State.STOPPED, State.CURFEW, State.EXIT}
)


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Each notice has a time at which it can be due, for somebody whom it concerns."""
    return [
        source.of(notice.pack).mistake(("notices", notice.number), message, hint)
        for notice in policy.notices
        for message, hint in _problems(policy, notice)
    ]


def _problems(policy: Policy, notice: Notice) -> Iterator[tuple[str, str]]:
    who = f"notice {notice.id!r}"
    if notice.under is not None and notice.ages and AgeBand.MINOR not in notice.ages:
        yield f"{who} can never be due: nobody of its ages is under {notice.under}", "age: minor"
    if notice.every_minutes is not None and _ends_before(policy, notice):
        yield (
            f"{who} can never be due: everybody's session ends before {notice.every_minutes:g} minutes",
            "a shorter time, or a longer session",
        )
    if notice.on and not _can_hold(policy, notice):
        states = ", ".join(sorted(notice.on))
        yield f"{who} waits for {states}, which never holds when a reply goes out", ""


def _ends_before(policy: Policy, notice: Notice) -> bool:
    ages = notice.ages or (frozenset({AgeBand.MINOR}) if notice.under else frozenset(AgeBand))
    caps = [policy.caps(Profile(user=None, age_band=age)).session_minutes for age in ages]
    # A turn may begin right at the cap, so a notice at the cap itself is still seen.
    return all(cap is not None and cap < (notice.every_minutes or 0) for cap in caps)


def _can_hold(policy: Policy, notice: Notice) -> bool:
    possible = notice.on - _BEFORE_THE_BOT - OF_THE_REPLY
    if policy.dependence is None:
        possible -= _INDEX
    return bool(possible)
