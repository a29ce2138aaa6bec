"""Connects a moderator and a person in the person's own chat: `takeover` on a store and a vault.

Rules of this file:

1. Words first, then the event that names them: whoever reads the log finds the words.
2. The log decides. What is in memory is what was read of it; another process's joining and speaking
   is seen within `poll` seconds, and a turn that begins learns from its session at once.
3. A line is delivered when the answer that carried it was sent, not before.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from guardrail.errors import RequestError
from guardrail.roles import Member
from guardrail.session import Session
from guardrail.store.base import Event, Query, Store
from guardrail.takeover import PERSON, Hold, HoldBook, Owed
from guardrail.vault import Speaker, Text, Vault

__all__ = ["Line", "Switchboard", "Terms"]

PAGE = 1_000
"""Events read at a time."""

ABANDONED = 600.0
"""Seconds after the last lease in which a colleague may step in; then the bot may speak again."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long things may take, in seconds; `keep_days` is how long words of a take-over are kept."""

    wait: float = 25.0
    stream: float = 120.0
    settle: float = 4.0
    keepalive: float = 10.0
    poll: float = 0.5
    keep_days: float = 30.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a take-over, for the console. `by` is a member id or "user"; `text` may be gone."""

    seq: int
    at: float
    by: str
    text: str | None
    delivered: bool


class Switchboard:
    """Every method may raise `StoreError`; acts of members raise `RequestError`, too."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Callable[[], float] = time.time,
        terms: Terms = Terms(),
    ) -> None:
        self.terms = terms
        self._store, self._vault, self._clock = store, vault, clock
        self._book = HoldBook()
        self._reading = asyncio.Lock()
        self._read_at = float("-inf")
        self._news = asyncio.Event()  # set, and replaced by a new one, with every change
        self._listeners: Counter[str] = Counter()  # apps that hear a conversation's lines at once
        self.ending = False  # whether answers that wait are to be completed now

    # -- what holds ------------------------------------------------------------------------------

    async def held(self, conversation: str, *, now: bool = False) -> Hold | None:
        """The hold on a conversation; `now` looks at the log first, else only after `poll` seconds."""
        if now or time.monotonic() - self._read_at > self.terms.poll:
            await self.catch_up()
        return self._book.of(conversation)

    async def of_case(self, case: str) -> Hold | None:
        """The hold of a case, as the log says now."""
        await self.catch_up()
        return self._book.case(case)

    async def catch_up(self) -> None:
        """Read on in the log."""
        async with self._reading:
            self._read_at, more, began = time.monotonic(), True, self._book.seq
            while more:
                query = Query(kind="case.", after_seq=self._book.seq, limit=PAGE, ascending=True)
                page = await self._store.read(query)
                self._book.add(page)
                more = len(page) == PAGE
            if self._book.seq != began:
                self._ring()

    async def changed(self, seconds: float) -> int:
        """Wait until something new is known, or for `seconds`; the last event known."""
        before, end = self._book.seq, time.monotonic() + seconds
        while self._book.seq == before and not self.ending:
            if (left := end - time.monotonic()) <= 0:
                break
            bell = self._news
            try:
                async with asyncio.timeout(min(left, self.terms.poll)):
                    await bell.wait()
            except TimeoutError:
                await self.catch_up()
        return self._book.seq

    def end(self) -> None:
        """The process is about to end: nobody waits here any longer. What is owed stays owed."""
        self.ending = True
        self._ring()

    def _ring(self) -> None:
        bell, self._news = self._news, asyncio.Event()
        bell.set()

    @property
    def seq(self) -> int:
        """The last event known."""
        return self._book.seq

    @contextmanager
    def listening(self, conversation: str) -> Iterator[None]:
        """While an app hears this conversation's lines as they come."""
        self._listeners[conversation] += 1
        try:
            yield
        finally:
            self._listeners[conversation] -= 1
            self._listeners += Counter()  # drops those that nobody listens to

    def is_heard(self, conversation: str) -> bool:
        """Whether an app hears this conversation's lines as they come."""
        return conversation in self._listeners

    # -- what members do -------------------------------------------------------------------------

    async def join(self, case: str, conversation: str, user: str | None, member: Member) -> Hold:
        """A member who has claimed the case speaks to the person from now on.

        Raises:
            RequestError: somebody is there already, or the case is over (409).
        """
        hold = await self.of_case(case)
        if hold is not None and not hold.over and hold.by == member.id:
            return hold
        if hold is not None and hold.present(self._clock()):
            raise RequestError("a colleague is in this chat", status=409, code="taken")
        about = (case, conversation, user)
        await self._append("joined", about, {"by": member.id, "display": member.name})
        await self._mark(conversation, held=case)
        joined = self._book.case(case)
        if joined is None:
            raise RequestError("this case is over", status=409, code="case_over")
        return joined

    async def say(self, case: str, member: Member, text: str) -> Hold:
        """Words of a member to the person.

        Raises:
            RequestError: they have not joined, or their claim lapsed (409); there are no words (422).
        """
        hold = await self._own(case, member)
        if not text.strip():
            raise RequestError("there are no words", status=422, code="empty")
        await self._said(hold, member.id, Speaker.MODERATOR, [text])
        return self._book.case(case) or hold

    async def leave(self, case: str, member: Member) -> None:
        """Hand the conversation back to the bot.

        Raises:
            RequestError: they have not joined (409).
        """
        await self._left(await self._own(case, member), member.id)

    async def talk(self, case: str) -> tuple[Line, ...]:
        """All that was said in take-overs of a case, oldest first, and what of it has arrived."""
        words = {text.id: text.text for text in await self._vault.open(case)}
        found: list[Line] = []
        upto = 0
        async for event in self._events(case):
            if event.kind == "case.said":
                by, text = event.body["by"], words.get(event.body["text"])
                found.append(Line(event.seq, event.at, by, text, delivered=by == PERSON))
            elif event.kind == "case.delivered":
                upto = max(upto, int(event.body["upto"]))
        return tuple(replace(one, delivered=one.delivered or one.seq <= upto) for one in found)

    # -- what the person's turns do --------------------------------------------------------------

    async def heard(self, hold: Hold, texts: Sequence[str], turn: str) -> None:
        """Pass the person's words on; asking twice for one turn adds nothing."""
        said = [text for text in texts if text.strip()]
        await self._said(hold, PERSON, Speaker.USER, said, turn=turn)

    async def words(self, hold: Hold) -> Mapping[str, str]:
        """The words of what is owed, by vault id."""
        wanted = {one.text for one in hold.owed if one.text}
        if not wanted:
            return {}
        return {t.id: t.text for t in await self._vault.open(hold.case) if t.id in wanted}

    async def owed(
        self, conversation: str, seconds: float, after: int = 0
    ) -> AsyncIterator[tuple[Hold, tuple[Owed, ...]]]:
        """What is owed to the person, as it comes, until the answer is complete or time is over.

        An answer is complete when a human has said something and then nothing for `settle`
        seconds, or when nobody is there any more. `after` is the last event that was given out
        before. Each pair holds what is new; an empty one is a moment for a sign of life.
        """
        end = time.monotonic() + seconds
        spoke, alive = False, time.monotonic()
        while (hold := await self.held(conversation)) is not None:
            fresh = tuple(one for one in hold.owed if one.seq > after)
            if fresh:
                after, alive = fresh[-1].seq, time.monotonic()
                spoke = spoke or any(one.kind == "line" for one in fresh)
                yield hold, fresh
            quiet = self._clock() - hold.last() >= self.terms.settle
            left = end - time.monotonic()
            over = left <= 0 or (spoke and quiet) or self.ending
            if over or not hold.present(self._clock()):
                return
            await self.changed(min(left, self.terms.settle, self.terms.keepalive))
            if time.monotonic() - alive >= self.terms.keepalive:
                alive = time.monotonic()
                yield hold, ()

    async def delivered(self, hold: Hold, upto: int, turn: str) -> None:
        """The person was sent everything up to this event."""
        about = (hold.case, hold.conversation, hold.user)
        await self._append("delivered", about, {"upto": upto, "turn": turn})

    # -- housekeeping ----------------------------------------------------------------------------

    async def mend(self) -> None:
        """At the start: a power cut may have set sessions back; the log says who is held."""
        await self.catch_up()
        for hold in self._book.all():
            await self._mark(hold.conversation, held=hold.case)

    async def sweep(self) -> int:
        """End take-overs that nobody has carried on for a while; say how many."""
        await self.catch_up()
        lapsed = [h for h in self._book.all() if self._clock() > h.kept + ABANDONED]
        for hold in lapsed:
            await self._left(hold, "system")
        return len(lapsed)

    # -- inside ----------------------------------------------------------------------------------

    async def _own(self, case: str, member: Member) -> Hold:
        hold = await self.of_case(case)
        if hold is None or hold.over or hold.by != member.id:
            raise RequestError("you are not in this chat", status=409, code="not_joined")
        if not hold.present(self._clock()):
            raise RequestError("your claim has run out; claim it again", status=409, code="lapsed")
        return hold

    async def _left(self, hold: Hold, by: str) -> None:
        await self._append("left", (hold.case, hold.conversation, hold.user), {"by": by})
        await self._mark(hold.conversation, held="")

    async def _said(
        self, hold: Hold, by: str, speaker: Speaker, texts: Sequence[str], *, turn: str = ""
    ) -> None:
        """Seal the words, then say in the log that they were said."""
        now = self._clock()
        until = now + self.terms.keep_days * 86_400.0
        stem = turn or secrets.token_hex(8)
        sealed = [
            Text(f"said.{stem}.{number}", hold.case, hold.owner, speaker, text, now, until)
            for number, text in enumerate(texts)
        ]
        if not sealed:
            return
        await self._vault.seal(*sealed)
        about = (hold.case, hold.conversation, hold.user)
        said = [
            self._event("said", about, {"by": by, "text": text.id}, f"{stem}.{number}")
            for number, text in enumerate(sealed)
        ]
        await self._store.append(*said)
        await self.catch_up()

    async def _append(
        self, kind: str, about: tuple[str, str, str | None], body: dict[str, Any]
    ) -> None:
        await self._store.append(self._event(kind, about, body, secrets.token_hex(8)))
        await self.catch_up()

    def _event(
        self, kind: str, about: tuple[str, str, str | None], body: dict[str, Any], name: str
    ) -> Event:
        kind = f"case.{kind}"
        case, conversation, user = about
        return Event(f"{kind}.{name}", self._clock(), kind, case, user, conversation, body)

    async def _mark(self, conversation: str, *, held: str) -> None:
        """Tell every process's next turn, whatever it has read of the log."""

        def change(old: Session | None, _: object) -> tuple[Session, None]:
            now = self._clock()
            return replace(old or Session(conversation, now, now), held=held), None

        await self._store.update(conversation, "", change)

    async def _events(self, case: str) -> AsyncIterator[Event]:
        seq = 0
        while page := await self._store.read(
            Query("case.", case, after_seq=seq, limit=PAGE, ascending=True)
        ):
            for event in page:
                yield event
            seq = page[-1].seq
