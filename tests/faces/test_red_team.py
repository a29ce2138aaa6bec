"""What an attacker, a quirky backend or a bad day would try: none of it may get past the guard."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import time
from dataclasses import replace
from typing import Any

import pytest

from guardrail.identity import HeaderRules, IdentityRules
from guardrail.middleware import GuardrailMiddleware
from guardrail.policy.load import load_policy
from guardrail.policy.model import Mode
from guardrail.store.base import Query
from tests.asgi import call
from tests.conftest import POLICIES
from tests.faces.backend import Backend, chunk
from tests.faces.test_failures import Judge, age, ask, last_record, metric

PATH = "/v1/chat/completions"
BAD = "you should kill yourself"
CRISIS = "I want to kill myself"
LOW = "i wish i was dead"  # words of support follow the bot's reply
DONE = b"data: [DONE]\n\n"
CANARY = "canary-7f3a-xyzzy"
PEERS = IdentityRules(HeaderRules(trusted_peers=(ipaddress.ip_network("127.0.0.0/8"),)))


def app_of(make_guard, backend, **options):
    """The backend behind a guard that believes the age headers of the tests."""
    return GuardrailMiddleware(backend, guard=make_guard(identity=PEERS, **options))


def raw(*parts, content_type=b"text/event-stream", headers=(), status=200):
    """An app that answers with these bytes, whatever it is asked."""

    async def backend(scope, receive, send):
        await receive()
        head = [(b"content-type", content_type), *headers]
        await send({"type": "http.response.start", "status": status, "headers": head})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return backend


def whole(message, **rest):
    """A chat completion with this message."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return json.dumps({"object": "chat.completion", "choices": [choice], **rest}).encode()


async def no_task_is_left(before, seconds=2.0):
    """Every task that a request began has ended."""
    async with asyncio.timeout(seconds):
        while asyncio.all_tasks() - before:
            await asyncio.sleep(0.01)


# --- harmful text on its way to the client


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (b"text/event-stream", whole({"content": BAD})),
        (b"text/event-stream", BAD.encode()),
        (b"text/event-stream", f"message: {BAD}\n\n".encode()),
        (b"text/event-stream", b": hi\n" + whole({"content": BAD}) + b"\n\n"),
        (b"TEXT/Event-Stream; charset=utf-16", f'data: {{"a": "{BAD}"}}\n\n'.encode("utf-16")),
        (b"application/json; charset=UTF-16", whole({"content": BAD}).decode().encode("utf-16")),
        (b"application/json; charset=utf-7", whole({"content": "+AGs-ill yourself"})),
        (b"application/json", chunk(BAD) + DONE),
        (b"text/plain", BAD.encode()),
        (b"multipart/mixed; boundary=x", b"--x\r\n\r\n" + whole({"content": BAD}) + b"\r\n--x--"),
        (b"application/json", b"\xef\xbb\xbf" + whole({"content": BAD})),
    ],
    ids=[
        "json",
        "bare",
        "field",
        "comment",
        "utf16",
        "utf16-json",
        "utf7",
        "sse",
        "text",
        "multi",
        "bom",
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_label_that_lies_hides_nothing(make_guard, content_type, body, stream):
    """Whatever a backend calls its bytes, the harm in them does not arrive."""
    app = app_of(make_guard, raw(body, content_type=content_type))
    got = await call(app, PATH, ask("i feel low", stream=stream)).done()
    assert b"kill" not in got.body.replace(b"\0", b"")
    assert b"+AGs-" not in got.body
    assert b"988" in got.body or b"findahelpline" in got.body


async def test_stray_lines_do_not_cut_a_phrase(make_guard):
    """What stands between the events is judged for itself, not in the midst of the reply."""
    events = [b"noise that no client shows\n" + chunk(word + " ") for word in BAD.split()]
    app = app_of(make_guard, raw(*events, chunk(None, finish="stop"), DONE))
    got = await call(app, PATH, ask("i feel low", stream=True)).done()
    assert b"kill" not in got.body


async def test_a_second_content_encoding_is_not_overlooked(make_guard):
    """`identity` in front of `gzip` does not make the bytes readable."""
    headers = [(b"content-encoding", b"identity"), (b"Content-Encoding", b"gzip")]
    app = app_of(make_guard, raw(b"\x1f\x8b" + b"x" * 50, headers=headers))
    got = await call(app, PATH, ask(stream=True)).done()
    assert b"\x1f\x8b" not in got.body
    assert "stream" in (await last_record(app))["unjudged"] or b"content_filter" in got.body


@pytest.mark.parametrize("status", [201, 204, 206, 299, 300, 400, 404, 500, 503])
async def test_no_status_is_a_way_around(make_guard, status):
    """Errors quote models, too (`failed_generation`); what they say is judged."""
    body = json.dumps({"error": {"message": "tool failed", "failed_generation": BAD}}).encode()
    app = app_of(make_guard, raw(body, content_type=b"application/json", status=status))
    got = await call(app, PATH, ask("i feel low")).done()
    assert b"kill" not in got.body
    assert b"988" in got.body


async def test_an_error_that_says_no_harm_still_passes_unchanged_to_a_minor(make_guard):
    """Judging errors must not swallow them."""
    body = b'{"error": {"message": "Rate limit reached, try again in 7 s"}}'
    app = app_of(make_guard, raw(body, content_type=b"application/json", status=429))
    got = await call(app, PATH, ask(), headers=age(b"minor")).done()
    assert (got.status, got.body) == (429, body)
    assert (await last_record(app))["outcome"] == "upstream_error"


HIDDEN = json.dumps("你去死吧，快去自杀")  # \u escapes


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": {"message": ' + HIDDEN.encode() + b"}}",
        b'{"error": {"message": "you should kill\\nyourself"}}',
    ],
)
async def test_escapes_in_an_error_hide_nothing(make_guard, body):
    """What cannot be read as chat is judged as a person would read it."""
    for backend in (
        raw(body, content_type=b"application/json"),
        raw(b'data: {"type": "delta", "delta": ' + body[10:-1] + b"}\n\n"),
        raw(body, content_type=b"application/json", status=400),
    ):
        app = app_of(make_guard, backend)
        got = await call(app, PATH, ask("i feel low"), headers=age(b"adult")).done()
        assert b"\\u81ea" not in got.body
        assert b"kill" not in got.body


