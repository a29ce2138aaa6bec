"""Parts of us fail: the person is still served as the policy says, and it is never silent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from guardrail.errors import ClassifierError, StoreError
from guardrail.identity import HeaderRules, IdentityRules
from guardrail.middleware import GuardrailMiddleware
from guardrail.policy.load import load_policy
from guardrail.policy.model import Mode
from guardrail.store.base import Query
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import Label, Signal
from tests.asgi import call
from tests.faces.backend import Backend, chunk

PATH = "/v1/chat/completions"
POLICY = Path(__file__).parents[2] / "policies" / "default.yaml"
PEERS = IdentityRules(
    HeaderRules(trusted_peers=(__import__("ipaddress").ip_network("127.0.0.0/8"),))
)


class Judge:
    """A classifier that answers what a test wants: signals, an error, or nothing for a while."""

    name, version = "judge", "1"

    def __init__(self, answer=(), *, only_bot=False, hang=0.0):
        self.answer, self.only_bot, self.hang = answer, only_bot, hang

    async def classify(self, batch):
        if self.only_bot and batch[0].role != "assistant":
            return tuple(() for _ in batch)
        await asyncio.sleep(self.hang)
        if isinstance(self.answer, Exception):
            raise self.answer
        return tuple(tuple(self.answer) for _ in batch)

    async def close(self):
        pass


def age(band):
    """Headers by which a trusted peer says how old the user is."""
    return [(b"x-guardrail-age-band", band), (b"x-guardrail-user", b"u1")]


def ask(text="hello", **rest):
    """A chat request with one user message."""
    return {"messages": [{"role": "user", "content": text}], **rest}


async def last_record(app):
    """The record of the last turn."""
    found = await app.guard.engine.store.read(Query(kind="record", limit=1))
    return found[0].body


def metric(app, name):
    """The sum of a counter over its labels."""
    text = app.guard.engine.sinks["metrics"].render("")[0].decode()
    lines = [line for line in text.splitlines() if line.startswith(name)]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


@pytest.mark.parametrize(
    ("band", "passes"), [(b"adult", True), (b"minor", False)], ids=["adult", "minor"]
)
@pytest.mark.parametrize("failure", ["error", "timeout"])
async def test_a_failing_classifier_follows_the_posture(make_guard, band, passes, failure):
    """Adults get the floor's word for it; a minor gets nothing unscreened."""
    judge = Judge(ClassifierError("error")) if failure == "error" else Judge(hang=5)
    guard = make_guard(primary=judge, identity=PEERS, deadline=0.05)
    app = GuardrailMiddleware(backend := Backend(), guard=guard)
    got = await call(app, PATH, ask(), headers=age(band)).done()
    assert got.status == 200
    assert (got.body == backend.whole()) is passes
    record = await last_record(app)
    assert f"classifier:{failure}" in record["failures"]
    assert metric(app, "guardrail_classifier_failures_total") >= 1


async def test_the_floor_still_finds_a_crisis_when_the_model_is_gone(make_guard):
    """Even its hints count then."""
    guard = make_guard(primary=Judge(ClassifierError("error")), identity=PEERS)
    app = GuardrailMiddleware(Backend(), guard=guard)
    got = await call(app, PATH, ask("suicide"), headers=age(b"adult")).done()
    assert b"988" in got.body


async def test_hints_do_not_count_while_the_model_answers(make_guard):
    """The word alone is the model's to judge."""
    guard = make_guard(primary=Judge())
    app = GuardrailMiddleware(backend := Backend(), guard=guard)
    got = await call(app, PATH, ask("a film about suicide")).done()
    assert got.body == backend.whole()


class Turnstile(Judge):
    """Lets the first windows of the bot pass, the others only when told to."""

    free = 6

    def __init__(self):
        super().__init__()
        self.windows, self.go, self.waits = 0, asyncio.Event(), asyncio.Event()

    async def classify(self, batch):
        if batch[0].role == "assistant":
            self.windows += 1
            if self.windows > self.free:
                self.waits.set()
                await self.go.wait()
        return tuple(() for _ in batch)


def burst(sentences):
    """One message of the backend with many sentences in frames of their own."""
    words = [
        f"This is sentence number {n} of them, and it says nothing at all. "
        for n in range(sentences)
    ]
    return b"".join([*map(chunk, words), chunk(None, finish="stop"), b"data: [DONE]\n\n"])


