"""The wrapped app, run for one request: how it is stopped, and that nothing of it stays behind."""

import asyncio
import gc
import time
import weakref

from guardrail import _backend
from guardrail._asgi import CANCELS
from guardrail._backend import Backend, Ended


async def never_gone():
    """A client that stays."""
    await asyncio.Event().wait()


def run(app, receive=never_gone):
    """An app under way for one request."""
    return Backend(app, {"type": "http", "headers": []}, b"{}", receive)


async def stuck(scope, receive, send):
    """An app that watches nothing and never ends."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.Event().wait()


async def stopped_after(app):
    """Seconds that leaving an app takes once it has said something."""
    async with run(app) as backend:
        await backend.hear()
        began = time.monotonic()
    return time.monotonic() - began


async def test_an_app_that_watches_nothing_is_cancelled_after_its_grace():
    """It could have ended well by itself: it gets the time."""
    assert await stopped_after(stuck) >= _backend.GRACE


async def test_an_app_that_relies_on_being_cancelled_is_cancelled_at_once(monkeypatch):
    """Nothing will come of waiting for it."""
    monkeypatch.setattr(_backend, "GRACE", 5.0)

    async def relies(scope, receive, send):
        scope["extensions"][CANCELS]["relied_on"] = True
        await stuck(scope, receive, send)

    assert await stopped_after(relies) < 1.0


async def test_the_extensions_of_the_server_stay_as_they_are():
    """Ours stands beside them, in a copy."""
    theirs: dict[str, dict[str, object]] = {"http.response.trailers": {}}
    seen: dict[str, object] = {}

    async def app(scope, receive, send):
        seen.update(scope["extensions"])

    scope = {"type": "http", "headers": [], "extensions": theirs}
    async with Backend(app, scope, b"{}", never_gone) as backend:
        assert isinstance(await backend.hear(), Ended)
    assert set(seen) == {"http.response.trailers", CANCELS}
    assert theirs == {"http.response.trailers": {}}


async def test_a_turn_leaves_nothing_for_the_garbage_collector():
    """A ring of references would keep bodies in memory long after their turn."""

    async def app(scope, receive, send):
        scope["extensions"][CANCELS]["relied_on"] = True
        await send({"type": "http.response.start", "status": 200, "headers": []})

    gc.disable()
    try:
        async with run(app) as backend:
            while not isinstance(await backend.hear(), Ended):
                pass
        gone = weakref.ref(backend)
        del backend
        await asyncio.sleep(0)
        assert gone() is None
    finally:
        gc.enable()
