"""A ticket with everything about it, as it stands at one instant: what its page and its papers show."""

from datetime import datetime
from typing import Any

import msgspec

from callcenter.services import calls as call_service
from callcenter.services import files as file_service
from callcenter.services import joining, timeline, visits
from callcenter.services import tickets as ticket_service
from callcenter.services.alerts import AlertShown
from callcenter.services.alerts import listing as alerts_of
from callcenter.services.calls import CallShown, call_shown
from callcenter.services.clocks import ClockShown, derive
from callcenter.services.context import Context
from callcenter.services.files import FileShown
from callcenter.services.joining import LinkShown
from callcenter.services.listing import seen_by
from callcenter.services.spoken import Spoken, promises
from callcenter.services.tickets import TicketShown
from callcenter.services.types import Actor
from callcenter.services.visits import Effort, Unit
from callcenter.services.zones import zone_of
from callcenter.store import calls as call_store
from callcenter.store import mails
from callcenter.store import visits as visit_store
from callcenter.store.types import Connection, Row
from sla.contract import Contract
from sla.entry import Entry
from sla.interval import SECOND, instant, read_instant
from sla.timeline import Timeline

# Written down later than this after it happened, an entry is marked.
_LATE_S = 120


class Line(msgspec.Struct, kw_only=True):
    """An entry as people see it: as it was written, with the correction that counts, if any."""

    id: str
    type: str
    at: datetime
    recorded_at: datetime
    by: str
    data: dict[str, Any]
    late_s: float
    until: datetime | None = None
    void: bool = False
    moved_to: datetime | None = None
    because: str | None = None
    corrected_by: str | None = None


class Coverage(msgspec.Struct, kw_only=True):
    """What the customer was told about who pays; `asked` is a change somebody else has to agree to."""

    told: str | None
    told_by: str | None
    asked: str | None
    asked_by: str | None
    evidence: str | None


class Case(msgspec.Struct, kw_only=True):
    """A ticket and everything about it; `terms` are those it is pinned to, instants are told in `zone`."""

    ticket: TicketShown
    entries: int
    terms: Contract | None
    zone: str
    clocks: list[ClockShown]
    lines: list[Line]
    calls: list[CallShown]
    files: list[FileShown]
    links: list[LinkShown]
    alerts: list[AlertShown]
    promises: list[Spoken]
    effort: Effort
    away: list[Unit]
    coverage: Coverage
    visit_called_for: bool
    types: frozenset[str]
    names: dict[str, str]
    messages: dict[str, Row]  # by entry: the mail to whoever it sends, its state and the reason of a failure
    asset: Row | None
    contact: Row | None
    site: Row | None


async def look(conn: Connection, context: Context, number: int, actor: Actor, now: datetime) -> Case:
    """The whole case; NotFound where there is none or the actor may not see it."""
    loaded = await ticket_service.found(conn, context, number, actor)
    standing = timeline.standing(loaded, now)
    ticket = seen_by(ticket_service.shown(loaded.row), actor.role)
    spoken = [call_service.seen_by(call_shown(row), actor.role) for row in await call_store.of_ticket(conn, number)]
    lines = _lines(standing)
    people = {line.by for line in lines} | {str(line.data.get(n)) for line in lines for n in ("to", "who")}
    return Case(
        ticket=ticket,
        entries=len(loaded.entries),
        terms=loaded.terms,
        zone=zone_of(loaded.terms, context.settings.default_region),
        clocks=derive(loaded.terms, standing, now),
        lines=lines,
        calls=spoken,
        files=(await file_service.listing(conn, context, number, actor)).items,
        links=(await joining.links(conn, number)).items,
        alerts=await alerts_of(conn, {"ticket": number}, 50, actor),
        promises=promises(standing, now),
        effort=visits.effort(standing, spoken, now),
        away=visits.custody(standing, now),
        coverage=coverage(standing),
        visit_called_for=visits.visit_called_for(standing, spoken, ticket.state, now),
        types=frozenset(entry.type for entry in standing.entries),
        names=await visit_store.names(conn, people | {ticket.assignee or ""} | {c.agent or "" for c in spoken}),
        messages={str(row["entry"]): row for row in await mails.of_ticket(conn, number)},
        asset=await visit_store.asset(conn, ticket.asset),
        contact=await visit_store.contact(conn, ticket.contact),
        site=await visit_store.site(conn, ticket.site),
    )


def _lines(standing: Timeline) -> list[Line]:
    """The entries people read, newest first; a correction is told with what it mends."""
    mended = _corrections(standing)
    lines = [_line(entry, mended.get(entry.id or "")) for entry in standing.seen if entry.type != "corrected"]
    return sorted(lines, key=lambda line: (line.moved_to or line.at, int(line.id)), reverse=True)


def _corrections(standing: Timeline) -> dict[str, Entry]:
    """The correction that counts for each corrected entry, by that entry's id."""
    counted = {entry.seq for entry in standing.entries}
    found: dict[str, Entry] = {}
    for entry in sorted(standing.seen, key=lambda one: (one.at, one.seq)):
        if entry.type == "corrected" and entry.seq in counted:
            found[entry.data["entry"]] = entry
    return found


def _line(entry: Entry, mend: Entry | None) -> Line:
    recorded = entry.at if entry.recorded_at is None else entry.recorded_at
    late = (recorded - entry.at) / SECOND
    line = Line(
        id=entry.id or str(entry.seq), type=entry.type, at=instant(entry.at), recorded_at=instant(recorded),
        by=entry.by or "", data=dict(entry.data), late_s=late if late > _LATE_S else 0,
        until=instant(read_instant(entry.data["until"])) if "until" in entry.data else None,
    )  # fmt: skip
    if mend is not None:
        line.void = bool(mend.data.get("void"))
        line.moved_to = instant(read_instant(mend.data["to"])) if "to" in mend.data else None
        line.because, line.corrected_by = mend.data.get("reason"), mend.by
    return line


def coverage(standing: Timeline) -> Coverage:
    """The verdict told last, and a change of it that waits for a second person."""
    found = Coverage(told=None, told_by=None, asked=None, asked_by=None, evidence=None)
    for entry in standing.entries:
        about = entry.data.get("to") if entry.type == "noted" else None
        if about == "coverage":
            found = Coverage(told=entry.data.get("text"), told_by=entry.by, asked=None, asked_by=None, evidence=None)
        elif about == "coverage_change":
            found.asked, found.asked_by = entry.data.get("text"), entry.by
            found.evidence = entry.data.get("reason")
    return found
