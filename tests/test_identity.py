"""Identity: what is believed, what is refused, and that two people are never taken for one."""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey

from guardrail.errors import IdentityError
from guardrail.identity import HeaderRules, IdentityRules, JwtRules, Pseudonyms, identify
from guardrail.turn import AgeBand, Evidence, Identity, Message, Role

TRUSTED = "10.1.2.3"
LATER = 4_102_444_800  # in the year 2100
NETWORKS = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))
KEY = OctKey.import_key("k" * 32, {"kid": "one"})
OTHER_KEY = OctKey.import_key("o" * 32, {"kid": "one"})

HEADERS = HeaderRules(trusted_peers=NETWORKS)
TOKENS = JwtRules(KeySet([KEY]), ("HS256",), issuer="https://id.example", audience="guardrail")
RULES = IdentityRules(HEADERS, TOKENS)

VALUES = {
    "x-guardrail-user": b"ann",
    "x-guardrail-conversation": b"c-1",
    "x-guardrail-age-band": b"minor",
    "x-guardrail-region": b"US-CA",
    "x-guardrail-time-zone": b"America/Los_Angeles",
}

Pairs = list[tuple[bytes, bytes]]
Spelling = Callable[[bytes, bytes], Pairs]

# How a header can be spelt, and what becomes of it if a trusted peer sends it so.
SPELLINGS: dict[str, tuple[Spelling, str | None]] = {
    "as it is": (lambda n, v: [(n, v)], None),
    "upper case": (lambda n, v: [(n.upper(), v)], None),  # HTTP names have no case
    "underscore": (lambda n, v: [(n.replace(b"-", b"_"), v)], "malformed_identity"),
    "one underscore": (lambda n, v: [(n.replace(b"-", b"_", 1), v)], "malformed_identity"),
    "duplicate": (lambda n, v: [(n, v), (n, v)], "malformed_identity"),
    "duplicate in two spellings": (
        lambda n, v: [(n, v), (n.replace(b"-", b"_"), v)],
        "malformed_identity",
    ),
    "duplicate in two cases": (lambda n, v: [(n, v), (n.title(), v)], "malformed_identity"),
    "comma list": (lambda n, v: [(n, v + b"," + v)], "malformed_identity"),
    "trailing space": (lambda n, v: [(n, v + b" ")], "malformed_identity"),
    "leading tab": (lambda n, v: [(n, b"\t" + v)], "malformed_identity"),
    "trailing newline": (lambda n, v: [(n, v + b"\n")], "malformed_identity"),
    "empty": (lambda n, v: [(n, b"")], "malformed_identity"),
    "too long": (lambda n, v: [(n, b"x" * 257)], "malformed_identity"),
    "not ASCII": (lambda n, v: [(n, "é".encode())], "malformed_identity"),
}
PEERS = {
    "10.1.2.3": True,
    "::ffff:10.1.2.3": True,  # the same peer, seen by a socket that speaks both
    "fd00::1": True,
    "192.0.2.1": False,
    "::ffff:192.0.2.1": False,
    "::1": False,
    "11.0.0.0": False,
    "unix:/run/app.sock": False,
    "": False,
    None: False,
}


def refusal(rules: IdentityRules, headers, peer: str | None = TRUSTED, **body) -> str | None:
    """The code of the refusal, or `None` if the request is accepted."""
    try:
        identify(rules, headers, peer, **body)
    except IdentityError as error:
        return error.code
    return None


def token(
    claims: Mapping[str, object] | None = None, *, key: OctKey = KEY, without: str = ""
) -> bytes:
    """A token, good unless told otherwise."""
    good = {
        "iss": TOKENS.issuer,
        "aud": TOKENS.audience,
        "sub": "ann",
        "exp": LATER,
    }
    kept = {k: v for k, v in {**good, **(claims or {})}.items() if k != without}
    return jwt.encode({"alg": "HS256"}, kept, key).encode()


def raw(header: object, payload: object = None, signature: bytes = b"x" * 32) -> bytes:
    """A token put together by hand."""
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return b".".join(base64.urlsafe_b64encode(p).rstrip(b"=") for p in parts)


def bearing(value: bytes) -> Pairs:
    """Headers that carry a token."""
    return [(b"x-guardrail-token", value)]


