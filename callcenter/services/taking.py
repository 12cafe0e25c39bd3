"""Saving what an agent took down with a caller on the line: call, ticket, promises made, all or nothing, and once."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from callcenter.errors import Conflict, FieldError, Invalid, NotFound
from callcenter.services import calls as call_service
from callcenter.services import new_ticket, resources, timeline
from callcenter.services import tickets as ticket_service
from callcenter.services.calls import LogCall
from callcenter.services.clocks import ClockShown, derive
from callcenter.services.context import Context
from callcenter.services.desk import Desk, Pick, desk
from callcenter.services.new_ticket import CallTicket, OpenTicket
from callcenter.services.resources import RESOURCES, Contact
from callcenter.services.tickets import ChangeTicket, TicketShown
from callcenter.services.types import Actor, Id, Line, Phone, Severity, Text, When
from callcenter.store import calls, cti, drafts, events, tickets
from callcenter.store.types import Connection, Row
from sla.contract import Contract

FORM = "log"
_TITLE = 120
# A tab may have been open all shift; one that says more than this is not believed.
_LONGEST = timedelta(hours=14)


class Taken(msgspec.Struct, kw_only=True):
    """The form as it was filled in."""

    draft: UUID
    call: Id | None = None
    phone: Phone | None = None
    contact: Id | None = None
    account: Id | None = None
    site: Id | None = None
    asset: Id | None = None
    contract: Line | None = None
    attach: Line | None = None
    into: Id | None = None
    kind: Line = "fault"
    what: Text = ""
    facts: dict[Line, Line] = {}
    region: Line | None = None
    severity: Severity | None = None
    severity_reason: Text | None = None
    visit: Literal["yes", "no"] | None = None
    visit_reason: Text | None = None
    promised: Line | None = None
    promised_until: When | None = None
    coverage: Line | None = None
    started_at: When | None = None
    reported_at: When | None = None
    reported_reason: Text | None = None


class Saved(msgspec.Struct, kw_only=True):
    """What came of saving: the call, and the ticket with its clocks."""

    call: int
    ticket: TicketShown
    clocks: list[ClockShown]
    opened: bool
    timezone: str = "UTC"


async def save(conn: Connection, context: Context, taken: Taken, actor: Actor, now: datetime) -> Saved:
    """Call and ticket are stored with everything said; the same draft a second time changes nothing."""
    async with conn.transaction():
        claimed = await drafts.claim(conn, taken.draft, actor.login or actor.name, FORM, now)
        if claimed is None:
            raise NotFound("this draft is somebody else's")
        if claimed["saved"] is not None:
            return await _again(conn, context, claimed["saved"], actor, now)
        _complete(taken)
        call = await _ringing(conn, taken)
        known = await desk(conn, context, _pick(taken), now)
        contact = await _attached(conn, context, taken, known, actor, now)
        saved = await _stored(conn, context, taken, known, contact, call, actor, now)
        entries = _entries(taken, saved.opened)
        if taken.promised:
            terms = (await ticket_service.found(conn, context, saved.ticket.number, actor)).terms
            entries[-1] |= _clocked(terms, saved.ticket)
        if entries:
            await timeline.record(conn, context, saved.ticket.number, entries, actor)
        came = {"call": saved.call, "ticket": saved.ticket.number, "opened": saved.opened}
        await drafts.finish(conn, taken.draft, came, now)
        return await _again(conn, context, came, actor, now)


def _pick(taken: Taken) -> Pick:
    return Pick(
        phone=taken.phone, contact=taken.contact, account=taken.account, asset=taken.asset, site=taken.site,
        contract=taken.contract,
    )  # fmt: skip


def _complete(taken: Taken) -> None:
    """Raises Invalid naming every answer that is missing."""
    wrong = []
    if not taken.what.strip():
        wrong.append(FieldError("/what", "missing", "what did the caller say?"))
    if taken.visit == "no" and not taken.visit_reason:
        wrong.append(FieldError("/visit_reason", "missing", "why does nobody go there?"))
    if taken.promised and taken.promised_until is None:
        wrong.append(FieldError("/promised_until", "missing", "until when was it promised?"))
    if taken.promised_until and not taken.promised:
        wrong.append(FieldError("/promised", "missing", "what was promised?"))
    if taken.reported_at and not taken.reported_reason:
        wrong.append(FieldError("/reported_reason", "missing", "why is the time corrected?"))
    if wrong:
        raise Invalid(wrong[0].detail, tuple(wrong))


async def _ringing(conn: Connection, taken: Taken) -> Row | None:
    """The telephone's own row of this call, held; Conflict where somebody logged it before."""
    if taken.call is None:
        return None
    row = await cti.held(conn, taken.call)
    if row is None:
        raise NotFound(f"no call {taken.call}")
    if row["ticket"] is not None:
        detail = f"{row['agent'] or 'somebody'} has logged this call into ticket {row['ticket']} already"
        raise Conflict(detail, (FieldError("/call", "logged", detail),))
    return row


