"""`under` is about children: nobody of 18 or more is under any age (`Profile.under`)."""

from __future__ import annotations

from collections.abc import Iterator

from guardrail.errors import Mistake
from guardrail.policy.kept import at
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.turn import AgeBand

__all__ = ["check"]

_OF_AGE = 18
_HINT = "under: 18 is the highest that is kept"


def check(policy: Policy, source: Source) -> list[Mistake]:
    """No value or rule promises something to grown people by their years, nor to ages it leaves out."""
    return [*_values(policy, source), *_rules(policy, source), *_notices(policy, source)]


def _values(policy: Policy, source: Source) -> Iterator[Mistake]:
    found = [("curfew.under", curfew.under) for curfew in policy.curfews]
    found += [("consent.under", consent.under) for consent in policy.consents]
    for path, under in found:
        if under > _OF_AGE:
            yield at(source, policy, path, (_reaches(path.partition(".")[0], under), _HINT))


def _rules(policy: Policy, source: Source) -> Iterator[Mistake]:
    for rule in policy.rules:
        place, under, who = ("rules", rule.number, "when"), rule.when.under, f"rule {rule.id!r}"
        if under is None:
            continue
        if rule.when.ages and AgeBand.MINOR not in rule.when.ages:
            message = f"{who} can never match: nobody of its ages is under {under}"
            yield source.of(rule.pack).mistake(place, message, "age: minor")
        elif under > _OF_AGE:
            yield source.of(rule.pack).mistake(place, _reaches(who, under), _HINT)


def _notices(policy: Policy, source: Source) -> Iterator[Mistake]:
    for notice in policy.notices:
        if notice.under is not None and notice.under > _OF_AGE:
            place = ("notices", notice.number, "under")
            message = _reaches(f"notice {notice.id!r}", notice.under)
            yield source.of(notice.pack).mistake(place, message, _HINT)


def _reaches(who: str, under: int) -> str:
    return f"{who} says under {under}, but reaches nobody of {_OF_AGE} or more"
