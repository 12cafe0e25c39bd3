"""The whole store against itself: ledgers by their hashes, tickets, clocks and seals by computing them again."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec

from alerts.policy import AFTER
from callcenter.services import sealing
from callcenter.services.context import Context
from callcenter.services.timeline import summarized
from callcenter.store import tickets, verify
from callcenter.store.clocks import FACTS
from callcenter.store.ledger import GENESIS, entry_hash
from callcenter.store.types import Connection, Row
from sla.clock import Clock, assess
from sla.contract import Contract
from sla.interval import instant, micros
from sla.timeline import Entry, Timeline

PAGE = 500
# What holds now as it did at `assessed_at` while the clock asks for no look before.
_LASTING = ("state", "due_at", "breached_at")


class Difference(msgspec.Struct, frozen=True):
    """Something stored that is not what the entries and the contract give."""

    ticket: int
    what: str
    stored: Any
    recomputed: Any

    def __str__(self) -> str:
        return f"ticket {self.ticket}, {self.what}: stored {_told(self.stored)}, recomputed {_told(self.recomputed)}"


class OfSeal(Difference, frozen=True):
    """A sealed month that differs; it is of no single ticket, and `what` says all of it."""

    def __str__(self) -> str:
        return self.what


def _told(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


class Checked(msgspec.Struct):
    """What was looked at so far, and the differences of the newest page."""

    tickets: int = 0
    entries: int = 0
    clocks: int = 0
    differences: Sequence[Difference] = ()


async def check(conn: Connection, context: Context, now: datetime) -> AsyncGenerator[Checked, None]:
    """Page after page of the store with its differences; one picture of the database, nothing is changed."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        seen, after = Checked(), 0
        while rows := await verify.tickets(conn, after, PAGE):
            after = rows[-1]["number"]
            yield await _page(conn, context, rows, seen, now)
        wrong = await verify.impossible(conn)
        seen.differences = [Difference(ticket, what, why, "impossible") for ticket, what, why in wrong]
        yield seen
        async for difference in sealing.check(conn, context, now):
            seen.differences = [OfSeal(0, str(difference), difference.stored, difference.recomputed)]
            yield seen


async def _page(conn: Connection, context: Context, rows: Sequence[Row], seen: Checked, now: datetime) -> Checked:
    numbers = [row["number"] for row in rows]
    entries = _by_ticket(await tickets.chain_rows(conn, numbers))
    clocks = _by_ticket(await verify.clocks(conn, numbers))
    found: list[Difference] = []
    for row in rows:
        number = row["number"]
        ledger, own = entries.get(number, []), clocks.get(number, [])
        terms = await _terms(conn, context, row, found)
        found += _ledger(row, ledger)
        found += _recomputed(row, ledger, own, terms, now)
        seen.entries += len(ledger)
        seen.clocks += len(own)
    seen.tickets += len(rows)
    seen.differences = found
    return seen


def _by_ticket(rows: Sequence[Row]) -> dict[int, list[Row]]:
    return {number: list(group) for number, group in groupby(rows, lambda row: row["ticket"])}


async def _terms(conn: Connection, context: Context, row: Row, found: list[Difference]) -> Contract | None:
    if row["contract_version"] is None:
        return None
    try:
        return await context.terms.of(conn, row["contract_version"])
    except ValueError as error:
        found.append(Difference(row["number"], "contract terms", f"version {row['contract_version']}", str(error)))
        return None


def _ledger(row: Row, ledger: Sequence[Row]) -> Iterator[Difference]:
    """Where the chain breaks: each row's hash, the sequence, the number of entries and the head on the ticket."""
    number, head = row["number"], GENESIS
    for place, entry in enumerate(ledger, 1):
        if entry["seq"] != place:
            yield Difference(number, f"entry {place}", f"the next one is {entry['seq']}", "one for every number")
            break
        at, recorded_at = micros(entry["occurred_at"]), micros(entry["recorded_at"])
        right = entry_hash(head, number, place, entry["type"], at, recorded_at, entry["by"], entry["data"])
        if right != entry["hash"]:
            yield Difference(number, f"entry {place} ({entry['type']}) hash", entry["hash"], right)
        head = entry["hash"]
    if row["entries"] != len(ledger):
        yield Difference(number, "number of entries", row["entries"], len(ledger))
    if row["head"] != head:
        yield Difference(number, "head of the ledger", row["head"], head)


def _recomputed(
    row: Row, ledger: Sequence[Row], clocks: Sequence[Row], terms: Contract | None, now: datetime
) -> Iterator[Difference]:
    number = row["number"]
    try:
        timeline = Timeline([_entry(entry) for entry in ledger])
        if (at := _summed_up_to(timeline, ledger, clocks, now)) is not None:
            yield from _summary(row, timeline, at)
        if terms is None:
            yield from (
                Difference(number, _name(clock), clock["state"], "no contract") for clock in clocks if not clock["void"]
            )
        else:
            yield from _Clocks(number, row["contract"], clocks, terms, timeline, now).differences()
    except (ValueError, LookupError, AttributeError, TypeError) as error:  # entries nobody could have written
        yield Difference(number, "timeline", "entries that cannot be read", repr(error))


