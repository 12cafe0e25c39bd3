"""Logging a call: the call itself, and in the same transaction the ticket it opens or belongs to."""

from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime
from typing import Any, Literal

import msgspec
from asyncpg import Pool

from callcenter.errors import Invalid, NotFound
from callcenter.rights import may
from callcenter.services import tickets as ticket_service
from callcenter.services import timeline
from callcenter.services.clocks import ClockShown, derive
from callcenter.services.context import Context
from callcenter.services.new_ticket import CallTicket, Opening, open_new
from callcenter.services.phones import e164, masked
from callcenter.services.tickets import TicketShown
from callcenter.services.types import Actor, Line, Phone, Text, When, past
from callcenter.store import calls, tickets
from callcenter.store.types import Asking, Connection, Row

Direction = Literal["in", "out"]
Outcome = Literal["answered", "abandoned", "missed", "overflow", "busy", "failed", "voicemail", "callback"]


class LogCall(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A call as it is logged; times left out are filled in by the service."""

    caller: Phone | None = None
    called: Phone | None = None
    queue: Line | None = None
    direction: Direction = "in"
    received_at: When | None = None
    answered_at: When | None = None
    ended_at: When | None = None
    outcome: Outcome | None = None
    agent: Line | None = None
    summary: Text | None = None
    ticket: CallTicket | None = None


class CallShown(msgspec.Struct, kw_only=True):
    """A logged call."""

    id: int
    ticket: int | None
    queue: str | None
    contact: int | None
    caller: str | None
    caller_raw: str | None
    called: str | None
    direction: str
    received_at: datetime
    queued_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    wait_s: float | None
    outcome: str | None
    agent: str | None
    summary: str | None


class Logged(msgspec.Struct, kw_only=True):
    """What came of logging a call."""

    call: CallShown
    ticket: TicketShown | None
    clocks: list[ClockShown]


_CALL_COLUMNS = [name for name in CallShown.__struct_fields__ if name != "queue"]


def call_shown(row: Row) -> CallShown:
    """The call of a stored row."""
    return CallShown(queue=row["queue_name"], **{name: row[name] for name in _CALL_COLUMNS})


def seen_by(call: CallShown, role: str) -> CallShown:
    """The call as the role may see it: telephone numbers are hidden from those who do not need them."""
    if may(role, "phones.read"):
        return call
    hidden = {name: masked(getattr(call, name)) for name in ("caller", "caller_raw", "called")}
    return msgspec.structs.replace(call, **hidden)


def _times(command: LogCall, now: datetime) -> dict[str, datetime | None]:
    """The call's instants in UTC; out of order or in the future they are refused."""
    answered = past(command.answered_at, now, "/answered_at") if command.answered_at else None
    ended = past(command.ended_at, now, "/ended_at") if command.ended_at else None
    # a call whose ringing nobody noted came in when it was answered, or when it ended
    received = past(command.received_at, now, "/received_at") if command.received_at else answered or ended or now
    if answered and answered < received:
        raise Invalid.field("/answered_at", "before_received", "a call is answered after it was received")
    if ended and ended < (answered or received):
        raise Invalid.field("/ended_at", "before_start", "a call ends after it began")
    return {"received_at": received, "answered_at": answered, "ended_at": ended}


def _call_values(
    command: LogCall, times: dict[str, datetime | None], phone: str | None, actor: Actor
) -> dict[str, Any]:
    received, answered = times["received_at"], times["answered_at"]
    return {
        **times,
        "caller": phone or command.caller,
        "caller_raw": command.caller,
        "called": command.called,
        "direction": command.direction,
        "wait_s": (answered - received).total_seconds() if answered and received else None,
        "outcome": command.outcome or ("answered" if answered else None),
        "agent": command.agent or (actor.login if answered else None),
        "summary": command.summary,
    }


async def log_call(conn: Asking, context: Context, command: LogCall, actor: Actor, now: datetime) -> Logged:
    """The call is stored, and with it the ticket it opens, its first entries and its clocks.

    Given the pool, statements that others send at the same moment go together with theirs.
    """
    times = _times(command, now)
    phone = e164(command.caller, context.settings.default_region) if command.caller else None
    wanted = command.ticket
    values = _call_values(command, times, phone, actor)
    if wanted is None or wanted.number is not None:
        async with _held(conn) as own:
            return await _log_bare(own, context, command, values, actor, now)
    if wanted.title is None:
        raise Invalid.field("/ticket/title", "missing", "a new ticket needs a title, an old one its number")
    opening = Opening(wanted, times["received_at"] or now, "phone", values["caller"], "/ticket")
    call, ticket, clocks = await open_new(conn, context, opening, values, command.queue, actor, now)
    return Logged(call=_new_call(call, values, command.queue, ticket), ticket=ticket, clocks=clocks)


def _held(conn: Asking) -> AbstractAsyncContextManager[Connection]:
    return conn.acquire(timeout=10) if isinstance(conn, Pool) else nullcontext(conn)


def _new_call(call: int | None, values: dict[str, Any], queue: str | None, ticket: TicketShown) -> CallShown:
    assert call is not None, "a call was written"
    return CallShown(id=call, ticket=ticket.number, queue=queue, contact=ticket.contact, queued_at=None, **values)


async def _log_bare(
    conn: Connection, context: Context, command: LogCall, values: dict[str, Any], actor: Actor, now: datetime
) -> Logged:
    """A call that opens no ticket: it may belong to one, or to none yet."""
    number = command.ticket.number if command.ticket else None
    async with conn.transaction():
        if number is not None:
            await _exists(conn, context, number, actor)
        known = await tickets.resolve_caller(conn, phone=values["caller"])
        queue = await calls.ensure_queue(conn, command.queue, now) if command.queue else None
        call = await calls.add(
            conn, {**values, "ticket": number, "queue": queue, "contact": known, "queued_at": None, "now": now}
        )
        row = await calls.get(conn, call)
        if number is None:
            return Logged(call=call_shown(row), ticket=None, clocks=[])
        loaded = await ticket_service.found(conn, context, number, actor)
    clocks = derive(loaded.terms, timeline.standing(loaded, now), now)
    return Logged(call=call_shown(row), ticket=ticket_service.shown(loaded.row), clocks=clocks)


async def _exists(conn: Connection, context: Context, number: int, actor: Actor) -> None:
    try:
        await ticket_service.found(conn, context, number, actor)
    except NotFound as missing:
        raise Invalid.field("/ticket/number", "unknown_ticket", str(missing)) from missing


async def move(conn: Connection, context: Context, call: int, number: int | None, actor: Actor) -> CallShown:
    """The call belongs to another ticket afterwards, or to none."""
    async with conn.transaction():
        row = await calls.get(conn, call)
        if row is None:
            raise NotFound(f"no call {call}")
        if number is not None:
            await ticket_service.found(conn, context, number, actor)
        await calls.move(conn, call, number)
        return call_shown(await calls.get(conn, call))
