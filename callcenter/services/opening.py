"""A ticket that is about to be opened: graded, with its first entries and clocks. Pure; nothing is stored here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from callcenter.errors import Invalid
from callcenter.services.types import Line, Severity, Text
from sla.clock import Clock, assess
from sla.contract import Contract, needs_region
from sla.grading import Grade, grade
from sla.interval import micros
from sla.timeline import Entry, Refused, Timeline, check

CHANNELS = ("phone", "fax", "mail", "letter", "visit", "web", "chat", "machine")


class Fault(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a promise depends on: what kind of matter, where, and how grave."""

    kind: Line = "fault"
    category: Line | None = None
    region: Line | None = None
    phase: Line | None = None
    facts: dict[Line, Line] | None = None
    severity: Severity | None = None
    severity_reason: Text | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket's first entries, what they say and the clocks they start."""

    reported_at: datetime
    entries: list[Entry]
    timeline: Timeline
    clocks: list[Clock]
    grade: Grade | None
    severity: int | None
    graded_by: str | None


def _graded(terms: Contract | None, fault: Fault, at: str) -> tuple[Grade | None, int | None, str | None]:
    """The rules' grade, the severity that counts, and what decided it."""
    if terms is None:
        return None, fault.severity, fault.severity_reason
    try:
        ruled = grade(terms, fault.facts or {}) if fault.kind == "fault" or fault.facts else None
    except ValueError as error:
        raise Invalid.field(f"{at}/facts", "unknown_fact", str(error)) from error
    if fault.severity is None:
        return (ruled, ruled.severity, ruled.text) if ruled is not None else (None, None, None)
    if fault.severity not in terms.severities:
        known = ", ".join(map(str, terms.severities))
        raise Invalid.field(f"{at}/severity", "unknown_severity", f"{terms.code} has the severities {known}")
    agrees = ruled is not None and ruled.severity == fault.severity
    if ruled and fault.facts and not agrees and not fault.severity_reason:  # without answers the rules say nothing
        detail = f"the contract's rules give {ruled.severity} ({ruled.text}); say why it is {fault.severity}"
        raise Invalid.field(f"{at}/severity_reason", "reason_needed", detail)
    return ruled, fault.severity, fault.severity_reason or (ruled.text if ruled and agrees else None)


def _place(terms: Contract | None, fault: Fault, severity: int | None, site_region: str | None, at: str) -> str | None:
    """The region of the fault: as told, else the site's; refused where the figures need one and none is known."""
    if terms is None or fault.region is not None:
        return fault.region
    if site_region in terms.regions:
        return site_region
    if needs_region(terms, fault.kind, fault.category, fault.phase, severity):
        detail = f"the figures of {terms.code} depend on the region: one of {', '.join(terms.regions)}"
        raise Invalid.field(f"{at}/region", "region_needed", detail)
    return None


def _entries(fault: Fault, region: str | None, severity: int | None, why: str | None, times: tuple[int, int],
             channel: str, by: str) -> list[Entry]:  # fmt: skip
    reported_at, now = times
    reported: dict[str, Any] = {"channel": channel, "kind": fault.kind}
    for name, value in (("category", fault.category), ("region", region), ("phase", fault.phase)):
        if value is not None:
            reported[name] = value
    rows: list[tuple[str, int, dict[str, Any]]] = [("reported", reported_at, reported), ("registered", now, {})]
    if severity is not None:
        rows.append(("graded", now, {"severity": severity, **({"reason": why} if why else {})}))
    return [
        Entry(type=kind, at=at, seq=seq, recorded_at=now, by=by, data=data, id=str(seq))
        for seq, (kind, at, data) in enumerate(rows, 1)
    ]


def open_ticket(
    terms: Contract | None,
    fault: Fault,
    *,
    reported_at: datetime,
    now: datetime,
    by: str,
    channel: str = "phone",
    site_region: str | None = None,
    at: str = "",
) -> Opened:
    """The ticket as it would be opened now; what the contract cannot take is refused, naming the field below `at`."""
    ruled, severity, why = _graded(terms, fault, at)
    region = _place(terms, fault, severity, site_region, at)
    moment = micros(now)
    entries = _entries(fault, region, severity, why, (micros(reported_at), moment), channel, by)
    try:
        timeline = check(entries, terms, moment)
    except Refused as refused:
        raise Invalid.field(f"{at}/{refused.field or 'kind'}", refused.code, refused.message) from refused
    clocks = assess(terms, timeline, moment) if terms is not None else []
    return Opened(reported_at, entries, timeline, clocks, ruled, severity, why)
