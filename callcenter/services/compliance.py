"""The month as it stands: every promise whose deadline falls into it, counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from callcenter.errors import Invalid, NotFound
from callcenter.services import day_counts, kept_days
from callcenter.services.context import Context
from callcenter.services.day_counts import Group
from callcenter.store import compliance, contracts, reports
from callcenter.store.types import Connection, Row
from sla.compliance import Case, count, month_bounds, rate
from sla.compliance import Row as Counted
from sla.contract import Contract

# Counts that took longer than this are kept, and looked at again for so many times as long as they took.
_KEPT_FROM_S, _KEPT_TIMES = 0.5, 20
TREND_MONTHS = 12


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


class Counts(NamedTuple):
    """Cycles alike, and how many of them two people took out."""

    group: Group
    exempt: int = 0


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
    after = month_bounds(year, number, newest.zone)[1].date()
    version = next((one for one in reversed(versions) if one["effective"] < after), versions[0])
    terms = await context.terms.of(conn, version["id"])
    since, until = month_bounds(year, number, terms.zone)
    name = f"{year:04}-{number:02}"
    return Month(row["id"], code, name, since.astimezone(UTC), until.astimezone(UTC), terms, tuple(row["queues"]))


def months_before(found: Month, first: int = 1, last: int = TREND_MONTHS - 1) -> list[Month]:
    """The eleven months before this one, or those so many months before it; the oldest first, by this one's terms."""
    year, month = found.year_month
    months = []
    for back in reversed(range(first, last + 1)):
        years, number = divmod(year * 12 + month - 1 - back, 12)
        if years >= 1970:
            since, until = month_bounds(years, number + 1, found.terms.zone)
            name = f"{years:04}-{number + 1:02}"
            months.append(replace(found, name=name, since=since.astimezone(UTC), until=until.astimezone(UTC)))
    return months


async def month(conn: Connection, context: Context, code: str, month: str | None, now: datetime) -> Compliance:
    """The compliance of a contract in a month of its own zone, the running one by default."""
    return await of(conn, await find(conn, context, code, month, now), now)


async def of(conn: Connection, found: Month, now: datetime) -> Compliance:
    """The compliance of this month as it stands at `now`."""
    return of_groups(found, await grouped(conn, found, now), now)


def of_groups(found: Month, groups: list[Counts], as_of: datetime) -> Compliance:
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


async def grouped(conn: Connection, found: Month, now: datetime) -> list[Counts]:
    """The month's cycles, alike ones counted together; those paused without a deadline among them."""
    (groups,) = await grouped_each(conn, [found], now)
    paused = await day_counts.paused(conn, found.contract, found.since, found.until)
    return groups + [Counts(one) for one in paused]


async def grouped_each(conn: Connection, months: Sequence[Month], now: datetime) -> list[list[Counts]]:
    """The same of months of one contract that follow each other, without those paused."""
    contract, zone = months[0].contract, months[0].terms.zone
    begins = kept_days.edges(months[0].since, months[-1].until, zone)
    days = dict(zip(begins, await day_counts.by_day(conn, contract, begins, now), strict=False))
    exempt = await _exempted(conn, months, now)
    made = []
    for found in months:
        mine = (one for begin, groups in days.items() if found.since <= begin < found.until for one in groups)
        taken = {key[1:]: times for key, times in exempt.items() if key[0] == found.name}
        made.append([Counts(one, taken.get(_key(one), 0)) for one in day_counts.together(mine)])
    return made


async def _exempted(conn: Connection, months: Sequence[Month], now: datetime) -> dict[tuple[Any, ...], int]:
    """How many breaches of a month and a key two people took out."""
    begins = [*(found.since for found in months), months[-1].until]
    rows = await compliance.exempted(conn, months[0].contract, begins, now)
    return {(months[row["month"] - 1].name, *(row[name] for name in _KEY)): row["times"] for row in rows}


async def recent(conn: Connection, found: Month, part: str, now: datetime) -> Row | None:
    """What was kept of a part of the month, where it is recent for what it took."""
    kept = await reports.kept(conn, found.contract, found.name, part)
    if kept is None:
        return None
    recently = timedelta(seconds=kept["took_s"] * _KEPT_TIMES)
    return kept if timedelta() <= now - kept["as_of"] < recently else None


async def keep(conn: Connection, found: Month, part: str, as_of: datetime, took_s: float, counts: object) -> None:
    """The counts are kept where they took long; not within a transaction, which may only read."""
    if took_s > _KEPT_FROM_S and not conn.is_in_transaction():
        encoded = msgspec.json.encode(counts)
        await reports.keep(conn, found.contract, found.name, part, as_of, took_s, encoded)


_KEY = ("commitment", "owner", "severity", "region")


def _key(group: Group) -> tuple[Any, ...]:
    return tuple(getattr(group, name) for name in _KEY)


def _counted(found: Month, groups: list[Counts]) -> dict[str, list[ComplianceRow]]:
    """The rows of each owner."""
    rows: dict[str, list[ComplianceRow]] = {}
    for owner, counts in groupby(sorted(groups, key=_owner), _owner):
        cases = [case for one in counts for case in _cases(*one)]
        rows[owner] = [_shown(one) for one in count(found.terms, *found.year_month, cases)]
    return rows


def _owner(counts: Counts) -> str:
    return counts.group.owner


def _cases(one: Group, exempt: int) -> Iterator[Case]:
    """Breaches parted into those that count and those taken out."""
    taken = exempt if one.state == "breached" else 0
    for times, out in ((one.times - taken, False), (taken, True)):
        if times:
            yield Case(one.commitment, one.severity, one.region, one.state, one.at, one.at, out, times)


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
