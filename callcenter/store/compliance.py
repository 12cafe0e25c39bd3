"""The counts a month's compliance is made of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def cases(conn: Connection, contract: int, start: datetime, until: datetime, now: datetime) -> list[Row]:
    """Clocks with a deadline in the span, alike ones counted together (`times`)."""
    return [row async for row in _sql.cases(conn, contract=contract, start=start, until=until, now=now)]


async def exempted(conn: Connection, contract: int, start: datetime, until: datetime, now: datetime) -> list[Row]:
    """Breaches of the span that were taken out, alike ones counted together (`times`)."""
    return [row async for row in _sql.exempted(conn, contract=contract, start=start, until=until, now=now)]


async def behind(conn: Connection, wanted: Mapping[str, Any]) -> list[Row]:
    """The clocks behind one figure, with their tickets; `wanted` are the query's parameters."""
    return [row async for row in _sql.behind(conn, **wanted)]


async def by_day(
    conn: Connection, contract: int, start: datetime, until: datetime, zone: str, now: datetime
) -> list[Row]:
    """What came due on each day of the zone, and how it ended."""
    return [row async for row in _sql.by_day(conn, contract=contract, start=start, until=until, zone=zone, now=now)]


async def load(conn: Connection, queues: list[int], start: datetime, until: datetime, zone: str) -> list[Row]:
    """Inbound calls by hour of the zone, answered and lost; of these queues, or of all where there are none."""
    return [row async for row in _sql.load(conn, queues=queues, start=start, until=until, zone=zone)]


async def totals(conn: Connection, now: datetime) -> list[Row]:
    """The running month of every contract in its own zone: met, breached, open."""
    return [row async for row in _sql.totals(conn, now=now)]