async def _attached(
    conn: Connection, context: Context, taken: Taken, known: Desk, actor: Actor, now: datetime
) -> int | None:
    """The contact the call is from: the one picked, or one made now for the number nobody had."""
    if not known.attachable or not taken.attach:
        return known.contact.id if known.contact else None
    assert known.card.account is not None, "a number is attached to a customer"
    contact = Contact(
        name=taken.attach, account=known.card.account.id, site=known.site.id if known.site else None,
        phone=taken.phone,
    )  # fmt: skip
    added: int = (await resources.add(conn, RESOURCES["contacts"], contact, context.settings, actor, now)).id
    return added


def _times(taken: Taken, call: Row | None, now: datetime) -> tuple[datetime, datetime]:
    """When the call came and when it was answered."""
    if call is not None:
        return call["received_at"], call["answered_at"] or call["received_at"]
    started = taken.started_at or now
    if not now - _LONGEST < started <= now:
        started = now
    return started, started


async def _stored(
    conn: Connection, context: Context, taken: Taken, known: Desk, contact: int | None, call: Row | None,
    actor: Actor, now: datetime,
) -> Saved:  # fmt: skip
    received, answered = _times(taken, call, now)
    if taken.into is not None:
        return await _into(conn, context, taken, call, answered, actor, now)
    wanted = _wanted(taken, known, contact)
    if call is None and taken.reported_at is None:
        command = LogCall(
            caller=taken.phone, received_at=received, answered_at=answered, ended_at=now, summary=taken.what,
            ticket=CallTicket(**wanted),
        )  # fmt: skip
        logged = await call_service.log_call(conn, context, command, actor, now)
        assert logged.ticket is not None, "a title opens one"
        ticket, clocks, number = logged.ticket, logged.clocks, logged.call.id
    else:
        reported = taken.reported_at or received
        opened = await new_ticket.open_without_call(
            conn, context, OpenTicket(channel="phone", caller=taken.phone, reported_at=reported, **wanted), actor, now
        )
        ticket, clocks = opened.ticket, opened.clocks
        number = await _belongs(conn, context, taken, call, ticket.number, answered, actor, now)
    await _place(conn, context, ticket, known, contact, actor, now)
    return Saved(call=number, ticket=ticket, clocks=clocks, opened=True)


def _wanted(taken: Taken, known: Desk, contact: int | None) -> dict[str, Any]:
    title = " ".join(taken.what.split())
    region = taken.region or known.region
    return {
        "title": title if len(title) <= _TITLE else title[: _TITLE - 1] + "…",
        "description": taken.what if taken.what.strip() != title or len(title) > _TITLE else None,
        "contract": taken.contract or (known.cover.code if known.cover else None),
        "contact": contact,
        "asset": taken.asset,
        "kind": taken.kind,
        "facts": taken.facts or None,
        "region": region if known.cover and region in known.cover.terms.regions else None,
        "severity": taken.severity,
        "severity_reason": taken.severity_reason,
    }


