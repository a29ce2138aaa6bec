"""What a moderator may want to look at again before their words go out. Pure, and only advice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrail.helplines import country, numbers_in, wrong_number
from guardrail.policy.model import Kind, Policy
from guardrail.turn import Profile

__all__ = ["advice"]

_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_PHONE = re.compile(r"(?<![\d-])(?:\+?\d[\d ()-]{8,}\d)(?![\d-])")
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_SECRET = re.compile(
    r"\b(?:won'?t|will not|never) tell (?:anyone|anybody|your (?:mom|mum|dad|parents))\b"
    r"|\b(?:between|just) (?:you and me|us)\b|\bour (?:little )?secret\b"
    r"|不(?:会)?告诉(?:任何人|别人|你爸|你妈|你父母)|替你保密|我们(?:俩|两个)?的秘密|只有你我知道",
    re.IGNORECASE,
)
_HANDLE = re.compile(
    r"\b(?:add|message|text|dm) me on\b|\bmy (?:whats ?app|we ?chat|telegram|snap(?:chat)?|insta(?:gram)?|discord)\b"
    r"|加(?:一?下)?我(?:的)?(?:微信|QQ|好友|一下)|我的?(?:微信|QQ|手机)号?",
    re.IGNORECASE,
)
_BLANK = re.compile(r"\{[\w ]+\}|\[[\w ]+\]|＿＿|____")


_YEAR = re.compile(r"(?:19|20)\d\d")

_LINES = frozenset({Kind.CRISIS, Kind.YOUTH, Kind.GAMBLING})
"""Lines whose neighbours are looked for. Next to 110 and 911 lie too many numbers that mean something
else; where those are called, `wrong_number` sees them."""


def advice(policy: Policy, profile: Profile, text: str) -> tuple[str, ...]:
    """Codes of what speaks against sending this as it is: words for each stand in the console.

    `typo`: names a number that is nearly a help line of the person's country, such as 998.
    `number`: sends them to one that is none of their country's. `personal`: holds a phone number, an
    address, a link or an account elsewhere that is no help line of ours. `secrecy`: promises to tell
    nobody (which a moderator cannot keep). `blank`: a template's place is not filled in.
    """
    known = {re.sub(r"\D", "", number) for entry in policy.resources for number in entry.numbers}
    phones = (re.sub(r"\D", "", found) for found in _PHONE.findall(text))
    foreign = any(phone not in known and phone.removeprefix("1") not in known for phone in phones)
    typo = _typo(policy, profile, text, known)
    found = {
        "typo": typo,
        "number": not typo and wrong_number(policy, profile, text),
        "personal": foreign or any(one.search(text) for one in (_MAIL, _LINK, _HANDLE)),
        "secrecy": bool(_SECRET.search(text)),
        "blank": bool(_BLANK.search(text)),
    }
    return tuple(code for code, so in found.items() if so)


def _typo(policy: Policy, profile: Profile, text: str, known: set[str]) -> bool:
    """Whether some number is one slip away from a line of the person's country, and is none itself."""
    here = country(policy, profile)
    lines = {
        re.sub(r"\D", "", number)
        for entry in policy.resources
        if entry.region == here and entry.kind in _LINES
        for number in entry.numbers
    }
    unknown = (found[0] for found in numbers_in(text) if known.isdisjoint(found))
    return any(_slipped(one, line) for one in unknown if not _YEAR.fullmatch(one) for line in lines)


def _slipped(written: str, line: str) -> bool:
    """One digit wrong, missing or too many, or two that changed places."""
    if len(written) != len(line):
        longer, shorter = sorted((written, line), key=len, reverse=True)
        return shorter in _without_one(longer)
    pairs = enumerate(zip(written, line, strict=True))
    wrong = [place for place, (one, other) in pairs if one != other]
    if len(wrong) < 2:  # noqa: PLR2004
        return bool(wrong)
    first, last = wrong[0], wrong[-1]
    return len(wrong) == 2 and last == first + 1 and sorted(written) == sorted(line)  # noqa: PLR2004


def _without_one(digits: str) -> Iterator[str]:
    return (digits[:at] + digits[at + 1 :] for at in range(len(digits)))
