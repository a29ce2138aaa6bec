"""The wrapped app (or the upstream behind it), run for one request and heard as events.

Why not simply hand the app a `send` of ours? Because three things must be heard at once: what the
app says, that the client hung up, and that time has passed (held text is judged after a while even
if no more comes). One line carries the first two; the reader's timeout is the third.

Stopping. After an intervention the bot must stop talking, and after a hang-up, too. The app is
told in the two ways that ASGI has: `receive` gives `http.disconnect`, and `send` raises OSError
(ASGI spec 2.4). An app that listens to neither is cancelled; at once if it relies on that (`CANCELS`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Self

from guardrail._asgi import CANCELS, ASGIApp, Message, Receive, Scope

__all__ = ["AppFailed", "Backend", "Ended", "Gone", "Heard"]

GRACE = 0.05
"""Seconds an app gets to end by itself once stopped; well under the 200 ms that we promise."""

PATIENCE = 1.0
"""Seconds that a cancelled app gets to clean up. One that goes on all the same is left to itself:
the turn's record must not depend on it."""

QUEUED = 16
"""Messages waiting to be judged before the app has to wait: back-pressure, as a socket gives."""


class Gone:
    """The client hung up."""


class Ended:
    """The app returned."""


class AppFailed:
    """The app raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


Heard = Message | Gone | Ended | AppFailed


class Backend:
    """One run of the wrapped app. Use as an async context manager; leaving it stops the app."""

    def __init__(self, app: ASGIApp, scope: Scope, body: bytes, receive: Receive) -> None:
        self._app, self._body, self._receive = app, body, receive
        self._cancels = {"relied_on": False}
        extensions = {**(scope.get("extensions") or {}), CANCELS: self._cancels}
        self._scope: Scope = {**scope, "extensions": extensions}
        self._line: deque[Heard] = deque()  # what was said and not yet heard
        self._news, self._room = asyncio.Event(), asyncio.Event()
        self._stopped = asyncio.Event()
        self._sent_body = False
        self.gone = False  # the client hung up: known before all that is in line was heard

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        self._watch = asyncio.create_task(self._watch_client())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._watch.cancel()
        self._line.clear()  # an app that waits to be heard must not wait for ever
        self._room.set()
        if not self._task.done() and not self._cancels["relied_on"]:
            await asyncio.wait({self._task}, timeout=GRACE)
        self._task.cancel()
        await asyncio.sleep(0)  # one step is all that most of them need to end
        tasks = {self._task, self._watch}
        if not all(task.done() for task in tasks):
            await asyncio.wait(tasks, timeout=PATIENCE)
        for task in tasks:
            if task.done() and not task.cancelled():
                task.exception()  # heard, so that the event loop does not complain
        # A cancelled task holds its frames, and they hold us: such a ring would keep the whole turn
        # in memory until the garbage collector comes by.
        del self._task, self._watch

    async def hear(self, seconds: float | None = None) -> Heard | None:
        """The next event, or `None` after `seconds` without one. A hang-up goes first."""
        if self.gone:
            return Gone()
        if not self._line and not await self._comes(seconds):
            return None
        self._room.set()
        return self._line.popleft()

    async def _comes(self, seconds: float | None) -> bool:
        """Whether something is said within `seconds`."""
        self._news.clear()
        if seconds is None:
            return await self._news.wait()
        try:
            async with asyncio.timeout(seconds):
                return await self._news.wait()
        except TimeoutError:
            return False

    async def _say(self, event: Heard) -> None:
        """Put it in line, as soon as there is room."""
        while len(self._line) >= QUEUED:
            self._room.clear()
            await self._room.wait()
        self._line.append(event)
        self._news.set()

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._give, self._take)
        except asyncio.CancelledError:
            raise
        except OSError as error:
            await self._tell(Ended() if self._stopped.is_set() else AppFailed(error))
        except Exception as error:  # noqa: BLE001 - the app is not ours: whatever it raises is a fact
            await self._tell(AppFailed(error))
        else:
            await self._tell(Ended())

    async def _tell(self, event: Heard) -> None:
        if not self._stopped.is_set():
            await self._say(event)

    async def _give(self) -> Message:
        if not self._sent_body:
            self._sent_body = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        await self._stopped.wait()
        return {"type": "http.disconnect"}

    async def _take(self, message: Message) -> None:
        if self._stopped.is_set():
            raise OSError("the response was stopped")
        await self._say(message)

    async def _watch_client(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        await self._say(Gone())
