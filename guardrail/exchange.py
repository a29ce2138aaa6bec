"""The backend's answer on its way to the client: judged, then passed, completed or replaced.

Bytes that were judged and passed are the backend's own bytes, in order. We write bytes only when
we intervene, add words, or end a stream that broke off.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from guardrail._asgi import ClientGone, Message, header, legible, without
from guardrail._backend import AppFailed, Backend, Ended, Gone, Heard
from guardrail.client import STALE, Client
from guardrail.errors import ReplyError, UpstreamError
from guardrail.review import Review
from guardrail.screen import Screen, Window
from guardrail.turn import Channel, Decision, Outcome
from guardrail.wire.base import Asked, Delta, Frame, Framer, Wire, Words, as_it_stands
from guardrail.wire.marking import claimed

__all__ = ["AskAgain", "Exchange"]


class AskAgain(Exception):
    """The reply leaves somebody in crisis without help, and the policy asks for another one.

    Nothing has been sent yet. `note` is what the backend is told this time.
    """

    def __init__(self, note: str) -> None:
        super().__init__()
        self.note = note


@dataclass(frozen=True)
class Exchange:
    """One answer: who asked, who judges, who answers, who listens."""

    wire: Wire
    asked: Asked
    review: Review
    backend: Backend
    client: Client
    reply_bytes: int
    interrupted: Callable[[], Awaitable[None]]  # raises when somebody else answers from now on
    marks: bool = False  # whether the bot's own replies carry our field, too
    glance: float | None = (
        None  # seconds of silence after which `interrupted` is asked; None: never
    )

    async def relay(self) -> Outcome:
        """See the whole answer through.

        Raises:
            ClientGone: the client hung up.
            UpstreamError: the backend failed or broke off; the client may have part of its answer.
            AskAgain: the backend should be asked once more, with a note.

        Whatever `interrupted` raises comes through, before anything more of the bot is sent.
        """
        start = await self._head()
        headers = start["headers"]
        readable = legible(headers)
        if not _is_reply(start):
            return await self._whole(start, readable=readable)
        framer = self.wire.framer(header(headers, b"content-type").decode("latin-1"))
        if framer is not None and readable:
            return await _Stream(self, start, framer).run()
        return await self._whole(start, readable=readable)

    @property
    def beside(self) -> dict[str, Any]:
        """What stands in the JSON of a reply that passes: nothing, unless setting or policy ask."""
        label = self.review.policy.label.implicit
        return self.review.facts if self.marks or label else {}

    async def _head(self) -> Message:
        """The head of the answer. What an app may send before it (hints) goes no further."""
        start = await self.hear()
        while start["type"] != "http.response.start":
            start = await self.hear()
        return {**start, "headers": list(start.get("headers", ()))}

    async def hear(self, seconds: float | None = None) -> Message:
        """The backend's next message.

        Raises:
            ClientGone: the client hung up.
            UpstreamError: the backend failed, or ended before its answer was complete.
            TimeoutError: nothing came within `seconds`.
        """
        began = time.perf_counter()
        event = await self._next(seconds)
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

    async def _next(self, seconds: float | None) -> Heard | None:
        """What comes next; a human who joins while the bot is silent does not wait for it."""
        if self.glance is None:
            return await self.backend.hear(seconds)
        end = math.inf if seconds is None else time.monotonic() + seconds
        while True:
            event = await self.backend.hear(min(self.glance, max(0.0, end - time.monotonic())))
            if event is not None or time.monotonic() >= end:
                return event
            await self.interrupted()

    async def answer(self, decision: Decision, original: bytes | None = None) -> Outcome:
        """Our words instead of the bot's."""
        await self.client.say(Words(decision.id, self.review.words(decision)), self.asked, original)
        return Outcome.INTERVENED

    async def _whole(self, start: Message, *, readable: bool) -> Outcome:
        body = await self._collect()
        began = time.perf_counter()
        decision = await self._judge(start, body if readable else None)
        if (note := self.review.steering) is not None:
            raise AskAgain(note)
        self.review.timings["outbound"] = time.perf_counter() - began
        await self.interrupted()
        if decision.intervenes:
            return await self.answer(decision, body if readable else None)
        if body is None:
            raise UpstreamError("the reply is larger than anybody's chat reply")
        outcome = Outcome.ANSWERED if _is_reply(start) else Outcome.UPSTREAM_ERROR
        owed, told = self.review.addition, bool(self.beside) or claimed(body)
        if not owed and (not told or outcome is Outcome.UPSTREAM_ERROR):
            await self.client.begin(start["status"], start["headers"])
            await self.client.send(body)
        elif outcome is Outcome.UPSTREAM_ERROR:  # an error is no answer to somebody who feels low
            await self.client.say(Words(decision.id, owed), self.asked)
        else:
            await self._with(owed, decision, start, body)
        return outcome

    async def _with(self, owed: str, decision: Decision, start: Message, body: bytes) -> None:
        """The bot's reply, and words of ours behind it or beside it."""
        if owed:
            words = Words(decision.id, owed, instead=False)
            self.client.shown += "\n\n" + owed
            body = self.wire.write_reply(self.asked, words, body)
        facts = self.review.facts if owed else self.beside
        body = self.wire.mark(body, facts) if facts or claimed(body) else body
        await self.client.whole(start["status"], start["headers"], body)

    async def _judge(self, start: Message, body: bytes | None) -> Decision:
        if body is None:
            return await self.review.unreadable("reply")
        if not _is_reply(start):  # errors quote what the model said, too
            return await self.review.reply(as_it_stands(body))
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


