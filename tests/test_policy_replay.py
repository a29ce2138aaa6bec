"""Recorded decisions taken again: under the policy that took them, nothing differs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from guardrail.classify.base import Utterance
from guardrail.errors import ClassifierError
from guardrail.middleware import GuardrailMiddleware
from guardrail.policy.model import Policy, Stop
from guardrail.policy.replay import replay
from guardrail.responder import Guard
from guardrail.store.base import Query
from guardrail.turn import Label, Signal
from guardrail.wire.sse import MAX_FRAME
from tests.asgi import call
from tests.conftest import POLICIES, POLICY
from tests.faces.backend import Backend, chunk

OURS = POLICY(POLICIES / "default.yaml")
Make = Callable[..., Guard]


class Judge:
    """Finds what stands in its table for this very text, and fails where the text says so."""

    name, version = "judge", "1"

    def __init__(self, found: Mapping[str, tuple[Label, float]]) -> None:
        self.found = found

    async def classify(self, batch: tuple[Utterance, ...]) -> tuple[tuple[Signal, ...], ...]:
        """The scores of the table."""
        if any("fail" in said.text for said in batch):
            raise ClassifierError("error")
        return tuple(
            tuple(
                Signal(label, score, self.name)
                for text, (label, score) in self.found.items()
                if said.text.strip() == text
            )
            for said in batch
        )

    async def close(self) -> None:
        """Nothing is held."""


class Scene:
    """A guard, what its backend answers, and the records that come of it."""

    def __init__(
        self,
        make: Make,
        policy: Policy = OURS,
        found: Mapping[str, tuple[Label, float]] = MappingProxyType({}),
    ) -> None:
        self.backend = Backend()
        self.guard = make(primary=Judge(found), policy=policy)
        self.app = GuardrailMiddleware(self.backend, guard=self.guard)

    async def say(self, text: str, *, parts: list[Any] | None = None, kind: str = "") -> None:
        """One turn of an adult's conversation."""
        self.backend.parts = parts
        self.backend.content_type = kind.encode() or b"text/event-stream"
        messages = [{"role": "user", "content": text}]
        body = {"messages": messages, "user": "kim", "stream": parts is not None and not kind}
        await call(self.app, "/v1/chat/completions", body).done()

    async def bodies(self) -> list[Any]:
        """The bodies of all records, the oldest first."""
        events = await self.guard.engine.store.read(Query(kind="record", ascending=True))
        return [event.body for event in events]


async def taken_again(scene: Scene, policy: Policy = OURS) -> list[str]:
    """The rules on record, after they were taken again under the policy that took them."""
    bodies = await scene.bodies()
    found = replay(bodies, policy)
    assert (found.changed, found.lacking, found.unread) == (0, 0, 0), found.flips
    assert found.decisions == found.same > 0
    return [decision["rule"] for body in bodies for decision in body["decisions"]]


async def test_replies_that_nobody_could_read(make_guard: Make) -> None:
    """Whole or as a stream: the decision names what could not be read, so it can be taken again."""
    scene = Scene(make_guard)
    await scene.say("hello", parts=[b"<html>"], kind="application/json")
    await scene.say("hello again", parts=[b"data: " + bytes(MAX_FRAME)])
    assert (await taken_again(scene)).count("failure-closed") == 2


async def test_a_model_that_fails_now_and_then(make_guard: Make) -> None:
    """Of a side whose model failed for one window, the others are decided on as they were."""
    scene = Scene(make_guard)
    await scene.say("please fail")
    scene.backend.reply = "I fail."
    await scene.say("hello")
    parts = [
        chunk("All is well here. "),
        chunk("I fail now. "),
        chunk("Still here.", finish="stop"),
    ]
    await scene.say("hello there", parts=[*parts, b"data: [DONE]\n\n"])
    rules = await taken_again(scene)
    assert "failure-floor" in rules
    assert "failure-closed" in rules


async def test_a_stream_whose_pieces_differ(make_guard: Make) -> None:
    """What was noted of the first sentence and is gone in the whole."""
    grave = {"I hit him once.": (Label.VIOLENCE, 0.6)}
    scene = Scene(make_guard, found=grave)
    parts = [chunk("I hit him once. "), chunk("In a film, that is. ", finish="stop")]
    await scene.say("hello", parts=[*parts, b"data: [DONE]\n\n"])
    assert (await taken_again(scene))[1:] == ["bot-watch", "default"]


async def test_help_that_was_left_out(make_guard: Make, clock: Any) -> None:
    """In a crisis a reply is decided on twice: for what it says, and for what it lacks."""
    scene = Scene(make_guard)
    await scene.say("I want to kill myself")
    clock.now += 3600.0
    await scene.say("what shall we eat")
    assert (await taken_again(scene))[-1] == "crisis-omission"


async def test_what_stops_a_turn_beside_words_of_concern(make_guard: Make) -> None:
    """Where the bot is out of service, kind words about a friend do not open it."""
    policy = replace(OURS, stop=Stop(everything=True))
    words = {"my friend wants to kill herself": (Label.SELF_HARM, 0.6)}
    scene = Scene(make_guard, policy, words)
    await scene.say("my friend wants to kill herself")
    assert await taken_again(scene, policy) == ["about-other", "stopped"]


async def test_a_record_that_lacks_what_decided(make_guard: Make) -> None:
    """It is counted apart where its policy is at hand; nobody can tell where it is not."""
    scene = Scene(make_guard)
    await scene.say("I want to kill myself")
    (body,) = copy.deepcopy(await scene.bodies())
    for entry in body["assessments"]:
        entry["signals"] = []
    found = replay([body], OURS)
    assert (found.decisions, found.lacking, found.changed) == (0, 1, 0)
    other = POLICY(POLICIES / "cn.yaml")
    assert replay([body], other, [OURS]).lacking == 1
    assert replay([body], other).changed == 1
