"""A moderator takes a conversation over through the ordinary chat API."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from itertools import count
from typing import Any

import httpx2
import openai
import pytest

from guardrail.errors import ClassifierError, RequestError, StoreError
from guardrail.listening import Listening
from guardrail.middleware import GuardrailMiddleware
from guardrail.roles import Member, StaffRole
from guardrail.routes import Route
from guardrail.staff.switchboard import ABANDONED, Switchboard, Terms
from guardrail.store.base import Event, Query
from guardrail.turn import AgeBand
from guardrail.wire.generic import GenericWire, read_spec
from tests.asgi import call
from tests.conftest import POLICIES, POLICY
from tests.faces.backend import Backend, chunk

PATH = "/v1/chat/completions"
MAYA = Member("m1", "Maya", frozenset({StaffRole.MODERATOR}))
BEN = Member("m2", "Ben", frozenset({StaffRole.MODERATOR}))
QUICK = Terms(wait=0.4, stream=0.6, settle=0.0, keepalive=0.05, poll=0.01)
NUMBER = count(1)


class Scene:
    """A guarded backend, a person in crisis, and the board that a moderator works at."""

    def __init__(self, make_guard, clock, terms=QUICK, **rest):
        self.clock = clock
        self.guard = make_guard(**rest)
        engine = self.guard.engine
        self.board = Switchboard(engine.store, engine.vault, clock, terms)
        object.__setattr__(self.guard, "board", self.board)
        self.backend = Backend()
        self.app = GuardrailMiddleware(self.backend, guard=self.guard)
        self.history = []
        self.case: Any = None

    def body(self, *texts, stream=False):
        """A request with the history that a client would send again."""
        self.history += [{"role": "user", "content": text} for text in texts]
        return {
            "model": "m",
            "stream": stream,
            "user": "ann",
            "messages": self.history,
            "metadata": {"conversation_id": "c"},
        }

    async def ask(self, *texts):
        """One whole turn; the answer goes into the history, as a client would do it."""
        got = await call(self.app, PATH, self.body(*texts)).done()
        said = got.json["choices"][0]["message"]["content"]
        self.history.append({"role": "assistant", "content": said})
        return got, said

    async def crisis(self):
        """A case is opened, and Maya claims it."""
        await self.ask("i want to kill myself tonight")
        opened = await self.guard.engine.store.read(Query(kind="case.opened"))
        self.case = opened[0]
        await self.claim(MAYA)

    async def claim(self, member, seconds=180.0):
        """Whoever works on the case has a lease."""
        body = {"by": member.id, "until": self.clock.now + seconds, "n": next(NUMBER)}
        event = Event(
            f"case.claimed.{next(NUMBER)}",
            self.clock.now,
            "case.claimed",
            self.case.subject,
            self.case.user,
            self.case.conversation,
            body,
        )
        await self.guard.engine.store.append(event)

    async def join(self, member=MAYA):
        """They speak from now on."""
        case = self.case
        return await self.board.join(case.subject, case.conversation, case.user, member)

    async def say(self, text, member=MAYA):
        """A line of theirs."""
        await self.board.say(self.case.subject, member, text)


@pytest.fixture
async def scene(make_guard, clock):
    """Maya has joined."""
    made = Scene(make_guard, clock)
    await made.crisis()
    await made.join()
    return made


async def test_the_words_around_the_crisis_are_kept_for_the_moderator(scene):
    """They are in the vault under the case, and nowhere in the log."""
    texts = await scene.guard.engine.vault.open(scene.case.subject)
    assert [text.text for text in texts] == ["i want to kill myself tonight"]
    log = await scene.guard.engine.store.read(Query(limit=1_000))
    assert not any("tonight" in str(event) for event in log)


async def test_a_human_answers_and_the_bot_is_silent(scene):
    """The person's words reach the moderator, theirs come back as the answer, named as a human's."""
    asked = len(scene.backend.asked)
    turn = asyncio.create_task(scene.ask("are you there?"))
    while not any(
        line.text == "are you there?" for line in await scene.board.talk(scene.case.subject)
    ):
        await asyncio.sleep(0.01)
    await scene.say("I am. I'm Maya.")
    got, said = await turn
    assert "Maya, a person from our team, has joined" in said
    assert said.endswith("Maya (human): I am. I'm Maya.")
    assert got.json["choices"][0]["finish_reason"] == "stop"
    assert got.json["guardrail"]["speaker"] == "human"
    assert got.header("x-guardrail-speaker") == "human"
    assert len(scene.backend.asked) == asked
    assert all(line.delivered for line in await scene.board.talk(scene.case.subject))


async def test_a_message_without_words_is_no_silence(scene):
    """An image alone: the moderator learns that something came, and that it is not shown."""
    body = scene.body()
    body["messages"] = [
        *scene.history,
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]},
    ]
    await call(scene.app, PATH, body).done()
    lines = await scene.board.talk(scene.case.subject)
    assert [line.text for line in lines if line.by == "user"] == [
        "[They sent something that is not text. It cannot be shown here.]"
    ]


async def test_no_notice_says_that_a_human_is_a_machine(scene):
    """The answer to "are you a real person?" comes from one."""
    await scene.say("Yes, I'm a person.")
    got, said = await scene.ask("are you a real person or a bot?")
    assert "a person" in said
    assert "notices" not in got.json["guardrail"]
    assert not got.header("x-guardrail-notice")


async def test_a_long_wait_ends_in_words_that_are_true(scene):
    """Joined, but nothing said yet: the message has arrived, and nothing is promised."""
    _, said = await scene.ask("hello?")
    assert "has joined" in said
    _, said = await scene.ask("hello??")
    assert said.startswith("Your message has reached Maya")
    assert "988" not in said


async def test_what_came_too_late_comes_with_the_next_turn(scene):
    """A client that only polls loses nothing."""
    await scene.ask("hello?")
    await scene.say("I was reading. I'm here.")
    _, said = await scene.ask("ok")
    assert said == "Maya (human): I was reading. I'm here."


async def test_lines_of_a_stream_come_as_they_are_sent(scene):
    """Open at once, kept alive, each line when it is said, a proper end."""
    got = call(scene.app, PATH, scene.body("hello?", stream=True))
    await got.until(b"has joined")
    await got.until(b": waiting")
    await scene.say("one")
    await got.until(b"(human): one")
    await got.done()
    assert got.body.rstrip().endswith(b"data: [DONE]")
    frames = [json.loads(f[6:]) for f in got.body.split(b"\n\n") if f.startswith(b"data: {")]
    text = "".join(f["choices"][0]["delta"].get("content", "") for f in frames)
    assert text.endswith("\n\nMaya (human): one")
    assert frames[-1]["choices"][0]["finish_reason"] == "stop"


async def test_the_official_client_reads_a_take_over(make_guard, clock):
    """The judge of the format, whole and streamed."""
    made = Scene(make_guard, clock)
    transport = httpx2.ASGITransport(app=made.app)
    async with (
        httpx2.AsyncClient(transport=transport) as http,
        openai.AsyncOpenAI(api_key="k", base_url="http://guard/v1", http_client=http) as client,
    ):

        def ask(text, **more):
            messages: Any = [{"role": "user", "content": text}]
            talk = {"conversation_id": "c"}
            return client.chat.completions.create(
                model="m", messages=messages, user="ann", metadata=talk, **more
            )

        await ask("i want to kill myself tonight")
        made.case = (await made.guard.engine.store.read(Query(kind="case.opened")))[0]
        await made.claim(MAYA)
        await made.join()
        await made.say("hello ann")
        whole = await ask("hi")
        assert whole.choices[0].message.content.endswith("(human): hello ann")
        assert whole.choices[0].finish_reason == "stop"
        await made.say("and again")
        parts = [part async for part in await ask("hm", stream=True)]
        said = "".join(part.choices[0].delta.content or "" for part in parts)
        assert said == "Maya (human): and again"
        assert parts[-1].choices[0].finish_reason == "stop"


async def test_after_hand_back_the_bot_knows_the_fact_and_not_the_content(scene):
    """What passed between the two is left out of the request; a note says that it happened."""
    await scene.say("my number is a secret")
    await scene.ask("thank you maya")
    await scene.board.leave(scene.case.subject, MAYA)
    scene.backend.reply = "What shall we do now?"
    _, said = await scene.ask("what now?")
    assert said.startswith("Maya has left the chat.") or said.endswith("with the AI again.")
    assert "What shall we do now?" in said
    sent = json.loads(scene.backend.asked[-1]["raw"])["messages"]
    assert not any("secret" in m["content"] or "thank you maya" in m["content"] for m in sent)
    assert sent[-1]["role"] == "system"
    assert "human colleague" in sent[-1]["content"]
    assert sent[-2]["content"] == "what now?"
    await scene.ask("and now?")
    sent = json.loads(scene.backend.asked[-1]["raw"])["messages"]
    assert not any("secret" in m["content"] for m in sent)


async def test_a_request_with_something_left_out_says_its_own_length(scene):
    """A real backend waits for the bytes that a header promises, and refuses the request."""
    await scene.say("my number is a secret")
    await scene.ask("thank you maya")
    await scene.board.leave(scene.case.subject, MAYA)
    body = scene.body("what now?")
    assert (await call(scene.app, PATH, body).done()).status == 200
    sent, headers = scene.backend.asked[-1]["raw"], dict(scene.backend.seen_headers[-1])
    assert len(sent) != len(json.dumps(body))
    assert int(headers[b"content-length"]) == len(sent)


async def test_the_last_words_of_somebody_who_left_are_not_lost(scene):
    """They come with the next answer."""
    await scene.ask("hi")
    await scene.say("take care. I'll look again tomorrow")
    await scene.board.leave(scene.case.subject, MAYA)
    _, said = await scene.ask("ok bye maya")
    assert "I'll look again tomorrow" in said
    assert "with the AI again" in said
    _, said = await scene.ask("hello bot")
    assert "tomorrow" not in said


async def test_the_bot_stops_when_a_human_joins(make_guard, clock):
    """No word of the bot after "joined", not even of an answer under way."""
    made = Scene(make_guard, clock)
    await made.crisis()
    more = asyncio.Event()
    made.backend.parts = [
        *(chunk(f"Sentence {n} is kind and calm and long enough. ") for n in range(4)),
        more,
        chunk("And this is too late. "),
        chunk("Really. ", finish="stop"),
        b"data: [DONE]\n\n",
    ]
    got = call(made.app, PATH, made.body("tell me a story", stream=True))
    await got.until(b"Sentence 0")
    await made.join()
    await made.say("Maya here")
    await asyncio.sleep(0.02)
    more.set()
    await got.done()
    assert b"too late" not in got.body
    assert b"Maya here" in got.body
    assert got.body.rstrip().endswith(b"data: [DONE]")


@pytest.mark.parametrize("stream", [False, True])
async def test_nobody_waits_for_a_bot_that_is_silent(make_guard, clock, stream):
    """A moderator joins, in another process, while the bot has not said a word yet."""
    made = Scene(make_guard, clock)
    await made.crisis()
    never = asyncio.Event()
    made.backend.parts = [never, chunk("Too late."), b"data: [DONE]\n\n"]
    got = call(made.app, PATH, made.body("are you there?", stream=stream))
    while len(made.backend.asked) < 1:
        await asyncio.sleep(0.001)
    engine = made.guard.engine
    here, made.board = made.board, Switchboard(engine.store, engine.vault, clock, QUICK)
    await made.join()
    await made.say("Maya here")
    await got.done()
    assert here is not made.board
    assert b"Maya here" in got.body
    assert b"Too late" not in got.body
    assert not never.is_set()


@pytest.mark.parametrize(
    ("more", "named"),
    [({}, False), ({"user": "ann"}, True), ({"metadata": {"conversation_id": "c"}}, True)],
)
async def test_a_case_says_whether_strangers_may_share_it(make_guard, clock, more, named):
    """A conversation that is known by its beginning alone may be anybody's who began like that."""
    made = Scene(make_guard, clock)
    words = [{"role": "user", "content": "i want to kill myself tonight"}]
    await call(made.app, PATH, {"model": "m", "messages": words, **more}).done()
    opened = await made.guard.engine.store.read(Query(kind="case.opened"))
    assert [event.body["named"] for event in opened] == [named]


