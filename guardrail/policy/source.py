"""YAML text as nodes that know their line. No schema, no meaning: `load` gives that.

We read parser events instead of asking for Python objects: it is the only way to refuse what a
policy must not hold (duplicate keys, aliases, tags, endless nesting) and to name the line of each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode

from guardrail._yaml import yaml_hint
from guardrail.errors import Mistake, PolicyError

__all__ = ["MAX_BYTES", "MAX_DEPTH", "File", "Node", "Scalar", "Source", "canonical", "read_yaml"]

MAX_BYTES = 1024 * 1024
"""A policy is read by people; 1 MiB is far beyond what anybody would read."""

MAX_DEPTH = 16
"""Our deepest path (rules, item, when, label, item) has five steps."""

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line it stands on. For the value of a key, that is the line of the key."""

    value: Scalar | tuple[Node, ...] | Mapping[str, Node]
    line: int

    def at(self, *path: str | int) -> Node:
        """The node down this path, or the deepest one above it that exists."""
        here = self
        for step in path:
            below = here.child(step)
            if below is None:
                break
            here = below
        return here

    def has(self, *path: str | int) -> bool:
        """Whether this path is written out to its end."""
        here: Node | None = self
        for step in path:
            here = here.child(step) if here is not None else None
        return here is not None

    def child(self, step: str | int) -> Node | None:
        """What stands under this key, or at this place of a list."""
        if isinstance(self.value, Mapping):
            return self.value.get(step) if isinstance(step, str) else None
        if isinstance(self.value, tuple) and isinstance(step, int) and step < len(self.value):
            return self.value[step]
        return None


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read, for whoever has to point into it."""

    name: str
    root: Node

    def mistake(self, path: Sequence[str | int], message: str, hint: str = "") -> Mistake:
        """A mistake at `path`, or at the nearest place above it that is written out."""
        return Mistake(self.name, self.root.at(*path).line, message, hint)

    def blocks(self) -> list[int]:
        """The lines on which a key of the file begins, or an entry of such a key, in order."""
        return sorted({line for key in _below(self.root) for line in _lines(key)})


@dataclass(frozen=True, slots=True)
class Source:
    """What a check may look at besides the policy: the files behind it, and the day.

    `pack` is the one that is checked, the last of `packs`; those before it are what it extends.
    """

    pack: File
    resources: File
    today: date
    packs: tuple[File, ...] = ()

    def of(self, pack: str) -> File:
        """The file of a pack, by name."""
        return next((f for f in self.packs if Path(f.name).stem == pack), self.pack)


def _below(node: Node) -> tuple[Node, ...]:
    if isinstance(node.value, Mapping):
        return tuple(node.value.values())
    return node.value if isinstance(node.value, tuple) else ()


def _lines(key: Node) -> Iterator[int]:
    yield key.line
    yield from (entry.line for entry in _below(key))


def read_yaml(path: Path) -> Node:
    """Read one YAML document.

    Raises:
        PolicyError: the file is missing, too large, not UTF-8, not YAML, or uses what a policy
            must not use; every such place is named.
    """
    root, problems = _parsed(_text(path))
    if problems:
        raise PolicyError([Mistake(str(path), *problem) for problem in problems])
    return root


_Problem = tuple[int, str, str]  # line, message, hint


@lru_cache(maxsize=32)
def _parsed(text: str) -> tuple[Node, tuple[_Problem, ...]]:
    """The document, and what is wrong with it.

    Parsing is most of what loading a pack costs, and packs share the files that they stand on; so
    the same text is parsed once. Nodes are never changed.
    """
    builder = _Builder()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = str(error.problem or error.context)
        builder.complain(line, f"this is not YAML: {problem}", yaml_hint(problem))
    except (YAMLError, ValueError) as error:
        builder.complain(1, f"this is not YAML: {error}")
    return builder.root, tuple(builder.problems)


def canonical(node: Node) -> str:
    """The content as text that does not change with comments, spacing or the order of keys."""
    return json.dumps(_plain(node), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _plain(node: Node) -> object:
    if isinstance(node.value, Mapping):
        return {key: _plain(child) for key, child in node.value.items()}
    if isinstance(node.value, tuple):
        return [_plain(child) for child in node.value]
    return node.value


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PolicyError(
            [Mistake(str(path), 0, f"the file cannot be read: {error.strerror}")]
        ) from error
    if len(data) > MAX_BYTES:
        raise PolicyError([Mistake(str(path), 1, "the file is larger than 1 MiB")])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PolicyError([Mistake(str(path), line, "the file is not UTF-8 text")]) from error


class _TooDeep(YAMLError):
    """Nesting without end; reading on would only cost memory."""


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read yet."""

    line: int
    keyed: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    key: Node | None = None


