"""Plays a written conversation against a guard, on a clock that the script turns.

What a classifier would find is written beside each line (`sees`, `bot_sees`; `sees_besides` for what
a line about somebody else says besides), so a scenario judges
policy, state, clock and delivery, and says the same whatever model is in use. The lexicon beneath
is the real one. Scores that are not written are 0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # its C parser reads the files in a tenth of the time

from guardrail.about import about
from guardrail.classify.base import Utterance
from guardrail.middleware import GuardrailMiddleware
from guardrail.turn import Level, Role, Signal
from tests.asgi import Call, call
from tests.faces.backend import Backend, chunk
from tests.scenarios.promises import Promises

__all__ = ["FOLDER", "Oracle", "Problem", "load", "play"]

FOLDER = Path(__file__).parent
PATH = "/v1/chat/completions"
_SPAN = re.compile(r"(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m)?\s*(?:(\d+)s)?")
_ALLOWED = {
    "after", "user", "sees", "sees_besides", "bot", "bot_sees", "stream", "device", "act", "expect",
}  # fmt: skip
_EXPECTED = {
    "rule", "bot_rule", "action", "shows", "hides", "bot_arrives", "notices", "no_notices",
    "danger", "suppresses", "severity", "unseen",
}  # fmt: skip


class Problem(AssertionError):
    """What did not go as written."""


class Oracle:
    """A classifier that finds what the script says stands in a text."""

    def __init__(self) -> None:
        self.known: dict[tuple[Role, str], Mapping[str, Any]] = {}

    async def classify(self, batch: tuple[Utterance, ...]) -> tuple[tuple[Signal, ...], ...]:
        return tuple(self._signals(said) for said in batch)

    async def close(self) -> None:
        """Nothing to let go."""

    def _signals(self, said: Utterance) -> tuple[Signal, ...]:
        """Windows of a stream are parts of the text: a part that is long enough has its scores."""
        text, bot = said.text.strip(), said.role is Role.ASSISTANT
        for (role, whole), found in self.known.items():
            if role is said.role and (text == whole or (bot and len(text) > 12 and text in whole)):
                return tuple(_signal(name, value) for name, value in found.items() if name != "level")  # fmt: skip
        return ()


def _signal(name: str, value: Any) -> Signal:
    score, level = (value, None) if isinstance(value, int | float) else (value[0], Level(value[1]))
    return Signal(name, float(score), source="oracle", level=level)


class _Loader(yaml.CSafeLoader):  # type: ignore[misc]
    """Plain words are what YAML 1.2 says: `on` is a key of ours, no truth."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - so named by the library

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), (keys, str(node.start_mark))
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), "tf")
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"[-+]?[0-9]+\Z"), [*"-+0123456789"]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+\.[0-9]+\Z"), [*"-+0123456789"]
)


def load(path: Path) -> Iterator[dict[str, Any]]:
    """The scenarios of a file; every key is known, so a slip of the pen is no silent pass."""
    for scenario in yaml.load(path.read_text("utf-8"), _Loader):  # noqa: S506 - a safe one
        assert set(scenario) <= {"name", "duty", "pack", "on", "person", "system", "turns"}, (
            path.name,
            scenario.get("name"),
            set(scenario),
        )
        for turn in scenario["turns"]:
            assert set(turn) <= _ALLOWED, (path.name, scenario["name"], set(turn) - _ALLOWED)
            unknown = set(turn.get("expect", {})) - _EXPECTED
            assert not unknown, (path.name, scenario["name"], unknown)
        yield scenario


def seconds(span: str) -> float:
    """A span such as 1d 2h 30m 5s."""
    found = _SPAN.fullmatch(str(span).strip())
    assert found is not None, span
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=rest).total_seconds()


class Play:
    """One scenario under way."""

    def __init__(self, app: GuardrailMiddleware, backend: Backend, clock: Any, oracle: Oracle) -> None:  # fmt: skip
        self.app, self.backend, self.clock, self.oracle = app, backend, clock, oracle
        self.said: dict[str, list[dict[str, str]]] = {}

    async def turn(self, scenario: Mapping[str, Any], turn: Mapping[str, Any]) -> Call:
        """Say a line and hear the answer."""
        self.clock.now += seconds(turn.get("after", "30s"))
        device = turn.get("device", "phone")
        history = self.said.setdefault(device, [])
        if scenario.get("system") and not history:
            history.append({"role": "system", "content": scenario["system"]})
        history.append({"role": "user", "content": turn["user"]})
        bot = turn.get("bot", "Mm, tell me more.")
        self.oracle.known[Role.USER, turn["user"].strip()] = turn.get("sees", {})
        theirs = about(turn["user"])  # what such a line says besides is judged once more, alone
        if theirs is not None:
            self.oracle.known[Role.USER, theirs.rest] = turn.get("sees_besides", {})
        self.oracle.known[Role.ASSISTANT, bot.strip()] = turn.get("bot_sees", {})
        self.backend.reply, stream = bot, turn.get("stream", False)
        words = re.findall(r"\S+\s*|\s+", bot) if " " in bot else list(bot)
        chunks: list[Any] = [chunk("", role="assistant"), *(chunk(w) for w in words), chunk(None, finish="stop"), b"data: [DONE]\n\n"]  # fmt: skip
        self.backend.parts = chunks if stream else None
        asked = len(self.backend.asked)
        body = {"model": "m", "messages": history, "stream": stream}
        got = await call(self.app, PATH, body, headers=_headers(scenario, device)).done()
        text = answer(got, stream=stream)
        self.asked_bot = len(self.backend.asked) > asked
        history.append({"role": "assistant", "content": text})
        self.text = text
        return got


