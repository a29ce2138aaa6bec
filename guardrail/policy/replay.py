"""Recorded decisions taken again under another policy: what would have been different. Pure.

A record holds scores, age, states and caps but no text, and that is all a decision may depend on;
so the past can be asked what a new policy would have done, and nobody has to be listened to again.
What a replay cannot know: how the talk would have gone on after another answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from guardrail.policy.decide import decide
from guardrail.policy.model import Facts, Policy
from guardrail.turn import AgeBand, Assessment, Decision, Level, Profile, Side, Signal, State

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
    """What came of it. `unread` are records that lack what a decision needs."""

    policy: str
    decisions: int = 0
    same: int = 0
    unread: int = 0
    flips: Counter[Flip] = field(default_factory=Counter)

    @property
    def changed(self) -> int:
        """Decisions whose rule or actions differ."""
        return sum(self.flips.values())


def replay(records: Iterable[Mapping[str, Any]], policy: Policy) -> Replay:
    """Decide on recorded turns again. `records` are bodies of "record" events."""
    found = Replay(policy.tag)
    for record in records:
        try:
            pairs = list(_decided(record, policy))
        except (KeyError, TypeError, ValueError):
            found.unread += 1
            continue
        for old, new, profile in pairs:
            found.decisions += 1
            if (old["rule"], list(old["actions"])) == (new.rule, [a.value for a in new.actions]):
                found.same += 1
            else:
                found.flips[_flip(old, new, profile)] += 1
    return found


def _decided(
    record: Mapping[str, Any], policy: Policy
) -> Iterator[tuple[Mapping[str, Any], Decision, Profile]]:
    """Each side's last decision, as it was and as it would be.

    A stream is decided on window by window, but a record keeps the findings of all of it; so it is
    the decision that stood in the end which is comparable.
    """
    profile = _profile(record["profile"])
    seen = {Side(entry["side"]): _assessment(entry) for entry in record["assessments"]}
    last = {Side(entry["side"]): entry for entry in record["decisions"]}
    for side, old in last.items():
        facts = Facts(
            id=old["id"],
            side=side,
            profile=profile,
            assessment=seen.get(side, Assessment(side)),
            limits=tuple(record["limits"]) if side is Side.USER else (),
            states=frozenset(State(state) for state in old["states"]),
        )
        yield old, decide(policy, facts), profile


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
