"""What the office's pages show: the rota of a week, the contracts whose calendars count."""

from datetime import date, datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def turns(conn: Connection, since: datetime, until: datetime, limit: int) -> list[Row]:
    """Rows of the rota that touch the span, by duty and begin."""
    return [row async for row in _sql.turns(conn, since=since, until=until, limit=limit)]


async def newest_versions(conn: Connection, today: date) -> list[Row]:
    """The newest version (`code`, `id`) of every contract that has not ended."""
    return [row async for row in _sql.newest_versions(conn, today=today)]