# -- headers -------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", VALUES)
def test_spoof_matrix(name: str, spelling: str, peer: str | None):
    """Every header in every spelling from every peer: accepted only if plain and trusted."""
    spell, wrong = SPELLINGS[spelling]
    expected = wrong or (None if PEERS[peer] else "untrusted_identity")
    assert refusal(RULES, spell(name.encode(), VALUES[name]), peer) == expected


def test_a_trusted_peer_is_believed():
    """What the headers say is what the identity says."""
    headers = [(name.encode(), value) for name, value in VALUES.items()]
    assert identify(RULES, headers, TRUSTED) == Identity(
        "ann",
        "c-1",
        AgeBand.MINOR,
        "US-CA",
        "header",
        evidence=Evidence.PLATFORM,
        zone="America/Los_Angeles",
    )


@pytest.mark.parametrize(
    ("said", "region"), [(b"UK", "GB"), (b"UK-ENG", "GB-ENG"), (b"EL", "GR"), (b"US", "US")]
)
def test_countries_by_their_other_code(said: bytes, region: str):
    """Whose app says UK is to get the lines of GB, not none."""
    headers = [(b"x-guardrail-user", b"ann"), (b"x-guardrail-region", said)]
    assert identify(RULES, headers, TRUSTED).region == region


@pytest.mark.parametrize("name", VALUES)
def test_nobody_is_trusted_by_default(name: str):
    """Without a list of peers no header is accepted, from the machine itself neither."""
    for peer in ("127.0.0.1", "::1", TRUSTED, None):
        headers = [(name.encode(), VALUES[name])]
        assert refusal(IdentityRules(), headers, peer) == "untrusted_identity"


def test_forwarded_addresses_are_not_peers():
    """Only the address of the socket counts."""
    headers = [(b"x-forwarded-for", TRUSTED.encode()), (b"x-guardrail-user", b"ann")]
    assert refusal(RULES, headers, "192.0.2.1") == "untrusted_identity"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-guardrail-age-band", b"Adult"),
        ("x-guardrail-age-band", b"18"),
        ("x-guardrail-age-band", b"under-"),
        ("x-guardrail-age-band", b"under-100"),
        ("x-guardrail-age-band", b"13-"),
        ("x-guardrail-age-band", b"13-15-17"),
        ("x-guardrail-age-band", b"+18"),
        ("x-guardrail-age-band", b"18+x"),
        ("x-guardrail-age-band", b"Under-13"),
        ("x-guardrail-age-band", b"17-13"),
        ("x-guardrail-age-band", b"20-18"),
        ("x-guardrail-age-band", b"under-0"),
        ("x-guardrail-time-zone", b"../etc/passwd"),
        ("x-guardrail-time-zone", b"Asia/"),
        ("x-guardrail-time-zone", b"+08:00"),
        ("x-guardrail-time-zone", b"/UTC"),
        ("x-guardrail-time-zone", b"Mars/X"),  # well written, and nowhere: not UTC in silence
        ("x-guardrail-time-zone", b"Asia"),  # a folder of the database
        ("x-guardrail-region", b"usa"),
        ("x-guardrail-region", b"US-CALIF"),
        ("x-guardrail-region", b"US\n"),
    ],
)
def test_odd_values_are_refused(name: str, value: bytes):
    """An age band, region or zone that we do not know is a mistake, not silence."""
    assert refusal(RULES, [(name.encode(), value)]) == "malformed_identity"


@pytest.mark.parametrize(
    ("written", "band", "years"),
    [
        (b"adult", AgeBand.ADULT, None),
        (b"minor", AgeBand.MINOR, None),
        (b"unknown", AgeBand.UNKNOWN, None),
        (b"under-13", AgeBand.MINOR, (0, 12)),
        (b"13-15", AgeBand.MINOR, (13, 15)),
        (b"16-17", AgeBand.MINOR, (16, 17)),
        (b"16-20", AgeBand.MINOR, (16, 20)),  # a bracket that crosses the line protects
        (b"18-20", AgeBand.ADULT, (18, 20)),
        (b"18+", AgeBand.ADULT, (18, 120)),
        (b"13+", AgeBand.MINOR, (13, 120)),
        (b"60+", AgeBand.ADULT, (60, 120)),
        (b"under-21", AgeBand.MINOR, (0, 20)),
    ],
)
def test_brackets_of_years(written: bytes, band: AgeBand, years: tuple[int, int] | None):
    """Platforms give brackets; from a header or a token they mean the same."""
    by_header = identify(RULES, [(b"x-guardrail-age-band", written)], TRUSTED)
    by_token = identify(RULES, bearing(token({"age_band": written.decode()})), None)
    for found in (by_header, by_token):
        assert (found.age_band, found.years, found.evidence) == (band, years, Evidence.PLATFORM)


