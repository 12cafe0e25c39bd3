"""A calendar: how much of a stretch of time is open, and when an amount of open time has passed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from sla.calendar_spec import CalendarError, CalendarSpec, read_spec, read_zone
from sla.civil import add_civil
from sla.day_rule import DayRules
from sla.duration import Duration
from sla.holiday import published_through
from sla.hours import MIDNIGHT, Span
from sla.interval import LATEST, Interval, instant
from sla.opening import Openings, opening_instant

__all__ = ["ALWAYS", "Calendar", "CalendarError", "OpenInterval", "due", "open_between"]

ALWAYS: Final = "24x7"
_ALL_DAY = Span(0, MIDNIGHT, "00:00-24:00")


class OpenInterval(msgspec.Struct, frozen=True, gc=False):
    """A stretch of open time and what made it: `Monday 09:00-12:00`, `days 2026-12-31 09:00-12:00`, `24x7`."""

    start: int
    end: int
    because: str


class Calendar:
    """One calendar of a contract. It answers in instants (microseconds) and learns its open time as it is asked."""

    def __init__(self, name: str, spec: CalendarSpec, *, always: bool = False) -> None:
        self.name = name
        self.zone = spec.zone
        self.always = always
        self.codes = spec.holidays.codes
        self._at_closing = spec.ends == "closing"
        self._cutoff = spec.cutoff
        self._rules = DayRules(spec)
        self._open = Openings(spec.zone, self._rules.hours_of)

    @classmethod
    def build(cls, name: str, spec: str | Mapping[str, object], default_zone: str) -> Calendar:
        """The calendar that `24x7` or the mapping of a contract describes; anything wrong raises CalendarError."""
        if spec == ALWAYS:
            always = CalendarSpec(zone=read_zone(default_zone, ("timezone",)), week=((_ALL_DAY,),) * 7)
            return cls(name, always, always=True)
        return cls(name, read_spec(spec, default_zone))

    def open_micros(self, start: int, end: int) -> int:
        """Open time in [start, end); 0 when the end is before the start."""
        if end <= start:
            return 0
        if self.always:
            return end - start
        known = self._covering(start)
        if end >= known.high:
            known.cover(end)
        return known.used(end) - known.used(start)

    def add_open(self, start: int, amount: int) -> int:
        """The instant at which so much open time has passed since the start; of none, the first open instant."""
        if self.always:
            return _in_range(start + amount)
        known = self._covering(start)
        if amount <= 0:
            return self._first_open(start)
        target = known.used(start) + amount
        while known.total < target:
            known.grow()
        index = bisect_left(known.through, target)
        at = known.ends[index] - (known.through[index] - target)
        return at if self._at_closing or at < known.ends[index] else self._first_open(at)

    def intervals(self, start: int, end: int) -> Iterator[OpenInterval]:
        """The open intervals in [start, end), clipped to it, in order."""
        if end <= start:
            return
        if self.always:
            yield OpenInterval(start, end, ALWAYS)
            return
        known = self._covering(start)
        if end >= known.high:
            known.cover(end)
        first = bisect_right(known.ends, start)
        for index in range(first, bisect_left(known.starts, end)):
            day, position = known.origins[index]
            rule = self._rules.of(day)
            because = f"{rule.because} {rule.hours[position].text}"
            yield OpenInterval(max(known.starts[index], start), min(known.ends[index], end), because)

    def closed_because(self, at: int, until: int | None = None) -> str:
        """Why the calendar is closed at the instant or, given its end, through a whole closed stretch."""
        begin = _wall(at, self.zone)
        end = _wall(at + 1 if until is None else until, self.zone)
        reasons: dict[str, None] = {}
        for day in range(begin.toordinal(), end.toordinal() + 1):
            first = begin.hour * 60 + begin.minute if day == begin.toordinal() else 0
            last = _minutes_up(end) if day == end.toordinal() else MIDNIGHT
            if first < last:
                reasons[self._rules.of(day).closed_because(first, last)] = None
        return ", ".join(reasons)

    def working_day_closing(self, start: int, days: int) -> int:
        """The closing of the working day so many working days after the one that the start belongs to."""
        known = self._covering(start)
        index = known.day_index(start)
        if self._cutoff is not None and start > opening_instant(self.zone, known.days[index], self._cutoff):
            index += 1
        while index + days >= len(known.reached):
            known.grow()
        # Where a night outlasts the whole day after it, that day closes with the night: more days are never due sooner.
        return known.reached[index + days]

    def closings(self, start: int, end: int) -> Iterator[int]:
        """The closings of working days after the start, up to and at the end."""
        if end <= start:
            return
        known = self._covering(start)
        if end >= known.high:
            known.cover(end)
        last_day = _wall(end, self.zone).toordinal()
        for index in range(bisect_right(known.reached, start), bisect_right(known.days, last_day)):
            if start < known.closings[index] <= end:
                yield known.closings[index]

    def add_civil(self, start: int, days: int, months: int, zone: ZoneInfo) -> int:
        """The instant with the same wall-clock reading in the zone so many months and days later."""
        return add_civil(start, days, months, zone)

    def provisional(self, start: int, end: int) -> bool:
        """Whether some year of the stretch has a holiday schedule that is not published yet."""
        if not self.codes:
            return False
        year = _wall(max(start, end), self.zone).year
        known_years = (published_through(code) for code in self.codes)
        return any(last is not None and year > last for last in known_years)

    def _covering(self, at: int) -> Openings:
        known = self._open
        if not known.low <= at < known.high:
            known.cover(at)
        return known

    def _first_open(self, at: int) -> int:
        known = self._covering(at)
        index = bisect_right(known.ends, at)
        while index == len(known.ends):
            known.grow()
        return max(at, known.starts[index])


def due(
    calendar: Calendar,
    duration: Duration,
    start: int,
    pauses: Sequence[Interval] = (),
    *,
    civil_zone: ZoneInfo | None = None,
) -> int:
    """The deadline of the figure counted from the start, moved by the pauses that begin before it.

    Civil figures count in `civil_zone`, by default the calendar's. ValueError where no such instant is known.
    """
    if duration.kind == "open":
        return _open_due(calendar, duration.micros, start, pauses)
    if duration.kind == "working_days":
        return _working_day_due(calendar, duration.days, start, pauses)
    deadline = add_civil(start, duration.days, duration.months, civil_zone or calendar.zone)
    for pause in _cut(pauses, start):
        if pause.start >= deadline:
            break
        deadline += pause.end - pause.start
    return _in_range(deadline)


def open_between(calendar: Calendar, start: int, end: int, pauses: Sequence[Interval] = ()) -> int:
    """Open time in [start, end) outside the pauses; 0 when the end is before the start."""
    paused = [calendar.open_micros(pause.start, min(pause.end, end)) for pause in _cut(pauses, start)]
    return calendar.open_micros(start, end) - sum(paused)


def _open_due(calendar: Calendar, amount: int, start: int, pauses: Sequence[Interval]) -> int:
    deadline = calendar.add_open(start, amount)
    for pause in _cut(pauses, start):
        if pause.start >= deadline:
            break
        amount -= calendar.open_micros(start, pause.start)
        start = pause.end
        deadline = calendar.add_open(start, amount)
    return deadline


def _working_day_due(calendar: Calendar, days: int, start: int, pauses: Sequence[Interval]) -> int:
    deadline = calendar.working_day_closing(start, days)
    for pause in _cut(pauses, start):
        if pause.start >= deadline:
            break
        days += sum(1 for _ in calendar.closings(pause.start, pause.end))
        deadline = calendar.working_day_closing(start, days)
    return deadline


def _cut(pauses: Sequence[Interval], start: int) -> list[Interval]:
    """The pauses in order, without what lies before the start, and with overlapping ones as one."""
    if not pauses:
        return []
    merged: list[Interval] = []
    for pause in sorted(pauses, key=lambda one: one.start):
        begin = max(pause.start, start)
        if merged and begin < merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, pause.end))
        elif pause.end > begin:
            merged.append(Interval(begin, pause.end))
    return merged


def _in_range(at: int) -> int:
    if at > LATEST:
        raise ValueError("the deadline lies beyond the year 9999")
    return at


def _wall(at: int, zone: ZoneInfo) -> datetime:
    return instant(at).astimezone(zone)


def _minutes_up(wall: datetime) -> int:
    """Minutes after midnight, a begun minute counted whole."""
    return wall.hour * 60 + wall.minute + (wall.second > 0 or wall.microsecond > 0)
