"""A clock: what one cycle of a promise says at an instant, as a pure function of terms, timeline and now."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from sla.calendar import open_between
from sla.commitment import Commitment
from sla.contract import Contract
from sla.cycle import cycles
from sla.deadline import Reckoning, reckon
from sla.interval import SECOND, Interval, instant
from sla.standing import Standing
from sla.timeline import Timeline

Seconds = int | float


class Derivation(msgspec.Struct, frozen=True, gc=False):
    """How a clock came about at an instant; kept with it so that explaining it does not work it out again."""

    commitment: Commitment
    how: Reckoning
    now: int

    # Clocks that say the same are equal, however each came about.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Derivation)

    def __hash__(self) -> int:
        return 0


class Clock(msgspec.Struct, frozen=True, gc=False):
    """What a clock says. Instants are UTC, `_s` seconds; null where the promise has no such figure.

    `changes_at`: the answer holds up to this instant and changes just after it without a new entry; None if never.
    """

    commitment: str
    cycle: int
    clause: str | None
    owner: str
    state: str
    promised: str | None
    promised_s: Seconds | None
    started_at: datetime | None
    due_at: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None
    paused_s: Seconds
    used_s: Seconds | None
    remaining_s: Seconds | None
    provisional: bool
    calendar: str
    severity: int | None
    region: str | None
    changes_at: datetime | None
    derivation: Derivation | None = None


def assess(contract: Contract, timeline: Timeline, now: int) -> list[Clock]:
    """Every clock of the ticket at `now`, in the contract's order; a commitment that does not fit gives none."""
    standing = timeline.as_of(now)
    clocks: list[Clock] = []
    for commitment in contract.commitments:
        if commitment.fits(standing.kind, standing.category, standing.phase):
            clocks += _clocks(contract, commitment, standing, now)
    return clocks


def assess_commitment(contract: Contract, commitment: Commitment, timeline: Timeline, now: int) -> list[Clock]:
    """The clocks of one commitment, one a cycle."""
    standing = timeline.as_of(now)
    if not commitment.fits(standing.kind, standing.category, standing.phase):
        return []
    return _clocks(contract, commitment, standing, now)


def derived(contract: Contract, timeline: Timeline, clock: Clock, now: int) -> Derivation | None:
    """How the clock came about at `now`; None where it has not started or is not the ticket's."""
    known = clock.derivation
    if known is not None and known.now == now:
        return known
    standing = timeline.as_of(now)
    for commitment in contract.commitments:
        if commitment.name == clock.commitment and commitment.fits(standing.kind, standing.category, standing.phase):
            for cycle in cycles(commitment, standing.entries):
                if cycle.number == clock.cycle:
                    return Derivation(commitment, reckon(commitment, contract.zone, standing, cycle, now), now)
    return None


def _clocks(contract: Contract, commitment: Commitment, standing: Standing, now: int) -> list[Clock]:
    found = cycles(commitment, standing.entries)
    if not found:
        return [_not_started(commitment, standing)]
    return [
        _clock(commitment, standing, reckon(commitment, contract.zone, standing, cycle, now), now) for cycle in found
    ]


def _not_started(commitment: Commitment, standing: Standing) -> Clock:
    last = len(standing.entries)
    return Clock(
        commitment=commitment.name,
        cycle=1,
        clause=commitment.clause,
        owner=commitment.owner,
        state="idle",
        promised=None,
        promised_s=None,
        started_at=None,
        due_at=None,
        stopped_at=None,
        breached_at=None,
        paused_s=0,
        used_s=None,
        remaining_s=None,
        provisional=False,
        calendar=commitment.calendar.name,
        severity=standing.severity_at(last),
        region=standing.region_at(last),
        changes_at=_instant(standing.next_change),
    )


def _clock(commitment: Commitment, standing: Standing, found: Reckoning, now: int) -> Clock:
    cycle, figure = found.cycle, found.course.figure
    state = _state(found, now)
    # A commitment without a promise says nothing but that; one that measures says what it measured.
    silent = state == "none" and figure is not None and figure.kind == "none"
    ended = state in ("met", "breached", "cancelled", "none") and not silent
    promised, used = _promised(found), None if silent else _used(commitment, found)
    last = len(standing.entries) if cycle.end_position is None else cycle.end_position
    open_ = cycle.ended_at is None and promised is not None and used is not None
    return Clock(
        commitment=commitment.name,
        cycle=cycle.number,
        clause=commitment.clause,
        owner=commitment.owner,
        state=state,
        promised=None if figure is None else figure.text,
        promised_s=_seconds(promised),
        started_at=None if silent else instant(cycle.started_at),
        due_at=_instant(found.due),
        stopped_at=_instant(cycle.ended_at) if ended else None,
        breached_at=_instant(found.breached_at) if state == "breached" else None,
        paused_s=0 if silent else _seconds(_paused(commitment, standing, found)) or 0,
        used_s=_seconds(used),
        remaining_s=_seconds(promised - used) if open_ and promised is not None and used is not None else None,
        provisional=_provisional(commitment, found),
        calendar=commitment.calendar.name,
        severity=standing.severity_at(last),
        region=standing.region_at(last),
        changes_at=_instant(_changes_at(state, found, standing)),
        derivation=Derivation(commitment, found, now),
    )


def _state(found: Reckoning, now: int) -> str:
    cycle, figure, due = found.cycle, found.course.figure, found.due
    if figure is not None and figure.kind in ("none", "measure"):
        return "none"
    if cycle.end in ("cancels", "cancelled", "reopened"):
        return "cancelled" if due is None or found.until <= due else "breached"
    if figure is None:
        return "idle"
    if found.paused:
        return "paused"
    assert due is not None
    if cycle.end is not None:
        return "met" if found.until <= due else "breached"
    return "breached" if now > due else "running"


def _promised(found: Reckoning) -> int | None:
    figure = found.course.figure
    counts = figure is not None and figure.duration is not None and figure.duration.kind == "open"
    return figure.duration.micros if counts and figure is not None and figure.duration is not None else None


def _used(commitment: Commitment, found: Reckoning) -> int | None:
    figure = found.course.figure
    if figure is None or (figure.kind != "measure" and _promised(found) is None):
        return None
    return open_between(commitment.calendar, found.course.origin, found.until, _intervals(found))


def _intervals(found: Reckoning) -> Sequence[Interval]:
    return [Interval(span.start, span.end) for span in found.spans]


def _paused(commitment: Commitment, standing: Standing, found: Reckoning) -> int:
    """Elapsed time of the pauses in the cycle that began before the deadline."""
    total = 0
    for pause in standing.pauses:
        begin = max(pause.start, found.cycle.started_at)
        if pause.reason in commitment.pauses and (found.due is None or begin < found.due):
            end = found.until if pause.end is None else min(pause.end, found.until)
            total += max(0, end - begin)
    return total


def _provisional(commitment: Commitment, found: Reckoning) -> bool:
    figure = found.course.figure
    if found.due is None or figure is None or figure.duration is None or figure.duration.kind == "civil":
        return False
    return commitment.calendar.provisional(found.course.origin, found.due)


def _changes_at(state: str, found: Reckoning, standing: Standing) -> int | None:
    if state != "running":
        return standing.next_change
    assert found.due is not None
    return found.due if standing.next_change is None else min(found.due, standing.next_change)


def _instant(at: int | None) -> datetime | None:
    return None if at is None else instant(at)


def _seconds(micros: int | None) -> Seconds | None:
    if micros is None:
        return None
    return micros // SECOND if micros % SECOND == 0 else micros / SECOND
