"""Who could go there, and what they need to know on the way."""

from collections.abc import Iterable

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def engineers(conn: Connection) -> list[Row]:
    """Our own engineers with how many jobs they have, the free ones first."""
    return [row async for row in _sql.engineers(conn)]


async def partners(conn: Connection, region: str | None) -> list[Row]:
    """People of service partners with how many jobs they have, those who serve the region first."""
    return [row async for row in _sql.partners(conn, region=region)]


async def names(conn: Connection, logins: Iterable[str]) -> dict[str, str]:
    """What people are called, by login."""
    return {row["login"]: row["name"] async for row in _sql.names(conn, logins=list(logins))}


async def asset(conn: Connection, asset: int | None) -> Row | None:
    """A piece of equipment, or None."""
    return await _sql.asset(conn, asset=asset) if asset is not None else None


async def contact(conn: Connection, contact: int | None) -> Row | None:
    """Somebody at the customer's, or None."""
    return await _sql.contact(conn, contact=contact) if contact is not None else None


async def site(conn: Connection, site: int | None) -> Row | None:
    """A place, or None."""
    return await _sql.site(conn, site=site) if site is not None else None
