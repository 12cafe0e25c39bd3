"""The calls of a span, counted for reports."""

from collections.abc import Sequence
from datetime import datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def figures(
    conn: Connection, since: datetime, until: datetime, zone: str, queues: Sequence[int] | None, *, by_day: bool
) -> list[Row]:
    """Counts and waits: as a whole (`level` 3), by queue (1), by queue and half-hour (0); `queues` None is all."""
    rows = _sql.figures(conn, since=since, until=until, zone=zone, queues=queues, by_day=by_day)
    return [row async for row in rows]


async def queues(conn: Connection, ids: Sequence[int] | None) -> list[Row]:
    """Names and rules of these queues, or of all, by name."""
    return [row async for row in _sql.queues(conn, queues=ids)]


async def queue_named(conn: Connection, name: str) -> int | None:
    """The id of the queue, or None."""
    found: int | None = await _sql.queue_named(conn, name=name)
    return found


async def outside(conn: Connection, since: datetime, until: datetime) -> int:
    """How many inbound calls entered no queue."""
    found: int = await _sql.outside(conn, since=since, until=until)
    return found


async def callers(conn: Connection, since: datetime, until: datetime, queues: Sequence[int] | None) -> Row:
    """How many numbers rang, and how many of them more than once."""
    return await _sql.callers(conn, since=since, until=until, queues=queues)


async def first_call(conn: Connection, since: datetime, until: datetime, queues: Sequence[int] | None) -> Row:
    """How many settled faults there are whose first call fell into the span, and how many took one call."""
    return await _sql.first_call(conn, since=since, until=until, queues=queues)
