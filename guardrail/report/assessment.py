"""The assessment of CN Measures Art. 23 under its eight heads, none of them blank. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from guardrail._articles import cited
from guardrail.policy.model import Rule, Stage
from guardrail.protocol import Facts, protocol
from guardrail.report.counts import fates, headline, protocol_rules
from guardrail.report.document import Document, Listing, Section, Series, counted
from guardrail.report.figures import Place, Referrals
from guardrail.report.frame import Frame
from guardrail.report.registers import (
    HOURS,
    Acts,
    Cases,
    Notices,
    Responses,
    Revisions,
    Tickets,
)
from guardrail.report.usage import AGES, MINUTES, SITTINGS, People, Turns
from guardrail.turn import AgeBand, Evidence, Severity, State

__all__ = ["Material", "assessment", "known"]

_PREFIX = 12  # digits of a hash: enough to compare by eye
_MANIFEST = ("name", "version", "made", "licence", "languages", "labels", "data", "files")
_ACTS = ("consent", "consent_revoked", "age_set", "curfew_lifted", "paused", "resumed")


@dataclass(frozen=True, slots=True)
class Material:
    """All folds that the eight heads rest on."""

    referrals: Referrals
    responses: Responses
    cases: Cases
    turns: Turns
    people: People
    acts: Acts
    notices: Notices
    complaints: Tickets
    incidents: Tickets
    revisions: Revisions


def assessment(frame: Frame, found: Material) -> Document:
    """The whole report."""
    return frame.document(
        _safeguards(frame, found),
        _training(frame),
        _extreme(frame, found),
        _scale(frame, found),
        _protected_groups(frame, found),
        _complaints(frame, found),
        _rectified(frame, found),
        _other(frame),
    )


# -- 1: safeguards ---------------------------------------------------------------------------------


def _safeguards(frame: Frame, found: Material) -> Section:
    say, policy = frame.say, frame.policy
    note = say(
        "safeguards",
        tag=policy.tag,
        mode=say(f"mode.{policy.mode}"),
        n=len(policy.rules),
        notices=len(policy.notices),
    )
    stages = [(stage, [rule for rule in policy.rules if rule.stage is stage]) for stage in Stage]
    listings = [_rules(frame, stage, rules) for stage, rules in stages if rules]
    shown = found.notices.shown
    names = sorted({notice.id for notice in policy.notices} | set(shown))
    series = Series("shown", say("shown"), counted(shown, [(name, name) for name in names]))
    return Section(
        "head1",
        say("head.1"),
        notes=(note,),
        series=(series,),
        listings=(*listings, _notices(frame)),
        gaps=(say("gap.staff"),),
    )


def _rules(frame: Frame, stage: Stage, rules: Iterable[Rule]) -> Listing:
    say = frame.say
    head = tuple(say(f"col.{name}") for name in ("rule", "does", "article", "reason"))
    comma = "、" if say.language == "zh" else ", "
    rows = tuple(
        (
            rule.id,
            comma.join(map(say.name, rule.then)),
            cited(frame.policy.cites(f"rules.{rule.id}", rule.article), say.language),
            rule.why(say.language),
        )
        for rule in rules
    )
    return Listing(f"rules.{stage}", say(f"stage.{stage}"), head, rows)


def _notices(frame: Frame) -> Listing:
    say = frame.say
    head = tuple(say(f"col.{name}") for name in ("notice", "when", "article"))
    found = protocol(frame.policy, Facts(frame.today), say.language)["notices"]
    rows = tuple((row["id"], row["when"], row["article"]) for row in found)
    return Listing("notices", say("notices"), head, rows)


# -- 2: training data ------------------------------------------------------------------------------


def _training(frame: Frame) -> Section:
    say, manifest = frame.say, frame.manifest
    gaps = [say("gap.training"), say("gap.consent")]
    rows = [(say("manifest.kind"), frame.classifier)]
    plain = {**manifest, "labels": [say.name(str(label)) for label in manifest.get("labels", ())]}
    rows += [(say(f"manifest.{key}"), _told(plain[key])) for key in _MANIFEST if key in manifest]
    if not manifest:
        gaps.insert(0, say("manifest.absent", kind=frame.classifier))
    head = (say("col.what"), say("col.is"))
    listing = Listing("manifest", say("manifest"), head, tuple(rows))
    return Section(
        "head2", say("head.2"), notes=(say("training"),), listings=(listing,), gaps=tuple(gaps)
    )


def _told(value: Any) -> str:
    """A value of the manifest in one line; hashes by their beginning."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {_digest(entry)[:_PREFIX]}" for name, entry in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _digest(entry: Any) -> str:
    return str(entry.get("sha256", "")) if isinstance(entry, Mapping) else str(entry)


# -- 3: extreme situations -------------------------------------------------------------------------


