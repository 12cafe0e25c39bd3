"""What each day of a span comes to: days long over are counted once and kept, the others are counted at each look."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import groupby, pairwise
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from callcenter.store import days as store
from callcenter.store.days import SETTLED, Day
from callcenter.store.types import Connection

T = TypeVar("T")
Bounds = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """Something counted by the day: `count` gives what the days between edges come to, so many `at_once`."""

    name: str
    kind: Any
    count: Callable[[Connection, int, Sequence[datetime], Any], Awaitable[list[T]]]
    at_once: int


def edges(since: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
    """Where the days of the zone begin, from `since` to `until`, both of them midnights there."""
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    days = ((first + timedelta(days=number)) for number in range((last - first).days + 1))
    return [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]


async def of(conn: Connection, part: Part[T], owner: int, begins: Sequence[datetime], now: datetime | None) -> list[T]:
    """What the days come to that begin at these instants, the last of which is where the last day ends.

    Without `now`, and where nothing may be written, all are counted and none is kept.
    """
    over = sum(1 for end in begins[1:] if end <= now - SETTLED) if now is not None else 0
    done = await _over(conn, part, owner, begins[: over + 1], now) if now is not None and over else []
    for run in _runs(list(pairwise(begins[over:])), (), part.at_once):
        done += await part.count(conn, owner, _edges_of(run), now)
    return done


async def ahead(conn: Connection, part: Part[T], owner: int, begins: Sequence[datetime], now: datetime) -> None:
    """Those days that are over are kept, where that may be written."""
    over = sum(1 for end in begins[1:] if end <= now - SETTLED)
    if over:
        there = await store.there(conn, part.name, owner, begins[0], begins[over])
        if not there.read_only and (there.changed or there.days < over):
            await _counted(conn, part, owner, list(pairwise(begins[: over + 1])), now)


async def _over(conn: Connection, part: Part[T], owner: int, begins: Sequence[datetime], now: datetime) -> list[T]:
    """The same of days that are over; those not kept are counted and kept. Mostly all are, and none has changed."""
    wanted, decoder = list(pairwise(begins)), msgspec.msgpack.Decoder(part.kind)
    found = await store.found(conn, part.name, owner, begins[0], begins[-1])
    if found.read_only:
        counted = [part.count(conn, owner, _edges_of(run), now) for run in _runs(wanted, (), part.at_once)]
        return [one for days in counted for one in await days]
    known = {(day.since, day.until): decoder.decode(day.counts) for day in found.days}
    if not found.changed and known.keys() >= set(wanted):
        return [known[bounds] for bounds in wanted]
    return await _counted(conn, part, owner, wanted, now)


async def _counted(conn: Connection, part: Part[T], owner: int, wanted: list[Bounds], now: datetime) -> list[T]:
    """The same where some are to be counted, which one hand does at a time."""
    decoder = msgspec.msgpack.Decoder(part.kind)
    async with conn.transaction():
        await store.hold(conn, part.name, owner)
        await store.freshen(conn, part.name, owner)
        there = await store.kept(conn, part.name, owner, wanted[0][0], wanted[-1][1])
        known = {(day.since, day.until): decoder.decode(day.counts) for day in there}
        for run in _runs(wanted, known, part.at_once):
            counted = dict(zip(run, await part.count(conn, owner, _edges_of(run), now), strict=True))
            made = [Day(*bounds, msgspec.msgpack.encode(one)) for bounds, one in counted.items()]
            await store.keep(conn, part.name, owner, made, now)
            known |= counted
    return [known[bounds] for bounds in wanted]


def _runs(wanted: Iterable[Bounds], known: Iterable[Bounds], at_once: int) -> Iterator[list[Bounds]]:
    """The days not known that follow each other, so many at once."""
    there = set(known)
    for missing, group in groupby(wanted, lambda bounds: bounds not in there):
        run = list(group)
        if missing:
            yield from (run[first : first + at_once] for first in range(0, len(run), at_once))


def _edges_of(run: Sequence[Bounds]) -> list[datetime]:
    return [run[0][0], *(until for _, until in run)]
