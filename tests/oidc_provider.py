"""A small real identity provider: discovery, authorize with PKCE, token with RS256, keys.

`lie` is how a test makes one answer of it wrong; see `Lies`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from guardrail._asgi import Receive, Scope, Send, respond

__all__ = ["CLIENT", "SECRET", "Lies", "LittleProvider"]

CLIENT = "guardrail-desk"
SECRET = "a secret of the client"


@dataclass
class Lies:
    """What is wrong with the next answers; a test starts with none."""

    claims: dict[str, Any] = field(default_factory=dict)  # `None` leaves one out
    document: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    keys: list[Any] = field(default_factory=list)  # in the set before ours
    sign: Callable[[dict[str, Any], dict[str, Any]], str] | None = None


class LittleProvider:
    """One person can sign in here: Cy, who is in the groups that the test says."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.issuer = clock, ""
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.groups: Any = ["crisis-team"]
        self.lies = Lies()
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        if scope["type"] != "http":
            return
        self.asked.append(scope["path"])
        query = {k: v[0] for k, v in parse_qs(scope["query_string"].decode()).items()}
        path = scope["path"]
        if path == "/.well-known/openid-configuration":
            await _json(send, self._document())
        elif path == "/keys":
            keys: dict[str, Any] = dict(KeySet([self.key]).as_dict(private=False))
            await _json(send, keys | {"keys": [*self.lies.keys, *keys["keys"]]})
        elif path == "/authorize":
            await respond(send, 302, b"", headers=[(b"location", self._authorized(query).encode())])
        elif path == "/token":
            await self._token(scope, receive, send)
        else:
            await respond(send, 404, b"")

    def sign(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """An id_token as it should be."""
        return jwt.encode(header, claims, self.key)

    def sign_with_our_own_key(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """HS256 with the public key as secret: the classic confusion."""
        public = self.key.as_pem(private=False)
        told = [_b64(json.dumps(part).encode()) for part in ({**header, "alg": "HS256"}, claims)]
        mac = hmac.digest(public, ".".join(told).encode(), "sha256")
        return ".".join([*told, _b64(mac)])

    def unsigned(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """`alg: none`."""
        parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
        return ".".join(_b64(part) for part in parts) + "."

    def _document(self) -> dict[str, Any]:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return told | self.lies.document

    def _authorized(self, query: dict[str, str]) -> str:
        """Signed in at once; the way back to the client."""
        assert query["client_id"] == CLIENT
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe()
        self._codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.issuer}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    async def _token(self, scope: Scope, receive: Receive, send: Send) -> None:
        form = {k: v[0] for k, v in parse_qs((await receive())["body"].decode()).items()}
        asked = self._codes.pop(form.get("code", ""), None)
        basic = b"Basic " + base64.b64encode(f"{CLIENT}:{quote(SECRET)}".encode())
        known = (b"authorization", basic) in scope["headers"]
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        right = asked is not None and _b64(verifier) == asked["code_challenge"]
        if asked is None or not known or not right:
            await _json(send, {"error": "invalid_grant"}, 400)
            return
        now = int(self.clock())
        told = {
            "iss": self.issuer,
            "sub": "cy",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "name": "Cy",
            "groups": self.groups,
        } | self.lies.claims
        claims = {key: value for key, value in told.items() if value is not None}
        header = {"alg": "RS256", "kid": "one"} | self.lies.header
        token = (self.lies.sign or self.sign)(header, claims)
        await _json(send, {"access_token": "x", "token_type": "Bearer", "id_token": token})


async def _json(send: Send, what: Any, status: int = 200) -> None:
    await respond(send, status, json.dumps(what).encode())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
