"""The official client is the judge: it must be able to read everything we send."""

from __future__ import annotations

import pytest
from openai import APIError, AsyncOpenAI, BadRequestError

from guardrail.middleware import GuardrailMiddleware
from tests.faces.backend import Backend, chunk
from tests.here import serve_here

CRISIS = [{"role": "user", "content": "I want to kill myself"}]
HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture
def backend():
    """The chat backend behind the guard."""
    return Backend()


@pytest.fixture
async def client(make_guard, backend):
    """The official client, talking to a guarded server over a real socket."""
    app = GuardrailMiddleware(backend, guard=make_guard())
    async with (
        serve_here(app) as url,
        AsyncOpenAI(base_url=url + "/v1", api_key="k", max_retries=0) as made,
    ):
        yield made


async def test_a_whole_answer(client, backend):
    """Clean: what the backend said."""
    got = await client.chat.completions.create(model="m", messages=HELLO)
    assert got.choices[0].message.content == backend.reply
    assert got.usage.total_tokens == 7


async def test_a_whole_intervention(client):
    """Ours: content_filter, every choice asked for, usage of nothing."""
    got = await client.chat.completions.create(model="m", messages=CRISIS, n=2)
    assert [c.finish_reason for c in got.choices] == ["content_filter"] * 2
    assert "988" in got.choices[1].message.content
    assert got.usage.total_tokens == 0
    assert got.model == "m"


async def test_a_streamed_intervention_with_usage(client):
    """Role, words, finish, usage, terminator."""
    stream = await client.chat.completions.create(
        model="m", messages=CRISIS, stream=True, stream_options={"include_usage": True}
    )
    chunks = [c async for c in stream]
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert "988" in text
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "content_filter"
    assert chunks[-1].usage is not None
    assert len({c.id for c in chunks}) == 1


async def test_an_intervention_in_mid_stream(client, backend):
    """The stream goes on under its own id and ends in content_filter."""
    backend.parts = [
        chunk(None, role="assistant"),
        *[chunk(f"Word {n} and so on. ") for n in range(12)],
        chunk("you should kill yourself. "),
        chunk("never seen", finish="stop"),
        b"data: [DONE]\n\n",
    ]
    stream = await client.chat.completions.create(model="m", messages=HELLO, stream=True)
    chunks = [c async for c in stream]
    text = "".join(c.choices[0].delta.content or "" for c in chunks)
    assert text.startswith("Word 0 and so on. ")
    assert "kill" not in text
    assert "988" in text
    assert {c.id for c in chunks} == {"chatcmpl-1"}
    assert chunks[-1].choices[0].finish_reason == "content_filter"


async def test_a_broken_stream_is_an_error_to_the_client(client, backend):
    """Not a silent end: the client raises."""
    backend.parts, backend.breaks = [chunk("Half")], True
    stream = await client.chat.completions.create(model="m", messages=HELLO, stream=True)
    with pytest.raises(APIError):
        [c async for c in stream]


async def test_a_bad_request_is_a_bad_request(client):
    """The error is in the client's own shape."""
    with pytest.raises(BadRequestError) as caught:
        await client.chat.completions.create(model="m", messages="nonsense")
    assert "messages" in str(caught.value.body)