@pytest.mark.parametrize(
    "zone", [b"UTC", b"Asia/Shanghai", b"America/Argentina/Buenos_Aires", b"Etc/GMT+5"]
)
def test_zones(zone: bytes):
    """An IANA name is taken as it is written."""
    found = identify(RULES, [(b"x-guardrail-time-zone", zone)], TRUSTED)
    assert found.zone == zone.decode()


def test_without_an_age_there_is_no_evidence():
    """Silence about age proves nothing."""
    found = identify(RULES, [(b"x-guardrail-user", b"ann")], TRUSTED)
    assert (found.age_band, found.years, found.evidence) == (None, None, Evidence.NONE)
    told = identify(RULES, bearing(token({"age_evidence": "verified"})), None)
    assert told.evidence is Evidence.NONE


def test_configured_names_are_guarded_like_the_usual_ones():
    """A header of the operator's choosing is folded, trusted and kept from the backend alike."""
    rules = IdentityRules(replace(HEADERS, user="x-app-user"))
    assert identify(rules, [(b"X-App-User", b"ann")], TRUSTED).user == "ann"
    assert refusal(rules, [(b"x_app_user", b"ann")]) == "malformed_identity"
    assert refusal(rules, [(b"x-app-user", b"ann")], "192.0.2.1") == "untrusted_identity"
    assert b"x-app-user" in rules.names


@pytest.mark.parametrize("name", ["X-User", "x_user", "", "x user", "x-", "x-üser"])
def test_names_that_would_never_match_are_refused(name: str):
    """A misspelt setting must not leave a header unread and unguarded."""
    with pytest.raises(ValueError, match="lower case"):
        IdentityRules(HeaderRules(user=name))


def test_other_headers_are_none_of_our_business():
    """Headers that carry no identity are ignored."""
    for peer in (None, TRUSTED):
        assert identify(RULES, [(b"x-user", b"ann"), (b"user_agent", b"x")], peer) == Identity()


@pytest.mark.parametrize("name", [b"x-guardrail-age-bnd", b"X-Guardrail-Bogus", b"x_guardrail_age"])
def test_a_slip_in_a_name_is_told_to_a_trusted_peer(name: bytes):
    """An age in a misspelt header would be lost; from anybody else the name means nothing."""
    headers = [
        (name, b"under-13"),
        (b"x-guardrail-signal", b"exit"),
        (b"x-guardrail-suppress", b""),
    ]
    with pytest.raises(IdentityError, match=name.decode().lower().replace("_", "-")) as caught:
        identify(RULES, headers, TRUSTED)
    assert (caught.value.status, caught.value.code) == (400, "unknown_header")
    assert identify(RULES, headers, "192.0.2.1") == Identity()
    assert not identify(RULES, headers[1:], TRUSTED).user


def test_the_name_that_was_meant_is_told():
    """The nearest one that is known; a long name is told cut short."""
    with pytest.raises(IdentityError, match="did you mean x-guardrail-age-band"):
        identify(RULES, [(b"x-guardrail-ageband", b"minor")], TRUSTED)
    with pytest.raises(IdentityError) as caught:
        identify(RULES, [(b"x-guardrail-" + b"z" * 9000, b"minor")], TRUSTED)
    assert len(str(caught.value)) < 100


def test_whatever_is_meant_for_us_is_named():
    """Known or not, however spelt: none of it goes on to the backend."""
    sent = [b"X-Guardrail-User", b"x_guardrail-new", b"x-guardrail-token", b"x-app-user", b"accept"]
    rules = IdentityRules(replace(HEADERS, user="x-app-user"))
    found = rules.ours([(name, b"v") for name in sent])
    assert found == {b"x-guardrail-user", b"x_guardrail-new", b"x-guardrail-token", b"x-app-user"}


# -- the body ------------------------------------------------------------------------------


def test_a_name_in_the_body_is_a_claim():
    """It is taken, marked as unproven, and says nothing about age."""
    found = identify(RULES, [], None, body_user="ann", body_conversation="c")
    assert found == Identity("ann", "c", None, None, "app_key")


