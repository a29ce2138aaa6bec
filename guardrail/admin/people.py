"""The admin server's routes about people: what a guardian or an operator sees and sets.

A person is named in the body of a request, never in an address that ends up in somebody's log: by
the app's own user id, or by the key that an answer of ours gave. No text of anybody is taken or given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from guardrail._asgi import ClientGone, read_body
from guardrail.console.seats import needs
from guardrail.dependence import index
from guardrail.desk import Desk
from guardrail.duties import moment
from guardrail.errors import RequestError
from guardrail.people import Act, Appeal, People, Who
from guardrail.person import Age, Person
from guardrail.policy.model import Policy
from guardrail.roles import Member, Right
from guardrail.turn import AgeBand, Evidence
from guardrail.wellknown import ProtocolPage

__all__ = [
    "Body",
    "CappedRoute",
    "Code",
    "Name",
    "Named",
    "Office",
    "Staff",
    "acting",
    "people_routes",
]

BODY, SECONDS = 16 * 1024, 10.0  # what a request may have, and how long it may take

OF_AGE = 18

Name = Annotated[str, StringConstraints(pattern=r"^[\w.@:+-]{1,64}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
Credential = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,4096}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Proof = Literal["verified", "platform", "guardian"]
Staff = Annotated[Member, needs(Right.PEOPLE)]
Years = Annotated[int, Field(ge=0, le=120)]


@dataclass(frozen=True, slots=True)
class Office:
    """What these routes work with; `policies` by region, "" for everybody else."""

    people: People
    desk: Desk
    policies: Callable[[], Mapping[str, Policy]]
    page: ProtocolPage


class Body(BaseModel):
    """A body that holds what it may and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Named(Body):
    """Whom it is about.

    `app` is the whole `authorization` header that the app shows on its chat routes ("" if none);
    `proven` says that a token or a trusted peer names this user there.
    """

    user: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    app: Credential | None = None
    proven: bool = False
    key: Key | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.user is None) == (self.key is None):
            raise ValueError("name the person by user or by key")
        if self.user is None and (self.app is not None or self.proven):
            raise ValueError("app and proven belong to user")
        if self.user is not None and (self.app is not None) is self.proven:
            raise ValueError(
                "say how chats name this user: app (the authorization header), or proven: true"
            )
        return self

    def who(self, people: People) -> Who:
        """The person in the store's terms."""
        if self.key is not None:
            return people.keyed(self.key)
        app = self.app.encode("ascii") if self.app is not None else None
        return people.user(self.user or "", app)


class Acted(Body):
    """Who acts, by a name, and why, as a code."""

    by: Name
    reason: Code | None = None

    def act(self, member: Member) -> Act:
        """The same in the service's terms; somebody who is signed in acts in their own name."""
        return Act(acting(member, self.by), self.reason or "")


class OnPerson(Acted):
    """An act on a person."""

    person: Named


class Consented(OnPerson):
    """A guardian agreed."""

    scope: Annotated[str, Field(min_length=1, max_length=64)]
    version: Annotated[str, Field(min_length=1, max_length=64)]
    proof: Proof


class _Aged(Body):
    """An age, and how it is known."""

    band: Literal["adult", "minor"]
    proof: Proof
    years: tuple[Years, Years] | None = Field(None, strict=False)

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.years is None:
            return self
        young, old = self.years
        if young > old or (self.band == "minor") is not (young < OF_AGE):
            raise ValueError("years must be the youngest and the oldest, and agree with the band")
        return self


class AgeSet(OnPerson, _Aged):
    """Somebody's age."""


class Granted(Acted, _Aged):
    """What counts after an appeal."""


class Lifted(OnPerson):
    """A curfew lifted for a while; 0 ends that."""

    hours: Annotated[float, Field(ge=0, le=31 * 24, allow_inf_nan=False)]


class CappedRoute(APIRoute):
    """A route with a cap for its body, and our errors as JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of FastAPI, between the two."""
        serve = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                body = await read_body(request.receive, limit=BODY, seconds=SECONDS)

                async def again() -> dict[str, Any]:
                    return {"type": "http.request", "body": body, "more_body": False}

                return await serve(Request(request.scope, again))
            except RequestError as error:
                return JSONResponse({"error": str(error), "code": error.code}, error.status)
            except RequestValidationError as error:  # without what was sent: it may be a credential
                wrong = [
                    {key: one[key] for key in ("loc", "msg", "type")} for one in error.errors()
                ]
                return JSONResponse({"detail": wrong}, 422)
            except ClientGone:
                return Response(status_code=400)

        return handler


def acting(member: Member, by: str) -> str:
    """Who goes into the log: a member's id, or the name that a script gives."""
    return by if member.machine else member.id


def people_routes(office: Office) -> APIRouter:
    """State, acts and appeals."""
    routes = APIRouter(route_class=CappedRoute, dependencies=[needs(Right.PEOPLE)])
    _people(routes, office)
    _acts(routes, office)
    _appeals(routes, office)
    return routes


def _people(routes: APIRouter, office: Office) -> None:
    @routes.get("/api/people/{key}")
    async def by_key(key: Key) -> dict[str, Any]:
        """One person as they are remembered, by key."""
        return _state(office, await office.people.get(office.people.keyed(key)))

    @routes.post("/api/people/find")
    async def find(named: Named) -> dict[str, Any]:
        """One person as they are remembered, by the app's own user id."""
        return _state(office, await office.people.get(named.who(office.people)))


