"""The last responsible moment: how late a warning may come so that somebody on duty can still do something about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.duty import Roster
from alerts.ladder import Step
from sla.clock import Clock
from sla.interval import Interval, instant, micros

# What a warned person needs at the least, travel aside.
WORK = timedelta(minutes=30)
# Further back than this nobody is looked for: a rota that was empty for so long has no last shift.
LOOK_BACK = timedelta(days=14)
# Promises that can be kept from a desk: a promise that stops at one of these needs no journey.
_FROM_A_DESK = frozenset(
    ("registered", "noted", "assigned", "accepted", "responded", "updated", "diagnosed", "appointment", "dispatched",
     "escalated", "vendor_reported", "answered", "followed_up", "kept")
)  # fmt: skip


def brought_forward(step: Step, clock: Clock, roster: Roster, stops: Sequence[str], assignee: str | None) -> datetime:
    """The instant of a warning: the ladder's own, or the last one before at which somebody has the time left.

    A ladder leaves the time from its rung to the deadline. Where part of that falls when nobody is on duty, the
    warning comes while as much duty time is left, of which travel and `WORK` is enough; always while travel is.
    A rung that falls when nobody is on duty comes `WORK` before the last of them went. Nothing comes before the
    promise started, or, as far as that lies before the rung, before the rota was last changed.
    """
    assert clock.due_at is not None
    assert clock.started_at is not None
    earliest = max(clock.started_at, step.instant - LOOK_BACK)
    start, own, due = micros(earliest), micros(step.instant), micros(clock.due_at)
    spans = roster.staffed(step.notify, clock.region, start, due, assignee)
    if spans is None:
        return step.instant
    travel = timedelta(0)
    if clock.region is not None and not _FROM_A_DESK.intersection(stops):
        travel = roster.travel.get(clock.region, travel)
    need = max(travel, min(travel + WORK, clock.due_at - step.instant))
    moment = _on_duty_before(spans, min(own, _leaving(spans, need // _TICK, due)))
    if moment is None or moment >= own:
        return step.instant
    found = instant(max(moment, start))
    return found if roster.since is None else min(max(found, roster.since), step.instant)


_TICK = timedelta(microseconds=1)


def _leaving(spans: Sequence[Interval], need: int, due: int) -> int:
    """The last instant that leaves so much of the spans before `due`; the first instant of all where there is less."""
    if not spans:
        return due
    for span in reversed(spans):
        length = span.end - span.start
        if length >= need:
            return span.end - need
        need -= length
    return spans[0].start


def _on_duty_before(spans: Sequence[Interval], at: int) -> int | None:
    """The instant itself where it lies in a span, else a while before the last span's end; None before the first."""
    for span in reversed(spans):
        if span.start <= at < span.end:
            return at
        if span.end <= at:
            return max(span.start, span.end - WORK // _TICK)
    return None
