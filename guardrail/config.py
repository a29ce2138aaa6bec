"""Settings: one frozen table, read once, all mistakes at once, each field documented.

Where a value comes from, the later wins: default, file, environment
(`GUARDRAIL__SECTION__KEY`), command line. `${env:NAME}` and `${file:/path}` stand for secrets, so
that none has to be written into the file. The reference page `docs/settings.md` is generated from
this table; a test compares them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError
from ruamel.yaml.comments import CommentedMap

from guardrail._layers import found_packs, from_environment, line_of, merge, plain, read_file
from guardrail._tables import (
    AccountsTable,
    AuditTable,
    CasesTable,
    GuardiansTable,
    MemoryTable,
    NotifyTable,
    RouteEntry,
    Table,
    TakeoverTable,
    VaultTable,
)
from guardrail.errors import ConfigError, Mistake
from guardrail.policy.reader import suggestion
from guardrail.rota import misread
from guardrail.wire.generic_spec import read_spec

__all__ = ["Settings", "load_settings", "settings_schema"]

_One = tuple[list[str | int], str, str]  # where, what is wrong, hint
_HS256_BYTES = 32  # RFC 7518, 3.2: as long as the hash
_LEANS_ON = {"routes": {"wires"}, "upstream": {"routes", "wires"}}  # what is read together


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
        description="Bearer token for pages and API. Required unless the address is loopback; "
        "`/livez`, `/readyz` and `/metrics` stay open.",
    )
    hosts: tuple[str, ...] = Field((), description="Further allowed Host headers.")


class Upstream(Table):
    """The chat backend behind the proxy."""

    url: str = Field("", description="Base URL, such as https://api.example.com.")
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


class Jwt(Table):
    """A signed user token."""

    header: str = Field(
        "x-guardrail-token",
        pattern="^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$",
        description="Header that carries the token.",
    )
    jwks_file: str = Field("", description="File with the public keys (JWKS).")
    secret: str = Field("", description="Shared secret, for HS256 only.")
    algorithms: tuple[str, ...] = Field(("RS256",), description="Accepted algorithms.")
    issuer: str = Field(description="Required `iss`.")
    audience: str = Field(description="Required `aud`.")
    required: bool = Field(default=False, description="Refuse requests without a token.")


class IdentityTable(Table):
    """Who speaks. See docs/operations.md, Identity."""

    trusted_peers: tuple[str, ...] = Field(
        (), description="Networks (CIDR) whose x-guardrail-* headers are believed."
    )
    jwt: Jwt | None = Field(None, description="Verification of user tokens.")


class Classify(Table):
    """The classifier."""

    kind: Literal["onnx", "lexicon", "transformers", "remote"] = Field(
        "onnx", description="Primary classifier; the lexicon is always beneath it."
    )
    model: str = Field("", description="Directory, hub name or URL; empty is the shipped model.")
    labels: Mapping[str, str] = Field(
        default_factory=dict, description="Foreign label → ours (transformers, remote)."
    )
    shape: Literal["openai", "kserve"] = Field(
        "openai",
        description="What a remote service speaks: OpenAI's moderation API, or KServe v2 "
        "(labels are then output names, `name.2` for the third column).",
    )
    threads: int = Field(1, ge=1, le=64, description="Inference threads.")
    cascade: bool = Field(
        False, description="Let a small first stage clear what is plainly harmless (onnx)."
    )
    deadline_ms: int = Field(1000, ge=1, description="Deadline of one call.")
    headers: Mapping[str, str] = Field(default_factory=dict, description="Headers (remote).")


class DoorTable(Table):
    """What a request may cost before it is refused."""

    header_seconds: float = Field(15.0, gt=0, description="Deadline for the request head.")
    body_seconds: float = Field(
        30.0,
        gt=0,
        description="Deadline for the request body; outside the chat routes, for each silence in it.",
    )
    body_bytes: int = Field(
        2 * 1024 * 1024, gt=0, description="Largest request body on a chat route."
    )
    pass_bytes: int = Field(
        100 * 1024 * 1024,
        gt=0,
        description="Largest request body that passes through elsewhere; never below body_bytes.",
    )
    message_bytes: int = Field(
        16 * 1024 * 1024, gt=0, description="Largest WebSocket message, where these pass."
    )
    reply_bytes: int = Field(8 * 1024 * 1024, gt=0, description="Largest whole reply judged.")
    header_bytes: int = Field(64 * 1024, gt=0, description="Largest request head.")
    header_count: int = Field(100, gt=0, description="Most request headers.")


class ComplaintTable(Table):
    """Complaints and incident reports; see docs/people-api.md."""

    contact: str = Field("", description="Where people complain; stands on the protocol page.")
    acknowledge_hours: float = Field(24, gt=0, description="Until one is acknowledged.")
    resolve_days: float = Field(15, gt=0, description="Until one is answered.")


class Settings(Table):
    """Everything that can be set."""

    listen: Listen = Listen()
    admin: Admin = Admin()
    upstream: Upstream = Upstream()
    routes: tuple[RouteEntry, ...] = Field(
        (RouteEntry(path="/v1/chat/completions", wire="openai", method="POST"),),
        description="Chat routes. Everything else passes through, counted.",
    )
    wires: Mapping[str, Mapping[str, Any]] = Field(
        default_factory=dict, description="Home-made chat formats; see docs/wires.md."
    )
    identity: IdentityTable = IdentityTable()
    classifier: Classify = Classify()
    door: DoorTable = DoorTable()
    policy: str = Field("default", description="Name of a shipped pack, or path of a file.")
    policies: dict[str, str] = Field(
        default_factory=dict,
        description="Other packs for users of a region, such as {CN: cn, US-CA: us-ca}.",
    )
    shadows: dict[str, date] = Field(
        default_factory=dict,
        description="Packs on trial beside it, each with the last day of its trial: they are asked, "
        "and what they would have done differently is counted.",
    )
    protocol: bool = Field(
        default=True,
        description="Serve the public page /.well-known/companion-safety on the proxy. Embedded, the "
        "path is your app's: wrap it in `WellKnown` to have the page there.",
    )
    complaints: ComplaintTable = ComplaintTable()
    cases: CasesTable = CasesTable()
    takeover: TakeoverTable = TakeoverTable()
    notify: NotifyTable = NotifyTable()
    accounts: AccountsTable = AccountsTable()
    guardians: GuardiansTable = GuardiansTable()
    vault: VaultTable = VaultTable()
    memory: MemoryTable = MemoryTable()
    audit: AuditTable = AuditTable()
    data: Path = Field(Path("data"), description="Directory for the database and the keys.")
    disclose: bool = Field(
        default=True, description="Send x-guardrail-id, -action and -policy with answers."
    )
    marks: bool = Field(
        default=False,
        description="Put notices, their words and what else an app is told into the JSON of the bot's "
        "replies, too, as a field `guardrail`; without it they travel in headers and in our own answers, "
        "and a reply that passes keeps its very bytes.",
    )
    assessment: Path | None = Field(
        None,
        description="Your risk assessment (`guardrail assess` makes one). `guardrail check` says what "
        "has changed since, and `guardrail_assessment_due` is 1.",
    )
    retention_days: int = Field(180, ge=1, description="Days that turn records are kept.")


def load_settings(
    path: Path | None, environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Read all settings.

    `overrides` is a nested mapping from the command line; `None` leaves are skipped.

    Raises:
        ConfigError: with every mistake found, each with file and line.
    """
    name = str(path) if path else "settings"
    written = read_file(path) if path else CommentedMap()
    mistakes: list[Mistake] = []

    def say(line: int, message: str) -> None:
        mistakes.append(Mistake(name, line, message))

    merged = merge(plain(written, environment, say), from_environment(environment, say))
    merged = merge(merged, overrides or {})
    blank = {mistake.line for mistake in mistakes}  # what a missing secret leads to is not news
    settings, found = _validated(merged)
    packs, lost = found_packs(merged, path)
    found += lost
    for place, message, hint in found:
        line = line_of(written, place)
        if not line or line not in blank:
            mistakes.append(Mistake(name, line, message, hint))
    if mistakes or settings is None:
        raise ConfigError(sorted(mistakes, key=lambda mistake: mistake.line))
    return settings.model_copy(
        update={
            "policy": packs[settings.policy],
            "policies": {region: packs[name] for region, name in settings.policies.items()},
            "shadows": {packs[name]: until for name, until in settings.shadows.items()},
        }
    )


