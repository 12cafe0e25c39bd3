"""Everything out, one line each: clocks, calls, tickets, as they stand at one instant."""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

import msgspec

from callcenter.errors import NotFound
from callcenter.services.context import Context
from callcenter.store import contracts, export, tickets
from callcenter.store.types import Connection, Row
from sla.clock import assess
from sla.interval import micros, write_instant
from sla.timeline import Timeline

What = Literal["clocks", "calls", "tickets"]
Line = dict[str, Any]
PAGE = 500

COLUMNS: Mapping[What, Sequence[str]] = {
    "clocks": (
        *("ref", "number", "contract", "commitment", "cycle", "kind", "category", "severity", "region", "state"),
        *("started_at", "due_at", "stopped_at", "breached_at", "used_s", "paused_s"),
    ),
    "calls": (
        *("id", "ref", "queue", "caller", "called", "direction", "received_at", "queued_at", "answered_at", "ended_at"),
        *("agent", "outcome", "wait_s", "ticket_ref", "number", "contract"),
    ),
    "tickets": (
        *("ref", "number", "contract", "kind", "category", "region", "phase", "severity", "state", "title", "caller"),
        *("account", "site", "assignee", "reported_at"),
    ),
}
_OF_TICKET = ("ref", "number", "contract", "kind", "category")


async def lines(
    conn: Connection, context: Context, what: What, code: str | None, now: datetime
) -> AsyncGenerator[list[Line], None]:
    """Pages of lines in the order of ticket numbers (calls: of their ids), one picture of the database.

    A clock that ran out since the engine last looked is breached: open clocks are evaluated at `now`.
    """
    async with _picture(conn):
        if code is not None and await contracts.by_code(conn, code) is None:
            raise NotFound(f"there is no contract {code}")
        after = 0
        while True:
            rows = await (export.calls if what == "calls" else export.tickets)(conn, code, after, PAGE)
            if not rows:
                return
            after = rows[-1]["id" if what == "calls" else "number"]
            if what == "clocks":
                yield await _clocks(conn, context, rows, now)
            else:
                yield [{name: _plain(row[name]) for name in COLUMNS[what]} for row in rows]


@asynccontextmanager
async def _picture(conn: Connection) -> AsyncIterator[None]:
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        await export.unhurried(conn)
        yield


async def _clocks(conn: Connection, context: Context, rows: Sequence[Row], now: datetime) -> list[Line]:
    found = await export.clocks(conn, [row["number"] for row in rows])
    stored = {number: list(group) for number, group in groupby(found, lambda clock: clock["ticket"])}
    unsettled = [number for number, clocks in stored.items() if not all(map(_settled, clocks))]
    loaded = await tickets.load_many(conn, context.terms, unsettled) if unsettled else {}
    page: list[Line] = []
    for row in rows:
        number = row["number"]
        own: Iterable[Any] = stored.get(number, ())
        read: Callable[[Any, str], Any] = _of_row
        if number in loaded and (terms := loaded[number].terms) is not None:
            own, read = assess(terms, Timeline(loaded[number].entries), micros(now)), getattr
        page += [_line(row, clock, read) for clock in own]
    return page


def _settled(clock: Row) -> bool:
    """Nothing but a new entry changes what the row says, so it need not be evaluated."""
    still = clock["stopped_at"] is not None or (clock["used_s"] is None and clock["state"] != "paused")
    return clock["wake_at"] is None and still


def _of_row(clock: Row, name: str) -> Any:
    return clock[name]


def _line(ticket: Row, clock: Any, read: Callable[[Any, str], Any]) -> Line:
    return {name: ticket[name] if name in _OF_TICKET else _plain(read(clock, name)) for name in COLUMNS["clocks"]}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return write_instant(micros(value))
    return int(value) if isinstance(value, float) and value.is_integer() else value


_encode = msgspec.json.Encoder().encode
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_jsonl(page: Sequence[Line]) -> str:
    """The lines as JSON, each ended by a line feed."""
    return "".join(_encode(line).decode() + "\n" for line in page)


def as_csv(page: Sequence[Line], columns: Sequence[str]) -> str:
    """The lines as CSV without a header; a text a spreadsheet would compute is led by an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_cell(line[name]) for name in columns] for line in page)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
