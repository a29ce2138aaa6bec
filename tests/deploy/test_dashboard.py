"""Queries: each one parses, and asks for nothing that guardrail does not expose."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import promql_parser as promql
import pytest

Exposed = dict[str, dict[str, set[str]]]
Rule = dict[str, Any]

FROM_PROMETHEUS = {"job", "instance"}
"""Labels that a scrape adds."""

CLOSED = {"outcome", "reason", "severity", "stage", "le", "mode", "enforced", "kind"}
"""Labels whose values our queries name: a value that never comes is a silent alert."""


@pytest.fixture(scope="module")
def builder(deploy: Path) -> ModuleType:
    """The script that writes the dashboard."""
    spec = importlib.util.spec_from_file_location("b", deploy / "grafana/build_dashboard.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def dashboard(deploy: Path) -> dict[str, Any]:
    """The dashboard as it is committed."""
    text = (deploy / "grafana/dashboards/guardrail.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def asked(dashboard: dict[str, Any]) -> Iterator[str]:
    """Every expression of a dashboard, with Grafana's own variables filled in."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"].replace("$__rate_interval", "5m")
    for note in dashboard["annotations"]["list"]:
        yield note["expr"]


def selectors(node: Any) -> Iterator[Any]:
    """Every vector selector of a parsed expression."""
    if isinstance(node, promql.VectorSelector):
        yield node
    for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
        child = getattr(node, name, None)
        if child is not None and not isinstance(child, str):
            yield from selectors(child)
    for child in getattr(node, "args", None) or ():
        yield from selectors(child)


def wrong(expression: str, exposed: Exposed, recorded: set[str]) -> list[str]:
    """What an expression asks for that is not there."""
    found = []
    for selector in selectors(promql.parse(expression)):
        if selector.name == "up" or selector.name in recorded:
            continue
        if selector.name not in exposed:
            found.append(f"no metric {selector.name}")
            continue
        labels = exposed[selector.name]
        for matcher in selector.matchers.matchers:
            if matcher.name not in FROM_PROMETHEUS | labels.keys():
                found.append(f"{selector.name} has no label {matcher.name}")
            elif names_a_value(matcher) and matcher.value not in values(matcher.name, labels):
                found.append(f"{selector.name}: {matcher.name} is never {matcher.value}")
    return found


def names_a_value(matcher: Any) -> bool:
    """Whether a matcher asks for one word out of a closed vocabulary."""
    return matcher.name in CLOSED and matcher.op == promql.MatchOp.Equal


def values(label: str, labels: dict[str, set[str]]) -> set[str]:
    """What a label may read; one record can be enforced or not, but never both."""
    return labels[label] | ({"True", "False"} if label == "enforced" else set())


def test_the_file_is_what_the_script_writes(builder: ModuleType, deploy: Path) -> None:
    """Nobody edits the JSON by hand."""
    written = (deploy / "grafana/dashboards/guardrail.json").read_text("utf-8")
    assert written == builder.render(), "run deploy/grafana/build_dashboard.py"


def test_dashboard_queries_ask_for_what_is_there(
    dashboard: dict[str, Any], exposed: Exposed
) -> None:
    """Every expression parses; every metric and label exists."""
    expressions = list(asked(dashboard))
    assert len(expressions) > 25
    problems = {e: found for e in expressions if (found := wrong(e, exposed, set()))}
    assert problems == {}


def test_rules_ask_for_what_is_there(
    alerts: list[Rule], recordings: list[Rule], exposed: Exposed
) -> None:
    """The same for alerts and recording rules, which may also ask for each other."""
    recorded = {rule["record"] for rule in recordings}
    expressions = [rule["expr"] for rule in (*alerts, *recordings)]
    problems = {e: found for e in expressions if (found := wrong(e, exposed, recorded))}
    assert problems == {}


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("rate(guardrail_nonsense_total[5m])", "no metric guardrail_nonsense_total"),
        ('guardrail_faults_total{who="x"}', "guardrail_faults_total has no label who"),
        (
            '1 - (sum(rate(guardrail_bypass_total{reason="failed_closed"}[5m])) or vector(0))',
            "guardrail_bypass_total: reason is never failed_closed",
        ),
    ],
)
def test_the_check_finds_mistakes(expression: str, problem: str, exposed: Exposed) -> None:
    """A check that cannot fail checks nothing."""
    assert wrong(expression, exposed, set()) == [problem]


def test_every_recorded_ratio_is_used(alerts: list[Rule], recordings: list[Rule]) -> None:
    """Rules that nobody reads cost and mislead."""
    text = " ".join(rule["expr"] for rule in alerts)
    unused = {rule["record"] for rule in recordings if rule["record"] not in text}
    assert unused <= {"job:guardrail_requests:rate5m"}  # for people who look by hand


def test_every_metric_is_somewhere(
    dashboard: dict[str, Any], alerts: list[Rule], recordings: list[Rule], exposed: Exposed
) -> None:
    """What is counted is also shown, or somebody decided that it is not."""
    expressions = [*asked(dashboard), *(rule["expr"] for rule in (*alerts, *recordings))]
    shown = {s.name for e in expressions for s in selectors(promql.parse(e))}
    families = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in exposed}
    families -= {re.sub(r"_total$", "", name) for name in exposed if name.endswith("_total")}
    unseen = {f for f in families if not shown & {f, f + "_bucket", f + "_count"}}
    assert unseen == {"guardrail_windows_total"}


def test_panels_explain_themselves_and_do_not_overlap(dashboard: dict[str, Any]) -> None:
    """Each panel has a description, an id and a place of its own, and the chosen data source."""
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert len(panel["description"]) > 10
            assert panel["datasource"]["uid"] == "${datasource}"
            assert all(t["datasource"]["uid"] == "${datasource}" for t in panel["targets"])
            refs = [t["refId"] for t in panel["targets"]]
            assert len(set(refs)) == len(refs)


def test_the_dashboard_can_be_found_again(dashboard: dict[str, Any]) -> None:
    """Links to it stay valid: the uid never changes."""
    assert dashboard["uid"] == "guardrail-overview"
    kinds = {v["name"]: v["type"] for v in dashboard["templating"]["list"]}
    assert kinds == {"datasource": "datasource", "job": "query", "instance": "query"}