def _extreme(frame: Frame, found: Material) -> Section:
    say, cases, responses = frame.say, found.cases, found.responses
    severities = say.labels("severity", reversed([severity.value for severity in Severity]))
    until = [*say.groups(HOURS, "hours"), ("open", say("resolution.open"))]
    bands = say.labels("age", (AgeBand.MINOR, AgeBand.UNKNOWN, AgeBand.ADULT))
    return Section(
        "head3",
        say("head.3"),
        notes=(say("extreme", hours=f"{frame.policy.crisis.hold_hours:g}"),),
        series=(
            replace(headline(frame, found.referrals), title=say("referrals"), exact=frozenset()),
            fates(frame, found.referrals, sure=False),
            frame.parts("responses", "responses", responses.cause, say.named(responses.cause)),
            frame.parts("actions", "actions", responses.action, say.named(responses.action)),
            frame.parts("responses.age", "responses.age", responses.age, bands),
            frame.one(
                "contact",
                "contact",
                say.labels("contact", ["proposed"]),
                proposed=responses.contact,
            ),
            frame.parts("cases", "cases", cases.label, say.named(cases.label)),
            frame.parts("severities", "severities", cases.severity, severities),
            frame.parts("resolution", "resolution", cases.resolution, until),
            frame.one("signals", "signals", [("signals", say("signals"))], signals=cases.signals),
        ),
        gaps=(say("gap.contact"), say("gap.takeover"), say("gap.caseregion")),
    )


# -- 4: scale, time, ages --------------------------------------------------------------------------


def _scale(frame: Frame, found: Material) -> Section:
    say, turns, people = frame.say, found.turns, found.people
    months = frame.scope.period.months
    users = {month: turns.users(month) for month in months}
    unnamed = {month: len(turns.unnamed[month]) for month in months}
    grades = say.labels("dependence", ("calm", "elevated", "high"))
    places = counted(turns.place, say.labels("place", Place))
    return Section(
        "head4",
        say("head.4"),
        notes=(frame.reach(turns.oldest),),
        series=(
            frame.months("mau", "mau", users, since=turns.oldest),
            frame.months("unnamed", "unnamed", unnamed, since=turns.oldest),
            frame.months("turns", "turns", turns.turns, parts=True, since=turns.oldest),
            Series("turnplaces", say("turnplaces"), places),
            frame.parts("ages", "ages", turns.ages, say.labels("ages", AGES)),
            frame.parts("sittings", "sittings", turns.sittings, say.groups(SITTINGS, "minutes")),
            frame.parts("daily", "daily", people.minutes, say.groups(MINUTES, "minutes")),
            frame.one("nights", "nights", say.labels("nights", ["some"]), some=people.night),
            known(frame, people),
            frame.parts("dependence", "dependence", people.dependence, grades),
        ),
        gaps=(say("gap.registered"), say("gap.nouser"), say("gap.personregion")),
    )


def known(frame: Frame, people: People) -> Series:
    """Whom the store remembers."""
    labels = frame.say.labels("known", ("all", "recent"))
    return frame.one("known", "known", labels, all=people.known, recent=people.recent)


# -- 5: minors and the elderly ---------------------------------------------------------------------


def _protected_groups(frame: Frame, found: Material) -> Section:
    say, policy, acts = frame.say, frame.policy, found.acts
    rules = protocol(policy, Facts(frame.today), say.language)["minors"]
    elderly = sum(State.ELDER in rule.when.states for rule in policy.rules)
    evidence = say.labels("evidence", Evidence)
    held = say.labels("held", ("consent", "paused", "crisis", "elder"))
    done = say.labels("act", (*_ACTS, "crisis_released"))
    appeals = say.labels("appeal", ("opened", "granted", "refused"))
    caps = Listing("caps", say("caps"), (say("col.is"),), tuple((row,) for row in rules["about"]))
    return Section(
        "head5",
        say("head.5"),
        notes=(say("elderly", n=elderly),),
        series=(
            frame.parts("minors.known", "minors.known", found.people.minors, evidence),
            Series("held", say("held"), counted(found.people.held, held)),
            Series("acts", say("acts"), counted(acts.kinds, done)),
            Series("appeals", say("appeals"), counted(acts.appeals, appeals)),
        ),
        listings=(caps, protocol_rules(frame, "minors", say("minors"), rules["rules"])),
        gaps=(say("gap.elderly"), say("gap.guardian"), say("gap.audit")),
    )


# -- 6 to 8 ----------------------------------------------------------------------------------------


def _complaints(frame: Frame, found: Material) -> Section:
    say = frame.say
    notes = [say("complaints.scope")]
    if not found.complaints.opened:
        notes.append(say("complaints.none"))
    series = (*_register(frame, found.complaints), *_register(frame, found.incidents))
    gaps = (say("gap.complaints"),)
    return Section("head6", say("head.6"), notes=tuple(notes), series=series, gaps=gaps)


def _register(frame: Frame, tickets: Tickets) -> Iterable[Series]:
    say, matter = frame.say, tickets.matter
    states = say.labels("progress", ("answered", "late", "closed", "open", "overdue"))
    names = [(name, say.category(name)) for name in sorted(tickets.category)]
    yield frame.parts(f"{matter}s", f"{matter}s", tickets.category, names)
    yield frame.parts(f"{matter}.progress", "progress", Counter(tickets.progress), states)
    late = say.labels("unheard", ["late"])
    yield frame.one(f"{matter}.unheard", "unheard", late, late=tickets.unheard)


def _rectified(frame: Frame, found: Material) -> Section:
    say = frame.say
    return Section(
        "head7",
        say("head.7"),
        notes=(say("rectified"),),
        listings=(frame.revisions(found.revisions),),
        gaps=(say("gap.rectified"),),
    )


def _other(frame: Frame) -> Section:
    note = frame.say("other.head", version=frame.version)
    return Section("head8", frame.say("head.8"), notes=(note,), gaps=(frame.say("gap.other"),))
