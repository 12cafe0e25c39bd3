"""What waits for somebody, and until when: candidates by the stored deadlines, judged again by whoever asks."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def ahead(conn: Connection, filters: dict[str, Any], now: datetime, limit: int) -> list[Row]:
    """Open clocks not due yet, the next first; `filters` are logins, contract and region, None for any."""
    return [row async for row in _sql.clocks_ahead(conn, now=now, limit=limit, **filters)]


async def past(conn: Connection, filters: dict[str, Any], now: datetime, limit: int) -> list[Row]:
    """Open clocks that are overdue, the latest first."""
    return [row async for row in _sql.clocks_past(conn, now=now, limit=limit, **filters)]


async def promised(conn: Connection, filters: dict[str, Any], limit: int) -> list[int]:
    """Tickets that are not over and on which something was promised by word of mouth."""
    return [row["number"] async for row in _sql.promised(conn, limit=limit, **filters)]


async def faces(conn: Connection, numbers: Iterable[int]) -> dict[int, Row]:
    """What a list shows of its tickets, by number."""
    return {row["number"]: row async for row in _sql.faces(conn, numbers=list(numbers))}


async def missed(conn: Connection, since: datetime, now: datetime, limit: int) -> list[Row]:
    """Calls nobody answered and nobody has called back since, the newest first."""
    return [row async for row in _sql.missed(conn, since=since, now=now, limit=limit)]


async def missed_call(conn: Connection, call: int) -> Row | None:
    """One call that came in."""
    return await _sql.missed_call(conn, id=call)


async def colleagues(conn: Connection, login: str) -> list[str]:
    """Who shares a team with somebody, themselves included."""
    return [login, *[row["login"] async for row in _sql.colleagues(conn, login=login) if row["login"] != login]]


async def of_partner(conn: Connection, partner: int | None) -> list[str]:
    """The people of a service partner."""
    return [row["login"] async for row in _sql.of_partner(conn, partner=partner)]


async def choices(conn: Connection) -> tuple[list[str], list[str]]:
    """The contracts and the regions of tickets that are not over."""
    rows = [row async for row in _sql.choices(conn)]
    regions = {row["region"] for row in rows if row["region"] is not None}
    return sorted({row["contract"] for row in rows}), sorted(regions)


async def resolved(conn: Connection, since: datetime, now: datetime, limit: int) -> list[Row]:
    """Tickets resolved since then and not followed up since, those first that should have been asked first."""
    return [row async for row in _sql.resolved(conn, since=since, now=now, limit=limit)]


async def ask_again(conn: Connection, ticket: int, at: datetime, by: str, now: datetime) -> None:
    """The customer is to be asked again at the instant."""
    await _sql.ask_again(conn, ticket=ticket, at=at, by=by, now=now)


async def asked(conn: Connection, ticket: int) -> None:
    """The customer need not be asked again."""
    await _sql.asked(conn, ticket=ticket)
