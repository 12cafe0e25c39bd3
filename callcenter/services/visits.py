"""Going there: who could, what they need to know, which units change hands, whether a visit is called for."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from callcenter.services.calls import CallShown
from callcenter.store import visits as store
from callcenter.store.types import Connection
from sla.entry import Entry
from sla.interval import instant, micros
from sla.timeline import Timeline

VISIT_AFTER = 2
_PLANNED = frozenset(("visit_requested", "appointment", "dispatched", "departed", "arrived"))
_SPOKEN_TO = frozenset(("updated", "diagnosed"))


class Hand(msgspec.Struct, kw_only=True):
    """Somebody who could be sent; `near`: a partner of the ticket's region, None for our own people."""

    login: str
    name: str
    phone: str | None
    jobs: int
    partner: str | None = None
    near: bool | None = None


async def hands(conn: Connection, region: str | None) -> list[Hand]:
    """Partners of the region, then our own people, then other partners; among each the free ones first."""
    outside = [Hand(**dict(row)) for row in await store.partners(conn, region)]
    own = [Hand(**dict(row)) for row in await store.engineers(conn)]
    return [*(one for one in outside if one.near), *own, *(one for one in outside if not one.near)]


class Effort(msgspec.Struct, kw_only=True):
    """What one fault has cost so far; `ring_s` from the first ring to a human voice."""

    contacts: int
    people: int
    talk_s: float
    ring_s: float | None


def effort(timeline: Timeline, calls: Sequence[CallShown], now: datetime) -> Effort:
    """Contacts, people and minutes spent on the ticket."""
    entries = timeline.as_of(micros(now)).entries
    people = {name for entry in entries for name in (entry.by, entry.data.get("to"), entry.data.get("who")) if name}
    first = next((one for one in calls if one.direction == "in" and one.answered_at), None)
    talk = sum((c.ended_at - c.answered_at).total_seconds() for c in calls if c.ended_at and c.answered_at)
    return Effort(
        contacts=len(contacts(entries, calls)),
        people=len(people | {one.agent for one in calls if one.agent}),
        talk_s=talk,
        ring_s=(first.answered_at - first.received_at).total_seconds() if first and first.answered_at else None,
    )


def contacts(entries: Iterable[Entry], calls: Sequence[CallShown]) -> list[datetime]:
    """When the customer and we spoke of the fault: the report, later calls, and what we said after the first answer."""
    rows = list(entries)
    answered = [instant(entry.at) for entry in rows if entry.type == "responded"]
    spoken = answered[1:] + [instant(entry.at) for entry in rows if entry.type in _SPOKEN_TO]
    inward = [one.received_at for one in calls if one.direction == "in"]
    reported = [instant(entry.at) for entry in rows if entry.type == "reported"]
    return sorted(spoken + (inward or reported))


def visit_called_for(timeline: Timeline, calls: Sequence[CallShown], state: str, now: datetime) -> bool:
    """True after the second contact that did not solve it, until a visit is planned or refused with a reason."""
    if state in ("restored", "resolved", "closed", "cancelled"):
        return False
    entries = timeline.as_of(micros(now)).entries
    spoken = contacts(entries, calls)
    if len(spoken) < VISIT_AFTER or any(entry.type in _PLANNED for entry in entries):
        return False
    refused = [instant(e.at) for e in entries if e.type == "noted" and e.data.get("to") == "no_visit"]
    return not refused or max(spoken) > max(refused)


class Unit(msgspec.Struct, kw_only=True):
    """A unit that is not where it belongs: one of theirs with us, or a loaner of ours with them."""

    serial: str
    loaner: bool
    since: datetime
    by: str
    note: str | None


_OUT = {"taken_away": False, "loaner_provided": True}
_BACK = {"returned": False, "replaced": False, "loaner_returned": True}


def custody(timeline: Timeline, now: datetime) -> list[Unit]:
    """Units in somebody else's hands, by serial number, the longest away first."""
    away: dict[tuple[str, bool], Unit] = {}
    for entry in timeline.as_of(micros(now)).entries:
        serial = str(entry.data.get("serial") or "?")
        if entry.type in _OUT:
            loaner = _OUT[entry.type]
            away[serial, loaner] = Unit(
                serial=serial, loaner=loaner, since=instant(entry.at), by=entry.data.get("who") or entry.by or "",
                note=entry.data.get("text"),
            )  # fmt: skip
        elif entry.type in _BACK:
            away.pop((serial, _BACK[entry.type]), None)
    return sorted(away.values(), key=lambda one: one.since)
