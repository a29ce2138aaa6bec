"""Decision to words: what a person sees. Pure.

Rules of this file: plain text that reads well in a chat bubble; never a number that is not in the
policy's resources; never empty-handed, so where we know no line we name the directory and the
local emergency number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from guardrail.policy.model import EVERYWHERE, Kind, Notice, Policy, Resource
from guardrail.turn import AgeBand, Decision, Label, Profile, State, Turn

__all__ = [
    "LAST_WORDS",
    "MOST_LINES",
    "connect",
    "help_lines",
    "marking",
    "resources_for",
    "said",
    "steering",
    "words",
]

LAST_WORDS: Mapping[str, str] = {
    "en": (
        "Something went wrong on our side, and I can't answer right now. I'm sorry.\n\n"
        "If you are hurting or in danger, please don't stay alone with it:\n"
        "• United States: call or text 988\n"
        "• Mainland China: call 12356\n"
        "• Anywhere else: findahelpline.com\n"
        "• In immediate danger: call your local emergency number"
    ),
    "zh": (
        "我们这边出了点问题，现在没办法回答你，对不起。\n\n"
        "如果你很难受，或者有危险，请别一个人扛着：\n"
        "• 中国大陆：拨打 12356\n"
        "• 美国：拨打或发短信至 988\n"
        "• 其他地区：findahelpline.com\n"
        "• 情况紧急：请拨打当地的紧急电话"
    ),
}
"""What is said when every part of us is broken. Depends on no file, on purpose."""

MOST_LINES = 3
"""Help lines named at once, emergency and directory not counted. More is a burden to choose."""

_STEERING = (
    "The person you are talking to may be in danger of harming themselves. Answer again, in {language}, "
    "in two to four warm sentences without lecturing: show that you heard what they said, stay with "
    "it, and encourage them to reach a real person now. Name only these places: {lines}. Do not "
    "promise secrecy, do not diagnose, and do not say that you are a person."
)
_LANGUAGE_NAMES: Mapping[str, str] = {"en": "English", "zh": "Simplified Chinese"}
_EMERGENCY_WORDS: Mapping[str, str] = {
    "en": "In immediate danger, wherever you are: call your local emergency number",
    "zh": "无论你在哪里，情况紧急时：请拨打当地的紧急电话",
}
_ROUND_THE_CLOCK: Mapping[str, str] = {"en": "24 hours", "zh": "24 小时"}


def words(policy: Policy, decision: Decision, profile: Profile) -> str:
    """What to say for `decision`: its text in the person's language, then where to find help.

    Empty if the decision says nothing. A text that the policy lacks (the loader refuses such a
    pack) becomes `LAST_WORDS` rather than silence.
    """
    if decision.text is None:
        return ""
    if not policy.texts.get(decision.text):
        return _in(LAST_WORDS, profile.language)
    text = said(policy, decision.text, profile)
    if not decision.resources:
        return text
    return f"{text}\n\n{_help(policy, decision, profile)}"


def said(policy: Policy, key: str, profile: Profile) -> str:
    """A text of the policy in the person's language."""
    return _in(policy.texts.get(key, {}), profile.language)


def help_lines(policy: Policy, profile: Profile) -> str:
    """Where somebody in a crisis finds help, a line each."""
    kinds = {Kind.CRISIS, Kind.YOUTH} if profile.age_band is AgeBand.MINOR else {Kind.CRISIS}
    return _bulleted(policy, profile, resources_for(policy, profile, kinds))


def connect(policy: Policy, profile: Profile) -> list[dict[str, str]]:
    """The same for buttons: one tap to a real person (CA B&P 21812(d)(1)), most fitting first.

    Each has `kind`, `name`, `contact` as people read it, and those of `tel`, `sms` and `url` that
    there are, as addresses for a link (RFC 3966, RFC 5724). Where the country is only a guess or not
    covered, the directory comes with them.
    """
    kinds = {Kind.CRISIS, Kind.YOUTH} if profile.age_band is AgeBand.MINOR else {Kind.CRISIS}
    found = resources_for(policy, profile, kinds)[:MOST_LINES]
    emergency = resources_for(policy, profile, {Kind.EMERGENCY})[:1]
    everywhere = () if found and profile.region is not None else _directories(policy)
    return [_button(one, profile.language) for one in (*found, *emergency, *everywhere)]


def _button(entry: Resource, language: str) -> dict[str, str]:
    ways = {
        "tel": f"tel:{_dialled(entry.tel)}" if entry.tel else "",
        "sms": f"sms:{_dialled(entry.sms)}" if entry.sms else "",
        "url": entry.url,
    }
    said = {"name": _in(entry.name, language), "contact": _in(entry.contact, language)}
    return {"kind": entry.kind.value, **said, **{way: to for way, to in ways.items() if to}}


def _dialled(number: str) -> str:
    return number.replace(" ", "")


