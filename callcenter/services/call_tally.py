"""Days of calls added up by queue and half-hour, each call measured by its own queue's thresholds."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from callcenter.services.call_days import CallDay, Lengths, Slot

Formula = Literal["F1", "F2", "F3", "F4"]
HALF_HOUR = timedelta(minutes=30)
# A queue, or None for all of them, and a half-hour, or None for all day.
Key = tuple[str | None, str | None]


class QueueRules(msgspec.Struct, kw_only=True):
    """What a queue is measured by."""

    queue: str
    answer_within_s: int
    short_abandon_s: int
    formula: Formula


@dataclass(slots=True)
class Tally:
    """Calls by what became of them, how long they waited, and how many of them within the thresholds.

    `within`: `answered` and `abandoned` in the queue's time, `short` abandons, and those both short and in time.
    """

    n: Counter[str] = field(default_factory=Counter)
    waits: dict[str, Lengths] = field(default_factory=lambda: {"answered": {}, "abandoned": {}})
    handled: Lengths = field(default_factory=dict)
    within: Counter[str] = field(default_factory=Counter)

    def add(self, more: "Tally") -> None:
        """These calls count as well."""
        self.n += more.n
        self.within += more.within
        _pour(self.handled, more.handled)
        for kind, waits in more.waits.items():
            _pour(self.waits[kind], waits)

    def measure(self, rules: QueueRules) -> None:
        """`within` is right for calls of one queue."""
        answered, abandoned = self.waits["answered"], self.waits["abandoned"]
        soon, short = rules.answer_within_s, rules.short_abandon_s
        self.within["answered"] = _upto(answered, soon)
        self.within["abandoned"] = _upto(abandoned, soon)
        self.within["short"] = _upto(abandoned, short)
        self.within["short in time"] = _upto(abandoned, min(soon, short))


def _pour(into: Lengths, more: Lengths) -> None:
    for length, n in more.items():
        into[length] = into.get(length, 0) + n


def _upto(lengths: Lengths, most: float) -> int:
    return sum(n for length, n in lengths.items() if length <= most)


def tallied(
    days: Sequence[CallDay],
    begins: Sequence[datetime],
    zone: ZoneInfo,
    rules: Mapping[int, QueueRules],
    *,
    each_day: bool,
) -> dict[Key, Tally]:
    """The calls by queue and half-hour, of the day or each of the calendar."""
    form = "%Y-%m-%dT%H:%M" if each_day else "%H:%M"
    sums: dict[tuple[int, str], Tally] = {}
    for day, begin in zip(days, begins, strict=False):
        for slot in day.slots:
            if slot.queue in rules:
                label = (begin + slot.slot * HALF_HOUR).astimezone(zone).strftime(form)
                _count(sums.setdefault((slot.queue, label), Tally()), slot)
    for (queue, _), tally in sums.items():
        tally.measure(rules[queue])
    return {(rules[queue].queue, label): tally for (queue, label), tally in sums.items()}


def _count(tally: Tally, slot: Slot) -> None:
    tally.n[slot.kind] += slot.n
    _pour(tally.handled, slot.handled)
    if slot.kind in tally.waits:
        _pour(tally.waits[slot.kind], slot.waits)


def added(tallies: Mapping[Key, Tally], place: Callable[[Key], Key]) -> dict[Key, Tally]:
    """The tallies added up at the places of their keys."""
    sums: dict[Key, Tally] = {}
    for key, tally in tallies.items():
        sums.setdefault(place(key), Tally()).add(tally)
    return sums
