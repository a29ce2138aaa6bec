"""Settings: one frozen table, read once, all mistakes at once, each field documented.

Where a value comes from, the later wins: default, file, environment
(`GUARDRAIL__SECTION__KEY`), command line. `${env:NAME}` and `${file:/path}` stand for secrets, so
that none has to be written into the file. The reference page `docs/settings.md` is generated from
this table; a test compares them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from guardrail.errors import ConfigError, Mistake
from guardrail.wire.generic_spec import read_spec

__all__ = ["Settings", "load_settings", "settings_schema"]

PREFIX = "GUARDRAIL__"
_Say = Callable[[int, str], None]  # line, what is wrong
_REFERENCE = re.compile(r"\$\{(env|file):([^}]+)\}")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Listen(_Table):
    """Where the proxy listens for chat traffic."""

    host: str = Field("127.0.0.1", description="Address of the proxy.")
    port: int = Field(8080, ge=0, le=65535, description="Port of the proxy; 0 takes a free one.")
    hosts: tuple[str, ...] = Field((), description="Allowed Host headers; empty allows any.")


class Admin(_Table):
    """The admin server: health, metrics, decisions, cases."""

    host: str = Field("127.0.0.1", description="Address of the admin server; keep it private.")
    port: int = Field(9090, ge=0, le=65535, description="Port of the admin server.")
    token: str = Field(
        "",
        description="Bearer token for pages and API. Required unless the address is loopback; "
        "`/livez`, `/readyz` and `/metrics` stay open.",
    )
    hosts: tuple[str, ...] = Field((), description="Further allowed Host headers.")


class Upstream(_Table):
    """The chat backend behind the proxy."""

    url: str = Field("", description="Base URL, such as https://api.example.com.")
    headers: Mapping[str, str] = Field(
        default_factory=dict,
        description="Headers set on every upstream request, such as the provider key.",
    )
    connect_seconds: float = Field(5.0, gt=0, description="Deadline for connecting.")
    read_seconds: float = Field(300.0, gt=0, description="Longest silence of the backend.")


class RouteEntry(_Table):
    """One path on which people chat."""

    path: str = Field(pattern="^/", description="Path; `{name}` stands for one segment.")
    wire: str = Field("openai", description="`openai`, or a name under `wires`.")
    method: str = Field("POST", pattern="^[A-Z]+$", description="HTTP method, in capitals.")


class Jwt(_Table):
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


class IdentityTable(_Table):
    """Who speaks. See docs/operations.md, Identity."""

    trusted_peers: tuple[str, ...] = Field(
        (), description="Networks (CIDR) whose x-guardrail-* headers are believed."
    )
    jwt: Jwt | None = Field(None, description="Verification of user tokens.")


class Classify(_Table):
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
    deadline_ms: int = Field(1000, ge=1, description="Deadline of one call.")
    headers: Mapping[str, str] = Field(default_factory=dict, description="Headers (remote).")


class DoorTable(_Table):
    """What a request may cost before it is refused."""

    header_seconds: float = Field(15.0, gt=0, description="Deadline for the request head.")
    body_seconds: float = Field(30.0, gt=0, description="Deadline for the request body.")
    body_bytes: int = Field(2 * 1024 * 1024, gt=0, description="Largest request body.")
    reply_bytes: int = Field(8 * 1024 * 1024, gt=0, description="Largest whole reply judged.")
    header_bytes: int = Field(64 * 1024, gt=0, description="Largest request head.")
    header_count: int = Field(100, gt=0, description="Most request headers.")


class Settings(_Table):
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
    data: Path = Field(Path("data"), description="Directory for the database and the keys.")
    disclose: bool = Field(
        default=True, description="Send x-guardrail-id, -action and -policy with answers."
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
    written = _read(path) if path else CommentedMap()
    mistakes: list[Mistake] = []

    def say(line: int, message: str) -> None:
        mistakes.append(Mistake(name, line, message))

    merged = _merge(_plain(written, environment, say), _from(environment, say))
    merged = _merge(merged, overrides or {})
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        mistakes += [_mistake(name, written, dict(item)) for item in error.errors()]
    else:
        mistakes += [
            Mistake(name, _line(written, place), message, hint)
            for place, message, hint in _across(settings)
        ]
    if mistakes:
        raise ConfigError(mistakes)
    return settings


def settings_schema() -> dict[str, Any]:
    """JSON Schema of the settings file, for editors."""
    return Settings.model_json_schema()


def _read(path: Path) -> CommentedMap:
    try:
        found = YAML(typ="rt").load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError([Mistake(str(path), 0, f"cannot be read: {error.strerror}")]) from None
    except (YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "is not UTF-8 YAML"
        line = mark.line + 1 if mark else 1
        raise ConfigError([Mistake(str(path), line, str(problem))]) from None
    if found is None:  # nothing but comments
        return CommentedMap()
    if not isinstance(found, CommentedMap):
        raise ConfigError([Mistake(str(path), 1, "the file must hold a mapping")])
    return found


def _plain(node: Any, environment: Mapping[str, str], say: _Say, line: int = 0) -> Any:
    """The YAML tree as plain data, secrets filled in."""
    if isinstance(node, Mapping):
        return {str(k): _plain(v, environment, say, _line(node, [k])) for k, v in node.items()}
    if isinstance(node, list):
        return [_plain(v, environment, say, _line(node, [n])) for n, v in enumerate(node)]
    if not isinstance(node, str):
        return node

    def secret(found: re.Match[str]) -> str:
        try:
            return _secret(found[1], found[2], environment)
        except ValueError as error:
            say(line, str(error))
            return ""

    return _REFERENCE.sub(secret, node)


def _secret(kind: str, what: str, environment: Mapping[str, str]) -> str:
    if kind == "env":
        if what not in environment:
            raise ValueError(f"the environment has no {what}")
        return environment[what]
    try:
        return Path(what).read_text("utf-8").strip()
    except OSError as error:
        raise ValueError(f"cannot read {what}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"cannot read {what}: it is not UTF-8 text") from None


def _from(environment: Mapping[str, str], say: _Say) -> dict[str, Any]:
    """`GUARDRAIL__LISTEN__PORT=8081` → `{"listen": {"port": "8081"}}`."""
    found: dict[str, Any] = {}
    for key, value in environment.items():
        if not key.upper().startswith(PREFIX):
            continue
        *sections, last = key[len(PREFIX) :].lower().split("__")
        try:
            nested: Any = YAML(typ="safe").load(value) if value[:1] in ("[", "{") else value
        except YAMLError:
            say(0, f"{key} in the environment is not YAML")
            continue
        for section in reversed([*sections, last]):
            nested = {section: nested}
        found = _merge(found, nested)
    return found


def _merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(low)
    for key, value in high.items():
        if isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = _merge(below if isinstance(below, Mapping) else {}, value)
        elif value is not None:
            merged[key] = value
    return merged


def _mistake(name: str, written: CommentedMap, error: Mapping[str, Any]) -> Mistake:
    place = [part for part in error["loc"] if isinstance(part, (str, int))]
    where = ".".join(str(part) for part in place)
    hint = "see docs/settings.md for the names" if error["type"] == "extra_forbidden" else ""
    return Mistake(name, _line(written, place), f"{where}: {error['msg']}", hint)


def _line(node: Any, place: list[str | int]) -> int:
    """The line of a key, as deep as the file has it; 0 if it comes from somewhere else."""
    line = 0
    for part in place:
        try:
            line = node.lc.data[part][0] + 1
            node = node[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            return line
    return line


_Found = Iterator[tuple[list[str | int], str, str]]  # where, what, hint


def _across(settings: Settings) -> _Found:
    """Mistakes that only show when several settings are read together."""
    if settings.admin.host not in ("127.0.0.1", "::1", "localhost") and not settings.admin.token:
        yield ["admin", "host"], "an admin server that others can reach needs admin.token", ""
    if settings.upstream.url and not re.match(r"https?://[^/?#]+", settings.upstream.url):
        yield ["upstream", "url"], "upstream.url must be an http:// or https:// address", ""
    yield from _wires(settings)
    yield from _identity(settings.identity)


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
    if not jwt.algorithms or "none" in map(str.lower, jwt.algorithms):
        message = "name the algorithms to accept; none of them may be 'none'"
        yield ["identity", "jwt", "algorithms"], message, ""
