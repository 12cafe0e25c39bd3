"""Alerts and the clock rows they hang on: storing what a judgement came to, listing, acknowledging."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from alerts.policy import NewAlert, Outcome, PastAlert
from alerts.telling import Fired, Told
from callcenter.store import deliveries, queries, telling
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)

CHANNEL = "callcenter_wake"
# Every process looks at the earliest `wake_at` once a second; only what comes sooner needs to be announced. A
# notification costs every commit that makes one a lock all others wait for.
SOON = timedelta(seconds=2)

# One judged clock of one ticket: the ticket's number, its contract's id, the outcome.
Judged = tuple[int, int, Outcome]
# A new alert of a clock: the clock's id and what it was judged from.
New = tuple[int, Judged, NewAlert]
_FACTS = (
    "owner", "state", "severity", "region", "promised", "promised_s", "calendar", "clause", "started_at", "due_at",
    "stopped_at", "breached_at", "used_s", "paused_s", "provisional",
)  # fmt: skip
_KEPT = ("deadline_version", "wake_at")


async def save_outcomes(
    conn: Connection, ticket: int, contract: int, outcomes: Sequence[Outcome], now: datetime
) -> int:
    """Clocks, alerts and deliveries of a ticket are written; processes that sleep longer are woken by the commit.

    Returns how many alerts were new. The caller holds the ticket's lock and the transaction.
    """
    raised = await save_judged(conn, [(ticket, contract, outcome) for outcome in outcomes], now)
    wakes = [outcome.wake_at for outcome in outcomes if outcome.wake_at is not None]
    if raised or any(outcome.settled for outcome in outcomes):
        wakes.append(now)
    await announce(conn, wakes, now)
    return raised


async def announce(conn: Connection, wakes: Iterable[datetime | None], now: datetime) -> None:
    """At commit, sleeping processes learn of the earliest instant where it comes before their next look."""
    soon = min((at for at in wakes if at is not None), default=None)
    if soon is not None and soon < now + SOON:
        await _sql.notify_wake(conn, payload=soon.isoformat())


async def save_judged(conn: Connection, judged: Sequence[Judged], now: datetime, late: Collection[int] = ()) -> int:
    """The same for clocks of many tickets, in a handful of statements and without the announcement.

    `late` are the clocks (ids) that should have been looked at long ago: what they have to tell is told together.
    """
    ids = await _write_clocks(conn, judged, now)
    new = [(ids[one[0], one[2].commitment, one[2].cycle], one, alert) for one in judged for alert in one[2].raised]
    fired = await _raise(conn, new, now, late) if new else []
    settled = [s for _, _, outcome in judged for s in outcome.settled]
    ended = []
    if settled:
        rows = _sql.settle_alerts(
            conn,
            now=now,
            id=[s.id for s in settled],
            state=[s.state for s in settled],
            because=[s.because for s in settled],
        )
        ended = [row["id"] async for row in rows]
    await deliveries.enqueue(conn, fired, ended, now)
    return len(fired)


async def _write_clocks(conn: Connection, judged: Sequence[Judged], now: datetime) -> dict[tuple[int, str, int], int]:
    """Inserts and updates rows; returns the ids by ticket, commitment and cycle."""
    known = [one for one in judged if one[2].id is not None and one[2].clock is not None]
    gone = [outcome for _, _, outcome in judged if outcome.id is not None and outcome.clock is None]
    new = [one for one in judged if one[2].id is None]
    ids = {(ticket, o.commitment, o.cycle): o.id for ticket, _, o in judged if o.id is not None}
    if known:
        await _sql.update_clocks(conn, now=now, id=[o.id for _, _, o in known], **_columns(known))
    if gone:
        versions = [outcome.deadline_version for outcome in gone]
        wakes = [outcome.wake_at for outcome in gone]
        await _sql.void_clocks(
            conn, now=now, id=[outcome.id for outcome in gone], deadline_version=versions, wake_at=wakes
        )
    if new:
        rows = _sql.add_clocks(
            conn,
            now=now,
            ticket=[ticket for ticket, _, _ in new],
            commitment=[o.commitment for _, _, o in new],
            cycle=[o.cycle for _, _, o in new],
            ladder_from=[o.ladder_from for _, _, o in new],
            **_columns(new),
        )
        ids |= {(row["ticket"], row["commitment"], row["cycle"]): row["id"] async for row in rows}
    return ids


def _columns(judged: Sequence[Judged]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [getattr(o.clock, name) for _, _, o in judged] for name in _FACTS}
    columns |= {name: [getattr(o, name) for _, _, o in judged] for name in _KEPT}
    return {**columns, "contract": [contract for _, contract, _ in judged]}


async def _raise(
    conn: Connection, new: Sequence[New], now: datetime, late: Collection[int]
) -> list[tuple[Fired, Told]]:
    """Records the alerts; gives those that were not known yet and whom each reaches, the gravest first."""
    matters = await telling.matters(conn, (ticket for _, (ticket, _, _), _ in new))
    fired = [_fired(one, alert, matters[one[0]], clock in late) for clock, one, alert in new]
    people = await telling.people(conn, fired, now)
    rows = _sql.raise_alerts(
        conn,
        now=now,
        clock=[clock for clock, _, _ in new],
        ticket=[ticket for _, (ticket, _, _), _ in new],
        deadline_version=[outcome.deadline_version for _, (_, _, outcome), _ in new],
        step=[alert.step for _, _, alert in new],
        repeat=[alert.repeat for _, _, alert in new],
        kind=[alert.kind for _, _, alert in new],
        notify=["\x1f".join(alert.notify) for _, _, alert in new],
        fires_at=[alert.fires_at for _, _, alert in new],
        planned_at=[alert.planned_at for _, _, alert in new],
        due_at=[alert.due_at for _, _, alert in new],
        ended=[alert.ended for _, _, alert in new],
        grave=[alert.grave for _, _, alert in new],
        storm=[None if one.late else one.storm for one in fired],
        nobody_for=["\x1f".join(told.nobody_for) for told in people],
    )
    ids = {(row["clock"], row["step"], row["repeat"]): row["id"] async for row in rows}
    recorded = [
        (msgspec.structs.replace(one, id=number), told)
        for (clock, _, alert), one, told in zip(new, fired, people, strict=True)
        if (number := ids.get((clock, alert.step, alert.repeat))) is not None
    ]
    return sorted(recorded, key=lambda one: not one[0].grave)


def _fired(judged: Judged, alert: NewAlert, matter: Row, late: bool) -> Fired:
    _, contract, outcome = judged
    return Fired(
        id=0,  # it has none before it is recorded
        kind=alert.kind,
        grave=alert.grave,
        late=late,
        notify=alert.notify,
        then=alert.then,
        region=outcome.clock.region if outcome.clock else None,
        assignee=matter["assignee"],
        contract=contract,
        storm=f"{contract}/{matter['site'] or ''}/{matter['cause'] or ''}",
    )


async def of_clocks(conn: Connection, clocks: Iterable[int]) -> dict[int, list[PastAlert]]:
    """The alerts of the clocks, oldest first, by clock id."""
    return _by_clock([row async for row in _sql.of_clocks(conn, clocks=list(clocks))])


async def of_ticket(conn: Connection, ticket: int) -> dict[int, list[PastAlert]]:
    """The alerts of a ticket's clocks, oldest first, by clock id."""
    return _by_clock([row async for row in _sql.of_ticket(conn, ticket=ticket)])


