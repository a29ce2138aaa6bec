"""Several packs as one policy: for each value the strictest counts, unless a later pack pins it.

The first pack is the ground that the others stand on: it is whole, they may be partial. A pack that
is not yet in force on a day is left out of that day's policy, so rules of a coming law switch on by
the server's clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from itertools import chain
from typing import TypeVar, cast

from guardrail.policy.model import (
    Consent,
    CrisisTerms,
    Dependence,
    Exit,
    Hold,
    Marking,
    Name,
    Notice,
    Policy,
    Posture,
    Privacy,
    Repair,
    Rule,
    Stage,
    Stop,
    Threshold,
    strictest,
)
from guardrail.policy.same import one_notice, one_rule
from guardrail.turn import AgeBand, Detector, Side

__all__ = ["DETECTED", "Stack", "stacked"]

DETECTED = Threshold(0.5, 0.8)
"""Of detectors that no pack speaks of; 0.5 is the model's operating point."""

K = TypeVar("K")
V = TypeVar("V")

_POSTURES = {posture: rank for rank, posture in enumerate(Posture)}
_REPAIRS = {Repair.APPEND: 0, Repair.REGENERATE: 1, Repair.REPLACE: 2}
_AGES = {AgeBand.ADULT: 0, AgeBand.UNKNOWN: 1, AgeBand.MINOR: 2}
_STAGES = {stage: rank for rank, stage in enumerate(Stage)}


@dataclass(frozen=True, slots=True)
class Stack:
    """Packs in their order, the ground first. Whatever day it is, the policy comes from here."""

    parts: tuple[Policy, ...]

    def on(self, day: date) -> Policy:
        """The policy of this day."""
        ground, *others = self.parts
        return stacked([ground, *(p for p in others if self._in_force(p, day))], self.parts[-1])

    @property
    def begins(self) -> date:
        """The first day on which the pack that the stack is named after counts."""
        effective = self.parts[-1].effective
        return date.fromisoformat(effective) if effective else date.min

    def next_change(self, day: date) -> date | None:
        """The first day after this one on which another pack comes into force."""
        coming = (date.fromisoformat(part.effective) for part in self.parts if part.effective)
        return min((other for other in coming if other > day), default=None)

    def _in_force(self, part: Policy, day: date) -> bool:
        return not part.effective or date.fromisoformat(part.effective) <= day


def stacked(parts: Sequence[Policy], named: Policy | None = None) -> Policy:
    """One policy out of several; it bears the name of `named`, or of the last."""
    named = named or parts[-1]
    whole = parts[0]
    for part in parts[1:]:
        whole = _joined(whole, part)
    strict = None
    if any(part.pins for part in parts):
        strict = stacked([replace(part, pins=frozenset()) for part in parts], named)
    revisions = "\n".join(part.revision for part in parts)
    gaps: dict[tuple[Name, Side, AgeBand], Threshold] = {
        (detector, side, age): DETECTED
        for detector in Detector
        for side in Side
        for age in AgeBand
        if (detector, side, age) not in whole.thresholds
    }
    return replace(
        whole,
        name=named.name,
        title=named.title,
        titles=named.titles,
        revision=hashlib.sha256(revisions.encode()).hexdigest()[:12]
        if len(parts) > 1
        else parts[0].revision,
        rules=tuple(sorted(whole.rules, key=lambda rule: _STAGES[rule.stage])),
        thresholds={**whole.thresholds, **gaps},
        extends=tuple(part.name for part in parts),
        effective=named.effective,
        unpinned=strict,
    )


