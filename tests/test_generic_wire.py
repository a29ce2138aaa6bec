"""Home-made chat APIs: everything a description can say, and everything wrong with one."""

import json
from typing import Any

import pytest

from guardrail.errors import ConfigError, ReplyError, WireError
from guardrail.turn import Channel, Message, Role
from guardrail.wire.base import Asked, Delta, Frame, Piece, Words
from guardrail.wire.generic import GenericSpec, GenericWire, problems, read_spec

BASE: dict[str, Any] = {
    "user_text": "/message",
    "reply_text": ["/reply"],
    "reply_template": {"reply": "{text}"},
}
STREAM: dict[str, Any] = {
    **BASE,
    "stream": "sse",
    "delta_text": ["/t"],
    "event_template": {"t": "{text}"},
}
WORDS = Words("d-1", "Stop.")
AFTER = Words("d-1", "Rest well.", instead=False)


def wire(**fields: Any) -> GenericWire:
    """A wire, described as in a configuration file."""
    return GenericWire(read_spec("home", {**STREAM, **fields}))


def asked(home: GenericWire, **fields: Any) -> Asked:
    """A request, read."""
    return home.read_turn(json.dumps(fields).encode())


def frame(value: Any) -> Frame:
    """An event that holds this value."""
    data = json.dumps(value).encode()
    return Frame(b"data: " + data + b"\n\n", data)


def test_requests():
    """History and the words of now, roles of the author's choice, ids of both kinds, the flag."""
    home = wire(
        messages="/history/*",
        role="/who",
        content="/said/*/text",
        roles={"me": "user", "companion": "assistant"},
        user_id="/ids/user",
        conversation_id="/ids/talk",
        stream_flag="/live",
    )
    turn = asked(
        home,
        history=[
            {"who": "companion", "said": [{"text": "Hi"}, {"text": "there"}]},
            {"who": "me", "said": [{"text": "Hello"}]},
            {"who": "bot", "said": []},
            {"who": "stranger", "said": [{"text": "?"}]},
            {"said": [{"text": "!"}]},
        ],
        message="Now",
        ids={"user": 7, "talk": "t"},
        live=True,
    )
    assert turn == Asked(
        messages=(
            Message(Role.ASSISTANT, "Hi\nthere"),
            Message(Role.USER, "Hello"),
            Message(Role.ASSISTANT, ""),
            Message(Role.USER, "?"),
            Message(Role.USER, "!"),
            Message(Role.USER, "Now"),
        ),
        stream=True,
        user="7",
        conversation="t",
    )
    assert asked(home, message="a", live=None).stream is False
    assert asked(wire(), message="a").stream is True
    assert asked(GenericWire(read_spec("home", BASE)), message="a").stream is False


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"message": None},
        {"message": 7},
        {"message": ["a"]},
        {"message": "a", "Message": "b"},
        {"MESSAGE": "b"},
        {"message": "a", "user": True},
        {"message": "a", "user": {}},
        {"message": "a", "live": "true"},
        {"message": "a", "live": 1},
    ],
)
def test_refused_requests(fields: dict[str, Any]):
    """No text, or text that another reader may find elsewhere, is the client's fault."""
    with pytest.raises(WireError):
        asked(wire(user_id="/user", stream_flag="/live"), **fields)


def test_replies_of_several_texts():
    """Every text is read, the first star numbers the choices, and words follow the first text."""
    home = wire(reply_text=["/answers/*/text", "/title"])
    reply = {"answers": [{"text": "a"}, {"text": "b"}, {"text": None}], "title": "c"}
    body = json.dumps(reply).encode()
    assert home.read_reply(body).pieces == (
        Piece(0, Channel.TEXT, "a"),
        Piece(1, Channel.TEXT, "b"),
        Piece(0, Channel.TEXT, "c"),
    )
    assert json.loads(home.write_reply(Asked(()), AFTER, body)) == {
        "answers": [{"text": t} for t in ("a\n\nRest well.", "b\n\nRest well.", "Rest well.")],
        "title": "c",
    }
    with pytest.raises(ReplyError, match="no text"):
        home.read_reply(b'{"title":{"en":"evil"}}')


