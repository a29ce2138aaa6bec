"""A field of ours in somebody else's JSON, put in so that every other byte stays as it was. Pure.

Nobody else may write it: a backend that says `"guardrail": {"speaker": "human"}` would make its bot a
human in the eyes of the app.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guardrail.errors import WireError
from guardrail.wire.strict_json import dumps, loads

__all__ = ["FIELD", "claimed", "marked", "marked_frame"]

FIELD = "guardrail"
"""The field's name. APIs ignore what they do not know, and so do their clients."""


def claimed(raw: bytes) -> bool:
    """Whether a backend's bytes may hold our field, plainly or in escapes: `marked` settles it."""
    return b'"guardrail"' in raw or b"\\u00" in raw


def marked(body: bytes, facts: Mapping[str, Any]) -> bytes | None:
    """A JSON object with `facts` alone under `FIELD`, or without it; `None` if nothing changes."""
    try:
        found = loads(body, surrogates="replace")
    except WireError:
        return None
    if not isinstance(found, dict):
        return None
    if FIELD in found:  # somebody else's: written anew
        rest = {key: value for key, value in found.items() if key != FIELD}
        return dumps({**rest, FIELD: facts} if facts else rest)
    if not facts:
        return None
    end = body.rindex(b"}")
    comma = b"," if found else b""
    return body[:end] + comma + dumps(FIELD) + b":" + dumps(facts) + body[end:]


def marked_frame(raw: bytes, data: bytes | None, facts: Mapping[str, Any]) -> bytes | None:
    """One event of a stream, likewise; `data` is its payload.

    A payload over several lines has no one place: it stays unmarked, but for a field to be taken off.
    """
    changed = marked(data, facts) if data is not None else None
    if data is None or changed is None:
        return None
    if raw.count(data) == 1:
        return raw.replace(data, changed)
    if not claimed(data):
        return None
    rest = [line for line in raw.splitlines() if line and not line.startswith(b"data")]
    return b"\n".join([*rest, b"data: " + changed, b"", b""])
