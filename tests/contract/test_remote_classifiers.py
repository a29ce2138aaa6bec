"""What every Classifier promises, asked of remote ones; the services are real small servers."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from guardrail._asgi import Receive, Scope, Send, read_body, respond
from guardrail.classify.base import Utterance
from guardrail.classify.remote import RemoteClassifier
from guardrail.errors import ClassifierError, ConfigError
from guardrail.turn import Message, Role
from tests.servers import serve, tcp

Spoil = Callable[[Any], Any]

LABELS = {"self-harm": "self_harm", "self-harm/intent": "self_harm", "violence": "violence"}
OUTPUTS = {"harm.0": "self_harm", "harm.2": "self_harm", "violence": "violence"}
TEXTS = (
    "hi",
    "i want to kill myself",
    "",
    "😭" * 20,
    "我不想活了",
    "\u200b",
    "kill " * 900,
    "\ud83d",
)
BATCH = tuple(Utterance(text, role) for text in TEXTS for role in (Role.USER, Role.ASSISTANT))


class Service:
    """Answers in both shapes. A text's score is how often it says "kill", or dies."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """As new: one server serves all tests of this file."""
        self.asked: list[tuple[dict[bytes, bytes], Any]] = []
        self.spoil: Spoil = lambda answer: answer  # what goes wrong with a sound answer
        self.status = 200
        self.wait = 0.0
        self.hung_up = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        question = json.loads(await read_body(receive, limit=1_000_000, seconds=5))
        self.asked.append((dict(scope["headers"]), question))
        if self.wait and not await self._waited(receive):
            return
        shape = self._openai if scope["path"] == "/v1/moderations" else self._kserve
        answer = self.spoil(shape(question))
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        await respond(send, self.status, body, headers=[(b"location", b"/v1/moderations")])

    async def _waited(self, receive: Receive) -> bool:
        try:
            async with asyncio.timeout(self.wait):
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            return True
        self.hung_up.set()
        return False

    def _openai(self, question: Any) -> Any:
        results = []
        for text in question["input"]:
            scores = {"self-harm": 0.001, "self-harm/intent": harm(text), "violence": 0.0}
            results.append({"flagged": False, "categories": {}, "category_scores": scores})
        return {"id": "modr-1", "model": "omni-1", "results": results}

    def _kserve(self, question: Any) -> Any:
        (asked,) = question["inputs"]
        assert asked["shape"] == [len(asked["data"])]
        flat = [score for text in asked["data"] for score in (0.001, 0.5, harm(text))]
        count = len(asked["data"])
        return {
            "model_name": "omni",
            "model_version": "1",
            "outputs": [
                {"name": "harm", "shape": [count, 3], "datatype": "FP32", "data": flat},
                {"name": "violence", "shape": [count, 1], "datatype": "FP32", "data": [0] * count},
            ],
        }


def harm(text: str) -> float:
    """The service's opinion."""
    return min(0.9, 0.45 * (text.count("kill") + text.count("不想活") * 2))


SHAPES = {"openai": ("/v1/moderations", LABELS), "kserve": ("/v2/models/omni/infer", OUTPUTS)}


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Service, str]]:
    """One service for the whole file."""
    service = Service()
    with serve(service, lifespan="off", proxy_headers=False) as url:
        yield service, url


@pytest.fixture
def service(running: tuple[Service, str]) -> Service:
    """The service, in good health."""
    running[0].renew()
    return running[0]


@pytest.fixture(params=SHAPES)
async def classifier(
    request: pytest.FixtureRequest, running: tuple[Service, str], service: Service
) -> AsyncIterator[RemoteClassifier]:
    """Each shape in turn."""
    path, labels = SHAPES[request.param]
    headers = {"authorization": "Bearer secret"}
    made = RemoteClassifier(
        running[1] + path, shape=request.param, labels=labels, headers=headers, timeout=0.5
    )
    yield made
    await made.close()


async def failure(classifier: RemoteClassifier) -> str:
    """The kind of failure that a call ends in."""
    with pytest.raises(ClassifierError) as caught:
        await classifier.classify(BATCH)
    return caught.value.kind


