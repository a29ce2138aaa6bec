"""Pieces of JSON Schema, draft 7, for `schema`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from guardrail.policy.vocabulary import Shape

__all__ = ["Json", "keyed", "named", "object_of", "one_or_more", "pattern", "words"]

Json = Mapping[str, object]


def named(leaf: Json) -> Json:
    """Names of the writer's own."""
    return {"type": "object", "additionalProperties": leaf}


def object_of(shape: Shape, properties: Mapping[str, Json]) -> Json:
    """A mapping of this shape; nothing else may stand in it."""
    schema: dict[str, object] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: properties[key] for key in shape.keys},
    }
    if shape.required:
        schema["required"] = list(shape.required)
    return schema


def keyed(keys: Iterable[str], leaf: Json) -> Json:
    """A mapping by some of these keys."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {str(key): leaf for key in keys},
    }


def words(kind: type[StrEnum]) -> Json:
    """One word of a vocabulary."""
    return {"enum": [member.value for member in kind]}


def _some(item: Json) -> Json:
    return {"type": "array", "items": item, "minItems": 1, "uniqueItems": True}


def one_or_more(item: Json) -> Json:
    """One, or a list of different ones."""
    return {"anyOf": [item, _some(item)]}


def pattern(regex: str) -> Json:
    """Text of this shape, from its first letter to its last."""
    return {"type": "string", "pattern": f"^({regex})$"}
