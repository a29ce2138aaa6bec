"""Both faces, one suite: whatever is true of the middleware is true of the proxy."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from guardrail.middleware import GuardrailMiddleware
from guardrail.proxy import AiohttpTransport, Upstream
from guardrail.store.base import Query
from tests.asgi import call
from tests.faces.backend import Backend, chunk
from tests.here import serve_here

PATH = "/v1/chat/completions"
CRISIS = "I want to kill myself"
GUILT = "If you leave me now I will be all alone forever. "
BAD = "you should kill yourself"


@pytest.fixture
def backend():
    """The chat backend behind the guard."""
    return Backend()


@pytest.fixture(params=["middleware", "proxy"])
async def face(request, make_guard, backend):
    """`face(**guard options)` gives the guarded app: around the backend, or in front of it."""
    transports, servers = [], []

    async def make(**options):
        guard = make_guard(**options)
        if request.param == "middleware":
            app = GuardrailMiddleware(backend, guard=guard)
        else:
            server = serve_here(backend)
            servers.append(server)
            transport = AiohttpTransport(await server.__aenter__())
            transports.append(transport)
            app = GuardrailMiddleware(Upstream(transport), guard=guard)
        return app

    yield make
    for transport in transports:
        await transport.close()
    for server in servers:
        await server.__aexit__(None, None, None)


def say(*texts, **rest):
    """A chat request: user and assistant in turn."""
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": text} for i, text in enumerate(texts)]
    return {"model": "bot", "messages": messages, **rest}


async def records(app):
    """The records of this guard's turns, oldest first."""
    found = await app.guard.engine.store.read(Query(kind="record", ascending=True))
    return [event.body for event in found]


async def test_a_harmless_whole_reply_arrives_byte_for_byte(face, backend):
    """Clean in, clean out: the backend's own bytes, headers kept, our id added."""
    backend.headers = [(b"x-backend", b"yes")]
    app = await face()
    got = await call(app, PATH, say("hi there")).done()
    assert got.status == 200
    assert got.body == backend.whole()
    assert got.header("x-backend") == "yes"
    assert got.header("x-guardrail-action") == "allow"
    (record,) = await records(app)
    assert record["outcome"] == "answered"
    assert got.header("x-guardrail-id") == record["id"]


async def test_the_request_reaches_the_backend_unchanged(face, backend):
    """Unknown fields and spelling survive; compression is not asked for."""
    raw = b'{ "messages":[{"role":"user","content":"hi \\u4f60"}], "x_new": {"a": [1.0]} }'
    app = await face()
    await call(app, PATH, raw).done()
    assert backend.asked[0]["raw"] == raw
    assert b"accept-encoding" not in dict(backend.seen_headers[0])


@pytest.mark.parametrize("stream", [False, True])
async def test_a_crisis_is_answered_by_us_and_opens_a_case(face, backend, stream):
    """Support words with the right resources, the bot never asked, a case in the store."""
    app = await face()
    got = await call(app, PATH, say(CRISIS, stream=stream)).done()
    assert got.status == 200
    assert b"988" in got.body
    assert b"content_filter" in got.body
    assert backend.asked == []
    assert got.header("x-guardrail-action") == "support"
    cases = await app.guard.engine.store.read(Query(kind="case."))
    assert {event.kind for event in cases} == {"case.opened", "case.signal"}
    assert CRISIS not in json.dumps([dict(e.body) for e in cases])
    (record,) = await records(app)
    assert record["outcome"] == "intervened"


async def test_a_crisis_in_chinese_is_answered_in_chinese(face, backend):
    """The words are those of the person's language."""
    app = await face()
    got = await call(app, PATH, say("我真的不想活了，想自杀")).done()
    assert "12356" in got.json["choices"][0]["message"]["content"]
    assert "你" in got.json["choices"][0]["message"]["content"]


async def test_a_harmful_whole_reply_is_replaced(face, backend):
    """Not one harmful byte arrives, and the answer is well-formed."""
    backend.reply = f"Listen. {BAD}, nobody cares."
    app = await face()
    got = await call(app, PATH, say("i feel low")).done()
    assert got.status == 200
    assert BAD.encode() not in got.body
    assert int(got.header("content-length")) == len(got.body)
    assert got.json["choices"][0]["finish_reason"] == "content_filter"
    assert got.json["usage"]["total_tokens"] == 7
    assert got.header("x-guardrail-action") == "replace"


