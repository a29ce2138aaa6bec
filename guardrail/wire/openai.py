"""OpenAI Chat Completions, whole and streamed; also what compatible servers make of it.

The judge of what we write is the official `openai` client (`tests/test_openai_wire.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from guardrail.errors import WireError
from guardrail.turn import Channel
from guardrail.wire._openai_read import read_asked, read_chunk, read_completion
from guardrail.wire.base import Asked, Delta, Frame, Framer, Reply, Words
from guardrail.wire.marking import marked, marked_frame
from guardrail.wire.sse import SseFramer
from guardrail.wire.strict_json import dumps, loads

__all__ = ["OpenAIWire"]

DONE = b"data: [DONE]\n\n"
NO_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
ERROR_TYPES = {  # as the official API names them; other 4xx are the request's fault
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class OpenAIWire:
    """`POST /v1/chat/completions`. Stateless; one object serves every request.

    `Asked.echo` holds `model`, `n` and `usage`; whoever has a clock may put `now` (whole seconds)
    there, for the `created` of answers that the backend had no part in.
    """

    @property
    def name(self) -> str:
        """`openai`."""
        return "openai"

    @property
    def stream_type(self) -> bytes:
        """Server-sent events."""
        return b"text/event-stream; charset=utf-8"

    def read_turn(self, body: bytes) -> Asked:
        """Read a request.

        A role of some dialect is read as the person's: whatever it says is judged.

        Raises:
            WireError: not this format; a duplicate key; a key that differs only by case; not UTF-8.
        """
        return read_asked(body)

    def read_reply(self, body: bytes) -> Reply:
        """Read a whole reply: every choice and channel.

        Raises:
            ReplyError: it is not this format.
        """
        return read_completion(body)

    def steer(self, body: bytes, note: str) -> bytes | None:
        """The request with one more system message; see `Wire.steer`."""
        asked = loads(body)
        asked["messages"] = [*asked["messages"], {"role": "system", "content": note}]
        return dumps(asked)

    def prune(self, body: bytes, drop: frozenset[int], /) -> bytes | None:
        """The request without some messages; see `Wire.prune`."""
        asked = loads(body)
        kept = [one for number, one in enumerate(asked["messages"]) if number not in drop]
        return dumps({**asked, "messages": kept}) if kept else None

    def mark(self, raw: bytes, facts: Mapping[str, Any], /, *, data: bytes | None = None) -> bytes:
        """With a field `guardrail` of ours; see `Wire.mark`."""
        return (marked(raw, facts) if data is None else marked_frame(raw, data, facts)) or raw

    def write_reply(self, asked: Asked, words: Words, original: bytes | None = None) -> bytes:
        """A whole answer that carries our words; see `Wire.write_reply`."""
        source = _object(original)
        choices = _given(source)
        if choices and not words.instead:
            for choice in choices:
                _append(choice, words.text)
            return dumps(source)
        usage = source.get("usage")
        answer = {
            **_head(asked, words, source, "chat.completion"),
            "choices": [_choice(index, words) for index in _indexes(asked, choices)],
            "usage": usage if isinstance(usage, dict) else NO_USAGE,
        }
        return dumps(answer)

    def framer(self, content_type: str) -> Framer | None:
        """Server-sent events, or no stream."""
        kind = content_type.partition(";")[0].strip().lower()
        return SseFramer() if kind == "text/event-stream" else None

    def read_frame(self, frame: Frame) -> Delta:
        """What text a frame carries. Never raises."""
        return Delta() if frame.data is None else read_chunk(frame.data)

    def write_frames(self, asked: Asked, words: Words, last: Frame | None) -> bytes:
        """Stream bytes that carry our words; see `Wire.write_frames`.

        Words that stand behind text of the bot are set off by an empty line.
        """
        source = _object(last.data if last else None)
        head = _head(asked, words, source, "chat.completion.chunk")
        return b"".join(_chunks(asked, words, source, head))

    def write_broken(self, code: str, message: str) -> bytes:
        """The end of a stream whose backend broke off: an error event and the terminator."""
        return b"data: " + self.write_error(502, code, message) + b"\n\n" + DONE

    def write_error(self, status: int, code: str, message: str) -> bytes:
        """An error body as the official API writes it."""
        other = "server_error" if status >= 500 else "invalid_request_error"  # noqa: PLR2004
        kind = ERROR_TYPES.get(status, other)
        return dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})


def _object(body: bytes | None) -> dict[str, Any]:
    """A body as an object; an empty one if it cannot be read."""
    try:
        value = loads(body or b"{}", surrogates="replace")
    except WireError:
        return {}
    return value if isinstance(value, dict) else {}


def _head(asked: Asked, words: Words, source: dict[str, Any], kind: str) -> dict[str, Any]:
    """The fields above the choices: those of the backend's answer, as far as there is one."""
    created = source.get("created", asked.echo.get("now", 0))
    return {
        "id": source.get("id") or f"chatcmpl-guardrail-{words.id}",
        "object": kind,
        "created": created if type(created) is int else 0,
        "model": source.get("model") or asked.echo.get("model", ""),
    }


def _indexes(asked: Asked, choices: list[dict[str, Any]]) -> range:
    """The choices that we answer in: as many as asked for, or given."""
    return range(max(asked.echo.get("n", 1), len(choices)))


def _choice(index: int, words: Words) -> dict[str, Any]:
    return {
        "index": index,
        "message": {"role": "assistant", "content": words.text, "refusal": None},
        "logprobs": None,
        "finish_reason": _finish(words),
    }


def _finish(words: Words) -> str:
    return "content_filter" if words.instead and not words.human else "stop"


def _given(source: dict[str, Any]) -> list[dict[str, Any]]:
    choices = source.get("choices")
    return [c for c in choices if isinstance(c, dict)] if isinstance(choices, list) else []


def _append(choice: dict[str, Any], text: str) -> None:
    """Set our words behind the bot's, in whatever shape these have."""
    if not isinstance(choice.get("message"), dict):
        choice["message"] = {"role": "assistant"}
    message = choice["message"]
    content = message.get("content")
    if isinstance(content, list):
        content.append({"type": "text", "text": text})
    else:
        message["content"] = f"{content}\n\n{text}" if content else text


def _chunks(
    asked: Asked, words: Words, source: dict[str, Any], head: dict[str, Any]
) -> Iterator[bytes]:
    def chunk(index: int, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event({**head, "choices": [choice]})

    indexes = _indexes(asked, [])
    opening = {} if _given(source) else {"role": "assistant"}
    for index in indexes if words.text else ():
        yield chunk(index, {**opening, "content": _gap(source) + words.text})
    if not words.instead:
        return
    for index in indexes:
        yield chunk(index, {}, _finish(words))
    if asked.echo.get("usage"):
        usage = source.get("usage")
        usage = usage if isinstance(usage, dict) else NO_USAGE
        yield _event({**head, "choices": [], "usage": usage})
    yield DONE


def _gap(source: dict[str, Any]) -> str:
    """What stands between the bot's words and ours, as far as the last chunk tells."""
    choices = _given(source)
    if not choices:
        return ""
    pieces = read_chunk(dumps(source)).pieces
    if pieces:
        return "\n\n" if any(piece.channel is Channel.TEXT for piece in pieces) else ""
    begins = any("role" in (choice.get("delta") or {}) for choice in choices)
    return "" if begins else "\n\n"


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + dumps(value) + b"\n\n"
