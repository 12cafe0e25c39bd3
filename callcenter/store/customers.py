"""What the pages about customers show beyond the plain records."""

from datetime import date, datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def listing(conn: Connection, ids: list[int] | None, after: str, limit: int, now: datetime) -> list[Row]:
    """These customers, or those by name after the given one, with what is open and whether they are covered."""
    return [row async for row in _sql.listing(conn, ids=ids, after=after, limit=limit, now=now)]


async def sites(conn: Connection, account: int, limit: int) -> list[Row]:
    """An account's places by name."""
    return [row async for row in _sql.sites(conn, account=account, limit=limit)]


async def contacts(conn: Connection, account: int, limit: int) -> list[Row]:
    """An account's people by name."""
    return [row async for row in _sql.contacts(conn, account=account, limit=limit)]


async def assets(conn: Connection, account: int, today: date, since: datetime, limit: int) -> list[Row]:
    """An account's equipment, with `in_warranty` today and the `faults` reported since the instant."""
    return [row async for row in _sql.assets(conn, account=account, today=today, since=since, limit=limit)]


async def open_tickets(conn: Connection, account: int, limit: int) -> list[Row]:
    """Tickets that are not over, each with its nearest deadline."""
    return [row async for row in _sql.open_tickets(conn, account=account, limit=limit)]


async def last_tickets(conn: Connection, account: int, limit: int) -> list[Row]:
    """Tickets that are over, newest first."""
    return [row async for row in _sql.last_tickets(conn, account=account, limit=limit)]


async def counts(conn: Connection, account: int) -> Row:
    """How many sites, contacts and assets there are."""
    return await _sql.counts(conn, account=account)
