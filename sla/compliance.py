"""How well the promises of one month were kept: pure counting of clocks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sla.clock import Clock
from sla.contract import Contract

Rate = int | float


@dataclass(frozen=True, slots=True)
class Case:
    """What counting needs of a cycle of a clock; `exempt` when a breach was taken out by two people.

    `times`: how many cycles alike it stands for.
    """

    commitment: str
    severity: int | None
    region: str | None
    state: str
    due_at: datetime | None
    stopped_at: datetime | None
    exempt: bool = False
    times: int = 1

    @classmethod
    def of(cls, clock: Clock, *, exempt: bool = False) -> "Case":
        """The case that a clock makes."""
        place = (clock.commitment, clock.severity, clock.region)
        return cls(*place, clock.state, clock.due_at, clock.stopped_at, exempt)


@dataclass(slots=True)
class Row:
    """One promise of one severity and region in a month.

    `due` counts the deadlines of the month, cancelled ones apart; `breached` every breach, of which `exempt` were
    exempted; `paused` the clocks without a deadline at the month's end.
    """

    commitment: str
    severity: int | None
    region: str | None
    target: Rate | None
    due: int = 0
    met: int = 0
    breached: int = 0
    exempt: int = 0
    cancelled: int = 0
    paused: int = 0

    @property
    def compliance(self) -> Rate | None:
        """Kept in a hundred, rounded down to one decimal; None where there was no case."""
        return rate(self.met, self.met + self.breached)

    @property
    def net(self) -> Rate | None:
        """The same without the exempted breaches."""
        return rate(self.met, self.met + self.breached - self.exempt)


def rate(kept: int, cases: int) -> Rate | None:
    """Kept in a hundred cases, rounded down to one decimal; None where there was no case."""
    return None if cases == 0 else kept * 1000 // cases / 10


def count(contract: Contract, year: int, month: int, cases: Iterable[Case]) -> list[Row]:
    """The rows of the month, in the contract's order, of clocks judged at its end or, before that, now.

    A case belongs to the month in which its deadline falls in the contract's zone; a cancelled one without a deadline
    to the month in which it was cancelled.
    """
    rows: dict[tuple[str, int | None, str | None], Row] = {}
    for case in cases:
        if _counts(case, contract.zone, year, month):
            key = (case.commitment, case.severity, case.region)
            _add(rows.setdefault(key, Row(*key, _target(contract, case.commitment))), case)
    order = {commitment.name: commitment.position for commitment in reversed(contract.commitments)}
    regions = {region: place for place, region in enumerate(contract.regions)}
    return sorted(
        rows.values(),
        key=lambda row: (
            order.get(row.commitment, len(order)),
            -1 if row.severity is None else row.severity,
            regions.get(row.region, len(regions)) if row.region is not None else -1,
        ),
    )


def month_bounds(year: int, month: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of the month in the zone and of the next one."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return datetime(year, month, 1, tzinfo=zone), datetime(following.year, following.month, 1, tzinfo=zone)


def _counts(case: Case, zone: ZoneInfo, year: int, month: int) -> bool:
    if case.state == "paused":
        return True
    at = case.due_at
    if at is None and case.state == "cancelled":
        at = case.stopped_at
    if at is None:
        return False
    local = at.astimezone(zone)
    return (local.year, local.month) == (year, month)


def _add(row: Row, case: Case) -> None:
    if case.state == "paused":
        row.paused += case.times
    elif case.state == "cancelled":
        row.cancelled += case.times
    else:
        row.due += case.times
        row.met += case.times * (case.state == "met")
        row.breached += case.times * (case.state == "breached")
        row.exempt += case.times * (case.state == "breached" and case.exempt)


def _target(contract: Contract, commitment: str) -> Rate | None:
    share = contract.reporting.target.get(commitment)
    if share is None:
        return None
    percent = share * 100
    return int(percent) if percent.denominator == 1 else float(percent)
