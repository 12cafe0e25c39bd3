"""The list of tickets, each with the deadline that comes next, judged now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from callcenter.rights import may
from callcenter.services import timeline
from callcenter.services.context import Context
from callcenter.services.phones import masked
from callcenter.services.tickets import TicketShown, shown
from callcenter.services.types import Actor
from callcenter.services.zones import zone_of
from callcenter.store import tickets as store
from callcenter.store import visits
from callcenter.store.types import Connection
from sla.clock import assess
from sla.interval import micros

_OPEN = ["new", "assigned", "in_progress", "waiting", "restored"]
_JOBS = [*_OPEN, "resolved"]
_STATES = [*_OPEN, "resolved", "closed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tickets: `state` is one of theirs, `open`, `jobs` or `all`; `before` ends the page before."""

    state: str = "open"
    q: str | None = None
    contract: str | None = None
    severity: int | None = None
    mine: bool = False
    before: int | None = None


class Listed(msgspec.Struct, kw_only=True):
    """A ticket of the list with its tightest open deadline."""

    ticket: TicketShown
    zone: str
    owner: str | None
    severity_name: str | None
    what: str | None
    due_at: datetime | None
    risk_at: datetime | None


class Found(msgspec.Struct, kw_only=True):
    """A page of the list; `next_before` leads to the one after it."""

    items: list[Listed]
    next_before: int | None


async def tickets(conn: Connection, context: Context, wanted: Wanted, most: int, actor: Actor, now: datetime) -> Found:
    """Tickets that pass the filters and that the actor may see, newest first."""
    rows = await store.search(conn, _filters(wanted, actor), most + 1)
    more, rows = len(rows) > most, rows[:most]
    loaded = await store.load_many(conn, context.terms, [row["number"] for row in rows])
    names = await visits.names(conn, {row["assignee"] for row in rows if row["assignee"]})
    items = []
    for row in rows:
        one, ticket = loaded[row["number"]], seen_by(shown(row), actor.role)
        severity = one.terms.severities.get(ticket.severity or 0) if one.terms else None
        what, due_at, risk_at = _tightest(one, now)
        items.append(Listed(
            ticket=ticket, zone=zone_of(one.terms, context.settings.default_region),
            owner=names.get(ticket.assignee or "", ticket.assignee), severity_name=severity.name if severity else None,
            what=what, due_at=due_at, risk_at=risk_at,
        ))  # fmt: skip
    return Found(items=items, next_before=rows[-1]["number"] if more else None)


def seen_by(ticket: TicketShown, role: str) -> TicketShown:
    """The ticket as the role may see it: who does not need telephone numbers sees their last digits."""
    if may(role, "phones.read"):
        return ticket
    return msgspec.structs.replace(ticket, caller=masked(ticket.caller))


def _filters(wanted: Wanted, actor: Actor) -> dict[str, Any]:
    filters: dict[str, Any] = {}
    if wanted.state == "open":
        filters["state"] = _OPEN
    elif wanted.state == "jobs":
        filters["state"] = _JOBS
    elif wanted.state in _STATES:
        filters["state"] = [wanted.state]
    if wanted.q:
        text = wanted.q.removeprefix("#").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        filters["q" if may(actor.role, "phones.read") else "words"] = f"%{text}%"
    given = {"contract": wanted.contract, "severity": wanted.severity, "before": wanted.before}
    filters |= {name: value for name, value in given.items() if value is not None}
    if wanted.mine:
        filters["assignee"] = actor.login
    if actor.role == "partner":
        filters["partner"] = actor.partner
    return filters


def _tightest(loaded: store.Loaded, now: datetime) -> tuple[str | None, datetime | None, datetime | None]:
    if loaded.terms is None or not loaded.entries:
        return None, None, None
    clocks = assess(loaded.terms, timeline.standing(loaded, now), micros(now))
    ticking = [(c.due_at, c.commitment, c.started_at) for c in clocks if c.due_at and c.started_at and not c.stopped_at]
    if not ticking:
        return None, None, None
    due_at, what, started = min(ticking)
    return what, due_at, started + (due_at - started) * 0.8
