"""What should have been told: the alerts of a ticket worked out from its entries alone, look by look.

Written from the pages on the service and on clocks; of the service's own code it uses the reading of entries and
`sla.clock.assess`, the truth about clocks. `Rules` holds every choice those pages leave open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from simulated_duty import responsible_moment
from simulated_terms import CONTRACTS, Rung

from sla.clock import Clock, assess
from sla.contract import Contract
from sla.interval import micros
from sla.timeline import Entry, Timeline

Key = tuple[str, int]  # commitment, cycle
_TICK = timedelta(microseconds=1)


@dataclass(slots=True)
class Told:
    """An alert as it should be in the database."""

    step: int
    repeat: int
    version: int
    kind: str
    fires_at: datetime
    due_at: datetime
    recorded_at: datetime
    state: str = "firing"
    settled_at: datetime | None = None
    planned_at: datetime | None = None  # the ladder's own instant, where somebody had to be warned before

    @property
    def live(self) -> bool:
        return self.settled_at is None


@dataclass(slots=True)
class Known:
    """What is known of one clock after a look."""

    ladder_from: datetime
    due_at: datetime | None = None
    version: int = 1
    told: list[Told] = field(default_factory=list)
    void: bool = False
    seen_at: datetime | None = None


@cache
def _contract(code: str, share: Fraction) -> Contract:
    return CONTRACTS[code].contract(share)


def clocks(code: str, timeline: Timeline, now: datetime, share: Fraction = Fraction(1)) -> dict[Key, Clock]:
    """Every clock of the ticket at the instant, with promises cut to the share."""
    found = assess(_contract(code, share), timeline, micros(now))
    return {(clock.commitment, clock.cycle): clock for clock in found}


class Ringing(NamedTuple):
    """A rung whose time comes while the clock stands as it does; `planned` the ladder's own instant of it."""

    number: int
    rung: Rung
    kind: str
    instant: datetime
    planned: datetime


def holder(timeline: Timeline, now: datetime) -> str | None:
    """Who has the ticket, as far as is known at the instant."""
    given = [one.data.get("to") for one in timeline.as_of(micros(now)).entries if one.type == "assigned"]
    return given[-1] if given else None


class Sight:
    """A ticket as it is seen at one instant: its clocks, and when each rung's time comes."""

    def __init__(self, code: str, timeline: Timeline, now: datetime) -> None:
        self.now = now
        self.holder = holder(timeline, now)
        self.clocks = clocks(code, timeline, now)
        self._code = code
        self._timeline = timeline
        self._cut: dict[Fraction, dict[Key, Clock]] = {}
        self._rungs: dict[Key, tuple[Ringing, ...]] = {}

    def rungs(self, key: Key) -> tuple[Ringing, ...]:
        """Those that may ring while the clock stands as it does."""
        if key not in self._rungs:
            self._rungs[key] = tuple(self._ringing(key))
        return self._rungs[key]

    def _ringing(self, key: Key) -> Iterator[Ringing]:
        clock = self.clocks[key]
        if clock.due_at is None or clock.state not in ("running", "breached"):
            return
        for number, rung in enumerate(CONTRACTS[self._code].ladder):
            instant = self._instant(key, clock, rung)
            if instant is None:
                continue
            kind = "breach" if rung.at == "breach" else "warning" if instant < clock.due_at else "overdue"
            if kind == "warning" and clock.stopped_at is not None:
                continue  # nobody is warned of what is over
            if kind != "warning" and clock.state != "breached":
                continue  # nothing is broken yet
            if clock.stopped_at is not None and instant > clock.stopped_at:
                continue
            moment = instant
            if kind == "warning":
                assert clock.started_at is not None
                moment = responsible_moment(
                    rung.notify, key[0], clock.region, self.holder, clock.started_at, instant, clock.due_at
                )
            yield Ringing(number, rung, kind, moment, instant)

    def _instant(self, key: Key, clock: Clock, rung: Rung) -> datetime | None:
        assert clock.due_at is not None
        if rung.at == "breach":
            return clock.breached_at or clock.due_at
        if isinstance(rung.at, timedelta):
            return clock.due_at + rung.at
        if rung.at not in self._cut:
            self._cut[rung.at] = clocks(self._code, self._timeline, self.now, rung.at)
        cut = self._cut[rung.at].get(key)
        return cut.due_at if cut is not None else None


@dataclass(frozen=True, slots=True)
class Change:
    """What a look at one clock should have done."""

    raised: tuple[Told, ...]
    settled: tuple[tuple[Told, str, str], ...]  # how it ended, and why