def _joined(ground: Policy, part: Policy) -> Policy:
    pick = _Pick(ground, part)
    rules, clashes = _rules(ground, part)
    return replace(
        ground,
        mode=part.mode if "mode" in part.origins else ground.mode,
        rules=rules,
        clashes=(*ground.clashes, *clashes),
        thresholds=pick.table("thresholds", ground.thresholds, part.thresholds, _lower),
        postures=pick.table("failure", ground.postures, part.postures, _closer),
        limits=pick.table("limits", ground.limits, part.limits, lambda a, b: strictest((a, b))),
        young=pick.table("limits", ground.young, part.young, lambda a, b: strictest((a, b))),
        hold=pick.one("hold", ground.hold, pick.filled("hold", ground.hold, part.hold), _sooner),
        texts={**ground.texts, **{k: {**ground.texts.get(k, {}), **v} for k, v in part.texts.items()}},
        default_regions={**ground.default_regions, **part.default_regions},
        languages=ground.languages,
        notices=_notices(ground, part),
        curfews=pick.one("curfew", ground.curfews, part.curfews, lambda a, b: (*a, *b)),
        consents=pick.one("consent", ground.consents, part.consents, _asked),
        crisis=pick.one("crisis", ground.crisis, pick.filled("crisis", ground.crisis, part.crisis), _firmer),
        exit=pick.one("exit", ground.exit, part.exit, _leaving),
        dependence=pick.one("dependence", ground.dependence, pick.filled("dependence", ground.dependence, part.dependence), _earlier),
        unknown_age=pick.one("unknown_age", ground.unknown_age, part.unknown_age, _younger),
        doubted_age=pick.one("doubted_age", ground.doubted_age, part.doubted_age, _younger),
        suppress=pick.table("suppress", ground.suppress, part.suppress, lambda a, b: a | b),
        privacy=pick.one("privacy", ground.privacy, pick.filled("privacy", ground.privacy, part.privacy), _more_private),
        label=pick.one("label", ground.label, part.label, _marked),
        stop=pick.one("stop", ground.stop, part.stop, _stopped),
        zone=part.zone if "zone" in part.origins else ground.zone,
        pins=ground.pins | part.pins,
        articles=_cited(ground.articles, part.articles),
        origins=_origins(ground, part),
    )  # fmt: skip


class _Pick:
    """Chooses between two packs: a pin counts, then what only one of them says, then the stricter."""

    def __init__(self, ground: Policy, part: Policy) -> None:
        self._ground, self._part = ground, part

    def one(self, path: str, old: V, new: V, stricter: Callable[[V, V], V]) -> V:
        if not _says(self._part, path):
            return old
        if _pinned(self._part, path) or not _says(self._ground, path):
            return new
        return self._pinned_fields(path, stricter(old, new), new)

    def table(
        self,
        path: str,
        old: Mapping[K, V],
        new: Mapping[K, V],
        stricter: Callable[[V, V], V],
    ) -> Mapping[K, V]:
        found = dict(old)
        for key, value in new.items():
            where = f"{path}.{_written(key)}"
            if _pinned(self._part, where) or key not in old:
                found[key] = value
            else:
                found[key] = self._pinned_fields(where, stricter(old[key], value), value)
        return found

    def filled(self, path: str, old: V, new: V) -> V:
        """The new value, and the old one in those of its fields of which the new pack is silent."""
        if not is_dataclass(old) or not is_dataclass(new) or isinstance(new, type):
            return new
        silent = [
            f.name for f in fields(new) if not _says(self._part, f"{path}.{_as_written(f.name)}")
        ]
        return cast("V", replace(new, **{name: getattr(old, name) for name in silent}))

    def _pinned_fields(self, path: str, value: V, new: V) -> V:
        if not is_dataclass(value) or isinstance(value, type):
            return value
        pins = self._part.pins
        pinned = [f.name for f in fields(value) if f"{path}.{_as_written(f.name)}" in pins]
        return cast("V", replace(value, **{name: getattr(new, name) for name in pinned}))


def _written(key: object) -> str:
    if isinstance(key, int):
        return f"under-{key}"
    return ".".join(str(step) for step in key) if isinstance(key, tuple) else str(key)


def _as_written(field: str) -> str:
    """What packs call a field of ours."""
    return {"ages": "age", "hold": "hold_days"}.get(field, field)


def _says(policy: Policy, path: str) -> bool:
    return any(origin == path or origin.startswith(f"{path}.") for origin in policy.origins)


def _pinned(policy: Policy, path: str) -> bool:
    return any(path == pin or path.startswith(f"{pin}.") for pin in policy.pins)


def _origins(ground: Policy, part: Policy) -> Mapping[str, str]:
    """Who a value comes from: all packs that speak of it, the later ones last."""
    found = dict(ground.origins)
    for path, pack in part.origins.items():
        before = found.get(path)
        found[path] = pack if before is None or _pinned(part, path) else f"{before}, {pack}"
    return found


