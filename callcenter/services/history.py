"""History from elsewhere: tickets with their timelines and calls, judged line by line, stored a chunk at a time.

The past is not alerted about: the ladders of imported clocks begin at the instant of the import.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, UnsetType

from alerts.policy import Outcome, judge
from callcenter.services.context import Context
from callcenter.services.import_calls import CallLine, JudgedCall, check_calls, judge_call, refuse_orphans, store_calls
from callcenter.services.importing import BY, CHUNK, LineRefused, Parties, Refs, Report, chunked, decoded, numbered
from callcenter.services.timeline import summarized
from callcenter.services.types import Line
from callcenter.store import alerts, bulk
from callcenter.store.contracts import Terms
from callcenter.store.ledger import GENESIS, data_text, entry_hash
from callcenter.store.types import Connection
from sla.clock import assess
from sla.contract import Contract
from sla.interval import instant, micros
from sla.timeline import Entry, Refused, Timeline, check, read_entry


class TicketLine(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A ticket as a history file tells it; kind, category, region and phase are those of its `reported` entry."""

    ref: Line
    contract: Line
    title: Line
    events: list[dict[str, Any]]
    kind: Line | None = None
    category: Line | None = None
    region: Line | None = None
    phase: Line | None = None
    caller: Line | None = None


class HistoryLine(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One line: a ticket or a call."""

    ticket: TicketLine | UnsetType = UNSET
    call: CallLine | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Version:
    """A stored contract version with its terms."""

    id: int
    contract: int
    account: int
    effective: date
    valid_from: date
    valid_until: date
    zone: ZoneInfo
    terms: Contract


@dataclass(frozen=True, slots=True)
class JudgedTicket:
    """A ticket that can be stored: what its timeline says, its entries and its clocks as first judged."""

    line: int
    ticket: TicketLine
    version: Version
    summary: dict[str, Any]
    entries: list[Entry]
    outcomes: list[Outcome]


Judged = tuple[list[JudgedTicket], list[JudgedCall]]
Versions = Mapping[str, Sequence[Version]]
_decode = msgspec.json.Decoder(HistoryLine).decode


def read_line(line: bytes) -> TicketLine | CallLine:
    """The ticket or call of a line; LineRefused says what is wrong with it, and where."""
    found: HistoryLine = decoded(_decode, line)
    if (found.ticket is UNSET) == (found.call is UNSET):
        raise LineRefused(None, "bad_line", "a line is an object with either `ticket` or `call`")
    if not isinstance(found.ticket, UnsetType):
        return found.ticket
    assert not isinstance(found.call, UnsetType)
    return found.call


def judge_ticket(line: int, ticket: TicketLine, versions: Versions, now: datetime) -> JudgedTicket:
    """The ticket under the contract version in force when it was reported; LineRefused names what does not fit."""
    moment = micros(now)
    entries = _entries(ticket, moment)
    try:
        reported_at = _reported_at(entries)
        version = in_force(versions, ticket.contract, instant(reported_at))
        timeline = check(entries, version.terms, moment)
        clocks = assess(version.terms, timeline, moment)
        outcomes = [judge(version.terms, timeline, None, clock, (), now, now) for clock in clocks]
    except Refused as refused:
        raise LineRefused(_event(refused.index), refused.code, refused.message) from refused
    except (ValueError, OverflowError) as error:  # a deadline beyond what calendars know
        raise LineRefused("ticket", "out_of_range", str(error)) from error
    return JudgedTicket(line, ticket, version, summarized(timeline, moment), entries, outcomes)


def in_force(versions: Versions, code: str, at: datetime) -> Version:
    """The version that counts at the instant, in the contract's own zone; LineRefused where there is none."""
    if code not in versions:
        raise LineRefused("ticket.contract", "unknown_contract", f"there is no contract {code}")
    for version in versions[code]:
        day = at.astimezone(version.zone).date()
        if version.effective <= day:
            if version.valid_from <= day <= version.valid_until:
                return version
            break
    raise LineRefused(
        "ticket.contract", "not_in_force", f"{code} was not in force when the ticket was reported ({at:%Y-%m-%d})"
    )


def _event(index: int | None) -> str:
    return "ticket.events" if index is None else f"ticket.events[{index}]"


def _reported_at(entries: Sequence[Entry]) -> int:
    """When the timeline begins, corrections applied."""
    if any(entry.type == "corrected" for entry in entries):
        entries = Timeline(entries).entries
    return min((entry.at for entry in entries), default=0)  # all of them void: `check` refuses that


def _entries(ticket: TicketLine, now: int) -> list[Entry]:
    """The entries in the order given, which is the order they were recorded in."""
    if not ticket.events:
        raise LineRefused("ticket.events", "before_reported", "a timeline begins with `reported`")
    given = [_entry(place, event, now) for place, event in enumerate(ticket.events)]
    if any(entry.id is not None or entry.type == "corrected" for entry in given):
        given = _renamed(given)
    _told_by_ticket(ticket, given)
    return [entry if entry.id == str(entry.seq) else replace(entry, id=str(entry.seq)) for entry in given]


def _entry(place: int, event: Mapping[str, Any], now: int) -> Entry:
    try:
        entry = read_entry(event, default_at=None, seq=place + 1)
    except Refused as refused:
        raise LineRefused(_event(place), refused.code, refused.message) from refused
    recorded_at = now if entry.recorded_at is None else entry.recorded_at
    if recorded_at > now:
        raise LineRefused(f"{_event(place)}.recorded_at", "future", "an entry cannot be recorded after its import")
    return replace(entry, recorded_at=recorded_at, by=entry.by or BY)


def _renamed(given: Sequence[Entry]) -> list[Entry]:
    """The same with corrections that call entries by the number they get here instead of the file's own ids."""
    numbers: dict[str, str] = {}
    for place, entry in enumerate(given):
        if entry.id is not None and numbers.setdefault(entry.id, str(entry.seq)) != str(entry.seq):
            raise LineRefused(f"{_event(place)}.id", "duplicate_id", f"two entries are called {entry.id!r}")
    renamed = []
    for place, entry in enumerate(given):
        if entry.type == "corrected":
            name = entry.data["entry"]
            if name not in numbers:
                raise LineRefused(_event(place), "unknown_entry", f"there is no entry {name!r} to correct")
            entry = replace(entry, data={**entry.data, "entry": numbers[name]})
        renamed.append(entry)
    return renamed


_OF_REPORT = ("kind", "category", "region", "phase")


def _told_by_ticket(ticket: TicketLine, entries: list[Entry]) -> None:
    """Each `reported` entry says what the ticket says; LineRefused where the two differ."""
    told = {name: value for name in _OF_REPORT if (value := getattr(ticket, name)) is not None}
    kinds = 0
    for place, entry in enumerate(entries):
        if entry.type != "reported":
            continue
        data = {**told, **entry.data}
        for name, value in told.items():
            if data[name] != value:
                reason = f"the ticket says {name} {value!r}, its `reported` entry {data[name]!r}"
                raise LineRefused(_event(place), "contradiction", reason)
        kinds += "kind" in data
        entries[place] = replace(entry, data=data)
    if ticket.kind is None and not kinds:
        raise LineRefused("ticket.kind", "missing", "the kind is missing")


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
