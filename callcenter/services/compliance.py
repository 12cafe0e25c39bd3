"""The month as it stands: every promise whose deadline falls into it, counted."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec

from callcenter.errors import Invalid, NotFound
from callcenter.services.context import Context
from callcenter.store import compliance, contracts, reports
from callcenter.store.types import Connection, Row
from sla.compliance import Case, count, month_bounds, rate
from sla.compliance import Row as Counted
from sla.contract import Contract

# Counts that took longer than this are kept, and looked at again for so many times as long as they took.
_KEPT_FROM_S, _KEPT_TIMES = 0.5, 20


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


@dataclass(frozen=True, slots=True)
class Month:
    """A contract's month in its own zone, and the terms that hold at its end."""

    contract: int
    code: str
    name: str
    since: datetime
    until: datetime
    terms: Contract
    queues: tuple[int, ...]

    @property
    def year_month(self) -> tuple[int, int]:
        """Year and month as numbers."""
        return int(self.name[:4]), int(self.name[5:7])


class Group(msgspec.Struct):
    """Cycles alike in everything that counting asks for; those that `ended` took `spent_s` together."""

    commitment: str
    owner: str
    severity: int | None
    region: str | None
    state: str
    times: int
    at: datetime | None
    ended: int = 0
    spent_s: float = 0
    longest_s: float | None = None
    exempt: bool = False


def _month(month: str | None, terms: Contract, now: datetime) -> tuple[int, int]:
    text = month or now.astimezone(terms.zone).strftime("%Y-%m")
    year, number = int(text[:4]), int(text[5:7])
    if not 1970 <= year <= 9000:
        raise Invalid.field("?month", "out_of_range", f"{text} lies outside 1970-01 to 9000-12")
    return year, number


async def find(conn: Connection, context: Context, code: str, month: str | None, now: datetime) -> Month:
    """The contract's month, the running one by default; NotFound where there is no such contract."""
    row, versions = await contracts.by_code(conn, code), await contracts.versions(conn, code)
    if row is None or not versions:
        raise NotFound(f"no contract {code}")
    newest = await context.terms.of(conn, versions[-1]["id"])
    year, number = _month(month, newest, now)
    since, until = month_bounds(year, number, newest.zone)
    version = next((one for one in reversed(versions) if one["effective"] < until.date()), versions[0])
    terms = await context.terms.of(conn, version["id"])
    name = f"{year:04}-{number:02}"
    return Month(row["id"], code, name, since.astimezone(UTC), until.astimezone(UTC), terms, tuple(row["queues"]))


async def month(conn: Connection, context: Context, code: str, month: str | None, now: datetime) -> Compliance:
    """The compliance of a contract in a month of its own zone, the running one by default."""
    return await of(conn, await find(conn, context, code, month, now), now)


async def of(
    conn: Connection, found: Month, now: datetime, *, fresh: bool = False, aged: timedelta = timedelta(0)
) -> Compliance:
    """The compliance of this month; counts that take long may be a little older than `now`, as `as_of` says.

    `fresh`: they are counted again whatever was kept; `aged`: how old kept ones may be in any case.
    """
    groups, as_of = await grouped(conn, found, now, fresh=fresh, aged=aged)
    return of_groups(found, groups, as_of)


def of_groups(found: Month, groups: list[Group], as_of: datetime) -> Compliance:
    """The compliance that these groups make."""
    rows = _counted(found, groups)
    customers = rows.get("customer", [])
    return Compliance(
        contract=found.code,
        title=found.terms.title,
        customer=found.terms.customer,
        contract_version=found.terms.version,
        month=found.name,
        timezone=found.terms.timezone,
        since=found.since,
        until=found.until,
        as_of=as_of,
        rows=customers,
        objectives=[one for owner, those in rows.items() if owner != "customer" for one in those],
        total=summed("", customers),
    )


