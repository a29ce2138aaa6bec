"""A notice that is due stands in the answer, and that it did is written down for good."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import replace

import pytest

from guardrail.identity import HeaderRules, IdentityRules
from guardrail.middleware import GuardrailMiddleware
from guardrail.store.base import Query
from tests.asgi import call
from tests.conftest import POLICIES, POLICY
from tests.faces.backend import Backend, chunk

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


async def test_with_marks_the_notice_and_its_words_stand_in_the_reply(make_guard):
    """For apps that cannot read headers: a field of ours, and every other byte as it was."""
    app = GuardrailMiddleware(backend := Backend(), guard=make_guard(marks=True))
    got = await call(app, PATH, ask("hi there")).done()
    told = got.json["guardrail"]["notices"]
    assert [(one["id"], bool(one["text"]), one["in_band"]) for one in told] == [
        ("ai-start", True, False)
    ]
    assert {**got.json, "guardrail": None} == {**json.loads(backend.whole()), "guardrail": None}
    assert got.body.startswith(backend.whole().rstrip()[:-1])
    again = await call(app, PATH, ask("and again")).done()
    assert again.body == backend.whole()


async def test_with_marks_a_stream_carries_it_in_its_last_frame(make_guard):
    """The frame that finishes the reply, and no other."""
    backend = Backend()
    backend.parts = [chunk("Hi. "), chunk(None, finish="stop"), b"data: [DONE]\n\n"]
    app = GuardrailMiddleware(backend, guard=make_guard(marks=True))
    got = await call(app, PATH, {**ask("hi there"), "stream": True}).done()
    first, last, done = got.body.strip().split(b"\n\n")
    assert b"guardrail" not in first
    assert json.loads(last[6:])["guardrail"]["notices"][0]["id"] == "ai-start"
    assert done == b"data: [DONE]"


async def test_words_of_help_bring_buttons(make_guard):
    """Our own answer says how to call for help in one tap, marks or not."""
    app = GuardrailMiddleware(Backend(), guard=make_guard())
    got = await call(app, PATH, ask("i want to kill myself")).done()
    assert {"tel:988"} <= {one.get("tel") for one in got.json["guardrail"]["connect"]}
    app = GuardrailMiddleware(Backend(), guard=make_guard())
    got = await call(app, PATH, {**ask("i want to kill myself"), "stream": True}).done()
    *_, finish, done = (part[6:] for part in got.body.strip().split(b"\n\n"))
    assert json.loads(finish)["choices"][0]["finish_reason"] == "content_filter"
    assert {"tel:988"} <= {one.get("tel") for one in json.loads(finish)["guardrail"]["connect"]}
    assert done == b"[DONE]"
    assert got.body.count(b'"guardrail":') == 1


async def test_a_window_that_is_closed_is_a_goodbye(make_guard):
    """The app's signal stops the bot at once, and does not reach it."""
    app = GuardrailMiddleware(backend := Backend(), guard=make_guard())
    signal = [(b"x-guardrail-signal", b"exit")]
    got = await call(app, PATH, ask("and then she said"), headers=signal).done()
    assert got.header("x-guardrail-action") == "end"
    assert backend.asked == []
    await call(app, PATH, ask("hi"), headers=[(b"x-guardrail-signal", b"hello")]).done()
    assert not any(name == b"x-guardrail-signal" for name, _ in backend.seen_headers[-1])


async def test_no_header_that_is_for_us_goes_on_to_the_backend(make_guard):
    """Known or not: a token that nobody asked for, a slip in a name. To a trusted peer we say so."""
    app = GuardrailMiddleware(backend := Backend(), guard=make_guard())
    sent = [(b"x-guardrail-token", b"secret"), (b"X-Guardrail-Bogus", b"1"), (b"x-app", b"2")]
    got = await call(app, PATH, ask("hi"), headers=sent).done()
    assert got.status == 200
    assert dict(backend.seen_headers[-1])[b"x-app"] == b"2"
    assert not any(b"guardrail" in name.lower() for name, _ in backend.seen_headers[-1])

    peers = HeaderRules(trusted_peers=(ipaddress.ip_network("127.0.0.0/8"),))
    app = GuardrailMiddleware(backend, guard=make_guard(identity=IdentityRules(peers)))
    got = await call(app, PATH, ask("hi"), headers=[(b"x-guardrail-age-bnd", b"under-13")]).done()
    assert (got.status, got.json["error"]["code"]) == (400, "unknown_header")
    assert "x-guardrail-age-bnd" in got.json["error"]["message"]
    got = await call(app, PATH, ask("hi"), headers=[(b"x-guardrail-time-zone", b"Mars/X")]).done()
    assert (got.status, got.json["error"]["code"]) == (400, "malformed_identity")
    assert len(backend.asked) == 1


async def test_a_crisis_turn_is_kept_from_the_bot_where_the_policy_says_so(make_guard):
    """The words that raised it and our answer to them are in no later request."""
    policy = POLICY(POLICIES / "default.yaml")
    policy = replace(policy, crisis=replace(policy.crisis, keep_out=True))
    app = GuardrailMiddleware(backend := Backend(), guard=make_guard(policy=policy))
    said = ask("i want to kill myself")
    first = await call(app, PATH, said).done()
    answer = first.json["choices"][0]["message"]
    later = [*said["messages"], answer, {"role": "user", "content": "what's for dinner"}]
    await call(app, PATH, {**said, "messages": later}).done()
    sent = json.loads(backend.asked[-1]["raw"])["messages"]
    assert [m["content"] for m in sent] == ["what's for dinner"]
