"""Signing in with an identity provider: a real one on a port, honest and not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from guardrail._tables import Oidc
from guardrail.errors import RequestError, UpstreamError
from guardrail.roles import StaffRole
from guardrail.staff.logins import Claims
from guardrail.staff.oidc import Back, Provider
from tests.conftest import Clock
from tests.oidc_provider import CLIENT, SECRET, Lies, LittleProvider
from tests.servers import serve

REDIRECT = "http://localhost:9090/account/oidc/back"
TLS = httpx.create_ssl_context()
GROUPS = {"crisis-team": "moderator", "leads": "lead"}


@pytest.fixture(scope="module")
def there() -> Iterator[LittleProvider]:
    """The provider, up for all tests of this file."""
    little = LittleProvider(lambda: 0.0)
    with serve(little, lifespan="off") as address:
        little.issuer = address
        yield little


@pytest.fixture
def little(there: LittleProvider, clock: Clock) -> LittleProvider:
    """Honest, and with our clock."""
    there.clock, there.lies, there.groups = clock, Lies(), ["crisis-team", "others"]
    there.asked.clear()
    return there


def client(little: LittleProvider, clock: Clock, **more: Any) -> Provider:
    """Us, as the provider knows us."""
    told = {"issuer": little.issuer, "client_id": CLIENT, "client_secret": SECRET, "roles": GROUPS}
    return Provider(Oidc(**told | more), clock, {"verify": TLS})


async def there_and_back(provider: Provider, **more: str) -> Back:
    """What a browser brings back; `more` changes its query."""
    flow = await provider.start(REDIRECT)
    async with httpx.AsyncClient(verify=TLS) as browser:
        answer = await browser.get(flow.url)
    place = urlsplit(answer.headers["location"])
    assert place._replace(query="").geturl() == REDIRECT
    query = {key: values[0] for key, values in parse_qs(place.query).items()}
    return Back(query | more, flow.kept)


async def refusal(provider: Provider, back: Back) -> str:
    """Why somebody is not let in."""
    with pytest.raises(RequestError) as caught:
        await provider.finish(back, REDIRECT)
    assert caught.value.status == 401
    return caught.value.code


async def test_somebody_signs_in(little: LittleProvider, clock: Clock) -> None:
    """Who they are is issuer and subject; what they may, their groups say."""
    provider = client(little, clock)
    claims = await provider.finish(await there_and_back(provider), REDIRECT)
    assert claims == Claims(f"{little.issuer} cy", "Cy", frozenset({StaffRole.MODERATOR}))
    little.groups = "leads"
    assert (await provider.finish(await there_and_back(provider), REDIRECT)).roles == {
        StaffRole.LEAD
    }
    for nothing in ([], ["others"], None, 5, [5, None, {"crisis-team": 1}]):
        little.groups = nothing
        if isinstance(nothing, int):
            little.groups = str(nothing)
        found = await provider.finish(await there_and_back(provider), REDIRECT)
        assert found.roles == frozenset()
    assert little.asked.count("/.well-known/openid-configuration") == 1, "asked for once an hour"
    assert little.asked.count("/keys") == 1


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"nonce": "another"}, "oidc_claims"),
        ({"nonce": None}, "oidc_claims"),
        ({"aud": "somebody else"}, "oidc_claims"),
        ({"aud": None}, "oidc_claims"),
        ({"aud": [CLIENT, "somebody else"]}, "oidc_azp"),
        ({"azp": "somebody else"}, "oidc_azp"),
        ({"iss": "https://evil.example"}, "oidc_claims"),
        ({"sub": None}, "oidc_claims"),
        ({"exp": 1_789_999_000}, "oidc_claims"),
        ({"exp": None}, "oidc_claims"),
        ({"iat": 1_790_009_000}, "oidc_claims"),
        ({"nbf": 1_790_009_000}, "oidc_claims"),
    ],
)
async def test_a_token_with_wrong_claims_is_refused(
    little: LittleProvider, clock: Clock, claims: dict[str, Any], code: str
) -> None:
    """Nonce, audience, authorised party, issuer, subject, time."""
    little.lies = Lies(claims=claims)
    provider = client(little, clock)
    assert await refusal(provider, await there_and_back(provider)) == code


@pytest.mark.parametrize("how", ["none", "confused", "stranger", "broken", "empty"])
async def test_a_token_with_a_wrong_signature_is_refused(
    little: LittleProvider, clock: Clock, how: str
) -> None:
    """`alg: none`, the public key as a secret, somebody else's key, half a token."""
    stranger = RSAKey.generate_key(2048, {"kid": "one"})
    little.lies.sign = {
        "none": little.unsigned,
        "confused": little.sign_with_our_own_key,
        "stranger": lambda header, claims: _signed(stranger, header, claims),
        "broken": lambda header, claims: little.sign(header, claims)[:-8],
        "empty": lambda header, claims: "",
    }[how]
    provider = client(little, clock)
    assert await refusal(provider, await there_and_back(provider)) == "oidc_signature"