def test_strict_fields():
    """On request, strings at the top that nobody looked at are named, on all sides."""
    home = wire(strict_fields=True, user_id="/user/id", finished="/end")
    turn = asked(home, message="a", user={"id": "u"}, mood="sad", empty="", n=7)
    assert turn.unjudged == ("field:/mood",)
    assert home.read_reply(b'{"reply":"a","hint":"b"}').unjudged == ("field:/hint",)
    assert home.read_frame(frame({"t": "a", "hint": "b", "end": "no"})).unjudged == ("field:/hint",)
    assert wire().read_frame(frame({"t": "a", "hint": "b"})).unjudged == ()
    assert home.read_frame(frame("a string")) == Delta()


def test_ends_of_streams():
    """A choice ends by a value, or by any true one; the stream by a marker, or by that."""
    home = wire(finished="/end", finished_values=[1, "stop"], done="[END]")
    for value, expected in ((1, (0,)), ("stop", (0,)), (True, ()), ("more", ()), (None, ())):
        assert home.read_frame(frame({"end": value})) == Delta(finished=expected)
    assert home.read_frame(Frame(b"", b"[END]")) == Delta(done=True)
    home = wire(delta_text=["/c/*/t"], finished="/c/*/end")
    many = frame({"c": [{"t": "a"}, {"t": "b", "end": True}, {"end": ""}]})
    pieces = (Piece(0, Channel.TEXT, "a"), Piece(1, Channel.TEXT, "b"))
    assert home.read_frame(many) == Delta(pieces, finished=(1,), done=True)


def test_unreadable_events():
    """An event with something else where its text should be is judged as it stands."""
    for value in ({"t": 7}, {"t": ["evil"]}):
        odd = frame(value)
        assert odd.data is not None
        piece = Piece(0, Channel.TEXT, odd.data.decode())
        assert wire().read_frame(odd) == Delta((piece,), unjudged=("frame",))


def test_events_and_names():
    """Events carry the names their clients listen for, then the finish, then the marker."""
    home = wire(
        event_name="token",
        finish_name="end",
        finish_template={"id": "{id}", "text": "{text}"},
        done="[END]",
    )
    assert home.write_frames(Asked(()), WORDS, None) == (
        b'event: token\ndata: {"t":"Stop."}\n\n'
        b'event: end\ndata: {"id":"d-1","text":""}\n\n'
        b"data: [END]\n\n"
    )
    lines = wire(stream="ndjson", done="END")
    assert lines.write_frames(Asked(()), WORDS, None) == b'{"t":"Stop."}\nEND\n'
    assert lines.write_broken("broken", "It broke.").endswith(b"\nEND\n")
    assert lines.stream_type == b"application/x-ndjson"


def test_content_types():
    """A description may name its own content types; without a stream there are none."""
    home = wire(stream_types=["text/x-companion"])
    assert home.stream_type == b"text/x-companion"
    assert home.framer("text/x-companion; charset=utf-8") is not None
    assert home.framer("text/event-stream") is None
    plain = GenericWire(read_spec("home", BASE))
    assert (plain.framer("text/event-stream"), plain.stream_type) == (None, b"application/json")


def test_templates():
    """Placeholders are filled anywhere, with their type if they stand alone, and only once."""
    home = wire(
        reply_template={"n": [1, None, {"reply": "<{text}>"}], "x": "{nothing}", "reply": "{text}"},
        error_template={"status": "{status}", "error": "{code}: {message}", "text": "{text}"},
    )
    words = Words("d-1", "{id} {text}")
    assert json.loads(home.write_reply(Asked(()), words)) == {
        "n": [1, None, {"reply": "<{id} {text}>"}],
        "x": "{nothing}",
        "reply": "{id} {text}",
    }
    assert json.loads(home.write_error(404, "gone", "{status}")) == {
        "status": 404,
        "error": "gone: {status}",
        "text": "{text}",
    }
    assert json.loads(wire().write_error(404, "gone", "It is gone.")) == {
        "error": "It is gone.",
        "code": "gone",
    }


# --- streams that repeat all text


