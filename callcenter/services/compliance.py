"""The month as it stands: every promise whose deadline falls into it, counted."""

from datetime import UTC, datetime
from itertools import groupby

import msgspec

from callcenter.errors import Invalid, NotFound
from callcenter.services.context import Context
from callcenter.store import compliance, contracts
from callcenter.store.types import Connection
from sla.compliance import Case, count, month_bounds, rate
from sla.compliance import Row as Counted
from sla.contract import Contract


class ComplianceRow(msgspec.Struct, kw_only=True):
    """One promise by severity and region; `compliance` in percent, rounded down to one decimal, null without a case."""

    commitment: str
    severity: int | None
    region: str | None
    due: int
    met: int
    breached: int
    exempt: int
    cancelled: int
    paused: int
    open: int
    compliance: float | None
    net: float | None
    target: float | None


class Compliance(msgspec.Struct, kw_only=True):
    """A month of a contract; `objectives` are promises of our own that the customer's report leaves out."""

    contract: str
    title: str
    customer: str
    contract_version: int
    month: str
    timezone: str
    since: datetime
    until: datetime
    as_of: datetime
    rows: list[ComplianceRow]
    objectives: list[ComplianceRow]
    total: ComplianceRow


def _month(month: str | None, terms: Contract, now: datetime) -> tuple[int, int]:
    text = month or now.astimezone(terms.zone).strftime("%Y-%m")
    year, number = int(text[:4]), int(text[5:7])
    if not 1970 <= year <= 9000:
        raise Invalid.field("?month", "out_of_range", f"{text} lies outside 1970-01 to 9000-12")
    return year, number


async def month(conn: Connection, context: Context, code: str, month: str | None, now: datetime) -> Compliance:
    """The compliance of a contract in a month of its own zone, the running one by default."""
    row, versions = await contracts.by_code(conn, code), await contracts.versions(conn, code)
    if row is None or not versions:
        raise NotFound(f"no contract {code}")
    newest = await context.terms.of(conn, versions[-1]["id"])
    year, number = _month(month, newest, now)
    since, until = month_bounds(year, number, newest.zone)
    version = next((one for one in reversed(versions) if one["effective"] < until.date()), versions[0])
    terms = await context.terms.of(conn, version["id"])
    counted = sorted(await compliance.cases(conn, row["id"], since, until, now), key=lambda one: str(one["owner"]))
    rows: dict[str, list[ComplianceRow]] = {}
    for owner, group in groupby(counted, lambda one: str(one["owner"])):
        cases = [
            Case(
                one["commitment"],
                one["severity"],
                one["region"],
                one["state"],
                one["at"],
                one["at"],
                times=one["times"],
            )
            for one in group
        ]
        rows[owner] = [_shown(one) for one in count(terms, year, number, cases)]
    return Compliance(
        contract=code,
        title=terms.title,
        customer=terms.customer,
        contract_version=terms.version,
        month=f"{year:04}-{number:02}",
        timezone=terms.timezone,
        since=since.astimezone(UTC),
        until=until.astimezone(UTC),
        as_of=now,
        rows=rows.get("customer", []),
        objectives=[one for owner, those in rows.items() if owner != "customer" for one in those],
        total=_total(rows.get("customer", [])),
    )


def _shown(row: Counted) -> ComplianceRow:
    return ComplianceRow(
        open=row.due - row.met - row.breached,
        compliance=row.compliance,
        net=row.net,
        **{name: getattr(row, name) for name in ("commitment", "severity", "region", "target", *_SUMS)},
    )


_SUMS = ("due", "met", "breached", "exempt", "cancelled", "paused")


def _total(rows: list[ComplianceRow]) -> ComplianceRow:
    sums = {name: sum(getattr(row, name) for row in rows) for name in (*_SUMS, "open")}
    met, breached = sums["met"], sums["breached"]
    gross, net = rate(met, met + breached), rate(met, met + breached - sums["exempt"])
    return ComplianceRow(commitment="", severity=None, region=None, target=None, compliance=gross, net=net, **sums)
