"""The demo's own routes: who can be talked to, what they meant to say, and the way to the proxy.

The page talks to the guarded companion through this server, so that one origin is enough for it.
What is forwarded is a short list; the visitor's cookies and credentials stay here.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException

from guardrail._asgi import ASGIApp, Receive, Scope, Send, respond
from guardrail.console.seats import needs
from guardrail.demo.companion import Companion
from guardrail.demo.scripts import personas
from guardrail.roles import Right

__all__ = ["Forward", "demo_routes"]

FORWARDED = frozenset({("POST", "/v1/chat/completions"), ("GET", "/v1/models")})

KEPT = frozenset({b"content-type", b"content-length", b"accept", b"x-request-id"})
"""Request headers that go on to the proxy."""


class Forward:
    """Hands a few paths on to the proxy, streaming; mounted below `prefix`."""

    def __init__(self, proxy: ASGIApp, prefix: str) -> None:
        self._proxy, self._prefix = proxy, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        path = scope["path"].removeprefix(self._prefix)
        if (scope["method"], path) not in FORWARDED:
            await respond(send, 404, b'{"error": "not part of the demo"}')
            return
        headers = [(key, value) for key, value in scope["headers"] if key in KEPT]
        onward = {
            **scope,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"demo"), *headers],
        }
        await self._proxy(onward, receive, send)


def demo_routes(said: Companion | None) -> APIRouter:
    """Personas, and what the companion wanted to say."""
    routes = APIRouter(prefix="/demo", dependencies=[needs(Right.OVERVIEW)])

    @routes.get("/personas")
    async def list_personas() -> list[dict[str, Any]]:
        """Everybody there is to talk to, with lines to try."""
        return [
            {"id": p.id, "name": p.name, "about": p.about, "lines": p.lines}
            for p in personas().values()
        ]

    @routes.get("/said")
    async def what_was_meant(id: str) -> dict[str, Any]:  # noqa: A002 - it is one
        """A reply as the scripted companion meant it; 404 if it was never asked."""
        found = said.said(id) if said is not None else None
        if found is None:
            raise HTTPException(404, "nothing was said under this id")
        return {"id": id, "said": found}

    return routes
