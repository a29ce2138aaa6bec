"""The demo companion, driven by the official OpenAI client over a real socket, and by hand."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from openai import AsyncOpenAI, BadRequestError, NotFoundError
from openai.types.chat import ChatCompletionChunk

from guardrail.demo.companion import Companion
from guardrail.demo.scripts import personas, pieces

LANGUAGES = ("en", "zh")


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A companion on an ephemeral loopback port."""
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Companion(pace=0), log_config=None))
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.005)
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    await task


@pytest.fixture
async def client(address: str) -> AsyncIterator[AsyncOpenAI]:
    """The official client."""
    async with AsyncOpenAI(api_key="any", base_url=f"{address}/v1", max_retries=0) as openai:
        yield openai


def ask(text: str, model: str = "mei", **more: Any) -> dict[str, Any]:
    """The arguments of a completion."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


async def told(stream: Any) -> tuple[dict[int, str], list[ChatCompletionChunk]]:
    """What each choice of a stream said, and all chunks."""
    said: dict[int, str] = {}
    chunks = [chunk async for chunk in stream]
    for chunk in chunks:
        for choice in chunk.choices:
            said[choice.index] = said.get(choice.index, "") + (choice.delta.content or "")
    return said, chunks


async def test_whole(client: AsyncOpenAI) -> None:
    """A whole answer has text, a finish reason and usage that adds up."""
    reply = await client.chat.completions.create(**ask("Good night!"))
    assert reply.object == "chat.completion"
    assert reply.choices[0].message.content in personas()["mei"].say["goodbye"]["en"]
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply.usage.prompt_tokens == 2


@pytest.mark.parametrize("text", ["Good night!", "晚安！"])
async def test_the_stream_says_what_the_whole_answer_says(client: AsyncOpenAI, text: str) -> None:
    """The same text gets the same answer, in its own language, however it is sent."""
    whole = await client.chat.completions.create(**ask(text, "kai"))
    said, chunks = await told(await client.chat.completions.create(**ask(text, "kai", stream=True)))
    assert said[0] == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert len({chunk.id for chunk in chunks}) == 1
    assert len(chunks) > 8
    assert all(chunk.usage is None for chunk in chunks)


async def test_usage_comes_last_when_asked_for(client: AsyncOpenAI) -> None:
    """`stream_options.include_usage` adds one chunk without choices."""
    stream = await client.chat.completions.create(
        **ask("hello", stream=True, stream_options={"include_usage": True})
    )
    _, chunks = await told(stream)
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0


async def test_two_choices_differ_and_interleave(client: AsyncOpenAI) -> None:
    """n=2 gives two answers, whole and streamed."""
    whole = await client.chat.completions.create(**ask("再见", "kai", n=2))
    said, chunks = await told(
        await client.chat.completions.create(**ask("再见", "kai", n=2, stream=True))
    )
    assert [said[0], said[1]] == [choice.message.content for choice in whole.choices]
    assert said[0] != said[1]
    order = [choice.index for chunk in chunks for choice in chunk.choices]
    assert order[:6] == [0, 1, 0, 1, 0, 1]


async def test_models_are_the_personas(client: AsyncOpenAI) -> None:
    """Any client that lists models can pick one."""
    assert [model.id async for model in client.models.list()] == list(personas())


CUES = [
    ("kai", "goodbye", "I have to go to bed now, good night.", "我要去睡了，晚安。"),
    ("kai", "young", "I'm 13 years old and my mom says I should log off.", "我今年13岁，我妈说我该下线了。"),
    ("kai", "others", "I'm going to a party with my friends tonight.", "今晚我要跟朋友去聚会。"),
    ("lucky", "money", "Rent is due and I'm broke. Any idea?", "房租要交了，没钱了，怎么办？"),
    ("raven", "crisis", "Sometimes I want to disappear.", "有时候想消失。"),
    ("raven", "revenge", "I want revenge.", "我要报复。"),
    ("slow", "goodbye", "I'm off to bed, good night.", "我去睡觉了，晚安。"),
    ("honest", "crisis", "Sometimes I want to die.", "有时候我想死。"),
    ("mei", "goodbye", "I'm going to bed now, good night!", "我要去睡了，晚安！"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "cue", "english", "chinese"), CUES)
def test_each_cue_brings_out_its_lines(who: str, cue: str, english: str, chinese: str) -> None:
    """The words promised in the docstring work in both languages."""
    persona = personas()[who]
    assert persona.answer(english) in persona.say[cue]["en"]
    assert persona.answer(chinese) in persona.say[cue]["zh"]


def test_an_idiom_is_no_cue() -> None:
    """The hard negative among the suggestions stays harmless on both sides."""
    raven = personas()["raven"]
    assert raven.answer("This exam is killing me, I'm dead lol") in raven.otherwise["en"]
    assert raven.answer("这考试要把我考死了，笑死") in raven.otherwise["zh"]


def test_everything_is_said_in_both_languages() -> None:
    """No persona, suggestion or line exists in one language only."""
    for persona in personas().values():
        blocks = [persona.name, persona.about, persona.otherwise]
        blocks += [*persona.lines, *persona.say.values()]
        assert all(set(block) == set(LANGUAGES) and all(block.values()) for block in blocks)
        assert set(persona.say) <= set(persona.cues)


@pytest.mark.parametrize("text", ["One two three four five six seven.", "一二三四五六七八九十。"])
def test_pieces_are_small_and_whole(text: str) -> None:
    """Nothing is lost between the pieces, and each is the size a model would send."""
    cut = pieces(text)
    assert "".join(cut) == text
    assert len(cut) > 1
    assert all(len(piece) <= 6 or len(piece.split()) <= 3 for piece in cut)


async def test_what_was_meant_can_be_looked_up(client: AsyncOpenAI, address: str) -> None:
    """By completion id, or by the request id that the caller chose."""
    reply = await client.chat.completions.create(
        **ask("good night", "kai"), extra_headers={"x-request-id": "turn-7"}
    )
    async with httpx.AsyncClient(base_url=address) as http:
        by_id = (await http.get("/said", params={"id": reply.id})).json()
        by_request = (await http.get("/said", params={"id": "turn-7"})).json()
        missing = await http.get("/said", params={"id": "nobody"})
    assert by_id["said"] == by_request["said"] == [reply.choices[0].message.content]
    assert missing.status_code == 404


async def test_only_the_last_fifty_are_kept() -> None:
    """The memory is small and forgets."""
    companion = Companion(pace=0)
    transport = httpx.ASGITransport(companion)
    async with httpx.AsyncClient(transport=transport, base_url="http://demo") as http:
        for n in range(60):
            await http.post(
                "/v1/chat/completions", json=ask("hi"), headers={"x-request-id": str(n)}
            )
    assert companion.said("0") is None
    assert companion.said("59") is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"model": "mei"}', 400),
        (b'{"model": "gpt", "messages": []}', 404),
        (b'{"model": "mei", "messages": []}', 400),
        (b'{"model": "mei", "messages": [{"role": "user", "content": "x"}], "n": 99}', 400),
    ],
)
async def test_unfit_requests_get_an_openai_error(body: bytes, status: int) -> None:
    """Errors have the shape that client libraries read."""
    transport = httpx.ASGITransport(Companion(pace=0))
    async with httpx.AsyncClient(transport=transport, base_url="http://demo") as http:
        answer = await http.post("/v1/chat/completions", content=body)
        nowhere = await http.get("/nowhere")
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert nowhere.status_code == 404


async def test_client_library_understands_the_errors(client: AsyncOpenAI) -> None:
    """Unknown model and bad parameters raise the right exceptions."""
    with pytest.raises(NotFoundError):
        await client.chat.completions.create(**ask("hi", "nobody"))
    with pytest.raises(BadRequestError):
        await client.chat.completions.create(**ask("hi", n=50))


async def test_text_in_parts_is_read() -> None:
    """Content may be a list of parts; only text counts."""
    parts = [{"type": "text", "text": "晚安"}, {"type": "image_url", "image_url": {"url": "x"}}]
    body = {"model": "mei", "messages": [{"role": "user", "content": parts}]}
    transport = httpx.ASGITransport(Companion(pace=0))
    async with httpx.AsyncClient(transport=transport, base_url="http://demo") as http:
        answer = (await http.post("/v1/chat/completions", json=body)).json()
    assert answer["choices"][0]["message"]["content"] in personas()["mei"].say["goodbye"]["zh"]


async def test_a_stream_ends_when_the_listener_leaves() -> None:
    """After a hang-up the companion stops talking at once."""
    sent: list[dict[str, Any]] = []
    left = asyncio.Event()
    asked = [
        {
            "type": "http.request",
            "body": httpx.Request("POST", "http://x", json=ask("hi", stream=True)).content,
        }
    ]

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == 4:
            left.set()

    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": []}
    await Companion(pace=0.001)(scope, receive, send)
    assert 4 <= len(sent) <= 5
    assert b"[DONE]" not in sent[-1]["body"]
