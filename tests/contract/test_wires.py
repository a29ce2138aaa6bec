"""The contract of the Wire port: one suite, run on every wire."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.errors import ReplyError, WireError
from guardrail.turn import Role
from guardrail.wire.base import Asked, Frame, Framer, Piece, Wire, Words
from guardrail.wire.generic import GenericSpec, GenericWire
from guardrail.wire.openai import OpenAIWire

TEXTS = [
    "我在听。 ",
    "You said “no”, ",
    "right? 👩‍👩‍👧‍👦 ",
    "\\u0041\n{text} data: x\r\n\r\n",
    "Bye.",
]
WORDS = Words("d-1", 'We care: "{id}" {text} 👩‍👩‍👧‍👦\n\n请拨打 12356。', instead=True)
AFTER = Words("d-1", WORDS.text, instead=False)


@dataclass(frozen=True)
class Kit:
    """One wire, and how its clients and backends write."""

    wire: Wire
    request: Callable[[str, bool], Any]
    reply: Callable[[str], Any]
    stream: Callable[[Sequence[str]], list[bytes]]
    ending: list[bytes]  # the finishing frame first


def sse(value: Any) -> bytes:
    """One event."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    """One chunk of a chat completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "c-1", "object": "chat.completion.chunk", "created": 7, "model": "m"}
    return sse({**head, "choices": [choice]})


OPENAI = Kit(
    wire=OpenAIWire(),
    request=lambda text, stream: {
        "model": "m",
        "messages": [{"role": "user", "content": text}],
        "stream": stream,
    },
    reply=lambda text: {
        "id": "c-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "x": [1.5]}],
        "extra": {"kept": 1},
    },
    stream=lambda texts: (
        [chunk({"role": "assistant", "content": ""})] + [chunk({"content": text}) for text in texts]
    ),
    ending=[chunk({}, "stop"), b": bye\n\n", b"data: [DONE]\n\n"],
)

SIMPLE = Kit(
    wire=GenericWire(
        GenericSpec(
            name="simple",
            user_text="/message",
            user_id="/user",
            conversation_id="/session/id",
            reply_text=("/data/reply",),
            reply_template={"data": {"reply": "{text}"}, "id": "{id}"},
            stream="sse",
            stream_flag="/stream",
            delta_text=("/token",),
            event_name="token",
            event_template={"token": "{text}"},
            done="[END]",
        )
    ),
    request=lambda text, stream: {"message": text, "stream": stream, "session": {"id": 5}},
    reply=lambda text: {"data": {"reply": text, "mood": "warm"}, "extra": {"kept": 1}},
    stream=lambda texts: [b"event: start\ndata: {}\n\n", *(sse({"token": text}) for text in texts)],
    ending=[b"data: [END]\n\n"],
)

GROWING = Kit(
    wire=GenericWire(
        GenericSpec(
            name="growing",
            messages="/history/*",
            role="/from",
            content="/says",
            reply_text=("/answers/*/text",),
            reply_template={"answers": [{"text": "{text}"}]},
            stream="ndjson",
            stream_flag="/live",
            delta_text=("/text",),
            delta_mode="cumulative",
            finished="/done",
            event_template={"text": "{text}", "done": False},
            finish_template={"done": True, "reason": "{id}"},
        )
    ),
    request=lambda text, stream: {
        "history": [{"from": "bot", "says": "Hi!"}, {"from": "human", "says": text}],
        "live": stream,
    },
    reply=lambda text: {"answers": [{"text": text}], "extra": {"kept": 1}},
    stream=lambda texts: [json.dumps({"text": t}).encode() + b"\n" for t in accumulate(texts)],
    ending=[b'{"done": true}\n'],
)

KITS = pytest.mark.parametrize("kit", [OPENAI, SIMPLE, GROWING], ids=lambda kit: kit.wire.name)


def dump(value: Any) -> bytes:
    """JSON as most backends write it."""
    return json.dumps(value).encode()


def framer(kit: Kit) -> Framer:
    """A framer for the wire's own content type."""
    found = kit.wire.framer(kit.wire.stream_type.decode())
    assert found is not None
    return found


