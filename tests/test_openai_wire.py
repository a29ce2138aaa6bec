"""Chat Completions: every field that can carry text; the official client reads what we write."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2
import openai
import pytest
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionUserMessageParam,
)

from guardrail.errors import ReplyError, WireError
from guardrail.turn import Channel, Message, Role
from guardrail.wire.base import Asked, Delta, Frame, Piece, Words
from guardrail.wire.openai import OpenAIWire

WIRE = OpenAIWire()
WORDS = Words("d-1", "We are worried about you. 我们在这里。")
AFTER = Words("d-1", "Rest well.", instead=False)
HELLO: ChatCompletionUserMessageParam = {"role": "user", "content": "Hello"}


def asked(**fields: Any) -> Asked:
    """A request, read."""
    return WIRE.read_turn(json.dumps({"model": "m", "messages": [HELLO], **fields}).encode())


def texts(*messages: Mapping[str, Any]) -> tuple[Message, ...]:
    """The messages of a request, read."""
    return asked(messages=list(messages)).messages


def frame(value: Any) -> Frame:
    """An event that holds this value."""
    data = json.dumps(value).encode()
    return Frame(b"data: " + data + b"\n\n", data)


def chunk(*deltas: Mapping[str, Any], finish: str | None = None, **fields: Any) -> Frame:
    """A chunk with one choice for each delta."""
    choices = [{"index": i, "delta": d, "finish_reason": finish} for i, d in enumerate(deltas)]
    return frame({"id": "c-1", "created": 7, "model": "m-7", "choices": choices, **fields})


def client(body: bytes, kind: str, status: int = 200) -> openai.OpenAI:
    """The official client, at the other end of these bytes."""
    answer = httpx2.Response(status, content=body, headers={"content-type": kind})
    transport = httpx2.MockTransport(lambda _: answer)
    return openai.OpenAI(
        api_key="none",
        base_url="http://test/v1",
        max_retries=0,
        http_client=httpx2.Client(transport=transport),
    )


def completed(body: bytes) -> ChatCompletion:
    """A whole answer, as the official client reads it."""
    with client(body, "application/json") as ours:
        return ours.chat.completions.create(model="m", messages=[HELLO])


def streamed(body: bytes) -> list[ChatCompletionChunk]:
    """A stream, as the official client reads it."""
    with client(body, WIRE.stream_type.decode()) as ours:
        stream = ours.chat.completions.create(model="m", messages=[HELLO], stream=True)
        return list(stream)


# --- requests


def test_roles_and_contents():
    """Every role and shape of content becomes a message; what is no text is named."""
    turn = asked(
        messages=[
            {"role": "developer", "content": "Be kind."},
            {"role": "system", "content": [{"type": "text", "text": "Be"}, "brief"]},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
            {"role": "tool", "content": "42", "tool_call_id": "1"},
            {"role": "function", "name": "f", "content": "43"},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
            {"role": "assistant", "refusal": "Never."},
            {"role": "observer", "content": "odd"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look"},
                    {"type": "image_url", "image_url": {"url": "data:,"}},
                    {"type": "input_audio", "input_audio": {}},
                    {"type": "file", "file": {}},
                    {"type": "hologram"},
                    {"type": "text", "text": "here"},
                ],
            },
        ]
    )
    assert turn.messages == (
        Message(Role.SYSTEM, "Be kind."),
        Message(Role.SYSTEM, "Be\nbrief"),
        Message(Role.ASSISTANT, ""),
        Message(Role.TOOL, "42"),
        Message(Role.TOOL, "43"),
        Message(Role.ASSISTANT, "No."),
        Message(Role.ASSISTANT, "Never."),
        Message(Role.USER, "odd"),
        Message(Role.USER, "Look\nhere"),
    )
    assert turn.unjudged == ("tool_result", "image", "audio", "file", "part")


def test_the_rest_of_a_request():
    """Who asks, in which conversation, for what; everything else is left to the backend."""
    turn = asked(
        user="u",
        metadata={"conversation_id": "c", "x": 1},
        stream=True,
        stream_options={"include_usage": True},
        n=3,
        temperature=0.3,
        tools=[{"type": "function", "function": {"name": "f", "Name": "g"}}],
        prediction={"type": "content", "content": "x"},
    )
    assert (turn.user, turn.conversation, turn.stream) == ("u", "c", True)
    assert turn.echo == {"model": "m", "n": 3, "usage": True}
    assert turn.unjudged == ("prediction",)
    assert asked(user="u", safety_identifier="s").user == "s"
    plain = asked(stream=None, n=None, metadata=None, stream_options={})
    assert plain == Asked(
        (Message(Role.USER, "Hello"),), echo={"model": "m", "n": 1, "usage": False}
    )
    assert [asked(n=n).echo["n"] for n in (0, True, "2", 129)] == [1] * 4
    assert asked(metadata={"conversation_id": 7}).conversation == "7"  # as home-made wires read it
    assert asked(metadata={"conversation_id": None}).conversation is None


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": {"conversation_id": ["c"]}},
        {"metadata": {"conversation_id": True}},
        {"messages": []},
        {"messages": "Hello"},
        {"messages": ["Hello"]},
        {"messages": [{"content": "Hello"}]},
        {"messages": [{"role": 1, "content": "Hello"}]},
        {"messages": [{"role": "user", "content": 7}]},
        {"messages": [{"role": "user", "content": {"text": "Hello"}}]},
        {"messages": [{"role": "user", "content": [7]}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": ["x"]}]}]},
        {"messages": [{"role": "user", "content": "a", "Content": "b"}]},
        {"messages": [{"role": "user", "CONTENT": "b"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "Text": "b"}]}]},
        {"user": 7},
        {"stream": "true"},
        {"stream": 1},
        {"model": ["m"]},
    ],
)
def test_refused_requests(fields: dict[str, Any]):
    """What a backend might read differently from us is refused."""
    with pytest.raises(WireError):
        asked(**fields)


# --- replies


EVERYTHING = {
    "role": "assistant",
    "content": "Hi",
    "reasoning_content": "hm",
    "reasoning": "hm",
    "refusal": "no",
    "tool_calls": [
        {"function": {"name": "f", "arguments": '{"a":1}'}},
        {"custom": {"name": "g", "input": "free"}},
        {"function": {"name": "h", "arguments": {"b": "你"}}},
    ],
    "function_call": {"name": "old", "arguments": "{}"},
    "audio": {"id": "a", "data": "AAAA", "transcript": " spoken"},
    "images": [{"type": "image_url"}],
    "annotations": [],
    "whisper": "psst",
    "odd": None,
}
SAID = [
    (Channel.REASONING, "hm"),
    (Channel.TEXT, "Hi"),
    (Channel.TEXT, " spoken"),
    (Channel.REFUSAL, "no"),
    *((Channel.TOOL, t) for t in ("f", '{"a":1}', "g", "free", "h", '{"b":"你"}', "old", "{}")),
]


def test_every_field_of_a_reply():
    """All text in its channel, in every choice; what is no text, or unknown, is named."""
    two = {"index": 4, "message": {"content": "two"}}
    choices = [{"index": 1, "message": EVERYTHING}, two, {"text": "old"}]
    reply = WIRE.read_reply(json.dumps({"choices": choices}).encode())
    assert reply.pieces == (
        *(Piece(1, channel, text) for channel, text in SAID),
        Piece(4, Channel.TEXT, "two"),
        Piece(2, Channel.TEXT, "old"),
    )
    assert reply.unjudged == ("audio", "image", "field:whisper")


def test_every_field_of_a_chunk():
    """The same in a stream."""
    delta = WIRE.read_frame(chunk(EVERYTHING, {"content": "two"}, finish="stop"))
    assert delta.pieces == (
        *(Piece(0, channel, text) for channel, text in SAID),
        Piece(1, Channel.TEXT, "two"),
    )
    assert (delta.finished, delta.done) == ((0, 1), False)
    assert delta.unjudged == ("audio", "image", "field:whisper")


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ({"reasoning": {"text": "hm"}}, "hm"),
        ({"reasoning": {"summary": [{"text": "h"}, {"text": "m"}]}}, "hm"),
        ({"reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": "x"}]}, "hm"),
        ({"thinking": "hm"}, "hm"),
        ({"thinking_blocks": [{"type": "thinking", "thinking": "hm"}], "reasoning": "hm"}, "hm"),
        ({"reasoning": "a", "reasoning_content": "b"}, "ba"),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}, "hm"),
    ],
)
def test_dialects_of_reasoning(field: dict[str, Any], expected: str):
    """Reasoning is read wherever servers put it, and once if they put it twice."""
    pieces = WIRE.read_frame(chunk(field)).pieces
    assert {p.channel for p in pieces} == {Channel.REASONING}
    assert "".join(p.text for p in pieces) == expected


def test_contents_in_parts():
    """Content that is a list of parts is read part by part."""
    parts = [
        "a",
        {"type": "text", "text": "b"},
        {"type": "refusal", "refusal": "c"},
        {"type": "image"},
        7,
    ]
    delta = WIRE.read_frame(chunk({"content": parts}))
    assert [(p.channel, p.text) for p in delta.pieces] == [
        (Channel.TEXT, "a"),
        (Channel.TEXT, "b"),
        (Channel.REFUSAL, "c"),
    ]
    assert delta.unjudged == ("image", "part")


@pytest.mark.parametrize(
    "choice",
    [
        7,
        {"message": "Hi"},
        {"message": {"content": 7}},
        {"message": {"refusal": ["x"]}},
        {"message": {"tool_calls": {"function": {}}}},
        {"message": {"tool_calls": ["x"]}},
        {"message": {"tool_calls": [{"function": {"arguments": 7}}]}},
        {"text": {}},
    ],
)
def test_unreadable_choices(choice: Any):
    """A whole reply with text in an unknown shape is refused; a chunk is judged as it stands."""
    body = json.dumps({"choices": [choice]})
    with pytest.raises(ReplyError):
        WIRE.read_reply(body.encode())
    body = body.replace("message", "delta")
    assert WIRE.read_frame(Frame(b"", body.encode())) == Delta(
        (Piece(0, Channel.TEXT, body),), unjudged=("frame",)
    )


def test_frames_without_text():
    """Roles, usage, filters' notes and the terminator carry nothing to judge."""
    for quiet in (
        chunk({"role": "assistant", "content": ""}),
        chunk({}),
        chunk(),
        chunk(usage={"total_tokens": 3}),
        frame({"object": "chat.completion.chunk", "usage": {"total_tokens": 3}}),
    ):
        assert WIRE.read_frame(quiet) == Delta()
    assert WIRE.read_frame(Frame(b"", b"[DONE]")) == Delta(done=True)
    assert WIRE.read_frame(Frame(b"", b"[DONE] evil")).pieces[0].text == "[DONE] evil"
    assert WIRE.read_frame(chunk({"content": None}, finish="length")) == Delta(finished=(0,))