async def test_a_client_that_leaves_gets_it_later(scene):
    """What was said while nobody listened is still owed."""
    got = call(scene.app, PATH, scene.body("hi"))
    await asyncio.sleep(0.05)
    got.hang_up()
    await scene.say("are you there?")
    await got.done()
    _, said = await scene.ask("sorry, lost the connection")
    assert "are you there?" in said


async def test_another_process_knows_at_once(scene, make_guard, clock):
    """A second proxy on the same data takes the turn, without having heard of the take-over."""
    other = Switchboard(scene.guard.engine.store, scene.guard.engine.vault, clock, QUICK)
    object.__setattr__(scene.guard, "board", other)
    asked = len(scene.backend.asked)
    await scene.say("hello from one")
    _, said = await scene.ask("anyone?")
    assert "hello from one" in said
    assert len(scene.backend.asked) == asked


async def test_a_moderator_who_vanishes_is_not_promised(scene):
    """Their lease lapses: the person hears the truth and where help is; then the bot speaks again."""
    await scene.ask("hi")
    scene.clock.now += 200
    _, said = await scene.ask("maya?")
    assert "lost the connection" in said
    assert "988" in said
    assert await scene.board.sweep() == 0
    scene.clock.now += ABANDONED
    assert await scene.board.sweep() == 1
    asked = len(scene.backend.asked)
    await scene.ask("is anybody there?")
    assert len(scene.backend.asked) == asked + 1