def settings_schema() -> dict[str, Any]:
    """JSON Schema of the settings file, for editors."""
    return Settings.model_json_schema()


def _validated(merged: Mapping[str, Any]) -> tuple[Settings | None, list[_One]]:
    """The settings if the tables are well, and all that is wrong with them.

    What stands in a table that is wrong is not read together with others; everything else is.
    """
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        found = [_mistake(dict(item)) for item in error.errors()]
        wrong = {str(place[0]) for place, _, _ in found if place}
        sound = {
            key: value
            for key, value in merged.items()
            if wrong.isdisjoint({key, *_LEANS_ON.get(key, ())})
        }
        return None, found + list(_across(Settings.model_validate(sound)))
    return settings, list(_across(settings))


def _mistake(error: Mapping[str, Any]) -> _One:
    place = [part for part in error["loc"] if isinstance(part, (str, int))]
    where = ".".join(str(part) for part in place)
    hint = ""
    if error["type"] == "extra_forbidden":
        hint = suggestion(place[-1], _names(place[:-1]))
    elif place and place[-1] == "region":
        hint = "an ISO 3166 code such as US or US-CA"
    return place, f"{where}: {error['msg']}", hint


def _names(place: list[str | int]) -> tuple[str, ...]:
    """The keys of the table that stands here."""
    table: type[BaseModel] = Settings
    for part in place:
        if isinstance(part, str):
            table = _table(table.model_fields[part].annotation)
    return tuple(table.model_fields)


