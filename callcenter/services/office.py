"""What the office looks after: who is on duty in a week, and how far ahead each country's calendar is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callcenter.services.context import Context
from callcenter.services.zones import zone_of
from callcenter.store import office as store
from callcenter.store.types import Connection, Row
from sla.holiday import holiday_year, published_through

_MOST = 2000
# Deadlines are counted this far ahead; a calendar that ends before is told of.
_AHEAD = timedelta(days=60)
_DAYS_TOLD = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Turn:
    """A row of the rota in a week; `start` and `end` are shares of the week, `lane` keeps it clear of others."""

    row: Row
    start: float
    end: float
    lane: int


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty's week."""

    name: str
    turns: tuple[Turn, ...]

    @property
    def lanes(self) -> int:
        """How many turns stand side by side."""
        return 1 + max((turn.lane for turn in self.turns), default=0)


@dataclass(frozen=True, slots=True)
class RotaWeek:
    """The rota from Monday to Sunday in the house's zone; `now` is the share of it that has passed."""

    monday: date
    zone: str
    duties: tuple[Duty, ...]
    now: float | None


async def rota_week(conn: Connection, context: Context, monday: date, now: datetime) -> RotaWeek:
    """Who is on duty in the week that begins on the date."""
    zone = house_zone(context)
    start = datetime.combine(monday, time(), ZoneInfo(zone))
    end = datetime.combine(monday + timedelta(days=7), time(), ZoneInfo(zone))
    rows = await store.turns(conn, start, end, _MOST)
    names = dict.fromkeys(row["duty"] for row in rows)
    duties = tuple(
        Duty(name, tuple(_turns([row for row in rows if row["duty"] == name], start, end))) for name in names
    )
    return RotaWeek(monday, zone, duties, _share(now, start, end) if start <= now < end else None)


def _turns(rows: list[Row], start: datetime, end: datetime) -> Iterator[Turn]:
    """Each row in the first lane that is free when it begins."""
    free: list[datetime] = []
    for row in rows:
        lane = next((place for place, until in enumerate(free) if until <= row["from_at"]), len(free))
        free[lane : lane + 1] = [row["until_at"]]
        yield Turn(
            row, max(_share(row["from_at"], start, end), 0.0), min(_share(row["until_at"], start, end), 1.0), lane
        )


def _share(at: datetime, start: datetime, end: datetime) -> float:
    return (at - start) / (end - start)


def house_zone(context: Context) -> str:
    """The zone of the country the hotline is in."""
    return zone_of(None, context.settings.default_region)


@dataclass(frozen=True, slots=True)
class Horizon:
    """A country whose holidays contracts count: the last year published (None: they follow rules), what comes next."""

    code: str
    contracts: tuple[str, ...]
    through: int | None
    short: bool
    coming: tuple[tuple[date, str], ...]
    worked: tuple[date, ...]


async def horizons(conn: Connection, context: Context, now: datetime) -> list[Horizon]:
    """Every country whose holidays a current contract counts."""
    rows = await store.newest_versions(conn, now.date())
    terms = await context.terms.of_all(conn, [row["id"] for row in rows])
    users: dict[str, list[str]] = {}
    for row in rows:
        codes = {code for calendar in terms[row["id"]].calendars.values() for code in calendar.codes}
        for code in sorted(codes):
            users.setdefault(code, []).append(row["code"])
    return [_horizon(code, names, now) for code, names in sorted(users.items())]


def _horizon(code: str, names: list[str], now: datetime) -> Horizon:
    through, today, last = published_through(code), now.date(), now.date() + _DAYS_TOLD
    years = [holiday_year(code, year) for year in range(today.year, last.year + 1)]
    coming = sorted((day, name) for one in years for day, name in one.names.items() if today <= day <= last)
    worked = sorted(day for one in years for day in one.make_up_days if today <= day <= last)
    short = through is not None and through < (now + _AHEAD).year
    return Horizon(code, tuple(names), through, short, tuple(coming), tuple(worked))
