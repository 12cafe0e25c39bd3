"""What a month's report holds; this is also its JSON form.

Amounts of money are decimal texts, lengths of time seconds, rates percent rounded down to one decimal and null where
there was no case.
"""

from datetime import date, datetime

import msgspec

from callcenter.services.compliance import Compliance, ComplianceRow
from callcenter.services.hotline import Hotline


class Told(msgspec.Struct, kw_only=True):
    """An entry of a breach's timeline."""

    at: datetime
    type: str
    by: str


class Breach(msgspec.Struct, kw_only=True):
    """A promise not kept: `responsible` is `us` unless somebody found otherwise; `exempt` the reason it was taken out.

    `timeline` is told for the breaches a report lists, not for those in the whole list.
    """

    ticket: int
    ref: str | None
    title: str
    commitment: str
    clause: str | None
    cycle: int
    severity: int | None
    region: str | None
    promised: str | None
    reported_at: datetime
    started_at: datetime | None
    due_at: datetime
    stopped_at: datetime | None
    overdue_s: float
    responsible: str
    cause: str | None
    exempt: str | None
    credit: str | None
    currency: str | None
    timeline: list[Told] = []


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


class Exemption(msgspec.Struct, kw_only=True):
    """A breach somebody asked to take out: `state` asked, approved or refused."""

    id: int
    ticket: int
    commitment: str
    cycle: int
    reason: str
    evidence: str
    state: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    remark: str | None
    due_at: datetime | None = None


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


class TrendPoint(msgspec.Struct, kw_only=True):
    """A commitment in one of the twelve months that end with the report's."""

    month: str
    commitment: str
    met: int
    breached: int
    exempt: int
    compliance: float | None
    net: float | None


class CreditLine(msgspec.Struct, kw_only=True):
    """A line of the credits: `proposed` until a manager confirmed or waived it at this amount."""

    line: str
    commitment: str
    kind: str
    breaches: int
    each: str | None
    below: str | None
    share: str | None
    amount: str
    currency: str
    state: str
    by: str | None = None
    at: datetime | None = None
    reason: str | None = None


class CreditSum(msgspec.Struct, kw_only=True):
    """A currency's lines together; `confirmed` counts those a manager confirmed, capped as well."""

    currency: str
    before_cap: str
    cap: str | None
    amount: str
    confirmed: str


class CreditStep(msgspec.Struct, kw_only=True):
    """What so many more breaches would cost on top."""

    commitment: str
    more: int
    extra: str
    currency: str


class Credits(msgspec.Struct, kw_only=True):
    """What the month's breaches cost, and what more would; all of it proposals until confirmed."""

    lines: list[CreditLine]
    sums: list[CreditSum]
    forecast: list[CreditStep]


class EvidenceItem(msgspec.Struct, kw_only=True):
    """An item of a certifier's form: its points, and where they come from; null points are missing."""

    item: str
    title: str
    most: str
    points: str | None
    source: str
    value: str | None = None


class Evidence(msgspec.Struct, kw_only=True):
    """A form filled for the month; `grade` follows from the points once nothing is missing, `so_far` counts what is."""

    form: str
    title: str
    items: list[EvidenceItem]
    so_far: str
    most: str
    percent: float | None
    grade: str | None
    missing: list[str]


class VersionUsed(msgspec.Struct, kw_only=True):
    """A contract version that came into force by the month's end."""

    version: int
    effective: date
    hash: str


class DataNote(msgspec.Struct, kw_only=True):
    """What the figures rest on; `hash` is the sha256 of the report's other figures, by which copies can be compared."""

    versions: list[VersionUsed]
    calendars: list[str]
    software: str
    holidays: str
    time_zones: str
    corrections: int
    hash: str = ""


class Report(Compliance, kw_only=True):
    """A contract's month; `breaches` are the worst hundred of `breaches_total`, `regions` and `severities` names."""

    severities: dict[str, str]
    regions: dict[str, str]
    by_commitment: list[ComplianceRow]
    hotline: Hotline
    on_site: list[OnSite]
    breaches_total: int
    breaches: list[Breach]
    effort: Effort
    spoken: SpokenPromises
    exemptions: list[Exemption]
    pauses: Pauses
    late_entries: LateEntries
    follow_ups: FollowUps
    complaints: list[ComplaintsOf]
    units: Units
    repeats: Repeats
    trend: list[TrendPoint]
    credits: Credits
    evidence: list[Evidence]
    data_note: DataNote
