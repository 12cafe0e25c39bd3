"""The cycles of a clock: where each starts and ends, entry by entry. Deadlines play no part here."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from sla.commitment import CLOSING_TYPES, Commitment
from sla.entry import Entry

End = Literal["stopped", "renewed", "cancels", "cancelled", "reopened"]


class LeftOut(msgspec.Struct, gc=False):
    """A stretch of a cycle that does not count because the ticket was closed or cancelled in it."""

    start: int
    end: int
    ended_by: str


class Rejoined(msgspec.Struct, gc=False):
    """A stop taken back under `on_reopen: continue`: where it was and when the ticket was reopened."""

    position: int
    stopped_at: int
    reopened_at: int


class Cycle(msgspec.Struct, gc=False):
    """One cycle; positions are indices into the entries, instants microseconds.

    `end` is how it ended, None while open: `stopped` and `renewed` keep the promise or break it, the others cancel it.
    """

    number: int
    position: int
    started_at: int
    end: End | None = None
    ended_by: str | None = None
    end_position: int | None = None
    ended_at: int | None = None
    left_out: list[LeftOut] = []
    rejoined: list[Rejoined] = []

    def close(self, end: End, position: int, entry: Entry) -> None:
        """The cycle ends at this entry."""
        self.end, self.ended_by, self.end_position, self.ended_at = end, entry.type, position, entry.at

    def reopen(self) -> None:
        """The cycle goes on as if it had not ended."""
        self.end = self.ended_by = self.end_position = self.ended_at = None


def cycles(commitment: Commitment, entries: Sequence[Entry]) -> list[Cycle]:
    """Every cycle of the commitment, in order; none while it has not started or lacks what it requires."""
    if commitment.requires and not _required(commitment, entries):
        return []
    walk = _Walk(commitment)
    listens = commitment.listens
    for position, entry in enumerate(entries):
        if entry.type in listens:
            walk.take(position, entry)
    return walk.cycles


def _required(commitment: Commitment, entries: Sequence[Entry]) -> bool:
    cancelled = False
    for entry in entries:
        if entry.type == "cancelled":
            cancelled = True
        elif entry.type == "reopened":
            cancelled = False
        if not cancelled and entry.type in commitment.requires:
            return True
    return False


class _Walk:
    """The cycles so far, whether the ticket is cancelled, and whether a `starts` entry starts one more."""

    __slots__ = ("cancelled", "commitment", "cycles", "startable")

    def __init__(self, commitment: Commitment) -> None:
        self.commitment = commitment
        self.cycles: list[Cycle] = []
        self.cancelled = False
        self.startable = True

    def take(self, position: int, entry: Entry) -> None:
        """Afterwards the entry has had its effect."""
        kind = entry.type
        if kind == "cancelled":
            self._cancel(position, entry)
        elif kind == "reopened" and (self._take_back(entry) or self._reopen(position, entry)):
            return
        elif not self.cancelled:
            self._step(position, entry)

    def _step(self, position: int, entry: Entry) -> None:
        kind, commitment = entry.type, self.commitment
        last = self.cycles[-1] if self.cycles else None
        if last is not None and last.end is None:
            if kind in commitment.renews:
                last.close("renewed", position, entry)
                self._start(position, entry)
            elif kind in commitment.stops:
                last.close("stopped", position, entry)
            elif kind in commitment.cancels:
                last.close("cancels", position, entry)
        elif self.startable and kind in commitment.starts:
            self._start(position, entry)

    def _start(self, position: int, entry: Entry) -> None:
        self.cycles.append(Cycle(len(self.cycles) + 1, position, entry.at))
        self.startable = False

    def _cancel(self, position: int, entry: Entry) -> None:
        if not self.cancelled and self.cycles and self.cycles[-1].end is None:
            self.cycles[-1].close("cancelled", position, entry)
        self.cancelled = True

    def _take_back(self, entry: Entry) -> bool:
        """A cancellation is taken back: the cycle it ended goes on without the cancelled span. Nothing else happens."""
        if not self.cancelled:
            return False
        self.cancelled = False
        if self.cycles and self.cycles[-1].end == "cancelled":
            self._leave_out(self.cycles[-1], entry)
        return True

    def _leave_out(self, cycle: Cycle, reopened: Entry) -> None:
        assert cycle.ended_at is not None
        assert cycle.ended_by is not None
        cycle.left_out.append(LeftOut(cycle.ended_at, reopened.at, cycle.ended_by))
        cycle.reopen()

    def _reopen(self, position: int, entry: Entry) -> bool:
        """The first of the rules for a reopening that fits; False where none does and the entry is like any other."""
        if not self.cycles:
            return False
        last = self.cycles[-1]
        if last.end == "stopped" and last.ended_by in CLOSING_TYPES:
            self._after_closing(last, position, entry)
        elif CLOSING_TYPES.issuperset(self.commitment.starts):
            if last.end is None:
                last.close("reopened", position, entry)
            self.startable = True
        elif last.end == "cancels":
            self._start(position, entry)
        else:
            return False
        return True

    def _after_closing(self, last: Cycle, position: int, entry: Entry) -> None:
        on_reopen = self.commitment.on_reopen
        if on_reopen == "restart":
            self._start(position, entry)
        elif on_reopen == "resume":
            self._leave_out(last, entry)
        else:
            assert last.end_position is not None
            assert last.ended_at is not None
            last.rejoined.append(Rejoined(last.end_position, last.ended_at, entry.at))
            last.reopen()
