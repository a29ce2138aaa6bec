"""JSON Schema for packs and their tests, so that an editor can help while one is being written.

The schema knows the vocabulary, not the sense: `load` and `check` have the last word. To renew the
generated files after a change: `make docs`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from guardrail.policy.draft7 import Json, keyed, named, object_of, one_or_more, pattern, words
from guardrail.policy.model import EVERYWHERE, Kind, Mode, Posture, Repair, Stage, Start
from guardrail.policy.vocabulary import (
    ANY,
    CASE,
    CONSENT,
    CRISIS,
    CURFEW,
    DEPENDENCE,
    EXIT,
    EXPECT,
    GIVEN,
    HOLD,
    HOURS,
    LABEL,
    LIMIT_NAMES,
    LIMITS,
    NAME,
    NOTICE,
    OVERLAY,
    PACK,
    PRIVACY,
    REASON,
    REGION,
    RESOURCE,
    RESOURCES,
    RULE,
    STOP,
    SUPPRESSIBLE,
    THRESHOLD,
    TRIALS,
    UNCERTAIN,
    VERSION,
    WHEN,
    Certainty,
    Language,
    Shape,
)
from guardrail.turn import (
    Action,
    AgeBand,
    Danger,
    Detector,
    Grade,
    Label,
    Level,
    Severity,
    Side,
    State,
)

__all__ = ["FILES", "policy_schema", "render", "resources_schema", "trials_schema"]

# Draft 7: what the YAML language server understands best.
_DRAFT = "http://json-schema.org/draft-07/schema#"

_TEXT: Json = {"type": "string", "minLength": 1}
_FLAG: Json = {"type": "boolean"}
_DATE: Json = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_UNDER: Json = {"type": "integer", "minimum": 1, "maximum": 25}
_COUNT: Json = {"type": "integer", "minimum": 1}
_NONE: Json = {"const": "none"}
_SCORE: Json = {"type": "number", "minimum": 0, "maximum": 1}
_CLOCK: Json = {"type": "string", "pattern": r"^(([01]\d|2[0-3]):[0-5]\d)$"}
_NAMES = (*(label.value for label in Label), *(detector.value for detector in Detector))
_GRADES = (Grade.SOFT.value, Grade.HARD.value)


def policy_schema() -> Json:
    """The schema of `<pack>.yaml`."""
    return {
        "$schema": _DRAFT,
        "title": "guardrail policy",
        "definitions": {
            "threshold_by_side": _by_side(object_of(THRESHOLD, {"soft": _SCORE, "hard": _SCORE})),
            "posture_by_side": _by_side(words(Posture)),
        },
        # A pack that stands on others may leave out what they say.
        "if": {"required": ["extends"]},
        "then": {"required": list(OVERLAY.required)},
        "else": {"required": list(PACK.required)},
        **object_of(
            Shape((), PACK.keys),
            {
                "guardrail": {"const": VERSION},
                "name": pattern(NAME.pattern),
                "title": _reason(),
                "extends": one_or_more(pattern(NAME.pattern)),
                "effective": _DATE,
                "pin": one_or_more(_TEXT),
                "articles": named(_TEXT),
                "mode": words(Mode),
                "shadow_until": _DATE,
                "languages": one_or_more(words(Language)),
                "default_region": {
                    "anyOf": [
                        pattern(REGION.pattern),
                        keyed(tuple(Language), pattern(REGION.pattern)),
                    ]
                },
                "thresholds": _by_name("threshold", _NAMES),
                "failure": _by_name("posture", Label),
                "hold": _hold(),
                "limits": {
                    **keyed((*AgeBand, ANY), _limits()),
                    "patternProperties": {r"^under-\d{1,2}$": _limits()},
                },
                **_terms(),
                "rules": {"type": "array", "minItems": 1, "items": _rule()},
                "texts": _texts(),
            },
        ),
    }


def trials_schema() -> Json:
    """The schema of `<pack>_test.yaml`."""
    case = object_of(CASE, {"name": _TEXT, "given": _given(), "expect": _expect()})
    return {
        "$schema": _DRAFT,
        "title": "guardrail policy test",
        **object_of(
            TRIALS,
            {
                "guardrail": {"const": VERSION},
                "policy": pattern(NAME.pattern),
                "cases": {"type": "array", "minItems": 1, "items": case},
            },
        ),
    }


def resources_schema() -> Json:
    """The schema of `resources.yaml`. An entry that is disabled may lack its source."""
    number = pattern(r"[0-9][0-9 -]*")
    entry = object_of(
        Shape((), tuple(dict.fromkeys((*RESOURCE.keys, *UNCERTAIN.keys)))),
        {
            "region": {"anyOf": [{"const": EVERYWHERE}, one_or_more(pattern(REGION.pattern))]},
            "kind": words(Kind),
            "languages": one_or_more(pattern("[a-z]{2}")),
            "ages": {"anyOf": [{"const": ANY}, one_or_more(words(AgeBand))]},
            "numbers": {"anyOf": [number, {"type": "array", "items": number}]},
            "certainty": words(Certainty),
            "hours": pattern(HOURS.pattern),
            "verified_on": _DATE,
            **{key: {**named(_TEXT), "required": ["en"]} for key in ("name", "contact")},
            **dict.fromkeys(("source", "url"), pattern(r"https?://\S+")),
            **dict.fromkeys(("tel", "sms", "disabled"), _TEXT),
        },
    )
    either = [{"required": list(shape.required)} for shape in (RESOURCE, UNCERTAIN)]
    items = {"type": "array", "minItems": 1, "items": {**entry, "anyOf": either}}
    head = {"$schema": _DRAFT, "title": "guardrail resources"}
    return {**head, **object_of(RESOURCES, {"guardrail": {"const": VERSION}, "resources": items})}


FILES = {
    "policy.schema.json": policy_schema,
    "policy_test.schema.json": trials_schema,
    "resources.schema.json": resources_schema,
}
"""The generated files, by name."""


def render(schema: Json) -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _rule() -> Json:
    return object_of(
        RULE,
        {
            "id": pattern(NAME.pattern),
            "when": _when(),
            "then": one_or_more(words(Action)),
            "text": _TEXT,
            "resources": _FLAG,
            "keep_reply": _FLAG,
            "severity": words(Severity),
            "danger": words(Danger),
            "again": one_or_more(_TEXT),
            "stage": words(Stage),
            "reason": _reason(),
            "article": _TEXT,
        },
    )


def _reason() -> Json:
    return {"anyOf": [_TEXT, object_of(REASON, dict.fromkeys(REASON.keys, _TEXT))]}


def _terms() -> dict[str, Json]:
    """What goes by the clock and by a person's state."""

    def minutes(least: float) -> Json:
        return {"type": "number", "minimum": least}

    notice = object_of(
        NOTICE,
        {
            "id": pattern(NAME.pattern),
            "text": _TEXT,
            "start": words(Start),
            "every_minutes": minutes(1),
            "absence_days": minutes(1),
            "on": one_or_more(words(State)),
            "cooldown_minutes": minutes(0),
            "age": one_or_more(words(AgeBand)),
            "under": _UNDER,
            "in_band": _FLAG,
            "with_help": _FLAG,
            "crisis_text": _TEXT,
            "reason": _reason(),
            "article": _TEXT,
        },
    )
    crisis = {
        "hold_hours": minutes(1),
        "point_minutes": minutes(0),
        "omission": _SCORE,
        "repair": words(Repair),
        "keep_out": _FLAG,
    }
    exits = {"words": keyed(tuple(Language), one_or_more(_TEXT)), "text": _TEXT}
    dependence = {"elevated": _SCORE, "high": _SCORE, "age": one_or_more(words(AgeBand))}
    return {
        "zone": _TEXT,
        "unknown_age": words(AgeBand),
        "doubted_age": words(AgeBand),
        "notices": {"type": "array", "minItems": 1, "items": notice},
        "curfew": object_of(CURFEW, {"under": _UNDER, "from": _CLOCK, "to": _CLOCK}),
        "consent": object_of(CONSENT, {"under": _UNDER, "scope": _TEXT, "version": _TEXT}),
        "crisis": object_of(CRISIS, crisis),
        "exit": object_of(EXIT, exits),
        "dependence": {"anyOf": [{"enum": ["off", False]}, object_of(DEPENDENCE, dependence)]},
        "suppress": keyed(tuple(AgeBand), one_or_more({"enum": list(SUPPRESSIBLE)})),
        "privacy": _privacy(),
        "label": object_of(LABEL, {"explicit": _TEXT, "implicit": named(_TEXT)}),
        "stop": _stop(),
    }


