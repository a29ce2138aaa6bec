"""Which duty is kept by what, by which tests, and what stays the operator's. Pure.

Each reference of `policies/law/obligations.yaml` is held against the evidence: what the packs hold,
which of their cases reach a rule, which scenarios play it, which files are there. A reference to
something that is not there, or that nothing tests, is a mistake in the file, not a weaker row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import Any

from guardrail.errors import Mistake, PolicyError
from guardrail.policy.obligations import Chapter, Obligation, Reference, Sort
from guardrail.policy.reader import suggestion

__all__ = [
    "Conformance",
    "Evidence",
    "Pack",
    "Proof",
    "Row",
    "Section",
    "Status",
    "conformance",
    "plain",
]


class Status(StrEnum):
    """Who keeps a duty."""

    KEPT = "kept"  # by us
    SHARED = "with_operator"  # by us, and something is left to the operator
    PART = "in_part"  # by us, but something of ours is missing
    OPERATOR = "operator"  # by the operator alone
    NOT_YET = "not_yet"  # by nothing of ours, though it could be


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack holds by itself: values by their path, as written."""

    name: str
    rules: frozenset[str]
    notices: frozenset[str]
    values: Mapping[str, str]

    def has(self, sort: Sort, name: str) -> bool:
        """Whether there is such a rule, notice or value. A value may be a whole table of them."""
        if sort is Sort.VALUE:
            return name in self.values
        return name in (self.rules if sort is Sort.RULE else self.notices)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What references are held against. `scenarios` and `exists` are `None` outside a checkout."""

    file: str  # the list of obligations, for mistakes
    packs: Mapping[str, Pack]
    cases: Mapping[tuple[str, str], frozenset[str]]  # pack, rule → cases that passed
    scenarios: Mapping[tuple[Sort, str], frozenset[str]] | None = None
    exists: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """One reference, found: in which packs, with which value, reached by which tests."""

    reference: Reference
    packs: tuple[str, ...] = ()
    value: str = ""
    cases: frozenset[str] = frozenset()
    scenarios: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """One duty with everything that there is to it."""

    obligation: Obligation
    status: Status
    proofs: tuple[Proof, ...]

    @property
    def cases(self) -> frozenset[str]:
        """The cases beside packs that reach one of its rules."""
        return frozenset(chain.from_iterable(proof.cases for proof in self.proofs))

    @property
    def scenarios(self) -> frozenset[str]:
        """The conversations that play it."""
        return frozenset(chain.from_iterable(proof.scenarios for proof in self.proofs))

    @property
    def tests(self) -> tuple[str, ...]:
        """The files that test it."""
        found = chain.from_iterable(proof.reference.tests for proof in self.proofs)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one chapter."""

    title: Mapping[str, str]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Conformance:
    """The whole table."""

    sections: tuple[Section, ...]
    packs: tuple[str, ...] = field(default=())

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, in the order of the file."""
        return tuple(row for section in self.sections for row in section.rows)

    def by(self, status: Status) -> tuple[Row, ...]:
        """The rows of one status."""
        return tuple(row for row in self.rows if row.status is status)


def conformance(chapters: Collection[Chapter], evidence: Evidence) -> Conformance:
    """Hold every obligation against the evidence.

    Raises:
        PolicyError: with every reference that does not hold, and where it stands.
    """
    mistakes: list[Mistake] = []
    sections: list[Section] = []
    for chapter in chapters:
        rows: list[Row] = []
        for duty in chapter.duties:
            proofs: list[Proof] = []
            for reference in duty.kept_by:
                proof = _proof(reference, evidence)
                proofs.append(proof)
                mistakes += (
                    Mistake(evidence.file, reference.line, message, hint)
                    for message, hint in _wrong(proof, evidence)
                )
            rows.append(Row(duty, _status(duty), tuple(proofs)))
        sections.append(Section(chapter.title, tuple(rows)))
    if mistakes:
        raise PolicyError(sorted(mistakes, key=lambda mistake: mistake.line))
    return Conformance(tuple(sections), tuple(sorted(evidence.packs)))


def plain(found: Conformance) -> dict[str, Any]:
    """The table as plain data, for JSON."""
    return {
        "packs": list(found.packs),
        "counts": {status.value: len(found.by(status)) for status in Status},
        "obligations": [_plain(row) for row in found.rows],
    }


def _plain(row: Row) -> dict[str, Any]:
    duty = row.obligation
    return {
        "id": duty.id,
        "duty": dict(duty.duty),
        "status": row.status.value,
        "law": [
            {"region": a.region, "article": a.text, "certainty": a.certainty} for a in duty.law
        ],
        "kept_by": [_proven(proof) for proof in row.proofs],
        "operator": dict(duty.operator),
        "not_yet": dict(duty.not_yet),
    }


def _proven(proof: Proof) -> dict[str, Any]:
    return {
        proof.reference.sort.value: proof.reference.name,
        "packs": list(proof.packs),
        "value": proof.value,
        "cases": sorted(proof.cases),
        "scenarios": sorted(proof.scenarios),
        "tests": list(proof.reference.tests),
    }


def _status(duty: Obligation) -> Status:
    if duty.kept_by:
        if duty.not_yet:
            return Status.PART
        return Status.SHARED if duty.operator else Status.KEPT
    return Status.NOT_YET if duty.not_yet else Status.OPERATOR


def _proof(reference: Reference, evidence: Evidence) -> Proof:
    sort, name = reference.sort, reference.name
    played = (evidence.scenarios or {}).get((sort, name), frozenset())
    asked = [reference.pack] if reference.pack else sorted(evidence.packs)
    packs = [p for p in asked if p in evidence.packs and evidence.packs[p].has(sort, name)]
    if sort in (Sort.CODE, Sort.SCENARIO):
        return Proof(reference, scenarios=played)
    cases = frozenset[str]()
    if sort is Sort.RULE:  # without a pack: also cases of packs that stand on the rule's own
        reached = ((pack, found) for (pack, rule), found in evidence.cases.items() if rule == name)
        cases = frozenset().union(*(f for pack, f in reached if reference.pack in ("", pack)))
    values = [evidence.packs[p].values.get(name, "") for p in packs if sort is Sort.VALUE]
    value = values[0] if len(set(values)) == 1 else ""
    return Proof(reference, tuple(packs), value, cases, played)


def _wrong(proof: Proof, evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What speaks against a reference: messages and hints."""
    reference = proof.reference
    sort, name = reference.sort, reference.name
    if reference.pack and reference.pack not in evidence.packs:
        yield f"there is no pack {reference.pack!r}", suggestion(reference.pack, evidence.packs)
    elif sort in (Sort.RULE, Sort.NOTICE, Sort.VALUE) and not proof.packs:
        where = f"pack {reference.pack!r}" if reference.pack else "any pack"
        yield f"there is no {sort} {name!r} in {where}", suggestion(name, _names(sort, evidence))
    elif sort is Sort.RULE and not proof.cases:
        yield f"no case that passes reaches the rule {name!r}", ""
    unplayed = evidence.scenarios is not None and not proof.scenarios
    if sort is Sort.NOTICE and proof.packs and unplayed and not reference.tests:
        yield f"no scenario shows the notice {name!r}", "play it, or name a test"
    if sort is Sort.SCENARIO and evidence.scenarios is not None and unplayed:
        known = [word for kind, word in evidence.scenarios if kind is Sort.SCENARIO]
        yield f"there is no scenario of the duty {name!r}", suggestion(name, known)
    if evidence.exists is not None:
        files = (name, *reference.tests) if sort is Sort.CODE else reference.tests
        yield from ((f"there is no file {f}", "") for f in files if not evidence.exists(f))


def _names(sort: Sort, evidence: Evidence) -> list[str]:
    """What a reference may have meant."""
    found: set[str] = set()
    for pack in evidence.packs.values():
        tables = {Sort.RULE: pack.rules, Sort.NOTICE: pack.notices}
        found.update(tables.get(sort, pack.values.keys()))
    return sorted(found)
