"""Runs the proxy, the admin server and the demo companion in one process, on one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
import watchfiles

from guardrail._asgi import ASGIApp
from guardrail._calls import Calls
from guardrail._library_log import library_lines
from guardrail._servers import GRACE, Servers, address, listen
from guardrail.admin.app import AdminParts, create_admin
from guardrail.admin.people import Office
from guardrail.cases import tallied
from guardrail.checking import assessment_due, packs_of
from guardrail.complaints import Terms
from guardrail.config import Settings
from guardrail.console.pages import static_files
from guardrail.demo.companion import Companion
from guardrail.desk import Desk
from guardrail.door import DoorCheck
from guardrail.errors import Mistake, StoreError
from guardrail.listening import Listening
from guardrail.middleware import GuardrailMiddleware
from guardrail.people import People
from guardrail.proxy import AiohttpTransport, Upstream
from guardrail.sockets import Sockets
from guardrail.staffing import Staff, staff_of
from guardrail.wellknown import ProtocolPage, WellKnown
from guardrail.wiring import House, assemble, policy_path

__all__ = ["Addresses", "proxy_app", "run", "serving", "settle_memory"]

log = structlog.get_logger("guardrail")

HOUSEKEEPING = 10.0  # seconds between looks at the open cases
PURGE = 3600.0  # seconds between two purges


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything answers."""

    proxy: str
    admin: str
    upstream: str
    demo: bool
    portal: str = ""


def settle_memory() -> None:
    """Tell the garbage collector that what is loaded stays.

    Models, policies and modules are some 70,000 objects that it would walk again and again while
    turns come and go. Three paired runs of the static part: p50 2.35, 1.99, 2.21 ms without this,
    1.97, 1.95, 1.93 with it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    gc.enable()


def proxy_app(
    house: House, upstream: str, *, closes: bool = True, calls: Calls | None = None
) -> ASGIApp:
    """Face two: the middleware around somebody else's server, behind the door.

    `closes`: the guard is let go of when the server ends. Whoever gives `calls` can end all calls
    to the upstream.
    """
    settings = house.settings
    transport = AiohttpTransport(
        upstream,
        connect_seconds=settings.upstream.connect_seconds,
        read_seconds=settings.upstream.read_seconds,
    )
    own = [(k.encode(), v.encode()) for k, v in settings.upstream.headers.items()]
    door = settings.door
    app: ASGIApp = Upstream(
        transport,
        headers=own,
        body_bytes=max(door.pass_bytes, door.body_bytes),  # chats come this way, already weighed
        body_seconds=door.body_seconds,
        calls=calls,
    )
    pass_sockets = settings.upstream.websockets == "pass"
    if pass_sockets:
        app = Sockets(
            app,
            upstream,
            headers=own,
            connect_seconds=settings.upstream.connect_seconds,
            read_seconds=settings.upstream.read_seconds,
            message_bytes=door.message_bytes,
        )
    guarded: ASGIApp = GuardrailMiddleware(app, guard=house.guard, closes=closes)
    if house.guard.board is not None and settings.takeover.events_path:
        guarded = Listening(guarded, house.guard, settings.takeover.events_path)
    if settings.protocol:
        guarded = WellKnown(guarded, _page(house))
    return DoorCheck(
        guarded,
        hosts=settings.listen.hosts,
        websockets=pass_sockets,
        count=house.metrics.count,
    )


@asynccontextmanager
async def serving(
    settings: Settings, *, version: str = "", grace: float = GRACE
) -> AsyncIterator[tuple[House, Addresses]]:
    """Everything up and answering; everything down again on leaving.

    Answers that are under way then have `grace` seconds left, in which everything but the proxy's
    door stays open. What is not out by then ends as if the backend had broken off.

    Raises:
        ConfigError: with every mistake in settings and policy.
        StoreError: the database cannot be opened.
        OSError: an address is in use.
    """
    house = await asyncio.to_thread(assemble, settings, version=version)
    companion = None if settings.upstream.url else Companion()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(house.guard.engine.close)
        await house.store.ping()
        office = _office(house)
        staff = staff_of(house, office)
        stack.push_async_callback(staff.close)  # runs before the engine lets the store go
        await staff.mend()
        sockets = [
            stack.enter_context(listen(host, port)) for host, port in _places(settings, companion)
        ]
        addresses = _addresses(settings, sockets, companion)
        calls, stopping = Calls(), asyncio.Event()
        apps = [  # the guard is closed here: the last checkpoint comes after it
            proxy_app(house, addresses.upstream, closes=False, calls=calls),
            _admin_app(staff, addresses, companion, office, ready=_readiness(house, stopping)),
        ]
        apps += [companion] if companion is not None else []
        apps += [staff.portal()] if settings.guardians.enabled else []
        servers = Servers(apps, sockets, door=settings.door, count=house.metrics.count, grace=grace)
        keeping = [
            _kept(_keep_house(staff, office.desk), "housekeeping"),
            _kept(_watch(house), "policy watch"),
            _kept(_assess(house), "risk assessment"),
            *(_kept(work, name) for name, work in staff.tasks()),
        ]
        try:
            await servers.started()
            yield house, addresses
        finally:
            stopping.set()
            if house.guard.board is not None:
                house.guard.board.end()
            await servers.drained(calls)
            for task in keeping:
                task.cancel()
            staff.ending.set()
            await servers.ended()
            await asyncio.gather(*keeping, return_exceptions=True)


def _places(settings: Settings, companion: Companion | None) -> list[tuple[str, int]]:
    """Where to listen: proxy, admin, the demo's companion, the guardians' portal."""
    guardians = settings.guardians
    return [
        (settings.listen.host, settings.listen.port),
        (settings.admin.host, settings.admin.port),
        *([("127.0.0.1", 0)] if companion is not None else []),
        *([(guardians.host, guardians.port)] if guardians.enabled else []),
    ]


def _addresses(
    settings: Settings, sockets: list[socket.socket], companion: Companion | None
) -> Addresses:
    return Addresses(
        proxy=address(sockets[0]),
        admin=address(sockets[1]),
        upstream=settings.upstream.url or address(sockets[2]),
        demo=companion is not None,
        portal=address(sockets[-1]) if settings.guardians.enabled else "",
    )


async def run(
    settings: Settings, *, version: str = "", ready: Callable[[House, Addresses], None]
) -> None:
    """Serve until SIGINT or SIGTERM; SIGHUP reloads the policy."""
    with library_lines():
        await _run(settings, version, ready)


async def _run(settings: Settings, version: str, ready: Callable[[House, Addresses], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with serving(settings, version=version) as (house, addresses):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        under_way: set[asyncio.Task[None]] = set()  # the loop itself would forget them

        async def again() -> None:
            await _reload(house)

        def reload() -> None:
            task = _kept(again(), "policy reload")
            under_way.add(task)
            task.add_done_callback(under_way.discard)

        loop.add_signal_handler(signal.SIGHUP, reload)
        settle_memory()
        ready(house, addresses)
        await stop.wait()


def _kept(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """A task beside the servers. One that dies says so: else cases would silently not be counted."""

    def ended(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("helper ended", helper=name, kind=type(error).__name__)

    task = asyncio.create_task(work)
    task.add_done_callback(ended)
    return task


def _terms(house: House) -> Terms:
    table = house.settings.complaints
    return Terms(table.acknowledge_hours * 3600.0, table.resolve_days * 86_400.0)


def _page(house: House) -> ProtocolPage:
    contact, clock = house.settings.complaints.contact, house.guard.engine.clock
    return ProtocolPage(house.policies, contact=contact, terms=_terms(house), clock=clock)


def _office(house: House) -> Office:
    """What a guardian's and an operator's acts, complaints and incidents go through."""
    engine = house.guard.engine
    people = People(house.store, engine.pseudonyms, engine.clock, _terms(house))
    desk = Desk(house.store, engine.pseudonyms, engine.clock, _terms(house))
    return Office(people, desk, lambda: house.policies.all, _page(house))


def _readiness(
    house: House, stopping: asyncio.Event
) -> Callable[[], Awaitable[Mapping[str, str | None]]]:
    """The house's, and no longer once the servers end: nobody new is to be sent here."""

    async def readiness() -> Mapping[str, str | None]:
        found = await house.readiness()
        return {**found, "server": "stopping"} if stopping.is_set() else found

    return readiness


