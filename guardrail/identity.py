"""Who speaks: read from a request, trusted only as far as it is proven.

Rules of this file (see `docs/operations.md`, "Identity"):

1. By default no header is trusted. A user comes from a verified JWT, or from headers sent by a
   *peer* on the trusted list (the address of the socket, never `X-Forwarded-For`), or from the
   body's own user field, scoped by the key that the app authenticates with.
2. Every spelling of an identity header counts (`X_User`, `x-user`): a variant, a duplicate, a list
   or a header from an untrusted peer is refused. None of them is silently dropped.
3. A trusted peer means something by every `x-guardrail-` header that it sends: one that nobody knows
   is refused, since a slip in a name would lose a child's age.
4. Nothing in a request makes a user more privileged: an unproven age is never read.
5. Ids leave this file as keyed hashes only.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from guardrail._claims import age_of, character_of, evidence_of, region_of, zone_of
from guardrail.errors import IdentityError
from guardrail.household import character_name
from guardrail.turn import Evidence, Identity, Message, Role

__all__ = [
    "SIGNAL",
    "SUPPRESS",
    "HeaderRules",
    "IdentityRules",
    "JwtRules",
    "Pseudonyms",
    "identify",
]

SUPPRESS = b"x-guardrail-suppress"
"""Tells the backend, and with the answer the app, what to leave off for this person: "memory", "push"."""

SIGNAL = b"x-guardrail-signal"
"""`exit`: the person has pressed a button or closed the window, and wants to be let go (CN Measures
Art 19). Anybody may say so: it can only make the bot leave them in peace."""

PREFIX = b"x-guardrail-"
"""How the names of all our headers begin."""

BESIDE = frozenset({SIGNAL, SUPPRESS})
"""Headers of ours that carry no identity. `SUPPRESS` comes from a guard that stands before this one."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_VALUE = re.compile(rb"[\x21-\x2b\x2d-\x7e]{1,256}\Z")  # printable ASCII, no space, no comma
_HEADER = re.compile(rb"[a-z0-9]+(-[a-z0-9]+)*\Z")