def look(sight: Sight, key: Key, known: Known) -> Change:
    """The alerts to raise and to settle, and `known` brought up to the look."""
    clock = sight.clocks.get(key)
    due = clock.due_at if clock is not None else None
    if known.due_at is not None and due != known.due_at:
        known.version += 1  # a deadline found again after a pause was counted when it was lost
    known.due_at, known.void, known.seen_at = due, clock is None, sight.now
    settled = tuple(
        (told, *end) for told in known.told if told.live if (end := _ending(sight, key, clock, told, known.version))
    )
    raised = tuple(_due(sight, key, known)) if clock is not None else ()
    for told, how, _ in settled:
        told.state, told.settled_at = how, sight.now
    known.told += raised
    return Change(raised, settled)


def _ending(sight: Sight, key: Key, clock: Clock | None, told: Told, version: int) -> tuple[str, str] | None:
    """How a live alert ends at this look, and why."""
    warning = told.kind == "warning"
    if clock is None:
        return "withdrawn", "void"
    if clock.state in ("idle", "none"):
        return "withdrawn", "no_promise"
    if clock.state == "met":  # where it is a breach's: kept after all, there never was one
        return ("resolved", "met") if warning else ("withdrawn", "kept")
    if clock.state == "cancelled":
        return ("resolved" if warning else "withdrawn", "cancelled")
    if clock.state == "paused":
        return None if warning else ("withdrawn", "paused")
    if clock.stopped_at is not None:
        return "resolved", "stopped"
    if told.planned_at is not None and told.version == version:
        return None  # whoever is on duty by now, it was said in time then
    ripe = {one.number for one in sight.rungs(key) if one.instant <= sight.now}
    return None if told.step in ripe else ("withdrawn", "moved")


def _due(sight: Sight, key: Key, known: Known) -> Iterator[Told]:
    """What has to be told now and was not yet."""
    clock, now = sight.clocks[key], sight.now
    assert clock is not None
    over = clock.stopped_at is not None
    for number, rung, kind, instant, planned in sight.rungs(key):
        if instant > now or instant < known.ladder_from:
            continue
        of_step = [told for told in known.told if told.step == number]
        standing = [told for told in of_step if told.live or told.version == known.version]
        repeat: int | None = None
        if not standing:
            # told before for another deadline: again only if its instant lies after that ended
            if not any(told.settled_at is not None and told.settled_at >= instant for told in of_step):
                repeat = 0
        elif rung.repeat is not None and not over and all(told.state == "firing" for told in standing):
            newest = (now - instant) // rung.repeat
            # counted anew when the rota moved the rung meanwhile: those told keep their numbers
            spent = max((told.repeat for told in standing if told.version == known.version), default=0)
            if newest > spent and instant + newest * rung.repeat > max(told.recorded_at for told in standing):
                repeat = newest
        if repeat is not None:
            fires_at = instant + repeat * (rung.repeat or timedelta(0))
            assert clock.due_at is not None
            state, settled_at = ("resolved", now) if over else ("firing", None)
            early = planned if planned != instant else None
            yield Told(number, repeat, known.version, kind, fires_at, clock.due_at, now, state, settled_at, early)


def overlooked(sight: Sight, known: dict[Key, Known]) -> Iterator[str]:
    """What a look at everything would still change, when one has just been taken."""
    for key in {*sight.clocks, *known}:
        if key not in known:
            if sight.clocks[key].state != "idle":
                yield f"{key} was never stored"
            continue
        was = known[key]
        if was.seen_at is not None and was.seen_at > sight.now:
            continue  # by a host whose clock is a little ahead
        trial = Known(was.ladder_from, was.due_at, was.version, [*was.told], was.void)
        clock = sight.clocks.get(key)
        if was.void and clock is None:
            continue
        if was.void and clock is not None:
            yield f"{key} is there again ({clock.state}), and stored as gone"
        saved = [(told, told.state, told.settled_at) for told in was.told]
        change = look(sight, key, trial)
        for told, state, settled_at in saved:
            told.state, told.settled_at = state, settled_at
        if trial.version != was.version:
            yield f"{key} has a deadline that was not noticed: {trial.due_at}, stored {was.due_at}"
        for told in change.raised:
            yield f"{key} lost step {told.step} repeat {told.repeat} ({told.kind}) of {told.fires_at}"
        for told, how, _ in change.settled:
            yield f"{key} step {told.step} repeat {told.repeat} is {told.state} and should be {how}"


def timeline_of(entries: Sequence[Entry] | Iterable[Entry]) -> Timeline:
    """The timeline of the entries."""
    return Timeline(tuple(entries))
