"""The deadline of a cycle: which figure holds, counted from when, moved by which pauses, in force since when."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec

from sla.calendar import due as deadline_of
from sla.commitment import Commitment
from sla.cycle import Cycle
from sla.duration import Duration
from sla.interval import Interval, read_instant
from sla.standing import Standing
from sla.within import Figure

_AGREEING = ("promised", "appointment")


class Span(msgspec.Struct, frozen=True, gc=False):
    """A stretch that does not count: a pause (`because` its reason), or one closed or cancelled and reopened."""

    start: int
    end: int
    kind: str
    because: str


class Course(msgspec.Struct, gc=False):
    """How a figure came to hold: from which instant it counts, and the latest change that brought it into force."""

    figure: Figure | None
    origin: int
    in_force: int | None = None
    origin_reason: str = ""


class Reckoning(msgspec.Struct, gc=False):
    """A cycle with its figure and deadline.

    `due` is None where none is known, and while the clock is `paused`. `spans` are the stretches that moved it,
    `until` the end of the cycle or now.
    """

    cycle: Cycle
    course: Course
    until: int
    due: int | None
    paused: bool
    spans: list[Span]

    @property
    def breached_at(self) -> int | None:
        """When the promise is broken, if nothing stops the clock before."""
        if self.due is None or self.course.in_force is None:
            return self.due
        return max(self.due, self.course.in_force)


def reckon(commitment: Commitment, zone: ZoneInfo, standing: Standing, cycle: Cycle, now: int) -> Reckoning:
    """The figure and deadline of the cycle as the entries up to `now` have them."""
    course = _course(commitment, standing, cycle, cycle.end_position)
    until = now if cycle.ended_at is None else cycle.ended_at
    reckoning = Reckoning(cycle, course, until, None, False, [])
    if course.figure is None or course.figure.kind in ("none", "measure"):
        reckoning.spans = _spans(commitment, standing, cycle, cycle.started_at, until)
        return reckoning
    _settle(reckoning, commitment, zone, standing)
    for stop in cycle.rejoined:
        if _was_in_time(commitment, zone, standing, cycle, stop.position, stop.stopped_at):
            course.in_force = max(stop.reopened_at, course.in_force or stop.reopened_at)
    return reckoning


def _course(commitment: Commitment, standing: Standing, cycle: Cycle, end: int | None) -> Course:
    """The figure at the start, then every grade and move while the cycle was open that changed it."""
    category, within = standing.category, commitment.within
    severity = standing.severity_at(cycle.position)
    region = standing.region_at(cycle.position)
    course = Course(within.figure(severity, region, category), cycle.started_at)
    if standing.changes and standing.changes[-1] > cycle.position:
        for position in standing.changes:
            if position <= cycle.position:
                continue
            if end is not None and position >= end:
                break
            figure = within.figure(standing.severity_at(position), standing.region_at(position), category)
            if figure != course.figure:
                entry = standing.entries[position]
                regraded = entry.type == "graded" and commitment.on_regrade == "from_regrade"
                course.figure, course.in_force = figure, entry.at
                course.origin = entry.at if regraded else cycle.started_at
    return course


def _spans(commitment: Commitment, standing: Standing, cycle: Cycle, start: int, until: int) -> list[Span]:
    """What does not count between the two instants, in order; an open pause lasts until the second."""
    spans = []
    for pause in standing.pauses:
        if pause.reason in commitment.pauses:
            end = until if pause.end is None else min(pause.end, until)
            begin = max(pause.start, start)
            if begin < end:
                spans.append(Span(begin, end, "paused", pause.reason))
    for gap in cycle.left_out:
        if max(gap.start, start) < min(gap.end, until):
            spans.append(Span(max(gap.start, start), min(gap.end, until), "reopened", gap.ended_by))
    spans.sort(key=lambda span: span.start)
    return spans


def _open_pause(commitment: Commitment, standing: Standing, cycle: Cycle, origin: int) -> int | None:
    """When the pause began that still lasts, cut to the cycle; None where the clock is not paused."""
    last = standing.pauses[-1] if standing.pauses else None
    if last is None or last.end is not None or cycle.ended_at is not None or last.reason not in commitment.pauses:
        return None
    return max(last.start, origin)


def _settle(reckoning: Reckoning, commitment: Commitment, zone: ZoneInfo, standing: Standing) -> None:
    """Afterwards the reckoning has its deadline, or is paused, with the stretches that count for it."""
    course, cycle = reckoning.course, reckoning.cycle
    figure = course.figure
    assert figure is not None
    agreed = _agreed(reckoning, commitment, standing) if figure.kind == "agreed" else None
    if figure.duration is None and agreed is None:
        course.figure = None
        return
    if not standing.pauses and not cycle.left_out:
        reckoning.due = _due(commitment, zone, figure.duration, agreed, course.origin, ())
        return
    spans = _spans(commitment, standing, cycle, course.origin, reckoning.until)
    paused_since = _open_pause(commitment, standing, cycle, course.origin)
    closed = [Interval(span.start, span.end) for span in spans if span.kind != "paused" or span.start != paused_since]
    due = _due(commitment, zone, figure.duration, agreed, course.origin, closed)
    if paused_since is not None and paused_since < due:
        reckoning.paused = True
        reckoning.spans = spans
    else:
        reckoning.due = due
        reckoning.spans = [span for span in spans if span.start < due]


def _due(
    commitment: Commitment,
    zone: ZoneInfo,
    duration: Duration | None,
    agreed: int | None,
    origin: int,
    spans: Sequence[Interval],
) -> int:
    if agreed is None:
        assert duration is not None
        return deadline_of(commitment.calendar, duration, origin, spans, civil_zone=zone)
    return _moved(agreed, spans)


def _moved(agreed: int, spans: Sequence[Interval]) -> int:
    """An agreed instant moves on by the length of each pause that begins before it, like a civil deadline."""
    due, reached = agreed, None
    for span in spans:
        begin = span.start if reached is None else max(span.start, reached)
        if span.start >= due:
            break
        due += max(0, span.end - begin)
        reached = max(span.end, begin)
    return due


def _agreed(reckoning: Reckoning, commitment: Commitment, standing: Standing) -> int | None:
    """The instant last agreed while the cycle was open or before it; None while there is none."""
    cycle, course = reckoning.cycle, reckoning.course
    agreed: int | None = None
    for position, entry in enumerate(standing.entries):
        if cycle.end_position is not None and position >= cycle.end_position:
            break
        if entry.type in _AGREEING and "until" in entry.data and _names(entry.data, commitment.name):
            until = read_instant(entry.data["until"])
            if until != agreed and position > cycle.position:
                course.origin = entry.at
                course.in_force = max(entry.at, course.in_force or entry.at)
            agreed = until
    return agreed


def _names(data: object, commitment: str) -> bool:
    return isinstance(data, dict) and commitment in (data.get("commitment"), data.get("what"))


def _was_in_time(
    commitment: Commitment, zone: ZoneInfo, standing: Standing, cycle: Cycle, position: int, stopped_at: int
) -> bool:
    """Whether the stop at this position, since taken back, came at or before the deadline of then."""
    then = Cycle(cycle.number, cycle.position, cycle.started_at, "stopped", None, position, stopped_at)
    then.left_out = [gap for gap in cycle.left_out if gap.end <= stopped_at]
    course = _course(commitment, standing, then, position)
    if course.figure is None or course.figure.kind in ("none", "measure"):
        return False
    earlier = Reckoning(then, course, stopped_at, None, False, [])
    _settle(earlier, commitment, zone, standing)
    return earlier.due is not None and stopped_at <= earlier.due
