"""The calls of a span, counted for reports."""

from collections.abc import Sequence
from datetime import datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def queues(conn: Connection, ids: Sequence[int] | None) -> list[Row]:
    """Names and rules of these queues, or of all, by name."""
    return [row async for row in _sql.queues(conn, queues=ids)]


async def queue_named(conn: Connection, name: str) -> int | None:
    """The id of the queue, or None."""
    found: int | None = await _sql.queue_named(conn, name=name)
    return found


async def first_call(conn: Connection, since: datetime, until: datetime, queues: Sequence[int] | None) -> Row:
    """How many settled faults there are whose first call fell into the span, and how many took one call."""
    return await _sql.first_call(conn, since=since, until=until, queues=queues)