def test_an_empty_name_is_no_name():
    """Else all who send "" would share one ledger and one conversation."""
    assert identify(RULES, [], None, body_user="", body_conversation="") == Identity()


def test_proof_goes_before_claim():
    """A header or a token names the user; the body's user field changes nothing."""
    by_header = identify(RULES, [(b"x-guardrail-user", b"ann")], TRUSTED, body_user="eve")
    by_token = identify(RULES, bearing(token()), None, body_user="eve")
    assert (by_header.user, by_token.user) == ("ann", "ann")


def test_a_trusted_region_does_not_prove_the_user():
    """Where the peer names no user, the body's name stays a claim within its app."""
    found = identify(RULES, [(b"x-guardrail-region", b"US")], TRUSTED, body_user="ann")
    assert (found.user, found.proof, found.region) == ("ann", "app_key", "US")


# -- tokens --------------------------------------------------------------------------------


def test_a_good_token_is_believed():
    """With or without "Bearer", and with all that it claims."""
    claims = {
        "age_band": "13-15",
        "age_evidence": "guardian",
        "region": "GB",
        "conversation_id": "c",
        "zoneinfo": "Europe/London",
    }
    expected = Identity(
        "ann",
        "c",
        AgeBand.MINOR,
        "GB",
        "jwt",
        years=(13, 15),
        evidence=Evidence.GUARDIAN,
        zone="Europe/London",
    )
    for prefix in (b"", b"Bearer "):
        assert identify(RULES, bearing(prefix + token(claims)), None) == expected


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1_700_000_000},
        {"exp": "tomorrow"},
        {"aud": "another"},
        {"aud": []},
        {"iss": "https://evil.example"},
        {"nbf": LATER},
        {"sub": ""},
        {"sub": 7},
        {"sub": None},
    ],
    ids=str,
)
def test_bad_claims_are_refused(claims: dict[str, object]):
    """Expired, for another audience, from another issuer, not yet valid, or about nobody."""
    assert refusal(RULES, bearing(token(claims))) == "invalid_identity"


@pytest.mark.parametrize("claim", ["exp", "aud", "iss", "sub"])
def test_claims_that_must_be_there(claim: str):
    """A token without one of them is refused."""
    assert refusal(RULES, bearing(token(without=claim))) == "invalid_identity"


@pytest.mark.parametrize(
    ("claimed", "evidence"),
    [
        (None, Evidence.PLATFORM),
        ("verified", Evidence.VERIFIED),
        ("platform", Evidence.PLATFORM),
        ("guardian", Evidence.GUARDIAN),
    ],
)
def test_a_token_says_how_an_age_is_known(claimed: str | None, evidence: Evidence):
    """Without a word about it, it is the platform's."""
    claims = {"age_band": "adult"} | ({"age_evidence": claimed} if claimed else {})
    assert identify(RULES, bearing(token(claims)), None).evidence is evidence


@pytest.mark.parametrize("claimed", ["stated", "inferred", "none", "Verified", "passport"])
def test_evidence_that_no_token_can_give_is_refused(claimed: str):
    """What was said in a chat is no claim of a token."""
    claims = {"age_band": "adult", "age_evidence": claimed}
    assert refusal(RULES, bearing(token(claims))) == "malformed_identity"


def test_a_token_names_a_zone_that_exists():
    """Another one would put curfew and caps on the clock of UTC."""
    assert refusal(RULES, bearing(token({"zoneinfo": "Nope/Zone"}))) == "malformed_identity"


@pytest.mark.parametrize("claim", ["age_band", "conversation_id", "region", "zoneinfo"])
@pytest.mark.parametrize("value", [7, ["minor"], {"a": 1}, True])
def test_claims_of_a_wrong_type_are_refused(claim: str, value: object):
    """`["minor"]` is not the same as saying nothing about age."""
    assert refusal(RULES, bearing(token({"age_band": "minor", "age_evidence": value}))) is not None
    assert refusal(RULES, bearing(token({claim: value}))) == "malformed_identity"


