"""What lies behind a month's figures: the tickets of each, its days, and the load of one of them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from callcenter.errors import FieldError, Invalid, NotFound
from callcenter.services import day_counts, kept_days
from callcenter.services.compliance import Compliance, ComplianceRow, Month, find, grouped_each, of, of_groups, summed
from callcenter.services.context import Context
from callcenter.store import compliance, contracts, reports
from callcenter.store.types import Connection, Row
from sla.compliance import Rate, rate

MOST = 500
# Which clocks a figure of the report counts.
FIGURES = {
    "due": ("running", "met", "breached", "idle"),
    "met": ("met",),
    "breached": ("breached",),
    "cancelled": ("cancelled",),
    "paused": ("paused",),
    "open": ("running", "idle"),
}


@dataclass(frozen=True, slots=True)
class DayOfMonth:
    """What came due on a day."""

    day: date
    met: int
    breached: int
    open: int


@dataclass(frozen=True, slots=True)
class Hour:
    """The inbound calls of an hour."""

    hour: int
    answered: int
    lost: int


class Behind(msgspec.Struct, kw_only=True):
    """Which figure is asked for: of the commitment, severity and region given, of all where one is not.

    With `exactly` severity and region are a row of the report: one that is not given is none, not all.
    """

    figure: str
    commitment: str | None = None
    severity: int | None = None
    region: str | None = None
    exactly: bool = False
    customer: bool = True


class ClockBehind(msgspec.Struct, kw_only=True):
    """A clock that a figure counts, with its ticket."""

    ticket: int
    title: str
    customer: str | None
    assignee: str | None
    ticket_state: str
    commitment: str
    cycle: int
    severity: int | None
    region: str | None
    state: str
    due_at: datetime | None
    stopped_at: datetime | None


class ClocksBehind(msgspec.Struct, kw_only=True):
    """The clocks behind a figure of a month, the latest deadline first; `cut` where there are more than are listed."""

    contract: str
    month: str
    items: list[ClockBehind]
    cut: bool


async def listed(
    conn: Connection, context: Context, code: str, name: str | None, asked: Behind, now: datetime
) -> ClocksBehind:
    """The clocks behind a figure of the contract's month, the running one by default; Invalid names what it has not."""
    found = await find(conn, context, code, name, now)
    report = await of(conn, found, now)
    _check(found, report, asked)
    rows = await behind(conn, report, asked, now)
    names = [name for name in ClockBehind.__struct_fields__ if name != "customer"]
    items = [ClockBehind(customer=row["account_name"], **{name: row[name] for name in names}) for row in rows]
    return ClocksBehind(contract=code, month=report.month, items=items, cut=len(items) == MOST)


def _check(found: Month, report: Compliance, asked: Behind) -> None:
    """Raises Invalid for a name that neither the contract has nor any clock of the month: no case would be a lie."""
    terms, rows = found.terms, [*report.rows, *report.objectives]
    known: dict[str, Iterable[Any]] = {
        "commitment": [one.name for one in terms.commitments],
        "severity": terms.severities,
        "region": terms.regions,
    }
    wrong = []
    for name, there in known.items():
        given, every = getattr(asked, name), dict.fromkeys([*there, *(getattr(row, name) for row in rows)])
        if given is not None and given not in every:
            listed = ", ".join(str(one) for one in every if one is not None) or "it has none"
            wrong.append(FieldError(f"?{name}", "unknown_value", f"{found.code} has no {name} {given}: {listed}"))
    if wrong:
        raise Invalid(wrong[0].detail, tuple(wrong))


async def behind(conn: Connection, report: Compliance, asked: Behind, now: datetime) -> list[Row]:
    """The clocks behind a figure of the report, the latest deadline first, `MOST` of them."""
    if asked.figure not in FIGURES:
        raise Invalid.field("/figure", "unknown_value", f"no figure {asked.figure}")
    wanted = {name: getattr(asked, name) for name in ("commitment", "severity", "region", "exactly", "customer")}
    span = {"start": report.since, "until": report.until, "now": now, "limit": MOST}
    contract = await _contract(conn, report.contract)
    return await compliance.behind(
        conn, {**wanted, **span, "contract": contract["id"], "states": list(FIGURES[asked.figure])}
    )