def asked(kit: Kit, *, stream: bool = True) -> Asked:
    """A request, read."""
    return kit.wire.read_turn(dump(kit.request("hi", stream)))


def heard(kit: Kit, frames: Sequence[Frame]) -> tuple[str, bool]:
    """The text in `frames`, and whether they end the stream."""
    deltas = [kit.wire.read_frame(frame) for frame in frames]
    return "".join(p.text for d in deltas for p in d.pieces), any(d.done for d in deltas)


@KITS
def test_reads_turns(kit: Kit):
    """The last message is the person's, with its exact text; the stream flag is seen."""
    text = "".join(TEXTS)
    for stream in (False, True):
        turn = kit.wire.read_turn(dump(kit.request(text, stream)))
        assert (turn.messages[-1].role, turn.messages[-1].text) == (Role.USER, text)
        assert turn.stream is stream
    assert turn.unjudged == ()


@KITS
@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body[:-1],
        lambda body: body + b"x",
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: body.decode().encode("utf-16"),
        lambda body: body.replace(b"hi", b"\xff"),
        lambda body: body.replace(b"hi", b"\\ud800"),
        lambda body: b'{"a":NaN,' + body[1:],
        lambda body: b'{"a":1,"a":1,' + body[1:],
        lambda body: b'{"a":' + b"[" * 64 + b"]" * 64 + b"," + body[1:],
        lambda body: b"[" + body + b"]",
        lambda _: b"{}",
        lambda _: b"null",
        lambda _: b"",
    ],
)
def test_refuses_what_others_may_read_otherwise(kit: Kit, spoil: Callable[[bytes], bytes]):
    """A body that is not this wire's, or is ambiguous, is refused as the client's fault."""
    with pytest.raises(WireError) as caught:
        kit.wire.read_turn(spoil(dump(kit.request("hi", True))))
    assert caught.value.status == 400


@KITS
def test_refuses_lookalike_keys(kit: Kit):
    """A key that only a reader without regard to case takes for one we read is refused."""
    request = kit.request("hi", True)
    for key in request:
        for other in (key.upper(), key.title(), key.replace("s", "ſ")):
            if other != key:
                with pytest.raises(WireError, match="case"):
                    kit.wire.read_turn(dump({**request, other: "evil"}))


@KITS
def test_reads_replies(kit: Kit):
    """The text of a whole reply, exactly."""
    text = "".join(TEXTS)
    reply = kit.wire.read_reply(dump(kit.reply(text)))
    assert [(p.choice, p.text) for p in reply.pieces] == [(0, text)]


@KITS
@pytest.mark.parametrize(
    "body", [b"", b"hello", b"[]", b"null", b'{"x":1}', b'{"a":1,"a":2}', b"\xff"]
)
def test_unreadable_replies(kit: Kit, body: bytes):
    """A body that holds no reply is told apart, and in a stream it is judged as it stands."""
    with pytest.raises(ReplyError):
        kit.wire.read_reply(body)


@KITS
def test_writes_whole_answers(kit: Kit):
    """Our whole answer reads back as our words alone, whatever the original was."""
    for original in (None, dump(kit.reply("bad")), b"unreadable", b'{"choices":7,"answers":[{}]}'):
        body = kit.wire.write_reply(asked(kit, stream=False), WORDS, original)
        assert "".join(p.text for p in kit.wire.read_reply(body).pieces) == WORDS.text
        assert b"bad" not in body


@KITS
def test_adds_words_to_whole_answers(kit: Kit):
    """Words that follow stand behind the bot's, and everything else of the original survives."""
    original = kit.reply("Good bot.")
    body = kit.wire.write_reply(asked(kit, stream=False), AFTER, dump(original))
    assert json.loads(body) == kit.reply(f"Good bot.\n\n{AFTER.text}")
    for unreadable in (None, b"unreadable", b"[]"):
        body = kit.wire.write_reply(asked(kit, stream=False), AFTER, unreadable)
        assert "".join(p.text for p in kit.wire.read_reply(body).pieces) == AFTER.text


