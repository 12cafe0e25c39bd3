"""A clock drawn as a bar: what has counted, what was closed or paused, the deadline, and now. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from callcenter.services.clocks import ClockShown

WIDTH = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the bar in thousandths of its width; `kind` says how it is drawn."""

    x: float
    width: float
    kind: str


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar from `start` to `end`; `due` where the deadline stands, `running` while now moves on it."""

    start: datetime
    end: datetime
    parts: list[Part]
    due: float | None
    now: float | None


def bar(clock: ClockShown, now: datetime) -> Bar | None:
    """The bar of a clock that has started; None for one that has not."""
    start = clock.started_at
    if start is None:
        return None
    until = min(now, clock.stopped_at) if clock.stopped_at else now
    end = max([until, *([clock.due_at] if clock.due_at else []), *(segment.to for segment in clock.why)])
    if end <= start:
        return None
    length = (end - start).total_seconds()

    def place(at: datetime) -> float:
        return round(max(0.0, min(1.0, (at - start).total_seconds() / length)) * WIDTH, 1)

    parts = [part for segment in clock.why for part in _parts(place, segment.from_, segment.to, segment.kind, until)]
    if clock.due_at and until > clock.due_at:
        parts.append(Part(place(clock.due_at), place(until) - place(clock.due_at), "late"))
    return Bar(
        start, end, [part for part in parts if part.width > 0], place(clock.due_at) if clock.due_at else None,
        place(now) if clock.stopped_at is None else None,
    )  # fmt: skip


def _parts(
    place: Callable[[datetime], float], start: datetime, end: datetime, kind: str, until: datetime
) -> list[Part]:
    if kind != "counted":
        return [Part(place(start), place(end) - place(start), kind)]
    gone = min(end, until)
    return [Part(place(start), place(gone) - place(start), "counted")] if gone > start else []


def tone(clock: ClockShown, now: datetime) -> str:
    """ok, risk, late or hold: the state colour that goes with the clock's word."""
    if clock.state == "breached":
        return "late"
    if clock.state in ("paused", "cancelled", "none", "idle"):
        return "hold"
    if clock.state == "met" or clock.started_at is None or clock.due_at is None:
        return "ok"
    return "risk" if now >= clock.started_at + (clock.due_at - clock.started_at) * 0.8 else "ok"


def tightest(clocks: list[ClockShown]) -> ClockShown | None:
    """The open clock whose deadline comes next, overdue ones first."""
    ticking = [(clock.due_at, place) for place, clock in enumerate(clocks) if clock.due_at and not clock.stopped_at]
    return clocks[min(ticking)[1]] if ticking else None
