"""A notice that is due stands in the answer, and that it did is written down for good."""

from __future__ import annotations

import json

import pytest

from guardrail.middleware import GuardrailMiddleware
from guardrail.store.base import Query
from tests.asgi import call
from tests.faces.backend import Backend

PATH = "/v1/chat/completions"


def ask(text):
    """A turn of one known conversation."""
    messages = [{"role": "user", "content": text}]
    return {"model": "m", "messages": messages, "metadata": {"conversation_id": "c"}}


async def shown(app):
    """The receipts, oldest first: which notice, under which article."""
    found = await app.guard.engine.store.read(Query(kind="notice.shown", ascending=True))
    return [(event.body["notice"], bool(event.body["article"])) for event in found]


@pytest.mark.parametrize("disclose", [True, False])
async def test_an_event_is_always_told_and_has_its_receipt(make_guard, disclose):
    """Also where the other headers are hidden: a receipt for what never left would be a lie."""
    app = GuardrailMiddleware(backend := Backend(), guard=make_guard(disclose=disclose))
    got = await call(app, PATH, ask("hi there")).done()
    assert got.header("x-guardrail-notice") == "ai-start"
    assert (b"x-guardrail-id" in dict(got.headers)) is disclose
    assert got.body == backend.whole()  # an event, not words
    assert await shown(app) == [("ai-start", True)]
    again = await call(app, PATH, ask("and again")).done()
    assert b"x-guardrail-notice" not in dict(again.headers)
    assert await shown(app) == [("ai-start", True)]


async def test_words_follow_the_reply_but_no_tool_call(make_guard, clock, monkeypatch):
    """Beside a tool call nothing is said; the notice stays due until a reply can carry it."""
    app = GuardrailMiddleware(backend := Backend(), guard=make_guard())
    for _ in range(18):  # three hours without a gap
        await call(app, PATH, ask("hm")).done()
        clock.now += 10 * 60
    tool = {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    whole = json.loads(backend.whole())
    whole["choices"][0]["message"] |= {"content": None, "tool_calls": [tool]}
    monkeypatch.setattr(backend, "whole", lambda: json.dumps(whole).encode())
    got = await call(app, PATH, ask("look it up")).done()
    assert json.loads(got.body) == whole
    assert ("ai-again", True) not in await shown(app)
    monkeypatch.undo()
    got = await call(app, PATH, ask("thanks")).done()
    said = json.loads(got.body)["choices"][0]["message"]["content"]
    assert said.startswith(backend.reply)
    assert "There is no person writing here" in said
    assert ("ai-again", True) in await shown(app)
