"""Signing in with an identity provider: OpenID Connect, authorization code with PKCE.

After OpenID Connect Core 1.0 (3.1.2, 3.1.3.7), RFC 7636 (PKCE) and RFC 9700 (best current practice).
Rules of this file:

1. The issuer in the settings is the only address that is believed; its discovery document has to
   name itself by exactly that, and what it names has to be https unless the issuer is on loopback.
2. The id_token is checked here: signature by a key of the issuer with an algorithm of our list (never
   `none`, never a shared secret), issuer, audience, authorised party, time, nonce.
3. What a login needs to remember between leaving and coming back (state, nonce, verifier) is sealed
   in a cookie of that browser: a link made by somebody else signs nobody in.
4. Somebody's roles come from their groups, by the table in the settings, and from nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from guardrail._tables import Oidc
from guardrail.errors import RequestError, UpstreamError
from guardrail.roles import STAFF, StaffRole
from guardrail.staff._login import Claims

__all__ = ["Back", "Flow", "Provider"]

log = structlog.get_logger("guardrail")

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")

LEEWAY = 60
"""Seconds that the provider's clock may differ from ours."""

FRESH = 3600.0
"""Seconds that the provider's documents are kept."""

AGAIN = 60.0
"""Seconds until its keys are asked for again because one is missing."""

FLOW = 600.0
"""Seconds that somebody may take to sign in there."""

DEADLINE = 10.0
"""Seconds of one question to the provider."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Flow:
    """One login under way. `url` is where the browser goes, the rest stays sealed in its cookie."""

    url: str
    state: str
    nonce: str
    verifier: str
    until: float

    @property
    def kept(self) -> dict[str, Any]:
        """What the cookie holds."""
        return {
            "state": self.state,
            "nonce": self.nonce,
            "verifier": self.verifier,
            "until": self.until,
        }


@dataclass(frozen=True, slots=True)
class Back:
    """What came back with the browser: the query, and the cookie's content."""

    query: Mapping[str, str]
    kept: Mapping[str, Any] | None


