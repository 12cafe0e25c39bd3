"""What the check of the whole store reads, page by page."""

from datetime import datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def count(conn: Connection) -> int:
    """How many tickets there are."""
    number: int = await _sql.count(conn)
    return number


async def tickets(conn: Connection, after: int, limit: int) -> list[Row]:
    """Tickets by number after the given one."""
    return [row async for row in _sql.tickets_page(conn, after=after, limit=limit)]


async def clocks(conn: Connection, tickets: list[int]) -> list[Row]:
    """All clock rows of these tickets, void ones too, by ticket."""
    return [row async for row in _sql.clocks_of(conn, tickets=tickets)]


async def impossible(conn: Connection) -> list[tuple[int, str, str]]:
    """Alerts and deliveries that cannot be: ticket, which one, why."""
    alerts = [(row["ticket"], f"alert {row['id']}", row["problem"]) async for row in _sql.impossible_alerts(conn)]
    rows = _sql.impossible_deliveries(conn)
    return alerts + [(row["ticket"], f"delivery {row['id']}", row["problem"]) async for row in rows]


async def earliest_wake(conn: Connection) -> datetime | None:
    """When the engine should next have looked at some clock, None when at none."""
    earliest: datetime | None = await _sql.earliest_wake(conn)
    return earliest


async def dead_deliveries(conn: Connection) -> int:
    """How many messages were given up."""
    number: int = await _sql.dead_deliveries(conn)
    return number