async def test_a_colleague_steps_in(scene):
    """Somebody else claims the lapsed case and joins; the person is told who speaks now."""
    await scene.ask("hi")
    with pytest.raises(RequestError, match="colleague"):
        await scene.join(BEN)
    scene.clock.now += 200
    await scene.claim(BEN)
    assert await scene.board.sweep() == 0, "the bot does not speak in between"
    await scene.join(BEN)
    await scene.say("Ben here", BEN)
    _, said = await scene.ask("hello?")
    assert "Ben, a person from our team, has joined" in said
    assert "left the chat" not in said
    with pytest.raises(RequestError, match="not in this chat"):
        await scene.say("me again")


async def test_limits_do_not_cut_a_human_off(make_guard, clock):
    """Somebody over their cap may go on talking with the moderator, if not with the bot."""
    made = Scene(make_guard, clock)
    await made.crisis()
    await made.join()
    for number in range(12):
        clock.now += 0.1
        await made.say(f"line {number}")
        _, said = await made.ask(f"reply {number}")
        assert f"line {number}" in said


async def test_an_app_listens_between_turns(scene):
    """The lines come as events, once; an answer meanwhile only says that the message arrived."""
    app = Listening(scene.app, scene.guard, "/v1/guardrail/events")
    query = b"user=ann&conversation=c"
    listener = call(app, "/v1/guardrail/events", method="GET", query=query)
    await listener.until(b"event: joined")
    await scene.say("hello")
    await listener.until(b"event: message")
    _, said = await scene.ask("hi")
    assert said.startswith("Your message has reached Maya")
    await scene.board.leave(scene.case.subject, MAYA)
    await listener.until(b"event: left")
    listener.hang_up()
    await listener.done()
    assert listener.body.count(b"(human): hello") == 1