def test_errors_are_judged():
    """An error that a backend reports with status 200 is text that somebody may see."""
    error = {"error": {"message": "evil"}}
    assert WIRE.read_frame(frame(error)).pieces[0].text == json.dumps(error)
    beside = WIRE.read_frame(chunk({"content": "a"}, error=error["error"]))
    assert [p.text for p in beside.pieces] == ["a", '{"message":"evil"}']
    assert beside.unjudged == ("error",)
    reply = WIRE.read_reply(json.dumps(error).encode())
    assert (reply.pieces[0].text, reply.unjudged) == (json.dumps(error), ("error",))


def test_a_second_text_beside_the_delta_is_named():
    """Some backends repeat the message in the chunk; it is not shown, but it is not passed over."""
    choice = {"index": 0, "delta": {"content": "a"}, "message": {"content": "a"}}
    assert WIRE.read_frame(frame({"choices": [choice]})).unjudged == ("field:message",)


def test_half_an_emoji():
    """Backends that count in UTF-16 cut emoji in two; that makes no frame unreadable."""
    body = b'{"choices":[{"index":0,"delta":{"content":"a\\ud83d"}}]}'
    assert WIRE.read_frame(Frame(b"", body)).pieces == (Piece(0, Channel.TEXT, "a\ufffd"),)


