"""A contract's faults by the day: calls about them, first calls and visits that were enough, repeats on a unit."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from callcenter.services.kept_days import Part, of
from callcenter.store import days as store
from callcenter.store.types import Connection, Row

_WORST = 20


class Faults(msgspec.Struct, array_like=True):
    """What some days come to; each figure belongs to the day that its first word names.

    Reported: faults called in about, the calls, the most for one, those with more than two, how many rang how long
    until somebody spoke, the worst as (calls, ticket). Called first: `settled` and settled `at_once`. Arrived first:
    `visited` and `fixed` at once. Reported: faults on units and those `repeated` within 30 days.
    """

    faults: int = 0
    contacts: int = 0
    most: int = 0
    laborious: int = 0
    rung: int = 0
    ring_us: int = 0
    worst: list[tuple[int, int]] = []
    settled: int = 0
    at_once: int = 0
    visited: int = 0
    fixed: int = 0
    on_assets: int = 0
    repeated: int = 0


async def together(conn: Connection, contract: int, begins: Sequence[datetime], now: datetime) -> Faults:
    """What the days come to that begin at these instants; the last is where the last one ends."""
    total = Faults()
    for day in await of(conn, FAULTS, contract, begins, now):
        for name in _SUMS:
            setattr(total, name, getattr(total, name) + getattr(day, name))
        total.most = max(total.most, day.most)
        total.worst += day.worst
    total.worst = _gravest(total.worst)
    return total


_SUMS = [name for name in Faults.__struct_fields__ if name not in ("most", "worst")]


async def _count(conn: Connection, contract: int, begins: Sequence[datetime], now: datetime) -> list[Faults]:
    days = [Faults() for _ in begins[1:]]
    for row in await store.called(conn, contract, begins):
        day = days[row["day"] - 1]
        if row["what"] == "called":
            day.settled, day.at_once = row["n"], row["at_once"]
        else:
            _reported(day, row)
    for row in await store.faults(conn, contract, begins):
        day = days[row["day"] - 1]
        for name, value in dict(row).items():
            if name != "day":
                setattr(day, name, value)
    return days


def _reported(day: Faults, row: Row) -> None:
    day.faults = row["n"]
    for name in ("contacts", "most", "laborious", "rung", "ring_us"):
        setattr(day, name, row[name])
    day.worst = _gravest(zip(row["several_contacts"], row["several"], strict=True))


def _gravest(found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those with the most calls."""
    return sorted(found, key=lambda one: (-one[0], one[1]))[:_WORST]


FAULTS: Part[Faults] = Part("faults", Faults, _count, at_once=31)
