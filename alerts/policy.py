"""The ladder of a contract applied to one clock: which rungs fire, which earlier alerts end, when to look again.

Pure: everything comes in as an argument, `now` too. A rung fires once for a deadline. A deadline that moves takes back
the alerts it made untrue and leaves the true ones standing; a step told before comes again only where its new instant
lies later than the telling ended. Where duties have a rota, warnings come while somebody on duty can still act on them;
what was told once stays told when the rota changes afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from alerts.duty import Roster
from alerts.ladder import Kind, Step, steps
from alerts.moment import brought_forward
from sla.clock import Clock
from sla.contract import Contract
from sla.interval import instant, micros
from sla.timeline import Timeline, assignee

Ending = Literal["resolved", "withdrawn"]
Because = Literal["met", "kept", "cancelled", "stopped", "void", "moved", "paused", "no_promise"]

# At the deadline itself a promise can still be kept; a pass finds it broken from this much later on.
AFTER = timedelta(microseconds=1)


class StoredClock(msgspec.Struct, frozen=True, gc=False):
    """What the store knew of a clock before this look."""

    id: int
    commitment: str
    cycle: int
    due_at: datetime | None
    deadline_version: int
    ladder_from: datetime


class PastAlert(msgspec.Struct, frozen=True, gc=False):
    """An alert already recorded for the clock."""

    id: int
    step: int
    repeat: int
    deadline_version: int
    kind: Kind
    recorded_at: datetime
    state: Literal["firing", "acknowledged", "resolved", "withdrawn"]
    settled_at: datetime | None = None
    early: bool = False  # brought forward from the ladder's own instant

    @property
    def live(self) -> bool:
        """True until the matter is over; an acknowledged alert is live."""
        return self.settled_at is None


class NewAlert(msgspec.Struct, frozen=True, gc=False):
    """An alert to record; `ended` when the matter was over before it was found (it is told all the same).

    `planned_at` is the ladder's own instant where it was brought forward; `grave`: of the contract's gravest severity;
    `then` are the duties of the rungs above, one after the other, for when nobody fills those of `notify`.
    """

    step: int
    repeat: int
    kind: Kind
    notify: tuple[str, ...]
    fires_at: datetime
    due_at: datetime
    ended: bool = False
    planned_at: datetime | None = None
    grave: bool = False
    then: tuple[tuple[str, ...], ...] = ()


class Settled(msgspec.Struct, frozen=True, gc=False):
    """An alert that is over: `resolved`, the matter ended; `withdrawn`, it is not true any more."""

    id: int
    state: Ending
    because: Because


class Outcome(msgspec.Struct, frozen=True):
    """What one look at a clock comes to: the row to store, the alerts to raise and to settle.

    `id` None: a row to insert. `clock` None: the row is void.
    """

    id: int | None
    commitment: str
    cycle: int
    clock: Clock | None
    deadline_version: int
    ladder_from: datetime
    assessed_at: datetime
    wake_at: datetime | None
    raised: tuple[NewAlert, ...] = ()
    settled: tuple[Settled, ...] = ()

    @property
    def first_wake(self) -> datetime | None:
        """`wake_at` for a writer that stores the row alone: at once where alerts wait, so that a pass raises them."""
        return self.assessed_at if self.raised else self.wake_at


def judge(
    contract: Contract,
    timeline: Timeline,
    stored: StoredClock | None,
    fresh: Clock | None,
    alerts: Sequence[PastAlert],
    now: datetime,
    ladder_from: datetime,
    roster: Roster | None = None,
) -> Outcome:
    """What is to be stored, raised and settled for one clock at `now`.

    `stored` None: not written yet; `fresh` None: the clock is gone. Rungs before `ladder_from` stay silent; a stored
    clock keeps the one it was stored with. Without `roster` every rung comes at the ladder's own instant.
    """
    number, version = None, 1
    if stored is not None:
        number, version, ladder_from = stored.id, _version(stored, fresh), stored.ladder_from
    if fresh is None:
        assert stored is not None, "a clock is stored, or fresh, or both"
        gone = tuple(Settled(a.id, "withdrawn", "void") for a in alerts if a.live)
        ahead = timeline.as_of(micros(now)).next_change  # it may come back with an entry that does not count yet
        again = None if ahead is None else instant(ahead) + AFTER
        return Outcome(number, stored.commitment, stored.cycle, None, version, ladder_from, now, again, (), gone)
    ladder = _ladder(contract, timeline, fresh, now, roster) if _has_ladder(fresh, ladder_from) else []
    raised: list[NewAlert] = []
    wakes = [fresh.changes_at + AFTER] if fresh.changes_at is not None else []
    for step in ladder:
        told = [a for a in alerts if a.step == step.number] if alerts else ()
        again = _next(contract, step, told, fresh, version, now, ladder_from, raised)
        if again is not None:
            wakes.append(again)
    settled = tuple(_settle(alerts, fresh, version, ladder, now)) if alerts else ()
    wake_at = min(wakes, default=None)
    return Outcome(
        number, fresh.commitment, fresh.cycle, fresh, version, ladder_from, now, wake_at, tuple(raised), settled
    )


def _has_ladder(fresh: Clock, ladder_from: datetime) -> bool:
    """A promise that is open or was kept late has rungs, as far as they lie after `ladder_from`."""
    if fresh.due_at is None or fresh.state not in ("running", "breached"):
        return False
    return fresh.stopped_at is None or fresh.stopped_at >= ladder_from


def _ladder(contract: Contract, timeline: Timeline, fresh: Clock, now: datetime, roster: Roster | None) -> list[Step]:
    """The rungs at the ladder's own instants; warnings to duties that have a rota earlier where need be."""
    if roster is None or not roster.duties or not _rotates(contract, roster):
        return steps(contract, timeline, fresh, now)
    assert fresh.derivation is not None, "a promise with a deadline has started"
    stops, whose = fresh.derivation.commitment.stops, assignee(timeline, micros(now))
    found = []
    for step in steps(contract, timeline, fresh, now, every_share=True):
        instant = step.instant
        if step.kind == "warning":
            instant = brought_forward(step, fresh, roster, stops, whose)
        found.append(step if instant == step.instant else step._replace(instant=instant, planned=step.instant))
    return found