FORGED = {
    "foreign key": token(key=OTHER_KEY),
    "alg none": raw({"alg": "none"}, {"sub": "ann"}, b""),
    "alg None": raw({"alg": "None"}, {"sub": "ann"}, b""),
    "alg not pinned": raw({"alg": "HS384"}, {"sub": "ann"}),
    "alg a list": raw({"alg": ["HS256"]}, {}),
    "crit a number": raw({"alg": "HS256", "crit": 5}, {}),
    "crit b64": raw({"alg": "HS256", "crit": ["b64"], "b64": False}, {}),
    "kid a number": raw({"alg": "HS256", "kid": 5}, {}),
    "brings its own key": raw({"alg": "HS256", "jwk": {"kty": "oct", "k": "eA"}}, {}),
    "header a list": raw([], {}),
    "payload a list": raw({"alg": "HS256"}, []),
    "deep header": base64.urlsafe_b64encode(b"[" * 5000) + b"..",
    "two tokens": token() + b"," + token(),
    "trailing space": token() + b" ",
    "nothing": b"",
    "dots": b"..",
    "not ASCII": b"\xff.\xff.\xff",
    "only Bearer": b"Bearer ",
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_and_broken_tokens_are_refused(name: str):
    """A foreign key, no algorithm, a swapped one, or rubbish: always 401, never a crash."""
    assert refusal(RULES, bearing(FORGED[name])) == "invalid_identity"


def test_the_refusal_quotes_nothing():
    """Neither the message nor its cause holds any of the token."""
    with pytest.raises(IdentityError) as caught:
        identify(RULES, bearing(token({"sub": "secret-name", "aud": "x"})), None)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(value: bytes):
    """Whatever stands in the token header, it is accepted never and refused cleanly."""
    assert refusal(RULES, bearing(value)) in ("invalid_identity", "malformed_identity")


@pytest.mark.parametrize("spelling", ["underscore", "duplicate", "duplicate in two cases"])
def test_a_token_header_is_guarded_too(spelling: str):
    """A variant or a duplicate of it is refused."""
    spell, wrong = SPELLINGS[spelling]
    assert refusal(RULES, spell(b"x-guardrail-token", token())) == wrong


def test_a_huge_token_is_refused_unread():
    """More than a server takes for one header line is not decoded."""
    assert refusal(RULES, bearing(b"a" * 8193)) == "malformed_identity"


def test_a_required_token_must_be_there():
    """Headers and body cannot stand in for it."""
    rules = IdentityRules(HEADERS, replace(TOKENS, required=True))
    assert refusal(rules, [], body_user="ann") == "invalid_identity"
    assert refusal(rules, [(b"x-guardrail-user", b"ann")]) == "invalid_identity"
    assert refusal(rules, bearing(token())) is None


def test_two_sources_at_once_are_refused():
    """A token beside identity headers: neither is dropped in silence."""
    both = [*bearing(token()), (b"x-guardrail-age-band", b"minor")]
    assert refusal(RULES, both) == "ambiguous_identity"


def test_without_rules_a_token_header_means_nothing():
    """If no tokens are configured, that header is nobody's identity; a trusted peer is told so."""
    assert identify(IdentityRules(HEADERS), bearing(token()), None) == Identity()
    assert refusal(IdentityRules(HEADERS), bearing(token())) == "unknown_header"


@pytest.mark.parametrize("algorithms", [(), ("none",), ("HS256", "None")])
def test_unsafe_algorithms_cannot_be_configured(algorithms: tuple[str, ...]):
    """No list at all would mean whatever the library likes; "none" would mean no signature."""
    with pytest.raises(ValueError, match="algorithms"):
        replace(TOKENS, algorithms=algorithms)


# -- pseudonyms ----------------------------------------------------------------------------

NAMES = Pseudonyms(b"0123456789abcdef")
TEXT = st.text(max_size=12)
WHO = st.builds(
    Identity,
    user=st.none() | TEXT,
    conversation=st.none() | TEXT,
    proof=st.sampled_from(["jwt", "header", "app_key", "none"]),
)
APPS = st.binary(max_size=8)


def scope(app: bytes, who: Identity) -> tuple[bytes, str | None]:
    """Within what a user's name is unique, and the name: proven names count everywhere."""
    return (b"" if who.proof in ("jwt", "header") else b"app:" + app, who.user)


def test_a_short_secret_is_refused():
    """15 bytes can be guessed sooner than a hash can be inverted."""
    with pytest.raises(ValueError, match="16 bytes"):
        Pseudonyms(b"x" * 15)


@given(APPS, WHO, APPS, WHO)
def test_no_two_users_share_a_pseudonym(app: bytes, a: Identity, other: bytes, b: Identity):
    """Equal pseudonyms mean the same name in the same scope, and the other way round."""
    one, two = NAMES.user(app, a), NAMES.user(other, b)
    if a.user is None or b.user is None:
        assert (one is None) == (a.user is None)
        return
    assert (one == two) == (scope(app, a) == scope(other, b))


@given(APPS, WHO, APPS, WHO)
def test_no_two_conversations_share_a_pseudonym(app, a: Identity, other, b: Identity):
    """The same conversation id from another user or app, or of a mere claim, is another one."""
    if a.conversation is None or b.conversation is None:
        return
    same = (app, scope(app, a), a.conversation) == (other, scope(other, b), b.conversation)
    if a.user is None or b.user is None:
        same = (app, a.user, a.conversation) == (other, b.user, b.conversation)
    assert (NAMES.conversation(app, a, ()) == NAMES.conversation(other, b, ())) == same


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_no_two_tokens_share_a_pseudonym(one: str, two: str):
    """Two verified subjects are two pseudonyms, whatever characters their names are made of."""
    found = [identify(RULES, bearing(token({"sub": sub})), None) for sub in (one, two)]
    assert (NAMES.user(b"", found[0]) == NAMES.user(b"", found[1])) == (one == two)


@given(st.lists(TEXT, max_size=4), st.lists(TEXT, max_size=4))
def test_parts_cannot_run_into_each_other(a: list[str], b: list[str]):
    """("ab", "c") and ("a", "bc") differ."""
    assert (NAMES.of("k", *a) == NAMES.of("k", *b)) == (a == b)


def test_pseudonyms_depend_on_the_secret_and_the_purpose():
    """One secret's hash says nothing about another's, nor a user's about a conversation's."""
    other = Pseudonyms(b"fedcba9876543210")
    assert len({NAMES.of("user", "x"), other.of("user", "x"), NAMES.of("message", "x")}) == 3


def test_lone_surrogates_have_a_pseudonym():
    """JSON can carry half a character; it must not end in a crash."""
    assert NAMES.user(b"", Identity(user="\ud800")) != NAMES.user(b"", Identity(user="\ud801"))


def test_a_conversation_is_known_by_its_beginning():
    """Without an id: not before the first reply, then the same however long it grows."""
    hello = (Message(Role.USER, "hi"),)
    begun = (*hello, Message(Role.ASSISTANT, "Hello, Ann!"))
    grown = (*begun, Message(Role.USER, "how are you"), Message(Role.ASSISTANT, "well"))
    assert NAMES.conversation(b"", Identity(), hello) is None
    first = NAMES.conversation(b"", Identity(), begun)
    assert first is not None
    assert NAMES.conversation(b"", Identity(), grown) == first
    assert NAMES.conversation(b"", Identity(user="ann"), begun) != first


def test_a_mark_tells_messages_apart_by_role_and_text():
    """Space around a text does not count; who said it does."""
    marks = [NAMES.message(Message(Role.USER, t)) for t in ("ok", " ok\n", "OK")]
    assert marks[0] == marks[1] != marks[2]
    assert NAMES.message(Message(Role.ASSISTANT, "ok")) != marks[0]


def test_a_fixed_greeting_does_not_make_one_conversation_of_all():
    """The beginning that names a conversation holds at least one line of the person's own."""
    names = Pseudonyms(b"0123456789abcdef")
    greeting = Message(Role.ASSISTANT, "Hi, I am Mei!")
    me, reply = Message(Role.USER, "hi"), Message(Role.ASSISTANT, "How was the exam?")
    assert names.conversation(b"", Identity(), [greeting]) is None
    assert names.conversation(b"", Identity(), [greeting, me]) is None
    first = names.conversation(b"", Identity(), [greeting, me, reply])
    assert first is not None
    other = names.conversation(b"", Identity(), [greeting, me, Message(Role.ASSISTANT, "Cold?")])
    assert other not in (None, first)


def test_a_system_prompt_that_holds_the_time_does_not_make_a_new_conversation():
    """What the operator says is no part of the beginning."""
    names = Pseudonyms(b"0123456789abcdef")
    talk = [Message(Role.USER, "hi"), Message(Role.ASSISTANT, "hello")]
    keys = {
        names.conversation(b"", Identity(), [Message(Role.SYSTEM, f"It is {n}:00."), *talk])
        for n in range(3)
    }
    assert len(keys) == 1
