"""History from elsewhere: tickets with their timelines and calls, judged line by line, stored a chunk at a time.

The past is not alerted about: the ladders of imported clocks begin at the instant of the import.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from callcenter.services.context import Context
from callcenter.services.history_lines import Judged, JudgedTicket, TicketLine, Version, judge_ticket, read_line
from callcenter.services.import_calls import CallLine, JudgedCall, check_calls, judge_call, refuse_orphans, store_calls
from callcenter.services.importing import CHUNK, LineRefused, Parties, Refs, Report, chunked, numbered
from callcenter.store import alerts, bulk
from callcenter.store.contracts import Terms
from callcenter.store.ledger import GENESIS, data_text, entry_hash
from callcenter.store.types import Connection
from sla.interval import instant
from sla.timeline import Entry


class _Chunks:
    """Stores judged lines chunk by chunk, and remembers what later chunks and the end of the file need."""

    def __init__(self, conn: Connection, context: Context, report: Report, now: datetime) -> None:
        self._conn = conn
        self._terms: Terms = context.terms
        self._report = report
        self._now = now
        self._parties = Parties(context.settings.default_region, report, now)
        self._versions: dict[str, list[Version]] = {}
        self._asked: set[str] = set()
        self._tickets, self._calls = Refs(), Refs()
        self._waiting: list[JudgedCall] = []

    async def read(self, chunk: Sequence[tuple[int, bytes]]) -> list[tuple[int, TicketLine | CallLine]]:
        """The lines of the chunk that can be judged, their contracts known; the others are refused or already there."""
        read = [one for number, line in chunk if (one := self._read(number, line)) is not None]
        read = await self._without_known(read)
        await self._know_contracts({one.contract for _, one in read if isinstance(one, TicketLine)} - self._asked)
        return read

    def judge(self, read: Sequence[tuple[int, TicketLine | CallLine]]) -> Judged:
        """The tickets and calls that can be stored; the others are refused. Touches no connection."""
        judged = [done for number, line in read if (done := self._judge(number, line)) is not None]
        tickets = [one for one in judged if isinstance(one, JudgedTicket)]
        return tickets, [one for one in judged if isinstance(one, JudgedCall)]

    async def store(self, judged: Judged) -> None:
        """What was judged is stored in one transaction; calls whose ticket may still come are kept for the end."""
        if self._report.dry_run:
            self._count(*judged)
        elif any(judged):
            await self._store(*judged)

    async def end(self) -> None:
        """Calls that came before their ticket are stored too; what has no ticket is refused."""
        waiting, self._waiting = self._waiting, []
        for chunk in chunked(waiting, CHUNK):
            if self._report.dry_run:
                await check_calls(self._conn, chunk, self._report, self._tickets)
            else:
                await self._store([], chunk)
        refuse_orphans(self._report, self._waiting)

    def _read(self, number: int, line: bytes) -> tuple[int, TicketLine | CallLine] | None:
        try:
            return number, read_line(line)
        except LineRefused as why:
            self._report.refuse(number, why)
            return None

    async def _without_known(
        self, read: Sequence[tuple[int, TicketLine | CallLine]]
    ) -> list[tuple[int, TicketLine | CallLine]]:
        """What is not stored yet: a repeated import need not judge again what it judged before."""
        refs = [one.ref for _, one in read if isinstance(one, TicketLine)]
        there = await bulk.tickets_of_refs(self._conn, refs) if refs else {}
        rest = []
        for number, one in read:
            if not isinstance(one, TicketLine) or one.ref not in there:
                rest.append((number, one))
                continue
            try:
                self._tickets.take(one.ref, number, "ticket.ref")
                self._report.already_there += 1
            except LineRefused as why:
                self._report.refuse(number, why)
        return rest

    def _judge(self, number: int, line: TicketLine | CallLine) -> JudgedTicket | JudgedCall | None:
        try:
            if isinstance(line, CallLine):
                call = judge_call(number, line, self._now, "call.")
                self._calls.take(line.ref, number, "call.ref")
                return call
            ticket = judge_ticket(number, line, self._versions, self._now)
            self._tickets.take(line.ref, number, "ticket.ref")
        except LineRefused as why:
            self._report.refuse(number, why)
            return None
        return ticket

    async def _know_contracts(self, codes: set[str]) -> None:
        if not codes:
            return
        self._asked |= codes
        rows = await bulk.versions_of(self._conn, codes)
        terms = await self._terms.of_all(self._conn, [row["id"] for row in rows])
        names = ("id", "contract", "account", "effective", "valid_from", "valid_until")
        for row in rows:
            values = {name: row[name] for name in names}
            version = Version(**values, zone=ZoneInfo(row["timezone"]), terms=terms[row["id"]])
            self._versions.setdefault(row["code"], []).append(version)

    def _count(self, tickets: Sequence[JudgedTicket], calls: Sequence[JudgedCall]) -> None:
        self._report.count("tickets", len(tickets))
        self._waiting += calls  # a ticket further down may be theirs

    async def _store(self, tickets: Sequence[JudgedTicket], calls: Sequence[JudgedCall]) -> None:
        conn = self._conn
        async with conn.transaction():
            await bulk.hold(conn)
            if tickets:
                await self._store_tickets(tickets)
            if calls:
                self._waiting += await store_calls(conn, calls, self._parties, self._report, self._now)

    async def _store_tickets(self, tickets: Sequence[JudgedTicket]) -> None:
        conn, now = self._conn, self._now
        there = await bulk.tickets_of_refs(conn, [one.ticket.ref for one in tickets])
        fresh = [one for one in tickets if one.ticket.ref not in there]
        self._report.already_there += len(tickets) - len(fresh)
        if not fresh:
            return
        callers = [(one.version.account, one.ticket.caller) for one in fresh if one.ticket.caller is not None]
        contacts = await self._parties.contacts(conn, callers)
        numbered_ = list(zip(await bulk.numbers(conn, len(fresh)), fresh, strict=True))
        ledgers = {number: _ledger(number, one.entries) for number, one in numbered_}
        rows = [self._row(number, one, contacts, ledgers[number][-1][-1]) for number, one in numbered_]
        added = await bulk.add_tickets(conn, rows, now)
        self._report.count("tickets", len(added))
        self._report.already_there += len(fresh) - len(added)
        await bulk.add_entries(conn, [row for number in ledgers if number in added for row in ledgers[number]])
        judged = [(n, one.version.contract, o) for n, one in numbered_ if n in added for o in one.outcomes]
        await alerts.save_judged(conn, judged, now)
        await alerts.announce(conn, [outcome.wake_at for _, _, outcome in judged], now)

    def _row(
        self, number: int, one: JudgedTicket, contacts: Mapping[tuple[int | None, str], int | None], head: bytes
    ) -> dict[str, Any]:
        ticket, version = one.ticket, one.version
        caller = ticket.caller
        return {
            "number": number,
            "ref": ticket.ref,
            "contract": version.contract,
            "contract_version": version.id,
            "account": version.account,
            "contact": contacts[version.account, caller] if caller is not None else None,
            "caller": (self._parties.phone(caller) or caller) if caller is not None else None,
            "title": ticket.title,
            **one.summary,
            "entries": len(one.entries),
            "head": head,
        }


def _ledger(number: int, entries: Sequence[Entry]) -> list[tuple[Any, ...]]:
    """The ticket's ledger rows, chained from the beginning."""
    head, rows = GENESIS, []
    for entry in entries:
        assert entry.recorded_at is not None
        assert entry.by is not None
        text, at, recorded_at = data_text(entry.data), instant(entry.at), instant(entry.recorded_at)
        head = entry_hash(head, number, entry.seq, entry.type, entry.at, entry.recorded_at, entry.by, text)
        rows.append((number, entry.seq, entry.type, at, recorded_at, entry.by, text, head))
    return rows


async def import_history(
    conn: Connection, context: Context, lines: Iterable[bytes], now: datetime, *, dry_run: bool = False
) -> Report:
    """Every line is stored or on the list of the refused; a second time changes nothing.

    One transaction a chunk: a crash leaves whole chunks, and repeating completes them.
    """
    report = Report(dry_run=dry_run, loaded={"tickets": 0, "calls": 0}, created={}, refused=[])
    chunks = _Chunks(conn, context, report, now)
    judged: Judged = ([], [])
    for chunk in chunked(numbered(lines), CHUNK):
        read = await chunks.read(chunk)
        # the database writes one chunk while the next is judged
        judged, _ = await asyncio.gather(asyncio.to_thread(chunks.judge, read), chunks.store(judged))
    await chunks.store(judged)
    await chunks.end()
    report.refused.sort(key=lambda refusal: refusal.line)
    return report
