"""JSON, read so strictly that nobody else can read it differently.

What we judge must be what the backend reads. JSON readers disagree on duplicate keys (first or
last), on `NaN`, on encodings, on half surrogate pairs and on numbers that do not fit; and some
(Go's `encoding/json`, hence many model servers) match keys without regard to case. All of that is
refused instead of guessed: see `loads` and `lookalike`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable
from typing import Any, Literal, NoReturn

from guardrail.errors import WireError

__all__ = ["DEPTH", "dumps", "loads", "lookalike", "plain"]

DEPTH = 64  # orjson refuses at 1,024, V8 and Go at 10,000; chat bodies stay below ten
_MAX_DIGITS = 20  # the longest 64-bit integer, unsigned or with its sign

# Strings whole (so that brackets within are skipped), else one bracket. Never backtracks.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+\\?"?|[\[{\]}]', re.DOTALL)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_HALF = re.compile("[\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_BLANKS = frozenset("bfnrt")


def loads(
    body: bytes, *, depth: int = DEPTH, surrogates: Literal["refuse", "replace"] = "refuse"
) -> Any:
    """Read JSON text.

    Refused: other encodings than UTF-8, a byte order mark, duplicate keys, `NaN` and infinities,
    integers of more than 64 bits' length, nesting deeper than `depth`, half surrogate pairs. Replies
    may ask to have those `surrogates` replaced by U+FFFD: backends that count in UTF-16 cut emoji in
    two when they stream, and no text is hidden by it.

    Raises:
        WireError: any of the above, or no JSON at all. The message never quotes the body.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as e:
        raise WireError(f"the body is not UTF-8 (byte {e.start})") from None
    _check_depth(body, depth)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as e:
        raise WireError(
            f"the body is not JSON: {e.msg} (line {e.lineno}, column {e.colno})"
        ) from None
    if _SURROGATE.search(body):
        value = _whole(value, replace=surrogates == "replace")
    return value


def dumps(value: Any) -> bytes:
    """Write compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def plain(payload: bytes) -> str:
    r"""What a person would read in bytes that nobody could parse: with JSON's escapes undone.

    Left as they are, escapes hide words: `\u6b7b`, or `kill\nyourself`.
    """
    text = _ESCAPE.sub(_unescaped, payload.decode("utf-8", "replace"))
    if _HALF.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return " " if found[2] in _BLANKS else found[2]


def lookalike(keys: Iterable[str], names: Collection[str]) -> str | None:
    """Find a key that is none of `names`, but that a reader which ignores case takes for one.

    `casefold` also covers the two letters outside ASCII that Go folds into it (long s, Kelvin).
    """
    strange = set(keys).difference(names)
    if not strange:
        return None
    folded = {name.casefold() for name in names}
    return next((key for key in strange if key.casefold() in folded), None)


def _check_depth(body: bytes, depth: int) -> None:
    if body.count(b"[") + body.count(b"{") <= depth:
        return  # the common case costs no scan
    level = 0
    for found in _TOKEN.finditer(body):
        token = found[0]
        if token in b"[{":
            level += 1
            if level > depth:
                raise WireError(f"the body is nested deeper than {depth} levels")
        elif token in b"]}":
            level -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise WireError("the body has an object with a duplicate key")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise WireError("the body has an integer of more than 64 bits")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise WireError("the body has a number that is too large")
    return value


def _constant(name: str) -> NoReturn:
    raise WireError(f"the body has {name}, which is no JSON")


def _whole(value: Any, *, replace: bool) -> Any:
    """`value` without half surrogate pairs."""
    if isinstance(value, str):
        if not replace and _HALF.search(value):
            raise WireError("the body has half of a surrogate pair")
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(item, replace=replace) for item in value]
    if isinstance(value, dict):
        return _object(
            [(_whole(k, replace=replace), _whole(v, replace=replace)) for k, v in value.items()]
        )
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
