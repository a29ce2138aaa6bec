"""All servers in one process: what starts together ends together, and no helper dies in silence."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import httpx
import pytest
import watchfiles
from structlog.testing import capture_logs
from structlog.typing import EventDict
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidStatus

from guardrail._library_log import library_lines
from guardrail.config import Settings
from guardrail.errors import StoreError
from guardrail.person import Consent, Person
from guardrail.serving import _of_packs, serving
from guardrail.session import Session
from guardrail.store.base import Query
from guardrail.store.sqlite import SqliteStore
from tests.faces.backend import Backend, chunk
from tests.here import serve_here


def settings(tmp_path: Path, **more: object) -> Settings:
    """Free ports, the lexicon, a database that goes away."""
    return Settings.model_validate(
        {
            "listen": {"port": 0},
            "admin": {"port": 0},
            "classifier": {"kind": "lexicon"},
            "data": tmp_path / "data",
            **more,
        }
    )


async def told(logs: Sequence[EventDict], event: str) -> EventDict:
    """The log line of this event, once it is there."""
    async with asyncio.timeout(10):
        while not (found := [line for line in logs if line["event"] == event]):
            await asyncio.sleep(0.01)
    return found[0]


async def test_a_taken_address_leaves_nothing_behind(tmp_path):
    """The sockets that were opened before it are closed, and so is the store."""
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        ports = {"listen": {"port": port}, "admin": {"port": taken.getsockname()[1]}}
        with pytest.raises(OSError, match="in use"):
            async with serving(settings(tmp_path, **ports)):
                pass
        socket.create_server(("127.0.0.1", port)).close()


async def test_the_store_is_closed_in_the_end(tmp_path):
    """What was accepted is on the disk. And a risk assessment that is nowhere is told on the way."""
    lost = settings(tmp_path, assessment=str(tmp_path / "risk.md"))
    with capture_logs() as logs:
        async with serving(lost) as (house, addresses):
            await house.store.ping()
            assert addresses.demo
            await told(logs, "the risk assessment is due")
            assert b"guardrail_assessment_due 1.0" in house.metrics.render("")[0]
    with pytest.raises(StoreError, match="closed"):
        await house.store.ping()


async def test_people_are_counted_for_the_thresholds_of_the_law(tmp_path):
    """From the first round on: those remembered, and those of the last 30 days (CN Art 22)."""
    table = settings(tmp_path)
    table.data.mkdir()
    store = SqliteStore(table.data / "guardrail.db")
    for name, days in (("new", 1), ("old", 40)):
        seen = time.time() - days * 86_400
        kept = Person(name, seen, seen, seen, consent=Consent("companion", "1", seen))
        await store.update("", name, partial(_put, kept))
    await store.close()
    async with serving(table) as (house, _):
        async with asyncio.timeout(10):
            while b'guardrail_users{of="active"} 1.0' not in house.metrics.render("")[0]:
                await asyncio.sleep(0.01)
        shown = house.metrics.render("")[0]
    assert b'guardrail_users{of="known"} 2.0' in shown
    assert b'guardrail_users_threshold{of="active"} 100000.0' in shown


def _put(kept: Person, _: Session | None, __: Person | None) -> tuple[None, Person]:
    return None, kept


async def test_the_last_checkpoint_covers_the_last_record(tmp_path):
    """A clean stop proves everything that was written."""
    table = settings(tmp_path)
    body = {"model": "kai", "messages": [{"role": "user", "content": "hello"}]}
    with capture_logs() as logs:
        async with (
            serving(table) as (_, addresses),
            httpx.AsyncClient(base_url=addresses.proxy, trust_env=False) as client,
        ):
            assert (await client.post("/v1/chat/completions", json=body)).status_code == 200
    assert [line for line in logs if line["log_level"] == "error"] == []
    store = SqliteStore(table.data / "guardrail.db")
    (*_, newest), leaves = await store.checkpoints(), await store.leaves()
    (record,) = await store.read(Query("record"))
    assert newest.size == len(leaves) >= record.seq
    await store.close()


async def test_a_stop_ends_what_is_under_way_well_formed(tmp_path):
    """Until its grace ends the admin server answers; then the stream ends in the client's format."""
    backend = Backend()
    backend.parts = [*[chunk("Tea is a fine drink. ")] * 9, asyncio.Event()]
    body = {"model": "bot", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    async with (
        serve_here(backend) as upstream,
        httpx.AsyncClient(trust_env=False) as client,
        contextlib.AsyncExitStack() as stack,
    ):
        table = settings(tmp_path, upstream={"url": upstream})
        logs = stack.enter_context(capture_logs())
        stack.enter_context(library_lines())  # uvicorn's traceback would be among them
        _, at = await stack.enter_async_context(serving(table, grace=0.4))
        url = at.proxy + "/v1/chat/completions"
        async with client.stream("POST", url, json=body) as got:
            come = got.aiter_raw()
            text = await anext(come)
            stopping = asyncio.create_task(stack.aclose())
            ready, shown = await asyncio.gather(*map(client.get, probes(at.admin)))
            text += b"".join([piece async for piece in come])
            await stopping
    assert (ready.status_code, ready.json()["parts"]["server"]) == (503, "stopping")
    assert b"guardrail_turns_in_flight 1.0" in shown.content
    assert b"Tea is a fine" in text
    assert b'"upstream_failed"' in text
    assert text.endswith(b"data: [DONE]\n\n")
    told = [line["event"] for line in logs if line["log_level"] in ("warning", "error")]
    assert told == ["answers cut short"]
    store = SqliteStore(table.data / "guardrail.db")
    (record,) = await store.read(Query("record"))
    assert (record.body["outcome"], record.body["status"]) == ("upstream_broken", 200)
    await store.close()


def probes(admin: str) -> tuple[str, str]:
    """What an orchestrator and Prometheus ask for."""
    return f"{admin}/readyz", f"{admin}/metrics"


def test_what_libraries_log_is_a_line_without_anybodys_words():
    """No traceback, no error's own text; what any client can bring about is not there at all."""
    server, loop = logging.getLogger("uvicorn.error"), logging.getLogger("asyncio")
    with capture_logs() as logs, library_lines():
        server.warning("Invalid HTTP request received.")
        loop.error("Task exception was never retrieved\nfuture: ValueError('my secret')")
        try:
            int("my secret")
        except ValueError as error:
            server.error("Exception in ASGI application\n", exc_info=error)
        server.warning("Cancel %s", "my secret")
    assert [line["said"] for line in logs] == [
        "Task exception was never retrieved",
        "Exception in ASGI application",
        "Cancel %s",
    ]
    assert logs[1]["kind"] == "ValueError"
    assert logs[1]["where"][0].startswith("test_serving.py:")
    assert "secret" not in str(logs)


async def test_a_helper_that_dies_says_so(tmp_path, monkeypatch):
    """Else nobody would notice that a new pack is never taken."""
    monkeypatch.setattr("guardrail.serving.watchfiles.awatch", None)
    with capture_logs() as logs:
        async with serving(settings(tmp_path)):
            line = await told(logs, "helper ended")
    assert (line["helper"], line["kind"]) == ("policy watch", "TypeError")


@pytest.mark.parametrize("setting", [{}, {"websockets": "pass"}])
async def test_websockets_pass_only_where_they_may(tmp_path, setting):
    """By default they do not: a chat over one would be seen by nobody. Either way each counts."""

    async def echo(sock: ServerConnection) -> None:
        async for message in sock:
            await sock.send(message)

    async with serve(echo, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        upstream = {"url": f"http://127.0.0.1:{port}", **setting}
        async with serving(settings(tmp_path, upstream=upstream)) as (house, addresses):
            url = addresses.proxy.replace("http", "ws") + "/v1/chat/completions"
            if setting:
                async with connect(url) as sock:
                    await sock.send("hi")
                    assert await sock.recv() == "hi"
            else:
                with pytest.raises(InvalidStatus) as caught:
                    await connect(url).__aenter__()
                assert caught.value.response.status_code == 403
            shown, _ = house.metrics.render("")
    passed = b'guardrail_websockets_total{why="websocket"} 1.0' in shown
    refused = b'guardrail_refused_total{why="websocket_refused"} 1.0' in shown
    assert (passed, refused) == (bool(setting), not setting)


async def test_uploads_have_a_bound_of_their_own(tmp_path):
    """Outside the chat routes; a chat's own bound is not narrowed by it."""
    door = {"pass_bytes": 10, "body_bytes": 1000}
    async with (
        serving(settings(tmp_path, door=door)) as (house, addresses),
        httpx.AsyncClient(base_url=addresses.proxy, trust_env=False) as client,
    ):
        got = await client.post("/files", content=b"x" * 1001)
        assert (got.status_code, got.json()["error"]["code"]) == (413, "body_too_large")
        chat = {"model": "kai", "messages": [{"role": "user", "content": "hi"}]}
        assert (await client.post("/v1/chat/completions", json=chat)).status_code == 200
        shown, _ = house.metrics.render("")
    assert b'guardrail_refused_total{why="body_too_large"} 1.0' in shown


@pytest.mark.parametrize(
    ("name", "watched"),
    [("default.yaml", True), ("..data", True), ("guardrail.db-wal", False), ("x.log", False)],
)
def test_only_packs_are_watched(name, watched):
    """A database in the same folder is written to with every turn."""
    assert _of_packs(watchfiles.Change.modified, f"/srv/{name}") is watched
