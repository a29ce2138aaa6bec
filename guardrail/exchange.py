"""The backend's answer on its way to the client: judged, then passed, completed or replaced.

Bytes that were judged and passed are the backend's own bytes, in order. We write bytes only when
we intervene, add words, or end a stream that broke off.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from guardrail._asgi import ClientGone, Message, header, without
from guardrail._backend import AppFailed, Backend, Ended, Gone
from guardrail.client import STALE, Client
from guardrail.errors import ReplyError, UpstreamError
from guardrail.review import Review
from guardrail.screen import Screen, Window
from guardrail.turn import Decision, Outcome
from guardrail.wire.base import Asked, Delta, Frame, Framer, Wire, Words

__all__ = ["Exchange"]


@dataclass(frozen=True)
class Exchange:
    """One answer: who asked, who judges, who answers, who listens."""

    wire: Wire
    asked: Asked
    review: Review
    backend: Backend
    client: Client
    reply_bytes: int

    async def relay(self) -> Outcome:
        """See the whole answer through.

        Raises:
            ClientGone: the client hung up.
            UpstreamError: the backend failed or broke off; the client may have part of its answer.
        """
        start = await self.hear()
        headers = start["headers"]
        if not 200 <= start["status"] < 300:  # noqa: PLR2004 - errors and redirects are no replies
            return await self._pass(start)
        readable = header(headers, b"content-encoding") in (b"", b"identity")
        framer = self.wire.framer(header(headers, b"content-type").decode("latin-1"))
        if framer is not None and readable:
            return await _Stream(self, start, framer).run()
        return await self._whole(start, readable=readable)

    async def hear(self, seconds: float | None = None) -> Message:
        """The backend's next message.

        Raises:
            ClientGone: the client hung up.
            UpstreamError: the backend failed, or ended before its answer was complete.
            TimeoutError: nothing came within `seconds`.
        """
        began = time.perf_counter()
        event = await self.backend.hear(seconds)
        timings = self.review.timings
        timings["upstream"] = timings.get("upstream", 0.0) + time.perf_counter() - began
        if event is None:
            raise TimeoutError
        if isinstance(event, Gone):
            raise ClientGone
        if isinstance(event, Ended):
            raise UpstreamError("the backend ended before its answer was complete")
        if isinstance(event, AppFailed):
            raise UpstreamError("the backend failed") from event.error
        return event

    async def answer(self, decision: Decision, original: bytes | None = None) -> Outcome:
        """Our words instead of the bot's."""
        await self.client.say(Words(decision.id, self.review.words(decision)), self.asked, original)
        return Outcome.INTERVENED

    async def _pass(self, start: Message) -> Outcome:
        await self.client.begin(start["status"], start["headers"])
        more = True
        while more:
            message = await self.hear()
            more = message.get("more_body", False)
            await self.client.send(message.get("body", b""), more=more)
        return Outcome.UPSTREAM_ERROR

    async def _whole(self, start: Message, *, readable: bool) -> Outcome:
        body = await self._collect()
        began = time.perf_counter()
        decision = await self._judge(body if readable else None)
        self.review.timings["outbound"] = time.perf_counter() - began
        if decision.intervenes or body is None:
            return await self.answer(decision, body if readable else None)
        if not self.review.addition:
            await self.client.begin(start["status"], start["headers"])
            await self.client.send(body)
            return Outcome.ANSWERED
        words = Words(decision.id, self.review.addition, instead=False)
        self.client.shown += "\n\n" + words.text
        changed = self.wire.write_reply(self.asked, words, body)
        await self.client.whole(start["status"], start["headers"], changed)
        return Outcome.ANSWERED

    async def _judge(self, body: bytes | None) -> Decision:
        if body is None:
            return await self.review.unreadable("reply")
        try:
            reply = self.wire.read_reply(body)
        except ReplyError:
            return await self.review.unreadable("reply")
        self.client.shown = "".join(p.text for p in reply.pieces if p.choice == 0)
        return await self.review.reply(reply.pieces, reply.unjudged)

    async def _collect(self) -> bytes | None:
        """The whole body, or `None` if it is larger than anybody's chat reply."""
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self.hear()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            more = message.get("more_body", False)
            if size > self.reply_bytes:
                return None
        return b"".join(parts)


