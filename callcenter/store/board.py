"""The few numbers a whole room looks at."""

from datetime import datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def deadlines(conn: Connection, now: datetime, soon: datetime) -> Row:
    """Open deadlines: `overdue`, due `soon`, and `next_due`."""
    return await _sql.deadlines(conn, now=now, soon=soon)


async def tickets(conn: Connection) -> Row:
    """Tickets that are `open`, and those of them that are `nobodys`."""
    return await _sql.tickets(conn)


async def waiting(conn: Connection, now: datetime) -> Row:
    """Callers `waiting` now, and since when the `oldest` has."""
    return await _sql.waiting(conn, now=now)


async def answered(conn: Connection, since: datetime, now: datetime) -> Row:
    """Calls `offered` since then and those of them `answered`."""
    return await _sql.answered(conn, since=since, now=now)


async def at_risk(
    conn: Connection, contract: int, since: datetime, until: datetime, soon: datetime, limit: int
) -> list[Row]:
    """Open promises to the customer due in the span and before `soon`, the earliest first."""
    rows = _sql.at_risk(conn, contract=contract, since=since, until=until, soon=soon, limit=limit)
    return [row async for row in rows]


async def risky(conn: Connection, contract: int, since: datetime, until: datetime, soon: datetime) -> dict[str, int]:
    """How many such promises there are, by commitment."""
    rows = _sql.risky(conn, contract=contract, since=since, until=until, soon=soon)
    return {row["commitment"]: row["n"] async for row in rows}
