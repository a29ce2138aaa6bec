"""Whole conversations, written in English and Chinese, against both faces and a clock that we turn."""

from __future__ import annotations

import ipaddress
from collections import Counter
from functools import cache
from typing import Any

import pytest

from guardrail.identity import HeaderRules, IdentityRules
from guardrail.middleware import GuardrailMiddleware
from guardrail.policy.load import read_pack
from guardrail.policy.stack import Stack
from guardrail.proxy import AiohttpTransport, Upstream
from tests.conftest import POLICIES
from tests.faces.backend import Backend
from tests.here import serve_here
from tests.scenarios.runner import FOLDER, Oracle, load, play

SCENARIOS = [pytest.param(s, id=f"{path.stem}:{s['name']}"[:90]) for path in sorted(FOLDER.glob("*.yaml")) for s in load(path)]  # fmt: skip
PEERS = IdentityRules(HeaderRules(trusted_peers=(ipaddress.ip_network("127.0.0.0/8"),)))


@cache
def pack(name: str) -> Stack:
    """A shipped pack."""
    return read_pack(POLICIES / f"{name}.yaml")[0]


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_scenario(scenario, make_guard, clock):
    """Embedded: the middleware around the app."""
    backend, oracle = Backend(), Oracle()
    guard = make_guard(primary=oracle, stack=pack(scenario.get("pack", "default")), identity=PEERS)
    await play(scenario, GuardrailMiddleware(backend, guard=guard), backend, clock, oracle)


SAMPLE = SCENARIOS[::40]  # in the default lane; the slow one plays them all


@pytest.mark.parametrize("scenario", SAMPLE)
async def test_a_sample_through_the_proxy(scenario, make_guard, clock):
    """Some of them through the reverse proxy and a real socket."""
    await through_the_proxy(scenario, make_guard, clock)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_scenario_through_the_proxy(scenario, make_guard, clock):
    """Every one of them."""
    await through_the_proxy(scenario, make_guard, clock)


async def through_the_proxy(scenario, make_guard, clock):
    """Play a conversation with a proxy in between."""
    backend, oracle = Backend(), Oracle()
    guard = make_guard(primary=oracle, stack=pack(scenario.get("pack", "default")), identity=PEERS)
    async with serve_here(backend) as address:
        transport = AiohttpTransport(address)
        app = GuardrailMiddleware(Upstream(transport), guard=guard)
        try:
            await play(scenario, app, backend, clock, oracle)
        finally:
            await transport.close()


def test_every_duty_has_its_scenarios():
    """At least 300, half of them Chinese, and some for each promise of the duties."""
    found: list[Any] = [param.values[0] for param in SCENARIOS]
    duties = Counter(scenario["duty"] for scenario in found)
    assert len(found) >= 300
    wanted = {"crisis", "omission", "intimacy", "exit", "clock", "caps", "resources", "truth", "consent", "other", "bereaved", "fiction"}  # fmt: skip
    assert wanted <= set(duties), wanted - set(duties)
    chinese = sum(any("\u4e00" <= c <= "\u9fff" for c in t["user"]) for s in found for t in s["turns"][:1])  # fmt: skip
    assert 0.4 < chinese / len(found) < 0.6
