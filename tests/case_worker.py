"""Processes that work on cases and may be killed at any moment: `python -m tests.case_worker`.

Started once, it imports everything and then forks a process for each order, so that killing one
costs milliseconds. Orders come as lines of JSON on stdin. On stdout stand what was *acknowledged*:
a line is written after the call that it tells of has returned, never before.

    {"pid": 17}                                      a process was forked
    {"ended": 17}                                    and is gone
    {"did": "claimed", "case": "…", "by": "m1"}      a call returned
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from guardrail._tables import VaultTable, Webhook
from guardrail.cases import Asked, Case, Resolution, Wanted, Whom
from guardrail.errors import RequestError
from guardrail.letters import Places, of_case
from guardrail.roles import StaffRole
from guardrail.staff.casework import Casework
from guardrail.staff.egress import Egress, Rules
from guardrail.staff.outbox import Outbox
from guardrail.staff.switchboard import Switchboard
from guardrail.staff.webhooks import Poster, Webhooks
from guardrail.store.sqlite import SqliteStore
from guardrail.store.vault import open_vault
from guardrail.turn import Severity
from tests.cases import crisis, somebody

SECRET = "whsec_" + "A" * 40


def told(**facts: Any) -> None:
    """Say that something was acknowledged; short lines are written whole or not at all."""
    os.write(1, json.dumps(facts).encode() + b"\n")


class Worker:
    """One process: a member who works on cases, an outbox, and somebody in crisis now and then.

    `later` moves the clock, so that claims and takes of those who were killed are over.
    """

    def __init__(self, folder: Path, name: str, later: float, hook: str = "") -> None:
        self.member = somebody(name, StaffRole.CHILD_SAFETY)
        self.second = somebody(f"{name}-second", StaffRole.CHILD_SAFETY)
        self.later = later
        self.store = SqliteStore(folder / "guardrail.db", busy_seconds=30.0)
        self.vault = open_vault(folder, VaultTable(), self.clock)
        self.work = Casework(self.store, self.vault, clock=self.clock)
        self.board = Switchboard(self.store, self.vault, self.clock)
        table = Webhook(url=hook or "http://127.0.0.1", secrets=(SECRET,),
                        audiences=("moderators", "emergency"))  # fmt: skip
        poster = Poster(Egress(Rules(frozenset({"127.0.0.1"}), private=True, http=True)),
                        Places(), self.clock)  # fmt: skip
        hooks = Webhooks(poster, [table], lambda text: hashlib.sha256(text.encode()).hexdigest())
        self.outbox = Outbox(self.store, [hooks], clock=self.clock)

    def clock(self) -> float:
        """The server's clock, later."""
        return time.time() + self.later

    @asynccontextmanager
    async def closing(self) -> AsyncIterator[None]:
        """Let go at the end, if it comes to that."""
        try:
            yield
        finally:
            await self.outbox.close()
            await self.vault.close()
            await self.store.close()

    async def live(self) -> None:
        """Finish what others left, then see to somebody new, until killed."""
        while True:
            await self.finish()
            await self.open()

    async def finish(self) -> None:
        """Work on every case that nobody has, and bring every letter that is due."""
        await self.outbox.step()
        for case in (await self.work.queue(self.member, Wanted(unclaimed=True))).cases:
            try:
                await self.help(case)
            except RequestError as error:
                if error.code not in ("claimed", "case_resolved"):
                    raise
            await self.outbox.step()

    async def open(self) -> None:
        """Somebody is in crisis: case and letter in one transaction, as the guard does it."""
        user = secrets.token_hex(4)
        severity = secrets.choice(list(Severity))
        events = crisis(0, self.clock(), profile={"user": user}, conversation=user,
                        severity=severity)  # fmt: skip
        letters = [letter for event in events if (letter := of_case(event)) is not None]
        await self.store.append(*events, *letters)
        told(did="opened", case=events[0].subject)

    async def help(self, case: Case) -> None:
        """Claim, talk, write, tell somebody, close."""
        who, id_ = self.member, case.id
        held = await self.work.claim(who, id_)
        told(did="claimed", case=id_, by=who.id, n=held.generation)
        await self.board.join(id_, held.conversations[-1], held.user, who)
        told(did="joined", case=id_)
        words = secrets.token_hex(8)
        await self.board.say(id_, who, words)
        told(did="said", case=id_, words=words)
        await self.work.note(who, id_, f"note {words}")
        told(did="noted", case=id_, words=f"note {words}")
        if not held.contacts:
            found, one = await self.work.propose_contact(who, id_, Whom.EMERGENCY, Asked.DANGER)
            told(did="proposed", case=id_, of=one)
            await self.work.approve_contact(self.second, id_, found.contacts[0].id)
            told(did="approved", case=id_, of=one)
        await self.board.leave(id_, who)
        await self.work.resolve(who, id_, Resolution.HELPED)
        told(did="resolved", case=id_, by=who.id)

    async def race(self, cases: list[str]) -> None:
        """Claim all of these, twenty at a time; others do the same."""
        for start in range(0, len(cases), 20):
            await asyncio.gather(*(self.claim(case) for case in cases[start : start + 20]))

    async def claim(self, case: str) -> None:
        """Try to get one."""
        try:
            held = await self.work.claim(self.member, case)
        except RequestError as error:
            told(did="lost", case=case, by=self.member.id, code=error.code)
        else:
            told(did="won", case=case, by=self.member.id, held=held.claimed_by)


async def obey(order: dict[str, Any]) -> None:
    """Do what one order asks for."""
    worker = Worker(Path(order["folder"]), order["name"], order["later"], order.get("hook", ""))
    async with worker.closing():
        match order["do"]:
            case "live":
                await worker.live()
            case "finish":
                await worker.finish()
            case "race":
                await asyncio.sleep(max(0.0, order["start"] - time.time()))
                await worker.race(order["cases"])


def main() -> None:
    """Fork for each order of a line, and wait for them to end."""
    for line in sys.stdin:
        children = []
        for order in json.loads(line):
            child = os.fork()
            if child == 0:
                asyncio.run(obey(order))
                os._exit(0)
            told(pid=child)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
            told(ended=child)


if __name__ == "__main__":
    main()