# -- the contract ------------------------------------------------------------------------------


async def test_one_answer_each_in_order(classifier: RemoteClassifier, service: Service) -> None:
    """A batch gives one tuple per utterance, the same as one by one, and is one request."""
    together = await classifier.classify(BATCH)
    assert len(together) == len(BATCH)
    assert len(service.asked) == 1
    for said, answer in zip(BATCH, together, strict=True):
        assert (await classifier.classify((said,))) == (answer,)


async def test_signals_are_well_formed(classifier: RemoteClassifier) -> None:
    """Scores are in 0..1; every signal names the source and the model that answered."""
    answers = await classifier.classify(BATCH)
    signals = [signal for answer in answers for signal in answer]
    assert {signal.source for signal in signals} == {"remote"}
    assert {signal.version for signal in signals} == {classifier.version}
    assert classifier.version in ("omni-1", "omni:1")
    assert [s.score for s in answers[2] if s.label == "self_harm"] == [0.45]
    assert answers[0] == ()


async def test_the_version_before_the_first_answer(running: tuple[Service, str]) -> None:
    """It names the shape and the host, never the secrets in an address."""
    address = running[1].replace("//", "//user:secret@")
    classifier = RemoteClassifier(address, labels=LABELS)
    assert classifier.version == "openai:127.0.0.1"
    await classifier.close()


async def test_many_tasks_at_once(classifier: RemoteClassifier) -> None:
    """Shared by many tasks, it gives each the answer it would have had alone."""
    alone = await classifier.classify(BATCH[:4])
    many = await asyncio.gather(*(classifier.classify(BATCH[:4]) for _ in range(8)))
    assert all(answer == alone for answer in many)


async def test_cancelling_is_safe(classifier: RemoteClassifier, service: Service) -> None:
    """The service hears a hang-up; the next call is answered as ever."""
    service.wait = 5.0
    work = asyncio.ensure_future(classifier.classify(BATCH))
    while not service.asked:
        await asyncio.sleep(0.01)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert await asyncio.to_thread(service.hung_up.wait, 5)
    service.wait = 0.0
    assert len(await classifier.classify(BATCH[:1])) == 1


async def test_closing(classifier: RemoteClassifier) -> None:
    """Closing again does nothing; asking afterwards is a ClassifierError."""
    await classifier.close()
    await classifier.close()
    assert await failure(classifier) == "closed"


# -- what is asked -----------------------------------------------------------------------------


async def test_only_the_texts_go_out(classifier: RemoteClassifier, service: Service) -> None:
    """Normalised, without what was said before; the key goes along; silence is not asked about."""
    before = (Message(Role.USER, "my name is Ada"),)
    said = (Utterance("k\u200bill  me", Role.USER, before), Utterance(" ", Role.USER))
    answers = await classifier.classify(said)
    assert len(answers) == 2
    assert answers[1] == ()
    headers, question = service.asked[0]
    assert headers[b"authorization"] == b"Bearer secret"
    assert question.get("input") == ["kill me"] or question["inputs"][0]["data"] == ["kill me"]
    assert "Ada" not in str(question)
    assert await classifier.classify(said[1:]) == ((),)
    assert await classifier.classify(()) == ()
    assert len(service.asked) == 1


async def test_a_callers_client(running: tuple[Service, str], service: Service) -> None:
    """It is used with what it brings, and stays open."""
    async with httpx.AsyncClient(headers={"x-tenant": "7"}) as client:
        url = running[1] + "/v1/moderations"
        classifier = RemoteClassifier(url, labels=LABELS, client=client)
        await classifier.classify(BATCH[:1])
        await classifier.close()
        assert service.asked[0][0][b"x-tenant"] == b"7"
        assert not client.is_closed


# -- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [201, 204, 301, 307, 400, 401, 429, 500, 503])
async def test_any_other_status_is_a_failure(
    classifier: RemoteClassifier, service: Service, status: int
) -> None:
    """Also redirects, which are never followed."""
    service.status = status
    service.spoil = lambda answer: b"" if status == 204 else answer
    assert await failure(classifier) == f"http_{status}"
    assert len(service.asked) == 1


