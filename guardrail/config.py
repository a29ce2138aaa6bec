"""Settings: one frozen table, read once, all mistakes at once, each field documented.

Where a value comes from, the later wins: default, file, environment
(`GUARDRAIL__SECTION__KEY`), command line. `${env:NAME}` and `${file:/path}` stand for secrets, so
that none has to be written into the file. The reference page `docs/settings.md` is generated from
this table; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator
from ruamel.yaml.comments import CommentedMap

from guardrail._front import Admin, IdentityTable, Jwt, Listen, Upstream, same_socket
from guardrail._layers import Layers, found_packs, read_file, stands_in
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
    fault,
    plainly,
)
from guardrail.errors import ConfigError, Mistake
from guardrail.policy.reader import suggestion
from guardrail.rota import misread
from guardrail.wire.generic_spec import read_spec

__all__ = [
    "Classify",
    "Given",
    "IdentityTable",
    "Jwt",
    "Settings",
    "load_partly",
    "load_settings",
    "settings_schema",
]

_One = tuple[list[str | int], str, str]  # where, what is wrong, hint


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
    admin: Admin = Field(Admin(), validate_default=True)
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
    guardians: GuardiansTable = Field(GuardiansTable(), validate_default=True)
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

    @field_validator("admin", "guardians")
    @classmethod
    def _own_port(cls, table: Admin | GuardiansTable, info: ValidationInfo) -> Any:
        """Proxy, admin server and portal each have a port of their own."""
        if isinstance(table, GuardiansTable) and not table.enabled:
            return table
        own = str(info.field_name)
        for name in ("listen", "admin"):
            other = info.data.get(name) if name != own else None
            if other is not None and same_socket(
                (table.host, table.port), (other.host, other.port)
            ):
                asked = own if "port" in table.model_fields_set else name
                what = f"{own}.port: {table.port} is the port of {name}, too"
                raise fault(what, "each server needs a port of its own", (asked, "port"))
        return table


def load_settings(
    path: Path | None, environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Read all settings.

    `overrides` is a nested mapping from the command line; `None` leaves are skipped.

    Raises:
        ConfigError: with every mistake found, each with file and line, or the variable or command
            line that it comes from.
    """
    given = load_partly(path, environment, overrides)
    if given.mistakes:
        raise ConfigError(list(given.mistakes))
    return given.settings


@dataclass(frozen=True, slots=True)
class Given:
    """Settings as far as they are sound: tables that are `wrong` stand with their defaults."""

    settings: Settings
    wrong: frozenset[str]
    mistakes: tuple[Mistake, ...]


def load_partly(
    path: Path | None, environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None
) -> Given:
    """Read all settings that can be read; see `load_settings`.

    Raises:
        ConfigError: the file holds no settings at all.
    """
    written = read_file(path) if path else CommentedMap()
    layers = Layers(str(path) if path else "settings", written, environment, overrides or {})
    merged, mistakes = layers.merged()
    settings, found = _validated(merged)
    packs, lost = found_packs(merged, path)
    found += lost
    wrong = frozenset(str(place[0]) for place, _, _ in found if place)
    settings = settings or _sound(merged, wrong)
    # What a missing secret leads to is not news.
    mistakes += [layers.mistake(*one) for one in found if not stands_in(merged, one[0])]
    mistakes.sort(key=lambda mistake: mistake.line)
    update = {
        "policy": packs.get(settings.policy, settings.policy),
        "policies": {region: packs[name] for region, name in settings.policies.items()},
        "shadows": {packs[name]: until for name, until in settings.shadows.items()},
    }
    return Given(settings.model_copy(update=update), wrong, tuple(mistakes))


def settings_schema() -> dict[str, Any]:
    """JSON Schema of the settings file, for editors."""
    return Settings.model_json_schema()


def _validated(merged: Mapping[str, Any]) -> tuple[Settings | None, list[_One]]:
    """The settings if all is well, and all that is wrong with them."""
    settings, found = None, [*_wires(merged.get("wires")), *_shifts(merged.get("takeover"))]
    try:
        settings = Settings.model_validate(merged, context=_context(merged))
    except ValidationError as error:
        found += [_mistake(dict(item)) for item in error.errors()]
    return settings, found


def _sound(merged: Mapping[str, Any], wrong: frozenset[str]) -> Settings:
    """The settings with defaults in place of what is wrong, and of what does not fit to these."""
    sound = {key: value for key, value in merged.items() if key not in wrong}
    try:
        return Settings.model_validate(sound, context=_context(merged))
    except ValidationError as error:
        more = frozenset(str(_mistake(dict(item))[0][0]) for item in error.errors())
        return _sound(sound, more) if more & sound.keys() else Settings()


def _context(merged: Mapping[str, Any]) -> dict[str, Any]:
    """What a field has to fit to, and what stands elsewhere in the settings; as far as it is legible."""
    wires, routes = merged.get("wires", {}), merged.get("routes")
    paths = [route.path for route in Settings().routes]
    if isinstance(routes, list):
        paths = [str(route.get("path", "")) for route in routes if isinstance(route, Mapping)]
    return {
        "wires": {"openai", *wires} if isinstance(wires, Mapping) else None,
        "routes": [path for path in paths if path.startswith("/")],
    }


def _mistake(error: Mapping[str, Any]) -> _One:
    place = [part for part in error["loc"] if isinstance(part, (str, int))]
    if error["type"] == "setting":
        told = error["ctx"]
        return _aside(place, told["at"]), told["said"], told["hint"]
    where = ".".join(str(part) for part in place)
    hint = ""
    if error["type"] == "extra_forbidden":
        hint = suggestion(place[-1], _names(place[:-1]))
    elif place and place[-1] == "region":
        hint = "an ISO 3166 code such as US or US-CA"
    return place, f"{where}: {plainly(error)}", hint


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


def _aside(place: list[str | int], at: tuple[str, ...] | None) -> list[str | int]:
    """Another place in the same table; see `fault`."""
    return place if at is None else [*place[:-1], *at]


def _wires(tables: Any) -> Iterator[_One]:
    if not isinstance(tables, Mapping):
        return
    for name, table in tables.items():
        try:
            if isinstance(table, Mapping):
                read_spec(name, table)
        except ConfigError as error:
            for mistake in error.mistakes:
                yield ["wires", name], f"wires.{name}: {mistake.message}", mistake.hint


def _shifts(table: Any) -> Iterator[_One]:
    staffed = table.get("staffed") if isinstance(table, Mapping) else None
    for message in misread(staffed if isinstance(staffed, str) else ""):
        yield ["takeover", "staffed"], f"takeover.staffed: {message}", ""