def _is_reply(start: Message) -> bool:
    return start["status"] in range(200, 300)  # errors and redirects are no replies


class _Stream:
    """A streamed answer: cut into frames, held back by the screen, judged window by window."""

    def __init__(self, exchange: Exchange, start: Message, framer: Framer) -> None:
        self._x, self._start, self._framer = exchange, start, framer
        hold = exchange.review.policy.hold
        self._screen = Screen(chars=hold.chars, seconds=hold.seconds, tail=hold.tail)
        self._frames: deque[Frame] = deque()  # as the screen holds them: it knows only their bytes
        self._said = ""
        self._most_held = 0
        self._open: set[int] = set()  # choices that have begun and not finished
        self._text: list[str] = []  # what the person reads of the first choice
        self._chat = True  # no tool is called
        self._ended = False
        self._judged = 0  # windows

    async def run(self) -> Outcome:
        try:
            decision = await self._until_the_end()
        except ReplyError:  # a frame or a hold-back over its cap: this is no chat
            decision = await self._x.review.unreadable("stream")
            if not decision.intervenes:
                self._screen.drop()
                await self._let_go(
                    over=True, broken=True
                )  # words that are owed go out all the same
                raise UpstreamError("the stream cannot be read") from None
        except UpstreamError:
            decision = await self._finish()
            if decision is None:
                await self._let_go(over=True, broken=True)
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
            await self._let_go(over=not more)
        return None

    async def _take(self, body: bytes, *, last: bool) -> Decision | None:
        frames = self._framer.push(body)
        if last:
            frames += self._framer.flush()
        for frame in frames:
            judged = self._judged
            decision = await self._push(frame)
            if decision is not None:
                return decision
            if self._judged > judged:  # of a long burst, what is cleared does not wait for the rest
                await self._let_go(over=False)
        return await self._finish() if last else None

    async def _push(self, frame: Frame) -> Decision | None:
        delta = self._read(frame)
        self._frames.append(frame)
        pieces = [(p.choice, p.channel, p.text) for p in delta.pieces]
        self._text += [p.text for p in delta.pieces if p.channel is Channel.TEXT and not p.choice]
        self._chat = self._chat and all(p.channel is not Channel.TOOL for p in delta.pieces)
        if self._x.asked.single:  # clients read the first choice by its place, whatever its number
            pieces += [(0, channel, text) for choice, channel, text in pieces if choice]
        mark = delta.done or self._finishes(delta)
        windows = self._screen.push(
            frame.raw, pieces, finished=delta.finished, now=time.monotonic(), mark=mark
        )
        self._most_held = max(self._most_held, self._screen.held_chars)
        if delta.unjudged:
            decision = await self._x.review.unseen(delta.unjudged)
            if decision is not None and decision.intervenes:
                return decision
        return await self._judge(windows) or (await self._end() if mark else None)

    def _read(self, frame: Frame) -> Delta:
        """What a frame says, and what it would say to a client that does not know the framing."""
        delta = self._x.wire.read_frame(frame)
        if not frame.stray:
            return delta
        # On a line of its own: in the midst of the reply it would cut phrases in two.
        stray = (replace(piece, channel=Channel.TOOL) for piece in as_it_stands(frame.stray))
        return replace(delta, pieces=(*delta.pieces, *stray), unjudged=(*delta.unjudged, "frame"))

    def _finishes(self, delta: Delta) -> bool:
        """Whether no choice has more to say: words that follow the reply go in before this frame."""
        self._open.update(piece.choice for piece in delta.pieces)
        self._open.difference_update(delta.finished)
        return bool(delta.finished) and not self._open

    async def _finish(self) -> Decision | None:
        return await self._judge(self._screen.finish(time.monotonic())) or await self._end()

    async def _end(self) -> Decision | None:
        """The reply is whole: what it lacks is decided before its last frame leaves, and once."""
        if self._ended:
            return None
        self._ended = True
        decision = await self._x.review.end("".join(self._text), chat=self._chat)
        return decision if decision.intervenes else None

    async def _judge(self, windows: Sequence[Window]) -> Decision | None:
        """Judge windows in order; the first intervention ends the stream."""
        began = time.perf_counter()
        if windows:
            await self._x.interrupted()
        for window in windows:
            if self._x.backend.gone:  # nobody will read it: the next person's turn is waiting
                raise ClientGone
            decision = await self._x.review.window(window)
            self._judged += 1
            if decision.intervenes:
                return decision
            self._screen.clear(window)
        timings = self._x.review.timings
        timings["outbound"] = timings.get("outbound", 0.0) + time.perf_counter() - began
        return None

    async def _let_go(self, *, over: bool, broken: bool = False) -> None:
        """Send what may leave; words that follow the reply go in before its finishing frame.

        `over`: nothing more comes. `broken`: and that is an error, which is told afterwards.
        """
        client, out = self._x.client, bytearray()
        for held in self._screen.release(time.monotonic()):
            if held.mark:
                out += self._addition()
            client.last = self._frames.popleft()
            out += self._marked(held.raw, client.last, ends=held.mark)
        if over:
            out += self._addition()
        ended = over and not broken
        if not client.started and (out or ended):
            await client.begin(self._start["status"], without(self._start["headers"], STALE))
        if client.started and (out or ended):
            await client.send(bytes(out), more=not ended)

    def _marked(self, raw: bytes, frame: Frame, *, ends: bool) -> bytes:
        """A frame without a field by our name; the one that ends the reply with what is told beside."""
        facts = (self._x.review.facts if self._said else self._x.beside) if ends else {}
        if not facts and not claimed(raw):
            return raw
        return self._x.wire.mark(raw, facts, data=frame.data or b"")

    def _addition(self) -> bytes:
        """Words that follow the reply, once, before the frame that finishes it."""
        if self._said or not self._x.review.addition:
            return b""
        self._said = self._x.review.addition
        words = Words(self._x.review.turn.id, self._said, instead=False)
        return self._x.wire.write_frames(self._x.asked, words, self._x.client.last)

    def _account(self) -> None:
        counts, timings = self._x.review.counts, self._x.review.timings
        shown = self._screen.released_text()  # once: it joins all there is
        self._x.client.shown = shown + self._said
        counts["released_chars"] = len(shown)
        counts["held_chars"] = self._most_held
        counts["withheld_chars"] = self._screen.held_chars
        timings["held"] = self._screen.max_held_seconds
