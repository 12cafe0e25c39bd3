"""Calls."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from callcenter.errors import NotFound
from callcenter.services import calls as service
from callcenter.services.calls import CallShown, LogCall, Logged
from callcenter.services.phones import e164
from callcenter.services.types import Id
from callcenter.store import calls as store
from callcenter.web.api.paging import Cursor, Limit, Page, after, cut
from callcenter.web.route import Answer, Asked, Route


class CallsQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which calls."""

    caller: Annotated[str, Meta(max_length=60, pattern="^[^\\x00]*$")] | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class MoveCall(msgspec.Struct, forbid_unknown_fields=True):
    """The ticket a call belongs to; null for none."""

    ticket: Id | None


async def log(asked: Asked) -> Answer:
    """Logs a call and the ticket it opens."""
    logged = await service.log_call(asked.asking, asked.context, asked.body, asked.actor, asked.now)
    version = logged.ticket.version if logged.ticket else None
    return Answer(logged, location=f"/api/v1/calls/{logged.call.id}", version=version)


async def listing(asked: Asked) -> Any:
    """Calls, newest first."""
    query: CallsQuery = asked.query
    caller = query.caller and (e164(query.caller, asked.context.settings.default_region) or query.caller)
    rows = await store.page(asked.conn, after(query.cursor, store.NEWEST), query.limit + 1, caller)
    shown = [service.seen_by(service.call_shown(row), asked.actor.role) for row in rows]
    return cut(shown, query.limit, lambda call: call.id)


async def read(asked: Asked) -> CallShown:
    """One call."""
    row = await store.get(asked.conn, asked.number)
    if row is None:
        raise NotFound(f"no call {asked.number}")
    return service.seen_by(service.call_shown(row), asked.actor.role)


async def move(asked: Asked) -> CallShown:
    """Moves a call to another ticket."""
    return await service.move(asked.conn, asked.context, asked.number, asked.body.ticket, asked.actor)


ROUTES = [
    Route(
        "POST",
        "/api/v1/calls",
        log,
        "calls.log",
        "Log a call, and open or find its ticket",
        Logged,
        body=LogCall,
        status=201,
        shares=True,
    ),
    Route("GET", "/api/v1/calls", listing, "calls.read", "List calls, newest first", Page[CallShown], query=CallsQuery),
    Route("GET", "/api/v1/calls/{id}", read, "calls.read", "Read a call", CallShown),
    Route(
        "POST", "/api/v1/calls/{id}/move", move, "calls.move", "Move a call to another ticket", CallShown, body=MoveCall
    ),
]
