"""The caller card, and who I am."""

from typing import Annotated

import msgspec
from msgspec import Meta

from callcenter.services import lookup as service
from callcenter.services.lookup import CallerCard
from callcenter.web.route import Asked, Route


class LookupQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Whose card."""

    phone: Annotated[str, Meta(min_length=1, max_length=60, pattern="^[^\\x00]*$")]


class Me(msgspec.Struct, kw_only=True):
    """Who the token belongs to."""

    name: str
    role: str
    login: str | None


async def lookup(asked: Asked) -> CallerCard:
    """The caller card."""
    return await service.caller_card(asked.conn, asked.context, asked.query.phone, asked.now)


async def me(asked: Asked) -> Me:
    """Who the token belongs to."""
    return Me(name=asked.actor.name, role=asked.actor.role, login=asked.actor.login)


ROUTES = [
    Route("GET", "/api/v1/lookup", lookup, "lookup.ask", "Look up a telephone number", CallerCard, query=LookupQuery),
    Route("GET", "/api/v1/me", me, "self.read", "Who the token belongs to", Me),
]
