"""Any home-made chat API, described by a `GenericSpec` instead of programmed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from guardrail.errors import ReplyError, WireError
from guardrail.turn import Channel, Message, Role
from guardrail.wire._cumulative import CumulativeFramer
from guardrail.wire.base import Asked, Delta, Frame, Framer, Piece, Reply, Words, as_it_stands
from guardrail.wire.generic_spec import ROLES, STREAM_TYPES, GenericSpec, problems, read_spec
from guardrail.wire.marking import marked, marked_frame
from guardrail.wire.pointer import Match, change, find, parse
from guardrail.wire.sse import NdjsonFramer, SseFramer
from guardrail.wire.strict_json import dumps, loads

__all__ = ["GenericSpec", "GenericWire", "problems", "read_spec"]

_PLACEHOLDER = re.compile(r"\{(text|id|status|code|message)\}")


class GenericWire:
    """The wire of one `GenericSpec`. Stateless; one object serves every request."""

    def __init__(self, spec: GenericSpec) -> None:
        """Check the description.

        Raises:
            ValueError: it has `problems`.
        """
        found = problems(spec)
        if found:
            raise ValueError("; ".join(found))
        self._spec = spec

    @property
    def name(self) -> str:
        """The name in the description."""
        return self._spec.name

    @property
    def stream_type(self) -> bytes:
        """The first content type of the description."""
        types = self._types()
        return types[0].encode() if types else b"application/json"

    def read_turn(self, body: bytes) -> Asked:
        """Read a request.

        Raises:
            WireError: no strict JSON, a key that differs only by case, or no text where it should be.
        """
        data, spec = loads(body), self._spec
        messages = [self._message(m.value) for m in _all(data, spec.messages, exact=True)]
        texts = [m.value for m in _all(data, spec.user_text, exact=True) if m.value is not None]
        messages += [Message(Role.USER, _text(text)) for text in texts]
        if not messages:
            raise WireError(f"there is no text at {spec.user_text or spec.messages}")
        return Asked(
            messages=tuple(messages),
            stream=self._streams(data),
            user=_word(data, spec.user_id),
            conversation=_word(data, spec.conversation_id),
            unjudged=self._unread(
                data, spec.user_text, spec.messages, spec.user_id, spec.conversation_id
            ),
        )

    def steer(self, _body: bytes, _note: str) -> bytes | None:
        """A home-made format says nowhere how a model is told something; see `Wire.steer`."""
        return None

    def prune(self, body: bytes, drop: frozenset[int], /) -> bytes | None:
        """The request without some messages, where they stand in one list; see `Wire.prune`."""
        pointer = self._spec.messages or ""
        if not pointer.endswith("/*") or pointer.count("*") > 1:
            return None
        data = loads(body)
        kept: list[Any] = []

        def thin(items: Any) -> Any:
            if not isinstance(items, list):
                return items
            kept.extend(one for number, one in enumerate(items) if number not in drop)
            return list(kept)

        change(data, pointer.removesuffix("/*"), thin)
        return dumps(data) if kept or self._spec.user_text else None

    def read_reply(self, body: bytes) -> Reply:
        """Read a whole reply.

        Raises:
            ReplyError: no strict JSON, or nothing where the text should be.
        """
        try:
            data = loads(body, surrogates="replace")
        except WireError as e:
            raise ReplyError(str(e)) from None
        found = list(_pieces(data, self._spec.reply_text))
        if not found:
            raise ReplyError(f"there is no text at {', '.join(self._spec.reply_text)}")
        pieces = tuple(piece for piece in found if piece.text)
        return Reply(pieces, self._unread(data, *self._spec.reply_text))

    def mark(self, raw: bytes, facts: Mapping[str, Any], /, *, data: bytes | None = None) -> bytes:
        """With a field `guardrail` of ours; see `Wire.mark`."""
        return (marked(raw, facts) if data is None else marked_frame(raw, data, facts)) or raw

    def write_reply(self, asked: Asked, words: Words, original: bytes | None = None) -> bytes:
        """A whole answer that carries our words; see `Wire.write_reply`."""
        del asked  # nothing of the request stands in the answer
        if original is not None and not words.instead:
            data = _readable(original)
            if change(data, self._spec.reply_text[0], lambda text: _after(text, words.text)):
                return dumps(data)
        return dumps(_filled(self._spec.reply_template, text=words.text, id=words.id))

    def framer(self, content_type: str) -> Framer | None:
        """A framer if this content type is the stream of this API."""
        kind = content_type.partition(";")[0].strip().lower()
        if kind not in self._types():
            return None
        framer = self._framer()
        if self._spec.delta_mode == "cumulative":
            return CumulativeFramer(framer, self._spec.delta_text)
        return framer

    def read_frame(self, frame: Frame) -> Delta:
        """What text a frame carries. Never raises."""
        if frame.data is None:
            return Delta()
        if self._spec.done is not None and frame.data.strip() == self._spec.done.encode():
            return Delta(done=True)
        try:
            data = loads(frame.data, surrogates="replace")
            pieces = tuple(p for p in _pieces(data, self._spec.delta_text) if p.text)
        except (WireError, ReplyError):
            return Delta(as_it_stands(frame.data), unjudged=("frame",))
        finished = tuple(
            m.at[0] if m.at else 0 for m in _all(data, self._spec.finished) if self._ends(m.value)
        )
        done = bool(finished) and self._spec.done is None
        covered = (*self._spec.delta_text, self._spec.finished)
        return Delta(pieces, finished, done, self._unread(data, *covered))

    def write_frames(self, asked: Asked, words: Words, last: Frame | None) -> bytes:
        """Stream bytes that carry our words; see `Wire.write_frames`.

        In a `cumulative` API our words *instead* take the place of all that was shown; words that
        *follow* are sent together with what was shown.
        """
        del asked
        spec = self._spec
        text = words.text if last is None or not words.text else self._behind(last, words)
        filled = _filled(spec.event_template, text=text, id=words.id)
        out = self._event(spec.event_name, filled) if text else b""
        return out + self._end(words) if words.instead else out

    def write_broken(self, code: str, message: str) -> bytes:
        """The end of a stream whose backend broke off: an error event and the terminator."""
        error = _filled(self._spec.error_template, status=502, code=code, message=message)
        return self._event(None, error) + self._terminator()

    def write_error(self, status: int, code: str, message: str) -> bytes:
        """An error body after `error_template`."""
        return dumps(_filled(self._spec.error_template, status=status, code=code, message=message))

    # --- how it works

    def _types(self) -> tuple[str, ...]:
        spec = self._spec
        return spec.stream_types or STREAM_TYPES[spec.stream] if spec.stream else ()

    def _framer(self) -> Framer:
        return NdjsonFramer() if self._spec.stream == "ndjson" else SseFramer()

    def _message(self, value: Any) -> Message:
        role = next((m.value for m in find(value, self._spec.role, exact=True)), None)
        texts = [_text(m.value) for m in find(value, self._spec.content, exact=True)]
        return Message({**ROLES, **self._spec.roles}.get(str(role), Role.USER), "\n".join(texts))

    def _streams(self, data: Any) -> bool:
        spec = self._spec
        if spec.stream is None or spec.stream_flag is None:
            return spec.stream is not None
        flag = next((m.value for m in _all(data, spec.stream_flag, exact=True)), None)
        if not isinstance(flag, bool | None):
            raise WireError(f"{spec.stream_flag} must be true or false")
        return flag or False

    def _unread(self, data: Any, *covered: str | None) -> tuple[str, ...]:
        """Names of strings at the top that nobody looked at, if the description asks for them."""
        if not self._spec.strict_fields or not isinstance(data, dict):
            return ()
        first = {parse(pointer)[0] for pointer in covered if pointer}
        return tuple(
            f"field:/{key[:40]}"
            for key, value in data.items()
            if key not in first and isinstance(value, str) and value
        )

    def _ends(self, value: Any) -> bool:
        wanted = self._spec.finished_values
        if not wanted:
            return bool(value)
        return any(type(value) is type(w) and value == w for w in wanted)  # 1 is not true

    def _behind(self, last: Frame, words: Words) -> str:
        """Our words as they must stand in an event that comes after `last`."""
        if self._spec.delta_mode == "delta":
            return f"\n\n{words.text}"
        if words.instead:
            return words.text
        framer = self._framer()  # `data` holds only what was new: read the bytes again
        frames = framer.push(last.raw) + framer.flush()
        payload = next((f.data for f in frames if f.data is not None), b"{}")
        shown = next((m.value for m in _all(_readable(payload), self._spec.delta_text[0])), None)
        return str(_after(shown, words.text))

    def _event(self, name: str | None, value: Any) -> bytes:
        if self._spec.stream == "ndjson":
            return dumps(value) + b"\n"
        head = f"event: {name}\n".encode() if name else b""
        return head + b"data: " + dumps(value) + b"\n\n"

    def _end(self, words: Words) -> bytes:
        spec = self._spec
        if spec.finish_template is None:
            return self._terminator()
        finish = _filled(spec.finish_template, text="", id=words.id)
        return self._event(spec.finish_name, finish) + self._terminator()

    def _terminator(self) -> bytes:
        if self._spec.done is None:
            return b""
        done = self._spec.done.encode()
        return done + b"\n" if self._spec.stream == "ndjson" else b"data: " + done + b"\n\n"


def _all(data: Any, pointer: str | None, *, exact: bool = False) -> Iterator[Match]:
    return iter(()) if pointer is None else find(data, pointer, exact=exact)


def _pieces(data: Any, pointers: tuple[str, ...]) -> Iterator[Piece]:
    for pointer in pointers:
        for match in find(data, pointer):
            text = "" if match.value is None else match.value
            if not isinstance(text, str):
                raise ReplyError(f"the value at {pointer} is no text")
            yield Piece(match.at[0] if match.at else 0, Channel.TEXT, text)


def _text(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise WireError("the text of a message must be a string")
    return value or ""


def _word(data: Any, pointer: str | None) -> str | None:
    """An id, written as a string or as a number."""
    value = next((m.value for m in _all(data, pointer, exact=True)), None)
    if value is not None and type(value) not in (str, int):
        raise WireError(f"{pointer} must be a string")
    return None if value is None else str(value)


def _readable(body: bytes) -> Any:
    """A body as JSON; an empty object if it cannot be read."""
    try:
        return loads(body, surrogates="replace")
    except WireError:
        return {}


def _after(shown: Any, text: str) -> Any:
    """Our words behind the bot's."""
    return f"{shown}\n\n{text}" if isinstance(shown, str) and shown else text


def _filled(template: Any, **values: Any) -> Any:
    """A template with its placeholders replaced. What is put in is never read as a template."""
    if isinstance(template, dict):
        return {key: _filled(value, **values) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(item, **values) for item in template]
    if not isinstance(template, str):
        return template
    alone = _PLACEHOLDER.fullmatch(template)
    if alone and alone[1] in values:
        return values[alone[1]]
    return _PLACEHOLDER.sub(lambda m: str(values.get(m[1], m[0])), template)
