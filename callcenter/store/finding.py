"""Finding people, customers, equipment and tickets by what somebody types or says."""

from typing import Any

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)
# sorts after every character a term may go on with
_LAST = "\U0010ffff"


async def due(conn: Connection, limit: int) -> list[Row]:
    """Names (`kind`, `record`, `name`) to be learnt; the caller's transaction takes them off the list."""
    return [row async for row in _sql.due(conn, limit=limit)]


async def learn(conn: Connection, records: list[tuple[str, int]], terms: list[tuple[str, str, int]]) -> None:
    """The records are found by these terms (term, kind, record), and by no others."""
    await _sql.forget(conn, kind=[kind for kind, _ in records], record=[record for _, record in records])
    await _sql.learn(
        conn,
        term=[term for term, _, _ in terms],
        kind=[kind for _, kind, _ in terms],
        record=[record for _, _, record in terms],
    )


async def by_name(conn: Connection, text: str, limit: int) -> list[Row]:
    """Customers, then contacts, with a word that begins with the text."""
    return [row async for row in _sql.by_name(conn, begin=text, end=text + _LAST, limit=limit)]


async def by_phone_tail(conn: Connection, digits: str, limit: int) -> list[Row]:
    """Contacts whose number ends in these digits."""
    begin = digits[::-1]
    return [row async for row in _sql.by_phone(conn, begin=begin, end=begin + _LAST, limit=limit)]


async def by_serial(conn: Connection, text: str, limit: int) -> list[Row]:
    """Equipment whose serial number begins or ends so."""
    low = text.lower()
    tail = low[::-1]
    found = _sql.by_serial(conn, begin=low, end=low + _LAST, tail_begin=tail, tail_end=tail + _LAST, limit=limit)
    return [row async for row in found]


async def ticket(conn: Connection, number: int | None, ref: str, limit: int) -> list[Row]:
    """The ticket of this number, and the one of this reference."""
    return [row async for row in _sql.ticket(conn, number=number, ref=ref, limit=limit)]


async def contact(conn: Connection, contact: int) -> Row | None:
    """A contact with customer and site, as the caller card takes it."""
    return await _sql.contact(conn, id=contact)


async def account(conn: Connection, account: int) -> Row | None:
    """A customer as the caller card takes it."""
    return await _sql.account(conn, id=account)


async def asset(conn: Connection, asset: int) -> Row | None:
    """Whose a piece of equipment is, and where it stands."""
    return await _sql.asset(conn, id=asset)


async def effort(conn: Connection, numbers: list[int]) -> dict[int, Any]:
    """What each ticket has cost so far, by number."""
    return {row["number"]: row async for row in _sql.effort(conn, numbers=numbers)}


async def next_due(conn: Connection, numbers: list[int]) -> dict[int, Any]:
    """The nearest running deadline of each ticket, by number."""
    return {row["ticket"]: row async for row in _sql.next_due(conn, numbers=numbers)}
