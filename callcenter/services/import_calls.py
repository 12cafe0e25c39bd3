"""Calls from elsewhere: read strictly, stored once by their ref."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from callcenter.errors import Invalid
from callcenter.services.calls import Direction, Outcome
from callcenter.services.importing import CHUNK, LineRefused, Parties, Refs, Report, chunked
from callcenter.services.types import Line, When, past
from callcenter.settings import Settings
from callcenter.store import bulk
from callcenter.store.types import Connection


class CallLine(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A call as an import file tells it; `wait_s` wins over the timestamps, a call without queue was not offered."""

    ref: Line
    queue: Line | None = None
    caller: Line | None = None
    direction: Direction
    received_at: When
    queued_at: When | None = None
    answered_at: When | None = None
    ended_at: When | None = None
    agent: Line | None = None
    outcome: Outcome | None = None
    wait_s: Annotated[float, Meta(ge=0)] | None = None
    ticket_ref: Line | None = None


@dataclass(frozen=True, slots=True)
class JudgedCall:
    """A call that can be stored; `at` is where it stands in its line."""

    line: int
    at: str
    call: CallLine
    times: dict[str, datetime | None]


_TIMES = ("received_at", "queued_at", "answered_at", "ended_at")


def judge_call(line: int, call: CallLine, now: datetime, at: str = "") -> JudgedCall:
    """The call with its times in UTC; LineRefused where one lies in the future or before what it follows."""
    times: dict[str, datetime | None] = {}
    for name in _TIMES:
        given = getattr(call, name)
        try:
            times[name] = None if given is None else past(given, now, name)
        except (Invalid, OverflowError) as error:
            code = error.errors[0].code if isinstance(error, Invalid) else "out_of_range"
            raise LineRefused(f"{at}{name}", code, str(error)) from error
    for before, after in (("received_at", "queued_at"), ("received_at", "answered_at"), ("received_at", "ended_at"),
                          ("answered_at", "ended_at")):  # fmt: skip
        first, second = times[before], times[after]
        if first is not None and second is not None and second < first:
            raise LineRefused(f"{at}{after}", "out_of_order", f"{after} lies before {before}")
    return JudgedCall(line, at, call, times)


async def store_calls(
    conn: Connection, calls: Sequence[JudgedCall], parties: Parties, report: Report, now: datetime
) -> list[JudgedCall]:
    """The calls are stored, those already there left alone; returns the ones whose ticket is not there."""
    there = await bulk.call_refs(conn, [one.call.ref for one in calls])
    report.already_there += len(there)
    fresh = [one for one in calls if one.call.ref not in there]
    wanted = {one.call.ticket_ref for one in fresh if one.call.ticket_ref is not None}
    numbers = await bulk.tickets_of_refs(conn, wanted) if wanted else {}
    ready = [one for one in fresh if one.call.ticket_ref is None or one.call.ticket_ref in numbers]
    if ready:
        rows = await _rows(conn, ready, numbers, parties)
        added = await bulk.add_calls(conn, rows, now)
        report.count("calls", added)
        report.already_there += len(ready) - added
    return [one for one in fresh if one.call.ticket_ref is not None and one.call.ticket_ref not in numbers]


async def _rows(
    conn: Connection, calls: Sequence[JudgedCall], numbers: dict[str, int], parties: Parties
) -> list[dict[str, Any]]:
    queues = await parties.queues(conn, (one.call.queue for one in calls))
    await parties.agents(conn, (one.call.agent for one in calls))
    contacts = await parties.contacts(conn, ((None, one.call.caller) for one in calls if one.call.caller is not None))
    return [_row(one, numbers, queues, contacts, parties) for one in calls]


def _row(
    one: JudgedCall,
    numbers: dict[str, int],
    queues: dict[str, int],
    contacts: dict[tuple[int | None, str], int | None],
    parties: Parties,
) -> dict[str, Any]:
    call = one.call
    return {
        "ref": call.ref,
        "ticket": numbers[call.ticket_ref] if call.ticket_ref is not None else None,
        "queue": queues[call.queue] if call.queue is not None else None,
        "contact": contacts[None, call.caller] if call.caller is not None else None,
        "caller": (parties.phone(call.caller) or call.caller) if call.caller is not None else None,
        "caller_raw": call.caller,
        "direction": call.direction,
        **one.times,
        "wait_s": call.wait_s,
        "outcome": call.outcome,
        "agent": call.agent,
    }


def refuse_orphans(report: Report, orphans: Iterable[JudgedCall]) -> None:
    """Calls about a ticket that is nowhere are refused."""
    for one in orphans:
        reason = f"there is no ticket with the ref {one.call.ticket_ref!r}, neither stored nor in this file"
        report.refuse(one.line, LineRefused(f"{one.at}ticket_ref", "unknown_ticket", reason))


async def import_calls(
    conn: Connection,
    settings: Settings,
    lines: Iterable[tuple[int, CallLine | LineRefused]],
    now: datetime,
    *,
    dry_run: bool = False,
) -> Report:
    """The calls are stored, a transaction a chunk; a second time changes nothing."""
    report = Report(dry_run=dry_run, loaded={"calls": 0}, created={}, refused=[])
    parties, refs = Parties(settings.default_region, report, now), Refs()
    for chunk in chunked(lines, CHUNK):
        judged = [one for line, call in chunk if (one := _judged(line, call, refs, report, now)) is not None]
        if judged and dry_run:
            await check_calls(conn, judged, report)
        elif judged:
            async with conn.transaction():
                await bulk.hold(conn)
                orphans = await store_calls(conn, judged, parties, report, now)
            refuse_orphans(report, orphans)
    report.refused.sort(key=lambda refusal: refusal.line)
    return report


async def check_calls(
    conn: Connection, calls: Sequence[JudgedCall], report: Report, tickets: Refs | None = None
) -> None:
    """Counts what would be loaded; `tickets` are the refs of tickets in the same file."""
    there = await bulk.call_refs(conn, [one.call.ref for one in calls])
    fresh = [one for one in calls if one.call.ref not in there]
    wanted = {one.call.ticket_ref for one in fresh if one.call.ticket_ref is not None}
    numbers = await bulk.tickets_of_refs(conn, wanted) if wanted else {}
    orphans = [one for one in fresh if (ref := one.call.ticket_ref) is not None and ref not in numbers
               and (tickets is None or ref not in tickets)]  # fmt: skip
    report.already_there += len(there)
    report.count("calls", len(fresh) - len(orphans))
    refuse_orphans(report, orphans)


def _judged(line: int, call: CallLine | LineRefused, refs: Refs, report: Report, now: datetime) -> JudgedCall | None:
    try:
        if isinstance(call, LineRefused):
            raise call
        judged = judge_call(line, call, now)
        refs.take(call.ref, line, "ref")
    except LineRefused as why:
        report.refuse(line, why)
        return None
    return judged
