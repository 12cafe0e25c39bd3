"""What moved, in the order in which everybody may see it."""

from datetime import datetime
from typing import Any

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def add(conn: Connection, kind: str, ticket: int | None, data: dict[str, Any], now: datetime) -> None:
    """Those who look are told once this transaction has ended well."""
    await _sql.add(conn, kind=kind, ticket=ticket, data=data, now=now)


async def since(conn: Connection, xid: int, after: int, limit: int) -> list[Row]:
    """Events after the place (`xid`, `after`), in order."""
    return [row async for row in _sql.since(conn, xid=str(xid), id=after, limit=limit)]


async def head(conn: Connection) -> int:
    """The place before everything that is still to come, as an `xid`."""
    return int(await _sql.head(conn))


async def kept(conn: Connection, xid: int, after: int) -> bool:
    """True when nothing that came after the place has been thrown away."""
    return bool(await _sql.kept(conn, xid=str(xid), id=after))


async def expire(conn: Connection, before: datetime, now: datetime) -> None:
    """Old events are gone, all but the newest of them."""
    await _sql.expire(conn, before=before)
    await _sql.begin(conn, now=now)
