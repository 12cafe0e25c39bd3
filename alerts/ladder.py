"""The rungs of a contract's ladder as instants of one clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal, NamedTuple

from sla.clock import Clock
from sla.contract import Contract, Offset, Percent
from sla.explain import instant_at_fraction
from sla.interval import micros
from sla.timeline import Timeline

Kind = Literal["warning", "breach", "overdue"]

# At the deadline itself a promise can still be kept; a pass finds it broken from this much later on.
AFTER = timedelta(microseconds=1)


class Step(NamedTuple):
    """A rung of the ladder: its instant, and the first instant at which it may fire."""

    number: int
    kind: Kind
    instant: datetime
    ripe_at: datetime
    notify: tuple[str, ...]
    repeat: timedelta | None


def steps(contract: Contract, timeline: Timeline, clock: Clock, now: datetime) -> list[Step]:
    """The rungs of a clock that has a deadline, in the ladder's order.

    Left out, as working them out costs: shares of a promise that is over, and those beyond another share still ahead
    of `now`, which wakes us first.
    """
    due = clock.due_at
    assert due is not None, "only a clock with a deadline has rungs"
    found = []
    nearest_ahead: Fraction | None = None
    for number, rung in enumerate(contract.ladder):
        at = rung.at
        if isinstance(at, Percent):
            if clock.stopped_at is not None or (nearest_ahead is not None and at.fraction >= nearest_ahead):
                continue
            instant = instant_at_fraction(contract, timeline, clock, at.fraction, micros(now))
            if instant is None:
                continue
            if instant > now:
                nearest_ahead = at.fraction
        elif isinstance(at, Offset):
            instant = due + timedelta(microseconds=at.micros)
        else:
            instant = clock.breached_at or due
        kind: Kind = "breach" if at == "breach" else "warning" if instant < due else "overdue"
        repeat = timedelta(microseconds=rung.repeat) if rung.repeat else None
        found.append(
            Step(number, kind, instant, instant if kind == "warning" else instant + AFTER, rung.notify, repeat)
        )
    return found
