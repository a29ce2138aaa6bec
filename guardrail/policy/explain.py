"""Every value in force for one kind of person, with the pack and the article that it comes from.

What a compliance lead prints and files: `guardrail policy explain us-ca --age minor`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import product

from guardrail.policy.model import Condition, Limits, Notice, Policy, Rule, Stop
from guardrail.policy.vocabulary import ANY
from guardrail.turn import AgeBand, Detector, Label, Profile, Side

__all__ = ["Line", "differences", "explain", "loosened"]


@dataclass(frozen=True, slots=True)
class Line:
    """One value: its path as packs write it, what it is, which packs say so, and which article."""

    path: str
    value: str
    packs: str
    article: str = ""
    reason: str = ""


def explain(policy: Policy, profile: Profile, language: str = "en") -> tuple[Line, ...]:
    """All values for this person: thresholds, failure, caps, terms, notices, rules in their order.

    Reasons are in `language` where the pack has them in it.
    """
    return tuple(_lines(policy, profile, language))


def differences(
    old: Policy, new: Policy, profile: Profile
) -> tuple[tuple[str, Line | None, Line | None], ...]:
    """What differs between two policies for this person: path, the line before, the line after."""
    before = {line.path: line for line in explain(old, profile)}
    after = {line.path: line for line in explain(new, profile)}
    paths = dict.fromkeys((*before, *after))
    return tuple(
        (path, before.get(path), after.get(path))
        for path in paths
        if _value(before.get(path)) != _value(after.get(path))
    )


def loosened(policy: Policy) -> tuple[tuple[str, Line, Line], ...]:
    """Values that a pin made differ from the strictest: path, the line now, the strict line."""
    if policy.unpinned is None:
        return ()
    found: dict[str, tuple[str, Line, Line]] = {}
    for age in AgeBand:
        for path, strict, now in differences(
            policy.unpinned, policy, Profile(user=None, age_band=age)
        ):
            if strict is not None and now is not None:
                found.setdefault(path, (path, now, strict))
    return tuple(found.values())


def _value(line: Line | None) -> str | None:
    return None if line is None else line.value


def _lines(policy: Policy, profile: Profile, language: str) -> Iterator[Line]:
    age = profile.age_band
    yield from _plain(policy, "mode", policy.mode)
    yield from _plain(policy, "unknown_age", policy.unknown_age)
    yield from _plain(policy, "doubted_age", policy.doubted_age)
    yield from _plain(policy, "zone", policy.zone)
    for label, side in product((*Label, *Detector), Side):
        threshold = policy.thresholds[label, side, age]
        path = f"thresholds.{label}.{side}.{age}"
        value = f"soft {threshold.soft:g}, hard {threshold.hard:g}"
        yield _line(policy, path, value, _cells("thresholds", label, side, age))
    for label, side in product(Label, Side):
        posture = policy.postures.get((label, side, age))
        if posture is not None:
            path = f"failure.{label}.{side}.{age}"
            yield _line(policy, path, posture, _cells("failure", label, side, age))
    yield from _caps(policy, profile)
    yield from _terms(policy, profile)
    yield from _words(policy, profile)
    for notice in policy.notices:
        if _concerns(notice, profile):
            yield _cited(policy, _notice(notice, language))
    for rule in policy.rules:
        if _reaches(rule.when, profile):
            yield _cited(policy, _rule(rule, language))


def _cited(policy: Policy, line: Line) -> Line:
    """With the articles that other packs say it keeps, too."""
    return replace(line, article=policy.cites(line.path, line.article))


def _plain(policy: Policy, path: str, value: object) -> Iterator[Line]:
    yield _line(policy, path, str(value), (path,))


def _line(policy: Policy, path: str, value: str, written: tuple[str, ...]) -> Line:
    packs = [p for place in written for p in _packs(policy, place)]
    articles = dict.fromkeys(part for place in written if (part := policy.cites(place)))
    return Line(path, value, ", ".join(dict.fromkeys(packs)) or "built in", "; ".join(articles))


def _packs(policy: Policy, place: str) -> list[str]:
    found = [
        packs
        for origin, packs in policy.origins.items()
        if origin == place or origin.startswith(f"{place}.")
    ]
    return [pack for packs in found for pack in packs.split(", ")]


def _cells(table: str, label: str, side: str, age: str) -> tuple[str, ...]:
    """The places where a value of a table may be written."""
    places = product((label, ANY), (side, ANY), (age, ANY))
    return tuple(f"{table}.{'.'.join(place)}" for place in places)


def _caps(policy: Policy, profile: Profile) -> Iterator[Line]:
    caps = policy.caps(profile)
    young = [f"under-{age}" for age in policy.young if profile.under(age)]
    for field in fields(Limits):
        value = getattr(caps, field.name)
        if value is not None:
            rows = (*young, profile.age_band.value, ANY)
            written = tuple(f"limits.{row}.{field.name}" for row in rows)
            yield _line(policy, f"limits.{field.name}", f"{value}", written)


def _terms(policy: Policy, profile: Profile) -> Iterator[Line]:
    crisis = policy.crisis
    values: Mapping[str, object] = {
        "crisis.hold_hours": f"{crisis.hold_hours:g}",
        "crisis.point_minutes": f"{crisis.point_minutes:g}",
        "crisis.omission": f"{crisis.omission:g}",
        "crisis.repair": crisis.repair,
        "crisis.keep_out": f"{crisis.keep_out}".lower(),
        "hold": f"{policy.hold.chars} characters, {policy.hold.seconds:g} s, tail {policy.hold.tail}",
    }
    for path, value in values.items():
        yield from _plain(policy, path, value)
    for curfew in policy.curfews:
        if profile.under(curfew.under):
            value = f"under {curfew.under}: {curfew.begins} to {curfew.ends}"
            yield _line(policy, "curfew", value, ("curfew",))
    for consent in policy.consents:
        if profile.under(consent.under):
            value = f"under {consent.under}: {consent.scope}, version {consent.version}"
            yield _line(policy, "consent", value, ("consent",))
    if (kept := policy.suppress.get(profile.age_band)) is not None:
        path = f"suppress.{profile.age_band}"
        yield _line(policy, path, ", ".join(sorted(kept)), (path,))
    terms = policy.dependence
    off = terms is None or profile.age_band not in terms.ages
    value = "off" if off or terms is None else f"elevated {terms.elevated:g}, high {terms.high:g}"
    yield from _plain(policy, "dependence", value)
    if policy.stop is not None:
        yield from _stop(policy, policy.stop)
    for language, said in policy.exit.words.items():
        path = f"exit.words.{language}"
        yield _line(policy, path, ", ".join(said), ("exit.words", path))


def _stop(policy: Policy, stop: Stop) -> Iterator[Line]:
    if stop.everything:
        yield from _plain(policy, "stop.everything", "true")
    named = {"apps": stop.apps, "routes": stop.routes, "characters": stop.characters}
    for key, names in named.items():
        if names:
            yield from _plain(policy, f"stop.{key}", ", ".join(sorted(names)))


def _words(policy: Policy, profile: Profile) -> Iterator[Line]:
    """What is kept of words, and how the bot's are marked."""
    privacy = policy.privacy
    yield from _plain(policy, "privacy.case_text_days", privacy.case_text_days)
    yield from _plain(policy, "privacy.turns", privacy.turns)
    yield from _plain(policy, "privacy.hold_days", privacy.hold_days(profile.age_band))
    yield from _plain(policy, "privacy.train", f"{privacy.train}".lower())
    if policy.label.explicit is not None:
        yield from _plain(policy, "label.explicit", policy.label.explicit)
    for key, value in policy.label.implicit.items():
        yield from _plain(policy, f"label.implicit.{key}", value)


