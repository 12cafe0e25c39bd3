"""The inbound calls of a day by queue and half-hour: how they ended, how long they waited, who called."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from callcenter.services.kept_days import Part, of
from callcenter.store import days as store
from callcenter.store.types import Connection

# A length of time in seconds, and how many calls took it.
Lengths = dict[float, int]
_NUMBER = re.compile(r"\+[1-9][0-9]{1,17}")


class Slot(msgspec.Struct, array_like=True):
    """The calls of a queue (0: none) in a half-hour of the day, alike in what became of them.

    `slot` counts half-hours since the day began; `waits` of those answered or abandoned, `handled` of those answered.
    """

    queue: int
    slot: int
    kind: str
    n: int
    waits: Lengths
    handled: Lengths


class CallDay(msgspec.Struct, array_like=True):
    """A day's calls, and by queue the numbers that called, once for each call."""

    slots: list[Slot]
    callers: dict[int, list[int | str]]


async def by_day(conn: Connection, begins: Sequence[datetime], now: datetime | None) -> list[CallDay]:
    """The calls of each of the days that begin at these instants; the last is where the last one ends.

    Without `now` nothing is kept.
    """
    return await of(conn, CALLS, 0, begins, now)


async def _count(conn: Connection, owner: int, begins: Sequence[datetime], now: datetime | None) -> list[CallDay]:
    days = [CallDay([], {}) for _ in begins[1:]]
    for row in await store.calls(conn, begins):
        day = days[row["day"] - 1]
        waits, handled = (dict(Counter(row[name])) for name in ("waits", "handled"))
        day.slots.append(Slot(row["queue"], row["slot"], row["class"], row["n"], waits, handled))
        if row["queue"]:
            day.callers.setdefault(row["queue"], []).extend(_numbers(row["callers"]))
    return days


CALLS: Part[CallDay] = Part("calls", CallDay, _count, at_once=4)


def _numbers(callers: Iterable[str]) -> Iterable[int | str]:
    """Numbers as numbers, which take a third of the room."""
    return (int(one) if _NUMBER.fullmatch(one) else one for one in callers)
