"""Strict JSON: whatever two readers could read differently is refused."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.errors import WireError
from guardrail.wire.strict_json import dumps, loads, lookalike

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)

REFUSED = {
    "duplicate key": b'{"user":"a","user":"b"}',
    "duplicate key, escaped": b'{"user":1,"\\u0075ser":2}',
    "duplicate key, deep": b'[{"a":[{"b":1,"b":1}]}]',
    "NaN": b'{"a":NaN}',
    "infinity": b"[-Infinity]",
    "number that is too large": b"[1e999]",
    "integer of more than 64 bits": b"[123456789012345678901]",
    "integer of a million digits": b"[" + b"9" * 1_000_000 + b"]",
    "half a surrogate pair": b'"\\ud83d"',
    "the other half": b'{"\\uDE00":1}',
    "surrogates in the wrong order": b'"\\ude00\\ud83d"',
    "encoded surrogate": b'"\xed\xa0\xbd"',
    "latin-1": '"é"'.encode("latin-1"),
    "utf-16": '{"a":1}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
    "nothing": b"",
    "two values": b"{} {}",
    "comment": b"{} // no",
    "trailing comma": b"[1,]",
    "raw line break in a string": b'"a\nb"',
    "NUL behind": b"{}\x00",
    "leading zero": b"[01]",
    "single quotes": b"{'a':1}",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_refused(body: bytes):
    """Bodies that readers disagree on, or that are no JSON, are refused as the client's fault."""
    with pytest.raises(WireError) as caught:
        loads(body)
    assert caught.value.status == 400


@given(JSON)
def test_reads_what_others_read(value: Any):
    """What is accepted has one meaning: the same for us, the standard library and orjson."""
    body = json.dumps(value).encode()
    assert loads(body) == json.loads(body) == orjson.loads(body) == value
    assert loads(dumps(value)) == value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0dE8 1e-', max_size=60).map(str.encode))
def test_never_fails_otherwise(body: bytes):
    """Any bytes are either read, as orjson reads them, or refused with the one error."""
    try:
        value = loads(body)
    except WireError:
        return
    assert value == orjson.loads(body)


def test_depth():
    """Nesting is refused one level beyond the cap; brackets within strings do not count."""
    assert loads(b"[" * 64 + b"]" * 64)
    with pytest.raises(WireError, match="nested deeper than 64"):
        loads(b"[" * 65 + b"]" * 65)
    with pytest.raises(WireError, match="nested"):
        loads(b'{"a":' * 100_000)
    assert loads(json.dumps(["[{" * 1000, '"[\\"' * 50, {"a": [1]}]).encode())
    assert loads(b"[" + b"[]," * 500 + b"[]]")


@pytest.mark.parametrize("piece", [b'\\"', b'"', b"\\", b'["', b"[{"])
def test_depth_scan_is_linear(piece: bytes):
    """A megabyte of quotes, escapes or brackets is refused at once."""
    with pytest.raises(WireError):
        loads(b"[" * 70 + b'"' + piece * 500_000)


def test_surrogates_of_a_stream_are_replaced():
    """Half an emoji in a reply becomes U+FFFD, a whole one stays, and the rest is as strict."""
    body = b'{"a":["x\\ud83d","\\ud83d\\ude00","\\\\ud83d"],"\\ude00":null}'
    assert loads(body, surrogates="replace") == {"a": ["x\ufffd", "😀", "\\ud83d"], "\ufffd": None}
    with pytest.raises(WireError, match="duplicate"):
        loads(b'{"\\ude00":1,"\\ude01":2}', surrogates="replace")


@pytest.mark.parametrize("key", ["Messages", "MESSAGES", "meſſages", "messageS"])
def test_lookalike(key: str):
    """A key that some reader takes for one of ours is found, whatever the case of ours."""
    assert lookalike(["a", key], {"messages"}) == key
    assert lookalike([key.lower()], {"userText"}) is None
    assert lookalike(["usertext"], {"userText"}) == "usertext"


def test_messages_do_not_quote_the_body():
    """An error may be logged, so it holds nothing that a person wrote."""
    with pytest.raises(WireError) as caught:
        loads(b'{"secret words" secret}')
    assert "secret" not in str(caught.value)
