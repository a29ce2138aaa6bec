"""A real server on the test's own event loop, so that test and app can share events."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn

__all__ = ["serve_here"]


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serve_here(app: Any, *, on: int = 0, **settings: Any) -> AsyncIterator[str]:
    """Serve an ASGI app on a loopback port, a free one if none is named, and give its base URL."""
    settings = {"log_config": None, "access_log": False, "timeout_graceful_shutdown": 1, **settings}
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", on))
        server = _Server(uvicorn.Config(app, **settings))
        task = asyncio.ensure_future(server.serve(sockets=[sock]))
        while not server.started:
            await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