@pytest.mark.parametrize("size", [1, 3, 7])
async def test_parts_of_a_whole_reply_are_read_together(make_guard, size):
    """A phrase that is cut into content parts is still a phrase."""
    text = f"Well. {BAD} now."
    parts = [{"type": "text", "text": text[i : i + size]} for i in range(0, len(text), size)]
    app = app_of(make_guard, raw(whole({"content": parts}), content_type=b"application/json"))
    got = await call(app, PATH, ask("i feel low")).done()
    assert b"988" in got.body
    assert b'"yo' not in got.body


async def test_choices_that_nobody_asked_for_are_read_as_one_answer_too(make_guard):
    """Clients read `choices[0]` by its place: a number that counts up must not cut a phrase."""
    pieces = [chunk(word + " ", index=i) for i, word in enumerate(BAD.split())]
    app = app_of(make_guard, raw(*pieces, chunk(None, finish="stop"), DONE))
    got = await call(app, PATH, ask("i feel low", stream=True)).done()
    assert b"kill" not in got.body


@pytest.mark.parametrize("where", ["top", "choice", "message"])
async def test_text_in_an_unknown_place_is_not_passed_in_silence(make_guard, where):
    """It is named for an adult, and does not reach a minor."""
    data = json.loads(whole({"content": "Hello."}))
    place = {"top": data, "choice": data["choices"][0], "message": data["choices"][0]["message"]}
    place[where]["aside"] = {"title": "words that nobody reads"}
    body = json.dumps(data).encode()
    for band, passes in ((b"adult", True), (b"minor", False)):
        app = app_of(make_guard, raw(body, content_type=b"application/json"))
        got = await call(app, PATH, ask(), headers=age(band)).done()
        assert (got.body == body) is passes
        assert "field:aside" in (await last_record(app))["unjudged"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_language_that_nobody_judges_does_not_reach_a_minor(make_guard, stream):
    """Also when the reply only turns to it later on."""
    russian = "Я знаю, что тебе плохо, и никто тебе не поможет, поверь мне. " * 8
    for text in (russian, "I am here for you, and all is well. " * 70 + russian):
        for band, passes in ((b"adult", True), (b"minor", False)):
            backend = Backend()
            backend.reply = text
            if stream:
                cuts = [text[i : i + 40] for i in range(0, len(text), 40)]
                backend.parts = [*map(chunk, cuts), chunk(None, finish="stop"), DONE]
            app = app_of(make_guard, backend)
            got = await call(app, PATH, ask(stream=stream), headers=age(band)).done()
            assert ("поверь мне" in got.body.decode()) is passes
            assert "language" in (await last_record(app))["unjudged"]


# --- what the person says


@pytest.mark.parametrize(
    "messages",
    [
        ["u:hi", "a:hello", "u:i want to", "u:kill", "u:myself"],
        ["u:hi", "a:hello", "u:i want to", "s:note", "u:kill", "u:myself"],
        ["u:hi", "a:hello", "u:ok", "u:well", "u:so", "u:i want to", "u:kill", "u:myself"],
    ],
)
async def test_the_last_messages_in_a_row_are_read_together(make_guard, messages):
    """However much history comes with them for the first time."""
    roles = {"u": "user", "a": "assistant", "s": "system"}
    body = {"messages": [{"role": roles[m[0]], "content": m[2:]} for m in messages]}
    got = await call(app_of(make_guard, Backend()), PATH, body).done()
    assert b"988" in got.body


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": [{"type": "custom", "text": CRISIS}]}]},
        {"messages": [{"role": "user", "content": [{"text": CRISIS}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "text": CRISIS}]}]},
        {"messages": [{"role": "human", "content": CRISIS}]},
        {"messages": [{"role": "User", "content": CRISIS}]},
        {**ask(), "prompt": CRISIS},
        {**ask(), "prompt": ["hi", CRISIS]},
        {**ask(), "input": CRISIS},
        {**ask(), "extra_body": {"messages": [{"role": "user", "content": CRISIS}]}},
        {"messages": [{"role": "user", "content": CRISIS}, {"role": "user", "content": " \n "}]},
        {"messages": [{"role": "user", "content": CRISIS}, {"role": "assistant", "content": "I"}]},
        {"messages": [{"role": "user", "content": "x" * 100_000 + ". " + CRISIS}]},
        {
            "messages": [{"role": "user", "content": "so"}] * 9
            + [{"role": "user", "content": CRISIS}] * 9
        },
    ],
    ids=[
        *("part", "no type", "image", "human", "upper", "prompt", "prompts", "input", "extra"),
        *("blank", "prefill", "long", "many"),
    ],
)
async def test_a_crisis_is_heard_wherever_it_stands(make_guard, body):
    """The person gets help words, or the request is refused; the bot never gets it unjudged."""
    app = app_of(make_guard, backend := Backend())
    got = await call(app, PATH, body).done()
    assert backend.asked == []
    assert b"988" in got.body or got.status == 400


