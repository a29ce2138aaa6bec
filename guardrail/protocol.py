"""The public protocol page: what is detected and what is done, generated from a policy. Pure.

CA B&P 22602(b) and its likes ask that the protocol be published. A page that somebody writes grows
stale; this one is the policy, in words. It holds nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from html import escape
from typing import Any

from guardrail._articles import cited
from guardrail._protocol_words import ACTIONS, AGES, KINDS, LIMITS, NAMES, SENTENCES, STATES
from guardrail.complaints import Terms
from guardrail.policy.model import (
    EVERYWHERE,
    Condition,
    Limits,
    Mode,
    Notice,
    Policy,
    Resource,
    Rule,
    Stage,
)
from guardrail.turn import AgeBand, Danger, Detector, Grade, Label, Side, State

__all__ = ["LANGUAGES", "Facts", "as_html", "protocol", "rule_words"]

LANGUAGES = ("en", "zh")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page says besides the policy: the day, whom to write to, and how long it takes."""

    day: str  # YYYY-MM-DD
    contact: str = ""
    terms: Terms = Terms()  # noqa: RUF009 - frozen
    regions: tuple[str, ...] = ()  # that have a policy of their own


def protocol(policy: Policy, facts: Facts, language: str = "en") -> Row:
    """All of it, as plain JSON data in one language."""
    say = _Words(language)
    pointing = any(State.OMISSION in rule.when.states for rule in policy.rules)
    return {
        "title": say("title"),
        "language": language,
        "about": [say("about"), *([say("shadow")] if policy.mode is Mode.SHADOW else [])],
        "limits": say("honest"),
        "policy": {
            "name": policy.name,
            "revision": policy.revision,
            "title": policy.called(say.language),
            "mode": policy.mode.value,
            "packs": list(policy.extends),
            "date": facts.day,
            "regions": list(facts.regions),
        },
        "detected": {"about": say("scale"), "list": _detected(policy, say)},
        "crisis": {
            "about": [
                say("hold", hours=f"{policy.crisis.hold_hours:g}"),
                *([say("point", minutes=f"{policy.crisis.point_minutes:g}")] if pointing else []),
            ],
            "rules": [_rule(policy, r, say) for r in policy.rules if _of_crisis(r)],
        },
        "resources": [_resource(entry, say) for entry in policy.resources],
        "minors": {
            "about": list(_minors(policy, say)),
            "rules": [_rule(policy, r, say) for r in policy.rules if _for_minors(r)],
        },
        "notices": [_notice(policy, notice, say) for notice in policy.notices],
        "privacy": list(_privacy(policy, say)),
        "complaints": {
            "about": say(
                "route",
                hours=f"{facts.terms.acknowledge / 3600:g}",
                days=f"{facts.terms.resolve / 86_400:g}",
            ),
            "contact": facts.contact,
            "acknowledge_hours": facts.terms.acknowledge / 3600,
            "answer_days": facts.terms.resolve / 86_400,
        },
    }


def rule_words(policy: Policy, rule: str, language: str = "en") -> Row | None:
    """One rule in words, for whoever asks why it spoke; `None` if the policy has none of this name."""
    found = next((one for one in policy.rules if one.id == rule), None)
    return None if found is None else _rule(policy, found, _Words(language))


_MARKS = (", ", ", ", "; ")


class _Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._listed, self._comma, self._stop = ("、", "，", "；") if language == "zh" else _MARKS

    def __call__(self, key: str, **values: str) -> str:
        return SENTENCES[key][self.language].format(**values)

    def name(self, table: Any, key: str) -> str:
        """A word of the vocabulary; one that is newer than the tables stands for itself."""
        found: str = table[key][self.language] if key in table else key
        return found

    def listed(self, parts: Iterable[str]) -> str:
        """Things of one kind."""
        return self._listed.join(parts)

    def both(self, parts: Iterable[str]) -> str:
        """What has to come together."""
        return self._comma.join(parts)

    def steps(self, parts: Iterable[str]) -> str:
        """What is done, one thing after the other."""
        return self._stop.join(parts)

    def either(self, parts: Iterable[str]) -> str:
        return self("or").join(parts)

    def ages(self, bands: Iterable[AgeBand], under: int | None = None) -> str:
        """The bands in the order of their table, and who may be younger than `under`."""
        held = set(bands)
        found = [self.name(AGES, band) for band in AgeBand if band in held]
        if under is not None:
            found.append(self("under", age=str(under)))
        return self.listed(found)


# -- what is looked for ----------------------------------------------------------------------------


def _detected(policy: Policy, say: _Words) -> list[Row]:
    """Labels always, detectors where a rule asks for them."""
    used = {name for rule in policy.rules for name in rule.when.names}
    names = [*Label, *(d for d in Detector if d in used)]
    rows = []
    for name in names:
        lines = [line for side in Side for line in _thresholds(policy, name, side, say)]
        rows.append({"id": name.value, "name": say.name(NAMES, name), "thresholds": lines})
    return rows


