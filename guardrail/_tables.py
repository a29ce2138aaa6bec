"""The settings tables about routes and about people: cases, take-over, notifications, accounts, guardians, texts, audit.

Parts of `config.Settings`; they stand apart because there are many. The reference page is generated
from them, too.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

__all__ = [
    "AccountsTable",
    "AuditTable",
    "CasesTable",
    "GuardiansTable",
    "Mail",
    "MemoryTable",
    "NotifyTable",
    "Oidc",
    "RouteEntry",
    "SigningSecret",
    "Table",
    "TakeoverTable",
    "VaultTable",
    "Webhook",
    "fault",
    "link_base",
    "plainly",
]

Pointer = Annotated[str, Field(pattern=r"^(/([^~/]|~[01])+)+$")]
Seconds = Annotated[float, Field(gt=0)]
MailAddress = Annotated[
    str, Field(pattern=r"^[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,190}$")
]


_PLAIN = {
    "extra_forbidden": "there is no such setting",
    "dict_type": "must be a list of `key: value` lines",
    "mapping_type": "must be a list of `key: value` lines",
    "missing": "is missing",
    "model_type": "must be a list of `key: value` lines",
    "string_type": "must be text; a number needs quotes",
    "tuple_type": "must be a list",
}
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def fault(message: str, hint: str = "", at: tuple[str, ...] | None = None) -> PydanticCustomError:
    """A mistake in our own words, for a validator to raise.

    A validator of one field is asked whatever else is wrong, so that one run names all mistakes. If
    it is about another field, `at` is that one's place within the table of the field that is looked
    at; `()` is the table as a whole.
    """
    return PydanticCustomError("setting", "{said}", {"said": message, "hint": hint, "at": at})


def plainly(error: Mapping[str, Any]) -> str:
    """What pydantic says, in words that are not Python's."""
    return _PLAIN.get(error["type"]) or str(error["msg"])


def link_base(host: str, port: int) -> str:
    """Where a browser on this machine reaches what listens there: no link leads to 0.0.0.0."""
    own = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{own}]:{port}" if ":" in own else f"http://{own}:{port}"


