"""Next: everything with a deadline, nearest first. Stored deadlines find the candidates, the timelines decide."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from callcenter.services import followups, timeline
from callcenter.services.context import Context
from callcenter.services.spoken import open_promises
from callcenter.services.types import Actor
from callcenter.services.zones import zone_of
from callcenter.store import agenda as store
from callcenter.store import tickets
from callcenter.store.types import Connection, Row
from sla.clock import Clock, assess
from sla.interval import micros

# How many of a kind that are overdue, how many ahead, and how many where somebody looks further.
PAST, AHEAD, FAR = 15, 40, 60
Kind = Literal["clock", "promise", "follow_up", "call_back"]
Whose = Literal["all", "mine", "team"]
# From here on little of the time is left, and the list says so.
_NEARLY = 0.8


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose and which deadlines are asked for; `far`: those further away too."""

    whose: Whose = "all"
    contract: str | None = None
    region: str | None = None
    far: bool = False


class Due(msgspec.Struct, kw_only=True):
    """Something to be done by an instant; `risk_at` is when it becomes urgent, `zone` whose wall clock counts."""

    kind: Kind
    what: str
    due_at: datetime
    risk_at: datetime
    zone: str
    title: str
    ticket: int | None = None
    version: int = 0
    entries: int = 0
    cycle: int = 1
    clause: str | None = None
    stops: tuple[str, ...] = ()
    severity: int | None = None
    severity_name: str | None = None
    contract: str | None = None
    region: str | None = None
    region_name: str | None = None
    customer: str | None = None
    owner: str | None = None
    owner_name: str | None = None
    call: int | None = None
    provisional: bool = False


class Agenda(msgspec.Struct, kw_only=True):
    """What waits, nearest first; `more_past` and `more_ahead` where the list was cut."""

    past: list[Due]
    ahead: list[Due]
    more_past: bool
    more_ahead: bool


async def agenda(conn: Connection, context: Context, wanted: Wanted, actor: Actor, now: datetime) -> Agenda:
    """Everything the actor may see that has a deadline and passes the filters."""
    filters = await _filters(conn, wanted, actor)
    back, on = (FAR, FAR) if wanted.far else (PAST, AHEAD)
    past = await store.past(conn, filters, now, back + 1)
    ahead = await store.ahead(conn, filters, now, on + 1)
    spoken = await store.promised(conn, filters, 200)
    calls = filters["logins"] is None and filters["contract"] is None and filters["region"] is None
    found = await _judged(conn, context, [*past[:back], *ahead[:on]], spoken, now)
    if calls:
        found += await _others(conn, context, found, actor, now)
    found.sort(key=lambda one: one.due_at)
    late, early = _latest(found, back, now), [one for one in found if one.due_at >= now]
    return Agenda(
        past=late,
        ahead=early[:on],
        more_past=len(past) > back or len(late) + len(early) < len(found),
        more_ahead=len(ahead) > on or len(early) > on,
    )


def _latest(found: list[Due], most: int, now: datetime) -> list[Due]:
    """What is overdue, the last of each kind: many missed calls do not hide a broken promise."""
    kinds: dict[Kind, list[Due]] = {}
    for one in found:
        if one.due_at < now:
            kinds.setdefault(one.kind, []).append(one)
    return sorted((one for each in kinds.values() for one in each[-most:]), key=lambda one: one.due_at)


async def choices(conn: Connection) -> tuple[list[str], list[str]]:
    """The contracts and regions the list can be narrowed to."""
    return await store.choices(conn)


async def _filters(conn: Connection, wanted: Wanted, actor: Actor) -> dict[str, object]:
    logins: list[str] | None = None
    if wanted.whose == "mine":
        logins = [actor.login or ""]
    elif wanted.whose == "team":
        logins = await store.colleagues(conn, actor.login or "")
    if actor.role == "partner":
        own = await store.of_partner(conn, actor.partner)
        logins = own if logins is None else [login for login in logins if login in own]
    return {"logins": logins, "contract": wanted.contract, "region": wanted.region}


async def _judged(
    conn: Connection, context: Context, rows: list[Row], spoken: Iterable[int], now: datetime
) -> list[Due]:
    """The rows as they stand now, and what was promised by word of mouth and is still to be kept."""
    spoken = set(spoken)
    numbers = {row["ticket"] for row in rows} | spoken
    loaded = await tickets.load_many(conn, context.terms, numbers)
    faces = await store.faces(conn, numbers)
    wanted = {(row["ticket"], row["commitment"], row["cycle"]) for row in rows}
    found = []
    for number, one in loaded.items():
        face, standing = _face(one, faces[number], context), timeline.standing(one, now)
        if number in spoken:
            found += [_promise(face, what, until) for what, until in open_promises(standing, now)]
        for clock in assess(one.terms, standing, micros(now)) if one.terms else ():
            key = (number, clock.commitment, clock.cycle)
            if key in wanted and clock.due_at is not None and clock.stopped_at is None:
                found.append(_clock(face, one, clock, clock.due_at))
    return found


def _face(loaded: tickets.Loaded, row: Row, context: Context) -> dict[str, Any]:
    """What a list says of the ticket, whichever of its deadlines it lists."""
    terms = loaded.terms
    severity = terms.severities.get(row["severity"]) if terms else None
    same = ("title", "version", "entries", "severity", "contract", "region", "customer")
    return {
        **{name: row[name] for name in same},  # not the caller's number, which is not for everybody
        "ticket": row["number"],
        "zone": zone_of(terms, context.settings.default_region),
        "severity_name": severity.name if severity else None,
        "region_name": terms.regions.get(row["region"]) if terms else None,
        "owner": row["assignee"],
        "owner_name": row["owner"],
    }


def _clock(face: dict[str, Any], loaded: tickets.Loaded, clock: Clock, due_at: datetime) -> Due:
    assert loaded.terms is not None
    stops = next((set(c.stops) for c in loaded.terms.commitments if c.name == clock.commitment), set())
    started = clock.started_at or due_at
    return Due(
        kind="clock", what=clock.commitment, due_at=due_at, risk_at=started + (due_at - started) * _NEARLY,
        cycle=clock.cycle, clause=clock.clause, stops=tuple(sorted(stops)), provisional=clock.provisional, **face,
    )  # fmt: skip


def _promise(face: dict[str, Any], what: str, until: datetime) -> Due:
    return Due(kind="promise", what=what, due_at=until, risk_at=until - timedelta(minutes=30), **face)


async def _others(conn: Connection, context: Context, found: list[Due], actor: Actor, now: datetime) -> list[Due]:
    """Customers to be asked after the repair, and calls to be called back."""
    if actor.role in ("partner", "engineer"):
        return []
    told = {one.ticket for one in found if "followed_up" in one.stops}
    asks = await followups.to_ask(conn, context, actor, now)
    listed = [
        Due(kind="follow_up", what="follow_up", due_at=one.due_at, risk_at=one.due_at - followups.SOON, zone=one.zone,
            title=one.title, ticket=one.ticket, customer=one.customer, contract=one.contract)
        for one in asks if one.ticket not in told
    ]  # fmt: skip
    home = zone_of(None, context.settings.default_region)
    listed += [
        Due(kind="call_back", what="call_back", due_at=one.due_at, risk_at=one.received_at, zone=home,
            title=one.caller, customer=one.customer or one.contact, call=one.call)
        for one in await followups.missed_calls(conn, actor, now)
    ]  # fmt: skip
    return listed
