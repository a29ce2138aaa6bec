"""The words of the policy language, version 1: which keys there are, and what they may hold.

One place, so that the loader and the JSON Schema cannot drift apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from enum import StrEnum

from guardrail.policy.model import Limits

__all__ = [
    "ANY",
    "CASE",
    "CONSENT",
    "CRISIS",
    "CURFEW",
    "DEPENDENCE",
    "EXIT",
    "EXPECT",
    "GIVEN",
    "HOLD",
    "HOURS",
    "LABEL",
    "LIMITS",
    "LIMIT_NAMES",
    "NAME",
    "NOTICE",
    "OVERLAY",
    "PACK",
    "PRIVACY",
    "REASON",
    "REGION",
    "RESOURCE",
    "RESOURCES",
    "RULE",
    "STOP",
    "SUPPRESSIBLE",
    "THRESHOLD",
    "TRIALS",
    "UNCERTAIN",
    "VERSION",
    "WHEN",
    "Certainty",
    "Language",
    "Shape",
]

VERSION = 1
"""As `guardrail: 1` says at the head of every file."""

ANY = "any"
"""Stands for every label, side or age band that has no line of its own."""

LIMIT_NAMES = tuple(field.name for field in fields(Limits))

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""Packs and rules: they become file names, metric labels and record entries."""

REGION = re.compile(r"[A-Z]{2}")
"""ISO 3166-1 alpha-2."""

HOURS = re.compile(r"24/7|\d{2}:\d{2}-\d{2}:\d{2}")
"""Round the clock, or a span of local time. Left out where our source does not say."""


class Language(StrEnum):
    """Languages that we can speak."""

    EN = "en"
    ZH = "zh"


class Certainty(StrEnum):
    """How well a resource is attested: by its own site or several sources, or by one page."""

    HIGH = "high"
    MED = "med"


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys that a mapping must and may have."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys, the required ones first."""
        return self.required + self.optional

    def and_may(self, *keys: str) -> Shape:
        """This shape, with more optional keys."""
        return Shape(self.required, self.optional + keys)


def _keys(*lines: str) -> tuple[str, ...]:
    return tuple(key for line in lines for key in line.split())


_TERMS = (
    "extends effective zone unknown_age doubted_age notices curfew consent crisis exit dependence"
    " suppress privacy label stop articles pin"
)
PACK = Shape(
    _keys("guardrail name title mode languages default_region", "thresholds failure rules texts"),
    _keys("shadow_until hold limits", _TERMS),
)
OVERLAY = Shape(
    _keys("guardrail name title extends"),
    _keys("mode languages default_region thresholds failure rules texts"),
).and_may(*_keys("shadow_until hold limits", _TERMS))
RULE = Shape(
    _keys("id when then"),
    _keys("text again resources keep_reply severity danger stage reason article"),
)
REASON = Shape(tuple(language.value for language in Language))
WHEN = Shape(optional=_keys("side label all_of at level age under limit state unless"))
NOTICE = Shape(
    _keys("id text"),
    _keys(
        "start every_minutes absence_days on cooldown_minutes age under in_band with_help"
        " crisis_text reason article"
    ),
)
CURFEW = Shape(_keys("under from to"))
CONSENT = Shape(_keys("under"), _keys("scope version"))
CRISIS = Shape(optional=_keys("hold_hours point_minutes omission repair keep_out"))
EXIT = Shape(optional=_keys("words text"))
DEPENDENCE = Shape(optional=_keys("elevated high age"))
SUPPRESSIBLE = ("memory", "push")
"""What can be kept from children: being remembered, and being called back."""
PRIVACY = Shape(optional=_keys("case_text_days turns hold_days train"))
LABEL = Shape(optional=_keys("explicit implicit"))
STOP = Shape(optional=_keys("everything apps routes characters"))
THRESHOLD = Shape(_keys("soft hard"))
HOLD = Shape(optional=_keys("chars seconds tail"))
LIMITS = Shape(optional=LIMIT_NAMES)

RESOURCES = Shape(_keys("guardrail resources"))
RESOURCE = Shape(
    _keys("region kind languages ages name contact numbers source verified_on certainty"),
    _keys("hours tel sms url"),
)
UNCERTAIN = Shape(
    _keys("region kind languages ages name contact numbers disabled"),
    _keys("source verified_on certainty hours tel sms url"),
)
"""A resource that nobody is told of yet: `disabled` says why."""

TRIALS = Shape(_keys("guardrail policy cases"))
CASE = Shape(_keys("name given expect"))
GIVEN = Shape(
    _keys("side"),
    _keys(
        "scores level age years region language limits states failed floor_ran on",
        "signs sitting_minutes day_minutes away_days clock shown",
    ),
)
EXPECT = Shape(
    optional=_keys(
        "rule actions text label grade severity resources keep_reply intervenes degraded danger",
        "says notices age limits suppress privacy",
    ),
)
