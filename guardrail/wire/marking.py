"""A field of ours in somebody else's JSON, put in so that every other byte stays as it was. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guardrail.errors import WireError
from guardrail.wire.strict_json import dumps, loads

__all__ = ["FIELD", "marked", "marked_frame"]

FIELD = "guardrail"
"""The field's name. APIs ignore what they do not know, and so do their clients."""


def marked(body: bytes, facts: Mapping[str, Any]) -> bytes | None:
    """A JSON object with `facts` under `FIELD`; `None` if it is no object, or has that field."""
    try:
        found = loads(body, surrogates="replace")
    except WireError:
        return None
    if not isinstance(found, dict) or FIELD in found:
        return None
    end = body.rindex(b"}")
    comma = b"," if found else b""
    return body[:end] + comma + dumps(FIELD) + b":" + dumps(facts) + body[end:]


def marked_frame(raw: bytes, data: bytes | None, facts: Mapping[str, Any]) -> bytes | None:
    """One event of a stream, likewise; `data` is its payload. `None` if that has no one place in it."""
    if data is None or raw.count(data) != 1:
        return None
    changed = marked(data, facts)
    return None if changed is None else raw.replace(data, changed)
