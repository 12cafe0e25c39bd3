"""A month's report, put together from what is stored; the forms it is written in are in `callcenter.reports`."""

import hashlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import version
from itertools import groupby

import msgspec

import callcenter
from callcenter.reports import model
from callcenter.reports.model import Breach, Report
from callcenter.services import compliance, credits, evidence, hotline
from callcenter.services.compliance import Compliance, ComplianceRow, Group, Month
from callcenter.services.context import Context
from callcenter.services.exemptions import shown as exemption_shown
from callcenter.services.report_people import people
from callcenter.store import exemptions, reports
from callcenter.store.reports import LISTED, Span
from callcenter.store.types import Connection, Row
from sla.commitment import Commitment
from sla.compliance import month_bounds

# Closed months of the trend are counted again at most once a day.
_TREND_AGED, _TREND_MONTHS = timedelta(days=1), 12


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
    trend = await _trend(conn, found, now)
    async with conn.transaction():
        await reports.prepare(conn)
        return await _put_together(conn, context, found, trend, now)


async def _put_together(
    conn: Connection, context: Context, found: Month, before: list[model.TrendPoint], now: datetime
) -> Report:
    span = span_of(conn, found, now)
    groups, _ = await compliance.grouped(conn, found, now, fresh=True)
    counted = compliance.of_groups(found, groups, now)
    calls = await span.one("effort")
    report = Report(
        **msgspec.structs.asdict(counted),
        severities={str(number): one.name for number, one in found.terms.severities.items()},
        regions=dict(found.terms.regions),
        by_commitment=_by_commitment(counted.rows),
        hotline=await hotline.figures(
            conn, found.since, found.until, counted.timezone, found.queues or None, settled=calls
        ),
        on_site=_on_site(found, counted.rows, groups),
        breaches_total=counted.total.breached,
        breaches=await _worst(span, found),
        exemptions=[
            exemption_shown(row) for row in await exemptions.of_span(conn, found.contract, found.since, found.until)
        ],
        trend=[*before, *_points(counted)],
        credits=await credits.of(conn, found, counted),
        evidence=[],
        data_note=await _note(span, found),
        **await people(span, context, calls),
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
    rows = await span.worst(LISTED)
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


def _on_site(found: Month, rows: Sequence[ComplianceRow], groups: Sequence[Group]) -> list[model.OnSite]:
    """The promises that an arrival keeps, by region."""
    names = {one.name for one in found.terms.commitments if "arrived" in one.stops and one.owner == "customer"}
    mine = sorted((row for row in rows if row.commitment in names), key=_place)
    shown = []
    for (commitment, region), group in groupby(mine, lambda row: (row.commitment, row.region)):
        total = compliance.summed(commitment, list(group), region)
        there = [one for one in groups if (one.commitment, one.region) == (commitment, region) and one.state in _ENDED]
        arrivals, spent = sum(one.ended for one in there), sum(one.spent_s for one in there)
        shown.append(
            model.OnSite(
                arrivals=arrivals,
                mean_s=round(spent / arrivals, 1) if arrivals else None,
                longest_s=max((one.longest_s for one in there if one.longest_s is not None), default=None),
                **{name: getattr(total, name) for name in _ON_SITE},
            )
        )
    return shown


_ENDED = ("met", "breached")
_ON_SITE = ("commitment", "region", "due", "met", "breached", "compliance")


def _place(row: ComplianceRow) -> tuple[str, str]:
    return row.commitment, row.region or ""


async def _trend(conn: Connection, found: Month, now: datetime) -> list[model.TrendPoint]:
    """Every commitment in the eleven months before this one, by this month's terms."""
    points = []
    for month in _months_before(found):
        points += _points(await compliance.of(conn, month, now, aged=_TREND_AGED))
    return points


def _points(counted: Compliance) -> list[model.TrendPoint]:
    names = ("commitment", "met", "breached", "exempt", "compliance", "net")
    rows = [{name: getattr(row, name) for name in names} for row in _by_commitment(counted.rows)]
    return [model.TrendPoint(month=counted.month, **row) for row in rows]


def _months_before(found: Month) -> Iterator[Month]:
    year, month = found.year_month
    for back in reversed(range(1, _TREND_MONTHS)):
        years, months = divmod(year * 12 + month - 1 - back, 12)
        if years >= 1970:
            since, until = month_bounds(years, months + 1, found.terms.zone)
            yield replace(found, name=f"{years:04}-{months + 1:02}", since=since, until=until)


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
