"""Two packs that speak of one thing: which of two conditions is wider, and both rules as one. Pure.

Rules of the same id become one that does what either asks for: on the wider condition, at the
earlier stage, with all actions, the graver severity and the stronger words. Notices of the same id
become one that is due when either is. So the order of two laws in a stack does not matter.
"""

from __future__ import annotations

from dataclasses import replace

from guardrail.policy.model import Condition, Notice, Rule, Stage, Start
from guardrail.turn import ACTION_RANK, Action, Danger, Grade, Level, Severity

__all__ = ["covers", "one_notice", "one_rule"]

_LEVELS = list(Level)
_STAGES = list(Stage)
_DANGERS = list(Danger)
_SEVERITIES = list(Severity)
_SPEAKING = (Action.SUPPORT, Action.REPLACE, Action.BLOCK, Action.END)
_QUIET = {Action.ALLOW, Action.ANNOTATE}


def covers(wide: Condition, narrow: Condition) -> bool:
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


def one_rule(old: Rule, new: Rule) -> Rule | None:
    """Both as one, in the words of `new` where they are as strong.

    `None` if they are about different things, so that neither condition covers the other.
    """
    if covers(new.when, old.when):
        when = new.when
    elif covers(old.when, new.when):
        when = old.when
    else:
        return None
    speaker = old if _strength(old) > _strength(new) else new
    actions = dict.fromkeys((*old.then, *new.then))
    spoken = [action for action in speaker.then if action in _SPEAKING]
    kept = [a for a in actions if a not in _SPEAKING and a not in _QUIET]
    return replace(
        new,
        when=when,
        then=(*spoken, *kept) or max(old.then, new.then, key=_rank),
        text=speaker.text,
        again=speaker.again,
        resources=old.resources or new.resources,
        keep_reply=speaker.keep_reply,
        severity=_gravest(old.severity, new.severity),
        danger=max(old.danger, new.danger, key=_DANGERS.index),
        stage=min(old.stage, new.stage, key=_STAGES.index),
        article=_both(old.article, new.article),
    )


def one_notice(old: Notice, new: Notice) -> Notice:
    """Both as one: due when either is, for everybody whom one of them concerns."""
    return replace(
        new,
        start=_oftener(old.start, new.start),
        every_minutes=_sooner(old.every_minutes, new.every_minutes),
        absence_days=_sooner(old.absence_days, new.absence_days),
        on=old.on | new.on,
        cooldown_minutes=min(old.cooldown_minutes, new.cooldown_minutes),
        ages=old.ages | new.ages if old.ages and new.ages else frozenset(),
        under=None if old.under is None or new.under is None else max(old.under, new.under),
        in_band=old.in_band or new.in_band,
        with_help=old.with_help or new.with_help,
        crisis_text=new.crisis_text or old.crisis_text,
        article=_both(old.article, new.article),
    )


def _strength(rule: Rule) -> tuple[bool, int]:
    """How much of the bot's words is left: none is stronger than a word beside them."""
    spoken = [ACTION_RANK[action] for action in rule.then if action in _SPEAKING]
    return bool(spoken) and not rule.keep_reply, max(spoken, default=-1)


def _rank(actions: tuple[Action, ...]) -> int:
    return max(ACTION_RANK[action] for action in actions)


def _gravest(a: Severity | None, b: Severity | None) -> Severity | None:
    found = [severity for severity in (a, b) if severity is not None]
    return max(found, key=_SEVERITIES.index, default=None)


def _both(a: str, b: str) -> str:
    """Articles, each once, those of the later pack first."""
    return "; ".join(dict.fromkeys(part for part in (*b.split("; "), *a.split("; ")) if part))


def _oftener(a: Start | None, b: Start | None) -> Start | None:
    return Start.SITTING if Start.SITTING in (a, b) else a or b


def _sooner(a: float | None, b: float | None) -> float | None:
    return min((value for value in (a, b) if value is not None), default=None)


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
