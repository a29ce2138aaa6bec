"""A template for a risk assessment, filled with what is known of rules and duties. Pure.

A law asks the operator to assess (CA B&P 21812; CN Art 22); no software can do it for them. What it
can do: put before them what protects people today, category by category, and every duty of which a
part is theirs, so that nothing is passed over; and say at the end what exactly was assessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from guardrail.assessed import BLANK, block
from guardrail.policy.model import Mode, Policy
from guardrail.policy.obligations import Chapter, Obligation
from guardrail.report.words import Say
from guardrail.turn import Detector, Label

__all__ = ["Found", "regions_of", "template"]

_RISKS = (
    Label.SELF_HARM,
    Label.MANIPULATION,
    Label.DEPENDENCE,
    Label.SEXUAL,
    Detector.ROMANCE,
    Label.VIOLENCE,
    Label.GAMBLING,
    Detector.LOSS,
    Detector.PURCHASE,
    Detector.PROBING,
    Detector.PROFESSIONAL,
    Detector.CLAIMS_HUMAN,
    Detector.SECRECY,
    Detector.EVADING,
)
_CALLED = {"UK": "GB"}
"""Packs that are not called as ISO 3166 calls their country."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the template is made of. `policies` by region, "" for everybody else."""

    policies: Mapping[str, Policy]
    chapters: Collection[Chapter]
    running: tuple[str, ...]
    classifier: str
    today: str  # an ISO date


def template(found: Found, say: Say) -> str:
    """The assessment as Markdown, with a blank for everything that only people can say."""
    return "\n".join(_lines(found, say))


def regions_of(policies: Collection[Policy]) -> frozenset[str]:
    """The places whose laws these policies were stacked for, as the list of duties calls them."""
    names = {pack.upper() for policy in policies for pack in (policy.name, *policy.extends)}
    parts = {part for name in names for part in (name, name[:5], name[:2], name[3:])}
    return frozenset(_CALLED.get(part, part) for part in parts)


def _lines(found: Found, say: Say) -> Iterator[str]:
    yield f"# {say('risk.title')}"
    yield ""
    yield say("risk.head", day=found.today)
    yield ""
    yield say("risk.law")
    yield from _asked(say, "service", "who", "why", "ages", "scale")
    yield from _today(found, say)
    yield from _risks(found, say)
    yield from _duties(found, say)
    yield from _asked(say, "outcome", "before", "signed", "next")
    yield ""
    yield say("risk.block")
    yield ""
    yield block(found.running)


def _asked(say: Say, head: str, *questions: str) -> Iterator[str]:
    yield from _head(say, head)
    for question in questions:
        yield _blank(say(f"risk.{question}"))


def _head(say: Say, key: str) -> Iterator[str]:
    yield ""
    yield f"## {say(f'risk.{key}')}"
    yield ""


def _blank(what: str) -> str:
    return f"- {BLANK} {what}"


def _today(found: Found, say: Say) -> Iterator[str]:
    yield from _head(say, "today")
    for region, policy in found.policies.items():
        line = say(
            "risk.pack",
            where=region or say("risk.everybody"),
            title=policy.called(say.language),
            rules=len(policy.rules),
            notices=len(policy.notices),
        )
        trial = f" {say('risk.shadow')}" if policy.mode is Mode.SHADOW else ""
        yield f"- {line}{trial}"
    yield f"- {say('risk.model', kind=found.classifier)}"


def _risks(found: Found, say: Say) -> Iterator[str]:
    yield from _head(say, "risks")
    for risk in _RISKS:
        rules = {
            rule.id: None
            for policy in found.policies.values()
            for rule in policy.rules
            if risk in rule.when.names
        }
        yield f"### {say.name(risk)}"
        yield ""
        named = ", ".join(f"`{rule}`" for rule in rules)
        yield say("risk.rules", rules=named) if rules else say("risk.norules")
        yield ""
        yield _blank(say("risk.left"))
        yield ""


def _duties(found: Found, say: Say) -> Iterator[str]:
    """Those that are asked for where these policies are in force; all of them if that is nowhere."""
    places = regions_of(found.policies.values())
    duties = [duty for chapter in found.chapters for duty in chapter.duties]
    if not any(article.region in places for duty in duties for article in duty.law):
        places = frozenset(article.region for duty in duties for article in duty.law)
    yield from _head(say, "yours")
    yield say("risk.yours.head")
    yield ""
    for duty in duties:
        stays = _stays(duty, say)
        if stays and any(article.region in places for article in duty.law):
            yield _blank(f"**{duty.id}** {duty.duty[say.language]} {stays}")


def _stays(duty: Obligation, say: Say) -> str:
    """What the operator has to do; empty where software does all of it."""
    parts = [duty.operator.get(say.language, "")]
    if duty.not_yet:
        parts.append(say("risk.missing", what=duty.not_yet[say.language]))
    return " ".join(part for part in parts if part)
