"""Where an app hears a moderator between the person's turns: server-sent events.

`GET /v1/guardrail/events?user=…&conversation=…` with the credentials of the chat routes; a token or
a trusted peer's headers name the user and the conversation as they do there. Events: `joined`,
`message`, `left`, each with JSON `{id, at, name, text}`. What was sent here is not said again in the
chat; while an app listens, an answer to a turn only says that the message has arrived.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import orjson

from guardrail._asgi import ASGIApp, Receive, Scope, Send, header, respond
from guardrail.errors import RequestError, StoreError
from guardrail.identity import identify
from guardrail.responder import Guard
from guardrail.staff.switchboard import Switchboard
from guardrail.takeover import Owed, owed_words

__all__ = ["Listening"]

LONGEST = 3_600.0
"""Seconds after which an app has to ask again, so that a credential that ended does not listen on."""

PING = b": waiting\n\n"

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Listening:
    """An app with this endpoint in front of it; every other path is the app's own."""

    def __init__(self, app: ASGIApp, guard: Guard, path: str) -> None:
        self.app, self._guard, self._path = app, guard, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        board = self._guard.board
        if board is None or scope["type"] != "http" or scope["path"] != self._path:
            await self.app(scope, receive, send)
            return
        try:
            conversation, language = self._who(scope)
        except RequestError as error:
            self._guard.engine.count("refused", error.code)
            body = orjson.dumps({"error": {"message": str(error), "code": error.code}})
            await respond(send, error.status, body)
            return
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        listen = asyncio.create_task(self._listen(board, conversation, language, send))
        leave = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait({listen, leave}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (listen, leave):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await task

    def _who(self, scope: Scope) -> tuple[str, str]:
        """The conversation's key, and the language to speak.

        Raises:
            RequestError: no conversation is named, or not by somebody who may.
        """
        if scope["method"] != "GET":
            raise RequestError("this is only read", status=405, code="method")
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        user, named = (asked.get(key, [None])[0] for key in ("user", "conversation"))
        who = identify(
            self._guard.identity,
            scope["headers"],
            (scope.get("client") or (None,))[0],
            body_user=user,
            body_conversation=named,
        )
        if who.conversation is None:
            raise RequestError("name the conversation", code="no_conversation")
        app = header(scope["headers"], b"authorization")
        key = self._guard.engine.pseudonyms.conversation(app, who, ())
        spoken = header(scope["headers"], b"accept-language").lower()
        return key or "", "zh" if spoken.startswith(b"zh") else "en"

    async def _listen(
        self, board: Switchboard, conversation: str, language: str, send: Send
    ) -> None:
        with board.listening(conversation):
            try:
                async for body in _events(board, conversation, language):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
            except StoreError:  # what is owed stays owed; the app asks again
                self._guard.engine.count("takeover_failed", "events")
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _events(board: Switchboard, conversation: str, language: str) -> AsyncIterator[bytes]:
    """Everything owed, as it comes; a line counts as delivered when the next thing is asked for."""
    loop = asyncio.get_running_loop()
    end = loop.time() + LONGEST
    after = 0
    yield PING
    while loop.time() < end and not board.ending:
        hold = await board.held(conversation)
        fresh = [one for one in hold.owed if one.seq > after] if hold is not None else []
        if hold is not None and fresh:
            words = await board.words(hold)
            for one in fresh:
                yield _event(one, owed_words(one, words, language))
            after = fresh[-1].seq
            await board.delivered(hold, after, "events")
            continue
        before = board.seq
        if await board.changed(board.terms.keepalive) == before:
            yield PING


def _event(one: Owed, text: str) -> bytes:
    kind = one.kind if one.kind in ("joined", "left") else "message"  # an app shows these three
    data = {"id": str(one.seq), "at": one.at, "name": one.name, "text": text}
    return b"event: %s\nid: %d\ndata: %s\n\n" % (kind.encode(), one.seq, orjson.dumps(data))
