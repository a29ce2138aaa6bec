"""The servers of one process: uvicorn on sockets of our own, how they start, and how they end.

The proxy ends first, and the others after it: while answers are under way, probes, metrics and the
moderators' pages are there as ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from collections.abc import Iterator, Sequence

import structlog
import uvicorn

from guardrail._asgi import ASGIApp
from guardrail._calls import Calls
from guardrail.config import DoorTable
from guardrail.door import Count, door_protocol

__all__ = ["GRACE", "Servers", "address", "listen"]

log = structlog.get_logger("guardrail")

GRACE = 20.0
"""Seconds that answers under way get at a stop. What ends processes usually waits for 30."""

GOODBYE = 3
"""Seconds in which an answer that was cut then says its last words, and in which pages end."""


class Servers:
    """Servers that run together: the first is the proxy's, which stands behind the door."""

    def __init__(
        self,
        apps: Sequence[ASGIApp],
        sockets: Sequence[socket.socket],
        *,
        door: DoorTable,
        count: Count,
        grace: float = GRACE,
    ) -> None:
        self._grace = grace
        self._servers = [
            _Server(_config(app, door, count, grace if n == 0 else None))
            for n, app in enumerate(apps)
        ]
        self._tasks = [
            asyncio.create_task(server.serve(sockets=[sock]))
            for server, sock in zip(self._servers, sockets, strict=True)
        ]

    async def started(self) -> None:
        """Return once all of them listen.

        Raises:
            OSError: one has ended before.
        """
        while not all(server.started for server in self._servers):
            done, _ = await asyncio.wait(
                self._tasks, timeout=0.01, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:  # it ended before it started
                task.result()
                raise OSError("a server did not start; its own words stand above")

    async def drained(self, calls: Calls) -> None:
        """Let nobody in at the proxy; return once its answers are out, the last of them cut short.

        uvicorn by itself would cancel these, and the client would see its connection break.
        """
        self._servers[0].should_exit = True
        proxy = {self._tasks[0]}
        done, _ = await asyncio.wait(proxy, timeout=self._grace)
        if not done:
            log.warning("answers cut short", open=calls.end(), seconds=self._grace)
            await asyncio.wait(proxy)

    async def ended(self) -> None:
        """End them all."""
        for server in self._servers:
            server.should_exit = True
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Server(uvicorn.Server):
    """A uvicorn server among others: signals are handled once for all of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: ASGIApp, door: DoorTable, count: Count, grace: float | None) -> uvicorn.Config:
    """With `grace`, in seconds, it is the proxy's."""
    proxy = grace is not None
    protocol = door_protocol(
        header_seconds=door.header_seconds,
        header_bytes=door.header_bytes,
        header_count=door.header_count,
        count=count,
    )
    return uvicorn.Config(
        app,
        http=protocol if proxy else "auto",
        ws="websockets-sansio",  # the one that `door` and `sockets` are written for
        ws_max_size=door.message_bytes,
        ws_per_message_deflate=False,  # unpacking what only passes would be work for nothing
        lifespan="on" if proxy else "auto",
        log_config=None,  # access lines would carry paths and peers; metrics count instead
        access_log=False,
        proxy_headers=False,  # nobody's X-Forwarded-For is believed
        server_header=False,
        date_header=not proxy,  # the backend's own passes through; two would be one too many
        timeout_graceful_shutdown=math.ceil(grace or 0) + GOODBYE,
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket of this address.

    Raises:
        OSError: it is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def address(sock: socket.socket) -> str:
    """Its URL."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