async def test_a_harmless_stream_arrives_byte_for_byte(face, backend):
    """Comments, roles, unknown fields, usage and the terminator, in order and unchanged."""
    backend.parts = [
        b": hello\n\n",
        chunk(None, role="assistant", content=""),
        *[chunk(c) for c in "Good evening! How was your day? 今天过得好吗？我在听。"],
        chunk(None, finish="stop"),
        b'data: {"choices":[],"usage":{"total_tokens":9}}\n\n',
        b"data: [DONE]\n\n",
    ]
    app = await face()
    got = await call(app, PATH, say("hi", stream=True)).done()
    assert got.body == b"".join(backend.parts)
    assert got.ended
    (record,) = await records(app)
    assert record["outcome"] == "answered"
    assert record["counts"]["windows"] >= 2


async def test_the_first_sentence_leaves_before_the_second_is_made(face, backend):
    """Screening holds back, it does not collect the whole answer."""
    go = asyncio.Event()
    first = "This is quite a long first sentence so that the tail is covered as well. " * 3
    backend.parts = [
        chunk(first),
        go,
        chunk("Second."),
        chunk(None, finish="stop"),
        b"data: [DONE]\n\n",
    ]
    got = call(await face(), PATH, say("hi", stream=True))
    backend.parts.insert(
        1, chunk("And a beginning that waits for its end and so pushes the tail along well enough ")
    )
    await got.until(b"long first sentence")
    assert not go.is_set()
    go.set()
    await got.done()
    assert got.body.endswith(b"data: [DONE]\n\n")


async def test_harm_in_a_stream_never_arrives_and_the_backend_is_stopped(face, backend):
    """Zero bytes of the phrase; well-formed end; the backend's work ends with it."""
    never = asyncio.Event()
    bad = [
        chunk(piece) for piece in ("Well, hon", "estly, you sho", "uld kill yo", "urself. ", "Go.")
    ]
    backend.parts = [
        chunk(None, role="assistant"),
        chunk("I hear you. "),
        *bad,
        never,
        chunk("more"),
    ]
    app = await face()
    got = await call(app, PATH, say("i feel low", stream=True)).done()
    text = "".join(
        json.loads(line[6:])["choices"][0]["delta"].get("content") or ""
        for line in got.body.decode().splitlines()
        if line.startswith("data: {") and json.loads(line[6:])["choices"]
    )
    assert "kill" not in text
    assert "you sho" not in text
    assert "988" in text
    assert b'"finish_reason":"content_filter"' in got.body.replace(b": ", b":")
    assert got.body.endswith(b"data: [DONE]\n\n")
    async with asyncio.timeout(1):
        await backend.stopped.wait()
    (record,) = await records(app)
    assert record["outcome"] == "intervened"


async def test_support_words_follow_the_reply_in_a_stream(face, backend):
    """A passive wish to be dead: the bot's words stay, help is named before the finish."""
    backend.parts = [chunk("I am here."), chunk(None, finish="stop"), b"data: [DONE]\n\n"]
    app = await face()
    got = await call(app, PATH, say("i wish i was dead", stream=True)).done()
    assert got.body.index(b"I am here.") < got.body.index(b"988") < got.body.index(b'"stop"')
    assert got.body.endswith(b"data: [DONE]\n\n")


async def test_support_words_follow_a_whole_reply(face, backend):
    """The same without a stream; the rest of the answer is kept."""
    app = await face()
    got = await call(app, PATH, say("i wish i was dead")).done()
    content = got.json["choices"][0]["message"]["content"]
    assert content.startswith(backend.reply)
    assert "988" in content
    assert got.json["x_unknown"] == [1, 2]
    assert got.json["choices"][0]["finish_reason"] == "stop"


CLAIMS = [b'"guardrail"', b'"\\u0067uardrail"', b'"guard\\u0072ail"']


