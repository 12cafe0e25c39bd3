"""The sections of a report about the hotline's calls."""

from collections.abc import Iterator

from callcenter.reports.model import Report
from callcenter.reports.tables import Cell, Table, columns_of
from callcenter.reports.words import Words
from callcenter.services.hotline import FORMULAS, HotlineRow

_CALLS = ("offered", "answered", "abandoned", "short", "overflow")


def hotline(report: Report, words: Words) -> Iterator[Table]:
    """The month's calls as a whole, by queue and by half-hour."""
    calls = report.hotline
    columns = columns_of(words, "figure", "value")
    total = calls.total
    sums = " + ".join(str(getattr(total, name)) for name in _CALLS[1:])
    facts: list[list[Cell]] = [[words(name), getattr(total, name)] for name in _CALLS]
    facts += [
        [words("reconciled"), f"{total.offered} = {sums}"],
        [words("outside"), calls.outside],
        [words("callers"), calls.callers],
        [words("repeat_callers"), calls.repeat_callers],
        [words("first_call"), calls.first_call_resolution],
    ]
    if total.offered or calls.outside:
        yield Table("hotline", words("hotline"), columns, facts, _formulas(report))
    columns = columns_of(words, "queue", "formula", "answer_within_s:number", "short_abandon_s:number", *_COUNTED)
    rules = {one.queue: one for one in calls.rules}
    rows = [
        [row.queue, row.formula, rules[row.queue].answer_within_s, rules[row.queue].short_abandon_s, *_counted(row)]
        for row in calls.queues
        if row.queue is not None
    ]
    if len(rows) > 1:
        rows.append([words("total"), total.formula, None, None, *_counted(total)])
    yield Table("hotline_queues", words("hotline_queues"), columns, rows)
    columns = columns_of(words, "queue", "half_hour", *_COUNTED)
    rows = [[row.queue, row.half_hour, *_counted(row)] for row in calls.half_hours]
    yield Table("half_hours", words("half_hours"), columns, rows)


def _formulas(report: Report) -> str:
    used = dict.fromkeys([report.hotline.total.formula, *(one.formula for one in report.hotline.rules)])
    return "; ".join(f"{one} = {FORMULAS[one]}" for one in used)


_COUNTED = (
    *(f"{name}:number" for name in _CALLS), "answer_rate:percent", "service_level:percent", "wait_mean:number",
    "wait_p50:number", "wait_p90:number", "wait_longest:number", "abandon_mean:number", "handle_mean:number",
)  # fmt: skip


def _counted(row: HotlineRow) -> list[Cell]:
    waits = (row.wait.mean, row.wait.p50, row.wait.p90, row.wait.longest, row.wait_abandoned.mean, row.handle.mean)
    rates = (row.answer_rate, row.service_level)
    shown = [None if one is None else round(one, 1) for one in waits]
    return [*(getattr(row, name) for name in _CALLS), *rates, *shown]
