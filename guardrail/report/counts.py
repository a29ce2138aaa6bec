"""The yearly count and the protocols: to an office (CA, HI, CO) or to the public (WA, OR). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from guardrail.protocol import Facts, protocol
from guardrail.report.document import Document, Line, Listing, Section, Series, counted
from guardrail.report.figures import COUNTED, Delivery, Place, Referrals
from guardrail.report.frame import Frame
from guardrail.report.registers import Revisions
from guardrail.report.suppress import protected_series
from guardrail.report.words import Say
from guardrail.turn import AgeBand, Side

__all__ = ["REGIONS", "counts", "fates", "headline", "protocol_rules"]

REGIONS: Mapping[str, str] = {
    "sb243": "US-CA",
    "wa": "US-WA",
    "or": "US-OR",
    "hi": "US-HI",
    "co": "US-CO",
}

_LANGUAGES = ("en", "zh", "other")


def counts(frame: Frame, found: Referrals, revisions: Revisions) -> Document:
    """The whole report."""
    say = frame.say
    told = fates(frame, found, sure=True)
    section = Section(
        "counts",
        say("counts"),
        notes=(say("counts.rule"), say("counts.statute"), *_unchecked(say, told)),
        series=(
            headline(frame, found),
            told,
            _lost(say, found),
            _places(say, found),
            *_breakdowns(frame, found),
            frame.one(
                "other",
                "other",
                say.labels("other", ("help", "unnamed")),
                help=found.other,
                unnamed=found.unnamed,
            ),
        ),
        gaps=(say("gap.region"), say("gap.read"), say("gap.outside")),
    )
    return frame.document(section, *_protocols(frame, revisions))


def headline(frame: Frame, found: Referrals) -> Series:
    """The figure and its two side series. The law wants the first as it is, however small."""
    values = {"raw": found.count, "by_talk": found.by_talk, "by_user": found.by_user}
    lines = tuple(Line(key, frame.say(key), value) for key, value in values.items())
    return Series("headline", frame.say("headline"), lines, exact=frozenset({"raw"}))


def protocol_rules(
    frame: Frame, id_: str, title: str, rows: Iterable[Mapping[str, Any]]
) -> Listing:
    """Rules as the public protocol page words them."""
    say = frame.say
    head = tuple(say(f"col.{name}") for name in ("rule", "when", "does", "article"))
    comma = "；" if say.language == "zh" else "; "
    cells = tuple((r["id"], r["when"], comma.join(r["does"]), r["article"]) for r in rows)
    return Listing(id_, title, head, cells)


def fates(frame: Frame, found: Referrals, *, sure: bool) -> Series:
    """How it is known that these were delivered; without small cells already, as words quote it.

    `sure`: a law wants their number published.
    """
    lines = counted(found.fate, frame.say.labels("fate", COUNTED))
    made = Series("fates", frame.say("fates"), lines, parts=True, whole=found.count, sure=sure)
    return protected_series(made, frame.few) if frame.public else made


def _unchecked(say: Say, told: Series) -> Iterable[str]:
    values = {line.key: line.value for line in told.lines}
    words = {Delivery.PURGED: "counts.unchecked", Delivery.MISSING: "counts.missing"}
    for fate, key in words.items():
        if values.get(fate) is None:
            yield say(f"{key}.some")
        elif values[fate]:
            yield say(key, n=f"{values[fate]:,}")


def _lost(say: Say, found: Referrals) -> Series:
    fates = (Delivery.GONE, Delivery.FAULT, Delivery.BROKEN)
    return Series("lost", say("lost"), counted(found.fate, say.labels("fate", fates)))


def _places(say: Say, found: Referrals) -> Series:
    lines = counted(found.place, say.labels("place", Place))
    return Series("places", say("places"), lines, exact=frozenset({Place.HERE.value}))


def _breakdowns(frame: Frame, found: Referrals) -> Iterable[Series]:
    """Each adds up to the figure, which is published as it is: so the rules for parts hold."""
    say = frame.say
    yield frame.months("months", "months", found.month, parts=True)
    languages = {name: count for name, count in found.language.items() if name in _LANGUAGES}
    languages["other"] = found.count - sum(languages.values())
    tables = {
        "age": (found.age, say.labels("age", (AgeBand.MINOR, AgeBand.UNKNOWN, AgeBand.ADULT))),
        "language": (languages, say.labels("language", _LANGUAGES)),
        "causes": (found.cause, [(key, _cause(say, key)) for key in sorted(found.cause)]),
        "rules": (found.rule, [(key, key) for key in sorted(found.rule)]),
    }
    for name, (values, labels) in tables.items():
        yield replace(frame.parts(name, name, values, labels), whole=None)


def _cause(say: Say, key: str) -> str:
    side, _, label = key.partition(".")
    if not label:
        return say(f"cause.{side}")
    return say(f"cause.{side}", label=say.name(label))


def _protocols(frame: Frame, revisions: Revisions) -> Iterable[Section]:
    """What else the law asks for: how ideation is met, and what the bot may not say (22603(a)(2), (3))."""
    say = frame.say
    rules = protocol(frame.policy, Facts(frame.today), say.language)["crisis"]
    sides = {rule.id: rule.when.side for rule in frame.policy.rules}
    about = (say("protocol.today", tag=frame.policy.tag), *rules["about"])
    for name, side in (("detect", Side.USER), ("prohibit", Side.BOT)):
        rows = [row for row in rules["rules"] if sides[row["id"]] in {side, None}]
        listing = protocol_rules(frame, f"{name}.rules", say("listed"), rows)
        if side is Side.USER:
            notes = (*about, say("evidence"))
            yield Section(name, say(name), notes=notes, listings=(listing,))
        else:
            both = (listing, frame.revisions(revisions))
            yield Section(name, say(name), listings=both, gaps=(say("gap.oldtexts"),))
