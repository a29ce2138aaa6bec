"""Memory is kept from children: what travels with a request is taken out, the rest is told."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import replace
from typing import Any

import pytest

from guardrail.config import Settings
from guardrail.identity import HeaderRules, IdentityRules
from guardrail.middleware import GuardrailMiddleware
from guardrail.policy.model import Mode
from guardrail.policy.parts import Consent
from guardrail.policy.stack import Stack
from guardrail.proxy import AiohttpTransport, Upstream
from guardrail.turn import AgeBand
from guardrail.wire.forgetting import Forgetting, forgotten
from tests.asgi import Call, call
from tests.conftest import POLICIES, POLICY
from tests.faces.backend import Backend
from tests.here import serve_here

PATH = "/v1/chat/completions"
PEERS = IdentityRules(HeaderRules(trusted_peers=(ipaddress.ip_network("127.0.0.0/8"),)))
TABLE = Settings().memory
TERMS = Forgetting(TABLE.fields, TABLE.tools)


def tool(name: str) -> dict[str, Any]:
    """A tool as it is offered."""
    return {"type": "function", "function": {"name": name, "parameters": {}}}


def without(**fields: Any) -> dict[str, Any]:
    """What is left of a request with these fields."""
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}
    left, count = forgotten(json.dumps(body).encode(), TERMS)
    found = json.loads(left)
    assert bool(count) is (found != body)
    return {key: value for key, value in found.items() if key not in ("model", "messages")}


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"store": True}, {"store": False}),
        ({"store": False}, {"store": False}),
        ({"store": None, "top_p": 1}, {"store": None, "top_p": 1}),
        ({"memory": {"likes": "otters"}, "memory_id": "u7"}, {}),
        ({"tools": [tool("save_memory"), tool("weather")]}, {"tools": [tool("weather")]}),
        ({"tools": [tool("Memory_Search")], "tool_choice": "required"}, {}),
        ({"tools": [{"type": "memory_20250818", "name": "memory"}]}, {}),
        (
            {"tools": [tool("a"), tool("recall")], "tool_choice": tool("recall")},
            {"tools": [tool("a")]},
        ),
        (
            {"tools": [tool("a"), tool("recall")], "tool_choice": tool("a")},
            {"tools": [tool("a")], "tool_choice": tool("a")},
        ),
        (
            {"functions": [{"name": "remember"}, {"name": "b"}], "function_call": "auto"},
            {"functions": [{"name": "b"}], "function_call": "auto"},
        ),
        ({"tools": [tool("memorial_finder")]}, {"tools": [tool("memorial_finder")]}),
        ({"tools": "none of ours"}, {"tools": "none of ours"}),
        ({"tools": ["odd", {"function": 5}]}, {"tools": ["odd", {"function": 5}]}),
    ],
)
def test_what_keeps_or_brings_a_memory_is_taken_out(fields: Any, left: Any) -> None:
    """Fields and tools that the settings name, and nothing else."""
    assert without(**fields) == left


@pytest.mark.parametrize("body", [b"not json", b"[1]", b'{"model":"m", "messages":[]}', b"{}"])
def test_without_any_the_very_bytes_go_on(body: bytes) -> None:
    """Also those of somebody else's format."""
    assert forgotten(body, TERMS) == (body, 0)


def test_a_field_may_lie_deeper() -> None:
    """A pointer leads there; where the way ends early there is nothing to take out."""
    terms = Forgetting(("/metadata/memory/on",))
    assert forgotten(b'{"metadata":{"memory":{"on":true}}}', terms)[1] == 1
    assert forgotten(b'{"metadata":{"memory":"none"}}', terms)[1] == 0
    assert forgotten(b'{"metadata":[]}', terms)[1] == 0


KEPT_OFF: dict[str, Any] = {"suppress": {AgeBand.MINOR: frozenset({"memory", "push"})}}


async def ask(make_guard: Any, face: str, *, age: str = "13-15", **policy: Any) -> tuple[Any, Call]:
    """One turn with a memory in it: what the backend got, and the answer."""
    backend = Backend()
    stack = Stack((replace(POLICY(POLICIES / "default.yaml"), **policy),))
    guard = make_guard(stack=stack, identity=PEERS, forgetting=TERMS, marks=True)
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "store": True,
        "tools": [tool("save_memory")],
    }
    headers = [(b"x-guardrail-user", b"kit"), (b"x-guardrail-age-band", age.encode())]
    if face == "middleware":
        got = await call(
            GuardrailMiddleware(backend, guard=guard), PATH, body, headers=headers
        ).done()
    else:
        async with serve_here(backend) as address:
            transport = AiohttpTransport(address)
            app = GuardrailMiddleware(Upstream(transport), guard=guard)
            got = await call(app, PATH, body, headers=headers).done()
            await transport.close()
    return (json.loads(backend.asked[-1]["raw"]) if backend.asked else None), got


@pytest.mark.parametrize("face", ["middleware", "proxy"])
async def test_a_childs_request_brings_no_memory(make_guard: Any, face: str) -> None:
    """Backend and app are told by header, the app by a field as well."""
    asked, got = await ask(make_guard, face, **KEPT_OFF)
    assert asked["store"] is False
    assert "tools" not in asked
    assert dict(got.headers)[b"x-guardrail-suppress"] == b"memory, push"
    assert json.loads(got.body)["guardrail"]["suppress"] == ["memory", "push"]


async def test_an_adults_goes_as_it_came(make_guard: Any) -> None:
    """Nothing is kept from them, and nobody is told."""
    asked, got = await ask(make_guard, "middleware", age="adult", **KEPT_OFF)
    assert (asked["store"], len(asked["tools"])) == (True, 1)
    assert b"x-guardrail-suppress" not in dict(got.headers)


async def test_a_policy_on_trial_changes_nothing(make_guard: Any) -> None:
    """What would be kept off is told, not done."""
    asked, _ = await ask(make_guard, "middleware", mode=Mode.SHADOW, **KEPT_OFF)
    assert asked["store"] is True


async def test_while_nobody_has_agreed_all_of_it_is_off(make_guard: Any) -> None:
    """The bot is not asked; the app hears what to leave off."""
    consent = (Consent(under=14, scope="companion", version="1"),)
    asked, got = await ask(make_guard, "middleware", age="under-13", consents=consent)
    assert asked is None
    assert dict(got.headers)[b"x-guardrail-suppress"] == b"memory, push"
    assert json.loads(got.body)["guardrail"]["suppress"] == ["memory", "push"]
