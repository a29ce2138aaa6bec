"""Which requests are chat."""

from __future__ import annotations

import pytest

from guardrail.routes import Route, RouteTable
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
