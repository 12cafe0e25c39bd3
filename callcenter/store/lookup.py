"""What the caller card shows of a telephone number."""

from datetime import date

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def contacts_of(conn: Connection, phone: str) -> list[Row]:
    """Everybody with this number, with account and site."""
    return [row async for row in _sql.contacts_of(conn, phone=phone)]


async def sites_of(conn: Connection, account: int) -> list[Row]:
    """An account's sites."""
    return [row async for row in _sql.sites_of(conn, account=account)]


async def assets_of(conn: Connection, account: int, today: date) -> list[Row]:
    """An account's equipment, with `in_warranty` today."""
    return [row async for row in _sql.assets_of(conn, account=account, today=today)]


async def open_tickets(conn: Connection, account: int | None, phone: str) -> list[Row]:
    """Tickets of the account or called about from this number that are not over."""
    return [row async for row in _sql.open_tickets(conn, account=account, phone=phone)]


async def spoken(conn: Connection, numbers: list[int]) -> Row:
    """How many promises were made by word of mouth on these tickets (`made`), and how many `kept`."""
    return await _sql.spoken(conn, numbers=numbers)
