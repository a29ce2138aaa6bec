"""What the deploy tests share: where things lie, and what the metrics really are."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from guardrail.metrics import EVENTS, Metrics
from guardrail.policy.model import Mode, Policy
from guardrail.turn import (
    Action,
    Assessment,
    Danger,
    Decision,
    Grade,
    Label,
    Outcome,
    Profile,
    Record,
    Severity,
    Side,
)

ROOT = Path(__file__).parents[2]

RECORD = Record(
    id="turn",
    at=0.0,
    wire="openai",
    route="/v1/chat/completions",
    conversation="hash",
    profile=Profile(user=None),
    outcome=Outcome.UPSTREAM_BROKEN,
    stream=True,
    assessments=(Assessment(Side.USER, failed="timeout", seconds=0.01),),
    decisions=(
        Decision(
            id="d",
            side=Side.USER,
            rule="crisis-plan",
            actions=(Action.ESCALATE,),
            policy="default@abc",
            label=Label.SELF_HARM,
            grade=Grade.HARD,
            resources=True,
            severity=Severity.IMMINENT,
            degraded="timeout",
            danger=Danger.IMMINENT,
        ),
    ),
    notices=("ai-start",),
    shadows=(Decision("d", Side.USER, "default", (Action.ALLOW,), "draft@def"),),
    unjudged=("image",),
    failures=("store",),
    timings={"inbound": 0.01, "outbound": 0.01, "held": 0.1, "upstream": 1.0, "total": 1.1},
    counts={"windows": 1, "held_chars": 1, "released_chars": 1, "withheld_chars": 1},
)
"""A turn on which everything happened that a metric can tell of."""


@pytest.fixture(scope="session")
def deploy() -> Path:
    """The folder under test."""
    return ROOT / "deploy"


@pytest.fixture
def metrics() -> Metrics:
    """Metrics with a policy in force, as a started guardrail has them."""
    found = Metrics(routes=[RECORD.route], wires=[RECORD.wire], version="0.1.0")
    policy = Policy("default", "abc", "Default", Mode.SHADOW, (), {}, {}, {}, ())
    found.policy(policy, at=0.0)
    found.reload(ok=True, at=0.0)
    return found


@pytest.fixture
def exposed(metrics: Metrics) -> dict[str, dict[str, set[str]]]:
    """Sample name → label → values, of everything that guardrail really exposes."""
    metrics(RECORD)
    for what in EVENTS:
        metrics.count(what, "why")
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for family in text_string_to_metric_families(metrics.render("")[0].decode()):
        for sample in family.samples:
            labels = found[sample.name]
            for label, value in sample.labels.items():
                labels[label].add(value)
    return found


@pytest.fixture(scope="session")
def alerts(deploy: Path) -> list[dict[str, Any]]:
    """All alerting rules."""
    return _rules(deploy / "prometheus/rules/guardrail-alerts.yaml")


@pytest.fixture(scope="session")
def recordings(deploy: Path) -> list[dict[str, Any]]:
    """All recording rules."""
    return _rules(deploy / "prometheus/rules/guardrail-recording.yaml")


def _rules(path: Path) -> list[dict[str, Any]]:
    groups = YAML(typ="safe").load(path.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]
