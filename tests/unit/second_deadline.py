"""The arithmetic half of the second reading: figures, pauses and the deadline they make. The calendar is trusted."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sla.calendar import Calendar
from sla.duration import Duration, parse

Data = dict[str, Any]
Span = tuple[int, int]
UNKNOWN = "unknown"


def same(one: object, other: object) -> bool:
    """Whether two figures promise the same: `NBD` is `1wd`, `90m` is `1h30m`."""
    if isinstance(one, Duration) and isinstance(other, Duration):
        return (one.kind, one.micros, one.days, one.months) == (other.kind, other.micros, other.days, other.months)
    return one == other


def figure_of(within: object, severity: str | None, region: str | None, category: str | None, contract: Data) -> object:
    """The figure of `within` for what is known: a Duration, `none`, `measure`, `agreed` or UNKNOWN."""
    if isinstance(within, str):
        return within if within in ("none", "measure", "agreed") else parse(within)
    if isinstance(within, list):
        return first_match(within, severity, region, category, contract)
    assert isinstance(within, dict)
    if set(within) == {"default"}:  # "a map of `default` alone needs no grade"
        return figure_of(within["default"], severity, region, category, contract)
    # "keys that are severities make it a severity map"
    by_severity = any(str(key) in contract["severities"] for key in within)
    known = severity if by_severity else region
    if known is None:
        return UNKNOWN  # "A figure that needs a severity or region not known yet"
    table = {str(key): value for key, value in within.items()}
    found = table.get(known, table.get("default", "none"))
    return figure_of(found, severity, region, category, contract)


def first_match(
    rules: list[Data], severity: str | None, region: str | None, category: str | None, contract: Data
) -> object:
    """ "a list, first match wins, a value may be a list"."""
    for rule in rules:
        if "otherwise" in rule:
            return figure_of(rule["otherwise"], severity, region, category, contract)
        asked = {"severity": severity, "region": region, "category": category or ""}
        answers = [
            None if asked[key] is None else asked[key] in [str(one) for one in names_of(rule[key])]
            for key in asked
            if key in rule
        ]
        if False in answers:
            continue
        return UNKNOWN if None in answers else figure_of(rule["for"], severity, region, category, contract)
    return "none"


def names_of(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=2000)
def built(name: str, text: str, zone: str) -> Calendar:
    return Calendar.build(name, json.loads(text), zone)


def calendar_of(terms: Data, contract: Data) -> Calendar:
    name = terms["calendar"]
    return built(name, json.dumps(contract["calendars"][name]), contract["timezone"])


def pauses(terms: Data, entries: list[Data], begin: int, until: int) -> list[Span]:
    """ "the spans from `paused` (with a reason listed in `pauses`) to `resumed`, cut to the cycle"."""
    spans, since = [], None
    for one in entries:
        if one["type"] == "paused" and one["reason"] in terms.get("pauses", []):
            since = one["at"]
        elif one["type"] == "resumed" and since is not None:
            spans.append((since, one["at"]))
            since = None
    cut = [(max(start, begin), min(end, until)) for start, end in spans]
    cut = [(start, end) for start, end in cut if start < end]
    # One that lasts is a pause though no time of it may have passed.
    return cut if since is None or since > until else [*cut, (max(since, begin), until)]


def is_paused(terms: Data, entries: list[Data]) -> bool:
    last = [one for one in entries if one["type"] in ("paused", "resumed")][-1:]
    return bool(last) and last[0]["type"] == "paused" and last[0]["reason"] in terms.get("pauses", [])


def union(spans: list[Span], base: int) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted((max(start, base), end) for start, end in spans if end >= base):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def deadline(
    figure: object, calendar: Calendar, zone: ZoneInfo, base: int, spans: list[Span]
) -> tuple[int, list[Span]]:
    """The deadline, and the spans that moved it: those that began before the deadline then in force."""
    moving: list[Span] = []
    due = plain(figure, calendar, zone, base, moving)
    for span in spans:
        if span[0] >= due:
            break  # "A pause that begins at or after the deadline changes nothing."
        moving.append(span)
        due = plain(figure, calendar, zone, base, moving)
    return due, moving


def plain(figure: object, calendar: Calendar, zone: ZoneInfo, base: int, spans: list[Span]) -> int:
    if isinstance(figure, tuple):
        # What was agreed is civil time; the page does not say what a pause does to it.
        return int(figure[1]) + sum(end - start for start, end in spans)
    assert isinstance(figure, Duration)
    if figure.kind == "open":
        return walked(figure.micros, calendar, base, spans)
    if figure.kind == "working_days":
        # "the deadline moves on by one working day for each closing in a pause (after its begin, up to and at its end)"
        closings = sum(len(list(calendar.closings(start, end))) for start, end in spans)
        return calendar.working_day_closing(base, figure.days + closings)
    # "for `d` and `mo` by the pause's length"
    return calendar.add_civil(base, figure.days, figure.months, zone) + sum(end - start for start, end in spans)


def walked(amount: int, calendar: Calendar, base: int, spans: list[Span]) -> int:
    """The instant at which that much open time outside the spans has passed, found by walking it."""
    at, left = base, amount
    for start, end in [*spans, (2**62, 2**62)]:
        if left:
            reached = calendar.add_open(at, left) if start == 2**62 else None
            if reached is not None:
                return reached
            here = calendar.open_micros(at, start)
            if here > left or (here == left and calendar.add_open(at, left) <= start):
                return calendar.add_open(at, left)
            left -= here
        elif start > (first := calendar.add_open(at, 0)):
            return first
        at = end
    return calendar.add_open(at, 0)
