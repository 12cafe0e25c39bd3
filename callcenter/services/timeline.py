"""Writing to a ticket's timeline: judged as it would then stand, then ledger, clocks and alerts in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from alerts.policy import Outcome, judge
from callcenter.errors import FieldError, Forbidden, Invalid
from callcenter.services import tickets as ticket_service
from callcenter.services.clocks import ClockShown, derive
from callcenter.services.context import Context
from callcenter.services.entries import field_pointer, refuse_long_chains, refuse_outsize
from callcenter.services.tickets import TicketShown
from callcenter.services.types import Actor
from callcenter.steady_now import SKEW_ALLOWED
from callcenter.store import alerts, mails, tickets
from callcenter.store.clocks import judged_at, stored_clocks
from callcenter.store.tickets import summarized as summarized  # others ask the timeline
from callcenter.store.types import Connection, Row
from sla.clock import assess
from sla.interval import micros
from sla.timeline import Entry, Refused, Timeline, check, read_entry


class EntryShown(msgspec.Struct, kw_only=True):
    """A timeline entry as it was written; `corrected` entries say what they mend."""

    id: str
    type: str
    occurred_at: datetime
    recorded_at: datetime
    by: str
    data: dict[str, Any]


class Recorded(msgspec.Struct, kw_only=True):
    """What came of writing to a timeline."""

    ticket: TicketShown
    entries: list[EntryShown]
    clocks: list[ClockShown]


def entry_shown(row: Row) -> EntryShown:
    """The entry of a stored row."""
    return EntryShown(
        id=str(row["seq"]),
        type=row["type"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        by=row["by"],
        data=row["data"],
    )


def standing(loaded: tickets.Loaded, now: datetime) -> Timeline:
    """The stored timeline as the pure functions take it."""
    return check(loaded.entries, loaded.terms, micros(now))


def _read(
    loaded: tickets.Loaded, given: Sequence[dict[str, Any]], many: bool, now: datetime, by: str
) -> tuple[list[Entry], Timeline]:
    """The new entries and the timeline with them; a refusal names the entry."""
    moment = micros(now)
    added: list[Entry] = []
    places: list[int] = []  # which of the given entries each added one comes from
    first = len(loaded.entries) + 1
    place = 0
    try:
        for place, data in enumerate(given):
            entry = read_entry(data, default_at=moment, seq=first + len(added))
            refuse_outsize(entry)
            added.append(replace(entry, recorded_at=moment, by=by, id=str(entry.seq)))
            if entry.type == "followed_up" and entry.data.get("solved") is False:
                added.append(_reopened(entry, first + len(added), moment, by))
            places += [place] * (len(added) - len(places))
        whole = [*loaded.entries, *added]
        refuse_long_chains(whole)
        return added, check(whole, loaded.terms, moment)
    except Refused as refused:
        new = -1 if refused.index is None else refused.index - len(loaded.entries)
        where = field_pointer(refused, places[new] if 0 <= new < len(places) else place, many)
        raise Invalid(refused.message, (FieldError(where, refused.code, refused.message),)) from refused


def _reopened(entry: Entry, seq: int, now: int, by: str) -> Entry:
    """A follow-up that finds the fault unsolved reopens the ticket at the same instant."""
    data = {"reason": "not solved at follow-up"}
    return Entry(type="reopened", at=entry.at, seq=seq, recorded_at=now, by=by, data=data, id=str(seq))


_NOT_OUTSIDE = ("assigned", "corrected", "graded")


async def record(
    conn: Connection, context: Context, number: int, given: dict[str, Any] | Sequence[dict[str, Any]], actor: Actor
) -> Recorded:
    """The entry, or entries judged together, are on the timeline; ticket and clocks follow. Refused: nothing is."""
    many = not isinstance(given, dict)
    entries: Sequence[dict[str, Any]] = [given] if isinstance(given, dict) else given
    async with conn.transaction():
        loaded = await ticket_service.found(conn, context, number, actor, lock=True)
        now = await _moment(conn, context, loaded.row)
        if actor.role == "partner" and any(one.get("type") in _NOT_OUTSIDE for one in entries):
            raise Forbidden("an outside engineer cannot assign, grade or correct")
        added, timeline = _read(loaded, entries, many, now, actor.name)
        head = await tickets.append(conn, number, loaded.row["head"], added, now, actor.name)
        await _follow(conn, context, loaded, timeline, now, entries=len(loaded.entries) + len(added), head=head)
        await _tell_sent(conn, number, added, actor.login or actor.name, now)
        row = await tickets.get(conn, number)
        written = await tickets.entries_of(conn, number)
    return Recorded(
        ticket=ticket_service.shown(row),
        entries=[entry_shown(entry) for entry in written[len(loaded.entries) :]],
        clocks=derive(loaded.terms, timeline, now),
    )


async def _tell_sent(conn: Connection, number: int, added: Sequence[Entry], by: str, now: datetime) -> None:
    """Whoever these entries send to the customer is written to, but for who wrote them."""
    for entry in added:
        who = entry.data.get("who")
        if entry.type == "dispatched" and isinstance(who, str) and who != by:
            await mails.enqueue_job(conn, number, entry.seq, who, now)


async def _moment(conn: Connection, context: Context, row: Row) -> datetime:
    """Now, read after the lock: whoever held it before could not have known of what is written now.

    Hosts whose clocks agree only so far must not write before what another one has judged already.
    """
    now, judged = context.now(), max(row["updated_at"], await judged_at(conn, row["number"]) or row["updated_at"])
    return judged if now < judged <= now + 2 * SKEW_ALLOWED else now


async def recompute(conn: Connection, context: Context, number: int, now: datetime) -> None:
    """Ticket and clocks say again what the timeline says; needed when the terms changed, not the entries."""
    loaded = await tickets.load(conn, context.terms, number, lock=True)
    assert loaded is not None, "the caller holds the ticket"
    entries, head = loaded.row["entries"], loaded.row["head"]
    await _follow(conn, context, loaded, standing(loaded, now), now, entries=entries, head=head)


async def _follow(
    conn: Connection,
    context: Context,
    loaded: tickets.Loaded,
    timeline: Timeline,
    now: datetime,
    *,
    entries: int,
    head: bytes,
) -> None:
    """Stores what the timeline now says: the ticket's summary, its clocks, and what that means for its alerts."""
    at, number = micros(now), loaded.row["number"]
    summary = summarized(timeline, at)
    await tickets.summarize(conn, number, {**summary, "entries": entries, "head": head, "now": now})
    if loaded.terms is None:
        return
    stored = {(row.commitment, row.cycle): row for row in await stored_clocks(conn, number)}
    known = await alerts.of_ticket(conn, number)
    roster = await context.rosters.current(conn, now)
    fresh = {(clock.commitment, clock.cycle): clock for clock in assess(loaded.terms, timeline, at)}
    # a clock that an imported ticket comes to have later is as silent about the past as those it came with
    ladder_from = max([summary["reported_at"], *([min(row.ladder_from for row in stored.values())] if stored else [])])
    outcomes: list[Outcome] = []
    for key in [*fresh, *(key for key in stored if key not in fresh)]:
        row = stored.get(key)
        past = known.get(row.id, ()) if row else ()
        outcomes.append(judge(loaded.terms, timeline, row, fresh.get(key), past, now, ladder_from, roster))
    await alerts.save_outcomes(conn, number, loaded.row["contract"], outcomes, now)