async def days(conn: Connection, report: Compliance, now: datetime) -> list[DayOfMonth]:
    """Every day of the month with what came due on it."""
    contract, zone = await _contract(conn, report.contract), ZoneInfo(report.timezone)
    begins = kept_days.edges(report.since, report.until, zone)
    counted = await day_counts.by_day(conn, contract["id"], begins, now)
    return [_day(begin.astimezone(zone).date(), those) for begin, those in zip(begins, counted, strict=False)]


def _day(day: date, groups: list[day_counts.Group]) -> DayOfMonth:
    """What came due for the customer on a day."""
    times = Counter[str]()
    for one in groups:
        if one.owner == "customer":
            times["open" if one.state in ("idle", "running", "paused") else one.state] += one.times
    return DayOfMonth(day, times["met"], times["breached"], times["open"])


async def load(conn: Connection, report: Compliance, day: date) -> list[Hour]:
    """The inbound calls on the contract's queues by hour of a day of its zone; of all queues where it has none."""
    contract = await _contract(conn, report.contract)
    zone = ZoneInfo(report.timezone)
    start = datetime.combine(day, time(), zone)
    until = datetime.combine(day + timedelta(days=1), time(), zone)
    rows = await compliance.load(conn, list(contract["queues"]), start, until, report.timezone)
    known = {row["hour"]: Hour(row["hour"], row["answered"], row["lost"]) for row in rows}
    return [known.get(hour, Hour(hour, 0, 0)) for hour in range(24)]


@dataclass(frozen=True, slots=True)
class Running:
    """The running month of a contract; `compliance` of what came due so far, None where nothing did.

    `row`: code, customer, title, timezone, month, met, breached, open.
    """

    row: Mapping[str, Any]
    compliance: Rate | None


async def running(conn: Connection, context: Context, now: datetime) -> list[Running]:
    """The running month of every contract."""
    rows = []
    for one in await reports.all_contracts(conn):
        found = await find(conn, context, one["code"], None, now)
        (groups,) = await grouped_each(conn, [found], now)  # what is paused has no deadline, and no figure here
        rows.append(_running(of_groups(found, groups, now)))
    return rows


def _running(found: Compliance) -> Running:
    total = found.total
    return Running(
        {
            "code": found.contract,
            **{name: getattr(found, name) for name in ("customer", "title", "timezone", "month")},
            **{name: getattr(total, name) for name in ("met", "breached", "open")},
        },
        total.compliance,
    )


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one commitment and their sum; `verdict` holds the sum against the target.

    `met`: at or above the target; `reachable`: below it, but not if all that is open is kept; `missed`; `no_case`;
    `no_target`.
    """

    total: ComplianceRow
    rows: list[ComplianceRow]
    verdict: str


def grouped(rows: list[ComplianceRow]) -> list[Group]:
    """The rows by commitment, in the report's order."""
    found = []
    for commitment, those in groupby(rows, lambda one: one.commitment):
        group = list(those)
        total = summed(commitment, group)
        found.append(Group(total, group, verdict(total)))
    return found


def verdict(row: ComplianceRow) -> str:
    """How a row stands against its target."""
    if row.compliance is None:
        return "no_case"
    if row.target is None:
        return "no_target"
    if row.compliance >= row.target:
        return "met"
    best = rate(row.met + row.open, row.met + row.open + row.breached)
    return "reachable" if best is not None and best >= row.target else "missed"


async def _contract(conn: Connection, code: str) -> Row:
    row = await contracts.by_code(conn, code)
    if row is None:
        raise NotFound(f"no contract {code}")
    return row