def _table(kind: Any) -> type[BaseModel]:
    """The table in the type of a field: `Jwt` in `Jwt | None`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next(_table(part) for part in get_args(kind) if part not in (type(None), Ellipsis))


_Found = Iterator[_One]


def _across(settings: Settings) -> _Found:
    """Mistakes that only show when several settings are read together."""
    if settings.admin.host not in ("127.0.0.1", "::1", "localhost") and not settings.admin.token:
        yield ["admin", "host"], "an admin server that others can reach needs admin.token", ""
    if settings.upstream.url and not re.match(r"https?://[^/?#]+", settings.upstream.url):
        yield ["upstream", "url"], "upstream.url must be an http:// or https:// address", ""
    yield from _base(settings)
    yield from _wires(settings)
    yield from _identity(settings.identity)
    yield from _accounts(settings.accounts)
    for message in misread(settings.takeover.staffed):
        yield ["takeover", "staffed"], f"takeover.staffed: {message}", ""


def _accounts(table: AccountsTable) -> _Found:
    public = urlsplit(table.public_url)
    if public.scheme == "http" and public.hostname not in ("127.0.0.1", "::1", "localhost"):
        yield ["accounts", "public_url"], "accounts.public_url must be https, or on loopback", ""
    if table.oidc is not None and not table.oidc.roles:
        yield ["accounts", "oidc"], "accounts.oidc.roles gives no group a role", ""
    if table.oidc is None and not table.local:
        yield ["accounts", "local"], "with accounts.local off and no oidc nobody can sign in", ""


def _base(settings: Settings) -> _Found:
    """A base URL that ends as a route begins: the backend would be asked for /v1/v1/chat."""
    base = urlsplit(settings.upstream.url).path.rstrip("/")
    for route in settings.routes:
        parts = route.path.split("/")[1:-1]
        heads = ["/" + "/".join(parts[: n + 1]) for n in range(len(parts))]
        twice = next((head for head in reversed(heads) if base.endswith(head)), None)
        if twice is not None:
            message = f"upstream.url ends in {twice}, and so begins the route {route.path}"
            yield ["upstream", "url"], message, f"leave out {twice}: the client's path has it"
            return


def _wires(settings: Settings) -> _Found:
    known = {"openai", *settings.wires}
    for number, route in enumerate(settings.routes):
        if route.wire not in known:
            place: list[str | int] = ["routes", number, "wire"]
            yield place, f"unknown wire {route.wire!r}", "define it under wires"
    for name, table in settings.wires.items():
        try:
            read_spec(name, table)
        except ConfigError as error:
            for mistake in error.mistakes:
                yield ["wires", name], f"wires.{name}: {mistake.message}", mistake.hint


def _identity(settings: IdentityTable) -> _Found:
    for number, peer in enumerate(settings.trusted_peers):
        try:
            ipaddress.ip_network(peer)
        except ValueError as error:
            yield ["identity", "trusted_peers", number], str(error), ""
    jwt = settings.jwt
    if jwt is None:
        return
    if bool(jwt.secret) == bool(jwt.jwks_file):
        yield ["identity", "jwt"], "give either jwks_file or secret", ""
    if jwt.secret and len(jwt.secret.encode()) < _HS256_BYTES:
        message = f"identity.jwt.secret has fewer than {_HS256_BYTES} bytes: it could be guessed"
        yield ["identity", "jwt", "secret"], message, "openssl rand -base64 32 makes one"
    if not jwt.algorithms or "none" in map(str.lower, jwt.algorithms):
        message = "name the algorithms to accept; none of them may be 'none'"
        yield ["identity", "jwt", "algorithms"], message, ""
