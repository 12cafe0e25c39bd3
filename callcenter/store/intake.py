"""Faults that machines report, and the tickets they led to."""

from datetime import datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def claim(conn: Connection, source: str, key: str, now: datetime) -> Row:
    """The fault's row, this transaction's until it ends: `ticket`, its `state`, `started_at` and `ended_at`."""
    return await _sql.claim(conn, source=source, key=key, now=now)


async def began(conn: Connection, source: str, key: str, ticket: int, started_at: datetime) -> None:
    """The fault is this ticket's, and stands since then."""
    await _sql.began(conn, source=source, key=key, ticket=ticket, started_at=started_at)


async def ended(conn: Connection, source: str, key: str, ended_at: datetime) -> None:
    """The fault is over."""
    await _sql.ended(conn, source=source, key=key, ended_at=ended_at)


async def asset(conn: Connection, serial: str) -> int | None:
    """The asset with this serial number, or None."""
    found: int | None = await _sql.asset(conn, serial=serial)
    return found
