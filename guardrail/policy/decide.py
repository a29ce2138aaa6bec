"""Facts in, decision out. Pure, and quick enough to run on every window of a stream.

How a decision is reached:

1. Every signal whose label (or detector) has thresholds for this side and age band becomes a
   *mark*: soft or hard. Names we do not know (other people's classifiers bring their own) are
   ignored.
2. The first rule whose condition holds decides. If none holds, the rule is `default`: allow.
3. If the primary classifier failed, only the lexicon has spoken. Where its rule already stops the
   bot's words, that stands. Otherwise the strictest failure posture of all labels, for this side
   and age band, answers: what could not be judged might have been any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from guardrail.policy.model import Condition, Facts, Mode, Name, Policy, Posture, Rule, Stage
from guardrail.turn import (
    SPEAKING,
    Action,
    AgeBand,
    Assessment,
    Danger,
    Decision,
    Detector,
    Grade,
    Label,
    Level,
    Profile,
    Side,
    State,
)

__all__ = [
    "RESERVED_RULES",
    "SPEAKING",
    "UNAVAILABLE",
    "besides",
    "decide",
    "repeated",
    "undecided",
]

DEFAULT = "default"
FAILURE_RULES: Mapping[Posture, str] = {posture: f"failure-{posture}" for posture in Posture}

RESERVED_RULES = frozenset({DEFAULT, *FAILURE_RULES.values()})
"""Rule ids that `decide` itself writes; a pack may not use them."""

UNAVAILABLE = "unavailable"
"""Text key of the words for a turn that nobody could judge. Every pack has it."""

_ASIDE = frozenset({State.ABOUT_OTHER, State.BEREAVED, State.FICTION, State.EATING})
"""What gets words of its own, and is no crisis of the person's."""

# Keyed by text, because signals carry plain strings: any classifier may invent labels.
_LABELS: Mapping[str, Name] = {name.value: name for name in (*Label, *Detector)}
_LEVEL_RANK: Mapping[Level, int] = {level: rank for rank, level in enumerate(Level)}
_POSTURE_RANK: Mapping[Posture, int] = {posture: rank for rank, posture in enumerate(Posture)}


class _Mark(NamedTuple):
    """One label over its thresholds. Marks compare by gravity: hard first, then the score."""

    hard: bool
    score: float
    label: Name

    @property
    def grade(self) -> Grade:
        return Grade.HARD if self.hard else Grade.SOFT


def decide(policy: Policy, facts: Facts, stage: Stage | None = None) -> Decision:
    """The one decision that `policy` takes on `facts`; with `stage`, by the rules of that one alone.

    Deterministic: equal arguments give equal decisions, so a recorded turn can be replayed.
    """
    marks = _marks(policy, facts)
    level = _level(policy, facts) if Label.SELF_HARM in marks else None
    rules = policy.rules if marks else _unmarked(policy, facts)  # most turns have none
    if stage is not None:
        rules = tuple(r for r in rules if r.stage is stage)
    rule = next((r for r in rules if _matches(r.when, facts, marks, level)), None)
    decision = _ruled(policy, facts, rule, marks) if rule else _allowed(policy, facts, DEFAULT)
    if facts.assessment.failed is None:
        return decision
    return _degraded(policy, facts, decision)


def _unmarked(policy: Policy, facts: Facts) -> tuple[Rule, ...]:
    """The rules that may hold where no label was found."""
    quiet = not (facts.states or facts.limits)
    return policy.calm[facts.side] if quiet else policy.unmarked[facts.side]


def besides(policy: Policy, facts: Facts, first: Decision) -> Decision | None:
    """What stops the bot's words although `first`, which lets them pass, was decided before it.

    Words of concern do not open the door to harm. A line about somebody else, a loss, a
    story or eating opens it neither to that nor to a spent limit, a pause or a night that is kept free. Where the
    bot is out of service, nothing opens it.
    """
    stages: tuple[Stage, ...] = ()
    if first.intervenes:
        return None
    if State.STOPPED in facts.states:
        stages = (Stage.HARM, Stage.LIMIT)
    elif first.adds_words and first.danger is not Danger.NONE:
        stages = (Stage.HARM,)
    elif first.enforced and not _ASIDE.isdisjoint(facts.states):
        stages = (Stage.HARM, Stage.LIMIT)
    found = (decide(policy, replace(facts, id=f"{facts.id}h"), stage) for stage in stages)
    return next((decision for decision in found if decision.intervenes), None)


def undecided(
    policy: Policy, profile: Profile, limits: tuple[str, ...], states: frozenset[State]
) -> bool:
    """Whether no limit and no state keeps a turn from the bot, whatever its words are.

    Never so for a minor, and never in a crisis: their words are judged before anybody has them.
    """
    if profile.age_band is AgeBand.MINOR or State.CONCERN in states:
        return False
    silent = Facts("", Side.USER, profile, Assessment(Side.USER), limits, states)
    decision = decide(policy, silent)
    return not decision.intervenes and besides(policy, silent, decision) is None


def repeated(decision: Decision, before: int) -> Decision:
    """The decision in the words for those who said it `before` times in this crisis."""
    if not decision.again or before < 1:
        return decision
    return replace(decision, text=decision.again[min(before, len(decision.again)) - 1])


