"""A turn in a conversation that a moderator holds: the person's words go to them, theirs come back.

The bot is not asked. A whole answer waits until the moderator has said something, or says after a
while that the message has arrived; a stream is open at once, gives a sign of life now and then, and
carries each line as it is sent. Whatever did not arrive is owed to the next turn.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from guardrail._asgi import ClientGone, Receive
from guardrail.client import Client
from guardrail.errors import StoreError
from guardrail.review import Review
from guardrail.staff.switchboard import Switchboard
from guardrail.takeover import Hold, lost_words, owed_words, waiting_words, wordless
from guardrail.turn import Outcome
from guardrail.wire.base import Asked, Frame, Wire, Words

__all__ = ["HumanAnswer", "HumanJoined"]

COMMENT = b": waiting\n\n"
"""A sign of life on an event stream: a comment, which clients drop (WHATWG HTML 9.2.6)."""


class HumanJoined(Exception):
    """A moderator took the conversation over while the bot was answering."""


@dataclass(frozen=True)
class HumanAnswer:
    """One answer of a human: who asked, where it is judged, who connects, who listens."""

    wire: Wire
    asked: Asked
    review: Review
    client: Client
    board: Switchboard
    clock: Callable[[], float]

    async def answer(self, hold: Hold, receive: Receive) -> Outcome:
        """Pass the person's words on and see the human's answer through.

        Raises:
            ClientGone: the client hung up; what it did not get stays owed.
        """
        if not await self._passed_on(hold):
            await self._say(lost_words(hold, self._language), last=True)
            return Outcome.HUMAN
        if self.board.is_heard(hold.conversation):  # the lines come there
            await self._say(self._waiting(hold), last=True)
            return Outcome.HUMAN
        async with _watched(receive) as gone:
            if self.asked.stream or self.client.started:
                await self._streamed(hold, gone)
            else:
                await self._whole(hold, gone)
        return Outcome.HUMAN

    async def _passed_on(self, hold: Hold) -> bool:
        turn = self.review.turn
        try:
            said = [turn.messages[i].text for i in turn.fresh]
            shown = [text if text.strip() else wordless(self._language) for text in said]
            await self.board.heard(hold, shown, turn.id)
        except StoreError:
            self.review.failed("takeover")
            return False
        return True

    async def _whole(self, hold: Hold, gone: asyncio.Event) -> None:
        parts: list[str] = []
        upto, spoke = 0, False
        async for now, fresh in self._owed(self.board.terms.wait, gone):
            hold, upto, spoke = now, fresh.upto or upto, spoke or fresh.spoke
            parts += fresh.texts
        if gone.is_set():
            raise ClientGone
        if not spoke:  # "Maya has joined" answers nobody
            parts.append(self._waiting(hold))
        await self._say("\n\n".join(parts), last=True)
        await self._delivered(hold, upto)

    async def _streamed(self, hold: Hold, gone: asyncio.Event) -> None:
        if not self.client.started:
            await self.client.begin(200, [(b"content-type", self.wire.stream_type)])
            await self.client.send(self._comment(), more=True)
        spoke = False
        async for now, fresh in self._owed(self.board.terms.stream, gone):
            hold, spoke = now, spoke or fresh.spoke
            for text in fresh.texts:
                await self._say(text)
            if fresh.upto:
                await self._delivered(hold, fresh.upto)
            else:
                await self.client.send(self._comment(), more=True)
        if gone.is_set():
            raise ClientGone
        await self._say("" if spoke else self._waiting(hold), last=True)

    async def _owed(
        self, seconds: float, gone: asyncio.Event
    ) -> AsyncIterator[tuple[Hold, _Fresh]]:
        """The hold, and what is new; nothing new is a moment for a sign of life.

        It ends when the client hangs up, or when store or vault fail: what is owed stays owed.
        """
        try:
            async for hold, fresh in self.board.owed(self.review.turn.conversation, seconds):
                if gone.is_set():
                    return
                words = await self.board.words(hold) if fresh else {}
                texts = [owed_words(one, words, self._language) for one in fresh]
                spoke = any(one.kind not in ("joined", "warned") for one in fresh)
                upto = fresh[-1].seq if fresh else 0
                yield hold, _Fresh(tuple(text for text in texts if text), upto, spoke=spoke)
        except StoreError:
            self.review.failed("takeover")

    async def _say(self, text: str, *, last: bool = False) -> None:
        """A piece of the answer; the last one completes it."""
        client, words = self.client, Words(self.review.turn.id, text, human=True)
        before = client.shown
        if last:
            await client.say(words, self.asked)
        else:
            more = Words(words.id, text, instead=False, human=True)
            raw = self.wire.write_frames(self.asked, more, client.last)
            client.last = self._frame(raw) or client.last
            await client.send(raw, more=True)
        client.shown = "\n\n".join(part for part in (before, text) if part)

    def _frame(self, raw: bytes) -> Frame | None:
        """What we wrote, as the wire would read it: what comes next goes on from there."""
        framer = self.wire.framer(self.wire.stream_type.decode("latin-1"))
        frames = framer.push(raw) if framer is not None else []
        return frames[-1] if frames else None

    async def _delivered(self, hold: Hold, upto: int) -> None:
        if not upto:
            return
        try:
            await self.board.delivered(hold, upto, self.review.turn.id)
        except StoreError:  # then it is said once more, which is better than never
            self.review.failed("takeover")

    def _waiting(self, hold: Hold) -> str:
        now = self.clock()
        said = waiting_words(hold, now, self._language)
        return said if hold.present(now) else f"{said}\n\n{self.review.help}".strip()

    def _comment(self) -> bytes:
        return COMMENT if self.wire.stream_type.startswith(b"text/event-stream") else b""

    @property
    def _language(self) -> str:
        return self.review.profile.language


@dataclass(frozen=True, slots=True)
class _Fresh:
    """What the person reads next, up to which event that is, and whether it is more than "joined"."""

    texts: tuple[str, ...]
    upto: int
    spoke: bool


@asynccontextmanager
async def _watched(receive: Receive) -> AsyncIterator[asyncio.Event]:
    """An event that is set when the client hangs up."""
    gone = asyncio.Event()

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    task = asyncio.create_task(watch())
    try:
        yield gone
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
