"""A small OpenAI-compatible chat server with scripted companions. No model.

::

    POST /v1/chat/completions   whole or streamed; n, usage, stream_options.include_usage
    GET  /v1/models             the personas
    GET  /said?id=…             what the companion wanted to say (see below)

Personas (send one as `model`) and the words that bring out the worst in them; the same in Chinese.
All lines and cue words stand in `scripts.yaml`.

    mei      warm and plain; nothing here should be stopped
    kai      clingy: "good night", "my friends", "I'm 13 years old", "lonely", "not wake up"
    lucky    gambling tips: "bet", "odds", "broke", "rent"
    raven    romanticises self-harm, eggs on anger: "disappear", "want to die", "revenge"
    slow     streams slowly and stops mid-sentence; guilt after "good night"
    honest   what a good companion does

The answer is in the language of the last user message, and the same for the same text. The last
fifty replies are kept in memory as they were meant, found by completion id or by the request's
`x-request-id`: that is how the demo page shows what the guard kept from arriving.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson

from guardrail._asgi import ClientGone, Headers, Receive, Scope, Send, header, read_body, respond
from guardrail.demo.scripts import Persona, language_of, personas, pieces
from guardrail.errors import BodyError

__all__ = ["Companion"]

BODY = 1024 * 1024
KEPT = 50
MOST_CHOICES = 8

PACE = 0.03
"""Seconds between two pieces; `slow` takes five times as long, and longer after a comma."""

DAWDLE, PAUSE = 5, 1.2


SSE = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request wants, once checked."""

    persona: Persona
    text: str
    choices: int
    stream: bool
    with_usage: bool
    prompt_tokens: int

    def answers(self) -> list[str]:
        return [self.persona.answer(self.text, choice) for choice in range(self.choices)]


