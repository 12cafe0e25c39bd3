"""What a month's report holds; this is also its JSON form.

Amounts of money are decimal texts, lengths of time seconds, rates percent rounded down to one decimal and null where
there was no case.
"""

from datetime import date, datetime

import msgspec

from callcenter.reports.counted import (
    ComplaintsOf,
    Effort,
    FollowUps,
    LateEntries,
    OnSite,
    Pauses,
    Repeats,
    SpokenPromises,
    Units,
)
from callcenter.reports.weighed import Credits, Evidence
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


class TrendPoint(msgspec.Struct, kw_only=True):
    """A commitment in one of the twelve months that end with the report's."""

    month: str
    commitment: str
    met: int
    breached: int
    exempt: int
    compliance: float | None
    net: float | None


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
