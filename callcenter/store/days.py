"""Clocks and calls by the day they belong to; days long over are kept, and counted again when they changed.

Who writes to a clock or a call leaves a mark at every instant that counted or counts from now on, where it lies more
than an hour back. Kept are days that ended two hours ago or more: an hour is more than any writer's transaction takes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from callcenter.store import queries, reports
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)

SETTLED = timedelta(hours=2)


class Day(NamedTuple):
    """A day from its first instant to before the next one's, and its counts as they are kept."""

    since: datetime
    until: datetime
    counts: bytes = b""


class Found(NamedTuple):
    """The kept days of a span; `changed`: some may not be right any more; `read_only`: nothing may be written now."""

    days: list[Day]
    changed: bool
    read_only: bool


class There(NamedTuple):
    """How many days of a span are kept; the rest as in `Found`."""

    days: int
    changed: bool
    read_only: bool


async def there(conn: Connection, part: str, owner: int, since: datetime, until: datetime) -> There:
    """How much is kept of the span."""
    row = await _sql.there(conn, part=part, owner=owner, since=since, until=until)
    return There(row["days"], row["changed"], row["read_only"])


async def found(conn: Connection, part: str, owner: int, since: datetime, until: datetime) -> Found:
    """What is kept of the span."""
    row = await _sql.found(conn, part=part, owner=owner, since=since, until=until)
    days = [Day(*one) for one in zip(row["since"], row["until"], row["counts"], strict=True)]
    return Found(days, row["changed"], row["read_only"])


async def hold(conn: Connection, part: str, owner: int) -> None:
    """Nobody else counts these days until this transaction ends; there is room for counting many."""
    await _sql.hold(conn, part=part, owner=owner)
    await reports.prepare(conn)


async def freshen(conn: Connection, part: str, owner: int) -> None:
    """Kept days in which something changed are kept no more."""
    marks = [row async for row in _sql.marks(conn, part=part, owner=owner)]
    if marks:
        since, until = [row["since"] for row in marks], [row["until"] for row in marks]
        await _sql.drop(conn, part=part, owner=owner, since=since, until=until)


async def changed(conn: Connection) -> dict[int, tuple[datetime, datetime]]:
    """From when to when something changed that kept days may count, by contract."""
    return {row["owner"]: (row["since"], row["until"]) async for row in _sql.changed(conn)}


async def kept(conn: Connection, part: str, owner: int, since: datetime, until: datetime) -> list[Day]:
    """The kept days of the span."""
    rows = _sql.kept(conn, part=part, owner=owner, since=since, until=until)
    return [Day(row["since"], row["until"], row["counts"]) async for row in rows]


async def keep(conn: Connection, part: str, owner: int, days: Sequence[Day], now: datetime) -> None:
    """These days' counts are kept."""
    columns = {name: [getattr(day, name) for day in days] for name in Day._fields}
    await _sql.keep(conn, part=part, owner=owner, now=now, **columns)


async def forget(conn: Connection, before: datetime) -> None:
    """What was counted before this instant is kept no more."""
    await _sql.forget(conn, before=before)


async def clocks(conn: Connection, contract: int, edges: Sequence[datetime], now: datetime) -> list[Row]:
    """The clocks of the days between these edges, alike ones together; `day` 1 is the first."""
    return [row async for row in _sql.clocks(conn, contract=contract, now=now, **_span(edges))]


async def worst(conn: Connection, contract: int, edges: Sequence[datetime], limit: int) -> list[Row]:
    """The tickets of so many breaches of each `day`, the gravest that grow no more."""
    return [row async for row in _sql.worst(conn, contract=contract, limit=limit, **_span(edges))]


async def growing(
    conn: Connection, contract: int, since: datetime, until: datetime, now: datetime, limit: int
) -> list[int]:
    """The tickets of so many breaches of the span, the gravest that still grow."""
    rows = _sql.growing(conn, contract=contract, since=since, until=until, now=now, limit=limit)
    return [row["ticket"] async for row in rows]


async def paused(conn: Connection, contract: int, since: datetime, until: datetime) -> list[Row]:
    """Clocks that have no deadline now and started before `until`, alike ones together."""
    return [row async for row in _sql.paused(conn, contract=contract, since=since, until=until)]


async def calls(conn: Connection, edges: Sequence[datetime]) -> list[Row]:
    """The calls of the days between these edges by `day`, `queue` (0: none), `slot` and `class`."""
    return [row async for row in _sql.calls(conn, **_span(edges))]


async def called(conn: Connection, contract: int, edges: Sequence[datetime]) -> list[Row]:
    """The faults reported and those first called about on the days between these edges; `what` says which."""
    return [row async for row in _sql.called(conn, contract=contract, **_span(edges))]


async def faults(conn: Connection, contract: int, edges: Sequence[datetime]) -> list[Row]:
    """What else makes up the faults of these days; each row says some of it of a `day`."""
    found: list[Row] = []
    for query in (_sql.visited, _sql.repeated):
        found += [row async for row in query(conn, contract=contract, **_span(edges))]
    return found


def _span(edges: Sequence[datetime]) -> dict[str, object]:
    return {"since": edges[0], "until": edges[-1], "edges": list(edges)}