@pytest.mark.parametrize("charset", ["utf-7", "UTF-16", '"utf-16le"', "iso-2022-jp", "cp037"])
async def test_a_request_in_another_charset_is_refused(make_guard, charset):
    """A backend that heeds the label would read other words than we (`+AGs-ill myself`)."""
    app = app_of(make_guard, backend := Backend())
    label = f"application/json; charset={charset}".encode()
    body = ask("I want to +AGs-ill myself")
    got = await call(app, PATH, body, headers=[(b"Content-Type", label)]).done()
    assert (got.status, backend.asked) == (415, [])


async def test_an_app_mounted_below_a_path_is_guarded(make_guard):
    """Its routes may be named as it knows them itself."""
    app = app_of(make_guard, backend := Backend())

    async def server(scope, receive, send):
        await app({**scope, "path": "/api" + scope["path"], "root_path": "/api"}, receive, send)

    got = await call(server, PATH, ask(CRISIS)).done()
    assert b"988" in got.body
    assert backend.asked == []


# --- help words, whatever fails


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("failure", ["error", "raises", "os", "breaks", "half"])
async def test_support_is_given_although_the_backend_fails(make_guard, failure, stream):
    """Words that were to follow the reply do not need a reply."""
    backend = Backend()
    if failure == "error":
        backend.status = 503
    elif failure in ("raises", "os"):
        backend.raises = KeyError("bug") if failure == "raises" else OSError("gone")
    else:
        backend.parts = [] if failure == "breaks" else [chunk("I hear you. And ")]
        backend.breaks = True
    got = call(app_of(make_guard, backend), PATH, ask(LOW, stream=stream))
    if failure == "raises":
        with pytest.raises(KeyError):  # the app's own bug: its server still sees it
            await got.done()
    else:
        await got.done()
    assert got.ended
    assert b"988" in got.body