def _entry(row: Row) -> Entry:
    return tickets.entry_of({**dict(row), "data": msgspec.json.decode(row["data"])})


def _summed_up_to(timeline: Timeline, ledger: Sequence[Row], clocks: Sequence[Row], now: datetime) -> int | None:
    """The instant whose standing the ticket's own columns have to tell.

    An entry that lay ahead when it was written gets into them when the engine looks at one of the ticket's clocks; None
    while that is to come, and for a ticket without clocks, which the next entry brings up to date.
    """
    written = max((entry["recorded_at"] for entry in ledger), default=now)
    if timeline.latest <= micros(written):
        return timeline.latest
    looked = bool(clocks) and all(clock["wake_at"] is None or clock["wake_at"] > now + AFTER for clock in clocks)
    # a host a little ahead of us may have looked already
    return micros(max(now, written, *(clock["assessed_at"] for clock in clocks))) if looked else None


def _summary(row: Row, timeline: Timeline, at: int) -> Iterator[Difference]:
    """The ticket's own columns."""
    if not timeline.entries:
        yield Difference(row["number"], "timeline", "no entry counts", "at least the report")
        return
    for name, right in summarized(timeline, at).items():
        if row[name] != right:
            yield Difference(row["number"], f"ticket {name}", row[name], right)


def _name(clock: Any) -> str:
    of = (clock.commitment, clock.cycle) if isinstance(clock, Clock) else (clock["commitment"], clock["cycle"])
    return f"clock {of[0]}/{of[1]}"


class _Clocks:
    """The clock rows of one ticket beside the clocks its timeline gives."""

    def __init__(
        self, ticket: int, contract: int, rows: Sequence[Row], terms: Contract, timeline: Timeline, now: datetime
    ) -> None:
        self._ticket = ticket
        self._contract = contract
        self._rows = {(row["commitment"], row["cycle"]): row for row in rows}
        self._terms = terms
        self._timeline = timeline
        self._now = now
        self._assessed: dict[datetime, dict[tuple[str, int], Clock]] = {}

    def _at(self, at: datetime) -> dict[tuple[str, int], Clock]:
        if at not in self._assessed:
            clocks = assess(self._terms, self._timeline, micros(at))
            self._assessed[at] = {(clock.commitment, clock.cycle): clock for clock in clocks}
        return self._assessed[at]

    def differences(self) -> Iterator[Difference]:
        """Rows that differ, that should not be, and that are missing."""
        for key, row in self._rows.items():
            fresh = self._at(row["assessed_at"]).get(key)
            if row["void"] or fresh is None:
                if not row["void"] or fresh is not None:
                    yield self._differs(row, "", *(("none", fresh.state) if fresh else (row["state"], "no such clock")))
                else:
                    yield from self._back(row)
                continue
            yield from self._compare(row, fresh)
        yield from self._missing()

    def _compare(self, row: Row, fresh: Clock) -> Iterator[Difference]:
        for name in FACTS:
            if row[name] != getattr(fresh, name):
                yield self._differs(row, f" {name}", row[name], getattr(fresh, name))
        if row["contract"] != self._contract:
            yield self._differs(row, " contract", row["contract"], self._contract)
        wake_at, look = row["wake_at"], fresh.changes_at
        if look is not None and (wake_at is None or wake_at > look + AFTER):
            yield self._differs(row, " wake_at", wake_at, look)
        now = max(self._now, row["assessed_at"])  # it may have been written after this check began
        if look is not None and (wake_at is None or wake_at > now):
            yield from self._lasting(row, now)

    def _lasting(self, row: Row, now: datetime) -> Iterator[Difference]:
        """The engine need not look before `wake_at`: until then the answer must be the stored one."""
        fresh = self._at(now).get((row["commitment"], row["cycle"]))
        if fresh is None:
            yield self._differs(row, " now", row["state"], "no such clock")
            return
        for name in _LASTING:
            if row[name] != getattr(fresh, name):
                yield self._differs(row, f" {name} now", row[name], getattr(fresh, name))

    def _back(self, row: Row) -> Iterator[Difference]:
        """A clock that was gone and is there again, though the engine was not to look at it."""
        if row["wake_at"] is None or row["wake_at"] > self._now + AFTER:
            fresh = self._at(max(self._now, row["assessed_at"])).get((row["commitment"], row["cycle"]))
            if fresh is not None:
                yield self._differs(row, " now", "none", fresh.state)

    def _missing(self) -> Iterator[Difference]:
        """Clocks that should have a row; a sibling that waits for the engine may be about to get them one."""
        at = max((row["assessed_at"] for row in self._rows.values()), default=instant(self._timeline.latest))
        waiting = {name for (name, _), row in self._rows.items() if row["wake_at"] and row["wake_at"] <= self._now}
        for key, clock in self._at(at).items():
            if key not in self._rows and clock.commitment not in waiting:
                yield Difference(self._ticket, _name(clock), "no row", clock.state)

    def _differs(self, row: Row, field: str, stored: Any, right: Any) -> Difference:
        return Difference(self._ticket, f"{_name(row)}{field}", stored, right)
