"""A rule about a cap that is set for nobody waits for ever, and a cap without a rule does nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from guardrail.errors import Mistake
from guardrail.policy.model import Limits, Policy, Rule
from guardrail.policy.source import Source
from guardrail.policy.vocabulary import LIMIT_NAMES
from guardrail.turn import Action, AgeBand, Side

__all__ = ["check"]

_OF_AGE = 18
_Row = AgeBand | int
"""Whom a line of `limits` is about: an age band, or those under an age."""


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Caps and the rules about them match up."""
    return [*_waiting(policy, source), *_forgotten(policy, source)]


def _waiting(policy: Policy, source: Source) -> Iterator[Mistake]:
    """Rules whose cap is set for none of those whom they are about."""
    for rule in policy.rules:
        name, ages = rule.when.limit, rule.when.ages or set(AgeBand)
        if name is None:
            continue
        bands = {AgeBand.MINOR if isinstance(row, int) else row for row in _capped(policy, name)}
        if not ages & bands:
            message = f"rule {rule.id!r} can never match: no {name} is set"
            place = ("rules", rule.number, "when")
            yield source.of(rule.pack).mistake(place, message, "set it under limits")


def _forgotten(policy: Policy, source: Source) -> Iterator[Mistake]:
    """Caps that no rule acts on whenever they are gone over."""
    for name in LIMIT_NAMES:
        acting = [rule for rule in policy.rules if _acts(rule, name)]
        rows = [row for row in _capped(policy, name) if not any(_about(r, row) for r in acting)]
        if rows:
            who = ", ".join(sorted(f"under-{row}" if isinstance(row, int) else row for row in rows))
            message = f"{name} is set for {who}, but no rule acts on it"
            yield source.pack.mistake(("limits",), message, f"add a rule with limit: {name}")


def _capped(policy: Policy, name: str) -> list[_Row]:
    tables: tuple[Mapping[AgeBand, Limits] | Mapping[int, Limits], ...]
    tables = (policy.limits, policy.young)
    return [row for table in tables for row, caps in table.items() if getattr(caps, name)]


def _acts(rule: Rule, name: str) -> bool:
    """Whether a rule does something about a cap, whatever else is so."""
    when = rule.when
    free = not (when.names or when.states) and when.side is not Side.BOT
    return when.limit == name and free and rule.then != (Action.ALLOW,)


def _about(rule: Rule, row: _Row) -> bool:
    """Whether a rule is about all whom this line caps."""
    when = rule.when
    band, most = (AgeBand.MINOR, row) if isinstance(row, int) else (row, _OF_AGE)
    in_age = when.under is None or (when.under >= most and band is AgeBand.MINOR)
    return in_age and (not when.ages or band in when.ages)