def _marks(policy: Policy, facts: Facts) -> dict[Name, _Mark]:
    found: dict[Name, _Mark] = {}
    for signal in facts.assessment.signals:
        label = _LABELS.get(signal.label)
        if label is None:
            continue
        threshold = policy.thresholds.get((label, facts.side, facts.profile.age_band))
        if threshold is None or signal.score < threshold.soft:
            continue
        mark = _Mark(signal.score >= threshold.hard, signal.score, label)
        if label not in found or mark > found[label]:
            found[label] = mark
    return found


def _level(policy: Policy, facts: Facts) -> Level | None:
    """The gravest level given by a source that itself reaches the soft threshold.

    A source that scores self-harm low must not turn another's faint finding into a plan.
    """
    threshold = policy.thresholds[Label.SELF_HARM, facts.side, facts.profile.age_band]
    levels = [
        signal.level
        for signal in facts.assessment.signals
        if signal.level is not None and signal.score >= threshold.soft
    ]
    return max(levels, key=_LEVEL_RANK.__getitem__, default=None)


def _matches(
    when: Condition, facts: Facts, marks: Mapping[Name, _Mark], level: Level | None
) -> bool:
    return (
        (when.side is None or when.side is facts.side)
        and (not when.ages or facts.profile.age_band in when.ages)
        and (when.limit is None or when.limit in facts.limits)
        and when.states <= facts.states
        and when.unless.isdisjoint(facts.states)
        and (when.under is None or facts.profile.under(when.under))
        and (when.level is None or _reaches(level, when.level))
        and (not (when.labels or when.all_of) or (bool(marks) and _found(when, marks)))
    )


def _found(when: Condition, marks: Mapping[Name, _Mark]) -> bool:
    """One of `labels`, if there are any, and each of `all_of`."""
    found = {mark.label for mark in _concerned(when, marks)}
    return when.all_of <= found and (not when.labels or not when.labels.isdisjoint(found))


def _reaches(level: Level | None, wanted: Level) -> bool:
    return level is not None and _LEVEL_RANK[level] >= _LEVEL_RANK[wanted]


def _concerned(when: Condition, marks: Mapping[Name, _Mark]) -> list[_Mark]:
    """The marks that this condition asks about."""
    soft_will_do = when.grade is not Grade.HARD
    names = when.names
    return [m for m in marks.values() if (soft_will_do or m.hard) and m.label in names]


def _ruled(policy: Policy, facts: Facts, rule: Rule, marks: Mapping[Name, _Mark]) -> Decision:
    gravest = max(_concerned(rule.when, marks), default=None)
    return Decision(
        id=facts.id,
        side=facts.side,
        rule=rule.id,
        actions=rule.then,
        policy=policy.tag,
        enforced=policy.mode is Mode.ENFORCE,
        label=gravest.label if gravest else None,
        grade=gravest.grade if gravest else Grade.NONE,
        score=gravest.score if gravest else 0.0,
        text=rule.text,
        resources=rule.resources,
        keep_reply=rule.keep_reply,
        severity=rule.severity,
        reason=rule.reason,
        article=rule.article,
        danger=rule.danger,
        again=rule.again,
        states=tuple(sorted(facts.states)),
    )


def _allowed(policy: Policy, facts: Facts, rule: str) -> Decision:
    return Decision(
        id=facts.id,
        side=facts.side,
        rule=rule,
        actions=(Action.ALLOW,),
        policy=policy.tag,
        enforced=policy.mode is Mode.ENFORCE,
        states=tuple(sorted(facts.states)),
    )


def _degraded(policy: Policy, facts: Facts, floor: Decision) -> Decision:
    """What stands when the model gave no answer; `floor` is what the lexicon alone led to."""
    failed = facts.assessment.failed
    stops = not floor.keep_reply and not SPEAKING.isdisjoint(floor.actions)
    if stops:
        return replace(floor, degraded=failed)
    posture = _posture(policy, facts.side, facts.profile.age_band)
    if posture is Posture.FLOOR and not facts.assessment.floor_ran:
        posture = Posture.CLOSED
    if posture is Posture.CLOSED:
        return _closed(floor, failed)
    if floor.rule == DEFAULT:
        return replace(floor, rule=FAILURE_RULES[posture], degraded=failed)
    return replace(floor, degraded=failed)


def _posture(policy: Policy, side: Side, age: AgeBand) -> Posture:
    """The strictest over all labels. A posture that is not stated is closed, never open."""
    return max(
        (policy.postures.get((label, side, age), Posture.CLOSED) for label in Label),
        key=_POSTURE_RANK.__getitem__,
    )


def _closed(floor: Decision, failed: str | None) -> Decision:
    """Nothing passes. What the lexicon's rule would have set going (a case, help words) stays."""
    case = (Action.ESCALATE,) if Action.ESCALATE in floor.actions else ()
    return replace(
        floor,
        rule=FAILURE_RULES[Posture.CLOSED],
        actions=(*case, Action.BLOCK),
        text=floor.text if floor.resources and floor.text else UNAVAILABLE,
        resources=True,
        keep_reply=False,
        degraded=failed,
    )
