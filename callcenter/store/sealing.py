"""Sealed months, the files made of reports, and the runs of the monthly job."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)
# ticket numbers, and how many entries each has
Ledgers = tuple[list[int], list[int]]


async def hold(conn: Connection, contract: int) -> None:
    """Nobody else seals months of the contract until this transaction ends."""
    await _sql.hold(conn, contract=contract)


async def seals(conn: Connection, contract: int, month: str) -> list[Row]:
    """The month's seal and its amendments, without their content."""
    return [row async for row in _sql.seals(conn, contract=contract, month=month)]


async def content(conn: Connection, seal: int) -> Row:
    """A seal with its figures and breaches."""
    return await _sql.content(conn, id=seal)


async def first(conn: Connection, contract: int, month: str) -> Row | None:
    """The month's seal with its figures and breaches, or None where it is not sealed."""
    return await _sql.first(conn, contract=contract, month=month)


async def add(conn: Connection, values: Mapping[str, Any]) -> int:
    """Stores a seal or amendment and returns its id."""
    added: int = await _sql.add(conn, **values)
    return added


async def tickets(conn: Connection, contract: int, since: datetime, until: datetime) -> Ledgers:
    """The tickets that the span counts, ascending, and how many entries each has."""
    rows = [
        (row["number"], row["entries"]) async for row in _sql.tickets(conn, contract=contract, since=since, until=until)
    ]
    return [number for number, _ in rows], [entries for _, entries in rows]


async def tickets_of(conn: Connection, seal: int) -> Ledgers:
    """The tickets a seal was made from, and how many entries each had."""
    row = await _sql.tickets_of(conn, id=seal)
    return row["tickets"], row["seqs"]


async def entries_hash(conn: Connection, ledgers: Ledgers) -> str:
    """The hash of these tickets' ledgers as far as so many entries."""
    found: str = await _sql.entries_hash(conn, tickets=ledgers[0], seqs=ledgers[1])
    return found


async def calls_hash(conn: Connection, since: datetime, until: datetime, queues: Sequence[int] | None) -> str:
    """The hash of the span's offered calls."""
    found: str = await _sql.calls_hash(conn, since=since, until=until, queues=queues)
    return found


async def newest(conn: Connection) -> list[Row]:
    """The newest seal or amendment of every sealed month."""
    return [row async for row in _sql.newest(conn)]


async def every(conn: Connection) -> list[Row]:
    """All seals and amendments, without their content."""
    return [row async for row in _sql.every(conn)]


async def file(conn: Connection, place: Mapping[str, Any]) -> bytes | None:
    """A report made before: of `contract`, `month`, `form`, `locale`, `section` and `seal`."""
    row = await _sql.file(conn, **place)
    return None if row is None else row["content"]


async def keep_file(conn: Connection, place: Mapping[str, Any], content: bytes, now: datetime) -> bytes:
    """The report is kept, unless another one was made meanwhile; returns the one that is there."""
    row = await _sql.keep_file(conn, **place, content=content, now=now)
    return content if row is not None else await file(conn, place) or content


async def replace_file(conn: Connection, place: Mapping[str, Any], content: bytes, now: datetime) -> None:
    """The report is kept in place of the one made before; `place` has no seal."""
    await _sql.replace_file(conn, **place, content=content, now=now)


async def broken_files(conn: Connection) -> list[Row]:
    """Kept reports that were changed behind the service's back."""
    return [row async for row in _sql.broken_files(conn)]


async def runs(conn: Connection, code: str | None, limit: int) -> list[Row]:
    """How the monthly job went, the newest first."""
    return [row async for row in _sql.runs(conn, code=code, limit=limit)]


async def note_run(conn: Connection, contract: int, month: str, state: str, detail: str | None, now: datetime) -> None:
    """How the job stands for a contract's month: `running`, `done` or `failed`."""
    await _sql.run(conn, contract=contract, month=month, state=state, detail=detail, now=now)


async def languages(conn: Connection) -> set[str]:
    """The languages of those who manage contracts."""
    return {row["locale"] async for row in _sql.languages(conn)}
