"""A contract's terms as people look at them: promises as one table, calendars as a week."""

import asyncio
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from callcenter.services import contracts
from callcenter.services.contracts import Checked
from callcenter.store.types import Connection
from sla.calendar import Calendar
from sla.commitment import Commitment
from sla.contract import Contract, read
from sla.holiday import published_through
from sla.interval import instant, micros
from sla.within import Figure


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """The figures of a commitment by severity, where it applies in this region and category (None: everywhere, all)."""

    commitment: Commitment
    region: str | None
    category: str | None
    figures: tuple[Figure, ...]
    first: bool
    rows: int


@dataclass(frozen=True, slots=True)
class Open:
    """A stretch of open time of one day, in minutes after midnight."""

    start: int
    end: int
    because: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a calendar; `closed` says why where it does not open."""

    date: date
    spans: tuple[Open, ...]
    closed: str


@dataclass(frozen=True, slots=True)
class Week:
    """A calendar's week around an instant, and the last year each of its countries has published."""

    name: str
    zone: str
    always: bool
    days: tuple[Day, ...]
    countries: tuple[tuple[str, int | None], ...]
    today: date


@dataclass(frozen=True, slots=True)
class Picture:
    """What a page shows of a contract's terms."""

    terms: Contract
    rows: tuple[PromiseRow, ...]
    weeks: tuple[Week, ...]


def picture(terms: Contract, now: datetime) -> Picture:
    """The terms as a table and weeks, the present one."""
    rows = tuple(row for commitment in terms.commitments for row in _rows(commitment, terms))
    used = {commitment.calendar.name: commitment.calendar for commitment in terms.commitments}
    known = [*{**terms.calendars, **used}.values()]
    drawn = [calendar for calendar in known if not calendar.always] or known[:1]
    return Picture(terms, rows, tuple(week(calendar, now) for calendar in drawn))


def _rows(commitment: Commitment, terms: Contract) -> Iterator[PromiseRow]:
    """One row for each region and category that has figures of its own."""
    cases = commitment.within.cases
    by_region = any(case.regions is not None for case in cases)
    regions: list[str | None] = [*terms.regions] if by_region else [None]
    categories = sorted({name for case in cases for name in case.categories or ()})
    places = [(region, category) for category in [*categories, None] for region in regions]
    figures = [_figures(commitment, terms, region, category) for region, category in places]
    kept = [(place, row) for place, row in zip(places, figures, strict=True)
            if len(places) == 1 or any(one.kind != "none" for one in row)]  # fmt: skip
    for number, ((region, category), row) in enumerate(kept):
        yield PromiseRow(commitment, region, category, row, number == 0, len(kept))


def _figures(commitment: Commitment, terms: Contract, region: str | None, category: str | None) -> tuple[Figure, ...]:
    found = (commitment.within.figure(severity, region, category) for severity in terms.severities)
    return tuple(figure for figure in found if figure is not None)


def week(calendar: Calendar, now: datetime) -> Week:
    """The calendar's hours on the seven days from the Monday before."""
    today = now.astimezone(calendar.zone).date()
    monday = today - timedelta(days=today.weekday())
    days = tuple(_day(calendar, monday + timedelta(days=number)) for number in range(7))
    countries = tuple((code, published_through(code)) for code in calendar.codes)
    return Week(calendar.name, calendar.zone.key, calendar.always, days, countries, today)


def _day(calendar: Calendar, day: date) -> Day:
    start = micros(datetime.combine(day, time(), calendar.zone))
    end = micros(datetime.combine(day + timedelta(days=1), time(), calendar.zone))
    spans = tuple(
        Open(_wall(one.start, calendar, day), _wall(one.end, calendar, day), one.because)
        for one in calendar.intervals(start, end)
    )
    return Day(day, spans, "" if spans else calendar.closed_because(start, end))


def _wall(at: int, calendar: Calendar, day: date) -> int:
    """Minutes on the wall clock since the day began; those of a day with a leap of the clock too."""
    local = instant(at).astimezone(calendar.zone)
    return 24 * 60 if local.date() > day else local.hour * 60 + local.minute


async def preview(source: str, now: datetime) -> tuple[Checked, Picture | None]:
    """What the check says of a file, and where it says nothing, what the contract would be."""
    return await asyncio.to_thread(_preview, source, now)


def _preview(source: str, now: datetime) -> tuple[Checked, Picture | None]:
    checked = contracts.check(source)
    return checked, picture(read(source), now) if checked.ok else None


async def stored(conn: Connection, code: str, version: int, now: datetime) -> Picture:
    """A stored version as people look at it; NotFound where there is none."""
    source = await contracts.source(conn, code, version)
    return await asyncio.to_thread(lambda: picture(read(source), now))


async def changes(conn: Connection, code: str, version: int) -> list[str]:
    """The lines that a version changed in the one before it, each with `+`, `-` or a blank in front."""
    shown = await contracts.get(conn, code)
    before = [one.version for one in shown.versions if one.version < version]
    new = (await contracts.source(conn, code, version)).splitlines()
    if not before:
        return [f" {line}" for line in new]
    old = (await contracts.source(conn, code, before[-1])).splitlines()
    return list(difflib.unified_diff(old, new, n=len(new) + len(old), lineterm=""))[3:]
