"""The settings tables about what stands in front and behind: proxy, admin server, backend, who speaks.

Parts of `config.Settings`, as `_tables` is.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from guardrail._tables import LOOPBACK, Table, fault

__all__ = ["Admin", "IdentityTable", "Jwt", "Listen", "Upstream", "same_socket"]

_HS256_BYTES = 32  # RFC 7518, 3.2: as long as the hash
_EVERYWHERE = {"": "0.0.0.0"}  # noqa: S104 - what an empty address means


def same_socket(one: tuple[str, int], other: tuple[str, int]) -> bool:
    """Whether two addresses cannot be listened on at a time. Port 0 is any that is free."""
    if one[1] != other[1] or not one[1]:
        return False
    hosts = {
        _EVERYWHERE.get(host, host).replace("localhost", LOOPBACK[0]) for host, _ in (one, other)
    }
    if "0.0.0.0" in hosts:  # noqa: S104 - every address of IPv4
        return not any(":" in host for host in hosts)
    return len(hosts) == 1 or ("::" in hosts and all(":" in host for host in hosts))


class Listen(Table):
    """Where the proxy listens for chat traffic."""

    host: str = Field("127.0.0.1", description="Address of the proxy.")
    port: int = Field(8080, ge=0, le=65535, description="Port of the proxy; 0 takes a free one.")
    hosts: tuple[str, ...] = Field((), description="Allowed Host headers; empty allows any.")


class Admin(Table):
    """The admin server: health, metrics, decisions, cases."""

    host: str = Field("127.0.0.1", description="Address of the admin server; keep it private.")
    port: int = Field(9090, ge=0, le=65535, description="Port of the admin server.")
    token: str = Field(
        "",
        validate_default=True,
        description="Bearer token for pages and API. Required unless the address is loopback; "
        "`/livez`, `/readyz` and `/metrics` stay open.",
    )
    hosts: tuple[str, ...] = Field((), description="Further allowed Host headers.")

    @field_validator("token")
    @classmethod
    def _closed(cls, token: str, info: ValidationInfo) -> str:
        if not token and info.data.get("host", LOOPBACK[0]) not in LOOPBACK:
            message = "an admin server that others can reach needs admin.token"
            raise fault(message, at=("host",))
        return token


def _base(url: str, info: ValidationInfo) -> str:
    """Not one that ends as a route begins: the backend would be asked for /v1/v1/chat."""
    if url and not re.match(r"https?://[^/?#]+", url):
        raise fault("upstream.url must be an http:// or https:// address")
    base = urlsplit(url).path.rstrip("/")
    for path in (info.context or {}).get("routes", ()):
        parts = path.split("/")[1:-1]
        heads = ["/" + "/".join(parts[: n + 1]) for n in range(len(parts))]
        twice = next((head for head in reversed(heads) if base.endswith(head)), None)
        if twice is not None:
            message = f"upstream.url ends in {twice}, and so begins the route {path}"
            raise fault(message, f"leave out {twice}: the client's path has it")
    return url


class Upstream(Table):
    """The chat backend behind the proxy."""

    url: Annotated[str, AfterValidator(_base)] = Field(
        "", description="Base URL, such as https://api.example.com."
    )
    headers: Mapping[str, str] = Field(
        default_factory=dict,
        description="Headers set on every upstream request, such as the provider key.",
    )
    connect_seconds: float = Field(5.0, gt=0, description="Deadline for connecting.")
    read_seconds: float = Field(300.0, gt=0, description="Longest silence of the backend.")
    websockets: Literal["refuse", "pass"] = Field(
        "refuse",
        description="What becomes of WebSockets. `pass` relays them, on every path and without "
        "screening: a chat over a WebSocket is seen by nobody, only counted.",
    )


def _named_algorithms(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or "none" in map(str.lower, names):
        raise fault("name the algorithms to accept; none of them may be 'none'")
    return names


class Jwt(Table):
    """A signed user token."""

    header: str = Field(
        "x-guardrail-token",
        pattern="^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$",
        description="Header that carries the token.",
    )
    jwks_file: str = Field("", description="File with the public keys (JWKS).")
    secret: str = Field("", validate_default=True, description="Shared secret, for HS256 only.")
    algorithms: Annotated[tuple[str, ...], AfterValidator(_named_algorithms)] = Field(
        ("RS256",), description="Accepted algorithms."
    )
    issuer: str = Field(description="Required `iss`.")
    audience: str = Field(description="Required `aud`.")
    required: bool = Field(default=False, description="Refuse requests without a token.")

    @field_validator("secret")
    @classmethod
    def _one_key(cls, secret: str, info: ValidationInfo) -> str:
        if "jwks_file" in info.data and bool(secret) == bool(info.data["jwks_file"]):
            raise fault("give either jwks_file or secret", at=())
        if secret and len(secret.encode()) < _HS256_BYTES:
            message = (
                f"identity.jwt.secret has fewer than {_HS256_BYTES} bytes: it could be guessed"
            )
            raise fault(message, "openssl rand -base64 32 makes one")
        return secret


def _network(peer: str) -> str:
    try:
        ipaddress.ip_network(peer)
    except ValueError as error:
        raise fault(f"identity.trusted_peers: {error}") from None
    return peer


class IdentityTable(Table):
    """Who speaks. See docs/operations.md, Identity."""

    trusted_peers: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        (), description="Networks (CIDR) whose x-guardrail-* headers are believed."
    )
    jwt: Jwt | None = Field(None, description="Verification of user tokens.")
