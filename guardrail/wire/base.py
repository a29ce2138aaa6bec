"""The Wire port: a chat API's format, read and written without any I/O.

Theory of operation. A request body becomes an `Asked`; the engine judges its messages and the
*original bytes* go upstream, so unknown fields survive. A whole reply becomes a `Reply`; if all of
it is clean, the original bytes go to the client. A streamed reply is cut into `Frame`s by the
wire's framer; each frame's bytes travel unchanged, its `Delta` says which text it carries.
Only when we intervene do we write bytes of our own, in the same format, with status 200.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from guardrail.turn import Channel, Message
from guardrail.wire.strict_json import plain

__all__ = ["Asked", "Delta", "Frame", "Framer", "Piece", "Reply", "Wire", "Words", "as_it_stands"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, read.

    `messages` is the whole conversation as the client sent it, oldest first. `unjudged` names
    parts that are no text ("image", "audio", "file", "tool_result" …). `echo` is what the wire
    needs to answer in kind (model name, number of choices, usage wanted …); opaque to others.
    `single` says that one answer was asked for and no more.
    """

    messages: tuple[Message, ...]
    stream: bool = False
    user: str | None = None
    conversation: str | None = None
    unjudged: tuple[str, ...] = ()
    echo: dict[str, Any] = field(default_factory=dict)
    single: bool = field(default=False, compare=False)  # about the answer, not about what is said


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text of a reply: which choice and which channel it belongs to."""

    choice: int
    channel: Channel
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply, read. `unjudged` names parts that are no text."""

    pieces: tuple[Piece, ...]
    unjudged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream: `raw` are its exact bytes (separators included), `data` its payload.

    An SSE comment or a blank line is a frame without data. `event` is the SSE event name. `stray`
    are lines that are no part of the framing: a client that keeps to the standard drops them, one
    that does not may show them (a JSON reply under the wrong label is all stray).
    """

    raw: bytes
    data: bytes | None = None
    event: str | None = None
    stray: bytes = b""


def as_it_stands(payload: bytes) -> tuple[Piece, ...]:
    """Bytes that cannot be read as chat, to be judged as they are and with their escapes undone."""
    raw, shown = payload.decode("utf-8", "replace"), plain(payload)
    return tuple(Piece(0, Channel.TEXT, text) for text in dict.fromkeys((raw, shown)))


class Framer(Protocol):
    """Cuts a byte stream into frames, incrementally.

    Guarantees: the concatenation of `raw` over `push` and `flush` equals the bytes pushed, for
    every way of cutting them; a frame is given out as soon as its last byte is known to be there.
    """

    def push(self, chunk: bytes) -> list[Frame]:
        """Take bytes; give the frames they complete.

        Raises:
            ReplyError: one frame grew over the byte cap.
        """
        ...

    def flush(self) -> list[Frame]:
        """Give what is left at the end of the stream (an unfinished last frame, as it stands)."""
        ...


@dataclass(frozen=True, slots=True)
class Delta:
    """What one frame of a stream carries.

    `finished` are the choices that say no more text after this frame; `done` marks the frame that
    ends the stream (`[DONE]`). A frame that cannot be read is given as a TEXT piece holding the
    frame's payload (`as_it_stands`), so that nothing passes unjudged, and named in `unjudged`.
    """

    pieces: tuple[Piece, ...] = ()
    finished: tuple[int, ...] = ()
    done: bool = False
    unjudged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """What we say, and how it stands to the bot's reply.

    `id` is the decision id (wires that have an id field carry it). `instead` is true when the
    words replace the reply (finish reason: content filter), false when they follow it. `human`:
    they are a person's who speaks here in the bot's place, so nothing was filtered.
    """

    id: str
    text: str
    instead: bool = True
    human: bool = False


class Wire(Protocol):
    """One chat format. All methods are pure; none keeps state between calls.

    Contract: `tests/contract/test_wires.py`.
    """

    @property
    def name(self) -> str:
        """The word used in configuration, records and metric labels."""
        ...

    @property
    def stream_type(self) -> bytes:
        """The content type of a streamed answer of our own."""
        ...

    def read_turn(self, body: bytes) -> Asked:
        """Read a request.

        Raises:
            WireError: not this wire's format; a duplicate key in a field we read; not UTF-8.
        """
        ...

    def steer(self, body: bytes, note: str, /) -> bytes | None:
        """The request again with a note to the model behind what was said.

        `None` if this format has no place for one. `body` has been read before.
        """
        ...

    def prune(self, body: bytes, drop: frozenset[int], /) -> bytes | None:
        """The request without some messages, by their position in `Asked.messages`.

        `None` if this format cannot leave them out, or if nothing would be left. `body` has been read
        before.
        """
        ...

    def read_reply(self, body: bytes) -> Reply:
        """Read a whole reply: text, refusal, reasoning, tool arguments, every choice.

        Raises:
            ReplyError: it is not this wire's format.
        """
        ...

    def mark(self, raw: bytes, facts: Mapping[str, Any], /, *, data: bytes | None = None) -> bytes:
        """A reply, or with `data` the frame that carries it, with a field of ours beside its text.

        As it was, if this format has no place for one.
        """
        ...

    def write_reply(self, asked: Asked, words: Words, original: bytes | None = None) -> bytes:
        """A whole answer that carries our words.

        With `original` and `words.instead` false, the original with the words after its text;
        otherwise a complete answer of our own (usage and ids of `original` kept if given).
        """
        ...

    def framer(self, content_type: str) -> Framer | None:
        """A fresh framer if this content type is a stream of this wire, else `None`."""
        ...

    def read_frame(self, frame: Frame) -> Delta:
        """What text a frame carries. Never raises: see `Delta` for unreadable frames."""
        ...

    def write_frames(self, asked: Asked, words: Words, last: Frame | None) -> bytes:
        """Stream bytes that carry our words.

        With `words.instead`: a well-formed *rest of the stream*, finish and terminator included,
        continuing after `last` (the last frame released to the client, for id, model and role;
        `None` if none was); with no text, that end alone. Otherwise: text frames only, to be put
        before the finishing frame.
        """
        ...

    def write_broken(self, code: str, message: str) -> bytes:
        """The end of a stream whose backend broke off: an error event and the terminator."""
        ...

    def write_error(self, status: int, code: str, message: str) -> bytes:
        """An error body in this wire's own shape (JSON)."""
        ...