def _signed(key: RSAKey, header: dict[str, Any], claims: dict[str, Any]) -> str:
    little = LittleProvider.__new__(LittleProvider)
    little.key = key
    return little.sign(header, claims)


async def test_what_comes_back_must_be_an_answer_to_this_browser(
    little: LittleProvider, clock: Clock
) -> None:
    """No cookie, another's state, another issuer, no code, a refusal, too late, twice."""
    provider = client(little, clock)
    back = await there_and_back(provider)
    assert await refusal(provider, Back(back.query, None)) == "oidc_flow"
    other = await there_and_back(provider)
    assert await refusal(provider, Back(back.query, other.kept)) == "oidc_state"
    elsewhere = await there_and_back(provider, iss="https://evil.example")
    assert await refusal(provider, elsewhere) == "oidc_issuer"
    assert await refusal(provider, await there_and_back(provider, code="")) == "oidc_denied"
    denied = await there_and_back(provider, error="access_denied")
    assert await refusal(provider, denied) == "oidc_denied"
    await provider.finish(back, REDIRECT)
    assert await refusal(provider, back) == "oidc_code", "a code counts once"
    assert back.kept is not None
    swapped = Back(other.query, {**(other.kept or {}), "verifier": back.kept["verifier"]})
    assert await refusal(provider, swapped) == "oidc_code", "the provider checks PKCE"
    late = await there_and_back(provider)
    clock.now += 601
    assert await refusal(provider, late) == "oidc_flow"


async def test_a_new_key_is_fetched_once_a_minute(little: LittleProvider, clock: Clock) -> None:
    """Keys may change at any time; a forger makes us ask no more often."""
    provider = client(little, clock)
    await provider.finish(await there_and_back(provider), REDIRECT)
    new, old = RSAKey.generate_key(2048, {"kid": "two"}), little.key
    little.key = new
    little.lies.header = {"kid": "two"}
    assert await refusal(provider, await there_and_back(provider)) == "oidc_signature"
    clock.now += 61
    await provider.finish(await there_and_back(provider), REDIRECT)
    assert little.asked.count("/keys") == 2
    little.key = old


async def test_keys_that_we_do_not_understand_are_passed_over(
    little: LittleProvider, clock: Clock
) -> None:
    """A curve or kind of a later day, a broken one, one to encrypt with (RFC 7517, 5); none at all."""
    box = RSAKey.generate_key(2048, {"kid": "box"})
    little.lies.keys = [
        {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "curve"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "later"},
        {"kty": "RSA", "kid": "broken"},
        "no key",
        {**box.as_dict(private=False), "alg": "RSA-OAEP", "use": "enc"},
    ]
    provider = client(little, clock)
    assert (await provider.finish(await there_and_back(provider), REDIRECT)).name == "Cy"
    little.lies.sign = lambda header, claims: _signed(box, header | {"kid": "box"}, claims)
    assert await refusal(provider, await there_and_back(provider)) == "oidc_signature"
    nothing = f"{little.issuer}/.well-known/openid-configuration"
    little.lies = Lies(document={"jwks_uri": nothing})
    provider = client(little, clock)
    back = await there_and_back(provider)
    with pytest.raises(UpstreamError):
        await provider.finish(back, REDIRECT)


async def test_every_return_that_signs_nobody_in_is_counted(
    little: LittleProvider, clock: Clock
) -> None:
    """Refused, or the provider's fault."""
    counted: list[tuple[str, str]] = []
    provider = client(little, clock)
    provider._count = lambda what, why: counted.append((what, why))
    await refusal(provider, Back({}, None))
    little.lies.document = {"token_endpoint": f"{little.issuer}/nowhere"}
    back = await there_and_back(provider)
    with pytest.raises(UpstreamError):
        await provider.finish(back, REDIRECT)
    assert counted == [("staff_login", "refused"), ("staff_login", "provider")]


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_document_that_cannot_be_believed(
    little: LittleProvider, clock: Clock, document: dict[str, Any]
) -> None:
    """Another issuer, or an address that is not safe."""
    little.lies = Lies(document=document)
    with pytest.raises(UpstreamError):
        await client(little, clock).start(REDIRECT)


async def test_a_provider_that_is_not_there(little: LittleProvider, clock: Clock) -> None:
    """Nothing on the port, and a path that is not there."""
    for issuer in ("http://127.0.0.1:9", f"{little.issuer}/nowhere"):
        with pytest.raises(UpstreamError):
            await client(little, clock, issuer=issuer).start(REDIRECT)
