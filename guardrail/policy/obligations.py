"""Reads `policies/law/obligations.yaml`: what the laws ask for, and by what of ours it is kept.

The file claims, it proves nothing: `conformance` holds each reference against packs, tests and files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from guardrail.errors import PolicyError
from guardrail.policy.reader import Reader
from guardrail.policy.source import Node, read_yaml
from guardrail.policy.vocabulary import Language, Shape

__all__ = ["Article", "Chapter", "Obligation", "Reference", "Sort", "read_obligations"]

_FILE = Shape(("guardrail", "chapters"))
_CHAPTER = Shape(("title", "duties"))
_DUTY = Shape(("id", "duty", "law"), ("kept_by", "operator", "not_yet"))
_SAID = Shape(tuple(language.value for language in Language))

_ID = re.compile(r"[A-Z][1-9]\d?")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z]{2})?")
_ARTICLE = re.compile(r"(?P<text>[^\[\];]+) \[(?P<tag>P|P draft|P extract|S1|S|U)\]")
_FILE_NAME = re.compile(r"[\w-]+(/[\w.-]*\w)+")


class Sort(StrEnum):
    """What a reference points to."""

    RULE = "rule"
    NOTICE = "notice"
    VALUE = "value"
    CODE = "code"
    SCENARIO = "scenario"  # shows that a duty is kept; keeps nothing itself


@dataclass(frozen=True, slots=True)
class Reference:
    """One thing of ours: a rule, notice or value (of `pack`, if given), a file, a kind of scenario."""

    sort: Sort
    name: str
    line: int
    pack: str = ""
    tests: tuple[str, ...] = ()  # files


@dataclass(frozen=True, slots=True)
class Article:
    """One place of a law. `certainty`: P (the text itself was read), S1, S, U."""

    region: str  # "CN", "US-CA", "EU"
    text: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Obligation:
    """One duty. `operator` and `not_yet` by language; empty if there is nothing to say."""

    id: str
    duty: Mapping[str, str]
    law: tuple[Article, ...]
    kept_by: tuple[Reference, ...]
    operator: Mapping[str, str]
    not_yet: Mapping[str, str]
    line: int


@dataclass(frozen=True, slots=True)
class Chapter:
    """Duties of one kind."""

    title: Mapping[str, str]
    duties: tuple[Obligation, ...]


T = TypeVar("T")


def read_obligations(path: Path) -> tuple[Chapter, ...]:
    """All chapters.

    Raises:
        PolicyError: with every mistake in the file.
    """
    reader = Reader(str(path))
    keys = reader.fields(read_yaml(path), _FILE, "the list of obligations")
    reader.version(keys.get("guardrail"))
    nodes = reader.items(keys["chapters"], "chapters") if "chapters" in keys else ()
    chapters = tuple(_chapter(reader, node) for node in nodes)
    duties = [duty for chapter in chapters for duty in chapter.duties]
    known: dict[str, int] = {}
    for duty in duties:
        if known.setdefault(duty.id, duty.line) != duty.line:
            where, first = Node(None, duty.line), f"first on line {known[duty.id]}"
            reader.complain(where, f"{duty.id!r} stands here twice", first)
    if mistakes := reader.in_order():
        raise PolicyError(mistakes)
    return chapters


def _chapter(reader: Reader, node: Node) -> Chapter:
    keys = reader.fields(node, _CHAPTER, "a chapter")
    duties = reader.items(keys["duties"], "duties") if "duties" in keys else ()
    return Chapter(
        _said(reader, keys.get("title"), "the title"),
        tuple(_duty(reader, duty) for duty in duties),
    )


def _duty(reader: Reader, node: Node) -> Obligation:
    keys = reader.fields(node, _DUTY, "an obligation")
    held = reader.items(keys["kept_by"], "kept_by") if "kept_by" in keys else ()
    if not {"kept_by", "operator", "not_yet"} & set(keys):
        hint = "say kept_by, operator or not_yet"
        reader.complain(node, "nobody keeps this obligation", hint)
    name = reader.pattern(keys["id"], _ID, "an id", "such as D1") if "id" in keys else ""
    kept_by = tuple(_known(_reference(reader, item) for item in held))
    if kept_by and all(reference.sort is Sort.SCENARIO for reference in kept_by):
        reader.complain(keys["kept_by"], "scenarios show that a duty is kept, they do not keep it")
    return Obligation(
        id=name,
        duty=_said(reader, keys.get("duty"), "the duty"),
        law=tuple(_law(reader, keys["law"])) if "law" in keys else (),
        kept_by=kept_by,
        operator=_said(reader, keys.get("operator"), "operator"),
        not_yet=_said(reader, keys.get("not_yet"), "not_yet"),
        line=keys["id"].line if "id" in keys else node.line,
    )


def _said(reader: Reader, node: Node | None, what: str) -> Mapping[str, str]:
    """Words in every language that we speak."""
    if node is None:
        return {}
    keys = reader.fields(node, _SAID, what)
    return {language: reader.text(said, what) for language, said in keys.items()}


def _law(reader: Reader, node: Node) -> Iterator[Article]:
    """`CN: Art 12 [S1]; Art 13 [S1]`: places by region, each with how well we know it."""
    for region, said in reader.mapping(node, "law").items():
        if not _REGION.fullmatch(region):
            reader.complain(said, f"{region!r} is not a region", "such as CN, US-CA or EU")
        for part in reader.text(said, "an article").split("; "):
            found = _ARTICLE.fullmatch(part)
            if found is None:
                hint = "such as Art 13 [S1], several with '; ' between them"
                reader.complain(said, f"{part!r} is not an article with its certainty", hint)
            else:
                yield Article(region, found["text"], found["tag"])


def _reference(reader: Reader, node: Node) -> Reference | None:
    entries = reader.mapping(node, "a reference")
    sorts = [sort for sort in Sort if sort in entries]
    if len(sorts) != 1:
        names = ", ".join(Sort)
        reader.complain(node, "a reference is to one thing of ours", f"one of: {names}")
        return None
    (sort,) = sorts
    may = ("test",) if sort is Sort.CODE else ("pack", "test")
    shape = Shape((sort.value,), () if sort is Sort.SCENARIO else may)
    keys = reader.fields(node, shape, f"a {sort}")
    tests = reader.one_or_more(keys["test"], "a test") if "test" in keys else ()
    name = reader.text(keys[sort], f"a {sort}")
    if sort is Sort.CODE:
        name = _file(reader, keys[sort])
        if not tests:
            reader.complain(keys[sort], f"{name} needs a test", "test: tests/test_….py")
    return Reference(
        sort,
        name,
        keys[sort].line,
        pack=reader.text(keys.get("pack"), "a pack"),
        tests=tuple(_file(reader, test) for test in tests),
    )


def _file(reader: Reader, node: Node) -> str:
    return reader.pattern(node, _FILE_NAME, "a file of ours", "its path from the root")


def _known(found: Iterable[T | None]) -> Iterator[T]:
    return (one for one in found if one is not None)
