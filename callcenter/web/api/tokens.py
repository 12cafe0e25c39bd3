"""API tokens: made, listed without their secrets, ended."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from callcenter.services import people
from callcenter.services.resources import Login, Role
from callcenter.services.types import Line
from callcenter.store import tokens as store
from callcenter.web.api.paging import Cursor, Limit, Page, after, cut
from callcenter.web.route import Answer, Asked, Route


class NewToken(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a token is for; `days` until it ends, never when left out."""

    name: Line
    role: Role
    login: Login | None = None
    days: Annotated[int, Meta(ge=1, le=36_500)] | None = None


class TokenMade(msgspec.Struct, kw_only=True):
    """The secret, shown this once."""

    token: str


class TokenShown(msgspec.Struct, kw_only=True):
    """A token without its secret."""

    id: int
    name: str
    role: str
    login: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class TokensQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which part of the list."""

    cursor: Cursor | None = None
    limit: Limit = 50


async def make(asked: Asked) -> Answer:
    """Makes a token."""
    body: NewToken = asked.body
    secret = await people.create_token(asked.conn, body.name, body.role, body.login, body.days, asked.now)
    return Answer(TokenMade(token=secret), headers={"Cache-Control": "no-store"})


async def listing(asked: Asked) -> Any:
    """Tokens, without their secrets."""
    query: TokensQuery = asked.query
    rows = await store.listing(asked.conn, after(query.cursor, 0), query.limit + 1)
    return cut([TokenShown(**dict(row)) for row in rows], query.limit, lambda token: token.id)


async def end(asked: Asked) -> None:
    """Ends a token."""
    await people.revoke_token(asked.conn, asked.number, asked.now)


ROUTES = [
    Route("GET", "/api/v1/tokens", listing, "users.write", "List tokens", Page[TokenShown], query=TokensQuery),
    Route(
        "POST", "/api/v1/tokens", make, "users.write", "Make a token", TokenMade, body=NewToken, status=201, secret=True
    ),
    Route("DELETE", "/api/v1/tokens/{id}", end, "users.write", "End a token", None, status=204),
]
