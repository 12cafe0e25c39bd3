"""Who is on duty, when and where: the rota as a pure answer.

A shift says who fills a duty; while an override lasts it wins over all shifts; a swap exchanges two people in the
shifts. A row with a region counts there, one without everywhere; asked for no region, all rows count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from sla.calendar import Calendar
from sla.interval import Interval, micros

Turn = Literal["shift", "override", "swap"]


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row of the rota; `people` are those of its login or team who can sign in, `other` the second of a swap."""

    duty: str
    people: tuple[str, ...]
    start: datetime
    end: datetime
    kind: Turn = "shift"
    region: str | None = None
    hours: Calendar | None = None
    other: str | None = None

    def counts_in(self, region: str | None) -> bool:
        """Whether the row says anything about the region."""
        return self.region is None or region is None or self.region == region

    def spans(self, start: int, end: int) -> Iterator[Interval]:
        """Its time within [start, end)."""
        begin, stop = max(start, micros(self.start)), min(end, micros(self.end))
        if begin >= stop:
            return
        if self.hours is None:
            yield Interval(begin, stop)
            return
        for span in self.hours.intervals(begin, stop):
            yield Interval(span.start, span.end)


class Roster:
    """The whole rota. `duties` are those that have one at all, be it past; `since` is when it was last changed."""

    def __init__(
        self,
        rows: Iterable[Row] = (),
        duties: Collection[str] = (),
        travel: Mapping[str, timedelta] | None = None,
        since: datetime | None = None,
    ) -> None:
        self._rows: dict[str, list[Row]] = {}
        for row in rows:
            self._rows.setdefault(row.duty, []).append(row)
        self.duties = frozenset(duties) | self._rows.keys()
        self.travel = travel or {}
        self.since = since

    def on_duty(self, duty: str, at: datetime, region: str | None = None) -> frozenset[str] | None:
        """Who fills the duty at the instant; None where it has no rota."""
        if duty not in self.duties:
            return None
        moment = micros(at)
        active = [
            row
            for row in self._rows.get(duty, ())
            if row.counts_in(region) and row.people and next(row.spans(moment, moment + 1), None)
        ]
        overriding = {login for row in active if row.kind == "override" for login in row.people}
        if overriding:
            return frozenset(overriding)
        people = {login for row in active if row.kind == "shift" for login in row.people}
        for row in active:
            if row.kind == "swap" and row.other is not None:
                people = {_exchanged(login, row.people[0], row.other) for login in people}
        return frozenset(people)

    def staffed(
        self, duties: Sequence[str], region: str | None, start: int, end: int, assignee: str | None = None
    ) -> list[Interval] | None:
        """When within [start, end) somebody fills one of the duties, in order; None where none of them has a rota.

        An assignee who has turns of any duty is there during those.
        """
        if not any(duty in self.duties for duty in duties):
            return None
        spans = [
            span
            for duty, rows in self._rows.items()
            for row in rows
            if row.kind != "swap" and row.people and row.counts_in(region)
            if duty in duties or ("assignee" in duties and assignee in row.people)
            for span in row.spans(start, end)
        ]
        return _merged(spans)


def _exchanged(login: str, one: str, other: str) -> str:
    return {one: other, other: one}.get(login, login)


def _merged(spans: Iterable[Interval]) -> list[Interval]:
    found: list[Interval] = []
    for span in sorted(spans, key=lambda one: one.start):
        if found and span.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found
