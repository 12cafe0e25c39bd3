"""Clocks as the outside sees them."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec

from sla.clock import Clock, assess
from sla.contract import Contract
from sla.explain import Segment, why
from sla.interval import micros
from sla.timeline import Timeline


class WhySegment(msgspec.Struct, rename={"from_": "from"}):
    """One stretch of a clock's derivation."""

    from_: datetime
    to: datetime
    kind: str
    seconds: float
    because: str


class ClockShown(msgspec.Struct):
    """What a clock says (see the page on clocks); instants in UTC, `_s` in seconds."""

    commitment: str
    cycle: int
    clause: str | None
    owner: str
    state: str
    severity: int | None
    region: str | None
    promised: str | None
    promised_s: float | None
    started_at: datetime | None
    due_at: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None
    paused_s: float | None
    used_s: float | None
    remaining_s: float | None
    provisional: bool
    calendar: str | None
    why: list[WhySegment]


def _segment(segment: Segment) -> WhySegment:
    return WhySegment(segment.start, segment.end, segment.kind, segment.seconds, segment.because)


_said = attrgetter(*(name for name in ClockShown.__struct_fields__ if name != "why"))


def shown(clock: Clock, segments: Sequence[Segment]) -> ClockShown:
    """The clock with its derivation."""
    values: tuple[Any, ...] = (*_said(clock), [_segment(segment) for segment in segments])
    return ClockShown(*values)


def derive(terms: Contract | None, timeline: Timeline, now: datetime) -> list[ClockShown]:
    """All clocks of a ticket at an instant, each with why; a ticket without a contract has none."""
    if terms is None:
        return []
    at = micros(now)
    return [shown(clock, why(terms, timeline, clock, at)) for clock in assess(terms, timeline, at)]
