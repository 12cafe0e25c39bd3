"""What a month's report is made of besides its promises: breaches, people's effort, visits, words kept."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)
# how many of a list a report shows; its counts count all
LISTED = 100
_PAGE = 5000


@dataclass(frozen=True, slots=True)
class Span:
    """A contract's month: what lies from `since` to before `until`, judged at `now`."""

    conn: Connection
    contract: int
    since: datetime
    until: datetime
    now: datetime

    async def rows(self, name: str, **more: Any) -> list[Row]:
        """The rows of a named query about the span."""
        return [row async for row in getattr(_sql, name)(self.conn, **self._given(), **more)]

    async def one(self, name: str) -> Row:
        """The only row, or the only value, of a named query about the span."""
        return await getattr(_sql, name)(self.conn, **self._given())

    async def worst(self, limit: int, among: Sequence[int]) -> list[Row]:
        """The gravest breaches of these tickets."""
        return await self.rows("worst", limit=limit, tickets=among)

    async def breaches(self) -> AsyncIterator[Sequence[Row]]:
        """Pages of all breaches, the gravest first, one picture of the database."""
        async with _sql.worst_cursor(self.conn, **self._given(), limit=None, tickets=None) as opened:
            cursor = await opened
            while page := await cursor.fetch(_PAGE):
                yield page

    def _given(self) -> dict[str, Any]:
        return {"contract": self.contract, "since": self.since, "until": self.until, "now": self.now}


async def entries(conn: Connection, tickets: Sequence[int]) -> list[Row]:
    """What happened on these tickets, in order."""
    return [row async for row in _sql.entries(conn, tickets=list(tickets))]


async def laborious(conn: Connection, numbers: Sequence[int]) -> list[Row]:
    """These tickets' titles, and how many people each took."""
    return [row async for row in _sql.laborious(conn, tickets=list(numbers))]


async def kept(conn: Connection, contract: int, month: str, part: str) -> Row | None:
    """Counts kept of a month: `as_of`, `took_s`, `counts`."""
    return await _sql.kept(conn, contract=contract, month=month, part=part)


async def keep(
    conn: Connection, contract: int, month: str, part: str, as_of: datetime, took_s: float, counts: bytes
) -> None:
    """The counts are kept in place of older ones."""
    given = {"contract": contract, "month": month, "part": part, "as_of": as_of, "took_s": took_s, "counts": counts}
    await _sql.keep(conn, **given)


async def all_contracts(conn: Connection) -> list[Row]:
    """Every contract: id, code, zone of its newest version."""
    return [row async for row in _sql.all_contracts(conn)]


async def forget(conn: Connection, contract: int) -> None:
    """Nothing kept of the contract is used again: somebody decided something."""
    await _sql.forget(conn, contract=contract)


async def prepare(conn: Connection) -> None:
    """The transaction has room for counting a large month."""
    await _sql.prepare(conn)
