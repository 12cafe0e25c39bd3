"""Tickets that belong together: merged or linked."""

from datetime import datetime
from typing import Literal

import msgspec

from callcenter.errors import Conflict, FieldError, Invalid, NotFound
from callcenter.services import tickets as ticket_service
from callcenter.services import timeline
from callcenter.services.context import Context
from callcenter.services.tickets import TicketShown
from callcenter.services.types import Actor
from callcenter.store import tickets
from callcenter.store.types import Connection

LinkKind = Literal["related", "cause"]


class LinkShown(msgspec.Struct, kw_only=True):
    """Another ticket; `outward` when the link was made from this one."""

    ticket: int
    kind: str
    outward: bool
    by: str
    created_at: datetime


class Links(msgspec.Struct, kw_only=True):
    """All links of a ticket."""

    items: list[LinkShown]


async def _other(conn: Connection, context: Context, number: int, actor: Actor, pointer: str) -> tickets.Loaded:
    try:
        return await ticket_service.found(conn, context, number, actor)
    except NotFound as missing:
        raise Invalid.field(pointer, "unknown_ticket", missing.detail) from missing


async def merge(conn: Connection, context: Context, number: int, into: int, reason: str, actor: Actor) -> TicketShown:
    """The ticket's calls belong to the other one and it is cancelled; its ledger and clocks stay as they were."""
    if number == into:
        raise Invalid.field("/into", "same_ticket", "a ticket cannot be merged into itself")
    async with conn.transaction():
        for one in sorted((number, into)):  # always in one order, so that two merges cannot wait for each other
            await tickets.load(conn, context.terms, one, lock=True)
        this = await ticket_service.found(conn, context, number, actor)
        other = await _other(conn, context, into, actor, "/into")
        for loaded in (this, other):
            if loaded.row["state"] in ("closed", "cancelled"):
                detail = f"ticket {loaded.row['number']} is {loaded.row['state']}"
                raise Conflict(detail, (FieldError("/into", "over", detail),))
        await tickets.move_calls(conn, number, into)
        await tickets.link(conn, number, into, "merged", actor.name, context.now())
        text = f"merged into {into}" + (f": {reason}" if reason else "")
        await timeline.record(conn, context, number, {"type": "cancelled", "reason": text}, actor)
        await timeline.record(conn, context, into, {"type": "noted", "text": f"{number} was merged into this"}, actor)
        return ticket_service.shown(await tickets.get(conn, into))


async def link(
    conn: Connection, context: Context, number: int, other: int, kind: LinkKind, actor: Actor, now: datetime
) -> Links:
    """The two tickets are linked; a second time changes nothing."""
    if number == other:
        raise Invalid.field("/ticket", "same_ticket", "a ticket cannot be linked to itself")
    async with conn.transaction():
        await ticket_service.found(conn, context, number, actor)
        await _other(conn, context, other, actor, "/ticket")
        await tickets.link(conn, number, other, kind, actor.name, now)
        return await links(conn, number)


async def links(conn: Connection, number: int) -> Links:
    """All links of a ticket, oldest first."""
    return Links(items=[LinkShown(**dict(row)) for row in await tickets.links_of(conn, number)])
