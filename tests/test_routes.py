"""Which requests are chat."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from guardrail.checking import mistakes_in
from guardrail.errors import ConfigError
from guardrail.routes import Route, RouteTable, repeated
from guardrail.wire.openai import OpenAIWire

WIRE = OpenAIWire()
TABLE = RouteTable(
    [
        Route("/v1/chat/completions", WIRE),
        Route("/openai/deployments/{name}/chat/completions", WIRE),
    ]
)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/v1/chat/completions/",
        "//v1///chat/completions",
        "/V1/chat/Completions",
        "/v1/./chat/completions",
        "/v1/models/../chat/completions",
        "/v1\\chat\\completions",
        "/openai/deployments/gpt-x/chat/completions",
    ],
)
def test_these_are_chat(path):
    """However it is spelt."""
    assert TABLE.find("POST", path) is not None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/chat/completions"),
        ("POST", "/v1/chat"),
        ("POST", "/v1/chat/completions/x"),
        ("POST", "/x/v1/chat/completions"),
        ("POST", "/openai/deployments/a/b/chat/completions"),
    ],
)
def test_these_are_not(method, path):
    """Other paths and methods pass."""
    assert TABLE.find(method, path) is None


def test_a_guard_has_a_route():
    """One without any would judge nothing, one with two equal ones would never ask the second."""
    with pytest.raises(ConfigError, match="there is no chat route"):
        RouteTable([])
    with pytest.raises(ConfigError, match=r"POST /V1/chat/completions/ stands twice"):
        RouteTable([Route("/v1/chat/completions", WIRE), Route("/V1/chat/completions/", WIRE)])


def test_which_routes_are_the_same():
    """By what a path means; another method, or a path that is named out, is another route."""
    routes = [("POST", path) for path in ("/a", "/a/{x}", "/A//", "/a/{y}/", "/a/b", "/{x}/a")]
    assert repeated(routes) == {2: 0, 3: 1}
    assert repeated([("POST", "/a"), ("PUT", "/a")]) == {}


@pytest.mark.parametrize(
    ("routes", "told"),
    [
        ("routes: []\n", ["1: routes: there is no chat route, so the guard would judge nothing"]),
        (
            "routes:\n  - path: /chat\n  - path: /say\n  - path: /Chat/\n",
            ["4: routes: POST /Chat/ stands here twice (first on line 2)"],
        ),
        ("routes:\n  - path: /chat\n  - { path: /chat, method: PUT }\n", []),
    ],
)
def test_routes_are_checked(tmp_path: Path, routes: str, told: list[str]):
    """With the places of both, also where other settings cannot be read."""
    path, more = tmp_path / "guardrail.yaml", "door: { body_bytes: 5MB }\n" * ("[]" in routes)
    path.write_text(routes + more, "utf-8")
    found = [str(mistake) for mistake in mistakes_in(path, {}, date(2026, 11, 23))]
    assert len(found) == len(told) + bool(more), found
    for line in told:
        assert any(one.startswith(f"{path}:{line}") for one in found), found


def test_a_pack_that_is_nowhere_is_told_where_it_is_named(tmp_path: Path):
    """In the settings, at each place; there is no file of it that could be opened."""
    path = tmp_path / "guardrail.yaml"
    path.write_text(
        "identity: { trusted_peers: [127.0.0.0/8] }\n"
        "policies:\n  CN: cn\n  DE: euu\nshadows: { euu: 2030-01-01 }\n",
        "utf-8",
    )
    found = [str(mistake) for mistake in mistakes_in(path, {}, date(2026, 11, 23))]
    said = "there is no policy 'euu' (did you mean 'eu'?)"
    assert found == [f"{path}:{line}: {said}" for line in (4, 5)]
    (one,) = mistakes_in(None, {"GUARDRAIL__POLICY": "nowhere"}, date(2026, 11, 23))
    assert one.line == 0
    assert not one.file.endswith("nowhere.yaml")
