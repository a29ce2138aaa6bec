"""What Chat Completions bodies say, as tables and small readers. Pure; used by `openai` alone.

The format has one owner and a hundred dialects: what other servers are known to add is read, too.
A field that nobody here knows is never passed in silence: it is named in `unjudged`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from guardrail.errors import ReplyError, WireError
from guardrail.turn import Channel, Message, Role
from guardrail.wire.base import Asked, Delta, Piece, Reply, as_it_stands
from guardrail.wire.strict_json import dumps, loads, lookalike

__all__ = ["MAX_CHOICES", "read_asked", "read_chunk", "read_completion"]

MAX_CHOICES = 128  # OpenAI's own limit for `n`

Seen = tuple[list[Piece], list[str]]  # text, and names of what is no text

ROLES = {
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "tool": Role.TOOL,
    "function": Role.TOOL,
}
PARTS = {  # types of content parts that are no text
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "input_audio": "audio",
    "audio": "audio",
    "audio_url": "audio",
    "video_url": "video",
    "video": "video",
    "file": "file",
    "input_file": "file",
}
TEXT_PARTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}
REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_details", "thinking_blocks")
NON_TEXT = {"audio": "audio", "images": "image", "annotations": "annotation"}
SILENT = {"role", "name", "id", "tool_call_id", "prefix", "signature", "reasoning_signature"}
KNOWN = {"content", "refusal", "tool_calls", "function_call", *REASONING, *NON_TEXT, *SILENT}
# Request fields that carry text to the model beside the messages.
ASIDE = {"prediction": "prediction", "documents": "document", "chat_template": "template"}
# Other APIs' names for what the person says: some servers read them here, too.
SPOKEN = ("prompt", "input")
# A chunk without choices may hold these and nothing else.
BOOKKEEPING = {
    *("id", "object", "created", "model", "usage", "system_fingerprint", "service_tier"),
    *("provider", "timings", "obfuscation", "prompt_filter_results", "choices"),
}
READ = {"messages", "stream", "stream_options", "n", "model", "user", "safety_identifier"}
# What stands around the choices, and in a choice around what is said; other prose is named.
AROUND_CHOICES = BOOKKEEPING | {"error", "prompt_logprobs"}
AROUND_SAID = {
    *("index", "delta", "message", "text", "logprobs"),
    *("finish_reason", "stop_reason", "matched_stop"),
}
PROSE = re.compile(r"\s|[^\x00-\x7f]")  # ids and words of a protocol have no such characters
READ_BODY = {*READ, "metadata", "extra_body", *ASIDE, *SPOKEN}
READ_MESSAGE = {"role", "content", "refusal"}
READ_PART = {"type", "text", "refusal"}


# --- requests


def read_asked(body: bytes) -> Asked:
    """Read a request; see `Wire.read_turn`."""
    data = _exact(loads(body), READ_BODY, "the body")
    messages = data.get("messages")
    if not isinstance(messages, list) or not messages:
        raise WireError("`messages` must be a list that is not empty")
    unjudged = [name for key, name in ASIDE.items() if data.get(key)]
    extra = data.get("extra_body")
    if isinstance(extra, dict) and not extra.keys().isdisjoint({"messages", *SPOKEN}):
        raise WireError("`extra_body` has messages of its own")  # some servers put them in place
    aside = (Message(Role.USER, text) for key in SPOKEN for text in _strings(data.get(key)))
    metadata, options = data.get("metadata"), data.get("stream_options")
    n = data.get("n")
    return Asked(
        messages=(*(_message(m, unjudged) for m in messages), *aside),
        stream=_typed(data, "stream", bool) or False,
        user=_typed(data, "safety_identifier", str) or _typed(data, "user", str),
        conversation=_conversation(metadata),
        unjudged=tuple(dict.fromkeys(unjudged)),
        echo={
            "model": _typed(data, "model", str) or "",
            "n": n if type(n) is int and 1 <= n <= MAX_CHOICES else 1,
            "usage": isinstance(options, dict) and options.get("include_usage") is True,
        },
        single=n is None or n == 1,
    )


def _exact(value: Any, names: set[str], what: str) -> dict[str, Any]:
    """`value` as an object that no reader can take for another one."""
    if not isinstance(value, dict):
        raise WireError(f"{what} must be an object")
    twin = lookalike(value, names)
    if twin is not None:
        raise WireError(f"{what} has a key that differs only by case from one that is read")
    return value


def _typed(data: Mapping[str, Any], key: str, kind: type) -> Any:
    value = data.get(key)
    if value is not None and not isinstance(value, kind):
        raise WireError(f"`{key}` has the wrong type")
    return value


def _conversation(metadata: Any) -> str | None:
    """The id of the conversation, written as a string or as a number."""
    value = metadata.get("conversation_id") if isinstance(metadata, dict) else None
    if value is not None and type(value) not in (str, int):  # dropped, it would be a stranger's
        raise WireError("`metadata.conversation_id` has the wrong type")
    return None if value is None else str(value)


def _message(value: Any, unjudged: list[str]) -> Message:
    data = _exact(value, READ_MESSAGE, "a message")
    name = data.get("role")
    if not isinstance(name, str):
        raise WireError("a message has no role")
    role = ROLES.get(name, Role.USER)  # a role of some dialect: read as the person's, the strictest
    content = data.get("content")
    texts = [content] if isinstance(content, str) else [*_content(content, unjudged)]
    texts.append(_typed(data, "refusal", str) or "")
    if role is Role.TOOL:
        unjudged.append("tool_result")
    return Message(role, "\n".join(filter(None, texts)))


def _content(content: Any, unjudged: list[str]) -> Iterator[str]:
    if content is None:
        return
    if not isinstance(content, list):
        raise WireError("`content` must be a string or a list of parts")
    for part in content:
        if isinstance(part, str):
            yield part
            continue
        data = _exact(part, READ_PART, "a content part")
        key = TEXT_PARTS.get(str(data.get("type")))
        if key is not None:
            yield _typed(data, key, str) or ""
            continue
        unjudged.append(PARTS.get(str(data.get("type")), "part"))
        yield from _captions(data)


def _captions(part: Mapping[str, Any]) -> Iterator[str]:
    """Text in a part that is not known as text: its name is noted, and what can be read is read."""
    yield from (text for key in ("text", "content") if isinstance(text := part.get(key), str))


def _strings(value: Any) -> Iterator[str]:
    """Every string in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