def _acts(routes: APIRouter, office: Office) -> None:
    people = office.people

    @routes.post("/api/people/consent")
    async def consent(body: Consented, member: Staff) -> dict[str, Any]:
        """A guardian agrees to a scope, in a version of its words."""
        proof = Evidence(body.proof)
        person = await people.consent(
            body.person.who(people),
            body.act(member),
            scope=body.scope,
            version=body.version,
            proof=proof,
        )
        return _state(office, person)

    @routes.post("/api/people/age")
    async def age(body: AgeSet, member: Staff) -> dict[str, Any]:
        """Say how old somebody is; 409 if stronger evidence says otherwise."""
        found = _age(body, 0.0)
        person = await people.age(
            body.person.who(people),
            body.act(member),
            band=found.band,
            evidence=found.evidence,
            years=found.years,
        )
        return _state(office, person)

    @routes.post("/api/people/curfew")
    async def curfew(body: Lifted, member: Staff) -> dict[str, Any]:
        """A guardian lifts the curfew for some hours."""
        until = office.desk.now() + body.hours * 3600.0 if body.hours else 0.0
        who = body.person.who(people)
        return _state(office, await people.curfew(who, body.act(member), until=until))

    def plain(path: str, does: Callable[[Who, Act], Awaitable[Person]], text: str) -> None:
        async def act(body: OnPerson, member: Staff) -> dict[str, Any]:
            return _state(office, await does(body.person.who(people), body.act(member)))

        name = path.replace("/", "_")
        routes.add_api_route(
            f"/api/people/{path}", act, methods=["POST"], name=name, description=text
        )

    plain("consent/revoke", people.revoke, "A guardian takes their consent back.")
    plain("crisis/release", people.release, "A human ends the crisis state.")
    plain("pause", people.pause, "Stop somebody's access.")
    plain("resume", people.resume, "End a pause.")


def _appeals(routes: APIRouter, office: Office) -> None:
    people = office.people

    @routes.post("/api/people/appeal", status_code=201)
    async def appeal(body: OnPerson, member: Staff) -> dict[str, Any]:
        """Open an appeal against the age; the one that is open, if there is one."""
        return _appeal(office, await people.appeal(body.person.who(people), body.act(member)))

    @routes.get("/api/appeals")
    async def appeals(*, everything: bool = False) -> list[dict[str, Any]]:
        """Appeals that wait for a decision, the most pressing first."""
        return [_appeal(office, one) for one in await people.appeals(everything=everything)]

    @routes.post("/api/appeals/{ticket}/grant")
    async def grant(ticket: str, body: Granted, member: Staff) -> dict[str, Any]:
        """Grant an appeal: what the body says counts, whatever was known before."""
        found = _age(body, office.desk.now())
        return _appeal(office, await people.decide(ticket, body.act(member), found))

    @routes.post("/api/appeals/{ticket}/refuse")
    async def refuse(ticket: str, body: Acted, member: Staff) -> dict[str, Any]:
        """Refuse an appeal."""
        return _appeal(office, await people.decide(ticket, body.act(member), None))


# -- what leaves, field by field -----------------------------------------------------------------


def _state(office: Office, person: Person) -> dict[str, Any]:
    now, policies = office.desk.now(), office.policies()
    at = moment(now, policies[""].zone)
    height, today = index(person, at.day), person.today(at.day)
    crisis, age, given = person.crisis, person.age, person.consent
    return {
        "key": person.key,
        "since": person.since,
        "last_seen": person.last_seen,
        "age": {"band": age.band, "evidence": age.evidence, "years": age.years, "at": age.at},
        "age_doubt": person.doubt
        and {"years": person.doubt.years, "at": person.doubt.at, "case": person.doubt.noted},
        "crisis": {
            "danger": crisis.at(now),
            "since": crisis.since,
            "until": crisis.until,
            "signs": crisis.signs,
            "pointed": crisis.pointed,
        },
        "consent": given and {"scope": given.scope, "version": given.version, "at": given.at},
        "consent_asked": [
            {
                "region": region,
                "under": asked.under,
                "scope": asked.scope,
                "version": asked.version,
                "given": given is not None
                and (given.scope, given.version) == (asked.scope, asked.version),
            }
            for region, policy in policies.items()
            for asked in policy.consents
        ],
        "paused": person.paused or (person.overseen is not None and person.overseen.paused),
        "oversight": person.overseen is not None,
        "curfew_lifted_until": person.curfew_lifted if now < person.curfew_lifted else None,
        "dependence": {
            "value": height.value,
            "parts": dict(height.parts),
            "said": dict(height.said),
        },
        "today": {"day": at.day, "minutes": round(today.seconds / 60, 1), "turns": today.turns},
    }


def _age(body: _Aged, at: float) -> Age:
    return Age(AgeBand(body.band), Evidence(body.proof), body.years, at)


def _appeal(office: Office, one: Appeal) -> dict[str, Any]:
    late = one.decided_at is None and office.desk.now() > one.due
    return {
        "ticket": one.ticket,
        "key": one.key,
        "verdict": one.verdict,
        "opened_at": one.opened_at,
        "due": one.due,
        "decided_at": one.decided_at,
        "overdue": late,
    }
