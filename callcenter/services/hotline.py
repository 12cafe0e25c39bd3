"""The hotline's figures from its calls, by the rules of the page on reports."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate, chain
from math import fsum
from zoneinfo import ZoneInfo

import msgspec

from callcenter.services import call_days
from callcenter.services.call_days import Lengths
from callcenter.services.call_tally import Formula, Key, QueueRules, Tally, added, tallied
from callcenter.services.kept_days import edges
from callcenter.store import hotline
from callcenter.store.types import Connection, Row
from sla.compliance import rate

FORMULAS: Mapping[Formula, str] = {
    "F1": "(answered in Y + abandoned in Y) / (answered + abandoned)",
    "F2": "answered in Y / answered",
    "F3": "answered in Y / (answered + abandoned)",
    "F4": "answered in Y / (answered + abandoned after Y)",
}


class Calls(msgspec.Struct, frozen=True):
    """The counts the formulas take: `abandoned` with or without the short ones."""

    answered: int
    answered_within: int
    abandoned: int
    abandoned_within: int


class Spread(msgspec.Struct, kw_only=True):
    """Lengths of time in seconds: how many, mean, what half and nine in ten do not exceed, the longest.

    The percentiles are by nearest rank: values that occurred.
    """

    n: int
    mean: float | None
    p50: float | None
    p90: float | None
    longest: float | None


class HotlineRow(msgspec.Struct, kw_only=True):
    """The calls of all queues, of one, or of one in a half-hour; rates in percent, rounded down to one decimal.

    offered = answered + abandoned + short + overflow; `waiting` calls have not come to an end and are in none of them.
    `formulas` take every abandoned call, `formulas_less_short` leave the short ones out; `service_level` is the queue's
    own formula without short ones.
    """

    queue: str | None
    half_hour: str | None
    offered: int
    answered: int
    abandoned: int
    short: int
    overflow: int
    waiting: int
    answered_within: int
    abandoned_within: int
    short_within: int
    formula: Formula
    service_level: float | None
    formulas: dict[Formula, float | None]
    formulas_less_short: dict[Formula, float | None]
    answer_rate: float | None
    abandon_rate: float | None
    wait: Spread
    wait_abandoned: Spread
    handle: Spread


class Hotline(msgspec.Struct, kw_only=True):
    """The inbound calls of a span; `outside` are those that entered no queue and so were not offered."""

    since: datetime
    until: datetime
    timezone: str
    rules: list[QueueRules]
    total: HotlineRow
    queues: list[HotlineRow]
    half_hours: list[HotlineRow]
    outside: int
    callers: int
    repeat_callers: int
    first_call_settled: int
    first_call_resolved: int
    first_call_resolution: float | None


def service_level(formula: Formula, calls: Calls) -> float | None:
    """The share in percent, rounded down to one decimal; None where there was no call to count."""
    kept = calls.answered_within + (calls.abandoned_within if formula == "F1" else 0)
    lost = {"F2": 0, "F4": calls.abandoned - calls.abandoned_within}.get(formula, calls.abandoned)
    return rate(kept, calls.answered + lost)


async def figures(
    conn: Connection,
    since: datetime,
    until: datetime,
    zone: str,
    queues: Sequence[int] | None,
    *,
    by_day: bool = False,
    settled: tuple[int, int] | None = None,
    now: datetime | None = None,
) -> Hotline:
    """The figures of the calls received from `since` to before `until`, midnights in `zone`; `queues` None takes all.

    `settled`: how many faults were settled and how many of them at once, where that was counted already. With `now`
    days long over are counted once and kept.
    """
    known = {row["id"]: _rules(row) for row in await hotline.queues(conn, queues)}
    formulas = {one.queue: one.formula for one in known.values()}
    begins = edges(since, until, ZoneInfo(zone))
    days = await call_days.by_day(conn, begins, now)
    slots = tallied(days, begins, ZoneInfo(zone), known, each_day=by_day)
    by_queue = added(slots, lambda key: (key[0], None))
    total = added(by_queue, lambda key: (None, None)).get((None, None), Tally())
    rang = Counter(chain.from_iterable(day.callers.get(queue, ()) for day in days for queue in known))
    if settled is None:
        row = await hotline.first_call(conn, since, until, queues)
        settled = row["settled"], row["at_once"]
    return Hotline(
        since=since,
        until=until,
        timezone=zone,
        rules=list(known.values()),
        total=_row(None, None, total, formulas),
        queues=[_row(queue, None, tally, formulas) for (queue, _), tally in sorted(by_queue.items(), key=_first)],
        half_hours=[_row(*key, tally, formulas) for key, tally in sorted(slots.items(), key=_first)],
        outside=sum(slot.n for day in days for slot in day.slots if not slot.queue) if queues is None else 0,
        callers=len(rang),
        repeat_callers=sum(1 for times in rang.values() if times > 1),
        first_call_settled=settled[0],
        first_call_resolved=settled[1],
        first_call_resolution=rate(settled[1], settled[0]),
    )


def _first(item: tuple[Key, Tally]) -> tuple[str, str]:
    queue, half_hour = item[0]
    return queue or "", half_hour or ""


def _rules(row: Row) -> QueueRules:
    return QueueRules(
        queue=row["name"],
        answer_within_s=row["answer_within_s"],
        short_abandon_s=row["short_abandon_s"],
        formula=row["service_level"],
    )


def _row(queue: str | None, half_hour: str | None, tally: Tally, formulas: Mapping[str, Formula]) -> HotlineRow:
    n, within = tally.n, tally.within
    every = Calls(n["answered"], within["answered"], n["abandoned"], within["abandoned"])
    short, short_within = within["short"], within["short in time"]
    long = Calls(every.answered, every.answered_within, every.abandoned - short, every.abandoned_within - short_within)
    formula = _formula(queue, formulas)
    offered = n["answered"] + n["abandoned"] + n["overflow"]
    return HotlineRow(
        queue=queue,
        half_hour=half_hour,
        offered=offered,
        answered=n["answered"],
        abandoned=long.abandoned,
        short=short,
        overflow=n["overflow"],
        waiting=n["waiting"],
        answered_within=every.answered_within,
        abandoned_within=every.abandoned_within,
        short_within=short_within,
        formula=formula,
        service_level=service_level(formula, long),
        formulas={one: service_level(one, every) for one in FORMULAS},
        formulas_less_short={one: service_level(one, long) for one in FORMULAS},
        answer_rate=rate(n["answered"], offered),
        abandon_rate=rate(n["abandoned"], offered),
        wait=_spread(tally.waits["answered"]),
        wait_abandoned=_spread(tally.waits["abandoned"]),
        handle=_spread(tally.handled),
    )


def _formula(queue: str | None, formulas: Mapping[str, Formula]) -> Formula:
    """The queue's own; for all of them together theirs where they agree, else F3."""
    if queue is not None:
        return formulas[queue]
    chosen = set(formulas.values())
    return chosen.pop() if len(chosen) == 1 else "F3"


def _spread(lengths: Lengths) -> Spread:
    total = sum(lengths.values())
    if not total:
        return Spread(n=0, mean=None, p50=None, p90=None, longest=None)
    ordered = sorted(lengths)
    upto = list(accumulate(lengths[one] for one in ordered))
    p50, p90 = (ordered[bisect_left(upto, -(-total * share // 100))] for share in (50, 90))
    mean = round(fsum(length * n for length, n in lengths.items()) / total, 3)
    return Spread(n=total, mean=mean, p50=p50, p90=p90, longest=ordered[-1])