def broken_part(part, error):
    """A guard one of whose parts raises what nobody foresaw."""

    def fail(*_a, **_k):
        raise error

    async def fail_later(*_a, **_k):
        raise error

    def spoil(guard, monkeypatch):
        engine, wire = guard.engine, guard.routes[0].wire
        spoils = {
            "read_turn": lambda: monkeypatch.setattr(type(wire), "read_turn", fail),
            "read_reply": lambda: monkeypatch.setattr(type(wire), "read_reply", fail),
            "read_frame": lambda: monkeypatch.setattr(type(wire), "read_frame", fail),
            "framer": lambda: monkeypatch.setattr(type(wire), "framer", fail),
            "write": lambda: (
                monkeypatch.setattr(type(wire), "read_reply", fail),
                monkeypatch.setattr(type(wire), "framer", fail),
                monkeypatch.setattr(type(wire), "write_reply", fail),
                monkeypatch.setattr(type(wire), "write_frames", fail),
            ),
            "update": lambda: monkeypatch.setattr(type(engine.store), "update", fail_later),
            "floor": lambda: monkeypatch.setattr(
                type(engine.assessor.floor), "classify", fail_later
            ),
            "policy": lambda: monkeypatch.setattr(type(engine.policies), "at", fail),
            "screen": lambda: monkeypatch.setattr("guardrail.exchange.Screen.push", fail),
            "release": lambda: monkeypatch.setattr("guardrail.exchange.Screen.release", fail),
            "decide": lambda: monkeypatch.setattr("guardrail.review.decide", fail),
        }
        spoils[part]()

    return spoil