async def grouped(
    conn: Connection, found: Month, now: datetime, *, fresh: bool = False, aged: timedelta = timedelta(0)
) -> tuple[list[Group], datetime]:
    """The month's cycles, alike ones counted together, and from when that is."""
    kept = None if fresh else await recent(conn, found, "cases", now, aged)
    if kept is not None:
        return msgspec.json.decode(kept["counts"], type=list[Group]), kept["as_of"]
    began = time.perf_counter()
    rows = await compliance.cases(conn, found.contract, found.since, found.until, now)
    exempt = await compliance.exempted(conn, found.contract, found.since, found.until, now)
    groups = _split(rows, exempt)
    await keep(conn, found, "cases", now, time.perf_counter() - began, groups)
    return groups, now


async def recent(
    conn: Connection, found: Month, part: str, now: datetime, aged: timedelta = timedelta(0)
) -> Row | None:
    """What was kept of a part of the month, where it is recent for what it took or not older than `aged`."""
    kept = await reports.kept(conn, found.contract, found.name, part)
    if kept is None:
        return None
    recently = max(timedelta(seconds=kept["took_s"] * _KEPT_TIMES), aged)
    return kept if timedelta() <= now - kept["as_of"] < recently else None


async def keep(conn: Connection, found: Month, part: str, as_of: datetime, took_s: float, counts: object) -> None:
    """The counts are kept where they took long; not within a transaction, which may only read."""
    if took_s > _KEPT_FROM_S and not conn.is_in_transaction():
        encoded = msgspec.json.encode(counts)
        await reports.keep(conn, found.contract, found.name, part, as_of, took_s, encoded)


_KEY = ("commitment", "owner", "severity", "region")


def _split(rows: list[Row], exempt: list[Row]) -> list[Group]:
    """Breaches parted into those that count and those taken out."""
    out = {tuple(one[name] for name in _KEY): one["times"] for one in exempt}
    groups: list[Group] = []
    for row in rows:
        key = tuple(row[name] for name in _KEY)
        taken = out.get(key, 0) if row["state"] == "breached" else 0
        parts = ((row["times"] - taken, False), (taken, True))
        same = {**dict(zip(_KEY, key, strict=True)), "state": row["state"], "at": row["at"]}
        took = {"ended": row["ended"], "spent_s": row["spent_s"], "longest_s": row["longest_s"]}
        # what a group took is told once, with its first part
        for part, (number, exempted) in enumerate((number, one) for number, one in parts if number):
            groups.append(Group(**same, times=number, exempt=exempted, **({} if part else took)))
    return groups


def _counted(found: Month, groups: list[Group]) -> dict[str, list[ComplianceRow]]:
    """The rows of each owner."""
    rows: dict[str, list[ComplianceRow]] = {}
    for owner, group in groupby(sorted(groups, key=lambda one: one.owner), lambda one: one.owner):
        cases = [
            Case(one.commitment, one.severity, one.region, one.state, one.at, one.at, one.exempt, one.times)
            for one in group
        ]
        rows[owner] = [_shown(one) for one in count(found.terms, *found.year_month, cases)]
    return rows


def _shown(row: Counted) -> ComplianceRow:
    return ComplianceRow(
        open=row.due - row.met - row.breached,
        compliance=row.compliance,
        net=row.net,
        **{name: getattr(row, name) for name in ("commitment", "severity", "region", "target", *_SUMS)},
    )


_SUMS = ("due", "met", "breached", "exempt", "cancelled", "paused")


def summed(commitment: str, rows: list[ComplianceRow], region: str | None = None) -> ComplianceRow:
    """The rows added up; the sum over one commitment keeps its target, that over all (an empty name) has none."""
    sums = {name: sum(getattr(row, name) for row in rows) for name in (*_SUMS, "open")}
    met, breached = sums["met"], sums["breached"]
    gross, net = rate(met, met + breached), rate(met, met + breached - sums["exempt"])
    target = rows[0].target if commitment and rows else None
    place: dict[str, Any] = {"commitment": commitment, "severity": None, "region": region, "target": target}
    return ComplianceRow(compliance=gross, net=net, **place, **sums)
