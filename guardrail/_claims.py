"""What a header or a claim of a token says of a person, read strictly.

Each function takes a value as it came, or `None` if there was none, and raises `IdentityError` (400)
for one that cannot be read: what is a slip must not become silence.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from guardrail.errors import IdentityError
from guardrail.household import known_zone
from guardrail.turn import AgeBand, Evidence

__all__ = ["age_of", "character_of", "evidence_of", "region_of", "zone_of"]

_BRACKET = re.compile(r"(?:under-(\d{1,2})|(\d{1,3})-(\d{1,3})|(\d{1,3})\+)\Z")
_ZONE = re.compile(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+){0,4}\Z")
_OF_AGE = 18
_OLDEST = 120
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?\Z")


def age_of(value: str | None) -> tuple[AgeBand | None, tuple[int, int] | None]:
    """An age band, or a bracket as platforms give them ("under-13", "13-15", "16-17", "18+")."""
    if value is None:
        return None, None
    if value in list(AgeBand):
        return AgeBand(value), None
    years = _years(value)
    if years is None:
        raise _malformed(
            "the age band must be adult, minor, unknown, or years such as under-13, 13-15 or 18+"
        )
    # Who may be under 18 is one: a bracket that crosses the line protects.
    return AgeBand.MINOR if years[0] < _OF_AGE else AgeBand.ADULT, years


def _years(value: str) -> tuple[int, int] | None:
    bracket = _BRACKET.match(value)
    if bracket is None:
        return None
    below, low, high, least = bracket.groups()
    years = (0, int(below) - 1) if below else (int(low or least), int(high or _OLDEST))
    return years if years[0] <= years[1] else None


def evidence_of(value: str | None) -> Evidence:
    """How an age is known; the platform's word if nothing is said."""
    known = (Evidence.VERIFIED, Evidence.PLATFORM, Evidence.GUARDIAN)
    if value is None:
        return Evidence.PLATFORM
    if value in known:
        return Evidence(value)
    raise _malformed("age_evidence must be verified, platform or guardian")


def zone_of(value: str | None) -> str | None:
    """A zone that this machine knows: with another one curfews and caps would run by UTC."""
    if value is not None and not (_ZONE.match(value) and known_zone(value)):
        raise _malformed(
            "the time zone is not known; it must be an IANA name such as Asia/Shanghai"
        )
    return value


def character_of(value: str | None) -> str | None:
    """A character's name; a header holds it percent-encoded where it is not plain ASCII."""
    return unquote(value, errors="replace") if value is not None else None


_OTHERWISE = {"UK": "GB", "EL": "GR"}


def region_of(value: str | None) -> str | None:
    """A country, or a part of one. `UK` and `EL`, as the EU writes them, are GB and GR."""
    if value is None:
        return None
    if not _REGION.match(value):
        raise _malformed("the region must be an ISO 3166 code such as US or US-CA")
    country, dash, part = value.partition("-")
    return _OTHERWISE.get(country, country) + dash + part


def _malformed(message: str) -> IdentityError:
    return IdentityError(message, status=400, code="malformed_identity")
