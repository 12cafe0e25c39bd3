"""The hotline's figures from its calls, by the rules of the page on reports."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from callcenter.store import hotline
from callcenter.store.types import Connection, Row
from sla.compliance import rate

Formula = Literal["F1", "F2", "F3", "F4"]
FORMULAS: Mapping[Formula, str] = {
    "F1": "(answered in Y + abandoned in Y) / (answered + abandoned)",
    "F2": "answered in Y / answered",
    "F3": "answered in Y / (answered + abandoned)",
    "F4": "answered in Y / (answered + abandoned after Y)",
}
_WHOLE, _QUEUE = 3, 1


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


class QueueRules(msgspec.Struct, kw_only=True):
    """What a queue is measured by."""

    queue: str
    answer_within_s: int
    short_abandon_s: int
    formula: Formula


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
    settled: Row | None = None,
) -> Hotline:
    """The figures of the calls received from `since` to before `until`; `queues` None takes all.

    `settled`: how many faults were settled and how many of them at once, where that was counted already.
    """
    rules = [_rules(row) for row in await hotline.queues(conn, queues)]
    formulas = {one.queue: one.formula for one in rules}
    rows = await hotline.figures(conn, since, until, zone, queues, by_day=by_day)
    shown = [(row["level"], _row(row, formulas)) for row in rows]
    callers = await hotline.callers(conn, since, until, queues)
    if settled is None:
        settled = await hotline.first_call(conn, since, until, queues)
    return Hotline(
        since=since,
        until=until,
        timezone=zone,
        rules=rules,
        total=next(row for level, row in shown if level == _WHOLE),
        queues=[row for level, row in shown if level == _QUEUE],
        half_hours=[row for level, row in shown if level == 0],
        outside=await hotline.outside(conn, since, until) if queues is None else 0,
        callers=callers["callers"],
        repeat_callers=callers["again"],
        first_call_settled=settled["settled"],
        first_call_resolved=settled["at_once"],
        first_call_resolution=rate(settled["at_once"], settled["settled"]),
    )


def _rules(row: Row) -> QueueRules:
    return QueueRules(
        queue=row["name"],
        answer_within_s=row["answer_within_s"],
        short_abandon_s=row["short_abandon_s"],
        formula=row["service_level"],
    )


def _row(row: Row, formulas: Mapping[str, Formula]) -> HotlineRow:
    every = Calls(row["answered"], row["answered_within"], row["abandoned_all"], row["abandoned_within"])
    long = Calls(
        row["answered"], row["answered_within"], row["abandoned"], row["abandoned_within"] - row["short_within"]
    )
    formula = _formula(row["queue"], formulas)
    names = ("queue", "offered", "answered", "abandoned", "short", "overflow", "waiting")
    within = ("answered_within", "abandoned_within", "short_within")
    return HotlineRow(
        half_hour=row["half_hour"],
        formula=formula,
        service_level=service_level(formula, long),
        formulas={one: service_level(one, every) for one in FORMULAS},
        formulas_less_short={one: service_level(one, long) for one in FORMULAS},
        answer_rate=rate(row["answered"], row["offered"]),
        abandon_rate=rate(row["abandoned_all"], row["offered"]),
        wait=_spread(row["marks"], "answered"),
        wait_abandoned=_spread(row["marks"], "abandoned"),
        handle=_spread(row["marks"], "handled"),
        **{name: row[name] for name in (*names, *within)},
    )


def _formula(queue: str | None, formulas: Mapping[str, Formula]) -> Formula:
    """The queue's own; for all of them together theirs where they agree, else F3."""
    if queue is not None:
        return formulas[queue]
    chosen = set(formulas.values())
    return chosen.pop() if len(chosen) == 1 else "F3"


def _spread(marks: Mapping[str, Sequence[float]] | None, what: str) -> Spread:
    if marks is None or what not in marks:
        return Spread(n=0, mean=None, p50=None, p90=None, longest=None)
    n, total, p50, p90, longest = marks[what]
    return Spread(n=int(n), mean=round(total / n, 3), p50=p50, p90=p90, longest=longest)