def _privacy() -> Json:
    days = {"type": "integer", "minimum": 0}
    return object_of(
        PRIVACY,
        {
            "case_text_days": days,
            "turns": _COUNT,
            "hold_days": {"anyOf": [days, keyed(tuple(AgeBand), days)]},
            "train": _FLAG,
        },
    )


def _when() -> Json:
    schema = object_of(
        WHEN,
        {
            "side": words(Side),
            "label": one_or_more({"enum": list(_NAMES)}),
            "at": {"enum": list(_GRADES)},
            "level": words(Level),
            "age": one_or_more(words(AgeBand)),
            "under": _UNDER,
            "limit": {"enum": list(LIMIT_NAMES)},
            "state": one_or_more(words(State)),
            "all_of": one_or_more({"enum": list(_NAMES)}),
            "unless": one_or_more(words(State)),
        },
    )
    named = {"anyOf": [{"required": ["label"]}, {"required": ["all_of"]}]}
    needs = {"label": ["at"], "all_of": ["at"], "at": named, "level": ["label"]}
    return {**schema, "dependencies": needs}


def _given() -> Json:
    span = {"type": "number", "minimum": 0}
    return object_of(
        GIVEN,
        {
            "side": words(Side),
            "scores": keyed(_NAMES, _SCORE),
            "level": words(Level),
            "age": words(AgeBand),
            "years": {"type": "integer", "minimum": 0, "maximum": 120},
            "states": one_or_more(words(State)),
            "on": _DATE,
            "region": pattern(REGION.pattern),
            "language": words(Language),
            "limits": one_or_more({"enum": list(LIMIT_NAMES)}),
            "failed": _TEXT,
            "floor_ran": _FLAG,
            "signs": _COUNT,
            "sitting_minutes": span,
            "day_minutes": span,
            "away_days": span,
            "clock": _CLOCK,
            "shown": named(span),
        },
    )


