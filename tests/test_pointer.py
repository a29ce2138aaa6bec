"""JSON Pointers, with a star for every item of a list."""

from typing import Any

import pytest

from guardrail.errors import WireError
from guardrail.wire.pointer import Match, change, find, parse

# The examples of RFC 6901, section 5.
RFC = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8}


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("", RFC),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_as_the_standard_has_it(pointer: str, expected: Any):
    """The examples of the RFC lead where it says."""
    assert [m.value for m in find(RFC, pointer)] == [expected]


@pytest.mark.parametrize(
    "pointer", ["/nope", "/foo/2", "/foo/-", "/foo/x", "/foo/0/0", "/ /a", "/*"]
)
def test_ways_that_end_early(pointer: str):
    """A pointer to nothing gives nothing; a star is for lists alone."""
    assert list(find(RFC, pointer)) == []
    assert change(RFC, pointer, lambda _: 1 / 0) == 0


def test_stars():
    """Stars stand for every item, and tell which."""
    data = {"a": [{"b": [1, 2]}, {"c": 0}, {"b": [3]}]}
    assert list(find(data, "/a/*/b/*")) == [Match((0, 0), 1), Match((0, 1), 2), Match((2, 0), 3)]
    assert change(data, "/a/*/b/*", lambda n: n * 10) == 3
    assert data == {"a": [{"b": [10, 20]}, {"c": 0}, {"b": [30]}]}
    assert list(find({"*": 1}, "/*")) == [Match((), 1)]


@pytest.mark.parametrize("pointer", ["foo", "#/foo", "/a~", "/~2"])
def test_badly_written(pointer: str):
    """What is no pointer is refused with its text."""
    with pytest.raises(ValueError, match="pointer"):
        parse(pointer)


def test_exact():
    """On request, a key that differs only by case stops the search."""
    assert list(find({"a": 1, "A": 2}, "/a")) == [Match((), 1)]
    assert list(find({"a": {"b": 1}}, "/a/b", exact=True)) == [Match((), 1)]
    for data in ({"A": 1}, {"a": {"b": 1, "B": 2}}):
        with pytest.raises(WireError, match="only by case"):
            list(find(data, "/a/b", exact=True))
