"""Rows for exports, page by page; a transaction around the pages makes them one picture."""

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def unhurried(conn: Connection) -> None:
    """This transaction may stand idle: whoever fetches takes the lines as slowly as they like, and holds no locks."""
    await _sql.unhurried(conn)


async def tickets(conn: Connection, code: str | None, after: int, limit: int) -> list[Row]:
    """Tickets by number after the given one, of one contract or of all."""
    return [row async for row in _sql.tickets_page(conn, code=code, after=after, limit=limit)]


async def calls(conn: Connection, code: str | None, after: int, limit: int) -> list[Row]:
    """Calls by id after the given one; of one contract: those about its tickets."""
    return [row async for row in _sql.calls_page(conn, code=code, after=after, limit=limit)]


async def clocks(conn: Connection, tickets: list[int]) -> list[Row]:
    """The stored clocks of these tickets, by ticket."""
    return [row async for row in _sql.clocks_of(conn, tickets=tickets)]
