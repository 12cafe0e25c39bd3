"""The engine's book: due clock rows with their tickets, one transaction a batch."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from alerts.duty import Roster
from alerts.engine import LATE
from alerts.policy import Outcome, PastAlert, StoredClock
from alerts.ports import Due, Matter, Unsavable
from alerts.telling import LATE_WITHIN, next_of
from callcenter.store import alerts, queries, tickets
from callcenter.store.contracts import Terms
from callcenter.store.duty import Rosters
from callcenter.store.types import Connection, Row
from sla.interval import micros
from sla.timeline import Timeline

_sql = queries.load(__file__)
# As much of a backlog is taken at once: whatever falls due meanwhile waits for it to be done.
BACKLOG = 200
# As many deliveries are put into one company by a statement.
GATHERED = 2000


class ClockBook:
    """The clocks of a database, as `alerts.engine` takes and saves them."""

    def __init__(self, pool: asyncpg.Pool, terms: Terms) -> None:
        self._pool = pool
        self._terms = terms
        self._rosters = Rosters()
        self._behind = True  # whoever was here before may have left something untold

    @asynccontextmanager
    async def batch(self) -> AsyncIterator["ClockBatch"]:
        """A transaction, committed on leaving, rolled back on an exception."""
        async with self._pool.acquire() as conn, conn.transaction():
            batch = ClockBatch(conn, self._terms, self._rosters)
            yield batch
        self._behind = self._behind or batch.found_late

    async def caught_up(self, now: datetime) -> None:
        """What was found late leaves together at the next beat, unless another host has some of it still to judge."""
        if not self._behind:
            return
        async with self._pool.acquire() as conn:
            if not await _sql.worked_off(conn, since=now - LATE):
                return
            for head, channel, batch in [tuple(row) async for row in _sql.late_heads(conn)]:
                while await _sql.gather_late(conn, head=head, channel=channel, batch=batch, most=GATHERED):
                    pass  # a short statement at a time: whoever sends waits for none of them long
            self._behind = not await _sql.tell_late(conn, at=next_of(LATE_WITHIN, now))

    async def next_wake(self, now: datetime) -> datetime | None:
        """The earliest instant at which some clock is due, or None; it is noted that somebody looked."""
        async with self._pool.acquire() as conn:
            earliest: datetime | None = await _sql.next_wake(conn, now=now, late=LATE)
        return earliest


class ClockBatch:
    """One transaction over claimed clocks."""

    def __init__(self, conn: Connection, terms: Terms, rosters: Rosters) -> None:
        self._conn = conn
        self._terms = terms
        self._rosters = rosters
        self._contracts: dict[int, int] = {}
        self._late: set[int] = set()
        self.found_late = False
        self._stale: dict[int, tuple[Row, Timeline]] = {}  # tickets whose own columns are older than an entry

    async def claim(self, now: datetime, fresh_since: datetime, limit: int) -> tuple[Sequence[Due], bool]:
        """Locks due rows others have not locked, gravest of the fresh first; and says whether that was all."""
        conn = self._conn
        rows = [row async for row in _sql.claim_fresh(conn, now=now, since=fresh_since, limit=limit)]
        room = min(limit - len(rows), BACKLOG)
        old = [row async for row in _sql.claim_backlog(conn, since=fresh_since, limit=room)] if room else []
        done = len(rows) < limit and len(old) < room
        rows += old
        held = [row for row in rows if row["held"]]  # somebody writes to the others' tickets, and judges them then
        self._contracts |= {row["ticket"]: row["contract"] for row in held}
        self._late |= {row["id"] for row in held if row["wake_at"] <= now - LATE}
        self.found_late = bool(self._late)
        return [Due(row["ticket"], _stored(row), row["wake_at"]) for row in held], done

    async def matters(self, numbers: Iterable[int]) -> Mapping[int, Matter | Exception]:
        """Each ticket's matter, or what is wrong with it."""
        wanted = list(numbers)
        clocks: dict[int, list[StoredClock]] = {}
        async for row in _sql.clocks_of(self._conn, tickets=wanted):
            clocks.setdefault(row["ticket"], []).append(_stored(row))
        try:
            loaded = await tickets.load_many(self._conn, self._terms, wanted)
        except ValueError as error:  # a contract or an entry that cannot be read: find out whose
            return {number: await self._one(number, clocks[number], error) for number in wanted}
        return {number: self._matter(loaded[number], clocks[number]) for number in wanted}

    async def roster(self, now: datetime) -> Roster:
        """Who is on duty, as it stands."""
        return await self._rosters.current(self._conn, now)

    async def _one(self, number: int, clocks: Sequence[StoredClock], error: ValueError) -> Matter | Exception:
        try:
            return self._matter((await tickets.load_many(self._conn, self._terms, [number]))[number], clocks)
        except ValueError as own:
            return own

    def _matter(self, loaded: tickets.Loaded, clocks: Sequence[StoredClock]) -> Matter | Exception:
        if loaded.terms is None:
            return LookupError("the ticket has clocks and no contract")
        try:
            timeline = Timeline(loaded.entries)
        except ValueError as error:
            return error
        if timeline.latest > max(one.recorded_at or 0 for one in loaded.entries):  # it was ahead, and may count by now
            self._stale[loaded.row["number"]] = loaded.row, timeline
        return Matter(loaded.terms, timeline, clocks)

    async def alerts_of(self, clocks: Iterable[int]) -> Mapping[int, Sequence[PastAlert]]:
        """The alerts recorded so far, by clock id."""
        return await alerts.of_clocks(self._conn, clocks)

    async def save(self, outcomes: Mapping[int, Sequence[Outcome]], now: datetime) -> int:
        """Writes clocks, alerts and deliveries, all or (Unsavable) nothing; returns the number of new alerts."""
        judged = [(ticket, self._contracts[ticket], one) for ticket, those in outcomes.items() for one in those]
        try:
            async with self._conn.transaction():
                raised = await alerts.save_judged(self._conn, judged, now, self._late)
                for number in outcomes.keys() & self._stale.keys():
                    await self._summarize(number, now)
                return raised
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            raise Unsavable(str(error)) from error

    async def _summarize(self, number: int, now: datetime) -> None:
        """The ticket's own columns say what its timeline says by now."""
        row, timeline = self._stale[number]
        summary = tickets.summarized(timeline, micros(now))
        if any(row[name] != value for name, value in summary.items()):
            kept = {"entries": row["entries"], "head": row["head"], "now": now}
            await tickets.summarize(self._conn, number, {**summary, **kept})

    async def postpone(self, clocks: Iterable[int], until: datetime) -> None:
        """Leaves the rows as they are and wakes them later."""
        await _sql.postpone(self._conn, clocks=list(clocks), until=until)


def _stored(row: Row) -> StoredClock:
    return StoredClock(**{name: row[name] for name in StoredClock.__struct_fields__})