# --- replies


def read_completion(body: bytes) -> Reply:
    """Read a whole reply; see `Wire.read_reply`."""
    try:
        data = loads(body, surrogates="replace")
    except WireError as e:
        raise ReplyError(str(e)) from None
    if not isinstance(data, dict):
        raise ReplyError("the reply is no object")
    if data.get("choices") is None and data.get("error"):
        return Reply(as_it_stands(body), ("error",))
    pieces, unjudged = _choices(data, "message")
    return Reply(tuple(pieces), tuple(dict.fromkeys(unjudged)))


def read_chunk(payload: bytes) -> Delta:
    """Read the payload of one event; see `Wire.read_frame`."""
    if payload.strip() == b"[DONE]":
        return Delta(done=True)
    try:
        data = loads(payload, surrogates="replace")
        return _delta(data)
    except (WireError, ReplyError):
        return Delta(as_it_stands(payload), unjudged=("frame",))


def _delta(data: Any) -> Delta:
    if not isinstance(data, dict):
        raise ReplyError("a chunk is no object")
    if data.get("choices") is None and BOOKKEEPING.issuperset(data):
        return Delta()
    pieces, unjudged = _choices(data, "delta")
    if data.get("error"):  # clients show it, beside choices or without them
        pieces.append(Piece(0, Channel.TEXT, dumps(data["error"]).decode()))
        unjudged.append("error")
    finished = tuple(i for i, c in _numbered(data["choices"]) if c.get("finish_reason"))
    return Delta(tuple(pieces), finished, unjudged=tuple(dict.fromkeys(unjudged)))


