"""The rota as the store keeps it, and as `alerts.duty` reads it."""

from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from alerts.duty import Roster
from alerts.duty import Row as Turn
from alerts.engine import FRESH
from callcenter.store import queries
from callcenter.store.types import Asking, Connection, Row
from sla.calendar import Calendar

_sql = queries.load(__file__)
# Turns that ended longer ago matter to nothing but to whether a duty has a rota at all.
KEPT = timedelta(days=31)


class Rosters:
    """The rota as last read; reading it again costs one short query as long as nothing has changed."""

    def __init__(self) -> None:
        self._revision: int | None = None
        self._roster = Roster()

    async def current(self, conn: Connection, now: datetime) -> Roster:
        """The rota as it stands in the connection's transaction."""
        return await self.at(conn, await _sql.revision(conn), now)

    async def at(self, conn: Asking, revision: int, now: datetime) -> Roster:
        """The same where the caller has just read the revision."""
        if revision != self._revision:
            self._roster, self._revision = await load(conn, now), revision
        return self._roster


async def load(conn: Asking, now: datetime) -> Roster:
    """The rota, all of it that is not long over."""
    rows = [row async for row in _sql.rows(conn, since=now - KEPT)]
    duties = [row["duty"] async for row in _sql.duties(conn)]
    travel = [row async for row in _sql.travel(conn)]
    return Roster(
        [_turn(row) for row in rows],
        duties,
        {row["region"]: timedelta(minutes=row["minutes"]) for row in travel},
        max((row["updated_at"] for row in (*rows, *travel)), default=None),
    )


def _turn(row: Row) -> Turn:
    hours = row["hours"]
    return Turn(
        duty=row["duty"],
        people=tuple(row["people"]),
        start=row["from_at"],
        end=row["until_at"],
        kind=row["kind"],
        region=row["region"],
        hours=None if hours is None else _calendar(msgspec.json.encode(hours, order="sorted")),
        other=row["other"],
    )


@lru_cache(maxsize=256)
def _calendar(text: bytes) -> Calendar:
    """The calendar of a row; rows that keep the same hours share what it has learned."""
    return calendar(msgspec.json.decode(text))


def calendar(hours: dict[str, object]) -> Calendar:
    """The hours of a turn, written as a contract writes a calendar; ValueError says what is wrong."""
    return Calendar.build("rota", hours, "UTC")


async def recheck(conn: Connection, since: datetime, now: datetime) -> int:
    """Open promises due after `since` are looked at again, behind whatever is due right now; returns how many."""
    count: int = await _sql.recheck(conn, since=max(since, now), at=now - FRESH)
    return count


async def has_team(conn: Connection, name: str) -> bool:
    """Whether there is a team of that name."""
    found: bool = await _sql.has_team(conn, name=name)
    return found
