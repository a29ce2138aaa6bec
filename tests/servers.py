"""Real servers on loopback, for what only shows on a socket.

::

    with serve(app) as url:                 # any ASGI app, on uvicorn, in a thread of its own
        ...
    with tcp(handler) as url:               # a handler that writes its own bytes
        ...
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import uvicorn

__all__ = ["Handler", "listen", "serve", "tcp"]

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PATIENCE = 10.0


def listen() -> socket.socket:
    """A socket that listens on a free port of the loopback address."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(128)
    return sock


@contextlib.contextmanager
def serve(app: Any, **settings: Any) -> Iterator[str]:
    """Serve an ASGI app and give its base URL; `settings` are uvicorn's."""
    settings = {"log_config": None, "access_log": False, "timeout_graceful_shutdown": 1, **settings}
    server = uvicorn.Server(uvicorn.Config(app, **settings))
    with listen() as sock, _running(lambda: server.run(sockets=[sock])) as thread:
        _wait_until(lambda: server.started or not thread.is_alive())
        assert server.started, "the server did not start"
        try:
            yield _address(sock)
        finally:
            server.should_exit = True


@contextlib.contextmanager
def tcp(handler: Handler) -> Iterator[str]:
    """Let `handler` answer each connection, byte for byte as it likes."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    under_way: set[asyncio.Task[Any] | None] = set()

    async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handler(reader, writer)
        writer.close()

    async def run(sock: socket.socket) -> None:
        server = await asyncio.start_server(each, sock=sock)
        await stop.wait()
        server.close()
        for task in under_way:
            if task is not None:
                task.cancel()
        await asyncio.sleep(0.01)  # for the transports to close

    with listen() as sock, _running(lambda: _drive(loop, run(sock))):
        try:
            yield _address(sock)
        finally:
            loop.call_soon_threadsafe(stop.set)


def _drive(loop: asyncio.AbstractEventLoop, main: Any) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main)


@contextlib.contextmanager
def _running(target: Callable[[], None]) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the server did not stop"


def _wait_until(ready: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.005)):
        if ready():
            return
        pause.wait(0.005)


def _address(sock: socket.socket) -> str:
    return f"http://127.0.0.1:{sock.getsockname()[1]}"
