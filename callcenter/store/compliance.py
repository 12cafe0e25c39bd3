"""The counts a month's compliance is made of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def exempted(conn: Connection, contract: int, edges: Sequence[datetime], now: datetime) -> list[Row]:
    """Breaches that were taken out of the months between these edges; `month` 1 is the first."""
    span = {"since": edges[0], "until": edges[-1], "edges": list(edges)}
    return [row async for row in _sql.exempted(conn, contract=contract, now=now, **span)]


async def behind(conn: Connection, wanted: Mapping[str, Any]) -> list[Row]:
    """The clocks behind one figure, with their tickets; `wanted` are the query's parameters."""
    return [row async for row in _sql.behind(conn, **wanted)]


async def load(conn: Connection, queues: list[int], start: datetime, until: datetime, zone: str) -> list[Row]:
    """Inbound calls by hour of the zone, answered and lost; of these queues, or of all where there are none."""
    return [row async for row in _sql.load(conn, queues=queues, start=start, until=until, zone=zone)]
