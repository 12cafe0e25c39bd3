"""Where a contract's running month stands: what is at risk now, what the targets still bear, the last twelve months."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction

import msgspec

from callcenter.reports.model import TrendPoint
from callcenter.services import compliance, reports
from callcenter.services.compliance import Compliance, ComplianceRow
from callcenter.services.context import Context
from callcenter.services.report_pictures import grouped
from callcenter.store import board
from callcenter.store.types import Connection, Row

# A promise is at risk this long before its deadline, and from then on while it is open.
SOON = timedelta(hours=4)
_LISTED = 100


class AtRisk(msgspec.Struct, kw_only=True):
    """An open promise that is due soon, or overdue where `left_s` is negative."""

    ticket: int
    title: str
    customer: str | None
    assignee: str | None
    commitment: str
    cycle: int
    severity: int | None
    region: str | None
    started_at: datetime | None
    due_at: datetime
    left_s: float


class Held(msgspec.Struct, kw_only=True):
    """A commitment against its target.

    `may_break`: how many of its open promises may still be broken; null without a target. `verdict`: met, reachable,
    missed, no_case or no_target.
    """

    commitment: str
    row: ComplianceRow
    verdict: str
    at_risk: int
    may_break: int | None


class Standing(msgspec.Struct, kw_only=True):
    """The running month of a contract; `at_risk` lists the first hundred of `at_risk_total`."""

    contract: str
    title: str
    customer: str
    month: str
    timezone: str
    since: datetime
    until: datetime
    as_of: datetime
    total: ComplianceRow
    commitments: list[Held]
    at_risk: list[AtRisk]
    at_risk_total: int
    trend: list[TrendPoint]


async def standing(conn: Connection, context: Context, code: str, now: datetime) -> Standing:
    """How the contract's running month stands; NotFound where there is no such contract."""
    found = await compliance.find(conn, context, code, None, now)
    counted = await compliance.of(conn, found, now)
    span = (found.contract, found.since, found.until, now + SOON)
    risky = await board.risky(conn, *span)
    names = ("contract", "title", "customer", "month", "timezone", "since", "until", "as_of", "total")
    return Standing(
        **{name: getattr(counted, name) for name in names},
        commitments=_held(counted, risky),
        at_risk=[_at_risk(row, now) for row in await board.at_risk(conn, *span, _LISTED)],
        at_risk_total=sum(risky.values()),
        trend=[*await reports.trend(conn, found, now), *reports.points(counted)],
    )


def _at_risk(row: Row, now: datetime) -> AtRisk:
    names = [name for name in AtRisk.__struct_fields__ if name != "left_s"]
    return AtRisk(left_s=(row["due_at"] - now).total_seconds(), **{name: row[name] for name in names})


def _held(counted: Compliance, risky: Mapping[str, int]) -> list[Held]:
    groups = ((one.total, one.verdict) for one in grouped(counted.rows))
    return [
        Held(commitment=row.commitment, row=row, verdict=verdict, at_risk=risky.get(row.commitment, 0),
             may_break=may_break(row))
        for row, verdict in groups
    ]  # fmt: skip


def may_break(row: ComplianceRow) -> int | None:
    """How many open promises of the row may be broken with its target kept if the others are; None without a target."""
    if row.target is None:
        return None
    cases = row.met + row.open + row.breached
    bearable = (100 - Fraction(str(row.target))) * cases / 100
    return min(row.open, max(0, int(bearable) - row.breached))