def _rotates(contract: Contract, roster: Roster) -> bool:
    return any(duty in roster.duties for rung in contract.ladder for duty in rung.notify)


def _version(stored: StoredClock, fresh: Clock | None) -> int:
    """Raised when a known deadline moves or is lost; one that is found after a pause was counted when it was lost."""
    due = fresh.due_at if fresh is not None else None
    return stored.deadline_version + (stored.due_at is not None and due != stored.due_at)


def _next(
    contract: Contract,
    step: Step,
    told: Sequence[PastAlert],
    fresh: Clock,
    version: int,
    now: datetime,
    ladder_from: datetime,
    raised: list[NewAlert],
) -> datetime | None:
    """Adds to `raised` what the step has to tell now, and returns when it next has something."""
    stopped = fresh.stopped_at
    if stopped is not None and (step.kind == "warning" or step.instant > stopped):
        return None
    if step.instant > now:
        return step.instant
    if step.instant < ladder_from:
        return None
    chain = [a for a in told if a.live or a.deadline_version == version]
    if not chain:
        if any(a.settled_at is not None and a.settled_at >= step.instant for a in told):
            return None
        raised.append(_alert(contract, step, 0, fresh))
    if step.repeat is None or stopped is not None:
        return None
    due_repeats = (now - step.instant) // step.repeat
    if chain:
        if any(a.state != "firing" for a in chain):
            return None
        newest = step.instant + due_repeats * step.repeat
        # a rung that the rota has moved since counts its repeats anew: those told keep their numbers
        spent = max((a.repeat for a in chain if a.deadline_version == version), default=0)
        if due_repeats > spent and newest > max(a.recorded_at for a in chain):
            raised.append(_alert(contract, step, due_repeats, fresh))
    return step.instant + (due_repeats + 1) * step.repeat


def _alert(contract: Contract, step: Step, repeat: int, fresh: Clock) -> NewAlert:
    assert fresh.due_at is not None
    return NewAlert(
        step=step.number,
        repeat=repeat,
        kind=step.kind,
        notify=step.notify,
        fires_at=step.instant + repeat * step.repeat if step.repeat is not None else step.instant,
        due_at=fresh.due_at,
        ended=fresh.stopped_at is not None,
        planned_at=step.planned,
        grave=fresh.severity is not None and fresh.severity == min(contract.severities, default=None),
        then=tuple(rung.notify for rung in contract.ladder[step.number + 1 :]),
    )


def _settle(
    alerts: Sequence[PastAlert], fresh: Clock, version: int, ladder: list[Step], now: datetime
) -> Iterator[Settled]:
    ripe = {step.number for step in ladder if step.instant <= now}
    for alert in alerts:
        early = alert.early and alert.deadline_version == version  # whoever is on duty now, it was said in time then
        ending = _ending(alert, fresh, {*ripe, alert.step} if early else ripe) if alert.live else None
        if ending is not None:
            yield Settled(alert.id, *ending)


def _ending(alert: PastAlert, fresh: Clock, ripe: set[int]) -> tuple[Ending, Because] | None:
    """How a live alert ends now, or None while it is true and the matter is open."""
    warning = alert.kind == "warning"
    match fresh.state:
        case "met":
            return ("resolved", "met") if warning else ("withdrawn", "kept")
        case "cancelled":
            return ("resolved" if warning else "withdrawn", "cancelled")
        case "breached" if fresh.stopped_at is not None:
            return ("resolved", "stopped")
        case "paused":
            return None if warning else ("withdrawn", "paused")
        case "running" | "breached" if fresh.due_at is not None:
            return None if alert.step in ripe else ("withdrawn", "moved")
        case _:
            return ("withdrawn", "no_promise")
