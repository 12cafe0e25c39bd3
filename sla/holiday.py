"""Public holidays, official make-up days, and how far ahead a country has published them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

import holidays

LANGUAGE = "en_US"
# A country without a swap for so many years before China's newest schedule (published every autumn) has given swaps up.
GIVEN_UP_AFTER = 3

_CODE = re.compile(r"([A-Z]{2})(?:-(\S+))?")


@dataclass(frozen=True, slots=True)
class HolidayYear:
    """The public holidays of one region and year by date, and the weekend days officially worked."""

    names: dict[date, str]
    make_up_days: frozenset[date]


@cache
def check_code(code: str) -> None:
    """Nothing happens for a known region such as `CN` or `DE-BE`; any other raises ValueError."""
    try:
        _load(code, ())
    except NotImplementedError as error:
        raise ValueError(f"no holidays are known for {code!r} ({error})") from error


@cache
def holiday_year(code: str, year: int) -> HolidayYear:
    """The holidays of the region in that year, in English whatever the environment's language."""
    found = _load(code, (year,))
    return HolidayYear(dict(found.items()), frozenset(day for day in found.weekend_workdays if day.year == year))


@cache
def published_through(code: str) -> int | None:
    """The last year whose official schedule is known; None where no schedule of swapped days is published."""
    last = _last_swap_year(code)
    if last is None or last < (_last_swap_year("CN") or last) - GIVEN_UP_AFTER:
        return None
    return last


def _last_swap_year(code: str) -> int | None:
    found = _load(code, ())
    years: list[int] = []
    if found.has_substituted_holidays:
        for name in ("special_public_holidays", "special_public_holidays_observed"):
            years += [year for year, entries in getattr(found, name, {}).items() if _has_swap(entries)]
    return max(years, default=None)


def _has_swap(entries: tuple[object, ...]) -> bool:
    """Whether an entry moves a day (month, day, from month, from day) instead of naming one (month, day, name)."""
    listed = entries if entries and isinstance(entries[0], tuple) else (entries,)
    return any(isinstance(entry, tuple) and len(entry) > 3 for entry in listed)


def _load(code: str, years: tuple[int, ...]) -> holidays.HolidayBase:
    found = _CODE.fullmatch(code)
    if found is None:
        raise ValueError(f"{code!r} is not a holiday region: write an ISO code such as CN or DE-BE")
    return holidays.country_holidays(found[1], subdiv=found[2], years=years, expand=False, language=LANGUAGE)
