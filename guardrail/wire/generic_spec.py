"""How a home-made chat API is described.

A `GenericSpec` says where things stand in the JSON of one API, by JSON Pointers in which `*` stands
for every item of a list, and what our own answers look like, by templates. The first `*` of a
pointer into a reply numbers the choices; without one there is a single choice, number 0.

Templates are JSON; in their strings `{text}` stands for our words, `{id}` for the decision, and in
`error_template` `{status}`, `{code}` and `{message}` for the error. A string that is one such
placeholder and nothing else takes the value itself, so that `"{status}"` becomes a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from guardrail._tables import plainly
from guardrail.errors import ConfigError, Mistake
from guardrail.turn import Role
from guardrail.wire.pointer import parse
from guardrail.wire.strict_json import dumps

__all__ = ["ROLES", "STREAM_TYPES", "GenericSpec", "problems", "read_spec"]

ROLES = {
    "user": Role.USER,
    "human": Role.USER,
    "assistant": Role.ASSISTANT,
    "bot": Role.ASSISTANT,
    "ai": Role.ASSISTANT,
    "system": Role.SYSTEM,
    "tool": Role.TOOL,
}
STREAM_TYPES = {
    "sse": ("text/event-stream",),
    "ndjson": (
        *("application/x-ndjson", "application/ndjson", "application/jsonl"),
        *("application/x-jsonlines", "application/json-lines", "application/stream+json"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericSpec:
    """Where things stand in one chat API.

    Requests: `user_text` leads to what the person says now, `messages` to every message of a
    history (`/history/*`), `role` and `content` from a message to its parts. `roles` adds to the
    usual names of roles; one that is not known is read as the person's. `stream_flag` leads to the boolean that asks for a
    stream; without it every answer is one, if `stream` is set.

    Streams: each event carries text at `delta_text`, either the new text or (`cumulative`) all of
    it so far. A choice has finished when the value at `finished` is one of `finished_values` (any
    true value, if there are none). `done` is the payload that ends the stream; without it the
    finishing event does. `stream_types` are content types, if not the usual ones.

    `strict_fields`: strings at the top of a reply or event that no pointer covers are recorded as
    not judged.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    reply_text: tuple[str, ...]
    reply_template: Any
    error_template: Any = field(default_factory=lambda: {"error": "{message}", "code": "{code}"})
    user_text: str | None = None
    messages: str | None = None
    role: str = "/role"
    content: str = "/content"
    roles: Mapping[str, Role] = field(default_factory=dict)
    user_id: str | None = None
    conversation_id: str | None = None
    stream: Literal["sse", "ndjson"] | None = None
    stream_flag: str | None = None
    stream_types: tuple[str, ...] = ()
    delta_text: tuple[str, ...] = ()
    delta_mode: Literal["delta", "cumulative"] = "delta"
    finished: str | None = None
    finished_values: tuple[Any, ...] = ()
    done: str | None = None
    event_name: str | None = None
    event_template: Any = None
    finish_name: str | None = None
    finish_template: Any = None
    strict_fields: bool = False


POINTERS = (
    *("user_text", "messages", "role", "content", "user_id", "conversation_id"),
    *("stream_flag", "finished", "reply_text", "delta_text"),
)


def problems(spec: GenericSpec) -> tuple[str, ...]:
    """Everything that is wrong with a description, in words for its author."""
    return (*_pointer_problems(spec), *_missing(spec), *_stream_problems(spec))


def _pointer_problems(spec: GenericSpec) -> Iterator[str]:
    return _unreadable(getattr(spec, name) for name in POINTERS)


def _unreadable(found: Iterable[Any]) -> Iterator[str]:
    """What is wrong with pointers, each given alone or in a list."""
    for one in found:
        for pointer in (one,) if isinstance(one, str) else one or ():
            try:
                parse(pointer)
            except ValueError as e:
                yield str(e)


def _missing(spec: GenericSpec) -> Iterator[str]:
    if spec.user_text is None and spec.messages is None:
        yield "one of user_text and messages must say where the person's words stand"
    if not spec.reply_text:
        yield "reply_text must say where the bot's words stand"
    if "" in (*spec.reply_text, *spec.delta_text):
        yield "reply_text and delta_text must lead into an object"
    if not _speaks(spec.reply_template):
        yield "reply_template must have {text} in one of its strings"


def _stream_problems(spec: GenericSpec) -> Iterator[str]:
    if spec.stream is None:
        if spec.delta_text or spec.stream_flag:
            yield "delta_text and stream_flag need stream to be sse or ndjson"
        return
    if not spec.delta_text:
        yield "delta_text must say where the text of an event stands"
    if not _speaks(spec.event_template):
        yield "event_template must have {text} in one of its strings"
    if re.search(r"[\r\n]", f"{spec.event_name}{spec.finish_name}{spec.done}"):
        yield "event_name, finish_name and done must be single lines"


def _speaks(template: Any) -> bool:
    return "{text}" in dumps(template).decode()


def read_spec(name: str, table: Mapping[str, Any]) -> GenericSpec:
    """Read a description as a configuration file holds it.

    Raises:
        ConfigError: with everything that is wrong with it.
    """
    try:
        spec = TypeAdapter(GenericSpec).validate_python({**table, "name": name})
    except ValidationError as e:
        errors = e.errors(include_url=False, include_input=False)
        found = [f"{'.'.join(map(str, error['loc']))}: {plainly(error)}" for error in errors]
        wrong = {part for error in errors for part in error["loc"][:1]}
        found += _unreadable(table.get(name) for name in POINTERS if name not in wrong)
    else:
        found = list(problems(spec))
        if not found:
            return spec
    raise ConfigError([Mistake(f"wires.{name}", 1, text) for text in found])
