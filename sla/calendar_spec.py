"""What a calendar of the contract file says, read strictly: its week, holidays, single days and options."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeVar, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sla.holiday import check_code
from sla.hours import Hours, clock_time, read_hours, read_weekdays

KEYS = ("timezone", "week", "holidays", "holiday_hours", "days", "cutoff", "ends")

Path = tuple[str | int, ...]
Ends = Literal["closing", "next_opening"]
Read = TypeVar("Read")

_YEARLY = re.compile(r"[0-9]{2}-[0-9]{2}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class CalendarError(ValueError):
    """A calendar that cannot be read or computed; `path` leads to the key inside its specification."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class HolidayList:
    """Regions, single dates and yearly (month, day) dates that are holidays."""

    codes: tuple[str, ...] = ()
    dates: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.codes or self.dates or self.yearly)


@dataclass(frozen=True, slots=True)
class CalendarSpec:
    """One calendar as the contract writes it, with its hours by weekday (Monday first)."""

    zone: ZoneInfo
    week: tuple[Hours, ...]
    holidays: HolidayList = field(default_factory=HolidayList)
    holiday_hours: Hours = ()
    days: Mapping[date, Hours] = field(default_factory=dict)
    cutoff: int | None = None
    ends: Ends = "closing"


def read_zone(name: object, path: Path) -> ZoneInfo:
    """The IANA zone of that name; an unknown one raises CalendarError."""
    try:
        return ZoneInfo(cast("str", name))
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError, AttributeError) as error:
        raise CalendarError(path, f"{name!r} is not a time zone: write an IANA name such as Asia/Shanghai") from error


def read_spec(spec: object, default_zone: str) -> CalendarSpec:
    """The calendar that the mapping describes; whatever is wrong in it raises CalendarError with its path."""
    if not isinstance(spec, Mapping):
        raise CalendarError((), f"{spec!r} is not a calendar: write 24x7 or a mapping with a week")
    for key in spec:
        if key not in KEYS:
            raise CalendarError((str(key),), f"{key!r} is not a key of a calendar; known are {', '.join(KEYS)}")
    read = CalendarSpec(
        zone=read_zone(spec.get("timezone", default_zone), ("timezone",)),
        week=_week(_mapping(spec, "week")),
        holidays=_holidays(spec.get("holidays", [])),
        holiday_hours=_at(("holiday_hours",), read_hours, spec.get("holiday_hours", "closed")),
        days=_days(_mapping(spec, "days")),
        cutoff=_at(("cutoff",), clock_time, spec["cutoff"]) if "cutoff" in spec else None,
        ends=_ends(spec.get("ends", "closing")),
    )
    _must_open(read)
    return read


def _at(path: Path, read: Callable[[object], Read], value: object) -> Read:
    try:
        return read(value)
    except ValueError as error:
        raise CalendarError(path, str(error)) from error


def _mapping(spec: Mapping[object, object], key: str) -> Mapping[object, object]:
    value = spec.get(key, {})
    if not isinstance(value, Mapping):
        example = "mon-fri" if key == "week" else "2026-10-08"
        raise CalendarError((key,), f'{key} is not a mapping: write {{{example}: "09:00-12:00"}}')
    return value


def _week(written: Mapping[object, object]) -> tuple[Hours, ...]:
    week: list[Hours] = [()] * 7
    for key, value in written.items():
        path = ("week", str(key))
        hours = _at(path, read_hours, value)
        for weekday in _at(path, read_weekdays, key):
            week[weekday] = hours
    return tuple(week)


def _days(written: Mapping[object, object]) -> dict[date, Hours]:
    days: dict[date, Hours] = {}
    for key, value in written.items():
        path = ("days", str(key))
        days[_at(path, _read_date, key)] = _at(path, read_hours, value)
    return days


def _read_date(value: object) -> date:
    # YAML reads an unquoted 2026-10-08 as a date; a datetime is a date too, but not a day.
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise ValueError(f"{value!r} is not a date: write 2026-10-08")


def _holidays(written: object) -> HolidayList:
    alone = isinstance(written, str | date) or not isinstance(written, Iterable) or isinstance(written, Mapping)
    codes: list[str] = []
    dates: list[date] = []
    yearly: list[tuple[int, int]] = []
    for index, entry in enumerate(cast("Iterable[object]", (written,) if alone else written)):
        path: Path = ("holidays",) if alone else ("holidays", index)
        found = _at(path, _read_holiday, entry)
        if isinstance(found, str):
            codes.append(found)
        elif isinstance(found, date):
            dates.append(found)
        else:
            yearly.append(found)
    return HolidayList(tuple(dict.fromkeys(codes)), frozenset(dates), frozenset(yearly))


def _read_holiday(entry: object) -> str | date | tuple[int, int]:
    if entry is False:
        raise ValueError('YAML reads NO as false: write "NO" in quotes for Norway')
    if isinstance(entry, str) and _YEARLY.fullmatch(entry):
        return _read_yearly(entry)
    if isinstance(entry, date) or (isinstance(entry, str) and entry[:1].isdigit()):
        return _read_date(entry)
    if not isinstance(entry, str):
        raise ValueError(f"{entry!r} is not a holiday: write a region (CN, DE-BE), 2026-10-08 or 12-24")
    check_code(entry)
    return entry


def _read_yearly(text: str) -> tuple[int, int]:
    try:
        # 2000 is a leap year, so 02-29 is a yearly date and 02-30 is not.
        day = date.fromisoformat(f"2000-{text}")
    except ValueError as error:
        raise ValueError(f"{text!r} is not a yearly date: write month and day as 12-24") from error
    return day.month, day.day


def _ends(value: object) -> Ends:
    if value == "closing":
        return "closing"
    if value == "next_opening":
        return "next_opening"
    raise CalendarError(("ends",), f"{value!r} is not known: write closing or next_opening")


def _must_open(spec: CalendarSpec) -> None:
    holiday_opens = bool(spec.holiday_hours) and bool(spec.holidays)
    if not (any(spec.week) or any(spec.days.values()) or holiday_opens):
        raise CalendarError(("week",), 'the calendar is never open: give its week, such as {mon-fri: "09:00-17:00"}')