# --- answers, read by the official client


def test_whole_answer():
    """The official client reads our answer: as many choices as asked for, content filter, no usage."""
    turn = asked(n=2)
    turn.echo["now"] = 1_800_000_000
    answer = completed(WIRE.write_reply(turn, WORDS))
    assert (answer.id, answer.model, answer.created) == (
        "chatcmpl-guardrail-d-1",
        "m",
        1_800_000_000,
    )
    assert [(c.index, c.message.content, c.finish_reason) for c in answer.choices] == [
        (0, WORDS.text, "content_filter"),
        (1, WORDS.text, "content_filter"),
    ]
    assert answer.usage is not None
    assert answer.usage.total_tokens == 0


def test_whole_answer_in_place_of_another():
    """What the backend's answer cost and was called is kept, and none of its words."""
    original = {
        "id": "c-1",
        "created": 7,
        "model": "m-7",
        "choices": [{"index": 0, "message": {"content": "evil"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
    body = WIRE.write_reply(asked(), WORDS, json.dumps(original).encode())
    answer = completed(body)
    assert (answer.id, answer.model, answer.created) == ("c-1", "m-7", 7)
    assert answer.usage is not None
    assert answer.usage.total_tokens == 3
    assert b"evil" not in body


def test_words_after_a_whole_answer():
    """Words follow in every choice, whatever shape its content has; finish reasons stay."""
    contents = ["Hi", None, [{"type": "text", "text": "Hi"}]]
    choices: list[dict[str, Any]] = [
        {"index": i, "message": {"role": "assistant", "content": c}, "finish_reason": "length"}
        for i, c in enumerate(contents)
    ]
    original = {"id": "c", "choices": [*choices, {"index": 3}], "x": {"y": [1.5, None]}}
    body = json.loads(WIRE.write_reply(asked(n=4), AFTER, json.dumps(original).encode()))
    assert [c["message"]["content"] for c in body["choices"]] == [
        "Hi\n\nRest well.",
        "Rest well.",
        [{"type": "text", "text": "Hi"}, {"type": "text", "text": "Rest well."}],
        "Rest well.",
    ]
    assert body["x"] == original["x"]
    assert body["choices"][0]["finish_reason"] == "length"
    assert completed(WIRE.write_reply(asked(), AFTER)).choices[0].finish_reason == "stop"


def test_stream_of_our_own():
    """A stream that the backend had no part in is complete: role, words, finish, usage, end."""
    turn = asked(stream=True, n=2, stream_options={"include_usage": True})
    body = WIRE.write_frames(turn, WORDS, None)
    assert body.endswith(b"data: [DONE]\n\n")
    chunks = streamed(body)
    assert {c.id for c in chunks} == {"chatcmpl-guardrail-d-1"}
    for index in (0, 1):
        mine = [c.choices[0] for c in chunks if c.choices and c.choices[0].index == index]
        assert [(c.delta.role, c.delta.content, c.finish_reason) for c in mine] == [
            ("assistant", WORDS.text, None),
            (None, None, "content_filter"),
        ]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None


@pytest.mark.parametrize(
    ("last", "gap", "role"),
    [
        (chunk({"content": "Hello"}), "\n\n", None),
        (chunk({}), "\n\n", None),
        (chunk({"role": "assistant", "content": ""}), "", None),
        (chunk({"reasoning": "hm"}), "", None),
        (Frame(b": hello\n\n"), "", "assistant"),
        (frame({"choices": 7}), "", "assistant"),
    ],
)
def test_rest_of_a_stream(last: Frame, gap: str, role: str | None):
    """Our words go on where the stream was left, and stand apart from the bot's."""
    first, finish = streamed(WIRE.write_frames(asked(stream=True), WORDS, last))
    assert (first.choices[0].delta.content, first.choices[0].delta.role) == (gap + WORDS.text, role)
    assert finish.choices[0].finish_reason == "content_filter"
    if gap:
        assert (first.id, first.created, first.model) == ("c-1", 7, "m-7")


def test_known_usage_is_kept():
    """If the last chunk told what the answer cost so far, the end tells it again."""
    turn = asked(stream=True, stream_options={"include_usage": True})
    last = chunk(
        {"content": "a"}, usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    )
    end = streamed(WIRE.write_frames(turn, WORDS, last))[-1]
    assert end.usage is not None
    assert end.usage.total_tokens == 3


def test_words_before_the_finish():
    """Words that follow the reply are text alone, so that the bot's own finish can come."""
    body = WIRE.write_frames(asked(stream=True), AFTER, chunk({"content": "Hi."}))
    (only,) = streamed(body + b"data: [DONE]\n\n")
    assert (only.choices[0].delta.content, only.choices[0].finish_reason) == (
        "\n\nRest well.",
        None,
    )
    assert b"[DONE]" not in body


def test_errors_for_the_official_client():
    """The official client raises its own errors from ours, whole and in a stream."""
    for status, kind in (
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (502, openai.InternalServerError),
    ):
        body = WIRE.write_error(status, "some_code", "It failed.")
        with (
            client(body, "application/json", status) as ours,
            pytest.raises(kind, match="It failed") as caught,
        ):
            ours.chat.completions.create(model="m", messages=[HELLO])
        assert caught.value.code == "some_code"
    with pytest.raises(openai.APIError, match="It broke off"):
        streamed(WIRE.write_broken("upstream_broken", "It broke off."))