async def test_what_is_judged_of_a_burst_does_not_wait_for_the_rest(make_guard):
    """A backend may send its whole reply at once: it is read as it is judged."""
    judge = Turnstile()
    backend = Backend()
    backend.parts = [burst(12)]
    app = GuardrailMiddleware(backend, guard=make_guard(primary=judge, deadline=5))
    got = call(app, PATH, ask(stream=True))
    await got.until(b"sentence number 0")
    await judge.waits.wait()
    assert not judge.go.is_set()
    judge.go.set()
    await got.done()
    assert b"sentence number 11" in got.body
    assert got.body.endswith(b"data: [DONE]\n\n")


async def test_for_a_client_that_left_nothing_more_is_judged(make_guard):
    """The time belongs to those who are still there."""
    judge = Turnstile()
    backend = Backend()
    backend.parts = [burst(12)]
    app = GuardrailMiddleware(backend, guard=make_guard(primary=judge, deadline=5))
    got = call(app, PATH, ask(stream=True))
    await judge.waits.wait()
    got.hang_up()
    await asyncio.sleep(0.01)
    judge.go.set()
    await got.done()
    assert judge.windows == judge.free + 1
    assert (await last_record(app))["outcome"] == "client_gone"


class BrokenStore:
    """A store whose disk is gone."""

    async def update(self, *a):
        raise StoreError("gone")

    async def append(self, *events):
        raise StoreError("gone")

    async def read(self, query):
        raise StoreError("gone")

    async def ping(self):
        raise StoreError("gone")

    async def close(self):
        pass


async def test_a_crisis_is_answered_without_a_store(make_guard):
    """The words go out; the alarm counter rises."""
    guard = make_guard()
    engine = replace(guard.engine, store=BrokenStore())
    app = GuardrailMiddleware(Backend(), guard=replace(guard, engine=engine))
    got = await call(app, PATH, ask("I want to kill myself", user="u")).done()
    assert b"988" in got.body
    assert metric(app, "guardrail_journal_failures_total") == 2  # the words, and their receipt


async def test_a_failing_sink_is_counted_and_not_felt(make_guard):
    """One sink's trouble is not the person's, nor the other sinks'."""

    async def broken(record):
        raise RuntimeError("sink")

    guard = make_guard(sinks={"webhook": broken})
    app = GuardrailMiddleware(backend := Backend(), guard=guard)
    got = await call(app, PATH, ask()).done()
    assert got.body == backend.whole()
    assert metric(app, "guardrail_sink_failures_total") == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_a_fault_of_ours_still_gives_help_words(make_guard, stream):
    """When what nobody foresaw happens, the person reads LAST_WORDS in the client's format."""
    guard = make_guard(primary=Judge(RuntimeError("nobody foresaw this")))
    app = GuardrailMiddleware(Backend(), guard=guard)
    got = await call(app, PATH, ask("我好难受", stream=stream)).done()
    assert got.status == 200
    assert "12356" in got.body.decode()
    assert metric(app, "guardrail_faults_total") == 1
    assert (await last_record(app))["outcome"] == "fault"


async def test_shadow_mode_records_and_does_not_touch(make_guard):
    """The bot's words pass, the decision is written down as not enforced, no case is opened."""
    policy = replace(load_policy(POLICY), mode=Mode.SHADOW)
    app = GuardrailMiddleware(backend := Backend(), guard=make_guard(policy=policy))
    got = await call(app, PATH, ask("I want to kill myself")).done()
    assert got.body == backend.whole()
    record = await last_record(app)
    assert [d["enforced"] for d in record["decisions"]] == [False] * len(record["decisions"])
    assert record["decisions"][0]["rule"].startswith("crisis")
    assert await app.guard.engine.store.read(Query(kind="case.")) == ()


async def test_somebody_who_says_to_be_14_is_a_minor_from_then_on(make_guard):
    """The age sticks to the conversation: the next turn is held to the minors' rules."""
    says_minor = Judge([Signal(Label.MINOR, 0.99, "judge")])
    guard = make_guard(primary=says_minor)
    app = GuardrailMiddleware(Backend(), guard=guard)
    body = {**ask("i'm 14"), "user": "kid", "metadata": {"conversation_id": "c1"}}
    await call(app, PATH, body).done()
    assert (await last_record(app))["profile"]["age_band"] == "minor"
    says_minor.answer = ()
    await call(
        app, PATH, {**body, "messages": [{"role": "user", "content": "so, what now"}]}
    ).done()
    assert (await last_record(app))["profile"]["age_band"] == "minor"