def _by_clock(rows: Iterable[Row]) -> dict[int, list[PastAlert]]:
    found: dict[int, list[PastAlert]] = {}
    for row in rows:
        past = PastAlert(**{name: row[name] for name in PastAlert.__struct_fields__})
        found.setdefault(row["clock"], []).append(past)
    return found


async def get(conn: Connection, alert: int) -> Row | None:
    """The alert with its clock's commitment and its ticket's title, or None."""
    return await _sql.get(conn, id=alert)


async def acknowledge(conn: Connection, alert: int, by: str, now: datetime) -> Row | None:
    """The alert is acknowledged and its clock due to be judged again; None where there is no such alert.

    One that is over, or was acknowledged before, stays as it is. Repeats stop, the clock runs on.
    """
    async with conn.transaction():
        if await _sql.lock_ticket_of(conn, id=alert) is None:
            return None
        clock = await _sql.acknowledge(conn, id=alert, by=by, now=now)
        if clock is not None:
            await _sql.wake_clock(conn, id=clock, now=now)
            await announce(conn, [now], now)
        return await get(conn, alert)


_FILTERS = {
    "state": "a.state = any ({})",
    "kind": "a.kind = {}",
    "ticket": "a.ticket = {}",
    "contract": "k.code = {}",
    "commitment": "c.commitment = {}",
    "assignee": "t.assignee = {}",
    "partner": "t.assignee in (select login from users where partner = {})",
    "before": "a.id < {}",
}


async def list_alerts(conn: Connection, filters: dict[str, Any], limit: int) -> list[Row]:
    """Alerts that pass all filters, newest first; the keys are those of `_FILTERS`, `before` is the cursor."""
    conditions = [_FILTERS[name].format(f"${place}") for place, name in enumerate(filters, 1)]
    # the conditions are constants of this file; values travel as parameters
    text = f"""
        select a.*, c.commitment, c.cycle, c.severity, c.clause, t.title, t.assignee, k.code as contract
        from alerts a
        join clocks c on c.id = a.clock
        join tickets t on t.number = a.ticket
        join contracts k on k.id = c.contract
        where {" and ".join(conditions) or "true"}
        order by a.id desc
        limit {int(limit)}"""  # noqa: S608
    return list(await conn.fetch(text, *filters.values()))
