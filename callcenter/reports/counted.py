"""Sections of a month's report that say what people did: arrivals, calls, words given, pauses, follow-ups, repeats."""

from datetime import datetime

import msgspec


class OnSite(msgspec.Struct, kw_only=True):
    """How arrivals went in a region: kept or not, and how long they took from the start of the promise."""

    commitment: str
    region: str | None
    due: int
    met: int
    breached: int
    compliance: float | None
    arrivals: int
    mean_s: float | None
    longest_s: float | None


class Laborious(msgspec.Struct, kw_only=True):
    """A fault that took several calls."""

    ticket: int
    title: str
    contacts: int
    people: int


class Effort(msgspec.Struct, kw_only=True):
    """What faults reported in the month cost their callers; `laborious` took more than two calls."""

    faults: int
    contacts: int
    contacts_a_fault: float | None
    most_contacts: int
    laborious: int
    ring_to_human_s: float | None
    worst: list[Laborious]


class Spoken(msgspec.Struct, kw_only=True):
    """A promise made by word of mouth that was not kept in time."""

    ticket: int
    at: datetime
    by: str
    what: str | None
    until: datetime | None
    kept_at: datetime | None


class SpokenPromises(msgspec.Struct, kw_only=True):
    """Promises made by word of mouth in the month."""

    made: int
    kept: int
    late: int
    broken: int
    open: int
    kept_rate: float | None
    not_kept: list[Spoken]


class PauseNear(msgspec.Struct, kw_only=True):
    """A pause set shortly before a deadline: `left_s` before it."""

    ticket: int
    at: datetime
    by: str
    reason: str | None
    commitment: str
    due_at: datetime
    left_s: float


class PauseReason(msgspec.Struct, kw_only=True):
    """How often a reason stopped the clocks."""

    reason: str | None
    pauses: int


class Pauses(msgspec.Struct, kw_only=True):
    """Pauses set in the month; `examined` of them were looked at for deadlines close by."""

    pauses: int
    by_reason: list[PauseReason]
    examined: int
    near_deadline: list[PauseNear]


class LateEntry(msgspec.Struct, kw_only=True):
    """An entry written down long after it happened."""

    ticket: int
    entry: int
    type: str
    by: str
    occurred_at: datetime
    recorded_at: datetime
    late_s: float


class LateEntries(msgspec.Struct, kw_only=True):
    """Entries written more than 15 minutes after they happened; imported history is counted apart."""

    entries: int
    imported: int
    worst: list[LateEntry]


class FollowUps(msgspec.Struct, kw_only=True):
    """Calls after the repair."""

    attempted: int
    reached: int
    solved: int
    unsolved: int
    scored: int
    score: float | None
    reached_rate: float | None


class ComplaintsOf(msgspec.Struct, kw_only=True):
    """Complaints in one person's hands."""

    person: str | None
    complaints: int
    upheld: int
    open: int


class Units(msgspec.Struct, kw_only=True):
    """Inspections made and units lent in the month; `loaners_out`: with customers at its end."""

    inspections: int
    loaners_provided: int
    loaners_returned: int
    loaners_out: int


class RepeatedAsset(msgspec.Struct, kw_only=True):
    """A unit that failed again."""

    serial: str
    model: str | None
    faults: int


class Repeats(msgspec.Struct, kw_only=True):
    """Faults on known units, those within 30 days of the one before, and repairs done at the first visit."""

    faults: int
    repeated: int
    repeat_rate: float | None
    assets: list[RepeatedAsset]
    visited: int
    fixed_first_time: int
    first_time_fix: float | None