class _Stream:
    """A streamed answer: cut into frames, held back by the screen, judged window by window."""

    def __init__(self, exchange: Exchange, start: Message, framer: Framer) -> None:
        self._x, self._start, self._framer = exchange, start, framer
        hold = exchange.review.policy.hold
        self._screen = Screen(chars=hold.chars, seconds=hold.seconds, tail=hold.tail)
        self._frames: deque[Frame] = deque()  # as the screen holds them: it knows only their bytes
        self._said = ""
        self._open: set[int] = set()  # choices that have begun and not finished

    async def run(self) -> Outcome:
        try:
            decision = await self._until_the_end()
        except ReplyError:  # a frame or a hold-back over its cap: this is no chat
            decision = await self._x.review.unreadable("stream")
            if not decision.intervenes:
                raise UpstreamError("the stream cannot be read") from None
        except UpstreamError:
            if await self._finish() is None:
                await self._let_go(more=True)
            raise
        finally:
            self._account()
        if decision is not None:
            self._screen.drop()
            return await self._x.answer(decision)
        return Outcome.ANSWERED

    async def _until_the_end(self) -> Decision | None:
        """Relay until the stream ends, or until a decision ends it."""
        more = True
        while more:
            try:
                message = await self._x.hear(self._screen.wait(time.monotonic()))
            except TimeoutError:
                decision = await self._judge(self._screen.due(time.monotonic()))
            else:
                more = message.get("more_body", False)
                decision = await self._take(message.get("body", b""), last=not more)
            if decision is not None:
                return decision
            await self._let_go(more=more)
        return None

    async def _take(self, body: bytes, *, last: bool) -> Decision | None:
        frames = self._framer.push(body)
        if last:
            frames += self._framer.flush()
        for frame in frames:
            decision = await self._push(frame)
            if decision is not None:
                return decision
        return await self._finish() if last else None

    async def _push(self, frame: Frame) -> Decision | None:
        delta = self._x.wire.read_frame(frame)
        self._frames.append(frame)
        pieces = [(p.choice, p.channel, p.text) for p in delta.pieces]
        windows = self._screen.push(
            frame.raw,
            pieces,
            finished=delta.finished,
            now=time.monotonic(),
            mark=delta.done or self._finishes(delta),
        )
        if delta.unjudged:
            decision = await self._x.review.unseen(delta.unjudged)
            if decision is not None and decision.intervenes:
                return decision
        return await self._judge(windows)

    def _finishes(self, delta: Delta) -> bool:
        """Whether no choice has more to say: words that follow the reply go in before this frame."""
        self._open.update(piece.choice for piece in delta.pieces)
        self._open.difference_update(delta.finished)
        return bool(delta.finished) and not self._open

    async def _finish(self) -> Decision | None:
        return await self._judge(self._screen.finish(time.monotonic()))

    async def _judge(self, windows: Sequence[Window]) -> Decision | None:
        """Judge windows in order; the first intervention ends the stream."""
        began = time.perf_counter()
        for window in windows:
            decision = await self._x.review.window(window)
            if decision.intervenes:
                return decision
            self._screen.clear(window)
        timings = self._x.review.timings
        timings["outbound"] = timings.get("outbound", 0.0) + time.perf_counter() - began
        return None

    async def _let_go(self, *, more: bool) -> None:
        """Send what may leave; words that follow the reply go in before its finishing frame."""
        client, out = self._x.client, bytearray()
        for held in self._screen.release(time.monotonic()):
            if held.mark:
                out += self._addition()
            out += held.raw
            client.last = self._frames.popleft()
        if not more:
            out += self._addition()
        client.shown = self._screen.released_text() + self._said
        if not client.started and (out or not more):
            await client.begin(self._start["status"], without(self._start["headers"], STALE))
        if client.started and (out or not more):
            await client.send(bytes(out), more=more)

    def _addition(self) -> bytes:
        """Words that follow the reply, once, before the frame that finishes it."""
        if self._said or not self._x.review.addition:
            return b""
        self._said = self._x.review.addition
        words = Words(self._x.review.turn.id, self._said, instead=False)
        return self._x.wire.write_frames(self._x.asked, words, self._x.client.last)

    def _account(self) -> None:
        counts, timings = self._x.review.counts, self._x.review.timings
        counts["released_chars"] = len(self._screen.released_text())
        counts["withheld_chars"] = self._screen.held_chars
        timings["held"] = self._screen.max_held_seconds
