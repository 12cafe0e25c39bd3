"""Deadline arithmetic beside numpy, pandas and businesstimedelta, in one run: `python benchmarks/deadlines.py`.

Every row answers the same question for random reports of 2024 to 2026: four office hours, or three working days,
after the report. The office has a lunch break and Chinese public holidays. `agree` is the share of answers equal to
ours: make-up days are known to ours alone, and numpy sees dates, not that a report came after closing. Needs the
`bench` extra. Ratios of one run, never absolute figures.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import businesstimedelta
import numpy as np
import pandas as pd
import pytz  # what businesstimedelta wants of a zone

from sla.calendar import Calendar
from sla.holiday import holiday_year
from sla.interval import SECOND, instant, micros

ZONE = ZoneInfo("Asia/Shanghai")
YEARS = range(2024, 2028)
OFFICE = {"timezone": ZONE.key, "week": {"mon-fri": "09:00-12:00 13:30-18:00"}, "holidays": "CN"}
FOUR_HOURS = 4 * 3600 * SECOND


@dataclass(frozen=True, slots=True)
class Row:
    """What one library took for one addition, and how often it agreed with ours."""

    name: str
    microseconds: float
    agree: float


def starts(count: int) -> list[datetime]:
    """So many aware instants of 2024 to 2026, the same in every run."""
    chance = random.Random(20261121)
    first = datetime(2024, 1, 2, tzinfo=UTC)
    return [first + timedelta(seconds=chance.randrange(1090 * 86_400)) for _ in range(count)]


def best_of(rounds: int, work: Callable[[], list[object]]) -> tuple[float, list[object]]:
    """The shortest of several runs, in microseconds an answer, and the answers."""
    taken: list[float] = []
    answers: list[object] = []
    for _ in range(rounds):
        begin = perf_counter()
        answers = work()
        taken.append((perf_counter() - begin) / len(answers) * 1e6)
    return min(taken), answers


def agreement(answers: Iterable[object], ours: Iterable[object]) -> float:
    """The share of answers that are equal to ours."""
    equal = [one == other for one, other in zip(answers, ours, strict=False)]
    return sum(equal) / len(equal)


def holidays() -> list[date]:
    """The public holidays of China in the years measured."""
    return sorted(day for year in YEARS for day in holiday_year("CN", year).names)


def building() -> tuple[float, float]:
    """Milliseconds until a new calendar gives its first deadline, and until it knows four years."""
    first, start = starts(1)[0], micros(datetime(2024, 1, 1, tzinfo=UTC))
    begin = perf_counter()
    Calendar.build("office", OFFICE, "UTC").add_open(micros(first), FOUR_HOURS)
    once = perf_counter() - begin
    begin = perf_counter()
    Calendar.build("office", OFFICE, "UTC").open_micros(start, start + 4 * 365 * 86_400 * SECOND)
    return once * 1e3, (perf_counter() - begin) * 1e3


def four_hours() -> list[Row]:
    """Four open hours, lunch and holidays left out."""
    ats = starts(50_000)
    calendar = Calendar.build("office", OFFICE, "UTC")
    numbers = [micros(at) for at in ats]
    took, answers = best_of(5, lambda: [calendar.add_open(number, FOUR_HOURS) for number in numbers])
    ours = [instant(at).astimezone(ZONE).replace(tzinfo=None) for at in answers if isinstance(at, int)]
    local = [at.astimezone(ZONE).replace(tzinfo=None) for at in ats]
    return [Row("ours, 4h", took, 1.0), _pandas(local[:2_000], ours), _businesstimedelta(local[:200], ours)]


def _pandas(local: list[datetime], ours: list[datetime]) -> Row:
    opening, closing = ["09:00", "13:30"], ["12:00", "18:00"]
    offset = pd.offsets.CustomBusinessHour(n=4, start=opening, end=closing, holidays=holidays())
    stamps = [pd.Timestamp(at) for at in local]
    took, answers = best_of(3, lambda: [stamp + offset for stamp in stamps])
    return Row("pandas CustomBusinessHour, 4h", took, agreement(answers, ours))


def _businesstimedelta(local: list[datetime], ours: list[datetime]) -> Row:
    days, zone = list(range(5)), pytz.timezone(ZONE.key)
    rules = businesstimedelta.Rules(
        [
            businesstimedelta.WorkDayRule(start_time=time(9), end_time=time(12), working_days=days, tz=zone),
            businesstimedelta.WorkDayRule(start_time=time(13, 30), end_time=time(18), working_days=days, tz=zone),
            businesstimedelta.HolidayRule(dict.fromkeys(holidays(), "holiday"), tz=zone),
        ]
    )
    delta = businesstimedelta.BusinessTimeDelta(rules, hours=4)
    aware = [zone.localize(at) for at in local]
    took, answers = best_of(2, lambda: [at + delta for at in aware])
    shown = [at.astimezone(ZONE).replace(tzinfo=None) for at in answers if isinstance(at, datetime)]
    return Row("businesstimedelta, 4h", took, agreement(shown, ours))


def three_working_days() -> list[Row]:
    """Three working days; numpy knows dates only, one by one and as one array."""
    ats = starts(50_000)
    calendar = Calendar.build("office", OFFICE, "UTC")
    numbers = [micros(at) for at in ats]
    took, answers = best_of(5, lambda: [calendar.working_day_closing(number, 3) for number in numbers])
    ours = [instant(at).astimezone(ZONE).date() for at in answers if isinstance(at, int)]
    known = np.busdaycalendar(holidays=holidays())
    local = np.array([at.astimezone(ZONE).date() for at in ats], dtype="datetime64[D]")
    singles = list(local[:10_000])
    one, dates = best_of(3, lambda: [np.busday_offset(day, 3, roll="forward", busdaycal=known) for day in singles])
    many, _ = best_of(3, lambda: list(np.busday_offset(local, 3, roll="forward", busdaycal=known)))
    share = agreement([day.item() for day in dates if isinstance(day, np.datetime64)], ours)
    return [
        Row("ours, 3wd", took, 1.0),
        Row("numpy busday_offset, one by one", one, share),
        Row("numpy busday_offset, one array", many, share),
    ]


def main() -> None:
    """The table is on standard output."""
    once, four_years = building()
    print(f"first deadline of a new calendar {once:.1f} ms (holiday data included), four years {four_years:.1f} ms\n")
    for rows in (four_hours(), three_working_days()):
        for row in rows:
            ratio = row.microseconds / rows[0].microseconds
            print(f"{row.name:34}{row.microseconds:>10.2f} us {ratio:>9.2f} x   agree {row.agree:>6.1%}")
        print()


if __name__ == "__main__":
    main()
