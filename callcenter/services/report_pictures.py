"""What lies behind a month's figures: the tickets of each, its days, and the load of one of them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import msgspec

from callcenter.errors import Invalid, NotFound
from callcenter.services.compliance import Compliance, ComplianceRow, summed
from callcenter.store import compliance, contracts
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
    """Which figure is asked for; without severity and region the sum over all of them."""

    figure: str
    commitment: str | None = None
    severity: int | None = None
    region: str | None = None
    exactly: bool = False
    customer: bool = True


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
    contract = await _contract(conn, report.contract)
    rows = await compliance.by_day(conn, contract["id"], report.since, report.until, report.timezone, now)
    known = {row["day"]: DayOfMonth(row["day"], row["met"], row["breached"], row["open"]) for row in rows}
    first = date.fromisoformat(f"{report.month}-01")
    count = (report.until.astimezone(ZoneInfo(report.timezone)).date() - first).days
    every = [first + timedelta(days=number) for number in range(count)]
    return [known.get(day, DayOfMonth(day, 0, 0, 0)) for day in every]


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
    """The running month of a contract; `compliance` of what came due so far, None where nothing did."""

    row: Row
    compliance: Rate | None


async def running(conn: Connection, now: datetime) -> list[Running]:
    """The running month of every contract."""
    rows = await compliance.totals(conn, now)
    return [Running(row, rate(row["met"], row["met"] + row["breached"])) for row in rows]


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
