"""The risk assessment: a template with nothing passed over, and a word when it is due again."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from guardrail.assessed import due, renewed, running
from guardrail.cli import app
from guardrail.config import Settings, load_settings
from guardrail.report.risk import regions_of
from tests.conftest import POLICIES, POLICY

EXAMPLES = POLICIES.parent / "docs" / "examples" / "policies"
SETTINGS = """\
classifier: {kind: lexicon}
policy: packs/live.yaml
policies: {US-CA: packs/region.yaml}
routes: [{path: /v1/chat/completions, region: US-CA}]
assessment: risk.md
"""


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with settings and packs of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(EXAMPLES, tmp_path / "packs")
    for name in ("live", "region"):
        text = (
            (EXAMPLES / "minimal.yaml").read_text("utf-8").replace("name: minimal", f"name: {name}")
        )
        (tmp_path / "packs" / f"{name}.yaml").write_text(text, "utf-8")
    (tmp_path / "guardrail.yaml").write_text(SETTINGS, "utf-8")
    return tmp_path


def guardrail(*words: str) -> Result:
    """Run the command line in this process."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, list(words))


def settings() -> Settings:
    """Those on the desk."""
    return load_settings(Path("guardrail.yaml"), {})


def answered(text: str) -> str:
    """As if somebody had done the work."""
    return text.replace("[ ]", "[x]")


def said(desk: Path) -> list[str]:
    """What speaks against the assessment on the desk."""
    return [str(m) for m in due(desk / "risk.md", running(settings(), "1.2.3"))]


def test_from_template_to_due_again(desk: Path) -> None:
    """Written, answered, in force; then a pack changes, and every start of `check` says so."""
    assert guardrail("assess", "--out", "risk.md").exit_code == 0
    assert guardrail("assess", "--out", "risk.md").exit_code == 2, "written over"
    file = desk / "risk.md"
    blank = guardrail("assess", "--against", "risk.md")
    assert (blank.exit_code, "questions are not answered yet" in blank.stderr) == (1, True)
    file.write_text(answered(file.read_text("utf-8")), "utf-8")
    assert guardrail("assess", "--against", "risk.md").exit_code == 0
    assert guardrail("check").exit_code == 0
    pack = desk / "packs" / "region.yaml"
    pack.write_text(pack.read_text("utf-8").replace("soft: 0.5", "soft: 0.6", 1), "utf-8")
    late = guardrail("check")
    assert late.exit_code == 1
    assert "was assessed and is no more: policy for US-CA: region@" in late.stderr
    assert "was not assessed: policy for US-CA: region@" in late.stderr
    assert "policy for everybody" not in late.stderr
    assert guardrail("assess", "--renew", "risk.md").exit_code == 0
    assert guardrail("check").exit_code == 0


def test_what_counts_as_a_change(desk: Path) -> None:
    """Another classifier, route or release; not another hour of the day, not a patch release."""
    (desk / "risk.md").write_text(renewed("```assessed\n```\n", running(settings(), "1.2.0")))
    assert said(desk) == []
    text = SETTINGS.replace(
        "kind: lexicon", "kind: remote, model: 'http://a.example/v1/moderations'"
    )
    text = text.replace("routes: [", "routes: [{path: /more}, ")
    (desk / "guardrail.yaml").write_text(text, "utf-8")
    found = " ".join(said(desk))
    for part in (
        "no more: classifier: lexicon",
        "assessed: classifier: remote",
        "route: POST /more",
    ):
        assert part in found
    assert "guardrail: 1.2" not in found
    later = [str(m) for m in due(desk / "risk.md", running(settings(), "1.3.0"))]
    assert any("guardrail: 1.3" in one for one in later)


def test_a_file_that_is_no_assessment(desk: Path) -> None:
    """Told as it is; so is one that is nowhere."""
    assert "cannot be read" in said(desk)[0]
    (desk / "risk.md").write_text("# Ours\n", "utf-8")
    assert "is no assessment" in said(desk)[0]


@pytest.mark.parametrize(
    ("language", "yours", "theirs"),
    [("en", "File it", "Do not train"), ("zh", "提交", "不得用于训练")],
)
def test_it_asks_for_what_stays_with_the_operator(language: str, yours: str, theirs: str) -> None:
    """California's duties where California's pack is in force, and not those of China."""
    Path("guardrail.yaml").write_text("policy: us-ca\nclassifier: {kind: lexicon}\n", "utf-8")
    text = guardrail("assess", "--language", language).stdout
    assert re.search(rf"\[ \] \*\*G2\*\* .*{yours}", text)
    assert "**P3**" not in text, theirs
    assert "`crisis-plan`" in text
    other = r"[\u4e00-\u9fff]" if language == "en" else r"(?<![`\w])(the|is|of|and)(?![`\w])"
    assert not re.search(other, text.split("## ", 3)[1])


def test_places_by_packs() -> None:
    """A pack stands for the place whose law it keeps, and for those of the packs beneath."""
    found = regions_of([POLICY(POLICIES / f"{name}.yaml") for name in ("us-ca", "eu-it", "uk")])
    assert {"US-CA", "EU", "IT", "GB"} <= found
    assert "CN" not in found