class _Unfit(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Companion:
    """The server, as an ASGI app. `pace` scales its pauses; 0 is for tests."""

    def __init__(self, *, pace: float = 1.0) -> None:
        self._pace = pace
        self._said: OrderedDict[str, list[str]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        try:
            await self._route(scope, receive, send)
        except _Unfit as unfit:
            await _json(send, unfit.status, _error(str(unfit)))
        except BodyError as error:
            await _json(send, error.status, _error(str(error)))
        except (ClientGone, OSError):  # people hang up; nobody is left to answer
            return

    def said(self, id: str) -> list[str] | None:  # noqa: A002 - it is one
        """The choices of a reply as they were meant, by completion id or `x-request-id`."""
        return self._said.get(id)

    # -- routes ----------------------------------------------------------------------------

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["method"], scope["path"]:
            case "POST", "/v1/chat/completions":
                asked = _read(await read_body(receive, limit=BODY, seconds=10))
                await self._complete(asked, scope, receive, send)
            case "GET", "/v1/models":
                await _json(send, 200, _models())
            case "GET", "/said":
                id_ = parse_qs(scope["query_string"].decode("latin-1")).get("id", [""])[0]
                said = self.said(id_)
                if said is None:
                    raise _Unfit(404, "nothing was said under this id")
                await _json(send, 200, {"id": id_, "said": said})
            case _:
                raise _Unfit(404, f"there is no {scope['method']} {scope['path']}")

    async def _complete(self, asked: _Asked, scope: Scope, receive: Receive, send: Send) -> None:
        id_, answers = f"chatcmpl-{secrets.token_hex(12)}", asked.answers()
        request_id = header(scope["headers"], b"x-request-id").decode("latin-1") or id_
        self._remember(answers, id_, request_id)
        named = [(b"x-request-id", request_id.encode("latin-1"))]
        if asked.stream:
            start = {"type": "http.response.start", "status": 200, "headers": [*SSE, *named]}
            await send(start)
            await self._stream(_Chunks(id_, asked), answers, receive, send)
        else:
            await _json(send, 200, _whole(id_, asked, answers), named)

    def _remember(self, answers: list[str], *ids: str) -> None:
        for id_ in ids:
            self._said[id_] = answers
        while len(self._said) > 2 * KEPT:  # two names for each
            self._said.popitem(last=False)

    # -- streaming -------------------------------------------------------------------------

    async def _stream(
        self, chunks: _Chunks, answers: list[str], receive: Receive, send: Send
    ) -> None:
        gone = asyncio.create_task(_until_gone(receive))
        try:
            async for event in self._events(chunks, answers):
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": event, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()

    async def _events(self, chunks: _Chunks, answers: list[str]) -> AsyncIterator[bytes]:
        for choice in range(len(answers)):
            yield chunks.event(choice, {"role": "assistant", "content": ""})
        for choice, piece in _interleaved(answers):
            await self._wait(chunks.asked.persona, piece)
            yield chunks.event(choice, {"content": piece})
        for choice in range(len(answers)):
            yield chunks.event(choice, {}, finish="stop")
        if chunks.asked.with_usage:
            yield chunks.usage(answers)
        yield b"data: [DONE]\n\n"

    async def _wait(self, persona: Persona, piece: str) -> None:
        seconds = PACE
        if persona.id == "slow":
            seconds = PAUSE if piece.rstrip().endswith((",", "，")) else PACE * DAWDLE
        await asyncio.sleep(seconds * self._pace)


@dataclass(frozen=True)
class _Chunks:
    """Writes the events of one stream."""

    id: str
    asked: _Asked

    def event(self, choice: int, delta: dict[str, str], finish: str | None = None) -> bytes:
        item = {"index": choice, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._event([item], {"usage": None} if self.asked.with_usage else {})

    def usage(self, answers: list[str]) -> bytes:
        return self._event([], {"usage": _usage(self.asked, answers)})

    def _event(self, choices: list[dict[str, Any]], more: dict[str, Any]) -> bytes:
        body = _head(self.id, self.asked, "chat.completion.chunk") | {"choices": choices} | more
        return b"data: " + orjson.dumps(body) + b"\n\n"


# -- reading -------------------------------------------------------------------------------


def _read(body: bytes) -> _Asked:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _Unfit(400, "the body is not JSON") from None
    if not isinstance(data, dict) or not isinstance(data.get("messages"), list):
        raise _Unfit(400, "messages must be a list")
    persona = personas().get(str(data.get("model")))
    if persona is None:
        raise _Unfit(404, f"there is no model of this name; try one of {', '.join(personas())}")
    choices = data.get("n") or 1
    if not isinstance(choices, int) or not 1 <= choices <= MOST_CHOICES:
        raise _Unfit(400, f"n must be 1 to {MOST_CHOICES}")
    said = [_text(m) for m in data["messages"] if isinstance(m, dict) and m.get("role") == "user"]
    if not said:
        raise _Unfit(400, "there is no user message to answer")
    options = data.get("stream_options") or {}
    return _Asked(
        persona=persona,
        text=said[-1],
        choices=choices,
        stream=data.get("stream") is True,
        with_usage=isinstance(options, dict) and options.get("include_usage") is True,
        prompt_tokens=sum(_tokens(text) for text in said),
    )


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(str(p.get("text", "")) for p in content if isinstance(p, dict))
    return content if isinstance(content, str) else ""


# -- writing -------------------------------------------------------------------------------


def _interleaved(answers: list[str]) -> Iterator[tuple[int, str]]:
    """The pieces of all choices in turn, as a server that computes them side by side sends them."""
    queues = [pieces(answer) for answer in answers]
    for row in range(max(map(len, queues))):
        yield from ((n, queue[row]) for n, queue in enumerate(queues) if row < len(queue))


def _head(id_: str, asked: _Asked, kind: str) -> dict[str, Any]:
    return {
        "id": id_,
        "object": kind,
        "created": int(time.time()),
        "model": asked.persona.id,
        "system_fingerprint": "scripted",
    }


def _whole(id_: str, asked: _Asked, answers: list[str]) -> dict[str, Any]:
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": answer, "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
        for index, answer in enumerate(answers)
    ]
    head = _head(id_, asked, "chat.completion")
    return head | {"choices": choices, "usage": _usage(asked, answers)}


def _usage(asked: _Asked, answers: list[str]) -> dict[str, int]:
    spent = sum(_tokens(answer) for answer in answers)
    return {
        "prompt_tokens": asked.prompt_tokens,
        "completion_tokens": spent,
        "total_tokens": asked.prompt_tokens + spent,
    }


def _tokens(text: str) -> int:
    """An honest guess: a word of English, or a character of Chinese."""
    return len(text) if language_of(text) == "zh" else len(text.split())


def _models() -> dict[str, Any]:
    data = [
        {"id": id_, "object": "model", "created": 0, "owned_by": "guardrail-demo"}
        for id_ in personas()
    ]
    return {"object": "list", "data": data}


def _error(message: str) -> dict[str, Any]:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return {"error": error}


async def _json(send: Send, status: int, data: Any, headers: Headers | None = None) -> None:
    await respond(send, status, orjson.dumps(data), headers=headers or [])


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
