"""kill -9 while letters are queued, taken, delivered and written down: nothing is lost."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from guardrail.letterbook import LetterBook, Post
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from tests.post import SECRETS, Receiver, receiver

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

KILLS, LETTERS = 30, 8

CHILD = """
import asyncio, sys, time
from guardrail._tables import Webhook
from guardrail.letters import Places, of_case
from guardrail.staff.carrier import Terms
from guardrail.staff.egress import Egress, Rules
from guardrail.staff.outbox import Outbox
from guardrail.staff.webhooks import Poster, Webhooks
from guardrail.store.base import Event
from guardrail.store.sqlite import SqliteStore

path, url, secret, first, last = sys.argv[1:6]

async def home(host, port):
    return ["127.0.0.1"]

async def main():
    store = SqliteStore(path)
    egress = Egress(Rules(frozenset({"hooks.example"}), True, True), resolve=home)
    hooks = Webhooks(Poster(egress, Places()), [Webhook(url=url, secrets=(secret,))], str.upper)
    terms = Terms(attempts=50, timeout=0.5, poll=0.02, grace=0.1)
    outbox = Outbox(store, [hooks], terms=terms)
    running = asyncio.create_task(outbox.run())
    print("ready", flush=True)
    for n in range(int(first), int(last)):
        body = {"severity": "urgent", "label": "self_harm"}
        opened = Event(f"case.opened.{n}", time.time(), "case.opened", f"c{n}", body=body)
        await store.append(opened, of_case(opened))
        outbox.wake()
        print("queued", n, flush=True)
    while not running.done():
        if first == last and not await outbox.letters():
            running.cancel()
        await asyncio.sleep(0.02)
    await store.close()
    print("done", flush=True)

asyncio.run(main())
"""


async def start(path: Path, hook: Receiver, first: int, last: int) -> asyncio.subprocess.Process:
    """A process that queues and delivers; if it has nothing to queue, it ends when all is sent."""
    numbers = (str(first), str(last))
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        str(path),
        hook.url,
        SECRETS[0],
        *numbers,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"ready\n"
    return child


async def killed(child: asyncio.subprocess.Process, after: float) -> set[int]:
    """Kill it at that moment; the letters of which it had said that they are queued."""
    await asyncio.sleep(after)
    child.send_signal(signal.SIGKILL)
    out, err = await child.communicate()
    assert err == b""
    assert child.returncode == -signal.SIGKILL
    return {int(line.split()[1]) for line in out.decode().splitlines() if " " in line}


async def events(store: SqliteStore, kind: str) -> list[Event]:
    """All events of a kind."""
    return list(await store.read(Query(kind, limit=100_000, ascending=True)))


async def test_nothing_is_lost_when_killed_at_any_moment(tmp_path: Path) -> None:
    """30 kills, one log: each case has its letter, each letter comes, repeats have the same id."""
    path = tmp_path / "guardrail.db"
    chance = random.Random(7)  # noqa: S311
    acknowledged: set[int] = set()
    async with receiver() as hook:
        for n in range(KILLS):
            hook.pause = chance.choice((0.0, 0.002, 0.02))
            child = await start(path, hook, n * LETTERS, (n + 1) * LETTERS)
            acknowledged |= await killed(child, chance.uniform(0.0, 0.15))
        child = await start(path, hook, 0, 0)
        out, err = await asyncio.wait_for(child.communicate(), 60)
        assert (out, err, child.returncode) == (b"done\n", b"", 0)
    store = SqliteStore(path)
    cases = {int(event.subject[1:]) for event in await events(store, "case.opened")}
    book = LetterBook()
    book.add(await events(store, "letter."))
    await store.close()

    assert acknowledged <= cases
    assert len(cases) > KILLS, "the kills came too early to tell anything"
    letters = {int(one.subject[1:]): one for one in book.all()}
    assert letters.keys() == cases, "a case and its letter stand or fall together"
    assert {one.state for one in letters.values()} == {Post.SENT}

    bodies, times = defaultdict(set), defaultdict[str, int](int)
    for got in hook.got:
        bodies[got.data["data"]["subject"]].add((got.id, got.body))
        times[got.id] += 1
    assert {int(subject[1:]) for subject in bodies} == cases
    assert all(len(found) == 1 for found in bodies.values()), "a repeat differs"
    assert len(times) == len(cases)
    repeats = sum(times.values()) - len(times)
    assert repeats > 0, "no kill hit between a delivery and its note: the test shows nothing"


async def test_several_processes_deliver_each_letter_once(tmp_path: Path) -> None:
    """Four at once on one log, nobody killed: no request comes twice."""
    path = tmp_path / "guardrail.db"
    async with receiver() as hook:
        children = [await start(path, hook, n * 50, (n + 1) * 50) for n in range(4)]
        async with asyncio.timeout(60):
            while len({got.id for got in hook.got}) < 200:
                await asyncio.sleep(0.05)
        for child in children:
            await killed(child, 0.0)
    assert len(hook.got) == 200
