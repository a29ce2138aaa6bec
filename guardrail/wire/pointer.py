"""JSON Pointers (RFC 6901), with one addition: `*` stands for every item of a list.

Pure and small: find values, change them, and check that a pointer is well written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from guardrail.errors import WireError
from guardrail.wire.strict_json import lookalike

__all__ = ["Match", "change", "find", "parse"]


class Match(NamedTuple):
    """A value that a pointer leads to, and which items its `*` stood for, from left to right."""

    at: tuple[int, ...]
    value: Any


def parse(pointer: str) -> tuple[str, ...]:
    """Take a pointer apart.

    Raises:
        ValueError: it is not empty and does not begin with a slash, or has a stray `~`.
    """
    if pointer == "":
        return ()
    if not pointer.startswith("/"):
        raise ValueError(f"pointer {pointer!r} must begin with a slash")
    if "~" in pointer.replace("~0", "").replace("~1", ""):
        raise ValueError(f"pointer {pointer!r} has a ~ that is neither ~0 nor ~1")
    return tuple(t.replace("~1", "/").replace("~0", "~") for t in pointer[1:].split("/"))


def find(value: Any, pointer: str, *, exact: bool = False) -> Iterator[Match]:
    """Give every value that `pointer` leads to; none if the way ends early.

    `exact` is for requests: no object on the way may have a key that differs only by case.

    Raises:
        WireError: `exact`, and there is such a key.
    """
    return _find(value, parse(pointer), (), exact=exact)


def change(value: Any, pointer: str, new: Callable[[Any], Any]) -> int:
    """Replace every value that `pointer` leads to by `new` of it; give how many there were."""
    *way, last = parse(pointer) or ("",)
    count = 0
    for match in _find(value, tuple(way), (), exact=False):
        for key in _keys(match.value, last):
            match.value[key] = new(match.value[key])
            count += 1
    return count


def _find(value: Any, way: tuple[str, ...], at: tuple[int, ...], *, exact: bool) -> Iterator[Match]:
    if not way:
        yield Match(at, value)
        return
    if exact and isinstance(value, dict) and lookalike(value, {way[0]}):
        raise WireError(f"the body has a key that differs from `{way[0]}` only by case")
    for key in _keys(value, way[0]):
        starred = way[0] == "*" and isinstance(key, int)
        yield from _find(value[key], way[1:], (*at, key) if starred else at, exact=exact)


def _keys(value: Any, token: str) -> list[Any]:
    """The keys of `value` that `token` stands for."""
    if isinstance(value, dict):
        return [token] if token in value else []
    if not isinstance(value, list):
        return []
    if token == "*":  # noqa: S105 - a token of a pointer
        return list(range(len(value)))
    return [int(token)] if token.isdecimal() and int(token) < len(value) else []