@KITS
def test_knows_its_streams(kit: Kit):
    """Only the wire's own content type is a stream, whatever its case and parameters."""
    kind = kit.wire.stream_type.decode().partition(";")[0]
    assert kit.wire.framer(kind.upper() + " ; charset=utf-8") is not None
    assert kit.wire.framer(kind) is not kit.wire.framer(kind)
    for other in ("", "application/json", "text/plain", "text/html"):
        assert kit.wire.framer(other) is None


@KITS
def test_reads_streams(kit: Kit):
    """All text, no more, with the end; the bytes unchanged; for every single cut and for a drip."""
    body = b"".join([*kit.stream(TEXTS), *kit.ending])
    parts = [[body[:i], body[i:]] for i in range(len(body))]
    for cut in [*parts, [body[i : i + 1] for i in range(len(body))]]:
        reader = framer(kit)
        frames = [frame for part in cut for frame in reader.push(part)] + reader.flush()
        assert b"".join(frame.raw for frame in frames) == body
        assert heard(kit, frames) == ("".join(TEXTS), True)


@KITS
@given(
    payload=st.binary(max_size=50)
    | st.text(alphabet='{}[]":,choicesdeltatextokn01', max_size=50).map(str.encode)
)
def test_reading_frames_never_fails(kit: Kit, payload: bytes):
    """Whatever a frame holds is read, or judged as it stands and named."""
    for event in (None, "message"):
        delta = kit.wire.read_frame(Frame(payload, payload, event))
        if "frame" in delta.unjudged:
            assert delta.pieces[0].text == payload.decode("utf-8", "replace")


@KITS
def test_frames_without_data_are_empty(kit: Kit):
    """Comments and blank lines carry nothing."""
    assert kit.wire.read_frame(Frame(b": hello\n\n")) == kit.wire.read_frame(Frame(b"\n"))
    assert kit.wire.read_frame(Frame(b"\n")).pieces == ()


@KITS
def test_hidden_text_is_judged(kit: Kit):
    """A frame whose text other readers may see differently is judged as it stands."""
    body = b'{"choices":[],"choices":[{"delta":{"content":"evil"}}],"text":"a","text":"evil","token":NaN}'
    (piece,) = kit.wire.read_frame(Frame(body, body)).pieces
    assert piece == Piece(0, piece.channel, body.decode())


@KITS
@pytest.mark.parametrize("sent", [0, 1, 2, 4])
def test_takes_a_stream_over(kit: Kit, sent: int):
    """Our words complete a stream wherever it was left: text, finish and terminator."""
    reader = framer(kit)
    frames = reader.push(b"".join(kit.stream(TEXTS)[:sent]))
    rest = kit.wire.write_frames(asked(kit), WORDS, frames[-1] if frames else None)
    ours = reader.push(rest) + reader.flush()
    text, done = heard(kit, ours)
    assert (text.strip(), done) == (WORDS.text, True)
    assert b"".join(frame.raw for frame in ours) == rest


@KITS
def test_adds_words_to_a_stream(kit: Kit):
    """Words that follow go in before the finishing frame and end nothing themselves."""
    reader = framer(kit)
    frames = reader.push(b"".join(kit.stream(TEXTS)))
    ours = reader.push(kit.wire.write_frames(asked(kit), AFTER, frames[-1]))
    assert heard(kit, ours) == (f"\n\n{AFTER.text}", False)
    assert not any(kit.wire.read_frame(frame).finished for frame in ours)
    alone = framer(kit).push(kit.wire.write_frames(asked(kit), AFTER, None))
    assert heard(kit, alone) == (AFTER.text, False)


@KITS
def test_ends_a_broken_stream(kit: Kit):
    """A stream that broke off is ended with an error that the client can read."""
    body = kit.wire.write_broken("upstream_broken", "The backend broke off.")
    assert b"upstream_broken" in body
    frames = framer(kit).push(body)
    assert b"".join(f.raw for f in frames) == body
    assert all(f.data is not None for f in frames)


@KITS
def test_writes_errors(kit: Kit):
    """An error body is JSON that holds the code and the message."""
    for status in (400, 401, 429, 502):
        body = kit.wire.write_error(status, "some_code", 'It "failed".')
        assert json.loads(body)
        assert b"some_code" in body
        assert b'It \\"failed\\".' in body