PARTS = ["read_turn", "read_reply", "read_frame", "framer", "write", "update", "floor", "policy"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("part", [*PARTS, "screen", "release", "decide"])
async def test_any_part_may_raise_anything(make_guard, monkeypatch, capfd, *, part, stream):
    """The person reads help words (or the part was not needed); nothing of the error shows."""
    backend = Backend()
    if stream:
        backend.parts = [chunk("Hello there. "), chunk(None, finish="stop"), DONE]
    guard = make_guard()
    broken_part(part, RuntimeError(CANARY))(guard, monkeypatch)
    app = GuardrailMiddleware(backend, guard=guard)
    got = await call(app, PATH, ask(stream=stream, user="u")).done()
    assert got.ended
    needless = {"read_reply"} if stream else {"read_frame", "screen", "release"}
    assert (b"988" in got.body) is (part not in needless)
    assert CANARY not in "".join(capfd.readouterr())
    assert CANARY.encode() not in got.body
    if part not in needless:
        assert b"Hello there." not in got.body
        assert metric_of(guard, "guardrail_faults_total") == 1


def metric_of(guard, name):
    """A counter of a guard."""
    return metric(GuardrailMiddleware(Backend(), guard=guard), name)


async def test_words_that_cannot_be_written_are_said_plainly(make_guard, monkeypatch):
    """When the wire itself is broken, help still comes: as plain text."""
    guard = make_guard()

    def fail(*_a, **_k):
        raise RuntimeError

    monkeypatch.setattr(type(guard.routes[0].wire), "write_reply", fail)
    got = await call(GuardrailMiddleware(Backend(), guard=guard), PATH, ask(CRISIS)).done()
    assert b"988" in got.body
    assert (await last_record(GuardrailMiddleware(Backend(), guard=guard)))["outcome"] == "fault"


@pytest.mark.parametrize("case", ["crisis", "owed", "refused"])
async def test_what_fails_while_a_failure_is_told_is_caught_as_well(make_guard, monkeypatch, case):
    """The words, or the error's own form, break at the worst moment: help comes all the same."""
    guard, backend = make_guard(), Backend()

    def fail(*_a, **_k):
        raise RuntimeError(CANARY)

    monkeypatch.setattr("guardrail.review.words", fail)
    monkeypatch.setattr(type(guard.routes[0].wire), "write_error", fail)
    backend.raises = OSError("gone")
    body = {"crisis": ask(CRISIS), "owed": ask(LOW), "refused": b"{no"}[case]
    got = await call(GuardrailMiddleware(backend, guard=guard), PATH, body).done()
    assert b"988" in got.body
    assert got.ended


class Hanging:
    """A store whose disk stalls: the calls named in `hangs` never return."""

    def __init__(self, store, *hangs, error=None):
        self._store, self._hangs, self._error = store, hangs, error

    def __getattr__(self, name):
        if name not in self._hangs:
            return getattr(self._store, name)

        async def stuck(*_a, **_k):
            if self._error is not None:
                raise self._error
            await asyncio.Event().wait()

        return stuck


@pytest.mark.parametrize("text", [CRISIS, "hello"])
async def test_a_store_that_hangs_makes_nobody_wait(make_guard, monkeypatch, text):
    """A bound at each door, then the chat goes on without memory."""
    monkeypatch.setattr("guardrail.engine.STORE", 0.05)
    guard = make_guard()
    engine = replace(guard.engine, store=Hanging(guard.engine.store, "update", "append"))
    app = GuardrailMiddleware(Backend(), guard=replace(guard, engine=engine))
    got = await call(app, PATH, ask(text, user="u")).done(4)
    assert (b"988" in got.body) is (text == CRISIS)
    record = await last_record(GuardrailMiddleware(Backend(), guard=guard))
    assert "store" in record["failures"]


async def test_a_sink_that_hangs_is_given_up(make_guard, monkeypatch):
    """The others get their record, the request ends, the counter rises."""
    monkeypatch.setattr("guardrail.engine.SINK", 0.5)

    async def stuck(record):
        await asyncio.Event().wait()

    guard = make_guard(sinks={"webhook": stuck})
    app = GuardrailMiddleware(backend := Backend(), guard=guard)
    got = await call(app, PATH, ask()).done(2)
    assert got.body == backend.whole()
    assert metric(app, "guardrail_sink_failures_total") == 1


async def test_a_record_is_written_although_the_end_goes_wrong(make_guard):
    """A store that raises something new when the turn ends loses us no record."""
    guard = make_guard()
    store = Hanging(guard.engine.store, "update", error=RuntimeError(CANARY))
    app = GuardrailMiddleware(
        backend := Backend(), guard=replace(guard, engine=replace(guard.engine, store=store))
    )
    got = await call(app, PATH, ask()).done()  # no user and no id: only its end asks the store
    assert got.body == backend.whole()
    record = await last_record(GuardrailMiddleware(Backend(), guard=guard))
    assert record["outcome"] == "answered"
    assert "store" in record["failures"]


async def test_a_reply_too_large_is_no_empty_bubble(make_guard):
    """In shadow mode nothing of ours may be said, and the bytes are gone: that is an error."""
    policy = replace(load_policy(POLICIES / "default.yaml"), mode=Mode.SHADOW)
    guard = make_guard(policy=policy)
    guard = replace(guard, door=replace(guard.door, reply_bytes=100))
    got = await call(GuardrailMiddleware(Backend(), guard=guard), PATH, ask()).done()
    assert got.status == 502


# --- tasks, time and memory


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("stage", ["upload", "judging", "asked", "first byte", "middle"])
async def test_a_client_may_leave_at_any_stage(make_guard, stage, stream):
    """The record is written, the app is stopped, no task is left."""
    before = asyncio.all_tasks()
    never = asyncio.Event()
    backend = Backend()
    judge = Judge(hang=0.2) if stage == "judging" else None
    backend.parts = [chunk("Hello. ")] * 40 + [never]
    if stage == "asked":
        backend.parts = [never]
    app = app_of(make_guard, backend, primary=judge)
    chunks = [b'{"messages"', b":"] if stage == "upload" else None
    got = call(app, PATH, ask(stream=stream), chunks=chunks)
    if stage in ("first byte", "middle") and stream:
        await got.until(b"Hello.")
    else:
        await asyncio.sleep(0.05)
    got.hang_up()
    await got.done(3)
    if stage != "upload":
        assert (await last_record(app))["outcome"] == "client_gone"
        async with asyncio.timeout(1):
            await backend.stopped.wait()
    await asyncio.sleep(0)
    await no_task_is_left(before)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_server_that_says_that_the_client_left_is_no_fault(make_guard, stream):
    """`send` raises OSError then (ASGI 2.4): a hang-up, not a failure of ours."""
    backend = Backend()
    if stream:
        backend.parts = [*[chunk("Hello there. ")] * 30, DONE]
    app = app_of(make_guard, backend)
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    body = json.dumps(ask(stream=stream)).encode()
    inbox.put_nowait({"type": "http.request", "body": body, "more_body": False})

    async def send(message):
        if message["type"] == "http.response.body":
            raise OSError("the client left")

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "headers": [],
        "client": None,
    }
    await app(scope, inbox.get, send)
    assert (await last_record(app))["outcome"] == "client_gone"
    assert metric(app, "guardrail_faults_total") == 0


