"""Runs the cases in `<pack>_test.yaml` against a pack, and says which rules they reach.

A case is readable aloud: *given* these scores on this side, *expect* this rule. What `expect`
does not mention is not compared, except the rule, which always is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from guardrail.actions import words
from guardrail.errors import PolicyError
from guardrail.policy.decide import decide
from guardrail.policy.load import read_pack
from guardrail.policy.model import Facts, Policy
from guardrail.policy.reader import Reader, suggestion
from guardrail.policy.source import Node, read_yaml
from guardrail.policy.vocabulary import CASE, EXPECT, GIVEN, LIMIT_NAMES, REGION, TRIALS, Language
from guardrail.turn import (
    AgeBand,
    Assessment,
    Decision,
    Detector,
    Label,
    Level,
    Profile,
    Side,
    Signal,
    State,
)

__all__ = ["Trial", "Trials", "run_trials"]


@dataclass(frozen=True, slots=True)
class _Example:
    """One entry of `cases`: facts, and what must come of them (as written).

    Not called a case here: that is what a moderator works on.
    """

    name: str
    line: int
    facts: Facts
    expect: Mapping[str, Node]
    day: date | None = None  # whose rules count; all that will ever be in force, if not given


@dataclass(frozen=True, slots=True)
class Trial:
    """How one case went. `problems` is empty if it went as expected."""

    name: str
    line: int
    decision: Decision
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all came as expected."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Trials:
    """How all cases of one pack went, and which of its rules decided at least one of them."""

    policy: str  # "name@revision"
    file: str
    results: tuple[Trial, ...]
    reached: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every case passed. Says nothing about coverage."""
        return all(result.passed for result in self.results)

    @property
    def coverage(self) -> float:
        """The share of the pack's rules that some case reached, 0 to 1."""
        rules = len(self.reached) + len(self.missed)
        return len(self.reached) / rules if rules else 1.0


def run_trials(path: Path, resources: Path | None = None) -> Trials:
    """Try the pack at `path` with the cases in `<pack>_test.yaml` beside it.

    Raises:
        PolicyError: the pack or the test file is wrong; a case that merely fails does not raise.
    """
    stack, _ = read_pack(path, resources)
    policy = stack.on(date.max)
    tests = path.with_name(f"{path.stem}_test.yaml")
    cases = _read(tests, policy)
    results = tuple(_run(stack.on(case.day) if case.day else policy, case) for case in cases)
    decided = {result.decision.rule for result in results}
    # What a pack extends has tests of its own.
    rules = [rule.id for rule in policy.rules if rule.pack == policy.name]
    return Trials(
        policy=policy.tag,
        file=str(tests),
        results=results,
        reached=tuple(rule for rule in rules if rule in decided),
        missed=tuple(rule for rule in rules if rule not in decided),
    )


def _read(path: Path, policy: Policy) -> tuple[_Example, ...]:
    reader = Reader(str(path))
    root = read_yaml(path)
    keys = reader.fields(root, TRIALS, "a test file")
    reader.version(keys.get("guardrail"))
    if "policy" in keys and keys["policy"].value != policy.name:
        reader.complain(keys["policy"], f"these cases must be for policy {policy.name!r}")
    nodes = reader.items(keys["cases"], "cases") if "cases" in keys else ()
    cases = tuple(_case(reader, node) for node in nodes)
    if mistakes := reader.in_order():
        raise PolicyError(mistakes)
    return cases


def _case(reader: Reader, node: Node) -> _Example:
    keys = reader.fields(node, CASE, "a case")
    nothing = Node({}, node.line)
    name = reader.text(keys.get("name"), "the name")
    given = keys.get("given", nothing)
    on = given.child("on")
    return _Example(
        name=name,
        line=node.line,
        facts=_facts(reader, given, name),
        expect=reader.fields(keys.get("expect", nothing), EXPECT, "expect"),
        day=date.fromisoformat(reader.date(on, "on")) if on is not None else None,
    )