def _headers(scenario: Mapping[str, Any], device: str) -> list[tuple[bytes, bytes]]:
    person = scenario.get("person", {})
    named = {
        "x-guardrail-user": person.get("id", "ann"),
        "x-guardrail-conversation": f"talk-{device}",
        "x-guardrail-age-band": person.get("age"),
        "x-guardrail-region": person.get("region"),
        "x-guardrail-time-zone": person.get("zone"),
    }
    return [(k.encode(), str(v).encode()) for k, v in named.items() if v is not None]


def answer(got: Call, *, stream: bool) -> str:
    """What the person reads of an answer."""
    if got.body.startswith(b"data:") or stream:
        events = [line[6:] for line in got.body.split(b"\n") if line.startswith(b"data: {")]
        deltas = [choice["delta"].get("content") or "" for e in events for choice in json.loads(e)["choices"]]  # fmt: skip
        return "".join(deltas)
    return str(json.loads(got.body)["choices"][0]["message"]["content"] or "")


async def play(  # noqa: PLR0917 - a fixture each
    scenario: Mapping[str, Any], app: GuardrailMiddleware, backend: Backend, clock: Any, oracle: Oracle
) -> None:  # fmt: skip
    """Play a scenario to its end.

    Raises:
        Problem: with the turn's number and everything that did not go as written.
    """
    clock.now = datetime.fromisoformat(str(scenario.get("on", "2026-12-01T12:00:00+00:00"))).timestamp()  # fmt: skip
    under_way = Play(app, backend, clock, oracle)
    promises = Promises(app.guard.engine.policies.current)
    for number, turn in enumerate(scenario["turns"], 1):
        got = await under_way.turn(scenario, turn)
        record = await _record(app, got)
        wrong = list(_wrong(turn, got, record, under_way))
        wrong += promises.broken(turn, record, under_way.text, asked=under_way.asked_bot)
        if wrong:
            raise Problem(f"{scenario['name']}, turn {number}: " + "; ".join(wrong))


async def _record(app: GuardrailMiddleware, got: Call) -> Mapping[str, Any]:
    from guardrail.store.base import Query

    mark = dict(got.headers).get(b"x-guardrail-id", b"").decode()
    found = await app.guard.engine.store.read(Query(kind="record", subject=mark))
    assert found, "the turn has no record"
    return found[0].body


def _wrong(
    turn: Mapping[str, Any], got: Call, record: Mapping[str, Any], play: Play
) -> Iterator[str]:
    wanted = turn.get("expect", {})
    rules = {side: [d["rule"] for d in record["decisions"] if d["side"] == side] for side in ("user", "bot")}  # fmt: skip
    shown = [value.decode() for name, value in got.headers if name == b"x-guardrail-notice"]
    text = play.text
    if got.status != 200:
        yield f"status {got.status}"
    if "rule" in wanted and wanted["rule"] not in rules["user"]:
        yield f"the person's rule is {rules['user']}, not {wanted['rule']}"
    if "bot_rule" in wanted and wanted["bot_rule"] not in rules["bot"]:
        yield f"the bot's rule is {rules['bot']}, not {wanted['bot_rule']}"
    action = dict(got.headers).get(b"x-guardrail-action", b"").decode()
    if "action" in wanted and action != wanted["action"]:
        yield f"the action is {action}, not {wanted['action']}"
    yield from (f"does not show {part!r}" for part in _list(wanted, "shows") if part not in text)
    yield from (f"shows {part!r}" for part in _list(wanted, "hides") if part in text)
    if "bot_arrives" in wanted:
        arrived = play.asked_bot and turn.get("bot", "Mm, tell me more.") in text
        if arrived is not wanted["bot_arrives"]:
            yield "the bot's words arrived" if arrived else "the bot's words did not arrive"
    yield from (f"notice {n} is missing" for n in _list(wanted, "notices") if n not in record["notices"] or n not in shown)  # fmt: skip
    yield from (f"notice {n} was shown" for n in _list(wanted, "no_notices") if n in record["notices"])  # fmt: skip
    dangers = [d["danger"] for d in record["decisions"]]
    if "danger" in wanted and wanted["danger"] not in (dangers or ["none"]):
        yield f"the crisis state was raised to {dangers}, not {wanted['danger']}"
    severities = [d["severity"] for d in record["decisions"]]
    if "severity" in wanted and wanted["severity"] not in severities:
        yield f"the case's severity is {severities}, not {wanted['severity']}"
    told = dict(play.backend.seen_headers[-1]) if play.backend.seen_headers else {}
    kept = told.get(b"x-guardrail-suppress", b"").decode()
    sent = json.loads(play.backend.asked[-1]["raw"])["messages"] if play.backend.asked else []
    read = "\n".join(message["content"] for message in sent)
    yield from (f"the bot reads {part!r}" for part in _list(wanted, "unseen") if part in read)
    yield from (f"{what} is not suppressed" for what in _list(wanted, "suppresses") if what not in kept)  # fmt: skip


def _list(wanted: Mapping[str, Any], key: str) -> list[Any]:
    value = wanted.get(key, [])
    return value if isinstance(value, list) else [value]