def _concerns(notice: Notice, profile: Profile) -> bool:
    young = notice.under is None or profile.under(notice.under)
    return young and (not notice.ages or profile.age_band in notice.ages)


def _notice(notice: Notice, language: str) -> Line:
    due = [f"at the start of each {notice.start}"] if notice.start else []
    if notice.every_minutes is not None:
        due.append(f"every {notice.every_minutes:g} minutes of use")
    if notice.absence_days is not None:
        due.append(f"after {notice.absence_days:g} days away")
    due += [f"when {state}" for state in sorted(notice.on)]
    place = "in the chat" if notice.in_band else "as an event"
    place += ", beside words of help, too" if notice.with_help else ""
    said = (
        f"{notice.text} (in a crisis {notice.crisis_text})" if notice.crisis_text else notice.text
    )
    value = f"{said}: {', '.join(due)}; {place}"
    return Line(f"notices.{notice.id}", value, notice.pack, notice.article, notice.why(language))


def _reaches(when: Condition, profile: Profile) -> bool:
    young = when.under is None or profile.under(when.under)
    return young and (not when.ages or profile.age_band in when.ages)


def _rule(rule: Rule, language: str) -> Line:
    parts = [f"{rule.stage}: {_when(rule.when)} → {', '.join(rule.then)}"]
    if rule.text:
        parts.append(f"says {rule.text}{' after the reply' if rule.keep_reply else ''}")
    if rule.danger != "none":
        parts.append(f"crisis state {rule.danger}")
    return Line(f"rules.{rule.id}", "; ".join(parts), rule.pack, rule.article, rule.why(language))


def _when(when: Condition) -> str:
    parts = [when.side.value] if when.side else []
    names = [" or ".join(sorted(when.labels)), " and ".join(sorted(when.all_of))]
    if when.names:
        parts.append(f"{' and '.join(filter(None, names))} at {when.grade}")
    if when.level:
        parts.append(f"level {when.level}")
    if when.limit:
        parts.append(f"over {when.limit}")
    parts += [state.value for state in sorted(when.states)]
    parts += [f"unless {state}" for state in sorted(when.unless)]
    if when.ages:
        parts.append(f"age {' or '.join(sorted(when.ages))}")
    if when.under:
        parts.append(f"under {when.under}")
    return ", ".join(parts) or "always"