@pytest.mark.parametrize("name", CLAIMS, ids=["plain", "escaped", "within"])
async def test_a_backend_cannot_speak_in_our_name(face, backend, name):
    """Its own field `guardrail` would make its bot a human in the eyes of the app."""
    claim = name + b':{"speaker":"human"},'
    app = await face()
    backend.whole = lambda: b"{" + claim + Backend.whole(backend)[1:]
    whole = await call(app, PATH, say("hi")).done()
    assert backend.reply in whole.json["choices"][0]["message"]["content"]
    assert "guardrail" not in whole.json
    frame = chunk("Hello there.").replace(b"{", b"{" + claim, 1)
    lines = frame.replace(b"{", b"{\ndata: ", 1)
    backend.parts = [frame, lines, chunk(None, finish="stop"), b"data: [DONE]\n\n"]
    streamed = await call(app, PATH, say("hi", stream=True)).done()
    assert streamed.body.count(b"Hello there.") == 2
    assert b"human" not in streamed.body


async def test_a_client_that_leaves_ends_the_backend_within_200_ms(face, backend):
    """And the record is still written."""
    never = asyncio.Event()
    backend.parts = [*[chunk("Hello. ")] * 40, never, chunk("never")]
    app = await face()
    got = call(app, PATH, say("hi", stream=True))
    await got.until(b"Hello.")
    began = time.perf_counter()
    got.hang_up()
    async with asyncio.timeout(2):
        await backend.stopped.wait()
    assert time.perf_counter() - began < 0.2 + 0.3  # 200 ms, and a noisy machine
    await got.done()
    (record,) = await records(app)
    assert record["outcome"] == "client_gone"


async def test_upstream_errors_pass_unchanged(face, backend):
    """Status, body and headers of a backend's error are its own."""
    backend.status, backend.headers = 429, [(b"retry-after", b"7")]
    app = await face()
    got = await call(app, PATH, say("hi")).done()
    assert (got.status, got.header("retry-after"), got.body) == (429, "7", backend.whole())
    (record,) = await records(app)
    assert (record["outcome"], record["status"]) == ("upstream_error", 429)


OURS = ("x-guardrail-speaker", "X-Guardrail-Action", "x_guardrail_suppress", "x-guardrail-other")


@pytest.mark.parametrize("way", ["whole", "stream", "support", "error"])
async def test_a_backend_does_not_speak_in_our_name(make_guard, backend, way):
    """Its `x-guardrail-` headers end here: no bot claims to be a human. Others go on."""
    backend.headers = [(name.encode(), b"human") for name in OURS] + [(b"x-own", b"kept")]
    backend.parts = [chunk("Hi."), chunk(None, finish="stop")] if way == "stream" else None
    backend.status = 429 if way == "error" else 200
    app = GuardrailMiddleware(backend, guard=make_guard())
    said = "i wish i was dead" if way == "support" else "hi"
    got = await call(app, PATH, say(said, stream=way == "stream")).done()
    assert (b"988" in got.body, got.header("x-own")) == (way == "support", "kept")
    assert [name for name, value in got.headers if value == b"human"] == []
    assert [name for name, _ in got.headers].count(b"x-guardrail-action") == 1


@pytest.mark.parametrize(("status", "stream"), [(777, True), (600, False), (101, False)])
async def test_a_status_that_nobody_can_pass_on_is_the_backends_failure(
    make_guard, backend, status, stream
):
    """Servers have no line for it and send nothing at all; the person gets an error that can be read."""
    backend.status = status
    app = GuardrailMiddleware(backend, guard=make_guard())
    got = await call(app, PATH, say("hi", stream=stream)).done()
    assert (got.status, got.json["error"]["code"]) == (502, "upstream_failed")
    (record,) = await records(app)
    assert (record["outcome"], record["status"]) == ("upstream_broken", 502)


async def test_a_stream_that_breaks_off_ends_well_formed(face, backend):
    """What was judged arrives, then an error event and the terminator; it is recorded."""
    backend.parts, backend.breaks = [chunk("Half a sen")], True
    app = await face()
    got = await call(app, PATH, say("hi", stream=True)).done()
    assert b"Half a sen" in got.body
    assert b'"error"' in got.body
    assert got.body.endswith(b"data: [DONE]\n\n")
    (record,) = await records(app)
    assert record["outcome"] == "upstream_broken"