def _choices(data: Mapping[str, Any], key: str) -> Seen:
    pieces: list[Piece] = []
    unjudged = _strange(data, AROUND_CHOICES)
    for index, choice in _numbered(data.get("choices")):
        said = choice.get(key)
        if said is not None and not isinstance(said, dict):
            raise ReplyError(f"`{key}` is no object")
        (other,) = {"delta", "message"} - {key}
        twin = choice.get(other)
        unjudged += [*_strange(choice, AROUND_SAID), *([f"field:{other}"] if twin else [])]
        legacy = {"content": choice["text"]} if choice.get("text") is not None else None
        for more in said, legacy, twin if isinstance(twin, dict) else None:
            found, names = _said(index, more) if more else ([], [])
            pieces += found
            unjudged += names
    return pieces, unjudged


def _strange(data: Mapping[str, Any], known: Collection[str]) -> list[str]:
    """Names of fields with prose in them that nobody here knows."""
    strange = [key for key in data if key not in known]
    return [f"field:{k[:40]}" for k in strange if any(map(PROSE.search, _strings(data[k])))]


def _numbered(choices: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    if not isinstance(choices, list):
        raise ReplyError("there are no choices")
    for position, choice in enumerate(choices):
        if not isinstance(choice, dict):
            raise ReplyError("a choice is no object")
        index = choice.get("index")
        yield index if type(index) is int else position, choice


def _said(index: int, said: Mapping[str, Any]) -> Seen:
    """All text of one message or delta, in the order in which clients show it."""
    pieces: list[Piece] = []
    unjudged = [name for key, name in NON_TEXT.items() if said.get(key)]
    unjudged += [f"field:{key[:40]}" for key in said if key not in KNOWN and _speaks(said[key])]

    def add(channel: Channel, text: Any) -> None:
        if text is None or text == "":
            return
        if not isinstance(text, str):
            raise ReplyError("a text is no string")
        pieces.append(Piece(index, channel, text))

    # Servers in transition send the same reasoning under two names: doubled text hides phrases.
    for text in dict.fromkeys(_joined(said[key]) for key in REASONING if key in said):
        add(Channel.REASONING, text)
    unjudged += _reply_content(said.get("content"), add)
    audio = said.get("audio")
    add(Channel.TEXT, audio.get("transcript") if isinstance(audio, dict) else None)
    add(Channel.REFUSAL, said.get("refusal"))
    for text in _calls(said):
        add(Channel.TOOL, text)
    return pieces, unjudged


def _speaks(value: Any) -> bool:
    return isinstance(value, str | list | dict) and bool(value)


def _reply_content(content: Any, add: Callable[[Channel, Any], None]) -> Iterator[str]:
    """Add the text of `content`; give the names of parts that are none."""
    if not isinstance(content, list):
        add(Channel.TEXT, content)
        return
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if isinstance(part, str):
            add(Channel.TEXT, part)
        elif kind == "thinking":
            add(Channel.REASONING, _joined(part.get("thinking")))
        elif kind in TEXT_PARTS:
            add(Channel.REFUSAL if kind == "refusal" else Channel.TEXT, part.get(TEXT_PARTS[kind]))
        else:
            yield PARTS.get(str(kind), "part")
            for text in _captions(part if isinstance(part, dict) else {}):
                add(Channel.TEXT, text)


def _joined(value: Any) -> str:
    """The text in a reasoning field: a string, an object that holds one, or a list of those."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_joined(item) for item in value)
    if isinstance(value, dict):
        return "".join(_joined(value.get(k)) for k in ("text", "content", "summary", "thinking"))
    return ""


def _calls(said: Mapping[str, Any]) -> Iterator[Any]:
    """Names and arguments of tool calls, as they stand."""
    calls, old = said.get("tool_calls") or [], said.get("function_call")
    if not calls and not old:
        return
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise ReplyError("`tool_calls` is no list of objects")
    wanted = [call.get(kind) for call in calls for kind in ("function", "custom")]
    for call in [*wanted, old]:
        if isinstance(call, dict):
            for key in ("name", "arguments", "input"):
                value = call.get(key)
                yield dumps(value).decode() if isinstance(value, dict | list) else value
