"""What a ticket's entries add up to at one instant: its grades and moves, its pauses, its state, who has it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from sla.entry import Entry


class Pause(msgspec.Struct, frozen=True, gc=False):
    """A stretch in which the ticket stood still; `end` is None while it still does."""

    start: int
    end: int | None
    reason: str


class Standing(msgspec.Struct, frozen=True, gc=False):
    """The entries that count, in order, and what they say; positions are indices into `entries`."""

    entries: tuple[Entry, ...]
    kind: str
    category: str | None
    phase: str | None
    pauses: tuple[Pause, ...]
    next_change: int | None
    grades: tuple[tuple[int, int], ...]
    regions: tuple[tuple[int, str], ...]
    changes: tuple[int, ...]

    @classmethod
    def of(
        cls, entries: Sequence[Entry], next_change: int | None, report: Mapping[str, Any] | None = None
    ) -> "Standing":
        """What these entries, in the order they happened, add up to; `report` where theirs may not count yet."""
        reported = next((index for index, entry in enumerate(entries) if entry.type == "reported"), None)
        report = (report or {}) if reported is None else entries[reported].data
        grades: list[tuple[int, int]] = []
        regions: list[tuple[int, str]] = []
        changes: list[int] = []
        phase: str | None = report.get("phase")
        if "region" in report and reported is not None:
            regions.append((reported, report["region"]))
        for index, entry in enumerate(entries):
            if entry.type == "graded":
                changes.append(index)
                grades.append((index, entry.data["severity"]))
            elif entry.type == "moved":
                changes.append(index)
                phase = entry.data.get("phase", phase)
                if "region" in entry.data:
                    regions.append((index, entry.data["region"]))
        return cls(
            entries=tuple(entries),
            kind=report.get("kind", "fault"),
            category=report.get("category"),
            phase=phase,
            pauses=tuple(_pauses(entries)),
            next_change=next_change,
            grades=tuple(grades),
            regions=tuple(regions),
            changes=tuple(changes),
        )

    def severity_at(self, position: int) -> int | None:
        """The severity after the entry at this position; the first grade dates back to the report."""
        severity = self.grades[0][1] if self.grades else None
        for index, graded in self.grades:
            if index > position:
                break
            severity = graded
        return severity

    def region_at(self, position: int) -> str | None:
        """The region after the entry at this position; a move does not date back."""
        region = None
        for index, moved in self.regions:
            if index > position:
                break
            region = moved
        return region


def _pauses(entries: Iterable[Entry]) -> Iterable[Pause]:
    open_pause: Entry | None = None
    for entry in entries:
        if entry.type == "paused" and open_pause is None:
            open_pause = entry
        elif entry.type == "resumed" and open_pause is not None:
            yield Pause(open_pause.at, entry.at, open_pause.data["reason"])
            open_pause = None
    if open_pause is not None:
        yield Pause(open_pause.at, None, open_pause.data["reason"])


# Entries that show somebody at work on the ticket.
_WORK = frozenset(
    (
        *("accepted", "responded", "updated", "diagnosed", "visit_requested", "appointment", "dispatched", "departed"),
        *("arrived", "visited", "escalated", "vendor_reported", "plan_accepted", "not_repairable", "taken_away"),
        *("returned", "replaced", "loaner_provided", "loaner_returned"),
    )
)


def state_of(entries: Iterable[Entry]) -> str:
    """The state of a ticket with these entries, in order."""
    ended: str | None = None
    assigned = working = paused = cancelled = False
    for entry in entries:
        kind = entry.type
        if kind == "cancelled":
            cancelled = True
        elif kind == "reopened":
            # Taking a cancellation back leaves what stood before it; else the fault is there again.
            ended = ended if cancelled else None
            cancelled = False
        elif kind in ("restored", "resolved", "closed"):
            ended = kind if ended is None or _RANK[kind] > _RANK[ended] else ended
        elif kind in ("paused", "resumed"):
            paused = kind == "paused"
        elif kind == "assigned":
            assigned = True
        elif kind in _WORK:
            working = True
    if cancelled:
        return "cancelled"
    if ended in ("resolved", "closed"):
        return ended
    return "waiting" if paused else ended or ("in_progress" if working else "assigned" if assigned else "new")


_RANK = {"restored": 0, "resolved": 1, "closed": 2}


def assignee_of(entries: Iterable[Entry]) -> str | None:
    """The last person the ticket was given to or who took it on."""
    holder: str | None = None
    for entry in entries:
        if entry.type == "assigned":
            holder = entry.data.get("to")
        elif entry.type == "accepted":
            holder = entry.data.get("to") or entry.by or holder
    return holder
