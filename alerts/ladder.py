"""The rungs of a contract's ladder as instants of one clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal, NamedTuple

from sla.clock import Clock
from sla.contract import Contract, Percent
from sla.explain import instant_at_fraction
from sla.interval import micros
from sla.timeline import Timeline

Kind = Literal["warning", "breach", "overdue"]


class Step(NamedTuple):
    """A rung of the ladder and its instant, from which on it may fire."""

    number: int
    kind: Kind
    instant: datetime
    notify: tuple[str, ...]
    repeat: timedelta | None
    planned: datetime | None = None  # the ladder's own instant, where it comes before that


def steps(
    contract: Contract, timeline: Timeline, clock: Clock, now: datetime, *, every_share: bool = False
) -> list[Step]:
    """The rungs of a clock that has a deadline, in the ladder's order, as far as they can matter now.

    Left out, as working them out costs: rungs at or after a deadline not broken yet (the breach wakes us), shares of a
    promise that is over, and, unless `every_share`, shares beyond another one still ahead of `now` (that one wakes us).
    """
    due = clock.due_at
    assert due is not None, "only a clock with a deadline has rungs"
    running = clock.state == "running"
    found = []
    nearest_ahead: Fraction | None = None
    for number, rung in enumerate(contract.ladder):
        at = rung.at
        if isinstance(at, Percent):
            if clock.stopped_at is not None or (nearest_ahead is not None and at.fraction >= nearest_ahead):
                continue
            share = instant_at_fraction(contract, timeline, clock, at.fraction, micros(now))
            if share is None:
                continue
            instant = share
            if instant > now and not every_share:
                nearest_ahead = at.fraction
        elif running and (at == "breach" or at.micros >= 0):
            continue
        else:
            instant = clock.breached_at or due if at == "breach" else due + timedelta(microseconds=at.micros)
        kind: Kind = "breach" if at == "breach" else "warning" if instant < due else "overdue"
        if running and kind != "warning":
            continue
        repeat = timedelta(microseconds=rung.repeat) if rung.repeat else None
        found.append(Step(number, kind, instant, rung.notify, repeat))
    return found
