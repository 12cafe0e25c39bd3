"""Instants as whole microseconds since 1970 in UTC, and the half-open stretches between them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec

SECOND = 1_000_000
DAY = 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.toordinal()


class Interval(msgspec.Struct, frozen=True, gc=False):
    """A stretch of time that contains its start and not its end."""

    start: int
    end: int


def micros(at: datetime) -> int:
    """The instant in microseconds since the epoch; a datetime without an offset raises ValueError."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; write an offset such as Z or +08:00")
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


LATEST = micros(datetime.max.replace(tzinfo=UTC))
EARLIEST = micros(datetime.min.replace(tzinfo=UTC))


@lru_cache(maxsize=4096)  # the same few instants are asked for again and again: a start, a report, now
def instant(at: int) -> datetime:
    """The aware UTC datetime of the instant; outside the years 1 to 9999 raises ValueError."""
    if not EARLIEST <= at <= LATEST:
        raise ValueError("the instant lies outside the years 1 to 9999")
    return EPOCH + timedelta(microseconds=at)


def read_instant(text: object) -> int:
    """The instant that an ISO 8601 date and time with an offset names; anything else raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not a time; write it as 2026-03-02T09:00:00+08:00")
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time; write it as 2026-03-02T09:00:00+08:00") from error
    return micros(at)


def write_instant(at: int) -> str:
    """The instant as ISO 8601 in UTC with `Z`; a fraction only where there is one."""
    return instant(at).replace(tzinfo=None).isoformat() + "Z"
