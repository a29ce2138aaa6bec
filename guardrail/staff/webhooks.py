"""Webhooks, signed by Standard Webhooks (github.com/standard-webhooks/standard-webhooks, 1.0.0).

The receiver checks `webhook-signature` over id, timestamp and body, and knows a repeat by its
`webhook-id`. While keys rotate there is a signature by each; a receiver takes any that fits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson
from standardwebhooks import Webhook as Signer
from yarl import URL

from guardrail._tables import Webhook
from guardrail.errors import RequestError, StoreError
from guardrail.letterbook import Letter
from guardrail.letters import TEMPLATES, Places, payload, webhook_id
from guardrail.staff.addresses import Address, AddressBook
from guardrail.staff.couriers import DELIVERED, Outcome, Route
from guardrail.staff.egress import Egress, Refused, Reply

__all__ = ["Poster", "Webhooks", "signed"]

OUTSIDE = frozenset({"guardian", "emergency", "child"})
"""Audiences that the receiver passes a letter on to."""


def signed(secrets: Sequence[str], letter: str, at: float, body: bytes) -> Mapping[str, str]:
    """The headers of one try of a letter at `at` (epoch seconds), a signature for each secret."""
    name, stamp = webhook_id(letter), datetime.fromtimestamp(int(at), UTC)
    signatures = (Signer(secret).sign(name, stamp, body.decode()) for secret in secrets)
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": " ".join(signatures),
    }


class Poster:
    """Sends one signed webhook and says what became of it."""

    def __init__(
        self, egress: Egress, places: Places, clock: Callable[[], float] = time.time
    ) -> None:
        self.places = places
        self._egress, self._clock = egress, clock

    async def post(
        self,
        letter: Letter,
        url: str,
        secrets: Sequence[str],
        *,
        to: Sequence[str] = (),
        sealed: Mapping[str, str] | None = None,
    ) -> Outcome:
        """One try. `to` are phone numbers to pass it on to; `sealed` lies with an address."""
        try:
            body = orjson.dumps(
                payload(letter, self.places, to, sealed), option=orjson.OPT_SORT_KEYS
            )
        except RequestError:
            return Outcome("unfilled", final=True)
        now = self._clock()
        try:
            reply = await self._egress.post(url, body, signed(secrets, letter.id, now, body))
        except Refused as refused:
            return Outcome(refused.why)
        return _outcome(reply, now)

    async def close(self) -> None:
        """Let go of connections. May be called twice."""
        await self._egress.close()


class Webhooks:
    """The courier to the receivers in the settings. `hashed` makes names of addresses."""

    prefix = "w"

    def __init__(
        self,
        poster: Poster,
        hooks: Sequence[Webhook],
        hashed: Callable[[str], str],
        book: AddressBook | None = None,
    ) -> None:
        self._poster, self._hashed, self._book = poster, hashed, book
        self._hooks = {f"{self.prefix}-{hashed(hook.url)[:16]}": hook for hook in hooks}

    async def routes(self, letter: Letter) -> tuple[Route, ...]:
        """See `Courier`. What is sealed is for one address, not for whoever listens here."""
        if TEMPLATES[letter.template].sealed and not await self._by_phone(letter):
            return ()
        return tuple(
            Route(name, self._contact(name, letter))
            for name, hook in self._hooks.items()
            if letter.audience in hook.audiences
        )

    async def deliver(self, letter: Letter, endpoint: str) -> Outcome:
        """See `Courier`."""
        hook = self._hooks.get(endpoint)
        if hook is None:
            return Outcome("endpoint_gone", final=True)
        try:
            found = await self._by_phone(letter)
        except StoreError:
            return Outcome("vault")
        to = [address.phone for address in found]
        sealed = found[0].sealed if found else {}
        return await self._poster.post(letter, hook.url, hook.secrets, to=to, sealed=sealed)

    def shown(self, endpoint: str) -> str:
        """See `Courier`: the host."""
        hook = self._hooks.get(endpoint)
        return (URL(hook.url).host or "") if hook is not None else ""

    async def close(self) -> None:
        """See `Courier`."""
        await self._poster.close()

    def _contact(self, name: str, letter: Letter) -> str:
        alarm = TEMPLATES[letter.template].alarm and letter.user
        return self._hashed(f"{name}\n{letter.audience}\n{letter.user}") if alarm else ""

    async def _by_phone(self, letter: Letter) -> tuple[Address, ...]:
        if self._book is None or letter.audience not in OUTSIDE:
            return ()
        found = await self._book.of(letter)
        return tuple(address for address in found.values() if address.phone)


def _outcome(reply: Reply, now: float) -> Outcome:
    """What a status means: 2xx is well, 410 is the end, all else is tried again (spec, "Operational")."""
    status = reply.status
    if 200 <= status < 300:  # noqa: PLR2004
        return DELIVERED
    if status == 410:  # noqa: PLR2004
        return Outcome("gone", final=True, gone=True)
    why = "redirect" if 300 <= status < 400 else f"http_{status}"  # noqa: PLR2004
    return Outcome(why, wait=_wait(reply.retry_after, now))


def _wait(text: str, now: float) -> float:
    """Seconds that `Retry-After` asks for (RFC 9110, 10.2.3): a number, or a date."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0