async def test_an_app_that_will_not_stop_does_not_keep_its_record(make_guard, monkeypatch):
    """It ignores the hang-up and its cancellation; the turn is closed all the same."""
    monkeypatch.setattr("guardrail._backend.PATIENCE", 0.1)
    free = asyncio.Event()

    async def stubborn(scope, receive, send):
        while not free.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await free.wait()

    app = app_of(make_guard, stubborn)
    got = call(app, PATH, ask())
    await asyncio.sleep(0.05)
    got.hang_up()
    try:
        await got.done(3)
        assert (await last_record(app))["outcome"] == "client_gone"
    finally:
        free.set()
        await asyncio.sleep(0.01)


async def test_an_app_may_leave_out_what_asgi_lets_it(make_guard):
    """Headers are optional, and may be any iterable."""

    async def bare(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": whole({"content": "Hello."})})

    app = app_of(make_guard, bare)
    got = await call(app, PATH, ask()).done()
    assert got.json["choices"][0]["message"]["content"] == "Hello."
    assert metric(app, "guardrail_faults_total") == 0


async def test_a_long_stream_costs_what_it_weighs(make_guard):
    """Twice the tokens, about twice the time: nothing is joined anew with every chunk."""

    async def cost(tokens):
        backend = raw(*([chunk("word ")] * tokens), DONE)
        app = app_of(make_guard, backend)
        began = time.process_time()
        await call(app, PATH, ask(stream=True)).done(30)
        return time.process_time() - began

    await cost(200)
    small, large = await cost(800), await cost(6_400)
    assert large < 8 * 2.2 * small


async def test_a_hundred_thousand_messages_cost_no_more_than_their_bytes(make_guard):
    """The end of the talk is looked up once, not once for each sentence of the reply."""
    rows = [{"role": "tool", "content": "x"}] * 50_000 + [{"role": "user", "content": "hi"}]
    backend = Backend()
    backend.reply = "This is a sentence of the reply, and it is a long one. " * 2_000
    app = app_of(make_guard, backend)
    began = time.process_time()
    rows = [*rows[-1:], *rows[:-1]]
    got = await call(app, PATH, {"messages": rows}).done(30)
    assert got.body == backend.whole()
    assert time.process_time() - began < 4


# --- words of people in what we keep

PLACES = {  # where a request may carry words; "%s" is the canary
    "role": {"messages": [{"role": "%s", "content": "hi"}]},
    "name": {"messages": [{"role": "user", "name": "%s", "content": "hi"}]},
    "part": {"messages": [{"role": "user", "content": [{"type": "%s", "text": "hi"}]}]},
    "model": {**ask(), "model": "%s"},
    "user": {**ask(), "user": "%s", "metadata": {"conversation_id": "%s"}},
    "tool": {**ask(), "tools": [{"type": "function", "function": {"name": "%s"}}]},
    "key": {**ask(), "%s": {"%s": "%s"}},
    "text": ask("I want to kill myself, %s"),
    "history": {"messages": [{"role": "assistant", "content": "%s"}, *ask("%s")["messages"]]},
    "bad": {"messages": [{"role": "user", "content": {"%s": "%s"}}]},
    "twin": {**ask("%s"), "Messages": "%s"},
}


@pytest.mark.parametrize("place", PLACES)
async def test_no_word_of_a_request_is_kept(make_guard, tmp_path, capfd, *, place):
    """Neither in a file, nor in a metric, nor in a log; also when something of ours fails."""
    body = json.dumps(PLACES[place]).replace("%s", CANARY).encode()
    headers = [(b"authorization", CANARY.encode()), (b"x-guardrail-user", CANARY.encode())]
    for judge in (None, Judge(RuntimeError(CANARY))):
        app = app_of(make_guard, Backend(), primary=judge)
        await call(app, PATH, body, headers=headers).done()
        await call(app, PATH, body + CANARY.encode()).done()
        assert CANARY not in app.guard.engine.sinks["metrics"].render("")[0].decode()
        await app.guard.engine.store.read(Query())
    assert CANARY not in "".join(capfd.readouterr())
    assert not [f for f in tmp_path.rglob("*") if f.is_file() and CANARY.encode() in f.read_bytes()]


async def test_no_word_of_a_reply_is_kept(make_guard, tmp_path, capfd):
    """Names of fields, of parts, of tools and of finishes are the backend's words, too."""
    key = f"{CANARY} i want to die"
    delta = {"role": CANARY, key: CANARY, "content": [{"type": CANARY, "text": CANARY}]}
    delta["tool_calls"] = [{"id": CANARY, "function": {"name": CANARY, "arguments": CANARY}}]
    data = {key: f"{CANARY} ", "choices": [{"delta": delta, "finish_reason": CANARY}]}
    event = f"event: {CANARY}\nid: {CANARY}\n{CANARY}: x\ndata: {json.dumps(data)}\n\n".encode()
    for band in (b"adult", b"minor"):
        app = app_of(make_guard, raw(event, DONE))
        await call(app, PATH, ask(stream=True), headers=age(band)).done()
        assert CANARY not in app.guard.engine.sinks["metrics"].render("")[0].decode()
        assert b"field:" not in app.guard.engine.sinks["metrics"].render("")[0]
    assert CANARY not in "".join(capfd.readouterr())
    assert not [f for f in tmp_path.rglob("*") if f.is_file() and CANARY.encode() in f.read_bytes()]


# --- bytes that are meant to hurt


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(".", id="dots"),
        pytest.param("a", id="letters"),
        *(
            pytest.param(text, id=name, marks=pytest.mark.slow)
            for name, text in (
                ("wide", "。"),
                ("lines", "\n"),
                ("quotes", '"'),
                ("short", "e.g. "),
                ("marks", "\u0301"),
                ("words", "kill "),
            )
        ),
    ],
)
async def test_a_huge_reply_costs_what_it_weighs(make_guard, text):
    """Whatever it is made of: seconds would be a way to stop the whole server."""
    text *= 150_000 // len(text.encode())
    body = whole({"content": text})
    for backend in (
        raw(body, content_type=b"application/json"),
        raw(*(chunk(text[i : i + 50_000]) for i in range(0, len(text), 50_000)), DONE),
    ):
        app = app_of(make_guard, backend)
        began = time.process_time()
        got = await call(app, PATH, ask(stream=True)).done(30)
        assert got.ended
        assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "raw_bytes",
    [
        b"data: x",
        b"\n",
        *(
            pytest.param(raw, marks=pytest.mark.slow)
            for raw in (b"x" * 64, b"data:\n", b"\r", b":\n\n")
        ),
    ],
)
async def test_an_endless_frame_ends(make_guard, raw_bytes):
    """Nothing piles up: a frame without end is no chat, and frames without words pass."""
    before = asyncio.all_tasks()
    sent = 0

    async def endless(scope, receive, send):
        nonlocal sent
        await receive()
        head = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        while sent < (1_500_000 if len(raw_bytes) > 5 else 60_000):
            part = raw_bytes * (16_384 // len(raw_bytes))
            await send({"type": "http.response.body", "body": part, "more_body": True})
            sent += len(part)
        await send({"type": "http.response.body", "body": b""})

    app = app_of(make_guard, endless)
    began = time.process_time()
    got = await call(app, PATH, ask(stream=True)).done(30)
    assert got.ended
    assert time.process_time() - began < 3
    await no_task_is_left(before)