# What a token makes its parser raise. TypeError: a header such as {"crit": 5}, which joserfc reads
# before it has verified anything.
_UNREADABLE = (JoseError, ValueError, TypeError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class JwtRules:
    """How to verify a user token. Algorithms, issuer and audience are pinned, never read from it."""

    keys: KeySet
    algorithms: tuple[str, ...]
    issuer: str
    audience: str
    header: str = "x-guardrail-token"
    required: bool = False

    def __post_init__(self) -> None:
        if not self.algorithms or "none" in (a.lower() for a in self.algorithms):
            raise ValueError("name the JWT algorithms to accept; none of them may be 'none'")


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """Which headers name the user, and which peers may send them."""

    trusted_peers: tuple[Network, ...] = ()
    user: str = "x-guardrail-user"
    conversation: str = "x-guardrail-conversation"
    age_band: str = "x-guardrail-age-band"
    region: str = "x-guardrail-region"
    zone: str = "x-guardrail-time-zone"
    character: str = "x-guardrail-character"


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """All of it."""

    headers: HeaderRules = HeaderRules()
    jwt: JwtRules | None = None
    names: frozenset[bytes] = field(init=False)
    """Every header that carries identity; none of them is passed on to the backend."""

    def __post_init__(self) -> None:
        h = self.headers
        found = {h.user, h.conversation, h.age_band, h.region, h.zone, h.character}
        if self.jwt is not None:
            found.add(self.jwt.header)
        object.__setattr__(self, "names", frozenset(name.encode() for name in found))
        for name in self.names:  # incoming names are folded to this form before they are compared
            if not _HEADER.match(name):
                raise ValueError(f"{name.decode()} must be lower case, with '-' and without '_'")

    def ours(self, headers: Sequence[tuple[bytes, bytes]]) -> frozenset[bytes]:
        """Names (lower-case) of the headers that are meant for us, known or not, however spelt.

        None of them is passed on to the backend: it could take a stranger's word for ours.
        """
        lower = (raw.lower() for raw, _ in headers)
        return frozenset(
            name for name in lower if (folded := _folded(name)) in self.names or _is_ours(folded)
        )


class Pseudonyms:
    """Turns ids into keyed hashes (HMAC-SHA-256, 128 bits), so that a stolen database names nobody."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:  # noqa: PLR2004 - 128 bits, the least that resists guessing
            raise ValueError("the pseudonym secret must have at least 16 bytes")
        self._mac = hmac.new(secret, digestmod=hashlib.sha256)

    def of(self, kind: str, *parts: str) -> str:
        """The pseudonym of `parts` for one purpose; parts are length-prefixed, so none can run over."""
        whole = b""
        for part in (kind, *parts):
            raw = part.encode("utf-8", "surrogatepass")
            whole += len(raw).to_bytes(4, "big") + raw
        mac = self._mac.copy()
        mac.update(whole)
        return mac.hexdigest()[:32]

    def message(self, message: Message) -> str:
        """A short mark of one message, to recognise it when a client sends it again."""
        return self.of("message", message.role, message.text.strip())[:16]

    def user(self, app: bytes, identity: Identity) -> str | None:
        """The user's key. An unproven name counts only within the app that gave it."""
        if identity.user is None:
            return None
        scope = "" if identity.proof in ("jwt", "header") else hashlib.sha256(app).hexdigest()
        return self.of("user", scope, identity.user)

    def character(self, name: str) -> str:
        """A character's key, however its name is spelled; empty if it has none."""
        plain = character_name(name)
        return self.of("character", plain) if plain else ""

    def conversation(
        self, app: bytes, identity: Identity, messages: Sequence[Message]
    ) -> str | None:
        """The conversation's key, or `None` if this request cannot tell it from another one.

        Without an id of its own a conversation is known by its beginning: what was said up to and
        including the first reply to the person (a fixed greeting is everybody's). Before there is a reply, two strangers who both begin with "hi"
        cannot be told apart, so there is no key yet. System prompts do not count: many hold the
        date or the time, and the conversation would be a new one with every request.
        """
        scope = hashlib.sha256(app).hexdigest()
        who = self.user(app, identity) or ""  # a claimed "ann" must not join a proven one's talk
        if identity.conversation is not None:
            return self.of("conversation", scope, who, identity.conversation)
        start: list[str] = []
        asked = False
        for message in messages:
            if message.role in (Role.USER, Role.ASSISTANT):
                start.append(message.text.strip())
            if message.role is Role.ASSISTANT and asked:
                return self.of("beginning", scope, who, *start)
            asked = asked or message.role is Role.USER
        return None


def identify(
    rules: IdentityRules,
    headers: Sequence[tuple[bytes, bytes]],
    peer: str | None,
    *,
    body_user: str | None = None,
    body_conversation: str | None = None,
) -> Identity:
    """Who this request proves or claims to come from.

    Raises:
        IdentityError: a forged, duplicated, malformed or unverifiable identity.
    """
    trusted = _trusted(rules.headers.trusted_peers, peer)
    found = _identity_headers(rules, headers)
    if trusted:
        _all_known(rules, headers)
    token = found.pop(rules.jwt.header.encode(), None) if rules.jwt is not None else None
    if found and not trusted:
        name = next(iter(found)).decode()
        raise IdentityError(
            f"the header {name} is only accepted from trusted peers", code="untrusted_identity"
        )
    if token is not None and found:
        raise IdentityError(
            "identity comes in a token or in headers, not in both",
            status=400,
            code="ambiguous_identity",
        )
    body = Identity(
        user=body_user or None,  # an empty name is no name: all its bearers would be one person
        conversation=body_conversation or None,
        proof="app_key" if body_user else "none",
    )
    if rules.jwt is not None and (token is not None or rules.jwt.required):
        return _from_token(rules.jwt, token, body)
    return _from_headers(rules.headers, found, body) if found else body


def _identity_headers(
    rules: IdentityRules, headers: Sequence[tuple[bytes, bytes]]
) -> dict[bytes, bytes]:
    names = rules.names
    found: dict[bytes, bytes] = {}
    for raw, value in headers:
        name = _folded(raw)
        if name not in names:
            continue
        if raw.lower() != name or name in found or not _well_formed(rules, name, value):
            raise IdentityError(
                f"the header {name.decode()} is duplicated or malformed",
                status=400,
                code="malformed_identity",
            )
        found[name] = value
    return found


def _all_known(rules: IdentityRules, headers: Sequence[tuple[bytes, bytes]]) -> None:
    for raw, _ in headers:
        name = _folded(raw)
        if _is_ours(name) and name not in rules.names and raw.lower() not in BESIDE:
            raise IdentityError(_unknown(rules, name), status=400, code="unknown_header")


def _unknown(rules: IdentityRules, name: bytes) -> str:
    """What to say to the peer: the name is its own, and no text of a person."""
    said = name[:64].decode("ascii", "replace")
    close = get_close_matches(said, [one.decode() for one in (*rules.names, *BESIDE)], n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"the header {said} is not known{hint}"


def _folded(name: bytes) -> bytes:
    return name.lower().replace(b"_", b"-")


def _is_ours(folded: bytes) -> bool:
    return folded.startswith(PREFIX)


def _well_formed(rules: IdentityRules, name: bytes, value: bytes) -> bool:
    if rules.jwt is not None and name == rules.jwt.header.encode():
        return len(value) <= 8192  # noqa: PLR2004 - what servers accept for one header line
    return _VALUE.match(value) is not None


def _trusted(peers: tuple[Network, ...], peer: str | None) -> bool:
    if not peers or peer is None:
        return False
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in peers)


def _from_headers(rules: HeaderRules, found: dict[bytes, bytes], body: Identity) -> Identity:
    """What a trusted peer says. Where it names no user, the body's claim stays a mere claim."""

    def text(name: str) -> str | None:
        value = found.get(name.encode())
        return value.decode() if value is not None else None

    user = text(rules.user)
    band, years = age_of(text(rules.age_band))
    return Identity(
        user=user or body.user,
        conversation=text(rules.conversation) or body.conversation,
        age_band=band,
        region=region_of(text(rules.region)),
        proof="header" if user else body.proof,
        years=years,
        evidence=Evidence.PLATFORM if band is not None else Evidence.NONE,
        zone=zone_of(text(rules.zone)),
        character=character_of(text(rules.character)),
    )


def _from_token(rules: JwtRules, token: bytes | None, body: Identity) -> Identity:
    if token is None:
        raise IdentityError(f"a user token is required in the header {rules.header}")
    value = token.removeprefix(b"Bearer ").decode("ascii", "replace")
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": rules.issuer},
        aud={"essential": True, "value": rules.audience},
        exp={"essential": True},
        sub={"essential": True},
    )
    try:
        claims = jwt.decode(value, rules.keys, algorithms=list(rules.algorithms)).claims
        registry.validate(claims)
    except _UNREADABLE:  # the reason may quote the token, so it is not passed on
        raise IdentityError("the user token is not valid") from None
    band, years = age_of(_claim(claims, "age_band"))
    return Identity(
        user=_claim(claims, "sub"),
        conversation=_claim(claims, "conversation_id") or body.conversation,
        age_band=band,
        region=region_of(_claim(claims, "region")),
        proof="jwt",
        years=years,
        evidence=evidence_of(_claim(claims, "age_evidence")) if band is not None else Evidence.NONE,
        zone=zone_of(_claim(claims, "zoneinfo")),  # as OpenID Connect Core 5.1 calls it
        character=_claim(claims, "character"),
    )


def _claim(claims: dict[str, object], name: str) -> str | None:
    value = claims.get(name)
    if value is not None and not isinstance(value, str):  # `["minor"]` is not the same as silence
        raise IdentityError(
            f"the claim {name} must be a string", status=400, code="malformed_identity"
        )
    return value or None
