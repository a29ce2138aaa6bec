"""What a moderator may want to look at again before their words go out. Pure, and only advice."""

from __future__ import annotations

import re

from guardrail.helplines import wrong_number
from guardrail.policy.model import Policy
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
_BLANK = re.compile(r"\{[\w ]+\}|\[[\w ]+\]|＿＿|____")


def advice(policy: Policy, profile: Profile, text: str) -> tuple[str, ...]:
    """Codes of what speaks against sending this as it is: words for each stand in the console.

    `number`: names a help line that is not one of the person's country. `personal`: holds a phone
    number, an address or a link that is no help line of ours. `secrecy`: promises to tell nobody
    (which a moderator cannot keep). `blank`: a template's place is not filled in.
    """
    known = {re.sub(r"\D", "", number) for entry in policy.resources for number in entry.numbers}
    phones = (re.sub(r"\D", "", found) for found in _PHONE.findall(text))
    foreign = any(phone not in known and phone.removeprefix("1") not in known for phone in phones)
    found = {
        "number": wrong_number(policy, profile, text),
        "personal": foreign or bool(_MAIL.search(text) or _LINK.search(text)),
        "secrecy": bool(_SECRET.search(text)),
        "blank": bool(_BLANK.search(text)),
    }
    return tuple(code for code, so in found.items() if so)
