"""Drives an ASGI app by hand, so that a test sees what left when: clients buffer, this does not."""

from __future__ import annotations

import asyncio
import json
from typing import Any

__all__ = ["Call", "call"]


class Call:
    """One request under way and what came back so far."""

    def __init__(self, app: Any, scope: dict[str, Any], chunks: list[bytes]) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.chunks: list[bytes] = []
        self.ended = False
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for number, chunk in enumerate(chunks, 1):
            more = number < len(chunks)
            self._inbox.put_nowait({"type": "http.request", "body": chunk, "more_body": more})
        self._news = asyncio.Event()
        self._task = asyncio.ensure_future(app(scope, self._inbox.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        assert not self.ended, "something was sent after the end"
        if message["type"] == "http.response.start":
            assert not self.status, "the head was sent twice"
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            assert self.status, "body before head"
            if message.get("body"):
                self.chunks.append(message["body"])
            self.ended = not message.get("more_body", False)
        self._news.set()

    def hang_up(self) -> None:
        """The client closes the connection."""
        self._inbox.put_nowait({"type": "http.disconnect"})

    async def until(self, text: bytes, seconds: float = 5.0) -> None:
        """Wait until these bytes have arrived."""
        async with asyncio.timeout(seconds):
            while text not in self.body:
                self._news.clear()
                await self._news.wait()

    async def done(self, seconds: float = 10.0) -> Call:
        """Wait for the app to return."""
        async with asyncio.timeout(seconds):
            await self._task
        return self

    @property
    def body(self) -> bytes:
        """All of it so far."""
        return b"".join(self.chunks)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str:
        """One header, or empty."""
        return next((v.decode() for k, v in self.headers if k == name.encode()), "")


def call(
    app: Any,
    path: str,
    body: Any = b"",
    *,
    method: str = "POST",
    headers: list[tuple[bytes, bytes]] | None = None,
    client: tuple[str, int] | None = ("127.0.0.1", 50000),
    chunks: list[bytes] | None = None,
    query: bytes = b"",
) -> Call:
    """Start one request; `body` may be JSON data."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [
            (b"host", b"test"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(raw)).encode()),
            (b"accept-encoding", b"gzip"),
            *(headers or []),
        ],
        "client": client,
        "server": ("127.0.0.1", 80),
    }
    return Call(app, scope, [raw] if chunks is None else chunks)
