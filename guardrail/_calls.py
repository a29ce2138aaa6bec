"""Calls to the upstream: the body that goes in, and what may end a call before its time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from types import TracebackType
from typing import Any

from guardrail._asgi import Headers, Message, Receive, header
from guardrail.errors import BodyError, UpstreamError

__all__ = ["Calls", "Until", "Upload"]


class Calls:
    """Calls that are under way, and their common end.

    A server that stops lets them run for a while. What is still open then fails as it would if the
    upstream had broken off: behind the guard that is a turn that ends well-formed and is recorded,
    and not one that vanishes with the process.
    """

    def __init__(self) -> None:
        self._open: set[asyncio.Timeout] = set()
        self._over = False

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """One call, inside.

        Raises:
            UpstreamError: all calls are ended, now or before.
        """
        if self._over:
            raise UpstreamError("the server is stopping")
        # A deadline that nobody has set yet: it tells its own cancellation from anybody else's.
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._open.add(limit)
                try:
                    yield
                finally:
                    self._open.discard(limit)
        except TimeoutError:
            if not limit.expired():
                raise
            raise UpstreamError("the server is stopping") from None

    def end(self) -> int:
        """End them all, and whichever comes later; how many there were."""
        self._over = True
        ended, self._open = self._open, set()
        for limit in ended:
            limit.reschedule(asyncio.get_running_loop().time())
        return len(ended)


class Upload:
    """The request body, and after it the wait for the client to hang up.

    There is one `receive` for both, so the second begins when the first has ended.
    """

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive, self._limit, self._seconds = receive, limit, seconds
        self._size = 0
        self._read = asyncio.Event()  # nothing of it is still to be read
        self._left = False
        # What ended it before its time; transports hide this behind an error of theirs.
        self.refused: BodyError | UpstreamError | None = None

    async def body(self, headers: Headers) -> AsyncIterator[bytes] | bytes:
        """All of it if it came in one piece, else a stream.

        Both raise `BodyError` when it is too large or falls silent.
        """
        announced = header(headers, b"content-length")
        if announced.isdigit() and float(announced) > self._limit:  # int() balks at 4300 digits
            raise self._too_large()
        first = await self._piece()
        if first["type"] == "http.request" and not first.get("more_body", False):
            self._read.set()
            return bytes(first.get("body", b""))
        return self._stream(first)

    async def over(self) -> None:
        """Return once the client has hung up, its body is refused, or nobody takes it."""
        await self._read.wait()
        while not self._left and self.refused is None:
            self._left = (await self._receive())["type"] == "http.disconnect"

    async def _stream(self, message: Message) -> AsyncIterator[bytes]:
        try:
            while message["type"] != "http.disconnect":
                if message.get("body"):
                    taken = asyncio.get_running_loop().call_later(self._seconds, self._stalled)
                    try:
                        yield message["body"]
                    finally:
                        taken.cancel()
                if not message.get("more_body", False):
                    return
                message = await self._piece()
            self._left = True
            raise OSError("the client hung up before its request was complete")
        finally:
            self._read.set()

    async def _piece(self) -> Message:
        """Some more. An upload may be long, but not silent: the deadline begins anew each time."""
        try:
            async with asyncio.timeout(self._seconds):
                message = await self._receive()
        except TimeoutError:
            late = f"the body was silent for {self._seconds:g} seconds"
            self.refused = BodyError(late, status=408, code="body_too_slow")
            raise self.refused from None
        self._size += len(message.get("body", b""))
        if self._size > self._limit:
            raise self._too_large()
        return message

    def _stalled(self) -> None:
        """The upstream takes no more of the body, and says nothing either."""
        self.refused = UpstreamError("the backend stopped reading the request")
        self._read.set()

    def _too_large(self) -> BodyError:
        large = f"the body is larger than {self._limit} bytes"
        self.refused = BodyError(large, code="body_too_large")
        return self.refused


class Until:
    """What runs inside is cancelled, and left without an error, once `end` is over.

    If `end` raises, so does leaving.
    """

    def __init__(self, end: Coroutine[Any, Any, None]) -> None:
        self._inside = False
        self._watch = asyncio.ensure_future(end)
        self._limit = asyncio.timeout(None)  # which knows its own cancellation from anybody else's

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._inside = True
        self._watch.add_done_callback(self._over)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._inside = False  # a callback that is already on its way finds nothing to do
        self._watch.cancel()
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError:
            if not self._limit.expired():
                raise
        finally:
            (ended,) = await asyncio.gather(self._watch, return_exceptions=True)
        if error is None or self._limit.expired():
            if isinstance(ended, Exception):
                raise ended
            return self._limit.expired()
        return False

    def _over(self, _: asyncio.Future[None]) -> None:
        if self._inside:
            self._limit.reschedule(asyncio.get_running_loop().time())
