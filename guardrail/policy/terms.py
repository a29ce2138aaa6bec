"""What a pack asks for by the clock and by the state of a person: notices, nights, consent, crisis."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping, Sequence

from guardrail.household import character_name
from guardrail.policy.model import (
    Clock,
    Consent,
    CrisisTerms,
    Curfew,
    Dependence,
    Exit,
    Marking,
    Notice,
    Privacy,
    Repair,
    Start,
    Stop,
)
from guardrail.policy.reader import Reader, suggestion
from guardrail.policy.rules import read_reason
from guardrail.policy.source import Node
from guardrail.policy.vocabulary import (
    CONSENT,
    CRISIS,
    CURFEW,
    DEPENDENCE,
    EXIT,
    LABEL,
    NAME,
    NOTICE,
    PRIVACY,
    STOP,
    SUPPRESSIBLE,
)
from guardrail.turn import AgeBand, State

__all__ = [
    "read_age",
    "read_articles",
    "read_clock",
    "read_consents",
    "read_crisis",
    "read_curfews",
    "read_dependence",
    "read_exit",
    "read_label",
    "read_notices",
    "read_privacy",
    "read_stop",
    "read_suppress",
    "read_zone",
]

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_OLDEST = 25
"""Beyond it nobody is protected for being young (OR SB 1546 names lines for people under 25)."""
_DAY = 24 * 60
_MOST_DAYS = 36_500
"""A hundred years: whoever writes more means for ever, and nothing here is."""
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


def read_notices(reader: Reader, node: Node | None, pack: str) -> tuple[Notice, ...]:
    """All notices in their order."""
    if node is None:
        return ()
    items = reader.items(node, "notices")
    notices = tuple(_notice(reader, item, pack, n) for n, item in enumerate(items))
    seen: set[str] = set()
    for item, notice in zip(items, notices, strict=True):
        if notice.id in seen:
            reader.complain(item.at("id"), f"notice {notice.id!r} exists")
        seen.add(notice.id)
    return notices


def _notice(reader: Reader, node: Node, pack: str, number: int) -> Notice:
    keys = reader.fields(node, NOTICE, "a notice")
    reason, reasons = read_reason(reader, keys.get("reason"))
    notice = Notice(
        id=_name(reader, keys.get("id")),
        text=reader.text(keys.get("text"), "text"),
        start=reader.word(keys["start"], Start, "a beginning") if "start" in keys else None,
        every_minutes=_number(reader, keys, "every_minutes", 1, _DAY),
        absence_days=_number(reader, keys, "absence_days", 1, 365),
        on=frozenset(reader.words(keys["on"], State, "a state") if "on" in keys else ()),
        cooldown_minutes=_number(reader, keys, "cooldown_minutes", 0, 60 * _DAY) or 0.0,
        ages=frozenset(reader.words(keys["age"], AgeBand, "an age band") if "age" in keys else ()),
        under=_under(reader, keys.get("under")),
        in_band=reader.flag(keys["in_band"], "in_band") if "in_band" in keys else True,
        crisis_text=reader.text(keys.get("crisis_text"), "a text") if "crisis_text" in keys else "",
        with_help="with_help" in keys and reader.flag(keys["with_help"], "with_help"),
        reason=reason,
        reasons=reasons,
        article=reader.text(keys.get("article"), "the article"),
        pack=pack,
        number=number,
        line=node.line,
    )
    if {"start", "every_minutes", "absence_days", "on"}.isdisjoint(keys):
        hint = "start, every_minutes, absence_days or on"
        reader.complain(node, "a notice needs a time at which it is due", hint)
    return notice


def read_curfews(reader: Reader, node: Node | None) -> tuple[Curfew, ...]:
    """One curfew, or none."""
    if node is None:
        return ()
    keys = reader.fields(node, CURFEW, "a curfew")
    begins, ends = (read_clock(reader, keys.get(key), key) for key in ("from", "to"))
    if begins == ends and "from" in keys:
        reader.complain(node, "a curfew that begins when it ends is none", "remove it")
    return (Curfew(_under(reader, keys.get("under")) or 18, begins, ends),)


def read_consents(reader: Reader, node: Node | None) -> tuple[Consent, ...]:
    """What a guardian has to agree to, or nothing."""
    if node is None:
        return ()
    keys = reader.fields(node, CONSENT, "consent")
    return (
        Consent(
            under=_under(reader, keys.get("under")) or 18,
            scope=reader.text(keys["scope"], "scope") if "scope" in keys else "companion",
            version=reader.text(keys["version"], "version") if "version" in keys else "1",
        ),
    )


def read_crisis(reader: Reader, node: Node | None) -> CrisisTerms:
    """How a crisis is held; what is not written keeps its default."""
    if node is None:
        return CrisisTerms()
    keys = reader.fields(node, CRISIS, "crisis")
    default = CrisisTerms()
    hold = _number(reader, keys, "hold_hours", 1, 24 * 90)
    point = _number(reader, keys, "point_minutes", 0, _DAY)
    score = _number(reader, keys, "omission", 0, 1)
    return CrisisTerms(
        hold_hours=default.hold_hours if hold is None else hold,
        point_minutes=default.point_minutes if point is None else point,
        omission=default.omission if score is None else score,
        repair=reader.word(keys["repair"], Repair, "a repair") if "repair" in keys else default.repair,
        keep_out=reader.flag(keys.get("keep_out"), "keep_out"),
    )  # fmt: skip


def read_exit(reader: Reader, node: Node | None, languages: Sequence[str]) -> Exit:
    """The words that end the talk."""
    if node is None:
        return Exit()
    keys = reader.fields(node, EXIT, "exit")
    words: dict[str, tuple[str, ...]] = {}
    if "words" in keys:
        for language, said in reader.mapping(keys["words"], "exit words").items():
            if languages and language not in languages:
                hint = suggestion(language, languages)
                reader.complain(said, f"this policy does not speak {language!r}", hint)
            items = reader.one_or_more(said, "exit words")
            words[language] = tuple(reader.text(item, "a word").casefold() for item in items)
    return Exit(words, reader.text(keys.get("text"), "text") or None)


def read_dependence(reader: Reader, node: Node | None) -> Dependence | None:
    """The dependence index, or `off`."""
    if node is None or node.value == "off" or node.value is False:
        return None
    keys = reader.fields(node, DEPENDENCE, "dependence")
    default = Dependence()
    elevated = _number(reader, keys, "elevated", 0.05, 1)
    high = _number(reader, keys, "high", 0.05, 1)
    found = Dependence(
        elevated=default.elevated if elevated is None else elevated,
        high=default.high if high is None else high,
        ages=frozenset(reader.words(keys["age"], AgeBand, "an age band"))
        if "age" in keys
        else default.ages,
    )
    if found.elevated > found.high:
        reader.complain(node, "elevated lies above high", "elevated is the lower of the two")
    return found


def read_suppress(reader: Reader, node: Node | None) -> Mapping[AgeBand, frozenset[str]]:
    """What is taken out of requests, by age band."""
    found: dict[AgeBand, frozenset[str]] = {}
    if node is None:
        return found
    for band, child in reader.mapping(node, "suppress").items():
        if band not in list(AgeBand):
            reader.complain(child, f"{band!r} is not an age band", suggestion(band, AgeBand))
            continue
        words = [reader.text(item, "a word") for item in reader.one_or_more(child, "suppress")]
        for item, word in zip(reader.one_or_more(child, "suppress"), words, strict=False):
            if word and word not in SUPPRESSIBLE:
                reader.complain(
                    item, f"{word!r} cannot be suppressed", suggestion(word, SUPPRESSIBLE)
                )
        found[AgeBand(band)] = frozenset(words)
    return found


def read_privacy(reader: Reader, node: Node | None) -> Privacy:
    """What is kept of words; what is not written keeps its default."""
    if node is None:
        return Privacy()
    keys = reader.fields(node, PRIVACY, "privacy")
    default = Privacy()
    days, turns = keys.get("case_text_days"), keys.get("turns")
    return Privacy(
        case_text_days=default.case_text_days
        if days is None
        else reader.whole(days, "case_text_days", 0, _MOST_DAYS),
        turns=default.turns if turns is None else reader.whole(turns, "turns", 1, 200),
        hold=_hold(reader, keys.get("hold_days")),
        train=reader.flag(keys.get("train"), "train"),
    )


def _hold(reader: Reader, node: Node | None) -> Mapping[AgeBand, int]:
    """Days for everybody, or by age band."""
    if node is None:
        return {}
    if not isinstance(node.value, Mapping):
        return dict.fromkeys(AgeBand, reader.whole(node, "hold_days", 0, _MOST_DAYS))
    found: dict[AgeBand, int] = {}
    for band, child in node.value.items():
        if band in list(AgeBand):
            found[AgeBand(band)] = reader.whole(child, "hold_days", 0, _MOST_DAYS)
        else:
            reader.complain(child, f"{band!r} is not an age band", suggestion(band, AgeBand))
    return found


def read_label(reader: Reader, node: Node | None) -> Marking:
    """How what the bot says is marked as generated."""
    if node is None:
        return Marking()
    keys = reader.fields(node, LABEL, "label")
    implicit: dict[str, str] = {}
    if "implicit" in keys:
        for key, child in reader.mapping(keys["implicit"], "implicit").items():
            if not _KEY.fullmatch(key):
                reader.complain(child, f"{key!r} cannot be a metadata key", "letters and digits")
            implicit[key] = reader.text(child, "a value")
    return Marking(reader.text(keys.get("explicit"), "explicit") or None, implicit)


def read_stop(reader: Reader, node: Node | None) -> Stop | None:
    """What is out of service."""
    if node is None:
        return None
    keys = reader.fields(node, STOP, "stop")

    def names(key: str) -> frozenset[str]:
        items = reader.one_or_more(keys[key], key) if key in keys else ()
        return frozenset(reader.text(item, "a name") for item in items)

    found = Stop(
        everything=reader.flag(keys.get("everything"), "everything"),
        apps=names("apps"),
        routes=names("routes"),
        characters=frozenset(character_name(name) for name in names("characters")),
    )
    if not found:
        reader.complain(node, "this stops nothing", "everything, apps, routes or characters")
    return found


def read_age(reader: Reader, node: Node | None, otherwise: AgeBand) -> AgeBand:
    """How somebody is treated whose age nobody knows, or whose age is doubted."""
    if node is None:
        return otherwise
    return reader.word(node, AgeBand, "an age band")


def read_zone(reader: Reader, node: Node | None) -> str:
    """An IANA time zone."""
    if node is None:
        return "UTC"
    name = reader.text(node, "zone")
    if name and name not in zoneinfo.available_timezones():
        reader.complain(node, f"{name!r} is not a time zone", "such as Asia/Shanghai")
        return "UTC"
    return name or "UTC"


def read_articles(reader: Reader, node: Node | None) -> Mapping[str, str]:
    """Which article a value keeps, by its path."""
    if node is None:
        return {}
    return {
        path: reader.text(child, "an article")
        for path, child in reader.mapping(node, "articles").items()
    }


def _name(reader: Reader, node: Node | None) -> str:
    if node is None:
        return ""
    return reader.pattern(node, NAME, "a notice id", "small letters, digits and hyphens")


def _under(reader: Reader, node: Node | None) -> int | None:
    return None if node is None else reader.whole(node, "under", 1, _OLDEST)


def _number(  # noqa: PLR0917 - as the reader's own pickers
    reader: Reader, keys: Mapping[str, Node], name: str, low: float, high: float
) -> float | None:
    return reader.number(keys[name], name, low, high) if name in keys else None


def read_clock(reader: Reader, node: Node | None, what: str) -> Clock:
    """A time of day; midnight if there is none."""
    if node is None:
        return Clock(0)
    written = reader.pattern(node, _CLOCK, f"a time for {what!r}", 'such as "22:00"')
    if not _CLOCK.fullmatch(written):
        return Clock(0)
    hours, minutes = written.split(":")
    return Clock(int(hours) * 60 + int(minutes))
