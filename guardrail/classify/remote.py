"""A classifier behind HTTP: an OpenAI-shaped moderation endpoint or a KServe v2 model server.

What goes out is the judged text alone, without context and without anybody's id. What comes back
must be whole: one result for each text and a score for each label that was asked for, or the call
has failed. A service that answers less than it was asked is never taken for one that found nothing.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

import httpx

from guardrail.classify.base import Utterance
from guardrail.classify.text import normalise
from guardrail.errors import ClassifierError, ConfigError, Mistake
from guardrail.turn import Label, Signal

__all__ = ["RemoteClassifier", "Shape"]

Shape = Literal["openai", "kserve"]
Scores = list[Mapping[str, Any]]  # per text: foreign label → score, still as it came

FLOOR = 0.01  # lower scores are not worth a signal


class RemoteClassifier:
    """Asks a service for scores.

    `labels` says which of its labels mean which of ours; several may mean the same, then the highest
    counts. For KServe a foreign label is the name of an output, or `name.2` for its third column.

    A caller's `client` is used as it is and is the caller's to close. Our own one reads no proxy
    settings from the environment.
    """

    name = "remote"

    def __init__(
        self,
        url: str,
        *,
        shape: Shape = "openai",
        labels: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        timeout: float = 1.0,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        """Take the settings; nothing is asked yet.

        Raises:
            ConfigError: there is no usable address, or a label is not one of ours.
        """
        _check(url, labels)
        self._url, self._protocol, self._labels = url, PROTOCOLS[shape], dict(labels)
        self._headers, self._timeout = dict(headers or {}), timeout
        self._client = client or httpx.AsyncClient(trust_env=False)
        self._owned = client is None
        self._version = f"{shape}:{httpx.URL(url).host}"

    @property
    def version(self) -> str:
        """The model that the last answer named; before the first, the shape and the host."""
        return self._version

    async def classify(self, batch: tuple[Utterance, ...]) -> tuple[tuple[Signal, ...], ...]:
        """Score each utterance in one request; those without any text are not sent.

        Raises:
            ClassifierError: "timeout", "connection", "http_503" and the like, "malformed" for an
                answer that is not what was asked for, "closed" after `close`.
        """
        texts = [normalise(said.text) for said in batch]
        asked = [text for text in texts if text]
        if not asked:
            return tuple(() for _ in texts)
        answer = await self._ask(self._protocol.request(asked))
        try:
            scores, version = self._protocol.read(answer, len(asked))
            found = iter([self._signals(each, version or self._version) for each in scores])
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ClassifierError("malformed", type(error).__name__) from error
        self._version = version or self._version
        return tuple(next(found) if text else () for text in texts)

    async def close(self) -> None:
        """Close our own client."""
        if self._owned:
            await self._client.aclose()

    async def _ask(self, body: Mapping[str, Any]) -> Any:
        """The parsed answer; messages of errors may quote addresses, so only their kind goes on."""
        if self._client.is_closed:
            raise ClassifierError("closed")
        try:
            async with asyncio.timeout(self._timeout):
                reply = await self._client.post(
                    self._url,
                    json=body,
                    headers=self._headers,
                    timeout=self._timeout,
                    follow_redirects=False,
                )
        except (TimeoutError, httpx.TimeoutException) as error:
            raise ClassifierError("timeout") from error
        except httpx.DecodingError as error:
            raise ClassifierError("malformed", type(error).__name__) from error
        except (httpx.HTTPError, OSError) as error:
            raise ClassifierError("connection", type(error).__name__) from error
        if reply.status_code != HTTPStatus.OK:
            raise ClassifierError(f"http_{reply.status_code}")
        try:
            return json.loads(reply.content)
        except (ValueError, RecursionError) as error:
            raise ClassifierError("malformed", type(error).__name__) from error

    def _signals(self, scores: Mapping[str, Any], version: str) -> tuple[Signal, ...]:
        best: dict[str, float] = {}
        for foreign, ours in self._labels.items():
            best[ours] = max(_score(scores[foreign]), best.get(ours, 0.0))
        return tuple(
            Signal(label, score, self.name, version)
            for label, score in best.items()
            if score >= FLOOR
        )


# -- the shapes --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Protocol:
    """How to ask, and how to read the scores and the model's name out of the answer.

    Readers take what they need by name and index; whatever is not there raises as Python does.
    """

    request: Callable[[list[str]], Mapping[str, Any]]
    read: Callable[[Any, int], tuple[Scores, str]]


def _ask_openai(texts: list[str]) -> Mapping[str, Any]:
    return {"input": texts}


def _read_openai(answer: Any, count: int) -> tuple[Scores, str]:
    scores = [result["category_scores"] for result in answer["results"]]
    _same(len(scores), count)
    return scores, _word(answer.get("model"))


def _ask_kserve(texts: list[str]) -> Mapping[str, Any]:
    inputs = {"name": "text", "shape": [len(texts)], "datatype": "BYTES", "data": texts}
    return {"inputs": [inputs]}


def _read_kserve(answer: Any, count: int) -> tuple[Scores, str]:
    scores: list[dict[str, Any]] = [{} for _ in range(count)]
    for output in answer["outputs"]:
        rows, *columns = output["shape"]
        width = math.prod(columns)
        _same(rows, count)
        _same(len(output["data"]), rows * width)
        for place, value in enumerate(output["data"]):
            row, column = divmod(place, width)
            scores[row][f"{output['name']}.{column}"] = value
            if width == 1:
                scores[row][output["name"]] = value
    version = f"{_word(answer.get('model_name'))}:{_word(answer.get('model_version'))}"
    return list(scores), version.strip(":")


PROTOCOLS: Mapping[Shape, _Protocol] = {
    "openai": _Protocol(_ask_openai, _read_openai),
    "kserve": _Protocol(_ask_kserve, _read_kserve),
}


def _same(found: int, asked: int) -> None:
    if found != asked:
        raise ValueError(f"{found} instead of {asked}")


def _score(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError("not a score")  # NaN, too
    return float(value)


def _word(value: Any) -> str:
    """A model's name or version as far as it may stand in records: short and printable."""
    return value[:64] if isinstance(value, str) and value.isprintable() else ""


def _check(url: str, labels: Mapping[str, str]) -> None:
    mistakes = []
    if not re.match(r"https?://[^/?#\s]+[^\s]*\Z", url):
        hint = "such as https://moderation.example/v1/moderations"
        mistakes.append(Mistake("classifier.model", 0, "must be an http:// or https:// URL", hint))
    if not labels:
        hint = "give each label of the service that matters one of ours"
        mistakes.append(Mistake("classifier.labels", 0, "a remote classifier needs them", hint))
    for foreign, ours in labels.items():
        if ours not in list(Label):
            hint = f"one of {', '.join(Label)}"
            mistakes.append(Mistake("classifier.labels", 0, f"{foreign}: {ours} is unknown", hint))
    if mistakes:
        raise ConfigError(mistakes)