async def test_a_process_that_ends_keeps_nobody_waiting(scene):
    """Streams and listeners end properly and soon; what was not heard is still owed afterwards."""
    object.__setattr__(
        scene.board, "terms", Terms(wait=30, stream=30, settle=5, keepalive=5, poll=1)
    )
    app = Listening(scene.app, scene.guard, "/v1/guardrail/events")
    query = b"user=ann&conversation=other"
    listens = call(app, "/v1/guardrail/events", method="GET", query=query)
    await listens.until(b": waiting")
    turn = call(scene.app, PATH, scene.body("are you there?", stream=True))
    await turn.until(b"joined")
    scene.board.end()
    await asyncio.wait_for(asyncio.gather(turn.done(), listens.done()), 2)
    assert turn.body.rstrip().endswith(b"data: [DONE]")
    assert b"has reached Maya" in turn.body
    await scene.say("I was typing")
    _, said = await scene.ask("hello?")
    assert "I was typing" in said


async def test_events_need_a_conversation(scene):
    """A request that names none is refused, in JSON."""
    app = Listening(scene.app, scene.guard, "/v1/guardrail/events")
    got = await call(app, "/v1/guardrail/events", method="GET", query=b"user=ann").done()
    assert (got.status, got.json["error"]["code"]) == (400, "no_conversation")