async def test_a_service_that_thinks_too_long(
    classifier: RemoteClassifier, service: Service
) -> None:
    """The deadline covers the whole call."""
    service.wait = 5.0
    began = time.monotonic()
    assert await failure(classifier) == "timeout"
    assert time.monotonic() - began < 1.0


async def test_a_service_that_trickles() -> None:
    """Also when bytes keep coming."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(100):
            writer.write(b" ")
            await asyncio.sleep(0.02)

    with tcp(handler) as url:
        classifier = RemoteClassifier(url, labels=LABELS, timeout=0.2)
        assert await failure(classifier) == "timeout"
        await classifier.close()


async def test_nobody_there() -> None:
    """A refused connection."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        classifier = RemoteClassifier(url, labels=LABELS)
        assert await failure(classifier) == "connection"
        await classifier.close()


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "connection"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", "connection"),
        (b"SSH-2.0\r\n\r\n", "connection"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}", "malformed"),
    ],
)
async def test_a_server_that_goes_wrong(raw: bytes, kind: str) -> None:
    """Whatever it sends, it is a ClassifierError."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)

    with tcp(handler) as url:
        classifier = RemoteClassifier(url, labels=LABELS)
        assert await failure(classifier) == kind
        await classifier.close()


def _first(answer: Any) -> tuple[Any, Any]:
    """The first text's scores, wherever the shape keeps them."""
    if "results" in answer:
        return answer["results"][0]["category_scores"], "violence"
    return answer["outputs"][1]["data"], 0


def _with_score(value: Any) -> Spoil:
    def spoil(answer: Any) -> Any:
        place, key = _first(answer)
        place[key] = value
        return answer

    return spoil


def _without_last(answer: Any) -> Any:
    rows = answer.get("results") or answer["outputs"][0]["data"]
    rows.pop()
    return answer


def _with_one_more(answer: Any) -> Any:
    rows = answer.get("results") or answer["outputs"][0]["data"]
    rows.append(rows[0])
    return answer


def _without_a_label(answer: Any) -> Any:
    if "results" in answer:
        del answer["results"][-1]["category_scores"]["self-harm"]
    else:
        answer["outputs"].pop(0)
    return answer


SPOILT: dict[str, Spoil] = {
    "no JSON": lambda _: b"<html>",
    "empty": lambda _: b"",
    "not UTF-8": lambda _: b'"\xff"',
    "too deep": lambda _: b"[" * 100_000,
    "null": lambda _: None,
    "a list": lambda _: [],
    "no results": lambda _: {"results": [], "outputs": []},
    "strange results": lambda _: {"results": 3, "outputs": 3},
    "one too few": _without_last,
    "one too many": _with_one_more,
    "a label missing": _without_a_label,
    "NaN": _with_score(float("nan")),
    "too high": _with_score(1.5),
    "negative": _with_score(-0.1),
    "a word": _with_score("0.5"),
    "a boolean": _with_score(True),
    "nothing": _with_score(None),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
async def test_less_than_everything_is_a_failure(
    classifier: RemoteClassifier, service: Service, spoil: Spoil
) -> None:
    """Partial, missing or odd results are never taken for clean ones."""
    service.spoil = spoil
    assert await failure(classifier) == "malformed"


@pytest.mark.parametrize(
    ("url", "labels", "count"),
    [
        ("", LABELS, 1),
        ("companion-v1", LABELS, 1),
        ("file:///etc/passwd", LABELS, 1),
        ("http://", LABELS, 1),
        ("http://host/a b", LABELS, 1),
        ("http://host", {}, 1),
        ("nowhere", {"hate": "hatred", "x": "y"}, 3),
    ],
)
def test_settings_are_checked(url: str, labels: dict[str, str], count: int) -> None:
    """All mistakes at once, before anything is asked."""
    with pytest.raises(ConfigError) as caught:
        RemoteClassifier(url, labels=labels)
    assert len(caught.value.mistakes) == count
