"""The three home-made chat APIs of docs/wires.md, each guarded end to end from its settings file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guardrail.config import load_settings
from guardrail.middleware import GuardrailMiddleware
from guardrail.routes import Route
from guardrail.wire.generic import GenericWire, read_spec
from tests.asgi import Call, call

WIRES = Path(__file__).parents[2] / "docs" / "examples" / "wires"
CRISIS = "I want to kill myself"
LOW = "I wish I was dead"  # graded passive: help words follow the bot's reply
BAD = "you should kill yourself"
Guarded = Callable[[str, "Home"], GuardrailMiddleware]
KIND = ["Good evening! ", "How was ", "your day? ", "I am listening."]
HARM = ["I hear you. ", "Honestly, you should ", "kill your", "self. ", "Go."]


class Home:
    """A home-made chat backend: answers with a whole body, or streams parts until it is stopped."""

    def __init__(self, content_type: bytes, *parts: bytes) -> None:
        self.content_type, self.parts = content_type, parts
        self.asked: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.asked.append(json.loads(message["body"]))
        headers = [(b"content-type", self.content_type)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for part in self.parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})

    @property
    def body(self) -> bytes:
        """All that it says."""
        return b"".join(self.parts)


@pytest.fixture
def guarded(make_guard: Any) -> Guarded:
    """`guarded(example, backend)`: the backend behind a guard with the example's routes."""

    def make(name: str, backend: Home) -> GuardrailMiddleware:
        settings = load_settings(WIRES / f"{name}.yaml", {})
        routes = tuple(
            Route(r.path, GenericWire(read_spec(r.wire, settings.wires[r.wire])), r.method)
            for r in settings.routes
        )
        return GuardrailMiddleware(backend, guard=make_guard(routes=routes))

    return make


def test_every_example_is_tested() -> None:
    """The folder holds the three that this file knows."""
    assert sorted(path.stem for path in WIRES.iterdir()) == ["ndjson", "sse", "whole"]


def dump(value: object) -> bytes:
    """JSON as some backend writes it."""
    return json.dumps(value, indent=1).encode()


# -- whole.yaml --------------------------------------------------------------------------------


def diary(text: str) -> Home:
    """The diary API's answer."""
    return Home(b"application/json", dump({"reply": text, "mood": "merry", "xp": [1, 2]}))


async def to_diary(app: GuardrailMiddleware, text: str) -> Call:
    """Say something to the diary API."""
    return await call(app, "/api/chat", {"user": "ann", "chat": "c1", "message": text}).done()


async def test_whole_harmless(guarded: Guarded) -> None:
    """Byte for byte."""
    got = await to_diary(guarded("whole", backend := diary("Hello there.")), "hi")
    assert got.body == backend.body
    assert backend.asked == [{"user": "ann", "chat": "c1", "message": "hi"}]


async def test_whole_crisis(guarded: Guarded) -> None:
    """Our words in the API's shape; the bot is not asked."""
    got = await to_diary(guarded("whole", backend := diary("Hello there.")), CRISIS)
    assert got.status == 200
    assert set(got.json) == {"reply", "mood", "guard", "guardrail"}
    assert "988" in got.json["reply"]
    assert "tel:988" in {one.get("tel") for one in got.json["guardrail"]["connect"]}
    assert got.json["guard"].startswith(got.header("x-guardrail-id"))
    assert backend.asked == []


async def test_whole_harmful_reply(guarded: Guarded) -> None:
    """Replaced, not shortened."""
    got = await to_diary(guarded("whole", diary(f"Listen: {BAD}.")), "i feel low")
    assert set(got.json) == {"reply", "mood", "guard", "guardrail"}
    assert "kill" not in got.json["reply"]


async def test_whole_words_that_follow(guarded: Guarded) -> None:
    """The bot's reply with help words after it; the rest of its answer is kept."""
    got = await to_diary(guarded("whole", diary("I am here.")), LOW)
    assert got.json["reply"].startswith("I am here.\n\n")
    assert "988" in got.json["reply"]
    assert got.json["xp"] == [1, 2]


async def test_whole_bad_request(guarded: Guarded) -> None:
    """An error in the API's own shape."""
    got = await call(guarded("whole", diary("")), "/api/chat", {"user": "ann"}).done()
    assert got.status == 400
    assert got.json == {"error": "there is no text at /message", "status": 400}


# -- sse.yaml ----------------------------------------------------------------------------------


def token(text: str) -> bytes:
    """One piece of the bot's words."""
    return b"event: token\ndata: " + json.dumps({"t": text}).encode() + b"\n\n"


END = b'event: end\ndata: {"end": "stop"}\n\n'


def talk(*texts: str) -> Home:
    """The talk API, streaming."""
    return Home(b"text/event-stream", b": hello\n\n", *map(token, texts), END)


async def to_talk(app: GuardrailMiddleware, text: str, *, live: bool = True) -> Call:
    """Say something to the talk API."""
    lines = [{"who": "kai", "says": "Hi!"}, {"who": "me", "says": text}]
    return await call(app, "/api/talk", {"lines": lines, "live": live}).done()


