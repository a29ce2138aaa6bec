"""A rule that an earlier rule always beats is not a rule; its writer believes otherwise."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.model import Condition, Policy, Rule
from guardrail.policy.source import Source
from guardrail.turn import Grade, Level

__all__ = ["check"]

_LEVELS = list(Level)


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Each rule can be reached: no single earlier rule covers it."""
    mistakes: list[Mistake] = []
    for number, rule in enumerate(policy.rules):
        earlier = _shadow(rule, policy.rules[:number])
        if earlier is not None:
            mistakes.append(
                source.of(rule.pack).mistake(
                    ("rules", rule.number),
                    f"rule {rule.id!r} can never match: {earlier.id!r} on line {earlier.line} "
                    "always comes first",
                    f"move it before {earlier.id!r}, or narrow that rule",
                )
            )
    return mistakes


def _shadow(rule: Rule, earlier: tuple[Rule, ...]) -> Rule | None:
    return next((e for e in earlier if _covers(e.when, rule.when)), None)


def _covers(wide: Condition, narrow: Condition) -> bool:
    """Whether `wide` holds wherever `narrow` does."""
    return (
        wide.side in (None, narrow.side)
        and wide.limit in (None, narrow.limit)
        and wide.states <= narrow.states
        and wide.unless <= narrow.unless
        and _covers_age(wide.under, narrow.under)
        and _covers_set(wide.ages, narrow.ages)
        and _covers_labels(wide, narrow)
        and _covers_level(wide.level, narrow.level)
    )


def _covers_age(wide: int | None, narrow: int | None) -> bool:
    return wide is None or (narrow is not None and narrow <= wide)


def _covers_set(wide: frozenset[object], narrow: frozenset[object]) -> bool:
    """An empty set does not restrict, so it is the widest."""
    return not wide or bool(narrow and narrow <= wide)


def _covers_labels(wide: Condition, narrow: Condition) -> bool:
    if not wide.names:
        return True
    grade_fits = wide.grade is Grade.SOFT or narrow.grade is Grade.HARD
    one = not wide.labels or bool(narrow.labels and narrow.labels <= wide.labels)
    one = one or not narrow.all_of.isdisjoint(wide.labels)
    return grade_fits and one and wide.all_of <= narrow.all_of


def _covers_level(wide: Level | None, narrow: Level | None) -> bool:
    if wide is None:
        return True
    return narrow is not None and _LEVELS.index(narrow) >= _LEVELS.index(wide)