def _thresholds(policy: Policy, name: Label | Detector, side: Side, say: _Words) -> Iterator[str]:
    """One sentence for each two thresholds, with the ages that share them."""
    if not any(name in r.when.names and r.when.side in (side, None) for r in policy.rules):
        return
    shared: dict[tuple[float, float], list[AgeBand]] = {}
    for band in AgeBand:
        found = policy.thresholds.get((name, side, band))
        if found is not None:
            shared.setdefault((found.soft, found.hard), []).append(band)
    for (soft, hard), bands in shared.items():
        ages = say("anyone") if len(bands) == len(AgeBand) else say.ages(bands)
        low, high = (f"{score * 100:g}" for score in (soft, hard))
        yield say("threshold", side=say(side), ages=ages, soft=low, hard=high)


# -- rules -----------------------------------------------------------------------------------------


def _rule(policy: Policy, rule: Rule, say: _Words) -> Row:
    text = policy.texts.get(rule.text or "", {})
    return {
        "id": rule.id,
        "when": _when(policy, rule.when, say),
        "does": _does(rule, say),
        "words": text.get(say.language, "").strip(),
        "why": _why(rule, say.language),
        "article": _article(policy, f"rules.{rule.id}", rule.article, say),
    }


def _article(policy: Policy, path: str, own: str, say: _Words) -> str:
    return cited(policy.cites(path, own), say.language)


def _why(item: Rule | Notice, language: str) -> str:
    """The reason, where the pack gives it in this language; plain words are taken for English."""
    return item.reasons.get(language, "") if item.reasons or language != "en" else item.reason


def _when(policy: Policy, when: Condition, say: _Words) -> str:
    parts = [say(when.side)] if when.side is not None else []
    if when.names:
        names = say.either(say.name(NAMES, n) for n in sorted(when.labels))
        each = [say.name(NAMES, n) for n in sorted(when.all_of)]
        names = say.both([*([names] if names else []), *each])
        parts.append(say("clear" if when.grade is Grade.HARD else "hint", names=names))
    if when.level is not None:
        parts.append(say(when.level))
    if when.limit is not None:
        caps = {getattr(policy.limits.get(band, Limits()), when.limit) for band in AgeBand}
        number = "/".join(str(cap) for cap in sorted(caps - {None})) or "?"
        parts.append(say("over", limit=say.name(LIMITS, when.limit).format(n=number)))
    parts += [say.name(STATES, state) for state in sorted(when.states)]
    parts += [say("unless", state=say.name(STATES, state)) for state in sorted(when.unless)]
    if when.ages or when.under is not None:
        parts.append(say("for", ages=say.ages(when.ages, when.under)))
    return say.both(parts) or say("always")


def _does(rule: Rule, say: _Words) -> list[str]:
    found = [say.name(ACTIONS, action) for action in rule.then]
    flags = {
        "stays": rule.keep_reply,
        "lines": rule.resources,
        "raises": rule.danger is not Danger.NONE,
    }
    return found + [say(key) for key, holds in flags.items() if holds]


# -- minors, notices, help -------------------------------------------------------------------------


_CRISIS = {
    *(State.CONCERN, State.ACTIVE, State.IMMINENT),
    *(State.OMISSION, State.NO_HELP, State.WRONG_NUMBER),
    *(State.ABOUT_OTHER, State.BEREAVED, State.FICTION, State.EATING, State.ATTEMPT),
}


def _of_crisis(rule: Rule) -> bool:
    """Rules of the crisis stage, but in a pack that names no stages, where all rules stand in it."""
    about = Label.SELF_HARM in rule.when.names or rule.danger is not Danger.NONE
    return rule.stage is Stage.CRISIS and (about or not _CRISIS.isdisjoint(rule.when.states))


def _for_minors(rule: Rule) -> bool:
    """Rules for children alone, or for children and those who may be some; crises are everybody's."""
    young = AgeBand.MINOR in rule.when.ages and AgeBand.ADULT not in rule.when.ages
    return not _of_crisis(rule) and (young or rule.when.under is not None)


def _minors(policy: Policy, say: _Words) -> Iterator[str]:
    yield say("age")
    if policy.unknown_age is AgeBand.UNKNOWN:
        yield say("unknown_own")
    else:
        yield say("unknown_age", ages=say.ages([policy.unknown_age]))
    caps = {say.ages([AgeBand.MINOR]): policy.limits.get(AgeBand.MINOR, Limits())}
    caps |= {say("under", age=str(age)): found for age, found in sorted(policy.young.items())}
    for ages, found in caps.items():
        numbers = {f.name: getattr(found, f.name) for f in fields(Limits)}
        limits = [say.name(LIMITS, k).format(n=n) for k, n in numbers.items() if n is not None]
        if limits:
            yield say("caps", ages=ages, limits=say.listed(limits))
    for curfew in policy.curfews:
        ages = say("under", age=str(curfew.under))
        yield say("curfew", ages=ages, begins=str(curfew.begins), ends=str(curfew.ends))
    for consent in policy.consents:
        ages = say("under", age=str(consent.under))
        yield say("consent", ages=ages, scope=consent.scope, version=consent.version)


