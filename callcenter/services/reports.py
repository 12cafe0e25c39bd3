"""A month's report, put together from what is stored; the forms it is written in are in `callcenter.reports`."""

import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from importlib.metadata import version
from itertools import groupby

import msgspec

import callcenter
from callcenter.reports import model
from callcenter.reports.counted import OnSite
from callcenter.reports.model import Breach, Report
from callcenter.services import compliance, counting, credits, day_counts, evidence, fault_days, hotline
from callcenter.services.compliance import Compliance, ComplianceRow, Counts, Month
from callcenter.services.context import Context
from callcenter.services.exemptions import shown as exemption_shown
from callcenter.services.kept_days import edges
from callcenter.services.report_people import people
from callcenter.store import exemptions, reports
from callcenter.store.reports import LISTED, Span
from callcenter.store.types import Connection, Row
from sla.commitment import Commitment


async def build(conn: Connection, context: Context, code: str, month: str | None, now: datetime) -> Report:
    """The month's report; one that takes long may be a little older than `now`, as `as_of` says."""
    found = await compliance.find(conn, context, code, month, now)
    kept = await compliance.recent(conn, found, "report", now)
    if kept is not None:
        return msgspec.json.decode(kept["counts"], type=Report)
    began = time.perf_counter()
    made = await fresh(conn, context, found, now)
    await compliance.keep(conn, found, "report", now, time.perf_counter() - began, made)
    return made


async def fresh(conn: Connection, context: Context, found: Month, now: datetime) -> Report:
    """The month's report, all of it counted at `now`."""
    if not conn.is_in_transaction():
        await counting.ahead(conn, context.pool, found, now)
    before = await trend(conn, found, now)
    async with conn.transaction():
        await reports.prepare(conn)
        return await _put_together(conn, context, found, before, now)


async def _put_together(
    conn: Connection, context: Context, found: Month, before: list[model.TrendPoint], now: datetime
) -> Report:
    span = span_of(conn, found, now)
    groups = await compliance.grouped(conn, found, now)
    counted = compliance.of_groups(found, groups, now)
    faults = await fault_days.together(conn, found.contract, edges(found.since, found.until, found.terms.zone), now)
    settled = faults.settled, faults.at_once
    report = Report(
        **msgspec.structs.asdict(counted),
        severities={str(number): one.name for number, one in found.terms.severities.items()},
        regions=dict(found.terms.regions),
        by_commitment=_by_commitment(counted.rows),
        hotline=await hotline.figures(
            conn, found.since, found.until, counted.timezone, found.queues or None, settled=settled, now=now
        ),
        on_site=_on_site(found, counted.rows, groups),
        breaches_total=counted.total.breached,
        breaches=await _worst(span, found),
        exemptions=[
            exemption_shown(row) for row in await exemptions.of_span(conn, found.contract, found.since, found.until)
        ],
        trend=[*before, *points(counted)],
        credits=await credits.of(conn, found, counted),
        evidence=[],
        data_note=await _note(span, found),
        **await people(span, context, faults),
    )
    report.evidence = await evidence.filled(conn, found, report)
    report.data_note.hash = digest(report)
    return report


def digest(report: Report) -> str:
    """The sha256 of the report as JSON, its own hash left empty."""
    bare = msgspec.structs.replace(report.data_note, hash="")
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(report, data_note=bare))).hexdigest()


def span_of(conn: Connection, found: Month, now: datetime) -> Span:
    """What the store is asked about."""
    return Span(conn, found.contract, found.since, found.until, now)


async def all_breaches(span: Span, found: Month) -> AsyncIterator[list[Breach]]:
    """Pages of every breach of the month, the gravest first."""
    async for page in span.breaches():
        yield [_breach(row, found) for row in page]