def _cited(old: Mapping[str, str], new: Mapping[str, str]) -> Mapping[str, str]:
    return {**old, **{k: f"{old[k]}; {v}" if k in old else v for k, v in new.items()}}


def _rules(ground: Policy, part: Policy) -> tuple[tuple[Rule, ...], tuple[tuple[Rule, Rule], ...]]:
    """Within a stage the later pack's rules are asked first; two of the same id become one.

    With it those that cannot: then the later one counts, and a check says so.
    """
    own = {rule.id: rule for rule in part.rules}
    known = {rule.id for rule in ground.rules}
    kept: list[Rule] = []
    clashes: list[tuple[Rule, Rule]] = []
    for rule in ground.rules:
        new = own.get(rule.id)
        if new is None or _pinned(part, f"rules.{rule.id}"):
            kept.append(new or rule)
            continue
        both = one_rule(rule, new)
        kept.append(both or new)
        if both is None:
            clashes.append((rule, new))
    added = (rule for rule in part.rules if rule.id not in known)
    return tuple(chain(added, kept)), tuple(clashes)


def _notices(ground: Policy, part: Policy) -> tuple[Notice, ...]:
    own = {notice.id: notice for notice in part.notices}

    def kept(old: Notice) -> Notice:
        new = own.pop(old.id, None)
        if new is None or _pinned(part, f"notices.{old.id}"):
            return new or old
        return one_notice(old, new)

    return (*[kept(notice) for notice in ground.notices], *own.values())


def _lower(a: Threshold, b: Threshold) -> Threshold:
    return Threshold(min(a.soft, b.soft), min(a.hard, b.hard))


def _closer(a: Posture, b: Posture) -> Posture:
    return max(a, b, key=_POSTURES.__getitem__)


def _sooner(a: Hold, b: Hold) -> Hold:
    return Hold(min(a.chars, b.chars), min(a.seconds, b.seconds), max(a.tail, b.tail))


def _asked(a: tuple[Consent, ...], b: tuple[Consent, ...]) -> tuple[Consent, ...]:
    """One consent for all: to the later pack's words, for everybody whom one of them asks about."""
    if not a or not b:
        return a or b
    return (replace(b[0], under=max(consent.under for consent in (*a, *b))),)


def _firmer(a: CrisisTerms, b: CrisisTerms) -> CrisisTerms:
    return CrisisTerms(
        hold_hours=max(a.hold_hours, b.hold_hours),
        point_minutes=min(a.point_minutes, b.point_minutes),
        omission=max(a.omission, b.omission),
        repair=max(a.repair, b.repair, key=_REPAIRS.__getitem__),
        keep_out=a.keep_out or b.keep_out,
    )


def _more_private(a: Privacy, b: Privacy) -> Privacy:
    """Fewer words for a shorter time, but the longer hold: what a law keeps, no pack gives away."""
    return Privacy(
        case_text_days=min(a.case_text_days, b.case_text_days),
        turns=min(a.turns, b.turns),
        hold={age: max(a.hold_days(age), b.hold_days(age)) for age in (*a.hold, *b.hold)},
        train=a.train and b.train,
    )


def _marked(a: Marking, b: Marking) -> Marking:
    return Marking(b.explicit or a.explicit, {**a.implicit, **b.implicit})


def _stopped(a: Stop | None, b: Stop | None) -> Stop | None:
    if a is None or b is None:
        return a or b
    return Stop(
        everything=a.everything or b.everything,
        apps=a.apps | b.apps,
        routes=a.routes | b.routes,
        characters=a.characters | b.characters,
    )


def _leaving(a: Exit, b: Exit) -> Exit:
    languages = dict.fromkeys((*a.words, *b.words))
    words = {
        language: tuple(dict.fromkeys((*a.words.get(language, ()), *b.words.get(language, ()))))
        for language in languages
    }
    return Exit(words, b.text or a.text)


def _earlier(a: Dependence | None, b: Dependence | None) -> Dependence | None:
    if a is None or b is None:
        return a or b
    return Dependence(min(a.elevated, b.elevated), min(a.high, b.high), a.ages | b.ages)


def _younger(a: AgeBand, b: AgeBand) -> AgeBand:
    return max(a, b, key=_AGES.__getitem__)
