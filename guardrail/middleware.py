"""The face: an ASGI middleware around any app, and the outer half of the reverse proxy."""

from __future__ import annotations

from guardrail._asgi import ASGIApp, Receive, Scope, Send
from guardrail.responder import Guard, Responder
from guardrail.routes import RouteTable

__all__ = ["GuardrailMiddleware"]


class GuardrailMiddleware:
    """Screens the listed chat routes of an app; everything else passes through untouched.

    ::

        guard = guardrail.build("guardrail.yaml")
        app.add_middleware(GuardrailMiddleware, guard=guard)   # FastAPI, Starlette
        app = GuardrailMiddleware(app, guard=guard)            # any ASGI app

    It holds settings only; all state of a request lives in its own `Responder`. What passes
    unscreened (other paths, WebSockets) is counted as `pass_through`.
    """

    def __init__(self, app: ASGIApp, *, guard: Guard, closes: bool = True) -> None:
        self.app, self.guard, self._closes = app, guard, closes
        self._routes = RouteTable(guard.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        route = None
        if scope["type"] == "http":
            path, mounted = scope["path"], scope.get("root_path", "")
            find = self._routes.find
            # An app that is mounted below a path may name its routes with that path or without.
            route = find(scope["method"], path) or find(scope["method"], path.removeprefix(mounted))
        if route is None:
            unseen = "websocket" if scope["type"] == "websocket" else "pass_through"
            self.guard.engine.count(unseen, scope["type"])
            await self.app(scope, receive, send)
            return
        await Responder(self.guard, self.app, route, scope).run(receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The wrapped app's lifespan, and ours with it: what we hold is let go when it ends.

        Not with `closes` false: then somebody else needs the guard for longer, and closes it.
        """
        try:
            await self.app(scope, receive, send)
        finally:
            if self._closes:
                await self.guard.engine.close()
