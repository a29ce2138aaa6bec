"""JSON Schema for packs and their tests, so that an editor can help while one is being written.

The schema knows the vocabulary, not the sense: `load` and `check` have the last word. To renew the
generated files after a change: `make docs`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum

from guardrail.policy.model import Mode, Posture, Repair, Stage, Start
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
    RULE,
    SUPPRESSIBLE,
    THRESHOLD,
    TRIALS,
    VERSION,
    WHEN,
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

__all__ = ["FILES", "policy_schema", "render", "trials_schema"]

# Draft 7: what the YAML language server understands best.
_DRAFT = "http://json-schema.org/draft-07/schema#"

Json = Mapping[str, object]

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
            "threshold_by_side": _by_side(_object(THRESHOLD, {"soft": _SCORE, "hard": _SCORE})),
            "posture_by_side": _by_side(_words(Posture)),
        },
        # A pack that stands on others may leave out what they say.
        "if": {"required": ["extends"]},
        "then": {"required": list(OVERLAY.required)},
        "else": {"required": list(PACK.required)},
        **_object(
            Shape((), PACK.keys),
            {
                "guardrail": {"const": VERSION},
                "name": _pattern(NAME.pattern),
                "title": _TEXT,
                "extends": _one_or_more(_pattern(NAME.pattern)),
                "effective": _DATE,
                "pin": _one_or_more(_TEXT),
                "articles": _named(_TEXT),
                "mode": _words(Mode),
                "shadow_until": _DATE,
                "languages": _one_or_more(_words(Language)),
                "default_region": {
                    "anyOf": [
                        _pattern(REGION.pattern),
                        _keyed(tuple(Language), _pattern(REGION.pattern)),
                    ]
                },
                "thresholds": _by_name("threshold", _NAMES),
                "failure": _by_name("posture", Label),
                "hold": _hold(),
                "limits": {
                    **_keyed((*AgeBand, ANY), _limits()),
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
    case = _object(CASE, {"name": _TEXT, "given": _given(), "expect": _expect()})
    return {
        "$schema": _DRAFT,
        "title": "guardrail policy test",
        **_object(
            TRIALS,
            {
                "guardrail": {"const": VERSION},
                "policy": _pattern(NAME.pattern),
                "cases": {"type": "array", "minItems": 1, "items": case},
            },
        ),
    }


FILES = {"policy.schema.json": policy_schema, "policy_test.schema.json": trials_schema}
"""The generated files, by name."""


def render(schema: Json) -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _rule() -> Json:
    return _object(
        RULE,
        {
            "id": _pattern(NAME.pattern),
            "when": _when(),
            "then": _one_or_more(_words(Action)),
            "text": _TEXT,
            "resources": _FLAG,
            "keep_reply": _FLAG,
            "severity": _words(Severity),
            "danger": _words(Danger),
            "again": _one_or_more(_TEXT),
            "stage": _words(Stage),
            "reason": _reason(),
            "article": _TEXT,
        },
    )


def _reason() -> Json:
    return {"anyOf": [_TEXT, _object(REASON, dict.fromkeys(REASON.keys, _TEXT))]}


def _terms() -> dict[str, Json]:
    """What goes by the clock and by a person's state."""

    def minutes(least: float) -> Json:
        return {"type": "number", "minimum": least}

    notice = _object(
        NOTICE,
        {
            "id": _pattern(NAME.pattern),
            "text": _TEXT,
            "start": _words(Start),
            "every_minutes": minutes(1),
            "absence_days": minutes(1),
            "on": _one_or_more(_words(State)),
            "cooldown_minutes": minutes(0),
            "age": _one_or_more(_words(AgeBand)),
            "under": _UNDER,
            "in_band": _FLAG,
            "reason": _reason(),
            "article": _TEXT,
        },
    )
    crisis = {
        "hold_hours": minutes(1),
        "point_minutes": minutes(0),
        "omission": _SCORE,
        "repair": _words(Repair),
        "keep_out": _FLAG,
    }
    exits = {"words": _keyed(tuple(Language), _one_or_more(_TEXT)), "text": _TEXT}
    dependence = {"elevated": _SCORE, "high": _SCORE, "age": _one_or_more(_words(AgeBand))}
    return {
        "zone": _TEXT,
        "unknown_age": _words(AgeBand),
        "notices": {"type": "array", "minItems": 1, "items": notice},
        "curfew": _object(CURFEW, {"under": _UNDER, "from": _CLOCK, "to": _CLOCK}),
        "consent": _object(CONSENT, {"under": _UNDER, "scope": _TEXT, "version": _TEXT}),
        "crisis": _object(CRISIS, crisis),
        "exit": _object(EXIT, exits),
        "dependence": {"anyOf": [{"enum": ["off", False]}, _object(DEPENDENCE, dependence)]},
        "suppress": _keyed(tuple(AgeBand), _one_or_more({"enum": list(SUPPRESSIBLE)})),
        "privacy": _privacy(),
        "label": _object(LABEL, {"explicit": _TEXT, "implicit": _named(_TEXT)}),
    }


