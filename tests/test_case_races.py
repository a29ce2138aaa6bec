"""Cases under races and sudden death: real processes, real files, real kill -9.

Each test has a short form that always runs, and a long one (`make test-slow`).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from guardrail._tables import VaultTable
from guardrail.cases import CaseBook, Status, Verdict
from guardrail.letterbook import LetterBook, Post
from guardrail.letters import webhook_id
from guardrail.staff.switchboard import Switchboard
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore, quick_check
from guardrail.store.vault import open_vault
from tests.cases import crisis

LATER = 300.0
"""Seconds that the clock goes on between two lives: claims and takes of the dead are over."""


class Workers:
    """The process that forks workers; see `case_worker`."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.case_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
            text=True,
        )
        self.acks: list[dict[str, Any]] = []

    def start(self, *orders: dict[str, Any]) -> list[int]:
        """Fork one process for each order; their ids."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(orders) + "\n")
        self.process.stdin.flush()
        found: list[int] = []
        while len(found) < len(orders):
            line = self._line()
            found += [line["pid"]] if "pid" in line else []
        return found

    def wait(self, count: int) -> None:
        """Until so many have ended; all that they acknowledged before is in `acks`."""
        while count:
            count -= "ended" in self._line()

    def close(self) -> None:
        """End it, and whatever it has forked."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def _line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line: dict[str, Any] = json.loads(self.process.stdout.readline())
        if "did" in line:
            self.acks.append(line)
        return line


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Imported once; forking is quick."""
    made = Workers()
    yield made
    made.close()


class Receiver:
    """Takes webhooks and notes id and body of each."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # whoever sent it is dead
                receiver.got.append((self.headers["webhook-id"], body))
                with suppress(OSError):  # whoever asked may be dead
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook's receiver."""
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """The log, as the workers have it."""
    made = SqliteStore(tmp_path / "guardrail.db", busy_seconds=30.0)
    yield made
    await made.close()


# -- races -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "processes"),
    [
        pytest.param(20, 2, id="short"),
        pytest.param(
            1_000, 5, id="long", marks=[pytest.mark.slow, pytest.mark.timeout(600)]
        ),
    ],
)  # fmt: skip
async def test_every_race_for_a_claim_has_one_winner(  # noqa: PLR0917 - pytest's
    store: SqliteStore, workers: Workers, tmp_path: Path, count: int, processes: int
) -> None:
    """Of all processes that claim a case one gets it; the others hear that it is taken."""
    cases = []
    for number in range(count):
        events = crisis(number, time.time(), profile={"user": f"u{number}"})
        await store.append(*events)
        cases.append(events[0].subject)
    start = time.time() + 0.1
    workers.acks.clear()
    workers.start(
        *(
            {"do": "race", "folder": str(tmp_path), "name": f"m{n}", "later": 0.0,
             "cases": cases, "start": start}
            for n in range(processes)
        )
    )  # fmt: skip
    workers.wait(processes)
    won = [ack for ack in workers.acks if ack["did"] == "won"]
    lost = [ack for ack in workers.acks if ack["did"] == "lost"]
    assert Counter(ack["case"] for ack in won) == dict.fromkeys(cases, 1)
    assert all(ack["held"] == ack["by"] for ack in won)
    assert Counter(ack["case"] for ack in lost) == dict.fromkeys(cases, processes - 1)
    assert {ack["code"] for ack in lost} == {"claimed"}
    log = await whole(store, "case.claimed")
    assert {(e.subject, e.body["by"]) for e in log} == {(a["case"], a["by"]) for a in won}
    assert len(log) == count