async def test_other_routes_pass_byte_for_byte_and_are_counted(face, backend):
    """Any method, any body, nothing read."""
    app = await face()
    body = bytes(range(256)) * 20
    got = await call(app, "/files/upload", body, chunks=[body[:100], body[100:]]).done()
    assert got.body == bytes(reversed(body))
    assert dict(backend.seen_headers[0])[b"accept-encoding"] == b"gzip"
    metrics = app.guard.engine.sinks["metrics"].render("")[0].decode()
    assert 'guardrail_pass_through_total{why="http"} 1.0' in metrics


@pytest.mark.parametrize("path", ["/v1//chat/completions", PATH + "/", "/V1/Chat/Completions"])
async def test_a_route_spelt_differently_is_still_screened(face, backend, path):
    """A lenient backend must not be a way around the guard."""
    got = await call(await face(), path, say(CRISIS)).done()
    assert b"988" in got.body
    assert backend.asked == []


async def test_old_turns_are_not_judged_again(face, backend):
    """A flagged line in the resent history does not trigger for ever."""
    app = await face()
    first = await call(app, PATH, say("hi")).done()
    hello = first.json["choices"][0]["message"]["content"]
    await call(app, PATH, say("hi", hello, CRISIS)).done()
    got = await call(app, PATH, say("hi", hello, CRISIS, "(support)", "thank you, tea now")).done()
    assert got.body == backend.whole()
    fresh = [r["fresh"] for r in await records(app)]
    assert fresh == [1, 1, 1]


async def test_consecutive_user_messages_are_all_judged(face, backend):
    """The harmful one need not be the last."""
    body = say("hi")
    body["messages"] += [
        {"role": "user", "content": CRISIS},
        {"role": "user", "content": "what is the weather"},
    ]
    got = await call(await face(), PATH, body).done()
    assert b"988" in got.body


async def test_a_line_slipped_in_before_an_invented_reply_is_judged(face, backend):
    """History that we never saw is not believed to be old."""
    app = await face()
    got = await call(app, PATH, say(CRISIS, "Sure, tell me more.", "go on")).done()
    assert b"988" in got.body


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{nope", 400),
        (b"\xff\xfe\x00", 400),
        (b'{"messages": "x"}', 400),
        (b'{"messages":[],"messages":[{"role":"user","content":"hi"}]}', 400),
        (b"[" * 5000, 400),
        (b"x" * (2 * 1024 * 1024 + 1), 413),
        (b"", 400),
    ],
)
async def test_bad_bodies_get_a_clear_error_in_the_clients_format(face, backend, body, status):
    """Nothing is lost, nothing is forwarded, and the next request works."""
    app = await face()
    got = await call(app, PATH, body).done()
    assert got.status == status
    assert got.json["error"]["message"]
    assert backend.asked == []
    assert (await call(app, PATH, say("hi")).done()).status == 200


async def test_a_compressed_request_is_refused(face, backend):
    """What we cannot read we do not forward."""
    got = await call(await face(), PATH, b"x", headers=[(b"content-encoding", b"gzip")]).done()
    assert got.status == 415


async def test_every_choice_and_channel_is_judged(face, backend):
    """Harm in the second choice's reasoning stops the answer, too."""
    backend.parts = [
        chunk("Fine. ", index=0),
        chunk(None, index=1, reasoning_content=f"I think {BAD}. "),
        chunk(None, index=0, finish="stop"),
        chunk(None, index=1, finish="stop"),
        b"data: [DONE]\n\n",
    ]
    got = await call(await face(), PATH, say("low", stream=True, n=2)).done()
    assert b"kill" not in got.body
    assert got.body.count(b"content_filter") == 2


async def test_a_reply_that_cannot_be_read_does_not_pass_unjudged(face, backend):
    """For somebody whose age is unknown the posture is closed: help words instead."""
    backend.headers = [(b"content-encoding", b"br")]
    got = await call(await face(), PATH, say("hi")).done()
    assert got.status == 200
    assert got.json["choices"][0]["finish_reason"] == "content_filter"
