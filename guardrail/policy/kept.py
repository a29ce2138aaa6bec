"""Whether rules keep what the values of a pack ask for. Pure; the checks ask it.

A curfew, a consent or a word that ends the talk is a value; what comes of it is a rule's word. A
value that no rule answers is a duty that nobody keeps, and its writer believes otherwise.
"""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.decide import SPEAKING
from guardrail.policy.model import Policy, Rule
from guardrail.policy.source import Source
from guardrail.turn import AgeBand, Danger, Side, State

__all__ = ["at", "left_out", "raises", "says", "stops"]


def stops(rule: Rule, held: frozenset[State]) -> bool:
    """Whether a rule puts our words in the bot's place whenever these states hold, whatever is said."""
    when = rule.when
    return (
        when.side in (None, Side.USER)
        and when.states <= held
        and when.unless.isdisjoint(held)
        and not (when.names or when.limit)
        and not rule.keep_reply
        and not SPEAKING.isdisjoint(rule.then)
    )


def left_out(policy: Policy, held: frozenset[State], under: int | None = None) -> list[AgeBand]:
    """The ages for whom no rule stops the bot when these states hold; of those `under` an age alone.

    Somebody is under an age only as a minor (`Profile.under`).
    """
    concerned = list(AgeBand) if under is None else [AgeBand.MINOR]
    kept: set[AgeBand] = set()
    for rule in policy.rules:
        most = rule.when.under
        wide = most is None or (under is not None and most >= under)
        if wide and stops(rule, held):
            kept |= rule.when.ages or set(AgeBand)
    return [age for age in concerned if age not in kept]


def raises(policy: Policy) -> bool:
    """Whether any rule opens a crisis of the person."""
    return any(rule.danger is not Danger.NONE for rule in policy.rules)


def says(policy: Policy, path: str) -> str | None:
    """The last pack that writes this value, or something beneath it; `None` if none does."""
    found = [
        packs.rpartition(", ")[2]
        for written, packs in policy.origins.items()
        if written == path or written.startswith(f"{path}.")
    ]
    return found[-1] if found else None


def at(source: Source, policy: Policy, path: str, said: tuple[str, str]) -> Mistake:
    """A mistake (message and hint) where this value is written, in the last pack that writes it."""
    return source.of(says(policy, path) or "").mistake(path.split("."), *said)
