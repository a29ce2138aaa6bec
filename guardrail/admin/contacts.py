"""The admin server's routes about emergency contacts: what an app does for its user. See docs/people-api.md.

An address goes in and never comes out. Whether somebody is told is no matter of this API: two members
of the staff decide that in a case.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter
from pydantic import Field, StringConstraints, model_validator

from guardrail._tables import SigningSecret
from guardrail.acts import Who
from guardrail.admin.people import Body, CappedRoute, Named, OnPerson, Staff
from guardrail.console.seats import needs
from guardrail.roles import Right
from guardrail.staff.addresses import Address
from guardrail.staff.emergency import Agreed, EmergencyContacts

__all__ = ["contact_routes"]

ContactId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Mail = Annotated[str, StringConstraints(max_length=256)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ().-]{3,31}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://", max_length=500)]


class OfPerson(Body):
    """Whom it is about."""

    person: Named


class Keep(OnPerson):
    """A contact: one of `mail`, `phone` and `webhook`; in the place of `instead`, if that is given."""

    mail: Mail = ""
    phone: Phone | None = None
    webhook: Url | None = None
    secrets: Annotated[tuple[SigningSecret, ...], Field(max_length=4, strict=False)] = ()
    language: Literal["", "en", "zh"] = ""
    agreed: Agreed = Field(strict=False)
    instead: ContactId | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(map(bool, (self.mail, self.phone, self.webhook))) != 1:
            raise ValueError("give one of mail, phone and webhook")
        if bool(self.webhook) is not bool(self.secrets):
            raise ValueError("a webhook needs secrets, and nothing else has any")
        return self

    def address(self) -> Address:
        """Where they are reached."""
        return Address(
            "emergency",
            mail=self.mail,
            phone=self.phone or "",
            webhook=self.webhook or "",
            secrets=self.secrets,
            language=self.language,
        )


class Drop(OnPerson):
    """One contact."""

    contact: ContactId


def contact_routes(contacts: EmergencyContacts) -> APIRouter:
    """Registering, listing and removing."""
    routes = APIRouter(
        prefix="/api/people/contact", route_class=CappedRoute, dependencies=[needs(Right.PEOPLE)]
    )
    people = contacts.people

    @routes.post("/keep")
    async def keep(body: Keep, member: Staff) -> dict[str, Any]:
        """Register a contact, or change one."""
        who = body.person.who(people)
        kept = await contacts.keep(
            who, body.act(member), body.address(), body.agreed, instead=body.instead or ""
        )
        return {"contact": kept.id, **await _listed(contacts, who)}

    @routes.post("/remove")
    async def remove(body: Drop, member: Staff) -> dict[str, Any]:
        """Remove a contact."""
        who = body.person.who(people)
        await contacts.drop(who, body.act(member), body.contact)
        return await _listed(contacts, who)

    @routes.post("/list")
    async def listed(body: OfPerson) -> dict[str, Any]:
        """A person's contacts, without where they are reached."""
        return await _listed(contacts, body.person.who(people))

    return routes


async def _listed(contacts: EmergencyContacts, who: Who) -> dict[str, Any]:
    return {
        "contacts": [
            {
                "contact": one.id,
                "way": one.way,
                "language": one.language or None,
                "agreed": one.agreed or None,
                "at": one.at,
            }
            for one in await contacts.all(who)
        ]
    }
