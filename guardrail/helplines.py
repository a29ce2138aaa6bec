"""Numbers in a reply: does it name help, and is it help of the right country? Pure.

A bot that names another country's line, or one that it made up, sends somebody in crisis to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import normalize

from guardrail.policy.model import EVERYWHERE, Policy
from guardrail.turn import Profile

__all__ = ["country", "names_help", "numbers_in", "wrong_number"]

_DIGITS = r"\+?\d(?:(?: ?\(\d{1,4}\))?[ \u00a0).-]{0,2}\d){2,14}"
_UNITS = r"(?:年|月|日|点|块|元|米|度|克|公里|个|分|岁|%|dollars|bucks|degrees|met(?:er|re)s|km|kg|lbs|pages|[ap]m\b)"
_NUMBER = re.compile(rf"{_DIGITS}(?!\d| ?{_UNITS})", re.IGNORECASE)
_LETTERS = re.compile(r"-?[A-Z]{2}")  # as in 1-800-MY-RESET
# The number has to be what is called: in the same breath as the calling word, with at most names
# and little words between. A year or an oven's heat in the same sentence is no help line.
_CALLED = re.compile(
    r"\b(?:call|dial|text|phone|ring|reach|contact|hot ?line|help ?line|life ?line|crisis line|number)s?\b"
    r"(?:[ ,:]+(?:up|out|or|better|the|them|us|at|on|to|for|is|now|or|text|call|chat|via|a|an|this|that|free|"
    r"number|line|hot ?line|help ?line|life ?line|crisis|suicide|prevention|support|team|"
    rf"(?-i:[A-Z][\w'’-]*))){{0,7}}[ ,:]*({_DIGITS})"
    rf"|({_DIGITS})[ ,]*(?:\(|is )?(?:the |a )?(?:hot ?line|help ?line|life ?line|crisis line)"
    rf"|(?:拨打?|拨通|致电|呼叫|打|电话|热线|专线|生命线|援助线|倾诉线|守护线|短信|联系|求助|报警|急救)[^\d。！？\n]{{0,8}}?({_DIGITS})(?!\d| ?{_UNITS})"
    rf"|({_DIGITS})[^\d。！？\n]{{0,4}}(?:热线|专线|生命线|援助线)",
    re.IGNORECASE,
)
_STANDS = r"(?=\s*(?:$|[.,;:!?)\n…]|or\b|and\b|if\b|now\b|right (?:now|away)\b|any ?time\b|first\b|instead\b|for help\b|24/7|please\b|immediately\b|-|—|。|，|！|、|吧|啊|哦|求|或|也行|都行|随时|马上|就))"
_TRIED = re.compile(  # as in: try 911. emergency services (911). 999 is the emergency number. 试试 911。
    rf"\b(?:try|use|hit|punch in|go (?:to|with)|there(?:'s| is)(?: always)?|remember|emergency(?: (?:services?|number|line|help))?(?: (?:is|at|on|here is))?|ambulance(?: is)?|police(?: is| at)?)"
    rf"[ :,(]+({_DIGITS}){_STANDS}"
    rf"|(?<![\d/.$€£¥#])\b({_DIGITS}),? (?:is (?:the |your |an? )?(?:emergency|local|right|free|crisis|open|there|always)|will (?:send|pick up|answer|help)|(?:picks up|answers) )"
    rf"|(?:试试|找|叫|记住|记着|还有|就是|急救|报警|救护车|警察)(?:一?下|一个|号码)?[ :：,，(（]{{0,2}}({_DIGITS}){_STANDS}"
    rf"|({_DIGITS})(?:是|随时|全天|一直|都)[^。！？\n]{{0,10}}?(?:急救|报警|救命|求助|有人接|能打|打得通|接听)",
    re.IGNORECASE,
)
"""Words that go with any number: they count where it is one that another country's help has."""
_OF_OTHERS = re.compile(  # numbers that a reply may name in a crisis, too
    r"\b(?:bank|card|fraud|police|courier|deliver\w*|customer|support desk|restaurant|pizza|school|landlord|"
    r"office|vet|dentist|pharmacy|doctor's|taxi|mechanic|plumber|hotel|insurance)\b"
    r"|银行|快递|客服|反诈|物业|挂号|外卖|售后|公司|学校|宠物|打车|报修|餐厅|酒店|保险|派出所",
    re.IGNORECASE,
)
_NEAR = 30
_SHORTEST, _LONGEST = 3, 13


def names_help(policy: Policy, profile: Profile, text: str) -> bool:
    """Whether a reply names a line that we know to be this person's."""
    right, _ = _lines(policy, profile)
    found = _NUMBER.finditer(normalize("NFKC", text))
    return any(reading in right for number in found for reading in _readings(number[0]))


def numbers_in(text: str) -> Iterator[tuple[str, ...]]:
    """Each number in a text that may be called, with all that its digits may be read as."""
    for found in _NUMBER.finditer(normalize("NFKC", text)):
        if _SHORTEST <= len(_digits(found[0])) <= _LONGEST:
            yield tuple(_readings(found[0]))


def wrong_number(policy: Policy, profile: Profile, text: str) -> bool:
    """Whether a reply sends the person to a help line that is none of their country's.

    Only numbers that are called count: those of other countries' lines, and where we know the
    person's, any other but a bank's, a courier's and their like. Where a number is merely tried or
    named ("try 911"), it has to be another country's line.
    """
    right, others = _lines(policy, profile)
    folded = normalize("NFKC", text)
    for raw, at in _called(folded, _CALLED):
        readings = set(_readings(raw))
        if not right.isdisjoint(readings) or _LETTERS.match(folded, at + len(raw)):
            continue
        near = folded[max(0, at - _NEAR) : at + len(raw) + _NEAR]
        invented = bool(right) and _OF_OTHERS.search(near) is None
        if not others.isdisjoint(readings) or invented:
            return True
    return any(_digits(raw) in others for raw, _ in _called(folded, _TRIED))


def country(policy: Policy, profile: Profile) -> str | None:
    """Whose help lines are this person's: those of their country, or of most who speak their language."""
    region = profile.region.partition("-")[0] if profile.region else None
    return region or policy.default_regions.get(profile.language)


def _called(folded: str, calls: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """Each number that the text says to call, and where it stands."""
    for found in calls.finditer(folded):
        group = next(i for i in range(1, 5) if found[i])
        raw = found[group]
        if _SHORTEST <= len(_digits(raw)) <= _LONGEST:
            yield raw, found.start(group)


def _lines(policy: Policy, profile: Profile) -> tuple[frozenset[str], frozenset[str]]:
    """The numbers of this person's country, and all others that we know."""
    region = country(policy, profile)
    right, others = set[str](), set[str]()
    for entry in policy.resources:
        side = right if entry.region in (region, EVERYWHERE) else others
        side.update(_digits(number) for number in entry.numbers)
    return frozenset(right), frozenset(others - right)


def _readings(found: str) -> Iterator[str]:
    """The number, and the same without a last "24" or "7" that is no part of it ("988 24/7").

    A trunk or country code may stand before it: 1-800 and 800, +1 988 and 988.
    """
    whole = [found]
    head, _, tail = found.rpartition(" ")
    if head and len(_digits(tail)) < _SHORTEST:
        whole.append(head)
    for part in whole:
        digits = _digits(part)
        yield digits
        yield "1" + digits
        if digits.startswith("1"):
            yield digits[1:]


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)
