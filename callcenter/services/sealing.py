"""Closing a month for good: its figures, what they were made from, who and when; later corrections are amendments."""

import hashlib
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from callcenter.errors import Conflict, NotFound
from callcenter.reports.model import Breach, Report
from callcenter.services import compliance, reports
from callcenter.services.compliance import ComplianceRow, Month
from callcenter.services.context import Context
from callcenter.services.hotline import HotlineRow
from callcenter.services.types import Actor
from callcenter.store import sealing
from callcenter.store.types import Connection, Row


class SealMonth(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The month to seal."""

    month: Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$(?!\n)")]


class Change(msgspec.Struct, kw_only=True):
    """A figure or a promise that is not what it was."""

    what: str
    was: str
    now: str


class Amendment(msgspec.Struct, kw_only=True):
    """Figures recorded after the seal because something had been corrected; `changes` against the record before."""

    number: int
    by: str
    at: datetime
    figures_hash: str
    changes: list[Change]


class Sealed(msgspec.Struct, kw_only=True):
    """A sealed month; `differences` are corrections made since the newest record, not yet an amendment."""

    contract: str
    month: str
    sealed_by: str
    sealed_at: datetime
    figures_hash: str
    input_hash: str
    inputs: dict[str, Any]
    versions: list[Any]
    amendments: list[Amendment]
    differences: list[Change]


class SealDifference(msgspec.Struct, frozen=True):
    """Something about a seal that is not as it was."""

    contract: str
    month: str
    what: str
    stored: str
    recomputed: str

    def __str__(self) -> str:
        of = f"sealed month {self.month} of {self.contract}"
        return f"{of}, {self.what}: sealed {self.stored}, recomputed {self.recomputed}"


class Record(msgspec.Struct):
    """What a seal holds: the report, and every breach with its key."""

    report: Report
    breaches: list[Breach]


def unpacked(row: Row) -> Record:
    """The content of a stored seal."""
    breaches = msgspec.msgpack.decode(zlib.decompress(row["breaches"]), type=list[Breach])
    return Record(msgspec.json.decode(row["figures"], type=Report), breaches)


async def seal(conn: Connection, context: Context, code: str, month: str, actor: Actor, now: datetime) -> Sealed:
    """The month is sealed; where it was before, what has changed since is recorded as an amendment.

    Conflict while the month is running.
    """
    found = await compliance.find(conn, context, code, month, now)
    if now < found.until:
        raise Conflict(f"{month} is not over before {found.until.isoformat()}")
    async with conn.transaction():
        await sealing.hold(conn, found.contract)
        there = await sealing.seals(conn, found.contract, month)
        made = await record(conn, context, found, now)
        if not there or _changes(unpacked(await sealing.content(conn, there[-1]["id"])), made):
            await _store(conn, found, made, len(there), actor, now)
    return await shown(conn, context, code, month, now)


async def record(conn: Connection, context: Context, found: Month, now: datetime) -> Record:
    """The month's report and all its breaches, at `now`."""
    report = await reports.fresh(conn, context, found, now)
    breaches = [one async for page in reports.all_breaches(reports.span_of(conn, found, now), found) for one in page]
    return Record(report, breaches)


async def _store(conn: Connection, found: Month, made: Record, number: int, actor: Actor, now: datetime) -> None:
    figures = msgspec.json.encode(made.report)
    breaches = zlib.compress(msgspec.msgpack.encode(made.breaches), 6)
    ledgers = await sealing.tickets(conn, found.contract, found.since, found.until)
    inputs = {
        "tickets": len(ledgers[0]),
        "entries": await sealing.entries_hash(conn, ledgers),
        "calls": await sealing.calls_hash(conn, found.since, found.until, found.queues or None),
    }
    values = {
        "figures": figures,
        "breaches": breaches,
        "figures_hash": _hash(figures, breaches),
        "input_hash": _inputs_hash(inputs),
        "versions": msgspec.to_builtins(made.report.data_note.versions),
        "inputs": inputs,
        "tickets": ledgers[0],
        "seqs": ledgers[1],
    }
    await sealing.add(
        conn,
        {"contract": found.contract, "month": found.name, "number": number, "by": actor.name, "now": now, **values},
    )


def _inputs_hash(inputs: dict[str, Any]) -> bytes:
    return _hash(msgspec.json.encode(inputs, order="sorted"))


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


async def shown(conn: Connection, context: Context, code: str, month: str, now: datetime) -> Sealed:
    """The month's seal, its amendments, and what differs from the newest record; NotFound where it is not sealed."""
    found = await compliance.find(conn, context, code, month, now)
    rows = await sealing.seals(conn, found.contract, month)
    if not rows:
        raise NotFound(f"{month} of {code} is not sealed")
    records = [unpacked(await sealing.content(conn, row["id"])) for row in rows]
    amendments = [
        Amendment(
            number=row["number"],
            by=row["sealed_by"],
            at=row["sealed_at"],
            figures_hash=row["figures_hash"].hex(),
            changes=_changes(before, after),
        )
        for row, before, after in zip(rows[1:], records, records[1:], strict=False)
    ]
    first = rows[0]
    return Sealed(
        contract=code,
        month=month,
        sealed_by=first["sealed_by"],
        sealed_at=first["sealed_at"],
        figures_hash=first["figures_hash"].hex(),
        input_hash=first["input_hash"].hex(),
        inputs=first["inputs"],
        versions=first["versions"],
        amendments=amendments,
        differences=_changes(records[-1], await record(conn, context, found, now)),
    )


async def check(conn: Connection, context: Context, now: datetime) -> AsyncIterator[SealDifference]:
    """Whatever a seal says that is not so: changed bytes, changed inputs, figures that no longer follow."""
    for row in await sealing.every(conn):
        async for difference in _tampered(conn, context, row, now):
            yield difference
    for row in await sealing.newest(conn):
        found = await compliance.find(conn, context, row["code"], row["month"], now)
        try:
            before = unpacked(await sealing.content(conn, row["id"]))
        except (ValueError, zlib.error) as error:
            yield SealDifference(row["code"], row["month"], "figures", "cannot be read", str(error))
            continue
        for change in _changes(before, await record(conn, context, found, now)):
            yield SealDifference(row["code"], row["month"], change.what, change.was, change.now)
    for row in await sealing.broken_files(conn):
        yield SealDifference(row["code"], row["month"], f"{row['form']} {row['locale']}", "other bytes", "their hash")


async def _tampered(conn: Connection, context: Context, row: Row, now: datetime) -> AsyncIterator[SealDifference]:
    content = await sealing.content(conn, row["id"])
    hashed = _hash(content["figures"], content["breaches"])
    if hashed != row["figures_hash"]:
        yield SealDifference(row["code"], row["month"], "hash of the figures", row["figures_hash"].hex(), hashed.hex())
    found = await compliance.find(conn, context, row["code"], row["month"], now)
    ledgers = await sealing.tickets_of(conn, row["id"])
    again = {
        "tickets": len(ledgers[0]),
        "entries": await sealing.entries_hash(conn, ledgers),
        "calls": await sealing.calls_hash(conn, found.since, found.until, found.queues or None),
    }
    for name, right in again.items():
        if row["inputs"].get(name) != right:
            yield SealDifference(row["code"], row["month"], f"input {name}", str(row["inputs"].get(name)), str(right))
    if _inputs_hash(row["inputs"]) != row["input_hash"] and row["inputs"] == again:
        yield SealDifference(row["code"], row["month"], "hash of the inputs", row["input_hash"].hex(), "another one")


_ROW = ("due", "met", "breached", "exempt", "cancelled")
_CALLS = ("offered", "answered", "abandoned", "short", "overflow", "answered_within", "abandoned_within")


def _changes(before: Record, after: Record) -> list[Change]:
    """What a correction can change; that paused and open clocks go on is no correction."""
    found = [
        *_counted(_promises(before.report), _promises(after.report), _ROW),
        *_counted(_queues(before.report), _queues(after.report), _CALLS),
    ]
    was, now = _broken(before.breaches), _broken(after.breaches)
    for key in sorted(was.keys() | now.keys()):
        if was.get(key, "kept") != now.get(key, "kept"):
            found.append(
                Change(what=f"ticket {key[0]}, {key[1]}/{key[2]}", was=was.get(key, "kept"), now=now.get(key, "kept"))
            )
    return found


def _promises(report: Report) -> dict[str, ComplianceRow]:
    return {
        f"{kind}{row.commitment}, severity {row.severity}, region {row.region}": row
        for kind, rows in (("", report.rows), ("objective ", report.objectives))
        for row in rows
    }


def _queues(report: Report) -> dict[str, HotlineRow]:
    return {f"queue {row.queue}": row for row in report.hotline.queues}


def _counted(was: dict[str, Any], now: dict[str, Any], names: Iterable[str]) -> Iterator[Change]:
    for key in sorted(was.keys() | now.keys()):
        for name in names:
            old, new = (getattr(one.get(key), name, 0) for one in (was, now))
            if old != new:
                yield Change(what=f"{key}: {name}", was=str(old), now=str(new))


def _broken(breaches: Iterable[Breach]) -> dict[tuple[int, str, int], str]:
    return {
        (one.ticket, one.commitment, one.cycle): "breached"
        if one.exempt is None
        else f"breached, exempt ({one.exempt})"
        for one in breaches
    }