def _facts(reader: Reader, node: Node, name: str) -> Facts:
    keys = reader.fields(node, GIVEN, "given")
    side = reader.word(keys["side"], Side, "a side") if "side" in keys else Side.USER
    return Facts(
        id=name,
        side=side,
        profile=_profile(reader, keys),
        assessment=_assessment(reader, side, keys),
        limits=_limits(reader, keys.get("limits")),
        states=frozenset(
            reader.words(keys["states"], State, "a state") if "states" in keys else ()
        ),
    )


def _profile(reader: Reader, keys: Mapping[str, Node]) -> Profile:
    age = reader.word(keys["age"], AgeBand, "an age band") if "age" in keys else AgeBand.UNKNOWN
    region = None
    if "region" in keys:
        region = reader.pattern(keys["region"], REGION, "a region", "two capital letters")
    language = Language.EN
    if "language" in keys:
        language = reader.word(keys["language"], Language, "a language")
    years = None
    if "years" in keys:
        age_in_years = reader.whole(keys["years"], "years", 0, 120)
        years = (age_in_years, age_in_years)
    return Profile(user=None, age_band=age, region=region, language=language.value, years=years)


def _assessment(reader: Reader, side: Side, keys: Mapping[str, Node]) -> Assessment:
    level = reader.word(keys["level"], Level, "a level") if "level" in keys else None
    floor_ran = reader.flag(keys["floor_ran"], "floor_ran") if "floor_ran" in keys else True
    return Assessment(
        side=side,
        signals=_signals(reader, keys.get("scores"), level),
        failed=reader.text(keys.get("failed"), "failed") or None,
        floor_ran=floor_ran,
    )


def _signals(reader: Reader, node: Node | None, level: Level | None) -> tuple[Signal, ...]:
    if node is None:
        return ()
    known = [name.value for name in (*Label, *Detector)]
    signals: list[Signal] = []
    for label, score in reader.mapping(node, "scores").items():
        if label not in known:
            reader.complain(score, f"{label!r} is not a label", suggestion(label, known))
            continue
        value = reader.number(score, f"the score of {label}", 0, 1)
        graded = level if label == Label.SELF_HARM else None
        signals.append(Signal(label, value, source="trial", level=graded))
    return tuple(signals)


def _limits(reader: Reader, node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    names: list[str] = []
    for item in reader.one_or_more(node, "limits"):
        name = reader.text(item, "a limit")
        if name and name not in LIMIT_NAMES:
            reader.complain(item, f"{name!r} is not a limit", suggestion(name, LIMIT_NAMES))
        names.append(name)
    return tuple(names)


def _run(policy: Policy, case: _Example) -> Trial:
    decision = decide(policy, case.facts)
    said = words(policy, decision, case.facts.profile)
    problems: list[str] = []
    for key, node in case.expect.items():
        if key == "says":
            problems += [f"does not say {part!r}" for part in _texts(node) if part not in said]
        elif (found := _SEEN[key](decision)) != _texts(node):
            problems.append(f"{key}: expected {_shown(_texts(node))}, got {_shown(found)}")
    return Trial(case.name, case.line, decision, tuple(problems))


def _texts(node: Node) -> list[str]:
    """What is written, as text: `true` and `"true"` are the same expectation."""
    if isinstance(node.value, tuple):
        return [_plain(item.value) for item in node.value]
    return [_plain(node.value)]


def _plain(value: object) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(texts: list[str]) -> str:
    return ", ".join(texts)


def _reads(pick: Callable[[Decision], object]) -> Callable[[Decision], list[str]]:
    return lambda decision: [_plain(pick(decision))]


_SEEN: Mapping[str, Callable[[Decision], list[str]]] = {
    "rule": _reads(lambda d: d.rule),
    "actions": lambda d: [action.value for action in d.actions],
    "text": _reads(lambda d: d.text),
    "label": _reads(lambda d: d.label),
    "grade": _reads(lambda d: d.grade),
    "severity": _reads(lambda d: d.severity),
    "resources": _reads(lambda d: d.resources),
    "keep_reply": _reads(lambda d: d.keep_reply),
    "intervenes": _reads(lambda d: d.intervenes),
    "degraded": _reads(lambda d: d.degraded),
    "danger": _reads(lambda d: d.danger),
}
"""How each word of `expect` is read off a decision, as text."""
