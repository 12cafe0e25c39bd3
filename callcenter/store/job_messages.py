"""Messages to whoever is sent to a customer: written with the entry that sends them, leased, sent, recorded."""

from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)
_DETAIL = 500


async def enqueue(conn: Connection, ticket: int, entry: int, login: str, now: datetime) -> None:
    """The person is written to, once for the entry, where they have an address and mail can be sent."""
    await _sql.enqueue(conn, ticket=ticket, entry=entry, login=login, now=now)


async def take(conn: Connection, limit: int, now: datetime, until: datetime) -> list[Row]:
    """Messages that are ready, this process's until `until`."""
    return [row async for row in _sql.take(conn, limit=limit, now=now, until=until)]


async def settle(
    conn: Connection, message: UUID, state: str, now: datetime, reason: str | None = None, detail: str | None = None,
    next_try_at: datetime | None = None,
) -> None:  # fmt: skip
    """How sending went: `sent`, `pending` until `next_try_at`, or `dead`."""
    clean = None if detail is None else detail.replace("\x00", "")[:_DETAIL]
    given = {"state": state, "reason": reason, "detail": clean, "next_try_at": next_try_at}
    await _sql.settle(conn, id=message, now=now, **given)


async def of_ticket(conn: Connection, ticket: int) -> list[Row]:
    """The messages about a ticket, with the entry each is for."""
    return [row async for row in _sql.of_ticket(conn, ticket=ticket)]


async def job(conn: Connection, ticket: int) -> Row:
    """Where to go, to whom, and what is wrong."""
    return await _sql.job(conn, ticket=ticket)


async def channel(conn: Connection) -> dict[str, Any] | None:
    """The settings of the e-mail channel in use, or None."""
    row = await _sql.channel(conn)
    return None if row is None else row["config"]
