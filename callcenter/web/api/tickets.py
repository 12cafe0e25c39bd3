"""Tickets, their timelines and clocks."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from callcenter.errors import Invalid
from callcenter.rights import may
from callcenter.services import calls as call_service
from callcenter.services import joining, new_ticket, timeline
from callcenter.services import tickets as service
from callcenter.services.calls import CallShown
from callcenter.services.clocks import ClockShown, derive
from callcenter.services.new_ticket import Opened, OpenTicket
from callcenter.services.phones import masked
from callcenter.services.tickets import ChangeTicket, TicketShown, TicketState
from callcenter.services.timeline import EntryShown, Recorded
from callcenter.services.types import Id, Severity, Text, When, any_time
from callcenter.store import calls as call_store
from callcenter.store import tickets as store
from callcenter.web.api.paging import Cursor, Limit, Page, after, cut
from callcenter.web.route import Answer, Asked, Route
from sla.entry import TYPES

_PLAIN = Annotated[str, Meta(max_length=300, pattern="^[^\\x00]*$")]


class TicketsQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which tickets; `state` may name several, separated by commas, or `open`."""

    state: _PLAIN | None = None
    severity: Severity | None = None
    contract: _PLAIN | None = None
    assignee: _PLAIN | None = None
    account: Id | None = None
    due_before: When | None = None
    ref: _PLAIN | None = None
    q: _PLAIN | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


_Word = str | int


class EntryGiven(msgspec.Struct, kw_only=True):
    """A timeline entry; which of these it may carry depends on its type (see the page on clocks)."""

    type: Literal[tuple(sorted(TYPES))]  # type: ignore[valid-type]  # the closed table itself
    occurred_at: When | None = None
    text: _Word | None = None
    reason: _Word | None = None
    who: _Word | None = None
    to: _Word | None = None
    channel: _Word | None = None
    kind: _Word | None = None
    category: _Word | None = None
    region: _Word | None = None
    phase: _Word | None = None
    severity: int | None = None
    until: When | None = None
    outcome: _Word | None = None
    tier: _Word | None = None
    vendor: _Word | None = None
    reference: _Word | None = None
    serial: _Word | None = None
    what: _Word | None = None
    commitment: _Word | None = None
    solved: bool | None = None
    score: float | None = None
    reached: bool | None = None
    entry: _Word | None = None
    void: bool | None = None


Entries = Annotated[list[EntryGiven], Meta(min_length=1, max_length=500)]


class Timeline(msgspec.Struct, kw_only=True):
    """A ticket's timeline in recorded order."""

    items: list[EntryShown]


class Clocks(msgspec.Struct, kw_only=True):
    """A ticket's clocks at an instant."""

    ticket: int
    at: datetime
    clocks: list[ClockShown]


class ClocksQuery(msgspec.Struct, forbid_unknown_fields=True):
    """When to look."""

    at: When | None = None


class TicketCalls(msgspec.Struct, kw_only=True):
    """The calls about a ticket."""

    items: list[CallShown]


class Merge(msgspec.Struct, forbid_unknown_fields=True):
    """The ticket that goes on."""

    into: Id
    reason: Text = ""


class Link(msgspec.Struct, forbid_unknown_fields=True):
    """Another ticket, and what it is to this one."""

    ticket: Id
    kind: joining.LinkKind = "related"


def _seen(ticket: TicketShown, role: str) -> TicketShown:
    return ticket if may(role, "phones.read") else msgspec.structs.replace(ticket, caller=masked(ticket.caller))


async def open_one(asked: Asked) -> Answer:
    """Opens a ticket that no call opened."""
    opened = await new_ticket.open_without_call(asked.asking, asked.context, asked.body, asked.actor, asked.now)
    return Answer(opened, location=f"/api/v1/tickets/{opened.ticket.number}", version=opened.ticket.version)


_OPEN = ["new", "assigned", "in_progress", "waiting", "restored", "resolved"]


def _states(text: str) -> list[str]:
    known = TicketState.__args__  # type: ignore[attr-defined]  # a Literal
    states = _OPEN if text == "open" else text.split(",")
    for state in states:
        if state not in known:
            raise Invalid.field("?state", "unknown_state", f"no state {state!r}; there are open, {', '.join(known)}")
    return states


async def listing(asked: Asked) -> Any:
    """Tickets, newest first."""
    query: TicketsQuery = asked.query
    names = ("severity", "contract", "assignee", "account", "ref")
    filters: dict[str, Any] = {name: getattr(query, name) for name in names if getattr(query, name) is not None}
    if query.state is not None:
        filters["state"] = _states(query.state)
    if query.due_before is not None:
        filters["due_before"] = any_time(query.due_before, "?due_before")
    if query.q:
        escaped = query.q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        # who may not see numbers may not feel for them digit by digit either
        filters["q" if may(asked.actor.role, "phones.read") else "words"] = f"%{escaped}%"
    if query.cursor is not None:
        filters["before"] = after(query.cursor, 0)
    if asked.actor.role == "partner":
        filters["partner"] = asked.actor.partner
    rows = await store.search(asked.conn, filters, query.limit + 1)
    shown = [_seen(service.shown(row), asked.actor.role) for row in rows]
    return cut(shown, query.limit, lambda ticket: ticket.number)


