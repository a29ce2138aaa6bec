"""Recorded decisions taken again under another policy: what would have been different. Pure.

A record holds scores, age, states and caps but no text, and that is all a decision may depend on;
so the past can be asked what a new policy would have done, and nobody has to be listened to again.
What a replay cannot know: how the talk would have gone on after another answer.

What one record asks, each of it once:

1. What was found in the person's words, and in the bot's. A stream is judged piece by piece, but a
   record keeps the findings of all of it; so the gravest decision on its pieces is the one to compare.
2. A reply, or a part of it, that nobody could look at: its decision names what could not be read.
3. A reply that leaves help out in a crisis: decided on that alone.

Equal facts give equal decisions. So where the very policy of a decision is at hand and comes to
something else, the record lacks what decided: such a decision is counted as `lacking`, not as a flip.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from guardrail.policy.decide import besides, decide
from guardrail.policy.model import Facts, Policy, Stage
from guardrail.turn import (
    ACTION_RANK,
    Action,
    AgeBand,
    Assessment,
    Decision,
    Level,
    Outcome,
    Profile,
    Side,
    Signal,
    State,
)

__all__ = ["Flip", "Replay", "replay"]


@dataclass(frozen=True, slots=True)
class Flip:
    """One way in which decisions changed: the same side, label and age, another rule."""

    side: str
    label: str
    age: str
    old_rule: str
    old_action: str
    new_rule: str
    new_action: str


@dataclass(slots=True)
class Replay:
    """What came of it.

    `unread` are records that cannot be read; `lacking` are decisions that cannot be taken again,
    because their record keeps less than they were taken on.
    """

    policy: str
    decisions: int = 0
    same: int = 0
    unread: int = 0
    lacking: int = 0
    flips: Counter[Flip] = field(default_factory=Counter)

    @property
    def changed(self) -> int:
        """Decisions whose rule or actions differ."""
        return sum(self.flips.values())


class _Asked(NamedTuple):
    """One decision of a record, and all that it is taken on again."""

    old: Mapping[str, Any]
    facts: Facts
    stage: Stage | None  # the rules that were asked alone
    by_human: bool  # a moderator held the conversation: what was decided was not carried out


def replay(
    records: Iterable[Mapping[str, Any]], policy: Policy, known: Iterable[Policy] = ()
) -> Replay:
    """Decide on recorded turns again.

    Args:
        records: bodies of "record" events.
        policy: the policy to decide under.
        known: other policies at hand, to tell decisions that cannot be taken again.
    """
    found = Replay(policy.tag)
    at_hand = {one.tag: one for one in (*known, policy)}
    for record in records:
        try:
            asked = list(_asked(record))
        except (KeyError, TypeError, ValueError):
            found.unread += 1
            continue
        for one in asked:
            _compare(one, policy, at_hand.get(one.old["policy"]), found)
    return found


def _compare(one: _Asked, policy: Policy, own: Policy | None, found: Replay) -> None:
    if own is not None and not _same(one.old, _again(one, own)):
        found.lacking += 1
        return
    found.decisions += 1
    new = _again(one, policy)
    if _same(one.old, new):
        found.same += 1
    else:
        found.flips[_flip(one.old, new, one.facts.profile)] += 1


def _same(old: Mapping[str, Any], new: Decision) -> bool:
    return bool((old["rule"], list(old["actions"])) == (new.rule, [a.value for a in new.actions]))


def _again(one: _Asked, policy: Policy) -> Decision:
    """The decision of this policy, as a review comes to it."""
    first = decide(policy, one.facts, one.stage)
    if one.stage is not None:
        return first
    done = replace(first, enforced=False) if one.by_human else first
    return besides(policy, one.facts, done) or first


def _asked(record: Mapping[str, Any]) -> Iterator[_Asked]:
    """What a record can be asked again: of each side and kind its gravest decision."""
    profile = _profile(record["profile"])
    seen = {Side(entry["side"]): _assessment(entry) for entry in record["assessments"]}
    kinds: dict[tuple[Side, str], list[Mapping[str, Any]]] = {}
    for entry in record["decisions"]:
        side = Side(entry["side"])
        kinds.setdefault((side, _kind(entry, seen.get(side))), []).append(entry)
    for (side, kind), entries in kinds.items():
        old = _gravest(entries)
        facts = Facts(
            id=old["id"],
            side=side,
            profile=profile,
            assessment=_judged(side, kind, old, seen.get(side)),
            limits=tuple(record["limits"]) if side is Side.USER else (),
            states=frozenset(State(state) for state in old["states"]),
        )
        alone = Stage.CRISIS if kind == _BESIDE else None
        yield _Asked(old, facts, alone, record["outcome"] == Outcome.HUMAN)


_FOUND, _UNREADABLE, _OMITTED, _BESIDE = "found", "unreadable", "omitted", "beside"


def _kind(entry: Mapping[str, Any], seen: Assessment | None) -> str:
    """What a decision was taken on (see above); `beside` is help beside words of ours without it."""
    if State.OMISSION in entry["states"]:
        return _BESIDE if str(entry["id"]).endswith("c") else _OMITTED
    degraded = entry["degraded"]
    if degraded is not None and (seen is None or seen.failed != degraded):
        return _UNREADABLE
    return _FOUND


def _judged(side: Side, kind: str, old: Mapping[str, Any], seen: Assessment | None) -> Assessment:
    """The findings that a decision was taken on."""
    if kind == _UNREADABLE:
        return Assessment(side, failed=old["degraded"], floor_ran=False)
    if kind != _FOUND or seen is None:
        return Assessment(side)
    return seen if old["degraded"] is not None else replace(seen, failed=None)


def _gravest(entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The decision that did most; of equal ones the last."""
    return max(reversed(entries), key=lambda entry: max(_ranks(entry["actions"])))


def _ranks(actions: Sequence[str]) -> list[int]:
    return [ACTION_RANK[Action(action)] for action in actions] or [0]


def _profile(body: Mapping[str, Any]) -> Profile:
    years = body["years"]
    return Profile(
        user=body["user"],
        age_band=AgeBand(body["age_band"]),
        region=body["region"],
        language=body["language"],
        years=(years[0], years[1]) if years is not None else None,
    )


def _assessment(body: Mapping[str, Any]) -> Assessment:
    signals = tuple(
        Signal(
            label=signal["label"],
            score=signal["score"],
            source=signal["source"],
            level=Level(signal["level"]) if signal["level"] is not None else None,
        )
        for signal in body["signals"]
    )
    return Assessment(
        side=Side(body["side"]),
        signals=signals,
        failed=body["failed"],
        floor_ran=body["floor_ran"],
    )


def _flip(old: Mapping[str, Any], new: Decision, profile: Profile) -> Flip:
    return Flip(
        side=new.side,
        label=str(new.label or old["label"] or "none"),
        age=profile.age_band,
        old_rule=old["rule"],
        old_action=", ".join(old["actions"]),
        new_rule=new.rule,
        new_action=", ".join(new.actions),
    )
