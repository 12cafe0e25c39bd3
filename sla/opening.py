"""Open time as sorted intervals with running sums, built day by day only as far as somebody asks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from sla.hours import Hours
from sla.interval import DAY, EPOCH_DAY, SECOND

# Contracts live decades, not centuries; beyond this a wrong figure would only keep the machine busy.
FIRST_DAY = date(1900, 1, 1).toordinal()
LAST_DAY = date(2200, 1, 1).toordinal()
FIRST_REACH = 64
# An instant's local date is at most a day off its UTC date, and the day before may stay open past midnight.
MARGIN = 2

_MINUTE = 60 * SECOND
_MINUTES = [timedelta(minutes=minute) for minute in range(2 * 24 * 60 + 1)]


def opening_instant(zone: ZoneInfo, day: int, minute: int) -> int:
    """The first reading of that wall-clock minute; one that does not exist moves forward by the gap."""
    wall = datetime.fromordinal(day) + _MINUTES[minute]
    return (day - EPOCH_DAY) * DAY + minute * _MINUTE - _offset(zone, wall)


def closing_instant(zone: ZoneInfo, day: int, minute: int) -> int:
    """The last reading of that wall-clock minute; one that does not exist moves forward by the gap."""
    wall = datetime.fromordinal(day) + _MINUTES[minute]
    # In a gap the reading with fold=1 is the earlier instant, in an overlap the later one: the later is meant in both.
    offset = min(_offset(zone, wall), _offset(zone, wall.replace(fold=1)))
    return (day - EPOCH_DAY) * DAY + minute * _MINUTE - offset


def _offset(zone: ZoneInfo, wall: datetime) -> int:
    offset = cast("timedelta", zone.utcoffset(wall))
    return (offset.days * 86_400 + offset.seconds) * SECOND


class Openings:
    """The open intervals of a calendar around the instants asked for.

    `starts`, `ends` and `through` (open microseconds up to and with the interval) are parallel and sorted, intervals
    do not overlap; `days` are the working days (ordinals) with their `closings`.
    """

    def __init__(self, zone: ZoneInfo, hours_of: Callable[[int], Hours]) -> None:
        self._zone = zone
        self._hours_of = hours_of
        self._raw: list[tuple[int, int, int, int]] = []
        self._closing_of: dict[int, int] = {}
        self._first = self._last = 0
        self.low = self.high = self.total = 0
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.through: list[int] = []
        self.origins: list[tuple[int, int]] = []
        self.days: list[int] = []
        self.closings: list[int] = []
        self.reached: list[int] = []

    def cover(self, at: int) -> None:
        """Afterwards every interval that touches the instant is known; beyond 1900 to 2199 raises ValueError."""
        day = at // DAY + EPOCH_DAY
        if not FIRST_DAY + MARGIN <= day < LAST_DAY - MARGIN:
            raise ValueError("calendars are known for the years 1900 to 2199 only")
        if not self._last:
            self._first = self._last = max(day - MARGIN, FIRST_DAY)
        reach = self._last - self._first
        first = self._first if day - MARGIN >= self._first else min(day - MARGIN, self._first - reach)
        last = self._last if day + MARGIN <= self._last else max(day + MARGIN, self._last + max(reach, FIRST_REACH))
        self._build(max(first, FIRST_DAY), min(last, LAST_DAY))

    def grow(self) -> None:
        """Afterwards twice as many days ahead are known; at the end of the known years raises ValueError."""
        if self._last >= LAST_DAY:
            raise ValueError("the deadline lies beyond the year 2199, the last that calendars know")
        self._build(self._first, min(LAST_DAY, 2 * self._last - self._first))

    def used(self, at: int) -> int:
        """Open microseconds from the first known opening to the instant, which must be covered."""
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return 0
        return self.through[index] - max(self.ends[index] - at, 0)

    def day_index(self, at: int) -> int:
        """Index in `days` of the first working day whose closing is at or after the instant, which must be covered."""
        while (index := bisect_left(self.reached, at)) == len(self.reached):
            self.grow()
        return index

    def _build(self, first: int, last: int) -> None:
        for day in range(first, self._first):
            self._add_day(day)
        for day in range(self._last, last):
            self._add_day(day)
        self._first, self._last = first, last
        self.low = (first + MARGIN - EPOCH_DAY) * DAY
        self.high = (last - 1 - EPOCH_DAY) * DAY
        self._raw.sort()
        self._sum_up()

    def _add_day(self, day: int) -> None:
        closing = None
        for position, span in enumerate(self._hours_of(day)):
            start = opening_instant(self._zone, day, span.opens)
            end = closing_instant(self._zone, day, span.closes)
            if start < end:
                self._raw.append((start, end, day, position))
                closing = end if closing is None else max(closing, end)
        if closing is not None:
            self._closing_of[day] = closing

    def _sum_up(self) -> None:
        """Intervals of neighbouring days can overlap (over midnight, when clocks go back): time counts once."""
        self.starts, self.ends, self.through, self.origins = [], [], [], []
        self.total = reached = 0
        for start, end, day, position in self._raw:
            opening = max(start, reached) if self.ends else start
            if opening >= end:
                continue
            self.total += end - opening
            reached = end
            self.starts.append(opening)
            self.ends.append(end)
            self.through.append(self.total)
            self.origins.append((day, position))
        self._sum_up_days()

    def _sum_up_days(self) -> None:
        self.days = sorted(self._closing_of)
        self.closings = [self._closing_of[day] for day in self.days]
        self.reached = []
        for closing in self.closings:
            self.reached.append(max(closing, self.reached[-1]) if self.reached else closing)
