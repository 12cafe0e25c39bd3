"""What the doctor asks beside what others ask too."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def server(conn: Connection) -> Row:
    """How the server is set, and how many are connected: `most`, `reserved`, `used`."""
    row: Row = await _sql.server(conn)
    return row


async def telephony(conn: Connection, now: datetime) -> Row:
    """`last_call` and `keys`, how many tokens of the role integration are valid; `beat`, when the feed that reports
    itself and has been silent longest last did, and its token's `name`. None before the first."""
    row: Row = await _sql.telephony(conn, now=now)
    return row


async def broken_channels(conn: Connection) -> dict[int, Row]:
    """The channels whose circuit is open, by id: `opened_at`, `reason`."""
    return {row["id"]: row async for row in _sql.broken_channels(conn)}


async def mails(conn: Connection, now: datetime) -> Row:
    """Mails beside alerts: how many are `waiting`, when the `oldest` was to be tried, how many of a week are `dead`."""
    row: Row = await _sql.mails(conn, now=now)
    return row


async def looked_at(conn: Connection) -> datetime:
    """When a host last looked at the clocks, to ten seconds."""
    at: datetime = await _sql.looked_at(conn)
    return at


async def administrators(conn: Connection, now: datetime) -> tuple[int, int]:
    """How many people can sign in as administrators, and how many tokens may do the same."""
    row = await _sql.administrators(conn, now=now)
    return row["people"], row["tokens"]


async def offsets(conn: Connection, zone: str, instants: Sequence[datetime]) -> list[float] | None:
    """How far the zone is ahead of UTC at the instants, in seconds; None where the database does not know it."""
    try:
        return [row["ahead_s"] async for row in _sql.offsets(conn, zone=zone, instants=list(instants))]
    except asyncpg.InvalidParameterValueError:
        return None
