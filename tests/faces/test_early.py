"""A route that judges during the call: the backend works meanwhile, and the person is as safe."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from guardrail import GuardrailMiddleware
from guardrail.classify.base import Utterance
from guardrail.identity import HeaderRules, IdentityRules
from guardrail.responder import Guard
from guardrail.routes import Route
from guardrail.turn import AgeBand, Label, Level, Outcome, Record, Role, Signal
from guardrail.wire.openai import OpenAIWire
from tests.asgi import Call, call
from tests.conftest import POLICIES, POLICY
from tests.faces.backend import Backend, chunk

PATH = "/v1/chat/completions"
EARLY = (Route(PATH, OpenAIWire(), early=True),)
CRISIS = (Signal(Label.SELF_HARM, 0.95, "m", "1", Level.ACTIVE),)
CHILD = (Signal(Label.MINOR, 0.99, "m", "1"),)
PEERS = IdentityRules(HeaderRules(trusted_peers=(ipaddress.ip_network("127.0.0.0/8"),)))


class Slow:
    """A classifier that answers about the person when it is told to; the bot is fine at once."""

    name, version = "m", "1"

    def __init__(self, *found: Signal) -> None:
        self.found, self.go, self.at_work = found, asyncio.Event(), asyncio.Event()

    async def classify(self, batch: tuple[Utterance, ...]) -> tuple[tuple[Signal, ...], ...]:
        if any(said.role is Role.USER for said in batch):
            self.at_work.set()
            await self.go.wait()
        return tuple(self.found if said.role is Role.USER else () for said in batch)

    async def close(self) -> None:
        """Nothing to let go of."""


class Talk:
    """One guard on an early route before one backend, and what is written down."""

    def __init__(self, make: Callable[..., Guard], *found: Signal, **rest: Any) -> None:
        self.judge, self.backend, self.records = Slow(*found), Backend(), list[Record]()
        guard = make(
            primary=self.judge,
            routes=EARLY,
            deadline=30,
            sinks={"test": self.records.append},
            identity=PEERS,
            **rest,
        )
        self.app = GuardrailMiddleware(self.backend, guard=guard)

    def say(self, text: str, *, age: str = "adult", stream: bool = False) -> Call:
        body = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": stream}
        who = [(b"x-guardrail-user", b"kit"), (b"x-guardrail-age-band", age.encode())]
        return call(self.app, PATH, body, headers=who)

    async def settle(self) -> None:
        """Let everybody do what they can do without the judgement."""
        await asyncio.wait_for(self.judge.at_work.wait(), 5)
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.mark.parametrize("stream", [False, True])
async def test_the_backend_works_meanwhile(
    make_guard: Callable[..., Guard], *, stream: bool
) -> None:
    """It has the turn before it is judged; the person has nothing of its answer until then."""
    talk = Talk(make_guard)
    if stream:
        talk.backend.parts = [chunk("Hello."), chunk(None, finish="stop"), b"data: [DONE]\n\n"]
    got = talk.say("i had soup", stream=stream)
    await talk.settle()
    assert len(talk.backend.asked) == 1
    assert (got.status, got.body) == (0, b"")
    talk.judge.go.set()
    await got.done()
    assert b"Hello" in got.body
    assert len(talk.backend.asked) == 1
    assert talk.records[0].outcome is Outcome.ANSWERED


@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_stopped_was_asked_in_vain(
    make_guard: Callable[..., Guard], *, stream: bool
) -> None:
    """Nothing of the answer arrives, the backend is stopped, and the record says that it was asked."""
    talk = Talk(make_guard, *CRISIS)
    waits = asyncio.Event()
    talk.backend.parts = [chunk("Do it."), waits] if stream else [waits]
    got = talk.say("i want out", stream=stream)
    await talk.settle()
    talk.judge.go.set()
    await got.done()
    assert b"Do it" not in got.body
    assert b"988" in got.body
    assert talk.backend.stopped.is_set()
    assert talk.records[0].counts["asked_in_vain"] == 1


async def test_a_minor_is_judged_first(make_guard: Callable[..., Guard]) -> None:
    """Whatever the route says."""
    talk = Talk(make_guard)
    got = talk.say("i had soup", age="13-15")
    await talk.settle()
    assert not talk.backend.asked
    talk.judge.go.set()
    await got.done()
    assert len(talk.backend.asked) == 1


async def test_a_crisis_is_judged_first(make_guard: Callable[..., Guard]) -> None:
    """From the turn after it opened on."""
    talk = Talk(make_guard, *CRISIS)
    talk.judge.go.set()
    await talk.say("i want out").done()
    before = len(talk.backend.asked)
    talk.judge.go.clear()
    talk.judge.at_work.clear()
    got = talk.say("soup again")
    await talk.settle()
    assert len(talk.backend.asked) == before
    talk.judge.go.set()
    await got.done()


async def test_what_the_judgement_changes_is_asked_anew(make_guard: Callable[..., Guard]) -> None:
    """Who says that she is twelve is kept from memories: the backend has to be told so."""
    off = {AgeBand.MINOR: frozenset({"memory", "push"})}
    policy = replace(POLICY(POLICIES / "default.yaml"), suppress=off)
    talk = Talk(make_guard, *CHILD, policy=policy)
    got = talk.say("i am 12 and in class 6", age="unknown")
    await talk.settle()
    first = len(talk.backend.asked)
    talk.judge.go.set()
    await got.done()
    told = [
        dict(headers).get(b"x-guardrail-suppress", b"") for headers in talk.backend.seen_headers
    ]
    assert told == [b"", b"memory, push"]
    assert first == 1


async def test_a_client_that_leaves_meanwhile(make_guard: Callable[..., Guard]) -> None:
    """The backend is stopped once the judgement is there, and the record is written."""
    talk = Talk(make_guard)
    talk.backend.parts = [asyncio.Event()]
    got = talk.say("i had soup", stream=True)
    await talk.settle()
    got.hang_up()
    talk.judge.go.set()
    await got.done()
    assert talk.backend.stopped.is_set()
    assert talk.records[0].outcome is Outcome.CLIENT_GONE