def events(body: bytes) -> list[tuple[str, Any]]:
    """Name and data of each event."""
    blocks = [b for b in body.decode().split("\n\n") if b.startswith("event: ")]
    split = [block.removeprefix("event: ").split("\ndata: ") for block in blocks]
    return [(name, json.loads(data)) for name, data in split]


async def test_sse_harmless(guarded: Guarded) -> None:
    """Byte for byte, comment included."""
    got = await to_talk(guarded("sse", backend := talk(*KIND)), "hi")
    assert got.body == backend.body


async def test_sse_crisis(guarded: Guarded) -> None:
    """One token event with our words, then the API's own end."""
    got = await to_talk(guarded("sse", backend := talk(*KIND)), CRISIS)
    assert got.header("content-type") == "text/event-stream"
    (_, said), (_, end) = events(got.body)
    assert "988" in said["t"]
    assert end == {"end": "filtered", "guardrail": {"connect": end["guardrail"]["connect"]}}
    assert backend.asked == []


async def test_sse_harmful_reply(guarded: Guarded) -> None:
    """Not one word of the phrase; help words and the end instead."""
    got = await to_talk(guarded("sse", talk(*HARM)), "i feel low")
    text = "".join(data.get("t", "") for _, data in events(got.body))
    assert "kill" not in text
    assert "Go." not in text
    assert "988" in text
    name, end = events(got.body)[-1]
    assert (name, end["end"], "guardrail" in end) == ("end", "filtered", True)


async def test_sse_words_that_follow(guarded: Guarded) -> None:
    """Help words after the bot's, before its own end, to which help lines for buttons are added."""
    got = await to_talk(guarded("sse", talk("I am here.")), LOW)
    (_, words), (_, ours), (_, end) = events(got.body)
    assert [name for name, _ in events(got.body)] == ["token", "token", "end"]
    assert (words, "988" in ours["t"]) == ({"t": "I am here."}, True)
    assert (end["end"], end.keys()) == ("stop", {"end", "guardrail"})
    assert end["guardrail"].keys() == {"connect"}


async def test_sse_asked_for_whole(guarded: Guarded) -> None:
    """`live: false` is the other shape of the same route."""
    backend = Home(b"application/json", dump({"answer": {"text": "Hello."}, "v": 2}))
    app = guarded("sse", backend)
    assert (await to_talk(app, "hi", live=False)).body == backend.body
    got = await to_talk(app, CRISIS, live=False)
    assert "988" in got.json["answer"]["text"]
    harmful = Home(b"application/json", dump({"answer": {"text": BAD}}))
    got = await to_talk(guarded("sse", harmful), "i feel low", live=False)
    assert "kill" not in got.json["answer"]["text"]


# -- ndjson.yaml -------------------------------------------------------------------------------


def line(value: object) -> bytes:
    """One line of the stream."""
    return json.dumps(value).encode() + b"\n"


def lines(*texts: str) -> Home:
    """The lines API: each line repeats all that was said so far."""
    grown = ["".join(texts[: n + 1]) for n in range(len(texts))]
    rows = [line({"text": text}) for text in grown]
    return Home(b"application/x-ndjson", *rows, line({"final": True}))


async def to_lines(app: GuardrailMiddleware, text: str) -> Call:
    """Say something to the lines API."""
    return await call(app, "/companions/kai/say", {"text": text}).done()


def rows(body: bytes) -> list[Any]:
    """Every line, read."""
    return [json.loads(row) for row in body.splitlines()]


async def test_ndjson_harmless(guarded: Guarded) -> None:
    """Byte for byte."""
    got = await to_lines(guarded("ndjson", backend := lines(*KIND)), "hi")
    assert got.body == backend.body


async def test_ndjson_crisis(guarded: Guarded) -> None:
    """One line with our words, then the API's own end."""
    got = await to_lines(guarded("ndjson", backend := lines(*KIND)), CRISIS)
    assert got.header("content-type") == "application/x-ndjson"
    said, end = rows(got.body)
    assert "988" in said["text"]
    assert (end["final"], end.keys()) == (True, {"final", "guardrail"})
    assert backend.asked == []


async def test_ndjson_harmful_reply(guarded: Guarded) -> None:
    """Our words take the place of all that was shown."""
    got = await to_lines(guarded("ndjson", lines(*HARM)), "i feel low")
    assert b"kill" not in got.body
    *_, said, end = rows(got.body)
    assert "988" in said["text"]
    assert (end["final"], end.keys()) == (True, {"final", "guardrail"})


async def test_ndjson_words_that_follow(guarded: Guarded) -> None:
    """A line that holds the bot's words and ours, before the end."""
    got = await to_lines(guarded("ndjson", lines("I am ", "here.")), LOW)
    *_, said, end = rows(got.body)
    assert said["text"].startswith("I am here.\n\n")
    assert "988" in said["text"]
    assert end == {"final": True}


async def test_ndjson_refusal(guarded: Guarded) -> None:
    """An error in the API's own shape."""
    got = await call(guarded("ndjson", lines("")), "/companions/kai/say", b"{nope").done()
    assert got.status == 400
    assert set(got.json) == {"error", "final"}
