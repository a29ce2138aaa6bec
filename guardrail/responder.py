"""One request on a chat route, from its first byte to its record.

Whatever happens, the client gets a well-formed answer and the turn gets its record.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from guardrail._asgi import (
    ASGIApp,
    ClientGone,
    Headers,
    Receive,
    Scope,
    Send,
    header,
    legible,
    read_body,
    without,
)
from guardrail._backend import Backend
from guardrail.actions import LAST_WORDS
from guardrail.client import Client
from guardrail.engine import Engine
from guardrail.errors import RequestError, StoreError, UpstreamError
from guardrail.exchange import AskAgain, Exchange
from guardrail.human import HumanAnswer, HumanJoined
from guardrail.identity import SIGNAL, SUPPRESS, IdentityRules, identify
from guardrail.policy.model import Mode, Repair
from guardrail.review import Review
from guardrail.routes import Route
from guardrail.staff.switchboard import Switchboard
from guardrail.takeover import Hold, fact, owed_words
from guardrail.turn import Outcome
from guardrail.wire.base import Asked, Words
from guardrail.wire.forgetting import Forgetting, forgotten

__all__ = ["Door", "Guard", "Responder"]

log = structlog.get_logger("guardrail")


@dataclass(frozen=True, slots=True)
class Door:
    """What a request and its reply may cost before they are refused."""

    body_bytes: int = 2 * 1024 * 1024
    body_seconds: float = 30.0
    reply_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True)
class Guard:
    """All that a middleware needs; made by `guardrail.build`. Frozen and shared by all requests."""

    engine: Engine
    routes: tuple[Route, ...]
    identity: IdentityRules = field(default_factory=IdentityRules)
    door: Door = field(default_factory=Door)
    board: Switchboard | None = None  # connects moderators who take conversations over
    marks: bool = False  # whether the bot's replies carry our field (our own answers always do)
    disclose: bool = True  # x-guardrail-id, -action and -policy on answers
    track: Callable[[], AbstractContextManager[object]] = nullcontext  # counts turns under way
    forgetting: Forgetting = field(
        default_factory=Forgetting
    )  # what in a request keeps or brings a memory


class Responder:
    """Serves one request. Made by the middleware, used once."""

    def __init__(self, guard: Guard, app: ASGIApp, route: Route, scope: Scope) -> None:
        self._guard, self._app, self._route, self._scope = guard, app, route, scope
        self._wire = route.wire
        self._asked: Asked | None = None
        self._review: Review | None = None
        self._foreign: BaseException | None = None  # the wrapped app's own error
        self._outcome = Outcome.FAULT
        self._debt: Hold | None = None  # whose last words this answer carries

    async def run(self, receive: Receive, send: Send) -> None:
        """Serve it."""
        client = Client(send, self._wire)
        try:
            with self._guard.track():
                await self._answer(receive, client)
        except ClientGone:
            self._outcome = Outcome.CLIENT_GONE
        except asyncio.CancelledError:
            self._outcome = Outcome.CLIENT_GONE
            raise
        finally:
            if self._review is not None:
                await self._settled()
                closing = self._review.close(
                    self._outcome, status=client.status, shown=client.shown
                )
                await self._guard.engine.finish(closing)

    async def _answer(self, receive: Receive, client: Client) -> None:
        try:
            await self._attempt(receive, client)
        except ClientGone:
            raise
        except Exception as error:  # the last line: the person still gets help words
            if error is self._foreign:
                raise
            self._outcome = Outcome.FAULT
            self._guard.engine.count("fault", type(error).__name__)
            self._log(error)
            await self._last_line(client)

    async def _attempt(self, receive: Receive, client: Client) -> None:
        try:
            self._outcome = await self._serve(receive, client)
        except RequestError as error:
            self._guard.engine.count("refused", error.code)
            await client.refuse(error.status, error.code, str(error))
        except UpstreamError as error:
            self._outcome = Outcome.UPSTREAM_BROKEN
            await self._upstream_broke(error, client)

    async def _serve(self, receive: Receive, client: Client) -> Outcome:
        door = self._guard.door
        if not legible(self._scope["headers"]):
            raise RequestError(
                "request bodies must be in UTF-8 and not compressed",
                status=415,
                code="unsupported_encoding",
            )
        body = await read_body(receive, limit=door.body_bytes, seconds=door.body_seconds)
        asked = self._asked = self._stamped(self._wire.read_turn(body))
        review = self._review = await self._open(asked)
        client.extra, client.facts = lambda: self._headers(review), lambda: review.facts
        hold = await self._hold(review, now=bool(review.held))
        if hold is not None and hold.over:
            await self._still_owed(hold, review)
            hold = None
        if hold is not None:
            review.hand_over()
            await review.inbound()
            return await self._with_human(hold, receive, client, review)
        try:
            return await self._with_bot(body, receive, client, review)
        except HumanJoined:
            hold = await self._hold(review, now=True)
            if hold is None:  # and left, in the same moment
                raise UpstreamError("the answer was stopped") from None
            return await self._with_human(hold, receive, client, review)

    async def _with_bot(
        self, body: bytes, receive: Receive, client: Client, review: Review
    ) -> Outcome:
        """The turn judged, then answered; or, on a route that is `early`, both at a time."""
        if self._route.early and review.open:
            asked, off = self._shown(body, review), review.suppressed
            async with self._backend(asked, receive) as backend:
                decision = await review.inbound()
                same = (asked, off) == (self._shown(body, review), review.suppressed)
                if same and not decision.intervenes:
                    return await self._asked_twice_at_most(
                        asked, receive, client, review, begun=backend
                    )
            review.counts["asked_in_vain"] = 1
            self._guard.engine.count("asked_in_vain", self._wire.name)
        else:
            decision = await review.inbound()
        if decision.intervenes:
            await client.say(Words(decision.id, review.words(decision)), self._read)
            return Outcome.INTERVENED
        return await self._asked_twice_at_most(self._shown(body, review), receive, client, review)

    async def _hold(self, review: Review, *, now: bool = False) -> Hold | None:
        """The moderator who speaks here in the bot's place, or whose words are owed still."""
        board = self._guard.board
        if board is None:
            return None
        try:
            return await board.held(review.turn.conversation, now=now)
        except StoreError:
            review.failed("takeover")
            return None

    async def _still_owed(self, hold: Hold, review: Review) -> None:
        """What a moderator who has left said last goes out with this turn's answer."""
        board = self._guard.board
        assert board is not None  # noqa: S101 - whoever held came by it
        try:
            words = await board.words(hold)
            found = [owed_words(one, words, review.profile.language) for one in hold.owed]
        except StoreError:
            review.failed("takeover")
            return
        review.beside = "\n\n".join(text for text in found if text)
        self._debt = hold

    async def _settled(self) -> None:
        """The answer is out, and with it what was owed."""
        board, hold, review = self._guard.board, self._debt, self._review
        sent = self._outcome in (Outcome.ANSWERED, Outcome.INTERVENED)
        if board is None or hold is None or review is None or not sent:
            return
        try:
            await board.delivered(hold, hold.owed[-1].seq, review.turn.id)
        except StoreError:  # then it is said once more, which is better than never
            review.failed("takeover")

    async def _with_human(
        self, hold: Hold, receive: Receive, client: Client, review: Review
    ) -> Outcome:
        board = self._guard.board
        assert board is not None  # noqa: S101 - whoever holds came by it
        clock = self._guard.engine.clock
        return await HumanAnswer(self._wire, self._read, review, client, board, clock).answer(
            hold, receive
        )

    def _shown(self, body: bytes, review: Review) -> bytes:
        """What of the request the bot is to see; after a human's talk it is told the fact."""
        drop, human = review.hidden
        if drop:
            rest = self._wire.prune(body, drop)
            if rest is None:
                self._guard.engine.count("not_hidden", self._wire.name)
                rest = body
            note = fact(review.profile.language)
            body = (self._wire.steer(rest, note) if human else None) or rest
        if "memory" in review.suppressed and review.policy.mode is Mode.ENFORCE:
            body, review.counts["forgotten"] = forgotten(body, self._guard.forgetting)
        return body

    async def _asked_twice_at_most(
        self,
        body: bytes,
        receive: Receive,
        client: Client,
        review: Review,
        *,
        begun: Backend | None = None,
    ) -> Outcome:
        """Relay the answer; a whole one that leaves somebody without help may be asked for again.

        `begun` is at work on this body already.
        """
        again = not review.turn.stream and review.policy.crisis.repair is Repair.REGENERATE
        review.may_repeat = again and self._wire.steer(body, "") is not None
        try:
            if begun is not None:
                return await self._relay(begun, client, review)
            async with self._backend(body, receive) as backend:
                return await self._relay(backend, client, review)
        except AskAgain as lacking:
            review.may_repeat, review.steering = False, None
            review.counts["asked_again"] = 1
            steered = self._wire.steer(body, lacking.note) or body
            async with self._backend(steered, receive) as backend:
                return await self._relay(backend, client, review)

    def _backend(self, body: bytes, receive: Receive) -> Backend:
        return Backend(self._app, self._inner_scope(len(body)), body, receive)

    async def _relay(self, backend: Backend, client: Client, review: Review) -> Outcome:
        board = self._guard.board
        exchange = Exchange(
            self._wire,
            self._read,
            review,
            backend,
            client,
            self._guard.door.reply_bytes,
            interrupted=self._interrupted,
            marks=self._guard.marks,
            glance=board.terms.poll if board is not None else None,
        )
        return await exchange.relay()

    @property
    def _read(self) -> Asked:
        assert self._asked is not None  # it is read before anybody is asked  # noqa: S101
        return self._asked

    async def _interrupted(self) -> None:
        """Stop the bot if a moderator has joined meanwhile.

        Raises:
            HumanJoined: they have.
        """
        assert self._review is not None  # noqa: S101 - nobody answers before
        hold = await self._hold(self._review)
        if hold is not None and not hold.over:
            raise HumanJoined

    def _stamped(self, asked: Asked) -> Asked:
        """Answers of our own carry the time; wires have no clock."""
        return replace(asked, echo={**asked.echo, "now": int(self._guard.engine.clock())})

    async def _open(self, asked: Asked) -> Review:
        headers = self._scope["headers"]
        who = identify(
            self._guard.identity,
            headers,
            (self._scope.get("client") or (None,))[0],
            body_user=asked.user,
            body_conversation=asked.conversation,
        )
        if who.region is None and self._route.region:
            who = replace(who, region=self._route.region)
        return await self._guard.engine.open(
            asked,
            who,
            app=header(headers, b"authorization"),
            route=self._route,
            leaving=header(headers, SIGNAL).strip().lower() == b"exit",
        )

    def _inner_scope(self, length: int) -> Scope:
        """The request as the backend sees it: readable answers only, and no header that is for us.

        `length`: of its body, which is another one where something was hidden or added.
        """
        hidden = self._guard.identity.ours(self._scope["headers"]) | {b"accept-encoding"}
        headers = [
            (name, b"%d" % length if name == b"content-length" else value)
            for name, value in without(self._scope["headers"], hidden)
        ]
        if self._review is not None and self._review.suppressed:
            headers = [*headers, (SUPPRESS, ", ".join(self._review.suppressed).encode())]
        return {**self._scope, "headers": headers}

    def _headers(self, review: Review) -> Headers:
        # Notices are for the app to show, and a receipt is written for them: they always go out.
        notices = [(b"x-guardrail-notice", notice.encode()) for notice in review.notices]
        if review.with_human:
            notices.append((b"x-guardrail-speaker", b"human"))
        if review.suppressed:
            notices.append((SUPPRESS, ", ".join(review.suppressed).encode()))
        if not self._guard.disclose:
            return notices
        return [
            (b"x-guardrail-id", review.turn.id.encode()),
            (b"x-guardrail-action", review.strongest.value.encode()),
            (b"x-guardrail-policy", review.policy.tag.encode()),
            *notices,
        ]

    async def _upstream_broke(self, error: UpstreamError, client: Client) -> None:
        """The backend could not be reached, or broke off: say so in the client's format.

        A person who was to get words of support behind the reply is not left with an error alone.
        """
        cause = error.__cause__
        foreign = isinstance(cause, Exception) and not isinstance(cause, (UpstreamError, OSError))
        untouched = not client.started
        owed = self._review.addition if self._review is not None else ""
        if self._review is not None and self._asked is not None and owed and untouched:
            await client.say(Words(self._review.turn.id, owed), self._asked)
        if cause is not None and foreign and untouched:
            self._foreign = cause
            raise cause  # the embedding app's own bug: its server shall see it as ever
        await client.refuse(502, "upstream_failed", "the chat backend failed")

    def _log(self, error: Exception) -> None:
        """Where it failed, never what was said: an error's own words may quote it."""
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        where = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
        turn = self._review.turn.id if self._review is not None else None
        log.error("fault", kind=type(error).__name__, where=where, turn=turn)

    async def _last_line(self, client: Client) -> None:
        """Something of ours failed. The person gets help words all the same."""
        words = LAST_WORDS[self._review.turn.profile.language if self._review else "en"]
        client.facts = dict  # what is told beside the words may be what failed
        try:
            if self._asked is not None:
                await client.say(Words("fault", words), self._asked)
            else:
                await client.refuse(500, "fault", words)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 - the wire is what failed
            self._log(error)
            await client.plainly(words)
