"""Gathers what obligations are held against: packs, their cases, scenarios, files.

`shipped()` is the table of what comes with this package. In a checkout all of it is looked at;
an installed package has neither tests nor scenarios, and there only packs and cases count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path

from guardrail._data import data_path
from guardrail.errors import Mistake, PolicyError
from guardrail.policy.conformance import Conformance, Evidence, Pack, conformance
from guardrail.policy.load import packs_in, read_pack
from guardrail.policy.obligations import Sort, read_obligations
from guardrail.policy.source import Node, read_yaml
from guardrail.policy.trial import run_trials

__all__ = ["LAW", "gather", "shipped"]

LAW = ("law", "obligations.yaml")
"""Where the list stands below the folder of packs; packs are `*.yaml` in that folder itself."""

_LONGEST = 60  # characters of a value that are worth showing

_Found = dict[tuple[Sort, str], set[str]]


def shipped() -> Conformance:
    """The conformance of the packs that come with this package.

    Raises:
        PolicyError: with every mistake in packs, their tests, and the list of obligations.
    """
    root = data_path()
    policies = data_path("policies")
    whole = (root / "tests" / "scenarios").is_dir()
    path = policies.joinpath(*LAW)
    chapters = read_obligations(path)
    return conformance(chapters, gather(policies, path, root if whole else None))


def gather(policies: Path, law: Path, root: Path | None) -> Evidence:
    """The evidence; `root` is the checkout, `None` if there is none.

    Raises:
        PolicyError: a pack or its tests cannot be read.
    """
    mistakes: list[Mistake] = []
    packs: dict[str, Pack] = {}
    cases: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in packs_in(policies):
        try:
            packs[path.stem] = _pack(path)
            for rule, place in _cases(path):
                cases[path.stem, rule].add(place)
        except PolicyError as error:
            mistakes += error.mistakes
    if mistakes:
        raise PolicyError(mistakes)
    return Evidence(
        file=str(law),
        packs=packs,
        cases={key: frozenset(found) for key, found in cases.items()},
        scenarios=None if root is None else _scenarios(root / "tests" / "scenarios", packs),
        exists=None if root is None else lambda name: (root / name).is_file(),
    )


def _pack(path: Path) -> Pack:
    stack, source = read_pack(path)
    own = stack.parts[-1]
    values: dict[str, str] = {}
    for origin in own.origins:
        steps = origin.split(".")
        for place in accumulate(steps, lambda a, b: f"{a}.{b}"):  # a whole table may be meant, too
            values[place] = _shown(source.pack.root.at(*place.split(".")))
    return Pack(
        own.name,
        frozenset(rule.id for rule in own.rules),
        frozenset(notice.id for notice in own.notices),
        values,
    )


def _shown(node: Node) -> str:
    """A value as text; empty if it is too long to be read in passing."""
    text = _text(node)
    return text if len(text) <= _LONGEST else ""


def _text(node: Node) -> str:
    if isinstance(node.value, Mapping):
        return ", ".join(f"{key} {_text(child)}" for key, child in node.value.items())
    if isinstance(node.value, tuple):
        return ", ".join(_text(child) for child in node.value)
    return str(node.value).lower() if isinstance(node.value, bool) else str(node.value)


def _cases(path: Path) -> Iterator[tuple[str, str]]:
    """The cases of a pack that pass: the rule, and where the case stands."""
    if not path.with_name(f"{path.stem}_test.yaml").is_file():
        return  # whoever refers to its rules hears that nothing tests them
    trials = run_trials(path)
    file = Path(trials.file).name
    for trial in trials.results:
        if trial.passed and trial.names_rule:
            yield trial.decision.rule, f"{file}:{trial.line}"


def _scenarios(
    folder: Path, packs: Mapping[str, Pack]
) -> Mapping[tuple[Sort, str], frozenset[str]]:
    """Where conversations stand, by duty, by rule and by notice.

    One that is played under a pack which is not shipped shows nothing of those that are.
    """
    found: _Found = defaultdict(set)
    for path in sorted(folder.glob("*.yaml")):
        root = read_yaml(path)
        for scenario in root.value if isinstance(root.value, tuple) else ():
            pack = scenario.child("pack")
            if pack is None or pack.value in packs:
                for key in _shows(scenario):
                    found[key].add(f"{path.name}:{scenario.line}")
    return {key: frozenset(places) for key, places in found.items()}


def _shows(scenario: Node) -> Iterator[tuple[Sort, str]]:
    yield Sort.SCENARIO, str(scenario.at("duty").value)
    turns = scenario.at("turns").value
    for turn in turns if isinstance(turns, tuple) else ():
        expected = turn.child("expect") or Node({}, turn.line)
        for key in ("rule", "bot_rule"):
            if (rule := expected.child(key)) is not None:
                yield Sort.RULE, str(rule.value)
        for notice in _several(expected.child("notices")):
            yield Sort.NOTICE, notice
        if expected.has("suppresses"):  # only minors have anything kept from them
            yield Sort.VALUE, "suppress.minor"


def _several(node: Node | None) -> Iterator[str]:
    if node is not None:
        for item in node.value if isinstance(node.value, tuple) else (node,):
            yield str(item.value)
