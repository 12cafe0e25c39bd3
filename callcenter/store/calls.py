"""Calls: what rang, who answered, and which ticket it is about."""

from datetime import datetime
from typing import Any

from callcenter.store import queries
from callcenter.store.types import Asking, Connection, Row

_sql = queries.load(__file__)
NEWEST = 2**63 - 1


async def get(conn: Connection, call: int) -> Row | None:
    """The call's row, or None."""
    return await _sql.get(conn, id=call)


async def of_ticket(conn: Connection, ticket: int) -> list[Row]:
    """The calls about a ticket, oldest first."""
    return [row async for row in _sql.of_ticket(conn, ticket=ticket)]


async def last_of(conn: Connection, caller: str, limit: int) -> list[Row]:
    """The newest calls of a telephone number."""
    return [row async for row in _sql.last_of(conn, caller=caller, limit=limit)]


async def ensure_queue(conn: Asking, name: str, now: datetime) -> int:
    """The queue's id; it is created where missing."""
    queue: int = await _sql.ensure_queue(conn, name=name, now=now)
    return queue


async def add(conn: Connection, values: dict[str, Any]) -> int:
    """Stores a call and returns its id."""
    call: int = await _sql.add(conn, **values)
    return call


async def move(conn: Connection, call: int, ticket: int | None) -> None:
    """Attaches a call to another ticket."""
    await _sql.move(conn, id=call, ticket=ticket)


async def change(conn: Connection, call: int, values: dict[str, Any], now: datetime) -> None:
    """Completes a call that was logged while it was still going on."""
    await _sql.change(conn, id=call, now=now, **values)


async def page(conn: Connection, before: int, limit: int, caller: str | None) -> list[Row]:
    """Calls, newest first, before the given id."""
    return [row async for row in _sql.page(conn, before=before, limit=limit, caller=caller)]
