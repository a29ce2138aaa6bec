"""A request without what would keep a memory of the person, or bring one. Pure.

Long-term memory is off for children where a law says so (CA B&P 21812(d)(3)), and while a guardian
has not agreed. What the backend remembers by itself nobody in front of it can stop: it is told by the
header `x-guardrail-suppress`. What travels with the request can be stopped here: fields that ask to
keep it or name a store of memories, and the tools by which a model would write or read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from guardrail.errors import WireError
from guardrail.wire.pointer import parse
from guardrail.wire.strict_json import dumps, loads

__all__ = ["Forgetting", "forgotten"]

_CHOICES = {"tools": ("tool_choice", "parallel_tool_calls"), "functions": ("function_call",)}


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What keeps or brings a memory: pointers to fields of a request, and names of tools.

    A name may hold `*`, and is looked for without regard to case. A field that is true or false
    becomes false, so that no default of the backend's counts; any other is taken out.
    """

    fields: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()


def forgotten(body: bytes, terms: Forgetting) -> tuple[bytes, int]:
    """The request without it, and how much that was; the very bytes if there was nothing.

    `body` has been read as a request before; what is no JSON object comes back as it is.
    """
    try:
        asked = loads(body)
    except WireError:
        return body, 0
    if not isinstance(asked, dict):
        return body, 0
    count = sum(_without(asked, parse(pointer)) for pointer in terms.fields)
    count += sum(_untooled(asked, key, terms.tools) for key in _CHOICES)
    return (dumps(asked), count) if count else (body, 0)


def _without(value: Any, way: tuple[str, ...]) -> int:
    """Switch off or take out one field; how many that were."""
    for token in way[:-1]:
        value = value.get(token) if isinstance(value, dict) else None
    if not isinstance(value, dict) or not way or value.get(way[-1]) in (None, False):
        return 0
    if value[way[-1]] is True:
        value[way[-1]] = False
    else:
        del value[way[-1]]
    return 1


def _untooled(asked: dict[str, Any], key: str, names: Iterable[str]) -> int:
    """Offer the model no tool of these names, and do not ask it to call one."""
    offered = asked.get(key)
    if not isinstance(offered, list):
        return 0
    kept = [tool for tool in offered if not _is_one(tool, names)]
    if len(kept) == len(offered):
        return 0
    asked[key] = kept
    choice = _CHOICES[key][0]
    if not kept:
        for gone in (key, *_CHOICES[key]):
            asked.pop(gone, None)
    elif _is_one(asked.get(choice), names):
        del asked[choice]
    return len(offered) - len(kept)


def _is_one(tool: Any, names: Iterable[str]) -> bool:
    """Whether a tool, as it is offered or chosen, has one of these names."""
    if not isinstance(tool, dict):
        return False
    function = tool.get("function")
    inner = function.get("name") if isinstance(function, dict) else None
    called = [name.casefold() for name in (tool.get("name"), inner) if isinstance(name, str)]
    return any(fnmatchcase(name, wanted.casefold()) for name in called for wanted in names)