def _notice(policy: Policy, notice: Notice, say: _Words) -> Row:
    due = [say("start", start=say(notice.start))] if notice.start is not None else []
    if notice.every_minutes is not None:
        due.append(say("every", n=f"{notice.every_minutes:g}"))
    if notice.absence_days is not None:
        due.append(say("absence", n=f"{notice.absence_days:g}"))
    due += [say.name(STATES, state) for state in sorted(notice.on)]
    when = say.either(due)
    if notice.ages or notice.under is not None:
        when = say.both([when, say("for", ages=say.ages(notice.ages, notice.under))])
    words = policy.texts.get(notice.text, {}).get(say.language, "").strip()
    return {
        "id": notice.id,
        "when": when,
        "words": words,
        "why": _why(notice, say.language),
        "article": _article(policy, f"notices.{notice.id}", notice.article, say),
    }


def _privacy(policy: Policy, say: _Words) -> Iterator[str]:
    """What is kept of words."""
    terms = policy.privacy
    days, turns = str(terms.case_text_days), str(terms.turns)
    yield say("kept", days=days, turns=turns) if terms.case_text_days else say("kept_none")
    held: dict[int, list[AgeBand]] = {}
    for band in AgeBand:
        if terms.hold_days(band):
            held.setdefault(terms.hold_days(band), []).append(band)
    for length, bands in held.items():
        yield say("held", ages=say.ages(bands), days=str(length))
    yield say("trained" if terms.train else "untrained")


def _resource(entry: Resource, say: _Words) -> Row:
    return {
        "region": entry.region,
        "kind": say.name(KINDS, entry.kind),
        "name": entry.name.get(say.language) or entry.name.get("en", ""),
        "contact": entry.contact.get(say.language) or entry.contact.get("en", ""),
        "numbers": list(entry.numbers),
        "hours": entry.hours,
        "source": entry.source,
        "verified_on": entry.verified_on,
    }


# -- the page --------------------------------------------------------------------------------------

_STYLE = (
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "blockquote{margin:.3rem 0;padding-left:.8rem;border-left:.2rem solid;white-space:pre-line}"
    "li{margin:.5rem 0}small{opacity:.75}"
)


def as_html(page: Row) -> str:
    """The same for people: one page that needs nothing else, no script and no other file."""
    say = _Words(page["language"])
    policy = page["policy"]
    version = {key: policy[key] for key in ("name", "revision", "date")}
    complaints = page["complaints"]
    parts = [
        _lines([*page["about"], say("version", **version), page["limits"]]),
        _section(say("crisis"), _lines(page["crisis"]["about"]), page["crisis"]["rules"], say),
        f"<h2>{say('resources')}</h2>",
        _list(_help(entry, say) for entry in page["resources"]),
        _section(say("minors"), _lines(page["minors"]["about"]), page["minors"]["rules"], say),
        _section(say("notices"), "", page["notices"], say),
        f"<h2>{say('privacy')}</h2>{_lines(page['privacy'])}",
        f"<h2>{say('detected')}</h2>",
        _lines([page["detected"]["about"]]),
        _list(_found(row) for row in page["detected"]["list"]),
        f"<h2>{say('complaints')}</h2>",
        _lines([complaints["about"]]),
    ]
    if complaints["contact"]:
        parts.append(_lines([say("contact", contact=complaints["contact"])]))
    language = {"zh": "zh-Hans"}.get(page["language"], page["language"])
    title = escape(page["title"])
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{title}</h1>\n" + "\n".join(parts) + "\n</main></body></html>\n"
    )


def _section(title: str, about: str, rows: Iterable[Row], say: _Words) -> str:
    return f"<h2>{escape(title)}</h2>{about}" + _list(_row(row, say) for row in rows)


def _row(row: Row, say: _Words) -> str:
    colon = say("colon")
    does = f"<br>{say('does')}{colon}{escape(say.steps(row['does']))}" if "does" in row else ""
    words = f"<blockquote>{escape(row['words'])}</blockquote>" if row["words"] else ""
    article = f"<br><small>{escape(row['article'])}</small>" if row["article"] else ""
    why = f"<br>{escape(row['why'])}" if row["why"] else ""
    return f"{say('when')}{colon}{escape(row['when'])}{does}{why}{words}{article}"


def _found(row: Row) -> str:
    lines = "<br>".join(escape(line) for line in row["thresholds"])
    return f"<b>{escape(row['name'])}</b><br>{lines}" if lines else f"<b>{escape(row['name'])}</b>"


def _help(row: Row, say: _Words) -> str:
    region = say("everywhere") if row["region"] == EVERYWHERE else row["region"]
    hours = f" ({escape(row['hours'])})" if row["hours"] else ""
    source = f'<a href="{escape(row["source"])}" rel="noreferrer">{say("source")}</a>'
    return (
        f"<b>{escape(region)}</b> · {escape(row['name'])}{say('colon')}{escape(row['contact'])}{hours}<br>"
        f"<small>{escape(row['kind'])} · {source} · {say('checked', date=row['verified_on'])}</small>"
    )


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _list(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{item}</li>\n" for item in items) + "</ul>"
