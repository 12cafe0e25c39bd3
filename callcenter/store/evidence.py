"""Forms of evaluations, and the points given on them by hand."""

from datetime import datetime
from decimal import Decimal

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def forms(conn: Connection) -> list[Row]:
    """All forms by name: `name`, `source`, `by`, `at`."""
    return [row async for row in _sql.forms(conn)]


async def put(conn: Connection, name: str, source: str, by: str, now: datetime) -> None:
    """The form is stored under its name, in place of an older one."""
    await _sql.put(conn, name=name, source=source, by=by, now=now)


async def points(conn: Connection, contract: int, month: str) -> dict[tuple[str, str], Row]:
    """Points given by hand for a month, by form and item."""
    return {(row["form"], row["item"]): row async for row in _sql.points(conn, contract=contract, month=month)}


async def give(
    conn: Connection,
    contract: int,
    month: str,
    item: tuple[str, str],
    points: Decimal,
    remark: str | None,
    by: str,
    now: datetime,
) -> None:
    """The item of the form has these points in the month."""
    place = {"contract": contract, "month": month, "form": item[0], "item": item[1]}
    await _sql.give(conn, **place, points=points, remark=remark, by=by, now=now)