def marking(policy: Policy, profile: Profile, turn: str) -> dict[str, Any]:
    """How an answer is marked as generated: words for people, metadata for machines; or empty.

    `turn` is the id that stands for `{id}` in the metadata (CN Labelling Measures Arts 4 and 5).
    """
    label = policy.label
    implicit = {key: value.replace("{id}", turn) for key, value in label.implicit.items()}
    explicit = said(policy, label.explicit, profile) if label.explicit else ""
    return {k: v for k, v in {"explicit": explicit, "implicit": implicit}.items() if v}


def facts(
    policy: Policy,
    turn: Turn,
    notices: Iterable[Notice],
    *,
    helps: bool,
    human: bool,
    off: Iterable[str] = (),
) -> dict[str, Any]:
    """What an app is told beside an answer's text, without what there is nothing to say of.

    `helps`: the answer names help; `human`: a human gives it; `off`: what to leave off for the person.
    """
    profile = turn.profile
    told = [
        {"id": one.id, "article": one.article, "in_band": one.in_band}
        | {"text": said(policy, one.text, profile)}
        for one in notices
    ]
    found = {
        "notices": told,
        "speaker": "human" if human else "",
        "connect": connect(policy, profile) if helps else [],
        "label": {} if human else marking(policy, profile, turn.id),
        "suppress": list(off),
    }
    return {key: value for key, value in found.items() if value}


def steering(policy: Policy, profile: Profile) -> str:
    """What a model is told before it answers somebody in crisis a second time."""
    lines = resources_for(policy, profile, {Kind.CRISIS, Kind.EMERGENCY})[: MOST_LINES + 1]
    named = "; ".join(_line(entry, profile.language) for entry in lines)
    return _STEERING.format(language=_LANGUAGE_NAMES[profile.language], lines=named)


def resources_for(
    policy: Policy, profile: Profile, kinds: Collection[Kind]
) -> tuple[Resource, ...]:
    """Where this person finds help of these kinds, most fitting first; empty if we know nothing.

    The region is the person's, or the policy's default when theirs is unknown; a region that we
    do not cover gets nothing, because another country's number is worse than none. Lines for the
    person's age band go first, and lines in another language only stand in where none speaks
    theirs.
    """
    region = _region(profile) or policy.default_regions.get(profile.language)
    local = [r for r in policy.resources if r.region == region and r.kind in kinds]
    fitting = [r for r in local if profile.age_band in r.ages]
    spoken = [r for r in fitting if profile.language in r.languages]
    # Stable: within the same closeness to the person's age, the order of the file is kept.
    return tuple(sorted(spoken or fitting, key=lambda r: len(r.ages)))


def _region(profile: Profile) -> str | None:
    """The country of a region such as US-CA: help lines are a country's."""
    return profile.region.partition("-")[0] if profile.region else None


def _help(policy: Policy, decision: Decision, profile: Profile) -> str:
    lines = _lines(policy, decision, profile)
    another = State.ABOUT_OTHER in decision.states and decision.severity is not None  # now
    urgent = another or State.ATTEMPT in decision.states
    return _bulleted(policy, profile, lines, urgent=urgent)


def _bulleted(
    policy: Policy, profile: Profile, lines: tuple[Resource, ...], *, urgent: bool = False
) -> str:
    """A line each; where `urgent`, the ambulance goes before those who listen."""
    emergency = resources_for(policy, profile, {Kind.EMERGENCY})[:1]
    guessed = profile.region is None  # the default region may not be theirs
    first = [_line(entry, profile.language) for entry in emergency]
    if guessed or not emergency:
        first.append(_in(_EMERGENCY_WORDS, profile.language))
    listening = [_line(entry, profile.language) for entry in lines[:MOST_LINES]]
    said = [*first, *listening] if urgent else [*listening, *first]
    if guessed or not lines:
        said.extend(_line(entry, profile.language) for entry in _directories(policy))
    return "\n".join(f"• {line}" for line in said)


def _lines(policy: Policy, decision: Decision, profile: Profile) -> tuple[Resource, ...]:
    """Lines for what this is about; a crisis line where there is none of its own."""
    if decision.label is Label.GAMBLING:
        found = resources_for(policy, profile, {Kind.GAMBLING})
        if found:
            return found
    if State.BEREAVED in decision.states:
        found = resources_for(policy, profile, {Kind.BEREAVEMENT})
        if found:
            return found
    kinds = {Kind.CRISIS, Kind.YOUTH} if profile.age_band is AgeBand.MINOR else {Kind.CRISIS}
    return resources_for(policy, profile, kinds)


def _directories(policy: Policy) -> Iterable[Resource]:
    return (r for r in policy.resources if r.region == EVERYWHERE and r.kind is Kind.DIRECTORY)


def _line(entry: Resource, language: str) -> str:
    name, contact = _in(entry.name, language), _in(entry.contact, language)
    hours = _in(_ROUND_THE_CLOCK, language) if entry.hours == "24/7" else entry.hours
    if language == "zh":
        return f"{name}：{contact}" + (f"（{hours}）" if hours else "")
    return f"{name}: {contact}" + (f" ({hours})" if hours else "")


def _in(said: Mapping[str, str], language: str) -> str:
    """In this language, else English, else whatever there is."""
    if language in said:
        return said[language]
    return said.get("en") or next(iter(said.values()), "")
