"""Civil time: days and months later by the wall clock of a zone."""

from __future__ import annotations

from datetime import MAXYEAR, datetime, timedelta
from zoneinfo import ZoneInfo

from sla.interval import instant, micros


def add_civil(start: int, days: int, months: int, zone: ZoneInfo) -> int:
    """The instant with the same wall-clock reading so much later; outside the years 1 to 9999 raises ValueError.

    A day that the month lacks becomes its last, a reading that does not exist moves forward by the gap, and of a
    reading that comes twice it is the first.
    """
    if not days and not months:
        return start
    try:
        wall = instant(start).astimezone(zone).replace(tzinfo=None, fold=0)
        later = _add_months(wall, months) + timedelta(days=days)
        return micros(later.replace(tzinfo=zone))
    except (ValueError, OverflowError) as error:
        raise ValueError("the deadline lies outside the years 1 to 9999") from error


def _add_months(wall: datetime, months: int) -> datetime:
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    if year > MAXYEAR:
        raise OverflowError(year)
    for day in range(wall.day, 27, -1):
        try:
            return wall.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return wall.replace(year=year, month=month + 1)
