"""Alerts: what each one must say, and what Prometheus' own tools say about them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

Rule = dict[str, Any]

RUNBOOK = "https://github.com/companion-guardrail/guardrail/blob/main/docs/runbook.md#"


@pytest.fixture(scope="module")
def promtool() -> str:
    """The program, or a reason."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    return found


@pytest.fixture(scope="module")
def anchors(deploy: Path) -> set[str]:
    """The sections of the runbook, as GitHub links to them."""
    text = (deploy.parent / "docs/runbook.md").read_text("utf-8")
    return {found.lower() for found in re.findall(r"^## (\w+)$", text, re.MULTILINE)}


def test_alerts_say_what_a_tired_person_needs(alerts: list[Rule]) -> None:
    """Severity, one line, an explanation, a section of the runbook."""
    names = [rule["alert"] for rule in alerts]
    assert len(set(names)) == len(names)
    for rule in alerts:
        assert rule["labels"].keys() == {"severity"}
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        words = rule["annotations"]
        assert words.keys() == {"summary", "description", "runbook_url"}
        assert len(words["summary"]) < 90
        assert words["description"].endswith(".")
        assert words["runbook_url"] == RUNBOOK + rule["alert"].lower()


def test_the_runbook_has_a_section_for_each_alert_and_no_other(
    alerts: list[Rule], anchors: set[str]
) -> None:
    """Nobody lands on a page that is not there; nobody reads about an alert that is gone."""
    assert anchors == {rule["alert"].lower() for rule in alerts}


def test_sections_of_the_runbook_are_whole(deploy: Path, alerts: list[Rule]) -> None:
    """Each says what it means, where to look and what to do; what does not page says so."""
    text = (deploy.parent / "docs/runbook.md").read_text("utf-8")
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    for rule in alerts:
        section = sections[rule["alert"]]
        for part in ("**For people:**", "**Look at:**", "**At 3 a.m.:**"):
            assert section.count(part) == 1, rule["alert"]
        pages = "does not page" not in section and "**At 3 a.m.:** nothing" not in section
        assert pages == (rule["labels"]["severity"] == "critical"), rule["alert"]


def test_every_alert_has_a_test_that_it_fires_and_one_that_it_does_not(
    alerts: list[Rule], deploy: Path
) -> None:
    """An alert that was never seen firing is a hope."""
    text = (deploy / "prometheus/tests/guardrail-alerts_test.yaml").read_text("utf-8")
    cases = YAML(typ="safe").load(text)["tests"]
    fires = {c["name"].split()[0] for c in cases if c["name"].endswith(" fires")}
    quiet = {c["name"].split()[0] for c in cases if c["name"].endswith(" stays quiet")}
    names = {rule["alert"] for rule in alerts}
    assert fires == quiet == names
    for case in cases:
        name, _, what = case["name"].partition(" ")
        if what in {"fires", "stays quiet"}:
            checks = case["promql_expr_test"]
            fired = any(f'"{name}"' in s["labels"] for c in checks for s in c["exp_samples"])
            assert fired == (what == "fires"), case["name"]


@pytest.mark.prometheus
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "rules/guardrail-alerts.yaml", "rules/guardrail-recording.yaml"),
        ("check", "config", "prometheus.yml"),
        ("test", "rules", "tests/guardrail-alerts_test.yaml"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_promtool_is_content(promtool: str, deploy: Path, arguments: tuple[str, ...]) -> None:
    """The same programs that an operator would ask."""
    ran = subprocess.run(
        [promtool, *arguments],
        cwd=deploy / "prometheus",
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "SUCCESS" in ran.stdout
