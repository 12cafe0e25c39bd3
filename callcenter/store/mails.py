"""Mails that are no alert's: written with what causes them, leased, sent, recorded."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)
_DETAIL = 500


async def enqueue_job(conn: Connection, ticket: int, entry: int, login: str, now: datetime) -> None:
    """Whom the entry sends is written to, once for the entry, where they have an address and mail can be sent."""
    await _sql.enqueue_job(conn, ticket=ticket, entry=entry, login=login, now=now)


async def enqueue_report(conn: Connection, contract: int, month: str, now: datetime) -> None:
    """Each contract manager with an address gets the month's report, once."""
    await _sql.enqueue_report(conn, contract=contract, month=month, now=now)


async def take(conn: Connection, kinds: Collection[str], now: datetime, until: datetime) -> Row | None:
    """A mail of these kinds that was ready at `now` and is this process's until `until`; None where there is none."""
    row: Row | None = await _sql.take(conn, kinds=list(kinds), now=now, until=until)
    return row


async def settle(
    conn: Connection, taken: Row, state: str, now: datetime, reason: str | None = None, detail: str | None = None,
    next_try_at: datetime | None = None,
) -> bool:  # fmt: skip
    """How the try went: `sent`, `pending` until `next_try_at`, or `dead`; False where the mail is another's by now."""
    clean = None if detail is None else detail.replace("\x00", "")[:_DETAIL]
    given = {"state": state, "reason": reason, "detail": clean, "next_try_at": next_try_at}
    return bool(await _sql.settle(conn, id=taken["id"], attempt=taken["attempts"], now=now, **given))


async def of_ticket(conn: Connection, ticket: int) -> list[Row]:
    """The mails about a ticket, with the entry each is for."""
    return [row async for row in _sql.of_ticket(conn, ticket=ticket)]


async def of_months(conn: Connection, code: str, months: Collection[str]) -> list[Row]:
    """The mails of a contract's months."""
    return [row async for row in _sql.of_months(conn, code=code, months=list(months))]


async def job(conn: Connection, ticket: int) -> Row:
    """Where to go, to whom, and what is wrong."""
    return await _sql.job(conn, ticket=ticket)


async def channel(conn: Connection) -> dict[str, Any] | None:
    """The settings of the e-mail channel in use, or None."""
    row = await _sql.channel(conn)
    return None if row is None else row["config"]