def _privacy() -> Json:
    days = {"type": "integer", "minimum": 0}
    return _object(
        PRIVACY,
        {
            "case_text_days": days,
            "turns": _COUNT,
            "hold_days": {"anyOf": [days, _keyed(tuple(AgeBand), days)]},
            "train": _FLAG,
        },
    )


def _when() -> Json:
    schema = _object(
        WHEN,
        {
            "side": _words(Side),
            "label": _one_or_more({"enum": list(_NAMES)}),
            "at": {"enum": list(_GRADES)},
            "level": _words(Level),
            "age": _one_or_more(_words(AgeBand)),
            "under": _UNDER,
            "limit": {"enum": list(LIMIT_NAMES)},
            "state": _one_or_more(_words(State)),
            "all_of": _one_or_more({"enum": list(_NAMES)}),
            "unless": _one_or_more(_words(State)),
        },
    )
    named = {"anyOf": [{"required": ["label"]}, {"required": ["all_of"]}]}
    needs = {"label": ["at"], "all_of": ["at"], "at": named, "level": ["label"]}
    return {**schema, "dependencies": needs}


def _given() -> Json:
    span = {"type": "number", "minimum": 0}
    return _object(
        GIVEN,
        {
            "side": _words(Side),
            "scores": _keyed(_NAMES, _SCORE),
            "level": _words(Level),
            "age": _words(AgeBand),
            "years": {"type": "integer", "minimum": 0, "maximum": 120},
            "states": _one_or_more(_words(State)),
            "on": _DATE,
            "region": _pattern(REGION.pattern),
            "language": _words(Language),
            "limits": _one_or_more({"enum": list(LIMIT_NAMES)}),
            "failed": _TEXT,
            "floor_ran": _FLAG,
            "signs": _COUNT,
            "sitting_minutes": span,
            "day_minutes": span,
            "away_days": span,
            "clock": _CLOCK,
            "shown": _named(span),
        },
    )


def _expect() -> Json:
    whole = {"type": "integer", "minimum": 0}
    return _object(
        EXPECT,
        {
            "rule": _TEXT,
            "actions": _one_or_more(_words(Action)),
            "text": _TEXT,
            "label": {"enum": [*_NAMES, "none"]},
            "danger": _words(Danger),
            "grade": _words(Grade),
            "severity": {"enum": [*(severity.value for severity in Severity), "none"]},
            "resources": _FLAG,
            "keep_reply": _FLAG,
            "intervenes": _FLAG,
            "degraded": _TEXT,
            "says": _one_or_more(_TEXT),
            "notices": _one_or_more(_TEXT),
            "age": _words(AgeBand),
            "limits": _object(LIMITS, {key: {"anyOf": [_COUNT, _NONE]} for key in LIMIT_NAMES}),
            "suppress": _one_or_more({"enum": [*SUPPRESSIBLE, "none"]}),
            "privacy": _object(
                PRIVACY,
                {"case_text_days": whole, "turns": whole, "hold_days": whole, "train": _FLAG},
            ),
        },
    )


def _hold() -> Json:
    count = {"type": "integer", "minimum": 0}
    seconds = {"type": "number", "minimum": 0.05, "maximum": 30}
    return _object(HOLD, {"chars": count, "seconds": seconds, "tail": count})


def _limits() -> Json:
    return _object(LIMITS, dict.fromkeys(LIMIT_NAMES, _COUNT))


def _texts() -> Json:
    return _named(_keyed(Language, _TEXT))


def _named(leaf: Json) -> Json:
    """Names of the writer's own."""
    return {"type": "object", "additionalProperties": leaf}


def _by_name(leaf: str, names: Iterable[str]) -> Json:
    """The tables: name → side → age band, each perhaps `any`. The lower steps are shared."""
    return _keyed((*names, ANY), {"$ref": f"#/definitions/{leaf}_by_side"})


def _by_side(leaf: Json) -> Json:
    return _keyed((*Side, ANY), _keyed((*AgeBand, ANY), leaf))


def _object(shape: Shape, properties: Mapping[str, Json]) -> Json:
    schema: dict[str, object] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: properties[key] for key in shape.keys},
    }
    if shape.required:
        schema["required"] = list(shape.required)
    return schema


def _keyed(keys: Iterable[str], leaf: Json) -> Json:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {str(key): leaf for key in keys},
    }


def _words(kind: type[StrEnum]) -> Json:
    return {"enum": [member.value for member in kind]}


def _some(item: Json) -> Json:
    return {"type": "array", "items": item, "minItems": 1, "uniqueItems": True}


def _one_or_more(item: Json) -> Json:
    return {"anyOf": [item, _some(item)]}


def _pattern(regex: str) -> Json:
    return {"type": "string", "pattern": f"^({regex})$"}