def told(home: GenericWire, *values: Any) -> list[str]:
    """The texts of a stream of these events, as they are judged."""
    framer = home.framer("text/event-stream")
    assert framer is not None
    body = b"".join(frame(value).raw for value in values)
    frames = framer.push(body) + framer.flush()
    assert b"".join(f.raw for f in frames) == body
    return ["|".join(p.text for p in home.read_frame(f).pieces) for f in frames]


def test_cumulative_streams():
    """Only what is new is judged; a text that was rewritten is judged whole."""
    home = wire(delta_mode="cumulative")
    texts = ["He", "Hello", "Hello", None, "Hello you", "Bye", "Bye!"]
    assert told(home, *({"t": t} for t in texts)) == ["He", "llo", "", "", " you", "\nBye", "!"]
    assert told(home, {"t": "a"}, {"x": 1}, "odd", {"t": 7}, {"t": "ab"}) == [
        "a",
        "",
        "",
        '{"t":7}',
        "b",
    ]


def test_cumulative_choices():
    """Every text of an event grows on its own."""
    home = wire(delta_mode="cumulative", delta_text=["/c/*", "/d"])
    assert told(home, {"c": ["a", "x"], "d": "m"}, {"c": ["ab", "xy"], "d": "mn"}) == [
        "a|x|m",
        "b|y|n",
    ]


def test_cumulative_frames_without_json():
    """Comments and unreadable events stay as they are."""
    framer = wire(delta_mode="cumulative").framer("text/event-stream")
    assert framer is not None
    frames = framer.push(b": hello\n\ndata: [END]\n\ndata: rest")
    assert [f.data for f in frames + framer.flush()] == [None, b"[END]", b"rest"]


def test_words_in_a_cumulative_stream():
    """Words that follow repeat what was shown; words instead of it take its place."""
    home = wire(delta_mode="cumulative")
    framer = home.framer("text/event-stream")
    assert framer is not None
    last = framer.push(frame({"t": "Hel"}).raw + frame({"t": "Hello"}).raw)[-1]
    assert last.data == b'{"t":"lo"}'
    assert b'{"t":"Hello\\n\\nRest well."}' in home.write_frames(Asked(()), AFTER, last)
    assert b'{"t":"Stop."}' in home.write_frames(Asked(()), WORDS, last)
    assert b'{"t":"Rest well."}' in home.write_frames(Asked(()), AFTER, Frame(b": x\n\n"))


# --- descriptions


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({**BASE, "reply_text": ["reply"]}, "must begin with a slash"),
        ({**BASE, "reply_text": []}, "reply_text must say"),
        ({**BASE, "reply_text": [""]}, "lead into an object"),
        ({**BASE, "reply_text": "/reply"}, "reply_text: "),
        ({**BASE, "reply_template": {"reply": "no words"}}, "reply_template must have {text}"),
        ({**BASE, "user_text": None}, "one of user_text and messages"),
        ({**BASE, "user_id": "/a~"}, "stray|neither"),
        ({**BASE, "colour": "red"}, "colour: "),
        ({**BASE, "roles": {"me": "king"}}, "roles.me: "),
        ({**BASE, "stream_flag": "/live"}, "need stream"),
        ({**STREAM, "stream": "websocket"}, "stream: "),
        ({**STREAM, "delta_text": []}, "delta_text must say"),
        ({**STREAM, "event_template": None}, "event_template must have {text}"),
        ({**STREAM, "done": "[END]\n"}, "single lines"),
    ],
)
def test_mistakes_in_descriptions(table: dict[str, Any], message: str):
    """Every mistake is told in words that mend it."""
    with pytest.raises(ConfigError, match=message):
        read_spec("home", table)


def test_all_mistakes_at_once():
    """An author is told everything at once."""
    with pytest.raises(ConfigError) as caught:
        read_spec("home", {"reply_text": [], "reply_template": 1, "stream": "sse"})
    assert len(caught.value.mistakes) == 5
    spec = GenericSpec(name="home", reply_text=(), reply_template=None)
    assert len(problems(spec)) == 3
    with pytest.raises(ValueError, match="; "):
        GenericWire(spec)
