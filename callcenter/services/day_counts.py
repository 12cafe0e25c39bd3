"""A contract's clocks by the day they came due on, alike ones counted together."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from callcenter.services.kept_days import Part, of
from callcenter.store import days as store
from callcenter.store.reports import LISTED
from callcenter.store.types import Connection


class Group(msgspec.Struct, array_like=True):
    """Cycles alike in everything that counting asks for; those that `ended` took `spent_us` microseconds together."""

    commitment: str
    owner: str
    severity: int | None
    region: str | None
    state: str
    times: int
    at: datetime | None
    ended: int = 0
    spent_us: int = 0
    longest_us: int | None = None


class ClockDay(msgspec.Struct, array_like=True):
    """A day's clocks, and the tickets of its gravest breaches that grow no more."""

    groups: list[Group]
    worst: list[int]


async def by_day(conn: Connection, contract: int, begins: Sequence[datetime], now: datetime) -> list[list[Group]]:
    """What came due on each of the days that begin at these instants; the last is where the last one ends."""
    return [day.groups for day in await of(conn, CLOCKS, contract, begins, now)]


async def worst(conn: Connection, contract: int, begins: Sequence[datetime], now: datetime) -> list[int]:
    """Tickets, the gravest breaches of these days among theirs."""
    known = [ticket for day in await of(conn, CLOCKS, contract, begins, now) for ticket in day.worst]
    return known + await store.growing(conn, contract, begins[0], begins[-1], now, LISTED)


async def _count(conn: Connection, contract: int, begins: Sequence[datetime], now: datetime) -> list[ClockDay]:
    days = [ClockDay([], []) for _ in begins[1:]]
    for row in await store.clocks(conn, contract, begins, now):
        days[row["day"] - 1].groups.append(Group(**{name: row[name] for name in Group.__struct_fields__}))
    for row in await store.worst(conn, contract, begins, LISTED):
        days[row["day"] - 1].worst.append(row["ticket"])
    return days


CLOCKS: Part[ClockDay] = Part("clocks", ClockDay, _count, at_once=31)


async def paused(conn: Connection, contract: int, since: datetime, until: datetime) -> list[Group]:
    """What has no deadline now; listed at `since`."""
    return [Group(**dict(row)) for row in await store.paused(conn, contract, since, until)]


def together(groups: Iterable[Group]) -> list[Group]:
    """Groups alike but for their day made one."""
    sums: dict[tuple[object, ...], Group] = {}
    for one in groups:
        key = (one.commitment, one.owner, one.severity, one.region, one.state)
        there = sums.get(key)
        if there is None:
            sums[key] = msgspec.structs.replace(one)
        else:
            _add(there, one)
    return list(sums.values())


def _add(there: Group, more: Group) -> None:
    there.times += more.times
    there.ended += more.ended
    there.spent_us += more.spent_us
    if more.longest_us is not None and (there.longest_us is None or more.longest_us > there.longest_us):
        there.longest_us = more.longest_us
