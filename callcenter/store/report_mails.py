"""Reports on their way to people: written with the run that made them, leased, sent, recorded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)
_DETAIL = 500


async def enqueue(conn: Connection, contract: int, month: str, now: datetime) -> None:
    """Each contract manager with an address gets the month's report, once."""
    await _sql.enqueue(conn, contract=contract, month=month, now=now)


async def take(conn: Connection, limit: int, now: datetime, until: datetime) -> list[Row]:
    """Mails that are ready, this process's until `until`."""
    return [row async for row in _sql.take(conn, limit=limit, now=now, until=until)]


async def settle(
    conn: Connection, mail: UUID, state: str, now: datetime, reason: str | None = None, detail: str | None = None,
    next_try_at: datetime | None = None,
) -> None:  # fmt: skip
    """How sending went: `sent`, `pending` until `next_try_at`, or `dead`."""
    clean = None if detail is None else detail.replace("\x00", "")[:_DETAIL]
    given = {"state": state, "reason": reason, "detail": clean, "next_try_at": next_try_at}
    await _sql.settle(conn, id=mail, now=now, **given)


async def of_runs(conn: Connection, code: str, months: Sequence[str]) -> list[Row]:
    """The mails of a contract's months."""
    return [row async for row in _sql.of_runs(conn, code=code, months=list(months))]


async def channel(conn: Connection) -> dict[str, Any] | None:
    """The settings of the e-mail channel reports go by, or None where there is none in use."""
    row = await _sql.channel(conn)
    return None if row is None else row["config"]