async def test_a_verified_adult_is_not_made_a_minor_by_a_guess(make_guard):
    """Proof outranks inference."""
    guard = make_guard(primary=Judge([Signal(Label.MINOR, 0.99, "judge")]), identity=PEERS)
    app = GuardrailMiddleware(Backend(), guard=guard)
    await call(app, PATH, ask("school was fun"), headers=age(b"adult")).done()
    assert (await last_record(app))["profile"]["age_band"] == "adult"


async def test_parts_nobody_can_read_do_not_reach_a_minor(make_guard):
    """A reply with audio is recorded for an adult and withheld from a child."""
    backend = Backend()
    audio = {"id": "a", "data": "AAAA", "transcript": "hello", "expires_at": 1}
    for band, passes in ((b"adult", True), (b"minor", False)):
        app = GuardrailMiddleware(backend, guard=make_guard(identity=PEERS))
        whole = [chunk("hi"), chunk(None, audio=audio), chunk(None, finish="stop")]
        backend.parts = [*whole, b"data: [DONE]\n\n"]
        got = await call(app, PATH, ask(stream=True), headers=age(band)).done()
        assert got.body.startswith(b"".join(whole)) is passes
        assert "audio" in (await last_record(app))["unjudged"]


async def test_harm_in_a_row_of_messages_is_seen_as_one(make_guard):
    """Split over three messages it is still one sentence."""
    app = GuardrailMiddleware(Backend(), guard=make_guard())
    rows = [{"role": "user", "content": text} for text in ("i want to", "kill", "myself")]
    got = await call(app, PATH, {"messages": rows}).done()
    assert b"988" in got.body


async def test_limits_end_a_minors_session_kindly(make_guard, clock):
    """After the session cap the answer is a farewell, and the bot is not asked."""
    app = GuardrailMiddleware(backend := Backend(), guard=make_guard(identity=PEERS))
    body = {**ask(), "metadata": {"conversation_id": "c9"}}
    for turn in range(7):
        got = await call(app, PATH, body, headers=age(b"minor")).done()
        assert got.header("x-guardrail-action") == "allow"
        if turn < 6:
            assert got.body == backend.whole()
        clock.now += 10 * 60
    assert b"time for a break" in got.body  # the hour is full: a child is reminded, in the answer
    clock.now += 5 * 60
    got = await call(app, PATH, body, headers=age(b"minor")).done()
    assert got.header("x-guardrail-action") == "end"


async def test_websockets_are_passed_and_counted_apart(make_guard):
    """What nobody screens must at least be seen."""
    heard = []

    async def app(scope, receive, send):
        heard.append(scope["type"])

    guarded = GuardrailMiddleware(app, guard=make_guard())

    async def nothing(*message):
        return {"type": "websocket.disconnect"}

    await guarded({"type": "websocket", "path": PATH}, nothing, nothing)
    assert heard == ["websocket"]
    assert metric(guarded, "guardrail_websockets_total") == 1


async def test_records_under_way_are_finished_before_the_store_closes(make_guard):
    """A turn whose request was cancelled at shutdown still has its record."""
    slow = asyncio.Event()

    async def sink(record):
        await slow.wait()

    guard = make_guard(sinks={"slow": sink})
    sinks = {"slow": sink, "audit": guard.engine.sinks["audit"]}  # the record comes after the wait
    guard = replace(guard, engine=replace(guard.engine, sinks=sinks))
    app = GuardrailMiddleware(Backend(), guard=guard)
    turn = call(app, PATH, ask())
    async with asyncio.timeout(5):
        while not guard.engine.finishing:
            await asyncio.sleep(0.005)
    turn._task.cancel()
    closing = asyncio.ensure_future(guard.engine.close())
    await asyncio.sleep(0.02)
    assert not closing.done(), "the store was closed while a record was being written"
    slow.set()
    await closing
    again = SqliteStore(guard.engine.store._writer._database._path)
    assert len(await again.read(Query(kind="record"))) == 1
    await again.close()