def _expect() -> Json:
    whole = {"type": "integer", "minimum": 0}
    return object_of(
        EXPECT,
        {
            "rule": _TEXT,
            "actions": one_or_more(words(Action)),
            "text": _TEXT,
            "label": {"enum": [*_NAMES, "none"]},
            "danger": words(Danger),
            "grade": words(Grade),
            "severity": {"enum": [*(severity.value for severity in Severity), "none"]},
            "resources": _FLAG,
            "keep_reply": _FLAG,
            "intervenes": _FLAG,
            "degraded": _TEXT,
            "says": one_or_more(_TEXT),
            "notices": one_or_more(_TEXT),
            "age": words(AgeBand),
            "limits": object_of(LIMITS, {key: {"anyOf": [_COUNT, _NONE]} for key in LIMIT_NAMES}),
            "suppress": one_or_more({"enum": [*SUPPRESSIBLE, "none"]}),
            "privacy": object_of(
                PRIVACY,
                {"case_text_days": whole, "turns": whole, "hold_days": whole, "train": _FLAG},
            ),
        },
    )


def _stop() -> Json:
    names = dict.fromkeys(("apps", "routes", "characters"), one_or_more(_TEXT))
    return {**object_of(STOP, {"everything": _FLAG, **names}), "minProperties": 1}


def _hold() -> Json:
    count = {"type": "integer", "minimum": 0}
    seconds = {"type": "number", "minimum": 0.05, "maximum": 30}
    return object_of(HOLD, {"chars": count, "seconds": seconds, "tail": count})


def _limits() -> Json:
    return object_of(LIMITS, dict.fromkeys(LIMIT_NAMES, _COUNT))


def _texts() -> Json:
    return named(keyed(Language, _TEXT))


def _by_name(leaf: str, names: Iterable[str]) -> Json:
    """The tables: name → side → age band, each perhaps `any`. The lower steps are shared."""
    return keyed((*names, ANY), {"$ref": f"#/definitions/{leaf}_by_side"})


def _by_side(leaf: Json) -> Json:
    return keyed((*Side, ANY), keyed((*AgeBand, ANY), leaf))
