"""Reading YAML: nodes that know their line, and what a policy file must not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardrail.errors import PolicyError
from guardrail.policy.source import MAX_BYTES, Node, canonical, read_yaml


def read(folder: Path, text: str | bytes) -> Node:
    """The root of a file with this content."""
    path = folder / "x.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_yaml(path)


def complaints(folder: Path, text: str | bytes) -> list[str]:
    """What the reader says, as `line: message (hint)`."""
    with pytest.raises(PolicyError) as caught:
        read(folder, text)
    return [str(m).removeprefix(m.file + ":") for m in caught.value.mistakes]


def test_values_and_lines(tmp_path: Path):
    """Each value has its type and the line of its key; dates, and words like NO, stay text."""
    root = read(tmp_path, "a: 1\nb:\n  - 0.5\n  - true\nc: 2026-11-21\nd: NO\ne:\nf: '1'\n")
    assert isinstance(root.value, dict)
    seen = {key: (node.value, node.line) for key, node in root.value.items() if key != "b"}
    assert seen == {
        "a": (1, 1),
        "c": ("2026-11-21", 5),
        "d": ("NO", 6),
        "e": (None, 7),
        "f": ("1", 8),
    }
    assert [root.at("b", n) for n in (0, 1)] == [Node(0.5, 3), Node(True, 4)]


def test_at_stops_where_the_file_does(tmp_path: Path):
    """A path that is not written out ends at the nearest place above it."""
    root = read(tmp_path, "a:\n  b:\n    c: 1\n")
    assert root.at("a", "b", "c").line == 3
    assert root.at("a", "b", "c", "d").line == 3
    assert root.at("a", "b", "c", 0).line == 3
    assert root.at("a", "b", "x").line == 2
    assert root.at("a", "b", 0).line == 2


def test_canonical(tmp_path: Path):
    """Spelling does not show in the canonical form; content does."""
    first = canonical(read(tmp_path, "a: {x: 1, y: [b]}\n"))
    assert first == canonical(read(tmp_path, "# c\na:\n  y:\n  - 'b'\n  x: 1\n"))
    assert first == '{"a":{"x":1,"y":["b"]}}'


@pytest.mark.parametrize(
    ("pack", "complaint"),
    [
        ("a: 1\nb: 2\na: 3\n", "3: 'a' stands here twice (first on line 1)"),
        ("a: &x 1\n", "1: anchors and aliases are not allowed (write the value out)"),
        ("a: !!python/name:os.system x\n", "1: tags (! or !!) are not allowed (write"),
        ("a: [1, 2\nb: 3\n", "2: this is not YAML: "),
        (
            "a: 1\nb: stop: now\n",
            "2: this is not YAML: mapping values are not allowed here (a text with a colon needs",
        ),
        (
            "a:\n\tb: 1\n",
            "2: this is not YAML: found character '\\t' that cannot start any token (a tab",
        ),
        ("a: 1\n---\nb: 2\n", "2: there is a second document (one file holds one policy)"),
        ("1: a\n", "1: a key must be a plain word (put quotes around it)"),
        ("[a]: b\n", "1: a key must be a plain word"),
        ("a: 1\nb: 0xFF\n", "2: '0xFF' is not a number we can read"),
        ("a: " + "[" * 40 + "]" * 40, "1: this is not YAML: line 1 is nested deeper than 16"),
        ("a: \x00\n", "1: this is not YAML: "),
    ],
)
def test_refused(tmp_path: Path, pack: str, complaint: str):
    """What YAML allows and a policy must not hold."""
    assert any(c.startswith(complaint) for c in complaints(tmp_path, pack))


def test_alias(tmp_path: Path):
    """An alias is refused where it stands, not expanded."""
    found = complaints(tmp_path, "a: &x [1]\nb: *x\n")
    assert [c.split(":")[0] for c in found] == ["1", "2"]


def test_too_large(tmp_path: Path):
    """Nobody reads a megabyte of rules."""
    (one,) = complaints(tmp_path, "#" * (MAX_BYTES + 1))
    assert one == "1: the file is larger than 1 MiB"


def test_not_text(tmp_path: Path):
    """Bytes that are not UTF-8 are refused with their line."""
    assert complaints(tmp_path, b"a: 1\nb: \xff\n") == ["2: the file is not UTF-8 text"]