def _admin_app(
    staff: Staff,
    addresses: Addresses,
    companion: Companion | None,
    office: Office,
    *,
    ready: Callable[[], Awaitable[Mapping[str, str | None]]],
) -> ASGIApp:
    house = staff.house
    settings = house.settings
    demo = None
    if companion is not None:
        demo = Upstream(AiohttpTransport(addresses.proxy))
    return create_admin(
        AdminParts(
            store=house.store,
            metrics=house.metrics,
            readiness=ready,
            policy=lambda: house.policies.current,
            reload=lambda: _reload(house),
            cases=house.cases,
            token=settings.admin.token or None,
            demo=demo,
            said=companion,
            proxy_url=addresses.proxy,
            hosts=settings.admin.hosts,
            office=office,
            accounts=staff.accounts,
            logins=staff.logins,
            closed=settings.accounts.oidc is not None,
            public_url=settings.accounts.public_url,
            routers=staff.routers,
            mounts={"/static/console": static_files()},
        )
    )


async def _reload(house: House) -> list[Mistake]:
    """Reload the policies; what is in force from now on goes into the log."""
    mistakes = await house.reload()
    for mistake in mistakes:
        log.error("policy not reloaded", mistake=str(mistake))
    if not mistakes:
        log.info("policy reloaded", policy=house.policies.current.tag)
        await _assess(house)
        try:
            await house.store.append(*house.loaded())
        except StoreError as error:  # it is in force all the same
            house.metrics.count("audit_failed", "policy")
            log.error("the policy is not in the log", error=str(error))
    return mistakes


async def _assess(house: House) -> None:
    """Say whether the operator's risk assessment is about what runs now."""
    late = await asyncio.to_thread(assessment_due, house.settings, house.version)
    house.metrics.assessment_due.set(bool(late))
    for mistake in late:
        log.warning("the risk assessment is due", mistake=str(mistake))


async def _watch(house: House) -> None:
    """Reload the policies when the file of one (or the resources beside it) changes."""
    # Not resolved: a folder may be a link.
    folders = {policy_path(name).parent for name in packs_of(house.settings)}
    async for _ in watchfiles.awatch(*folders, watch_filter=_of_packs, recursive=False):
        await _reload(house)


def _of_packs(_: watchfiles.Change, path: str) -> bool:
    """A database in the same folder is written to with every turn; a ConfigMap swaps `..data`."""
    return path.endswith((".yaml", ".yml", "..data"))


async def _keep_house(staff: Staff, desk: Desk) -> None:
    """Count open cases and tickets for the alerts; forget what is older than it may be."""
    house, purged = staff.house, -math.inf
    while True:
        try:
            now = house.guard.engine.clock()
            house.metrics.cases(tallied(await house.cases(), now))
            house.metrics.complaints(await desk.tallies())
            await staff.keep_house()
            if time.monotonic() - purged > PURGE:
                days = house.settings.retention_days
                await house.store.purge(time.time() - days * 86400.0)
                await staff.purge()
                purged = time.monotonic()
        except StoreError as error:
            log.error("housekeeping failed", error=str(error))
        await asyncio.sleep(HOUSEKEEPING)
