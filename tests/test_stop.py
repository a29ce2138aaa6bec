"""The switch: a pack takes an app, a route or a character out of service, on running servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from guardrail import GuardrailMiddleware
from guardrail.checking import mistakes_in
from guardrail.policy.load import load_policy
from guardrail.policy.model import Stop
from guardrail.policy.stack import Stack
from guardrail.responder import Guard
from guardrail.routes import Route
from guardrail.store.base import Query
from guardrail.wire.openai import OpenAIWire
from tests.asgi import call
from tests.conftest import POLICIES, POLICY
from tests.faces.backend import Backend

MakeGuard = Callable[..., Guard]
TOY, ADULTS = "/toy/v1/chat/completions", "/v1/chat/completions"
ROUTES = (Route(TOY, OpenAIWire(), tenant="toy"), Route(ADULTS, OpenAIWire(), tenant="app"))
OFF = "switched it off"

PACK = """\
guardrail: 1
name: ours
title: Ours
extends: [default]
stop: { apps: [toy], characters: ["Ｍei  Lin"] }
"""


def beside(folder: Path) -> None:
    """A folder for packs of one's own, with those that ship."""
    for path in POLICIES.glob("*.yaml"):
        (folder / path.name).symlink_to(path)


def ask(text: str, model: str = "Mei") -> dict[str, Any]:
    """A chat request to a character."""
    messages = [{"role": "user", "content": text}]
    return {"model": model, "user": "ann", "messages": messages}


async def said(guard: Guard, path: str, body: dict[str, Any]) -> tuple[str, int]:
    """What the person reads, and how often the bot was asked for it."""
    backend = Backend()
    got = await call(GuardrailMiddleware(backend, guard=guard), path, body).done()
    return got.json["choices"][0]["message"]["content"], len(backend.asked)


@pytest.mark.parametrize(
    ("stop", "toy", "adults"),
    [
        (Stop(), False, False),
        (Stop(everything=True), True, True),
        (Stop(apps=frozenset({"toy"})), True, False),
        (Stop(routes=frozenset({ADULTS})), False, True),
        (Stop(characters=frozenset({"mei"})), True, True),
        (Stop(characters=frozenset({"leo"})), False, False),
    ],
)
async def test_it_stops_what_it_names(
    make_guard: MakeGuard, stop: Stop, *, toy: bool, adults: bool
) -> None:
    """The bot is not asked, our words name help, and the record says which rule it was."""
    policy = replace(POLICY(POLICIES / "default.yaml"), stop=stop)
    guard = make_guard(policy=policy, routes=ROUTES)
    for path, off in ((TOY, toy), (ADULTS, adults)):
        words, asked = await said(guard, path, ask("how are the tomatoes"))
        assert (OFF in words, "988" in words, asked) == (off, off, 0 if off else 1)
    records = await guard.engine.store.read(Query("record"))
    rules = [[d["rule"] for d in r.body["decisions"]] for r in records]
    assert sum("stopped" in found for found in rules) == toy + adults


async def test_a_crisis_is_answered_and_the_bot_stays_off(make_guard: MakeGuard) -> None:
    """Words of concern, which else let the bot go on, do not switch it on again."""
    stop = Stop(everything=True)
    guard = make_guard(policy=replace(POLICY(POLICIES / "default.yaml"), stop=stop), routes=ROUTES)
    for line in ("i want to kill myself tonight", "i wish i was dead", "my sister wants to die"):
        words, asked = await said(guard, ADULTS, ask(line))
        assert ("988" in words, asked) == (True, 0), line


async def test_it_is_thrown_and_taken_back_while_running(make_guard: MakeGuard) -> None:
    """The next turn heeds it, and the one after it is taken back."""
    plain = POLICY(POLICIES / "default.yaml")
    guard = make_guard(policy=plain, routes=ROUTES)
    off = replace(plain, stop=Stop(everything=True))
    for policy, stopped in ((plain, False), (off, True), (plain, False)):
        guard.engine.policies.swap(Stack((policy,)))
        words, _ = await said(guard, ADULTS, ask("hi"))
        assert (OFF in words) is stopped


def test_packs_add_to_one_another(tmp_path: Path) -> None:
    """What one of two packs stops is stopped; a character however its name is spelt."""
    beside(tmp_path)
    (tmp_path / "ours.yaml").write_text(PACK, "utf-8")
    theirs = PACK.replace("ours", "theirs").replace("default", "ours").partition("stop:")[0]
    (tmp_path / "theirs.yaml").write_text(f"{theirs}stop: {{ routes: {ADULTS} }}\n", "utf-8")
    policy = load_policy(tmp_path / "theirs.yaml")
    assert policy.stop == Stop(
        apps=frozenset({"toy"}), routes=frozenset({ADULTS}), characters=frozenset({"mei lin"})
    )
    assert policy.origins["stop.apps"] == "ours"


def test_a_name_that_nobody_comes_by_is_told(tmp_path: Path) -> None:
    """A typing error in a switch is found before the day it is needed."""
    beside(tmp_path)
    pack, settings = tmp_path / "ours.yaml", tmp_path / "guardrail.yaml"
    pack.write_text(PACK, "utf-8")
    route = f"routes: [{{ path: {TOY}, wire: openai, tenant: toys }}]\n"
    settings.write_text(
        f"policy: {pack}\nupstream: {{ url: http://127.0.0.1:9 }}\n{route}", "utf-8"
    )
    (mistake,) = mistakes_in(settings, {}, date(2026, 12, 1))
    assert str(mistake).endswith(
        "ours.yaml:5: stop: no route of the settings has 'toy' (did you mean 'toys'?)"
    )