# -- kill -9 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "points",
    [
        pytest.param(25, id="short"),
        pytest.param(200, id="long", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
async def test_kill_9_loses_nothing_and_doubles_nothing(  # noqa: PLR0917 - pytest's
    store: SqliteStore, workers: Workers, receiver: Receiver, tmp_path: Path, points: int
) -> None:
    """Two processes open, notify, claim, reply, approve and close, and are killed in the middle."""
    chance = random.Random(points)  # noqa: S311 - when to kill is no secret
    await store.ping()
    workers.acks.clear()
    for point in range(points):
        later = {"folder": str(tmp_path), "later": point * LATER, "hook": receiver.url}
        pids = workers.start(
            *({"do": "live", "name": f"{side}{point}", **later} for side in ("a", "b"))
        )
        for pid in chance.sample(pids, 2):
            time.sleep(chance.uniform(0.005, 0.06))
            os.kill(pid, signal.SIGKILL)
        workers.wait(2)
    order = {"do": "finish", "name": "last", "folder": str(tmp_path), "hook": receiver.url}
    for more in (1, 2):  # a letter that waited for one that was taken is due a little later
        workers.start(order | {"later": (points + more) * LATER})
        workers.wait(1)
    quick_check(tmp_path / "guardrail.db")
    log = await whole(store, "")
    nothing_acknowledged_is_lost(log, workers.acks)
    await no_word_is_lost(store, tmp_path, workers.acks)
    nothing_is_claimed_twice(log)
    every_letter_arrived_under_one_id(log, receiver.got)
    done = Counter(ack["did"] for ack in workers.acks)
    assert done["resolved"] > points / 10, done


async def whole(store: SqliteStore, kind: str) -> list[Event]:
    """Everything in the log of a kind, oldest first."""
    found: list[Event] = []
    while page := await store.read(
        Query(kind or None, after_seq=found[-1].seq if found else 0, limit=1_000, ascending=True)
    ):
        found += page
    return found


def nothing_acknowledged_is_lost(log: list[Event], acks: list[dict[str, Any]]) -> None:
    """What a call said that it did stands in the log; and in the end every case is resolved."""
    kinds = {(event.kind, event.subject) for event in log}
    claims = {(e.subject, e.body["by"], e.body["n"]) for e in log if e.kind == "case.claimed"}
    resolved = {(e.subject, e.body["by"]) for e in log if e.kind == "case.resolved"}
    approved = {e.body["of"] for e in log if e.kind == "case.contact_approved"}
    for ack in acks:
        match ack["did"]:
            case "opened" | "joined" as did:
                assert (f"case.{did}", ack["case"]) in kinds, ack
            case "claimed":
                assert (ack["case"], ack["by"], ack["n"]) in claims, ack
            case "approved":
                assert ack["of"] in approved, ack
            case "resolved":
                assert (ack["case"], ack["by"]) in resolved, ack
    book = CaseBook()
    book.add(event for event in log if event.kind.startswith("case."))
    cases = list(book.all(log[-1].at))
    assert {case.status for case in cases} == {Status.RESOLVED}
    for case in cases:  # a proposal whose second member was killed may still wait, and says so
        assert {one.verdict for one in case.contacts} <= {Verdict.SENT, Verdict.PROPOSED}


async def no_word_is_lost(store: SqliteStore, folder: Path, acks: list[dict[str, Any]]) -> None:
    """Lines to the person and notes, under the ids that the log names."""
    vault = open_vault(folder, VaultTable())
    board = Switchboard(store, vault)
    for ack in acks:
        if ack["did"] == "said":
            assert ack["words"] in {line.text for line in await board.talk(ack["case"])}
        elif ack["did"] == "noted":
            assert ack["words"] in {text.text for text in await vault.open(ack["case"])}
    await vault.close()


def nothing_is_claimed_twice(log: list[Event]) -> None:
    """Whoever claims a case finds it free: never claimed, let go, or its lease over."""
    held: dict[str, tuple[str, float]] = {}
    numbers: dict[str, list[int]] = defaultdict(list)
    for event in log:
        if "n" in event.body and event.kind.startswith("case."):
            numbers[event.subject].append(event.body["n"])
        if event.kind == "case.claimed":
            by, until = held.get(event.subject, ("", 0.0))
            assert by in ("", event.body["by"]) or event.at >= until, event
            held[event.subject] = (event.body["by"], event.body["until"])
        elif event.kind == "case.resolved":
            held.pop(event.subject, None)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


def every_letter_arrived_under_one_id(log: list[Event], got: list[tuple[str, bytes]]) -> None:
    """One for each case and each approval; a repeat has the id and the body of the first."""
    book = LetterBook()
    book.add(event for event in log if event.kind.startswith("letter."))
    assert {letter.state for letter in book.all()} == {Post.SENT}
    wanted = {webhook_id(letter.id) for letter in book.all()}
    assert {name for name, _ in got} == wanted
    assert len(set(got)) == len(wanted)
    opened = [e for e in log if e.kind in ("case.opened", "case.contact_approved")]
    assert len(wanted) == len(opened)