class _Builder:
    """Turns events into nodes with a stack of its own: no recursion, so no stack to overflow."""

    def __init__(self) -> None:
        self.problems: list[_Problem] = []
        self.root = Node({}, 1)
        self._stack: list[_Open] = []
        self._documents = 0
        self._resolver = YAML(typ="safe", pure=True).resolver

    def complain(self, line: int, message: str, hint: str = "") -> None:
        """Note a mistake and read on."""
        self.problems.append((line, message, hint))

    def take(self, event: Event) -> None:
        """One more event."""
        line = event.start_mark.line + 1
        if isinstance(event, NodeEvent):
            self._refuse(event, line)
        if isinstance(event, ScalarEvent):
            self._place(Node(self._scalar(event, line), line))
        elif isinstance(event, AliasEvent):
            self._place(Node(None, line))
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._open(line, keyed=isinstance(event, MappingStartEvent))
        elif type(event).__name__ in {"MappingEndEvent", "SequenceEndEvent"}:
            self._close()
        elif isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self.complain(line, "there is a second document", "one file holds one policy")

    def _refuse(self, event: NodeEvent, line: int) -> None:
        """An alias can blow a small file up to gigabytes, and hides what a rule says."""
        if event.anchor is not None:
            self.complain(line, "anchors and aliases are not allowed", "write the value out")
        if getattr(event, "tag", None) is not None:
            self.complain(line, "tags (! or !!) are not allowed", "write the plain value")

    def _scalar(self, event: ScalarEvent, line: int) -> Scalar:
        text: str = event.value
        tag = str(self._resolver.resolve(ScalarNode, text, event.implicit))
        try:
            return _CONVERT.get(tag.rpartition(":")[2], str)(text)
        except ValueError:
            self.complain(line, f"{text!r} is not a number we can read")
            return None

    def _open(self, line: int, *, keyed: bool) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise _TooDeep(f"line {line} is nested deeper than {MAX_DEPTH} steps")
        self._stack.append(_Open(line, keyed))

    def _close(self) -> None:
        done = self._stack.pop()
        self._place(Node(done.entries if done.keyed else tuple(done.items), done.line))

    def _place(self, node: Node) -> None:
        """Put a finished node where it belongs."""
        if not self._stack:
            self.root = node
        elif not self._stack[-1].keyed:
            self._stack[-1].items.append(node)
        elif self._stack[-1].key is None:
            self._stack[-1].key = node
        else:
            self._enter(self._stack[-1], node)

    def _enter(self, place: _Open, node: Node) -> None:
        key, place.key = place.key, None
        if key is None or not isinstance(key.value, str):
            self.complain(node.line, "a key must be a plain word", "put quotes around it")
        elif key.value in place.entries:
            first = place.entries[key.value].line
            self.complain(key.line, f"{key.value!r} stands here twice", f"first on line {first}")
        else:
            place.entries[key.value] = Node(node.value, key.line)


def _boolean(text: str) -> bool:
    return text.lower() == "true"


def _integer(text: str) -> int:
    return int(text.replace("_", ""))


_CONVERT: Mapping[str, Callable[[str], Scalar]] = {
    "null": lambda _text: None,
    "bool": _boolean,
    "int": _integer,
    "float": float,
}
"""By YAML tag. Dates stay text; whoever wants a date reads one."""
