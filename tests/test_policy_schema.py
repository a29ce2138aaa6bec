"""The JSON Schemas: generated, in step with the loader, and right about the packs we ship."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from guardrail.policy.schema import FILES, policy_schema, resources_schema, trials_schema

POLICIES = Path(__file__).parent.parent / "policies"
PACKS = sorted(
    path
    for path in POLICIES.glob("*.yaml")
    if path.stem != "resources" and not path.stem.endswith("_test")
)


def read(path: Path) -> Any:
    """A pack as plain values, dates as text, as an editor would see them."""
    loaded = YAML(typ="safe", pure=True).load(path)
    return json.loads(json.dumps(loaded, default=str))


@pytest.mark.parametrize("schema", FILES.values(), ids=FILES)
def test_valid_schema(schema: Any):
    """They are proper draft 7 schemas."""
    jsonschema.Draft7Validator.check_schema(schema())


@pytest.mark.parametrize("pack", PACKS, ids=lambda path: path.stem)
def test_shipped_packs_fit(pack: Path):
    """What the loader takes, the schema takes; and each pack points its editor there."""
    tests = pack.with_name(f"{pack.stem}_test.yaml")
    jsonschema.validate(read(pack), policy_schema(), cls=jsonschema.Draft7Validator)
    jsonschema.validate(read(tests), trials_schema(), cls=jsonschema.Draft7Validator)
    for path, name in ((pack, "policy.schema.json"), (tests, "policy_test.schema.json")):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# yaml-language-server: $schema={name}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("guardrail", 2),
        ("mode", "off"),
        ("name", "Not A Name"),
        ("default_region", "usa"),
        ("extra", True),
        ("rules", []),
        ("rules", [{"id": "x", "when": {"label": "selfharm", "at": "soft"}, "then": "block"}]),
        ("rules", [{"id": "x", "when": {"label": "sexual"}, "then": "block"}]),
        ("failure", {"any": {"any": {"any": "shut"}}}),
        ("thresholds", {"any": {"any": {"any": {"soft": 2, "hard": 3}}}}),
        ("texts", {"help": {"xx": "?"}}),
    ],
)
def test_says_no(key: str, value: object):
    """The schema catches wrong words while they are typed."""
    pack = {**read(PACKS[0]), key: value}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(pack, policy_schema(), cls=jsonschema.Draft7Validator)


def test_resources_fit():
    """The shipped list, which points its editor there; nothing without a source but what is off."""
    path = POLICIES / "resources.yaml"
    assert path.read_text("utf-8").startswith(
        "# yaml-language-server: $schema=resources.schema.json"
    )
    found = read(path)
    jsonschema.validate(found, resources_schema(), cls=jsonschema.Draft7Validator)
    del found["resources"][0]["source"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, resources_schema(), cls=jsonschema.Draft7Validator)
    found["resources"][0]["disabled"] = "not confirmed"
    jsonschema.validate(found, resources_schema(), cls=jsonschema.Draft7Validator)
