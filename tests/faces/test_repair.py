"""A reply in an open crisis that points to no help: completed, replaced, or asked for again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from guardrail.middleware import GuardrailMiddleware
from guardrail.policy.model import Repair
from guardrail.policy.stack import Stack
from tests.asgi import call
from tests.conftest import POLICIES, POLICY
from tests.faces.backend import Backend

PATH = "/v1/chat/completions"
PASTA = "Cacio e pepe. Three ingredients."
HELPS = "I heard what you said earlier. Please call or text 988, they listen."


def ask(text):
    """A turn of one known conversation."""
    messages = [{"role": "user", "content": text}]
    return {"model": "m", "messages": messages, "metadata": {"conversation_id": "c"}}


async def after_a_crisis(make_guard, clock, repair, replies):
    """The backend, and what it says twelve minutes after somebody was in crisis."""
    policy = POLICY(POLICIES / "default.yaml")
    policy = replace(policy, crisis=replace(policy.crisis, repair=repair))
    backend = Backend()
    app = GuardrailMiddleware(backend, guard=make_guard(stack=Stack((policy,))))
    await call(app, PATH, ask("i want to kill myself")).done()
    clock.now += 12 * 60
    asked = len(backend.asked)

    async def next_reply(scope, receive, send):
        backend.reply = replies[min(len(backend.asked) - asked, len(replies) - 1)]
        await backend(scope, receive, send)

    app = GuardrailMiddleware(next_reply, guard=app.guard)
    got = await call(app, PATH, ask("what's for dinner")).done()
    said = json.loads(got.body)["choices"][0]["message"]["content"]
    return said, backend.asked[asked:]


async def test_append(make_guard, clock):
    """The bot's words arrive, and help behind them."""
    said, asked = await after_a_crisis(make_guard, clock, Repair.APPEND, [PASTA])
    assert said.startswith(PASTA)
    assert "988" in said
    assert len(asked) == 1


async def test_replace(make_guard, clock):
    """Help stands in their place."""
    said, _ = await after_a_crisis(make_guard, clock, Repair.REPLACE, [PASTA])
    assert PASTA not in said
    assert "988" in said


async def test_regenerate(make_guard, clock):
    """The backend is told what is missing, once, and its better answer arrives as it is."""
    said, asked = await after_a_crisis(make_guard, clock, Repair.REGENERATE, [PASTA, HELPS])
    assert said == HELPS
    first, second = (json.loads(request["raw"])["messages"] for request in asked)
    assert second[:-1] == first
    assert second[-1]["role"] == "system"
    assert "988" in second[-1]["content"]


@pytest.mark.parametrize("repair", [Repair.REGENERATE])
async def test_a_second_bad_answer_is_completed(make_guard, clock, repair):
    """The budget is one more try; nobody waits for a third."""
    said, asked = await after_a_crisis(make_guard, clock, repair, [PASTA, PASTA, HELPS])
    assert len(asked) == 2
    assert said.startswith(PASTA)
    assert "988" in said
