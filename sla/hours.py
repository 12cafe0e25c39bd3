"""Wall-clock hours as a contract writes them: `09:00-12:00 13:30-18:00`, `22:00-06:00`, `mon-fri`, `closed`."""

from __future__ import annotations

import re
from dataclasses import dataclass

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MIDNIGHT = 24 * 60

_SHORT = tuple(name[:3].lower() for name in WEEKDAYS)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_SPAN = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")


@dataclass(frozen=True, slots=True)
class Span:
    """Opening and closing in minutes after 00:00 of the day it opens; a closing past 1440 is on the next day."""

    opens: int
    closes: int
    text: str


Hours = tuple[Span, ...]


def clock_time(text: object) -> int:
    """Minutes after midnight of `HH:MM`; anything else raises ValueError."""
    if isinstance(text, str) and (found := _TIME.fullmatch(text)):
        return int(found[1]) * 60 + int(found[2])
    raise ValueError(f'{text!r} is not a time of day: write it in quotes as "16:00"')


def clock_text(minutes: int) -> str:
    """Minutes after midnight as `HH:MM`, wrapping past the end of the day; the end of the day itself is 24:00."""
    shown = minutes if minutes <= MIDNIGHT else minutes - MIDNIGHT
    return f"{shown // 60:02d}:{shown % 60:02d}"


def read_hours(text: object) -> Hours:
    """The spans of one day in order; `closed` is none of them, and what cannot be read raises ValueError."""
    if text == "closed":
        return ()
    if not isinstance(text, str) or not text.split():
        raise ValueError(f'{text!r} are not hours: write "09:00-12:00 13:30-18:00" or closed')
    return tuple(sorted((_span(part) for part in text.split()), key=lambda span: (span.opens, span.closes)))


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f'{text!r} is not an interval: write "09:00-12:00", opening and closing as HH:MM')
    opens = clock_time(found[1])
    closes = MIDNIGHT if found[2] == "24:00" else clock_time(found[2])
    return Span(opens, closes if closes > opens else closes + MIDNIGHT, text)


def read_weekdays(key: object) -> list[int]:
    """The weekdays (Monday is 0) that `mon`, `mon-fri` or a wrapping `sat-mon` names; else ValueError."""
    names = key.split("-") if isinstance(key, str) else []
    if len(names) not in (1, 2) or any(name not in _SHORT for name in names):
        raise ValueError(f"{key!r} is not a weekday: write {', '.join(_SHORT)} or a range such as mon-fri")
    first, last = _SHORT.index(names[0]), _SHORT.index(names[-1])
    return [(first + step) % 7 for step in range((last - first) % 7 + 1)]
