"""A chat backend whose every byte and pause a test decides."""

from __future__ import annotations

import asyncio
import json
from typing import Any

__all__ = ["Backend", "chunk"]


def chunk(text: str | None, *, index: int = 0, finish: str | None = None, **delta: Any) -> bytes:
    """One chat.completion.chunk as an SSE event."""
    if text is not None:
        delta["content"] = text
    data = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "bot",
        "x_unknown": {"kept": True},
        "choices": [{"index": index, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


class Backend:
    """An ASGI app. Set `reply` (text), `parts` (bytes, or events to wait for) or `status`."""

    def __init__(self) -> None:
        self.reply = "Hello there."
        self.parts: list[bytes | asyncio.Event] | None = None
        self.content_type = b"text/event-stream"
        self.status = 200
        self.headers: list[tuple[bytes, bytes]] = []
        self.raises: Exception | None = None
        self.breaks = False  # close the connection in the middle of the answer
        self.asked: list[dict[str, Any]] = []
        self.seen_headers: list[list[tuple[bytes, bytes]]] = []
        self.sent = 0
        self.stopped = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.seen_headers.append(list(scope["headers"]))
        self.asked.append({"path": scope["path"], "raw": body})
        if self.raises is not None:
            raise self.raises
        try:
            await self._answer(scope, body, receive, send)
        except (asyncio.CancelledError, OSError):
            self.stopped.set()
            raise

    async def _answer(self, scope: Any, body: bytes, receive: Any, send: Any) -> None:
        if not scope["path"].endswith("/completions"):
            await self._start(send, b"application/octet-stream")
            await send({"type": "http.response.body", "body": bytes(reversed(body))})
            return
        if self.parts is None:
            await self._start(send, b"application/json")
            await send({"type": "http.response.body", "body": self.whole()})
            return
        await self._start(send, self.content_type)
        gone = asyncio.ensure_future(self._gone(receive))
        for part in self.parts:
            if isinstance(part, asyncio.Event):
                waiting = asyncio.ensure_future(part.wait())
                await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                if gone.done():
                    return
                continue
            await send({"type": "http.response.body", "body": part, "more_body": True})
            self.sent += 1
            await asyncio.sleep(0)
            if gone.done():
                return
        gone.cancel()
        if self.breaks:
            raise ConnectionResetError("the backend died")
        await send({"type": "http.response.body", "body": b""})

    async def _gone(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.stopped.set()

    async def _start(self, send: Any, content_type: bytes) -> None:
        headers = [(b"content-type", content_type), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})

    def whole(self) -> bytes:
        """The whole reply, as it stands on the wire."""
        data = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "bot",
            "x_unknown": [1, 2],
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": self.reply},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
        }
        return json.dumps(data, ensure_ascii=False, indent=1).encode()