async def _worst(span: Span, found: Month) -> list[Breach]:
    begins = edges(found.since, found.until, found.terms.zone)
    rows = await span.worst(LISTED, await day_counts.worst(span.conn, span.contract, begins, span.now))
    told = await reports.entries(span.conn, list({row["ticket"] for row in rows}))
    timelines = {
        ticket: [model.Told(at=one["occurred_at"], type=one["type"], by=one["by"]) for one in group]
        for ticket, group in groupby(told, lambda row: row["ticket"])
    }
    breaches = [_breach(row, found) for row in rows]
    for one in breaches:
        one.timeline = timelines.get(one.ticket, [])
    return breaches


_AS_STORED = (
    *("ticket", "ref", "title", "commitment", "clause", "cycle", "severity", "region", "promised", "reported_at"),
    *("started_at", "due_at", "stopped_at", "overdue_s", "cause", "exempt"),
)


def _breach(row: Row, found: Month) -> Breach:
    """The breach as reported: what two people took out costs nothing."""
    each = next((one.credit for one in found.terms.commitments if one.name == row["commitment"] and _firm(one)), None)
    owed = each if row["exempt"] is None else None
    return Breach(
        responsible=row["party"] or row["exempt"] or "us",
        credit=None if owed is None else f"{owed.amount:.2f}",
        currency=None if owed is None else owed.currency,
        **{name: row[name] for name in _AS_STORED},
    )


def _firm(commitment: Commitment) -> bool:
    return commitment.binding == "firm" and commitment.owner == "customer"


def _by_commitment(rows: Sequence[ComplianceRow]) -> list[ComplianceRow]:
    return [compliance.summed(name, list(group)) for name, group in groupby(rows, lambda row: row.commitment)]


def _on_site(found: Month, rows: Sequence[ComplianceRow], groups: Sequence[Counts]) -> list[OnSite]:
    """The promises that an arrival keeps, by region."""
    ended = day_counts.together(one.group for one in groups if one.group.state in _ENDED)
    names = {one.name for one in found.terms.commitments if "arrived" in one.stops and one.owner == "customer"}
    mine = sorted((row for row in rows if row.commitment in names), key=_place)
    shown = []
    for (commitment, region), group in groupby(mine, lambda row: (row.commitment, row.region)):
        total = compliance.summed(commitment, list(group), region)
        there = [one for one in ended if (one.commitment, one.region) == (commitment, region)]
        arrivals, spent = sum(one.ended for one in there), sum(one.spent_us for one in there) / 1_000_000
        longest = max((one.longest_us for one in there if one.longest_us is not None), default=None)
        shown.append(
            OnSite(
                arrivals=arrivals,
                mean_s=round(spent / arrivals, 1) if arrivals else None,
                longest_s=None if longest is None else longest / 1_000_000,
                **{name: getattr(total, name) for name in _ON_SITE},
            )
        )
    return shown


_ENDED = ("met", "breached")
_ON_SITE = ("commitment", "region", "due", "met", "breached", "compliance")


def _place(row: ComplianceRow) -> tuple[str, str]:
    return row.commitment, row.region or ""


async def trend(conn: Connection, found: Month, now: datetime) -> list[model.TrendPoint]:
    """Every commitment in the eleven months before this one, by this month's terms."""
    months = compliance.months_before(found)
    each = await compliance.grouped_each(conn, months, now) if months else []
    return [
        point
        for month, groups in zip(months, each, strict=True)
        for point in points(compliance.of_groups(month, groups, now))
    ]


def points(counted: Compliance) -> list[model.TrendPoint]:
    """Every commitment of a counted month."""
    names = ("commitment", "met", "breached", "exempt", "compliance", "net")
    rows = [{name: getattr(row, name) for name in names} for row in _by_commitment(counted.rows)]
    return [model.TrendPoint(month=counted.month, **row) for row in rows]


async def _note(span: Span, found: Month) -> model.DataNote:
    counts = {row["type"]: row["n"] for row in await span.rows("told_counts")}
    return model.DataNote(
        versions=[model.VersionUsed(**dict(row)) for row in await span.rows("versions")],
        calendars=sorted(found.terms.calendars),
        software=callcenter.__version__,
        holidays=version("holidays"),
        time_zones=version("tzdata"),
        corrections=counts.get("corrected", 0),
    )
