"""What the doctor asks beside what others ask too."""

from datetime import datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def telephony(conn: Connection, now: datetime) -> tuple[datetime | None, int]:
    """When the newest call came in, None before the first; how many tokens of the role integration are valid."""
    row = await _sql.telephony(conn, now=now)
    return row["last_call"], row["keys"]


async def broken_channels(conn: Connection) -> dict[int, Row]:
    """The channels whose circuit is open, by id: `opened_at`, `reason`."""
    return {row["id"]: row async for row in _sql.broken_channels(conn)}