async def read(asked: Asked) -> TicketShown:
    """One ticket."""
    loaded = await service.found(asked.conn, asked.context, asked.number, asked.actor)
    return _seen(service.shown(loaded.row), asked.actor.role)


async def change(asked: Asked) -> TicketShown:
    """Changes a ticket."""
    assert asked.if_match is not None, "the route asks for If-Match"
    return await service.change(
        asked.conn, asked.context, asked.number, asked.body, asked.actor, asked.if_match, asked.now
    )


async def write(asked: Asked) -> Answer:
    """Writes to the timeline."""
    if isinstance(asked.body, list) and not 1 <= len(asked.body) <= _AT_ONCE:
        raise Invalid.field("", "bad_length", f"send 1 to {_AT_ONCE} entries at once")
    recorded = await timeline.record(asked.conn, asked.context, asked.number, asked.body, asked.actor)
    seen = msgspec.structs.replace(recorded, ticket=_seen(recorded.ticket, asked.actor.role))
    return Answer(seen, version=recorded.ticket.version)


_AT_ONCE = 500


async def entries(asked: Asked) -> Timeline:
    """The timeline."""
    await service.found(asked.conn, asked.context, asked.number, asked.actor)
    rows = await store.entries_of(asked.conn, asked.number)
    return Timeline(items=[timeline.entry_shown(row) for row in rows])


async def clocks(asked: Asked) -> Clocks:
    """The clocks with their derivation."""
    at = any_time(asked.query.at, "?at") if asked.query.at else asked.now
    loaded = await service.found(asked.conn, asked.context, asked.number, asked.actor)
    shown = derive(loaded.terms, timeline.standing(loaded, asked.now), at)
    return Clocks(ticket=asked.number, at=at, clocks=shown)


async def calls(asked: Asked) -> TicketCalls:
    """The calls about a ticket."""
    await service.found(asked.conn, asked.context, asked.number, asked.actor)
    rows = await call_store.of_ticket(asked.conn, asked.number)
    return TicketCalls(items=[call_service.seen_by(call_service.call_shown(row), asked.actor.role) for row in rows])


async def merge(asked: Asked) -> TicketShown:
    """Joins a ticket into another."""
    return await joining.merge(asked.conn, asked.context, asked.number, asked.body.into, asked.body.reason, asked.actor)


async def link(asked: Asked) -> joining.Links:
    """Links two tickets."""
    body: Link = asked.body
    return await joining.link(asked.conn, asked.context, asked.number, body.ticket, body.kind, asked.actor, asked.now)


async def links(asked: Asked) -> joining.Links:
    """Links of a ticket."""
    await service.found(asked.conn, asked.context, asked.number, asked.actor)
    return await joining.links(asked.conn, asked.number)


_ONE = "/api/v1/tickets/{number}"
ROUTES = [
    Route(
        "POST",
        "/api/v1/tickets",
        open_one,
        "tickets.open",
        "Open a ticket that no call opened",
        Opened,
        body=OpenTicket,
        status=201,
        shares=True,
    ),
    Route(
        "GET",
        "/api/v1/tickets",
        listing,
        "tickets.read",
        "List tickets, newest first",
        Page[TicketShown],
        query=TicketsQuery,
    ),
    Route("GET", _ONE, read, "tickets.read", "Read a ticket", TicketShown),
    Route("PATCH", _ONE, change, "tickets.change", "Change a ticket", TicketShown, body=ChangeTicket, changes=True),
    Route(
        "POST",
        f"{_ONE}/events",
        write,
        "entries.write",
        "Write to the timeline: one entry, or several judged together",
        Recorded,
        body=dict[str, Any] | list[dict[str, Any]],
        body_shown=EntryGiven | Entries,
        status=201,
    ),
    Route("GET", f"{_ONE}/events", entries, "tickets.read", "Read the timeline", Timeline),
    Route(
        "GET",
        f"{_ONE}/clocks",
        clocks,
        "tickets.read",
        "Read the clocks and why they stand so",
        Clocks,
        query=ClocksQuery,
    ),
    Route("GET", f"{_ONE}/calls", calls, "calls.read", "List the calls about a ticket", TicketCalls),
    Route("POST", f"{_ONE}/merge", merge, "tickets.change", "Join a ticket into another", TicketShown, body=Merge),
    Route("POST", f"{_ONE}/link", link, "tickets.change", "Link two tickets", joining.Links, body=Link),
    Route("GET", f"{_ONE}/links", links, "tickets.read", "List the links of a ticket", joining.Links),
]
