"""The client's end of one request: what was sent to it so far, and how to go on from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from guardrail._asgi import ClientGone, Headers, Message, Send, respond, without
from guardrail._hops import can_pass
from guardrail.errors import UpstreamError
from guardrail.wire.base import Asked, Frame, Wire, Words

__all__ = ["Client"]

STALE = frozenset({b"content-length", b"content-encoding", b"etag", b"content-md5", b"digest"})
"""Headers that describe the bot's bytes and not ours."""

OURS = b"x-guardrail-"
"""How our headers begin. A backend's own of that name end here: it must not say in ours that a human
speaks, or which notice is due."""


class Client:
    """Sends one answer. `status` is 0 until it has begun; `shown` is what the person read."""

    def __init__(self, send: Send, wire: Wire) -> None:
        self._server, self._wire = send, wire
        self.status = 0
        self.shown = ""
        self.last: Frame | None = None  # the last frame of the stream that was sent
        self.extra: Callable[[], Headers] = list  # our own headers, as they stand when it begins
        self.facts: Callable[[], Mapping[str, Any]] = dict  # and our own field in its JSON
        self._over = False

    @property
    def started(self) -> bool:
        """Whether the head of the answer is out."""
        return self.status != 0

    async def _send(self, message: Message) -> None:
        """Hand it to the server, which may say that the client left (ASGI 2.4)."""
        try:
            await self._server(message)
        except OSError:
            raise ClientGone from None

    async def begin(self, status: int, headers: Headers) -> None:
        """Send the head: the backend's headers, less those in our name, and ours.

        Raises:
            UpstreamError: no server can send this. Nothing is out, so something else can be said.
            ClientGone: the client hung up.
        """
        if not can_pass(status, headers):
            raise UpstreamError("the answer has a head that cannot be passed on")
        theirs = [pair for pair in headers if not _in_our_name(pair[0])]
        self.status = status
        await self._send(
            {"type": "http.response.start", "status": status, "headers": [*theirs, *self.extra()]}
        )

    async def send(self, body: bytes, *, more: bool = False) -> None:
        """Send some of the body, or its end. After the end nothing more is sent."""
        if self._over:
            return
        self._over = not more
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer whose body we changed or wrote."""
        length = (b"content-length", str(len(body)).encode())
        await self.begin(status, [*without(headers, STALE), length])
        await self.send(body)

    async def say(self, words: Words, asked: Asked, original: bytes | None = None) -> None:
        """Our words in the client's format: a whole answer, or the rest of a stream."""
        self.shown = words.text
        # A backend may stream though nobody asked it to; then the rest is a stream, too.
        if not asked.stream and not self.started:
            body = self._wire.write_reply(asked, words, original)
            facts = self.facts()
            body = self._wire.mark(body, facts) if facts else body
            await self.whole(200, [(b"content-type", b"application/json")], body)
            return
        rest = self._marked(self._wire.write_frames(asked, words, self.last))
        if not self.started:
            await self.begin(200, [(b"content-type", self._wire.stream_type)])
        await self.send(rest)

    def _marked(self, rest: bytes) -> bytes:
        """The rest of a stream, with our field in the frame that finishes it, or the last that can."""
        facts, wire = self.facts(), self._wire
        framer = wire.framer(wire.stream_type.decode("latin-1")) if facts else None
        if framer is None:
            return rest
        frames = [*framer.push(rest), *framer.flush()]
        ends = [number for number, one in enumerate(frames) if wire.read_frame(one).finished]
        for number in (*ends, *reversed(range(len(frames)))):
            raw, data = frames[number].raw, frames[number].data or b""
            if (marked := wire.mark(raw, facts, data=data)) != raw:
                return b"".join(marked if n == number else one.raw for n, one in enumerate(frames))
        return rest

    async def plainly(self, text: str) -> None:
        """The same when the wire itself is broken: no format, but words that can be read."""
        if self.started:
            await self.send(b"\n\n" + text.encode())
            return
        self.status = 500
        kind = b"text/plain; charset=utf-8"
        await respond(self._send, 500, text.encode(), content_type=kind)

    async def refuse(self, status: int, code: str, message: str) -> None:
        """An error in the client's format; if a stream is under way, its well-formed end."""
        if self.started:
            await self.send(self._wire.write_broken(code, message))
            return
        body = self._wire.write_error(status, code, message)
        self.status = status
        # A request that was not read to its end leaves bytes behind it on the connection.
        close = [(b"connection", b"close")] if status in (408, 413) else []
        await respond(self._send, status, body, headers=close)


def _in_our_name(header: bytes) -> bool:
    """Some servers read `_` as `-`; what they do with answers, clients may do, too."""
    return header.lower().replace(b"_", b"-").startswith(OURS)
