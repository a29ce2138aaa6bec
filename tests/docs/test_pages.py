"""What the pages about wires, policies, the model and operations show works as it stands there."""

from __future__ import annotations

import itertools
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from ruamel.yaml import YAML

from guardrail.config import load_settings
from guardrail.identity import IdentityRules, identify
from guardrail.policy.check import check_policy
from guardrail.policy.load import load_policy
from guardrail.policy.reader import Reader
from guardrail.policy.resources import read_resources
from guardrail.policy.source import read_yaml
from guardrail.policy.trial import run_trials
from guardrail.turn import AgeBand, Evidence, Identity, Label
from guardrail.wiring import _classifier, identity_rules

DOCS = Path(__file__).parents[2] / "docs"
POLICIES = DOCS / "examples" / "policies"
PAGES = (
    "wires.md",
    "policies.md",
    "model.md",
    "training.md",
    "operations.md",
    "accounts.md",
    "audit.md",
    "cases.md",
    "deploy.md",
    "guardians.md",
    "notifications.md",
    "people-api.md",
    "privacy.md",
    "takeover.md",
)
BLOCK = re.compile(r"<!-- (?P<what>[^\n]+) -->\n```\w*\n(?P<text>.*?)```\n", re.DOTALL)
ENVIRONMENT = {
    "TOKEN_SECRET": "a-secret-that-is-shared-by-two-servers",
    "MODERATION_KEY": "k",
    "OIDC_SECRET": "o",
    "SMTP_PASSWORD": "p",
    "WEBHOOK_SECRET": "whsec_" + "A" * 40,
    "APP_WEBHOOK_SECRET": "whsec_" + "B" * 40,
}

FOUND = [
    (page, m["what"], m["text"])
    for page in PAGES
    for m in BLOCK.finditer((DOCS / page).read_text("utf-8"))
]


def blocks(kind: str) -> list[str]:
    """The texts of all blocks of one kind."""
    return [text for _, what, text in FOUND if what == kind]


def one(kind: str) -> str:
    """The only block of its kind."""
    (text,) = blocks(kind)
    return text


def saved(folder: Path, text: str) -> Path:
    """The block as a file."""
    path = folder / "guardrail.yaml"
    path.write_text(text, "utf-8")
    return path


def test_every_yaml_block_says_what_it_is() -> None:
    """So that none goes untested."""
    for page in PAGES:
        text = (DOCS / page).read_text("utf-8")
        tested = len([m for m in BLOCK.finditer(text) if "```yaml" in m[0]])
        assert text.count("```yaml") == tested, page


@pytest.mark.parametrize(("page", "what", "text"), FOUND, ids=lambda value: str(value)[:40])
def test_files_are_shown_as_they_are(page: str, what: str, text: str) -> None:
    """A page holds the example file itself."""
    if what.startswith("file: "):
        assert (DOCS / what.removeprefix("file: ")).read_text("utf-8") == text, page


@pytest.mark.parametrize("text", blocks("settings"))
def test_settings_load(tmp_path: Path, text: str) -> None:
    """Each snippet is a settings file."""
    load_settings(saved(tmp_path, text), ENVIRONMENT)


async def test_remote_classifiers_can_be_made(tmp_path: Path) -> None:
    """Their labels are ours."""
    made = 0
    for text in blocks("settings"):
        settings = load_settings(saved(tmp_path, text), ENVIRONMENT).classifier
        assert set(settings.labels.values()) <= set(Label)
        if settings.kind == "remote":
            classifier = _classifier(settings)
            assert classifier is not None
            await classifier.close()
            made += 1
    assert made == 2


# -- policies ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", blocks("in a pack"))
def test_parts_of_a_pack_load(tmp_path: Path, text: str) -> None:
    """Each snippet takes its place in the small pack."""
    yaml = YAML(typ="safe")
    pack = {**yaml.load(POLICIES / "minimal.yaml"), **yaml.load(text)}
    until = pack.get("shadow_until")
    if until is not None:
        pack["shadow_until"] = str(until)
    path = tmp_path / "minimal.yaml"
    path.write_text(json.dumps(pack), "utf-8")
    load_policy(path, POLICIES / "resources.yaml")


