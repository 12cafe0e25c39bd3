"""How many agents each half-hour of the day needs for a service level, from a month's calls."""

from datetime import datetime

import msgspec

from callcenter.services import compliance, hotline
from callcenter.services.context import Context
from callcenter.services.erlang import Staffed, erlang_a, erlang_c, fewest
from callcenter.services.hotline import HotlineRow
from callcenter.services.kept_days import edges
from callcenter.store.types import Connection

_HALF_HOUR_S = 1800


class StaffedHalfHour(msgspec.Struct, kw_only=True):
    """What a queue needs in a half-hour of the day, with `calls` offered and `load` in erlangs a day in the mean.

    `agents_c`: where callers wait for ever (Erlang C); `agents_a`: where they hang up as they did (Erlang A). The
    shares of calls answered in time, of calls abandoned and of agents' time in percent are those `agents_a` come to.
    """

    queue: str
    half_hour: str
    calls: float
    handle_s: float
    patience_s: float | None
    load: float
    agents_c: int
    agents_a: int
    in_time: float
    abandoned: float
    occupancy: float


class Staffing(msgspec.Struct, kw_only=True):
    """The agents needed so that `target` percent of the calls are answered within each queue's time (F3)."""

    contract: str
    month: str
    timezone: str
    days: int
    target: float
    items: list[StaffedHalfHour]


async def staffing(
    conn: Connection, context: Context, code: str, month: str | None, target: float, now: datetime
) -> Staffing:
    """What a contract's queues need by the calls of the month so far; NotFound without the contract.

    The running day counts for those of its half-hours that have begun: the others have had no calls yet.
    """
    found = await compliance.find(conn, context, code, month, now)
    zone = found.terms.timezone
    figures = await hotline.figures(conn, found.since, found.until, zone, found.queues or None, settled=(0, 0), now=now)
    days = sum(1 for begin in edges(found.since, found.until, found.terms.zone)[:-1] if begin <= now)
    wall = f"{now.astimezone(found.terms.zone):%H:%M}" if now < found.until else "24:00"
    soon = {one.queue: one.answer_within_s for one in figures.rules}
    queues = {row.queue: row for row in figures.queues}
    needs = (
        needed(row, queues[row.queue], days - ((row.half_hour or "") > wall), target, soon[row.queue])
        for row in figures.half_hours
        if row.queue is not None
    )
    items = [one for one in needs if one is not None]
    return Staffing(contract=code, month=found.name, timezone=zone, days=days, target=target, items=items)


def needed(row: HotlineRow, queue: HotlineRow, days: int, target: float, within_s: float) -> StaffedHalfHour | None:
    """What the half-hour needs; None where nobody called or no call of the queue was ever handled."""
    handle, patience = row.handle.mean or queue.handle.mean, _patience(queue)
    if not handle or not row.offered or not days:
        return None
    load = row.offered / days * handle / _HALF_HOUR_S

    def waiting(agents: int) -> Staffed:
        return erlang_c(agents, load, handle, within_s)

    def leaving(agents: int) -> Staffed:
        return waiting(agents) if patience is None else erlang_a(agents, load, handle, within_s, patience)

    best = fewest(load, target / 100, leaving)
    return StaffedHalfHour(
        queue=row.queue or "",
        half_hour=row.half_hour or "",
        calls=round(row.offered / days, 2),
        handle_s=round(handle, 1),
        patience_s=None if patience is None else round(patience, 1),
        load=round(load, 3),
        agents_c=fewest(load, target / 100, waiting).agents,
        agents_a=best.agents,
        in_time=int(best.in_time * 1000) / 10,
        abandoned=round(best.abandoned * 100, 1),
        occupancy=round(best.occupancy * 100, 1),
    )


def _patience(queue: HotlineRow) -> float | None:
    """How long callers would wait in the mean: all waiting, over those who hung up; None without any."""
    if not queue.wait_abandoned.n:
        return None
    waited = sum((one.mean or 0) * one.n for one in (queue.wait, queue.wait_abandoned))
    return waited / queue.wait_abandoned.n or None