async def test_another_user_hears_nothing(scene):
    """Somebody else's name leads to another conversation."""
    app = Listening(scene.app, scene.guard, "/v1/guardrail/events")
    query = b"user=eve&conversation=c"
    listener = call(app, "/v1/guardrail/events", method="GET", query=query)
    await listener.until(b": waiting")
    await scene.say("for ann alone")
    await asyncio.sleep(0.05)
    listener.hang_up()
    await listener.done()
    assert b"ann alone" not in listener.body


CHAT = {
    "user_text": "/say",
    "user_id": "/who",
    "conversation_id": "/talk",
    "reply_text": ["/answer"],
    "reply_template": {"answer": "{text}"},
    "stream": "ndjson",
    "stream_flag": "/stream",
    "delta_text": ["/answer"],
    "delta_mode": "cumulative",
    "finished": "/end",
    "event_template": {"answer": "{text}"},
    "finish_template": {"answer": "", "end": True},
}


async def test_a_home_made_cumulative_api(make_guard, clock):
    """Each event holds all that was said so far, as this API's clients expect it."""
    wire = GenericWire(read_spec("home", CHAT))
    made = Scene(make_guard, clock, routes=(Route("/chat", wire),))

    def body(text, stream):
        return {"say": text, "who": "ann", "talk": "t", "stream": stream}

    await call(made.app, "/chat", body("i want to kill myself tonight", False)).done()
    made.case = (await made.guard.engine.store.read(Query(kind="case.opened")))[0]
    await made.claim(MAYA)
    await made.join()
    await made.say("one")
    got = call(made.app, "/chat", body("hello?", True))
    await got.until(b"(human): one")
    await got.done()
    events = [json.loads(line) for line in got.body.splitlines() if line.strip()]
    assert "has joined" in events[0]["answer"]
    assert events[-1]["end"] is True


async def test_a_childs_words_are_held_where_the_law_says_so(make_guard, clock):
    """Three years (CA B&P 21812.5): the vault refuses to erase them, and the log says why."""
    policy = POLICY(POLICIES / "default.yaml")
    hold = {AgeBand.MINOR: 1_095}
    policy = replace(policy, unknown_age=AgeBand.MINOR, privacy=replace(policy.privacy, hold=hold))
    made = Scene(make_guard, clock, policy=policy)
    await made.crisis()
    store, vault = made.guard.engine.store, made.guard.engine.vault
    (event,) = await store.read(Query(kind="person.held"))
    assert event.body["until"] == clock.now + 1_095 * 86_400
    assert await vault.erase(made.case.user) is False
    (text,) = await vault.open(made.case.subject)
    assert text.until == event.body["until"]


async def test_a_classifier_cannot_put_words_into_the_log(make_guard, clock):
    """The kind of its failure is a word, whatever it says."""

    class Loud:
        name, version = "loud", "1"
        labels = ("self_harm",)

        def __init__(self):
            self.operating_point = {"self_harm": 0.5}

        async def classify(self, batch):
            raise ClassifierError(f"cannot read {batch[0].text}")

        async def close(self):
            """Nothing is held."""

    made = Scene(make_guard, clock, primary=Loud())
    await made.ask("i want to kill myself tonight")
    log = await made.guard.engine.store.read(Query(limit=1_000))
    assert log
    assert not any("tonight" in str(event) for event in log)


async def test_a_vault_that_fails_loses_no_line(scene, monkeypatch):
    """The person hears that the message arrived; the moderator's words come when they can be read."""
    await scene.ask("hi")
    await scene.say("are you safe?")
    vault = scene.guard.engine.vault

    async def broken(subject):
        raise StoreError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(vault, "open", broken)
        _, said = await scene.ask("hello?")
    assert said.startswith("Your message has reached Maya")
    _, said = await scene.ask("hello??")
    assert "are you safe?" in said
