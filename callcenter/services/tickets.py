"""Tickets as the outside sees them, and changing what is not the timeline's."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from callcenter.errors import Invalid, NotFound, Stale
from callcenter.services.context import Context
from callcenter.services.types import Actor, Id, Line, Text
from callcenter.store import contracts, resources, tickets
from callcenter.store.types import Connection, Row
from sla.entry import Refused

TicketState = Literal["new", "assigned", "in_progress", "waiting", "restored", "resolved", "closed", "cancelled"]


class TicketShown(msgspec.Struct, kw_only=True):
    """A ticket; state, severity, assignee and the like are what its timeline says."""

    number: int
    ref: str | None
    contract: str | None
    account: int | None
    account_name: str | None
    site: int | None
    site_name: str | None
    contact: int | None
    contact_name: str | None
    asset: int | None
    caller: str | None
    title: str
    description: str | None
    facts: dict[str, Any]
    graded_by: str | None
    kind: str
    category: str | None
    region: str | None
    phase: str | None
    severity: int | None
    state: TicketState
    assignee: str | None
    reported_at: datetime
    version: int
    created_at: datetime
    updated_at: datetime


_COLUMNS = [name for name in TicketShown.__struct_fields__ if name != "contract"]


def shown(row: Row) -> TicketShown:
    """The ticket of a stored row."""
    return TicketShown(contract=row["contract_code"], **{name: row[name] for name in _COLUMNS})


class ChangeTicket(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A change; a field left out stays as it is. Region, phase and severity change by timeline entries."""

    title: Line | UnsetType = UNSET
    description: Text | UnsetType | None = UNSET
    account: Id | UnsetType | None = UNSET
    site: Id | UnsetType | None = UNSET
    contact: Id | UnsetType | None = UNSET
    asset: Id | UnsetType | None = UNSET
    contract: Line | UnsetType = UNSET


async def found(conn: Connection, context: Context, number: int, actor: Actor, *, lock: bool = False) -> tickets.Loaded:
    """The ticket with its timeline; NotFound where there is none or the actor may not see it."""
    loaded = await tickets.load(conn, context.terms, number, lock=lock)
    if loaded is None or not await visible(conn, loaded.row, actor):
        raise NotFound(f"no ticket {number}")
    return loaded


async def visible(conn: Connection, row: Row, actor: Actor) -> bool:
    """An outside engineer sees the tickets given to the people of the same partner, everybody else sees all."""
    if actor.role != "partner":
        return True
    if row["assignee"] is None or actor.login is None:
        return False
    return bool(row["assignee"] == actor.login or await resources.same_partner(conn, row["assignee"], actor.login))


async def change(
    conn: Connection, context: Context, number: int, change: ChangeTicket, actor: Actor, version: int, now: datetime
) -> TicketShown:
    """The ticket after the change; Stale when it is no longer at `version`."""
    from callcenter.services import timeline  # the two need each other: attaching a contract starts clocks

    async with conn.transaction():
        loaded = await found(conn, context, number, actor, lock=True)
        row = loaded.row
        if row["version"] != version:
            raise Stale(f"ticket {number} is at version {row['version']}")
        given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
        code = given.pop("contract", None)
        fields = ("title", "description", "account", "site", "contact", "asset")
        await resources.check_references(conn, given)
        await tickets.change(conn, number, {**{name: row[name] for name in fields}, **given, "now": now})
        if code is not None:
            await _attach(conn, loaded, code)
            try:
                await timeline.recompute(conn, context, number, now)
            except Refused as refused:
                detail = f"the ticket does not fit {code}: {refused.message}"
                raise Invalid.field("/contract", refused.code, detail) from refused
        changed = await tickets.get(conn, number)
    return shown(changed)


async def _attach(conn: Connection, loaded: tickets.Loaded, code: str) -> None:
    """Pins a ticket that has no contract yet to the version in force when it was reported."""
    row = loaded.row
    if row["contract"] is not None:
        raise Invalid.field("/contract", "already_attached", f"ticket {row['number']} is under {row['contract_code']}")
    version = await contracts.in_force(conn, code, row["reported_at"])
    if version is None:
        detail = f"no contract {code} was in force on {row['reported_at']:%Y-%m-%d}"
        raise Invalid.field("/contract", "not_in_force", detail)
    await tickets.attach(conn, row["number"], version["contract"], version["id"])