async def _into(
    conn: Connection, context: Context, taken: Taken, call: Row | None, answered: datetime, actor: Actor, now: datetime
) -> Saved:
    """The call belongs to a ticket that was open already."""
    assert taken.into is not None
    try:
        loaded = await ticket_service.found(conn, context, taken.into, actor)
    except NotFound as missing:
        raise Invalid.field("/into", "unknown_ticket", missing.detail) from missing
    number = await _belongs(conn, context, taken, call, taken.into, answered, actor, now)
    return Saved(call=number, ticket=ticket_service.shown(loaded.row), clocks=[], opened=False)


async def _belongs(
    conn: Connection, context: Context, taken: Taken, call: Row | None, ticket: int, answered: datetime,
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """The call is written, or the telephone's row completed, and belongs to the ticket; gives its id."""
    if call is None:
        command = LogCall(
            caller=taken.phone, received_at=answered, answered_at=answered, ended_at=now, summary=taken.what,
            ticket=CallTicket(number=ticket),
        )  # fmt: skip
        return (await call_service.log_call(conn, context, command, actor, now)).call.id
    taken_at = call["answered_at"] or now
    agent = call["agent"] or actor.login or actor.name
    values = {"answered_at": taken_at, "ended_at": call["ended_at"], "outcome": "answered", "agent": agent}
    await calls.change(conn, call["id"], {**values, "summary": taken.what}, now)
    await calls.move(conn, call["id"], ticket)
    await events.add(conn, "logged", ticket, {"call": call["id"]}, now)
    found: int = call["id"]
    return found


async def _place(
    conn: Connection, context: Context, ticket: TicketShown, known: Desk, contact: int | None, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Customer and site are those picked, also where neither number nor contract led to them."""
    account = known.card.account.id if known.card.account else None
    site = known.site.id if known.site else None
    if (account, site) in ((ticket.account, ticket.site), (None, None)):
        return
    change = ChangeTicket(account=account, site=site, contact=contact)
    await ticket_service.change(conn, context, ticket.number, change, actor, ticket.version, now)


def _entries(taken: Taken, opened: bool) -> list[dict[str, Any]]:
    """What was said besides: coverage read out, a promise made, a visit agreed or refused, a time corrected."""
    found: list[dict[str, Any]] = []
    if opened and taken.coverage:
        found.append({"type": "noted", "text": taken.coverage, "reason": "coverage read out to the caller"})
    if taken.reported_at is not None:
        found.append({"type": "noted", "text": "report time corrected", "reason": taken.reported_reason})
    if taken.visit == "yes":
        found.append({"type": "visit_requested", "text": "agreed with the caller"})
    if taken.visit == "no":
        found.append({"type": "noted", "text": "no visit", "reason": taken.visit_reason})
    if taken.promised and taken.promised_until:
        until = taken.promised_until.isoformat()
        found.append({"type": "promised", "what": taken.promised, "until": until})
    return found


def _clocked(terms: Contract | None, ticket: TicketShown) -> dict[str, str]:
    """Names the commitment whose instant is agreed upon, where the contract has one: the promise gets its clock."""
    for one in terms.commitments if terms else ():
        figure = one.within.figure(ticket.severity, ticket.region, ticket.category)
        if figure is not None and figure.kind == "agreed" and one.fits(ticket.kind, ticket.category, ticket.phase):
            return {"commitment": one.name}
    return {}


async def _again(conn: Connection, context: Context, came: dict[str, Any], actor: Actor, now: datetime) -> Saved:
    """What was saved, as it stands now."""
    loaded = await ticket_service.found(conn, context, came["ticket"], actor)
    clocks = derive(loaded.terms, timeline.standing(loaded, now), now)
    row = await tickets.get(conn, came["ticket"])
    zone = loaded.terms.timezone if loaded.terms else "UTC"
    return Saved(
        call=came["call"], ticket=ticket_service.shown(row), clocks=clocks, opened=came["opened"], timezone=zone
    )
