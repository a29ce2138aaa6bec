"""What proves that somebody is who they say: passwords, one-time codes, recovery codes, links.

After NIST SP 800-63B (rev. 4, section 3.1) and the OWASP cheat sheets: a password is long and not a
common one, and nothing else is asked of it; argon2id stretches it (RFC 9106, section 4, second
choice: 64 MiB); a one-time code (RFC 6238) counts once. What a machine made is random enough to be
kept as a plain SHA-256; TOTP keys have to be read again and are sealed.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import pyotp
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from guardrail.errors import RequestError
from guardrail.staff._common import COMMON

__all__ = [
    "LONGEST",
    "SHORTEST",
    "Cost",
    "Passwords",
    "Sealer",
    "digest",
    "fold",
    "new_totp",
    "recovery_codes",
    "token",
    "totp_link",
    "totp_step",
    "unfit",
]

SHORTEST, LONGEST = 12, 256
"""Characters of a password."""

PERIOD = 30
"""Seconds that a one-time code lives; one before and one after count as well, for crooked clocks."""

RECOVERY = 10
"""Recovery codes that somebody gets, of 80 bits each."""

HASHING = 2
"""Passwords that are stretched at a time: each takes a core and 64 MiB."""

QUEUE = 16
"""Passwords that may wait for that. Beyond, somebody floods the login."""

FEW = 5
"""A password of fewer different characters is a pattern, whatever its length."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cost:
    """What argon2id spends: passes, KiB, lanes."""

    passes: int = 3
    memory: int = 65_536
    lanes: int = 4


class Passwords:
    """Stretches passwords and compares them, in threads, a few at a time."""

    def __init__(self, cost: Cost = Cost()) -> None:
        self._hasher = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory, parallelism=cost.lanes, type=Type.ID
        )
        self._room = asyncio.Semaphore(HASHING)
        self._waiting = 0
        salt, mac = (_b64(secrets.token_bytes(size)) for size in (16, 32))
        spent = f"m={cost.memory},t={cost.passes},p={cost.lanes}"
        self._nobody = f"$argon2id$v=19${spent}${salt}${mac}"  # of no password; costs as much

    async def hash(self, password: str) -> str:
        """The stretched password.

        Raises:
            RequestError: too many wait (503).
        """
        return await self._do(lambda: self._hasher.hash(_bytes(password)))

    async def same(self, password: str, hashed: str | None) -> bool:
        """Whether it is the one. With `None` it takes as long and is not: nobody learns who exists.

        Raises:
            RequestError: too many wait (503).
        """
        return await self._do(lambda: self._same(password, hashed))

    def _same(self, password: str, hashed: str | None) -> bool:
        try:
            return self._hasher.verify(hashed or self._nobody, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _do(self, work: Callable[[], T]) -> T:
        if self._waiting >= QUEUE:
            raise RequestError("too many sign in at once: try again", status=503, code="busy")
        self._waiting += 1
        try:
            async with self._room:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


class Sealer:
    """Encrypts small things that have to be read again (JWE, AES-256-GCM), each for one use.

    `key` is the house's own secret; what is sealed here cannot be opened without it.
    """

    def __init__(self, key: bytes) -> None:
        self._key = OctKey.import_key(hmac.new(key, b"guardrail accounts", "sha256").digest())

    def seal(self, use: str, what: Mapping[str, Any]) -> str:
        """A text that says nothing to others."""
        header = {"alg": "dir", "enc": "A256GCM"}
        return jwe.encrypt_compact(header, json.dumps({"use": use, **what}).encode(), self._key)

    def open(self, use: str, sealed: str) -> dict[str, Any] | None:
        """What was sealed for this use; `None` for everything else."""
        try:
            found = jwe.decrypt_compact(sealed, self._key, algorithms=["dir", "A256GCM"])
            told = json.loads(found.plaintext or b"")
        except (JoseError, ValueError, TypeError, LookupError, AttributeError):
            return None
        return told if isinstance(told, dict) and told.pop("use", None) == use else None


def fold(login: str) -> str:
    """A login as it is compared: width, case and blanks around it do not count."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def unfit(password: str, *about: str) -> str | None:
    """Why a password will not do, as a code: too_short, too_long, common, about_you; else `None`.

    `about` are words that whoever guesses would try first: login and name.
    """
    plain = _plain(password)
    if len(plain) < SHORTEST:
        return "too_short"
    if len(plain) > LONGEST:
        return "too_long"
    low = plain.casefold()
    bare = "".join(one for one in low if one.isalnum())
    if low in COMMON or bare in COMMON or len(set(low)) < FEW or _run(low):
        return "common"
    words = [word for word in map(fold, about) if len(word) > 2]  # noqa: PLR2004
    left = low
    for word in words:
        left = left.replace(word, "")
    return "about_you" if len(left) < SHORTEST // 2 else None


def token() -> str:
    """256 random bits, for a link or a cookie."""
    return secrets.token_urlsafe(32)


def digest(shown: str) -> str:
    """What is kept of a token or a recovery code."""
    return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()


def recovery_codes() -> tuple[str, ...]:
    """Fresh ones, in groups that can be typed."""
    found = (pyotp.random_base32(32)[:16].lower() for _ in range(RECOVERY))
    return tuple("-".join(one[at : at + 4] for at in range(0, 16, 4)) for one in found)


def new_totp() -> str:
    """A fresh TOTP key of 160 bits (RFC 4226, requirement 6), in base 32."""
    return pyotp.random_base32(32)


def totp_link(secret: str, login: str, house: str) -> str:
    """What an authenticator app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=house)


def totp_step(secret: str, code: str, now: float) -> int | None:
    """Which time step a code belongs to, if it is right; whether it was used is not looked at."""
    shown = "".join(unicodedata.normalize("NFKC", code).split()).encode("utf-8", "surrogatepass")
    maker, current = pyotp.TOTP(secret), int(now // PERIOD)
    found = None
    for step in (current - 1, current, current + 1):
        if hmac.compare_digest(maker.generate_otp(step).encode(), shown):
            found = step
    return found


def _plain(password: str) -> str:
    """The same password from every keyboard (RFC 8265: NFC)."""
    return unicodedata.normalize("NFC", password)


def _bytes(password: str) -> bytes:
    """What is stretched; half a character is one, too: whoever sends it gets the usual answer."""
    return _plain(password).encode("utf-8", "surrogatepass")


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")


def _run(low: str) -> bool:
    """Whether it is a piece said again and again, or one long run such as abcdefghijkl."""
    steps = {ord(b) - ord(a) for a, b in pairwise(low)}
    return low in (low + low)[1:-1] or steps <= {1} or steps <= {-1}
