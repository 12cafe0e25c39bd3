"""Attachments of tickets."""

from datetime import datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def add(
    conn: Connection, ticket: int, name: str, media_type: str, content: bytes, digest: bytes, by: str, now: datetime
) -> Row:
    """Stores an attachment and gives its row without the content."""
    return await _sql.add(
        conn, ticket=ticket, name=name, media_type=media_type, content=content, sha256=digest, by=by, now=now
    )


async def of_ticket(conn: Connection, ticket: int) -> list[Row]:
    """A ticket's attachments without their content."""
    return [row async for row in _sql.of_ticket(conn, ticket=ticket)]


async def get(conn: Connection, ticket: int, file: int) -> Row | None:
    """An attachment's name, type and content, or None."""
    return await _sql.get(conn, ticket=ticket, file=file)
