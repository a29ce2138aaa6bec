"""Runs the cases in `<pack>_test.yaml` against a pack, and says which rules they reach.

A case is readable aloud: *given* these scores on this side, *expect* this rule; or given this person,
expect these caps and notices. What `expect` does not mention is not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from guardrail.actions import words
from guardrail.errors import PolicyError
from guardrail.policy.decide import decide, repeated
from guardrail.policy.given import Given, Met, read_given
from guardrail.policy.load import read_pack
from guardrail.policy.model import Limits, Policy
from guardrail.policy.reader import Reader
from guardrail.policy.source import Node, read_yaml
from guardrail.policy.vocabulary import CASE, EXPECT, TRIALS
from guardrail.turn import Decision

__all__ = ["Trial", "Trials", "run_trials"]


@dataclass(frozen=True, slots=True)
class _Example:
    """One entry of `cases`: facts, and what must come of them (as written).

    Not called a case here: that is what a moderator works on.
    """

    name: str
    line: int
    given: Given
    expect: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of a case."""

    policy: Policy
    met: Met
    decision: Decision

    @property
    def notices(self) -> tuple[str, ...]:
        """Those that are owed; none stands beside words for somebody in crisis."""
        said = self.decision.intervenes or self.decision.adds_words
        helped = self.decision.resources and said
        return () if helped else tuple(notice.id for notice in self.met.owed)


@dataclass(frozen=True, slots=True)
class Trial:
    """How one case went. `problems` is empty if it went as expected."""

    name: str
    line: int
    decision: Decision
    problems: tuple[str, ...] = ()
    names_rule: bool = True  # whether it says which rule decides; else that reaches nothing

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
    results = tuple(
        _run(stack.on(case.given.day) if case.given.day else policy, case) for case in cases
    )
    decided = {result.decision.rule for result in results if result.names_rule}
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
    expected = keys.get("expect", nothing)
    expect = reader.fields(expected, EXPECT, "expect")
    if "rule" not in expect and _OF_A_PERSON.isdisjoint(expect) and "expect" in keys:
        reader.complain(expected, "expect needs 'rule'", f"or {', '.join(sorted(_OF_A_PERSON))}")
    given = read_given(reader, keys.get("given", nothing), name)
    return _Example(name, node.line, given, expect)


def _run(policy: Policy, case: _Example) -> Trial:
    met = case.given.meets(policy)
    decision = repeated(decide(policy, met.facts), case.given.signs - 1)
    outcome = _Outcome(policy, met, decision)
    problems = [text for key, node in case.expect.items() for text in _wrong(key, node, outcome)]
    return Trial(case.name, case.line, decision, tuple(problems), "rule" in case.expect)


def _wrong(key: str, node: Node, outcome: _Outcome) -> Iterator[str]:
    if key == "says":
        said = words(outcome.policy, outcome.decision, outcome.met.facts.profile)
        yield from (f"does not say {part!r}" for part in _texts(node) if part not in said)
    elif key in _TABLES:
        known = _TABLES[key](outcome)
        for name, child in node.value.items() if isinstance(node.value, Mapping) else ():
            found = [_plain(known.get(name))]
            if found != _texts(child):
                yield f"{key}.{name}: expected {_shown(_texts(child))}, got {_shown(found)}"
    elif (seen := _SEEN[key](outcome)) != _texts(node):
        yield f"{key}: expected {_shown(_texts(node))}, got {_shown(seen)}"


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


def _reads(pick: Callable[[Decision], object]) -> Callable[[_Outcome], list[str]]:
    return lambda outcome: [_plain(pick(outcome.decision))]


def _several(found: Iterable[str]) -> list[str]:
    return list(found) or ["none"]


def _privacy(outcome: _Outcome) -> Mapping[str, object]:
    terms, age = outcome.policy.privacy, outcome.met.facts.profile.age_band
    return {
        "case_text_days": terms.case_text_days,
        "turns": terms.turns,
        "hold_days": terms.hold_days(age),
        "train": terms.train,
    }


_OF_A_PERSON = frozenset({"age", "limits", "notices", "privacy", "suppress"})
"""What a case may expect without a rule: how somebody is treated, whatever they say."""

_TABLES: Mapping[str, Callable[[_Outcome], Mapping[str, object]]] = {
    "limits": lambda o: {f.name: getattr(o.met.caps, f.name) for f in fields(Limits)},
    "privacy": _privacy,
}

_SEEN: Mapping[str, Callable[[_Outcome], list[str]]] = {
    "rule": _reads(lambda d: d.rule),
    "actions": lambda o: [action.value for action in o.decision.actions],
    "text": _reads(lambda d: d.text),
    "label": _reads(lambda d: d.label),
    "grade": _reads(lambda d: d.grade),
    "severity": _reads(lambda d: d.severity),
    "resources": _reads(lambda d: d.resources),
    "keep_reply": _reads(lambda d: d.keep_reply),
    "intervenes": _reads(lambda d: d.intervenes),
    "degraded": _reads(lambda d: d.degraded),
    "danger": _reads(lambda d: d.danger),
    "notices": lambda o: _several(o.notices),
    "age": lambda o: [o.met.facts.profile.age_band.value],
    "suppress": lambda o: _several(
        sorted(o.policy.suppress.get(o.met.facts.profile.age_band, frozenset()))
    ),
}
"""How each word of `expect` is read off what came of a case, as text."""
