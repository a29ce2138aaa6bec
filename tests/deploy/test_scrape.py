"""A real Prometheus scrapes a real server and finds what was counted."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn

from guardrail.metrics import EVENTS, Metrics
from guardrail.turn import Outcome, Profile, Record
from tests.deploy.conftest import RECORD

pytestmark = pytest.mark.prometheus

PATIENCE = 40.0
"""Seconds to wait for a program to start or a figure to arrive."""

TURN = Record(
    id="turn",
    at=0.0,
    wire="openai",
    route="/v1/chat/completions",
    conversation="hash",
    profile=Profile(user=None),
    outcome=Outcome.ANSWERED,
    unjudged=("image",),
    timings={"inbound": 0.002, "total": 0.5},
)

CONFIG = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}
rule_files: ["{rules}/*.yaml"]
scrape_configs:
  - job_name: guardrail
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


class _Server(uvicorn.Server):
    """A server among a test's other tasks: signals stay with pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def exposition(metrics: Metrics) -> AsyncIterator[int]:
    """A small server with nothing but the counters; gives its port."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        body, kind = metrics.render(headers.get(b"accept", b"").decode())
        heads = [(b"content-type", kind.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": heads})
        await send({"type": "http.response.body", "body": body})

    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


@contextlib.asynccontextmanager
async def prometheus(folder: Path, config: str) -> AsyncIterator[str]:
    """A Prometheus of our own; gives its address."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed (Debian: apt-get install prometheus)")
    (folder / "prometheus.yml").write_text(config, "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
            stdout=log,
            stderr=log,
        )
    try:
        yield f"http://{address}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0, (folder / "log").read_text()


async def until(ask: Callable[[], Awaitable[bool]]) -> None:
    """Ask again until the answer is yes."""
    async with asyncio.timeout(PATIENCE):
        while not await ask():
            await asyncio.sleep(0.1)


async def query(client: aiohttp.ClientSession, expression: str) -> list[dict[str, Any]]:
    """An instant query; nothing while Prometheus is not there yet."""
    try:
        async with client.get("/api/v1/query", params={"query": expression}) as answer:
            if answer.status != 200:
                return []
            found: list[dict[str, Any]] = json.loads(await answer.read())["data"]["result"]
            return found
    except aiohttp.ClientConnectionError:
        return []


@pytest.mark.timeout(150)
async def test_what_is_counted_arrives(tmp_path: Path, deploy: Path, metrics: Metrics) -> None:
    """Three turns become a 3 in Prometheus, and what must alarm does alarm."""
    rules = deploy / "prometheus/rules"
    async with (
        exposition(metrics) as port,
        prometheus(tmp_path, CONFIG.format(rules=rules, port=port)) as address,
        aiohttp.ClientSession(address) as client,
    ):

        async def scraped() -> bool:
            return bool(await query(client, 'up{job="guardrail"} == 1'))

        async def counted() -> bool:
            found = await query(client, 'guardrail_requests_total{outcome="answered"} == 3')
            return [f["metric"]["route"] for f in found] == ["/v1/chat/completions"]

        async def timed() -> bool:
            quick = 'guardrail_overhead_seconds_bucket{stage="inbound", le="0.1"} == 3'
            return len(await query(client, quick)) == 1

        async def alarmed() -> bool:
            firing = 'ALERTS{alertname="GuardrailPartsUnseen", alertstate="firing"}'
            found = await query(client, firing)
            return [f["metric"]["reason"] for f in found] == ["image"]

        await until(scraped)
        for _ in range(3):
            metrics(TURN)
        await until(counted)
        await until(timed)
        await until(alarmed)


def panels(deploy: Path) -> dict[str, str]:
    """Title and query → the query, with Grafana's variables filled in as Grafana does."""
    board = json.loads((deploy / "grafana/dashboards/guardrail.json").read_text("utf-8"))
    asked = [(p["title"], t["expr"]) for p in board["panels"] for t in p.get("targets", ())]
    asked += [(note["name"], note["expr"]) for note in board["annotations"]["list"]]
    values = {"$__rate_interval": "5s", "$job": "guardrail", "$instance": ".*"}
    found = {}
    for title, expression in asked:
        filled = expression
        for name, value in values.items():
            filled = filled.replace(name, value)
        assert "$" not in filled, filled
        found[f"{title}: {expression}"] = filled
    return found


SELDOM = {"Actions by action and side", "Policy changes"}
"""Panels with a query for shadow mode, and for the moment in which a policy changes."""


@pytest.mark.timeout(150)
async def test_panels_show_what_is_counted(tmp_path: Path, deploy: Path, metrics: Metrics) -> None:
    """After turns on which all happened, Prometheus has an answer for each query of the dashboard."""
    queries = panels(deploy)
    assert len(queries) > 50
    dark = dict(queries)
    async with (
        exposition(metrics) as port,
        prometheus(tmp_path, CONFIG.format(rules=deploy / "prometheus/rules", port=port)) as place,
        aiohttp.ClientSession(place) as client,
    ):

        async def lit() -> bool:
            metrics(RECORD)
            for what in EVENTS:
                metrics.count(what, "why")
            for name, expression in list(dark.items()):
                if await query(client, expression):
                    del dark[name]
            return {name.partition(":")[0] for name in dark} <= SELDOM

        with contextlib.suppress(TimeoutError):
            await until(lit)
    assert {name for name in dark if name.partition(":")[0] not in SELDOM} == set()