class Provider:
    """One identity provider.

    Args:
        table: issuer, client, groups.
        clock: epoch seconds.
        client: settings for httpx (a transport, certificates), for tests and private networks.
        count: told of each return that signs nobody in ("staff_login"): refused, or provider (it
            cannot be reached, or understood).
    """

    def __init__(
        self,
        table: Oidc,
        clock: Callable[[], float] = time.time,
        client: Mapping[str, Any] | None = None,
        count: Callable[[str, str], None] = lambda _what, _why: None,
    ) -> None:
        self._table, self._clock, self._count = table, clock, count
        self._client: dict[str, Any] = {"timeout": DEADLINE, "follow_redirects": False}
        self._client |= client or {}
        self._turn = asyncio.Lock()
        self._document: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def start(self, redirect: str) -> Flow:
        """Where to send the browser. `redirect` is our address for its return.

        Raises:
            UpstreamError: the provider cannot be reached, or its document is not one.
        """
        document = await self._discovered()
        state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        verifier = secrets.token_urlsafe(48)
        url = prepare_grant_uri(
            document["authorization_endpoint"],
            client_id=self._table.client_id,
            response_type="code",
            redirect_uri=redirect,
            scope=list(self._table.scopes),
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return Flow(str(url), state, nonce, verifier, self._clock() + FLOW)

    async def finish(self, back: Back, redirect: str) -> Claims:
        """Who came back.

        Raises:
            RequestError: the answer is not to a question of this browser, or the provider refused,
                or its token is not good (401).
            UpstreamError: the provider cannot be reached, or what it says cannot be read.
        """
        try:
            return await self._finished(back, redirect)
        except RequestError:
            self._count("staff_login", "refused")
            raise
        except UpstreamError:
            self._count("staff_login", "provider")
            raise

    async def _finished(self, back: Back, redirect: str) -> Claims:
        kept, query = back.kept, back.query
        if kept is None or self._clock() > kept["until"]:
            raise _refused("flow")
        if not hmac.compare_digest(query.get("state", "").encode(), kept["state"].encode()):
            raise _refused("state")
        document = await self._discovered()
        # RFC 9207: an answer of another provider is not ours, however it got here.
        if query.get("iss", document["issuer"]) != document["issuer"]:
            raise _refused("issuer")
        if "error" in query or not query.get("code"):
            raise _refused("denied")
        token = await self._token(document, query["code"], kept["verifier"], redirect)
        return self._claims(await self._checked(document, token, kept["nonce"]))

    # -- talking to it ---------------------------------------------------------------------------

    async def _token(
        self, document: Mapping[str, Any], code: str, verifier: str, redirect: str
    ) -> str:
        """The id_token for a code (RFC 6749, 4.1.3; the client shows itself as in 2.3.1)."""
        table = self._table
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
            "client_id": table.client_id,
        }
        known = [quote(part, safe="") for part in (table.client_id, table.client_secret)]
        auth = (known[0], known[1]) if table.client_secret else None
        found = await self._asked(document["token_endpoint"], form, auth)
        if "error" in found:  # the provider does not take the code
            raise _refused("code")
        token = found.get("id_token")
        if not isinstance(token, str):
            raise _refused("id_token")
        return token

    async def _discovered(self) -> dict[str, Any]:
        """The provider's own description of itself."""
        async with self._turn:
            now = self._clock()
            if self._document is None or now - self._document[0] > FRESH:
                issuer = self._table.issuer
                place = issuer.rstrip("/") + "/.well-known/openid-configuration"
                self._document = (now, self._believed(await self._asked(place)))
            return self._document[1]

    def _believed(self, document: dict[str, Any]) -> dict[str, Any]:
        issuer = self._table.issuer
        if document.get("issuer") != issuer:
            raise UpstreamError("the identity provider calls itself by another name")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            url = document.get(name)
            if not isinstance(url, str) or not _safe(url, issuer):
                raise UpstreamError(f"the identity provider's {name} is not a safe address")
        return document

    async def _asked(
        self,
        url: str,
        form: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> dict[str, Any]:
        """What the provider answers; a 400 as well, if it says why."""
        import httpx  # noqa: PLC0415 - a sixth of a second of the start, and most have no provider

        if "verify" not in self._client:  # 30 ms: made once
            self._client["verify"] = httpx.create_ssl_context()
        method = "GET" if form is None else "POST"
        accept = {"accept": "application/json"}
        try:
            async with httpx.AsyncClient(**self._client) as client:
                answer = await client.request(method, url, data=form, auth=auth, headers=accept)
                found = answer.json()
                if not (isinstance(found, dict) and "error" in found):
                    answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL, json.JSONDecodeError, UnicodeDecodeError) as e:
            raise _unreachable(e) from None
        if not isinstance(found, dict):
            raise UpstreamError("the identity provider's answer cannot be read")
        return found

    async def _keyset(self, document: Mapping[str, Any], *, age: float) -> KeySet:
        """The provider's keys, no older than `age` seconds."""
        async with self._turn:
            now = self._clock()
            if self._keys is None or now - self._keys[0] > age:
                self._keys = (now, _understood(await self._asked(document["jwks_uri"])))
            return self._keys[1]

    # -- what it says ----------------------------------------------------------------------------

    async def _checked(
        self, document: Mapping[str, Any], token: str, nonce: str
    ) -> Mapping[str, Any]:
        """The claims of an id_token that is good in every respect."""
        claims = self._verified(token, await self._keyset(document, age=FRESH))
        if claims is None:  # it may be signed with a key that is new
            claims = self._verified(token, await self._keyset(document, age=AGAIN))
        if claims is None:
            raise _refused("signature")
        must = jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self._table.issuer},
            aud={"essential": True, "value": self._table.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            must.validate(claims)
        except JoseError:
            raise _refused("claims") from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._table.client_id) != self._table.client_id:
            raise _refused("azp")
        return claims

    @staticmethod
    def _verified(token: str, keys: KeySet) -> dict[str, Any] | None:
        try:
            return dict(jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims)
        except (JoseError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return None

    def _claims(self, told: Mapping[str, Any]) -> Claims:
        groups = told.get(self._table.claim, ())
        named = {groups} if isinstance(groups, str) else set(filter(_is_text, groups or ()))
        roles = {StaffRole(role) for group, role in self._table.roles.items() if group in named}
        name = told.get("name") or told.get("preferred_username") or ""
        key = f"{self._table.issuer} {told['sub']}"
        return Claims(key, str(name), frozenset(roles) & set(STAFF))


def _understood(told: Mapping[str, Any]) -> KeySet:
    """The keys of a set that we understand; others are passed over (RFC 7517, 5).

    Raises:
        UpstreamError: there is none.
    """
    found = []
    given = told.get("keys")
    for one in given if isinstance(given, list) else ():
        with contextlib.suppress(JoseError, ValueError, TypeError, LookupError, AttributeError):
            found += KeySet.import_key_set({"keys": [one]}).keys
    if not found:
        raise UpstreamError("the identity provider's keys cannot be read")
    return KeySet(found)


def _is_text(one: object) -> bool:
    return isinstance(one, str)


def _safe(url: str, issuer: str) -> bool:
    """https, or http beside an issuer that is itself on loopback."""
    there, home = urlsplit(url), urlsplit(issuer)
    if there.scheme == "https":
        return bool(there.hostname)
    return there.scheme == "http" and {there.hostname, home.hostname} <= LOOPBACK


def _refused(why: str) -> RequestError:
    """What the browser is told; the log says it as well, for whoever sets this up."""
    log.warning("sign-in refused", why=why)
    return RequestError("signing in did not work: try again", status=401, code=f"oidc_{why}")


def _unreachable(error: Exception) -> UpstreamError:
    return UpstreamError(f"the identity provider cannot be reached ({type(error).__name__})")
