"""The counts a month's compliance is made of."""

from datetime import datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def cases(conn: Connection, contract: int, start: datetime, until: datetime, now: datetime) -> list[Row]:
    """Clocks with a deadline in the span, alike ones counted together (`times`)."""
    return [row async for row in _sql.cases(conn, contract=contract, start=start, until=until, now=now)]