class Table(BaseModel):
    """A table of settings: what it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_wire(name: str, info: ValidationInfo) -> str:
    """The loader says which wires there are, unless that cannot be read."""
    known = (info.context or {}).get("wires")
    if known is not None and name not in known:
        raise fault(f"unknown wire {name!r}", "define it under wires")
    return name


class RouteEntry(Table):
    """One path on which people chat."""

    path: str = Field(pattern="^/", description="Path; `{name}` stands for one segment.")
    wire: Annotated[str, AfterValidator(_known_wire)] = Field(
        "openai", description="`openai`, or a name under `wires`."
    )
    method: str = Field("POST", pattern="^[A-Z]+$", description="HTTP method, in capitals.")
    tenant: str = Field(
        "", description="The app behind it, for members who work on the cases of one app alone."
    )
    region: str = Field(
        "",
        pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$",
        description="Where people are who come by this route and of whom neither a token nor a header "
        "says so, such as US-CA. It chooses the policy, the help lines and the report they count in.",
    )
    judge: Literal["before_call", "during_call"] = Field(
        "before_call",
        description="When a turn is judged. With `during_call` the backend is asked meanwhile, which "
        "hides the wait: it sees turns that are then stopped, the person sees nothing of its answer "
        "before. Never for minors, in a crisis, or where a limit or state decides already.",
    )


class CasesTable(Table):
    """How soon a human answers for a case."""

    lease_seconds: Seconds = Field(
        180, description="A claim that shows no sign of life for this long is free again."
    )
    imminent_seconds: Seconds = Field(60, description="Until an imminent case is claimed.")
    urgent_seconds: Seconds = Field(900, description="Until an urgent case is claimed.")
    notice_seconds: Seconds = Field(86_400, description="Until any other case is claimed.")


class TakeoverTable(Table):
    """A human who talks to the person through the same chat."""

    enabled: bool = Field(default=True, description="Let moderators take conversations over.")
    wait_seconds: Seconds = Field(
        25,
        description="How long a whole answer waits for the moderator; keep it below the app's own timeout.",
    )
    stream_seconds: Seconds = Field(
        120, description="How long a streamed answer waits; it is kept alive meanwhile."
    )
    settle_seconds: Seconds = Field(
        4, description="Silence after the moderator's last message that completes an answer."
    )
    keepalive_seconds: Seconds = Field(10, description="Between two signs of life on a stream.")
    poll_seconds: Seconds = Field(
        0.5, description="How often other processes' take-overs are looked for."
    )
    events_path: str = Field(
        "/v1/guardrail/events",
        pattern="^(/.*)?$",
        description="Where an app listens for a moderator's words between turns (server-sent "
        "events); empty turns it off.",
    )
    staffed: str = Field(
        "",
        description="When somebody is there, such as `Mon-Fri 08:00-22:00 Europe/Berlin; Sat 10:00-18:00 "
        "Europe/Berlin`; empty is always. The operator is told of a case that comes in at another time.",
    )


def _signing(secret: str) -> str:
    """A signing secret of Standard Webhooks: 24 to 64 bytes in base64 behind `whsec_`."""
    plain = secret.removeprefix("whsec_").rstrip("=")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:  # noqa: PLR2004
        raise ValueError(
            "a signing secret is `whsec_` and 24 to 64 bytes in base64: "
            "`echo whsec_$(openssl rand -base64 32)` makes one"
        )
    return secret


SigningSecret = Annotated[str, AfterValidator(_signing)]


class Webhook(Table):
    """One receiver of notifications (Standard Webhooks)."""

    url: str = Field(
        pattern=r"^https?://[^/?#@\s]+",
        description="Where to send; https, unless `notify.allow_http`.",
    )
    secrets: tuple[SigningSecret, ...] = Field(
        min_length=1,
        repr=False,
        description="Signing secrets (`whsec_…`). Each signs; name the new one beside the old one "
        "while the receiver changes over.",
    )
    audiences: tuple[Literal["moderators", "operator", "guardian", "emergency", "child"], ...] = (
        Field(
            ("moderators", "operator"),
            description="Whose notifications go there. `guardian`, `emergency` and `child` are for an "
            "app that reaches these people itself, by SMS or push.",
        )
    )


class Mail(Table):
    """Notifications by e-mail."""

    host: str = Field(description="SMTP server.")
    port: int = Field(587, ge=1, le=65535, description="Its port.")
    tls: Literal["starttls", "tls", "none"] = Field("starttls", description="Encryption.")
    username: str = Field("", description="Login.")
    password: str = Field("", repr=False, description="Its password.")
    sender: str = Field(description="Address that mails come from.")
    moderators: tuple[MailAddress, ...] = Field((), description="Addresses that are told of cases.")
    operator: tuple[MailAddress, ...] = Field(
        (), description="Addresses that are told how things go."
    )


class NotifyTable(Table):
    """Who is told, and how; see docs/notifications.md."""

    webhooks: tuple[Webhook, ...] = Field((), description="Receivers of signed webhooks.")
    mail: Mail | None = Field(None, description="E-mail.")
    service: str = Field("", description="Name of your service, as guardians know it.")
    callback: str = Field(
        "",
        description="How a guardian or emergency contact reaches you, such as a phone number; "
        "stands in letters to them.",
    )
    languages: tuple[Literal["en", "zh"], ...] = Field(
        ("en", "zh"),
        min_length=1,
        description="Language of letters to your staff, and to people whose language is not known; "
        "with two, one follows the other.",
    )
    allow_hosts: tuple[str, ...] = Field(
        (), description="Hosts that webhooks and mail may go to; empty allows those named above."
    )
    allow_private: bool = Field(
        default=False, description="Let them go to private and loopback addresses."
    )
    allow_http: bool = Field(default=False, description="Let webhooks go over plain http.")
    attempts: int = Field(12, ge=1, le=50, description="Tries until a notification is given up.")
    timeout_seconds: Seconds = Field(10, description="Deadline of one try.")


StaffWord = Literal[
    "admin", "policy_manager", "lead", "moderator", "child_safety", "analyst", "auditor"
]
"""`roles.STAFF`; a test compares them."""


class Oidc(Table):
    """Login with an identity provider (OpenID Connect)."""

    issuer: str = Field(
        pattern=r"^https?://[^/?#@\s]+[^?#\s]*$",
        description="Issuer URL; its discovery document is read from there.",
    )
    client_id: str = Field(description="Our id there.")
    client_secret: str = Field("", description="Our secret there; empty for a public client.")
    name: str = Field("", description="What the button says, such as the company's name.")
    scopes: tuple[str, ...] = Field(
        ("openid", "profile"), description="What is asked for; some providers want `groups` here."
    )
    claim: str = Field("groups", description="Claim of the id_token that lists a person's groups.")
    roles: dict[str, StaffWord] = Field(
        default_factory=dict,
        validate_default=True,
        description="Group → role, such as {crisis-team: moderator}.",
    )

    @field_validator("roles")
    @classmethod
    def _of_somebody(cls, roles: dict[str, StaffWord]) -> dict[str, StaffWord]:
        if not roles:
            raise fault("accounts.oidc.roles gives no group a role")
        return roles


def _safe_address(url: str) -> str:
    public = urlsplit(url)
    if public.scheme == "http" and public.hostname not in LOOPBACK:
        raise fault("accounts.public_url must be https, or on loopback")
    return url


class AccountsTable(Table):
    """Who works here; see docs/accounts.md."""

    oidc: Oidc | None = Field(None, description="Login with an identity provider.")
    local: bool = Field(default=True, description="Allow local accounts (password and TOTP).")
    idle_minutes: Seconds = Field(30, description="Silence that ends a login.")
    absolute_hours: Seconds = Field(12, description="Longest login.")
    attempts: int = Field(5, ge=1, description="Wrong tries until a login is locked for a while.")
    lock_minutes: Seconds = Field(15, description="How long it is locked.")
    public_url: Annotated[str, AfterValidator(_safe_address)] = Field(
        "",
        pattern=r"^(https?://[^/?#@\s]+)?$",
        description="Address of the console as browsers see it, such as https://desk.example.org; for "
        "links, and for cookies that go over https alone.",
    )

    @field_validator("local")
    @classmethod
    def _somebody_can_sign_in(cls, local: bool, info: ValidationInfo) -> bool:
        if not local and info.data.get("oidc", ...) is None:
            raise fault("with accounts.local off and no oidc nobody can sign in")
        return local


class GuardiansTable(Table):
    """The portal for guardians; see docs/guardians.md."""

    enabled: bool = Field(default=False, description="Serve the portal.")
    host: str = Field("127.0.0.1", description="Address of the portal.")
    port: int = Field(9091, ge=0, le=65535, description="Port of the portal.")
    hosts: tuple[str, ...] = Field((), description="Further allowed Host headers.")
    public_url: str = Field("", description="Address of the portal as browsers see it (for links).")
    invitation_hours: Seconds = Field(72, description="How long an invitation lives.")
    alerts: Literal["confirmed", "direct", "off"] = Field(
        "confirmed", description="Safety alerts: after a human confirmed them, at once, or never."
    )
    child_first_seconds: Seconds = Field(
        60, description="How long such a letter waits for the child to be told first."
    )
    currency: str = Field(
        "USD", pattern="^[A-Z]{3}$", description="Money of the spend cap (ISO 4217)."
    )
    print_links: bool = Field(
        default=False,
        description="Print links to sign in on the terminal; for trying out without a mail server.",
    )


class MemoryTable(Table):
    """What keeps or brings a memory of a person; taken out of requests where a policy suppresses it.

    See docs/wires.md.
    """

    fields: tuple[Pointer, ...] = Field(
        ("/store", "/memory", "/memories", "/memory_id"),
        description="Fields of a request, as JSON Pointers (RFC 6901): true becomes false, any other is "
        "taken out.",
    )
    tools: tuple[str, ...] = Field(
        ("memory", "memory_*", "*_memory", "*_memories", "remember", "recall"),
        description="Names of tools that read or write memories (`*` for anything); they are not offered "
        "to the model.",
    )


class VaultTable(Table):
    """The texts of cases, encrypted; see docs/privacy.md."""

    key_file: Path | None = Field(
        None,
        description="The master key: 32 bytes by chance, as they are. Made at the first start, as "
        "`vault.key` in `data`, if not given.",
    )
    kms_command: tuple[str, ...] = Field(
        (),
        description="A command of a key management service that wraps the master key, which then lies in "
        "the file wrapped: it gets `wrap` or `unwrap` as its last argument, the key in base64 on stdin, "
        "and answers in base64.",
    )


class AuditTable(Table):
    """The proof that the log was not changed; see docs/audit.md."""

    checkpoints: Path | None = Field(
        None,
        description="Folder for signed checkpoints; put it on another disk or machine than `data`. "
        "The default is `checkpoints` in `data`.",
    )
    every_seconds: Seconds = Field(60, description="Between two checkpoints, if anything happened.")