def test_the_small_pack_is_clean() -> None:
    """It loads, passes its checks and its tests, and every rule is reached."""
    path = POLICIES / "minimal.yaml"
    day = max(date.fromisoformat(r.verified_on) for r in load_policy(path).resources)
    assert check_policy(path, day) == []
    trials = run_trials(path)
    assert [(t.name, t.problems) for t in trials.results if not t.passed] == []
    assert trials.missed == ()


def test_its_help_lines_are_those_that_we_ship() -> None:
    """Nobody keeps a second list of numbers."""
    shipped = load_policy(DOCS.parent / "policies" / "default.yaml").resources
    assert set(map(repr, load_policy(POLICIES / "minimal.yaml").resources)) <= set(
        map(repr, shipped)
    )


def test_the_resource_entry_reads(tmp_path: Path) -> None:
    """And its number is one that we ship."""
    reader = Reader("resources.yaml")
    (entry,) = read_resources(reader, read_yaml(saved(tmp_path, one("resources"))))
    assert reader.mistakes == []
    shipped = load_policy(POLICIES / "minimal.yaml").resources
    assert entry.numbers in [r.numbers for r in shipped]


def test_the_checker_says_what_the_page_says(tmp_path: Path) -> None:
    """The message that is shown, word for word."""
    text = (POLICIES / "minimal.yaml").read_text("utf-8")
    path = tmp_path / "minimal.yaml"
    path.write_text(text.replace("    severity: urgent\n", ""), "utf-8")
    (mistake,) = check_policy(path, date(2026, 12, 1), POLICIES / "resources.yaml")
    shown = f"packs/minimal.yaml:{mistake.line}: {mistake.message}\n    hint: {mistake.hint}\n"
    assert shown in (DOCS / "policies.md").read_text("utf-8")


# -- identity ----------------------------------------------------------------------------------

ANN = Identity("user-17", "c-5", AgeBand.MINOR, "US-CA", "jwt", evidence=Evidence.PLATFORM)


def test_the_claims_are_read(tmp_path: Path) -> None:
    """A token with the claims of the page, under the settings of the page."""
    text = next(text for text in blocks("settings") if "TOKEN_SECRET" in text)
    rules = identity_rules(load_settings(saved(tmp_path, text), ENVIRONMENT).identity)
    key = OctKey.import_key(ENVIRONMENT["TOKEN_SECRET"])
    claims: dict[str, Any] = json.loads(one("claims"))
    token = jwt.encode({"alg": "HS256"}, claims, key)
    for value in (token, "Bearer " + token):
        headers = [(b"x-guardrail-token", value.encode())]
        assert identify(rules, headers, "203.0.113.9") == ANN


def test_the_headers_are_read(tmp_path: Path) -> None:
    """From a peer of the page's network, and from nobody else."""
    text = next(text for text in blocks("settings") if "trusted_peers" in text)
    rules = identity_rules(load_settings(saved(tmp_path, text), ENVIRONMENT).identity)
    pairs = [line.split(": ") for line in one("headers").splitlines()]
    headers = [(name.encode(), value.encode()) for name, value in pairs]
    got = identify(rules, headers, "10.0.3.7")
    assert (got.user, got.conversation, got.age_band, got.region) == (
        ANN.user,
        ANN.conversation,
        ANN.age_band,
        ANN.region,
    )
    assert {name for name, _ in headers} == rules.names


def test_the_front_proxy_deletes_every_header_that_says_who_somebody_is() -> None:
    """Those that a trusted peer is believed; the list of the page and ours are one."""
    text = (DOCS / "deploy.md").read_text("utf-8")
    deleted = re.findall(r'proxy_set_header (X-Guardrail-[A-Za-z-]+) "";', text)
    assert {name.lower().encode() for name in deleted} == IdentityRules().names


def test_metrics_that_are_named_exist() -> None:
    """Every counter that the pages point to."""
    homes = ("metrics.py", "_letter_gauges.py", "_user_gauges.py")
    source = "".join((DOCS.parent / "guardrail" / home).read_text("utf-8") for home in homes)
    texts = [(DOCS / page).read_text("utf-8") for page in PAGES]
    names = set(itertools.chain(*(re.findall(r"\bguardrail_[a-z_]+", text) for text in texts)))
    assert len(names) > 8
    for name in names - {"guardrail_admin_token"}:
        assert f'"{name.removeprefix("guardrail_").removesuffix("_total")}"' in source, name
