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
from callcenter.services.compliance import Compliance, ComplianceRow, Month
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
    span = span_of(conn, found, now)
    counted = await compliance.of(conn, found, now, fresh=True)
    report = Report(
        **msgspec.structs.asdict(counted),
        severities={str(number): one.name for number, one in found.terms.severities.items()},
        regions=dict(found.terms.regions),
        by_commitment=_by_commitment(counted.rows),
        hotline=await hotline.figures(conn, found.since, found.until, counted.timezone, found.queues or None),
        on_site=await _on_site(span, found, counted.rows),
        breaches_total=counted.total.breached,
        breaches=await _worst(span, found),
        exemptions=[
            exemption_shown(row) for row in await exemptions.of_span(conn, found.contract, found.since, found.until)
        ],
        trend=await _trend(conn, found, counted, now),
        credits=await credits.of(conn, found, counted),
        evidence=[],
        data_note=await _note(span, found),
        **await people(span, context),
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


async def _on_site(span: Span, found: Month, rows: Sequence[ComplianceRow]) -> list[model.OnSite]:
    """The promises that an arrival keeps, by region."""
    names = {one.name for one in found.terms.commitments if "arrived" in one.stops and one.owner == "customer"}
    took = {(row["commitment"], row["region"]): row for row in await span.rows("on_site", commitments=sorted(names))}
    mine = sorted((row for row in rows if row.commitment in names), key=_place)
    shown = []
    for (commitment, region), group in groupby(mine, lambda row: (row.commitment, row.region)):
        total, times = compliance.summed(commitment, list(group), region), took.get((commitment, region))
        shown.append(
            model.OnSite(
                arrivals=times["n"] if times else 0,
                mean_s=times["mean"] if times else None,
                p90_s=times["p90"] if times else None,
                longest_s=times["longest"] if times else None,
                **{name: getattr(total, name) for name in _ON_SITE},
            )
        )
    return shown


_ON_SITE = ("commitment", "region", "due", "met", "breached", "compliance")


def _place(row: ComplianceRow) -> tuple[str, str]:
    return row.commitment, row.region or ""


async def _trend(conn: Connection, found: Month, counted: Compliance, now: datetime) -> list[model.TrendPoint]:
    """Every commitment in the twelve months that end with this one, by today's terms."""
    points = []
    for month in _months_before(found):
        each = counted if month.name == found.name else await compliance.of(conn, month, now, aged=_TREND_AGED)
        for row in _by_commitment(each.rows):
            shown = {
                name: getattr(row, name) for name in ("commitment", "met", "breached", "exempt", "compliance", "net")
            }
            points.append(model.TrendPoint(month=month.name, **shown))
    return points


def _months_before(found: Month) -> Iterator[Month]:
    year, month = found.year_month
    for back in reversed(range(_TREND_MONTHS)):
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
