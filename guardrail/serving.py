"""Runs the proxy, the admin server and the demo companion in one process, on one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
import uvicorn
import watchfiles

from guardrail._asgi import ASGIApp
from guardrail.admin.app import AdminParts, create_admin
from guardrail.cases import open_cases
from guardrail.config import Settings
from guardrail.demo.companion import Companion
from guardrail.door import DoorCheck, door_protocol
from guardrail.errors import StoreError
from guardrail.middleware import GuardrailMiddleware
from guardrail.proxy import AiohttpTransport, Upstream
from guardrail.store.base import Event, Query
from guardrail.wiring import House, assemble

__all__ = ["Addresses", "proxy_app", "run", "serving"]

log = structlog.get_logger("guardrail")

HOUSEKEEPING = 10.0  # seconds between looks at the open cases
PURGE = 3600.0
PAGE = 1000
GRACE = 20  # seconds that running streams get at shutdown


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything answers."""

    proxy: str
    admin: str
    upstream: str
    demo: bool


class _Server(uvicorn.Server):
    """A uvicorn server among others: signals are handled once for all of them, in `run`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def proxy_app(house: House, upstream: str) -> ASGIApp:
    """Face two: the middleware around somebody else's server, behind the door."""
    settings = house.settings
    transport = AiohttpTransport(
        upstream,
        connect_seconds=settings.upstream.connect_seconds,
        read_seconds=settings.upstream.read_seconds,
    )
    own = [(k.encode(), v.encode()) for k, v in settings.upstream.headers.items()]
    guarded = GuardrailMiddleware(Upstream(transport, headers=own), guard=house.guard)
    return DoorCheck(guarded, hosts=settings.listen.hosts, count=house.metrics.count)


@asynccontextmanager
async def serving(
    settings: Settings, *, version: str = ""
) -> AsyncIterator[tuple[House, Addresses]]:
    """Everything up and answering; everything down again on leaving.

    Raises:
        ConfigError: with every mistake in settings and policy.
        OSError: an address is in use.
    """
    house = await asyncio.to_thread(assemble, settings, version=version)
    companion = None if settings.upstream.url else Companion()
    sockets = [_listen(settings.listen.host, settings.listen.port)]
    sockets.append(_listen(settings.admin.host, settings.admin.port))
    upstream = settings.upstream.url
    apps: list[ASGIApp] = []
    if companion is not None:
        sockets.append(_listen("127.0.0.1", 0))
        upstream = _address(sockets[2])
    addresses = Addresses(
        _address(sockets[0]), _address(sockets[1]), upstream, demo=companion is not None
    )
    apps = [proxy_app(house, upstream), _admin_app(house, addresses, companion)]
    if companion is not None:
        apps.append(companion)
    servers = [_server(app, house, first=n == 0) for n, app in enumerate(apps)]
    tasks = [
        asyncio.create_task(server.serve(sockets=[sock]))
        for server, sock in zip(servers, sockets, strict=True)
    ]
    keeping = [asyncio.create_task(_keep_house(house)), asyncio.create_task(_watch(house))]
    try:
        while not all(server.started for server in servers):
            done, _ = await asyncio.wait(tasks, timeout=0.01, return_when=asyncio.FIRST_COMPLETED)
            if done:  # it ended before it started, and has said why
                raise OSError("a server did not start")
        yield house, addresses
    finally:
        for task in keeping:
            task.cancel()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks, *keeping, return_exceptions=True)
        await house.guard.engine.close()


async def run(
    settings: Settings, *, version: str = "", ready: Callable[[House, Addresses], None]
) -> None:
    """Serve until SIGINT or SIGTERM; SIGHUP reloads the policy."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with serving(settings, version=version) as (house, addresses):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        tasks: set[asyncio.Task[None]] = set()
        loop.add_signal_handler(
            signal.SIGHUP, lambda: tasks.add(asyncio.create_task(_reload(house)))
        )
        ready(house, addresses)
        await stop.wait()


def _admin_app(house: House, addresses: Addresses, companion: Companion | None) -> ASGIApp:
    settings = house.settings
    demo = None
    if companion is not None:
        demo = Upstream(AiohttpTransport(addresses.proxy))
    return create_admin(
        AdminParts(
            store=house.store,
            metrics=house.metrics,
            readiness=house.readiness,
            policy=lambda: house.policies.current,
            reload=house.reload,
            token=settings.admin.token or None,
            demo=demo,
            said=companion,
            proxy_url=addresses.proxy,
            hosts=settings.admin.hosts,
        )
    )


def _server(app: ASGIApp, house: House, *, first: bool) -> _Server:
    door = house.settings.door
    protocol = door_protocol(
        header_seconds=door.header_seconds,
        header_bytes=door.header_bytes,
        header_count=door.header_count,
        count=house.metrics.count,
    )
    return _Server(
        uvicorn.Config(
            app,
            http=protocol if first else "auto",
            lifespan="on" if first else "auto",
            log_config=None,  # access lines would carry paths and peers; metrics count instead
            access_log=False,
            proxy_headers=False,  # nobody's X-Forwarded-For is believed
            server_header=False,
            date_header=not first,  # the backend's own passes through; two would be one too many
            timeout_graceful_shutdown=GRACE,
        )
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _address(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _reload(house: House) -> None:
    mistakes = await house.reload()
    for mistake in mistakes:
        log.error("policy not reloaded", mistake=str(mistake))
    if not mistakes:
        log.info("policy reloaded", policy=house.policies.current.tag)


async def _watch(house: House) -> None:
    """Reload the policy when its file (or the resources beside it) changes."""
    folder = house.policy_file.parent  # not resolved: a ConfigMap swaps the link beside the file
    async for _ in watchfiles.awatch(folder, recursive=False, force_polling=False):
        await _reload(house)


async def _read_on(house: House, events: list[Event]) -> None:
    """Add the case events that came since; page by page, so that none is ever left out."""
    while True:
        after = events[-1].seq if events else 0
        page = await house.store.read(
            Query(kind="case.", after_seq=after, limit=PAGE, ascending=True)
        )
        events += page
        if len(page) < PAGE:
            return


async def _keep_house(house: House) -> None:
    """Count open cases for the alerts; forget what is older than it may be."""
    purged = 0.0
    events: list[Event] = []
    while True:
        try:
            await _read_on(house, events)
            waiting = Counter(case.severity for case in open_cases(events))
            house.metrics.open_cases(waiting)
            if time.monotonic() - purged > PURGE:
                days = house.settings.retention_days
                await house.store.purge(time.time() - days * 86400.0)
                purged = time.monotonic()
        except StoreError as error:
            log.error("housekeeping failed", error=str(error))
        await asyncio.sleep(HOUSEKEEPING)
