"""The arithmetic against a minute-by-minute model, and its laws, on random calendars around clock changes."""

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sla.calendar import Calendar, due, open_between
from sla.duration import parse
from sla.interval import DAY, SECOND, Interval, instant, micros, read_instant

MINUTE = 60 * SECOND
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# The first of 16 days in which the zone's clocks change, or nothing happens.
WINDOWS = {
    "UTC": "2026-02-23",
    "Asia/Shanghai": "2026-09-24",
    "Europe/Berlin": "2026-03-22",
    "America/New_York": "2026-10-26",
    "America/Sao_Paulo": "2018-10-27",  # forward at midnight
    "America/Havana": "2026-10-25",  # back at one to midnight
    "Australia/Lord_Howe": "2026-03-29",  # half an hour
}

ORDINARY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def hours(draw: st.DrawFn) -> str:
    times = draw(st.lists(st.integers(0, 95), min_size=2, max_size=4, unique=True).filter(lambda x: len(x) % 2 == 0))
    if draw(st.booleans()):
        times.sort()
    wall = [f"{quarter // 4:02d}:{quarter % 4 * 15:02d}" for quarter in times]
    return " ".join(f"{opens}-{closes}" for opens, closes in zip(wall[::2], wall[1::2], strict=True))


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    zone = draw(st.sampled_from(sorted(WINDOWS)))
    first = date.fromisoformat(WINDOWS[zone])
    some_day = st.integers(0, 15).map(lambda offset: (first + timedelta(offset)).isoformat())
    all_day = st.just("00:00-24:00")
    spec: dict[str, Any] = {
        "timezone": zone,
        "week": draw(st.dictionaries(st.sampled_from(WEEKDAYS), hours() | all_day, min_size=1)),
        "days": draw(st.dictionaries(some_day, hours() | st.just("closed"), max_size=3)),
        "holidays": draw(st.lists(some_day, max_size=2)),
        "ends": draw(st.sampled_from(["closing", "next_opening"])),
    }
    if draw(st.booleans()):
        spec["holiday_hours"] = draw(hours())
    if draw(st.booleans()):
        spec["cutoff"] = draw(st.sampled_from(["09:00", "16:00", "23:45"]))
    return spec


def start_of(spec: dict[str, Any]) -> int:
    return read_instant(WINDOWS[spec["timezone"]] + "T00:00:00Z")


offsets = st.integers(0, 9 * DAY // MINUTE).map(lambda minutes: minutes * MINUTE)
amounts = st.integers(0, 60 * 60).map(lambda minutes: minutes * MINUTE)
pause_lists = st.lists(st.tuples(offsets, offsets).map(sorted), max_size=3)


@cache
def readings(zone: str) -> dict[datetime, list[int]]:
    """Every minute around the window by what the zone's clocks then show."""
    first = read_instant(WINDOWS[zone] + "T00:00:00Z") - 4 * DAY
    shown: dict[datetime, list[int]] = {}
    for at in range(first, first + 40 * DAY, MINUTE):
        shown.setdefault(instant(at).astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0), []).append(at)
    return shown


def reading(zone: str, wall: datetime) -> list[int]:
    missing = 0
    while wall not in readings(zone):
        wall -= timedelta(minutes=1)
        missing += 1
    return [at + missing * MINUTE for at in readings(zone)[wall]]


def model(spec: dict[str, Any]) -> list[int]:
    """The open minutes of the window, sorted, by looking up each wall-clock interval among all readings."""
    zone = spec["timezone"]
    first = date.fromisoformat(WINDOWS[zone])
    found: set[int] = set()
    for offset in range(-2, 30):
        day = first + timedelta(offset)
        written = spec["week"].get(WEEKDAYS[day.weekday()], "closed")
        if day.isoformat() in spec["holidays"]:
            written = spec.get("holiday_hours", "closed")
        written = spec["days"].get(day.isoformat(), written)
        for span in [] if written == "closed" else written.split():
            opens, closes = (_wall(day, text) for text in span.split("-"))
            closes += timedelta(days=closes <= opens)
            found.update(range(min(reading(zone, opens)), max(reading(zone, closes)), MINUTE))
    return sorted(found)


def _wall(day: date, text: str) -> datetime:
    hour, minute = text.split(":")
    return datetime(day.year, day.month, day.day) + timedelta(hours=int(hour), minutes=int(minute))  # noqa: DTZ001


@ORDINARY
@given(specs(), offsets, offsets)
def test_open_time_is_what_the_minutes_add_up_to(spec: dict[str, Any], first: int, second: int) -> None:
    minutes = model(spec)
    start, end = start_of(spec) + first, start_of(spec) + second
    counted = sum(start <= at < end for at in minutes) * MINUTE
    one = Calendar.build("random", spec, "UTC")
    assert one.open_micros(start, end) == counted
    pieces = list(one.intervals(start, end))
    assert sum(piece.end - piece.start for piece in pieces) == counted
    assert all(start <= piece.start < piece.end <= end for piece in pieces)


@ORDINARY
@given(specs(), offsets, st.integers(0, 3000))
def test_a_deadline_is_where_the_minutes_run_out(spec: dict[str, Any], offset: int, count: int) -> None:
    start = start_of(spec) + offset
    ahead = [at for at in model(spec) if at >= start]
    # The last day of the model may be missing its neighbour; what lies so far is another example's.
    if len(ahead) < count + 2 or ahead[count] > start_of(spec) + 25 * DAY:
        return
    if count == 0:
        expected = ahead[0]
    else:
        expected = ahead[count - 1] + MINUTE
        if spec["ends"] == "next_opening":
            expected = ahead[count]
    assert Calendar.build("random", spec, "UTC").add_open(start, count * MINUTE) == expected


@ORDINARY
@given(specs(), offsets, amounts)
def test_between_start_and_due_lies_the_figure(spec: dict[str, Any], offset: int, amount: int) -> None:
    one = Calendar.build("random", spec, "UTC")
    start = start_of(spec) + offset
    deadline = one.add_open(start, amount)
    assert deadline >= start
    assert one.open_micros(start, deadline) == amount


@ORDINARY
@given(specs(), offsets, amounts, pause_lists)
def test_with_pauses_too(spec: dict[str, Any], offset: int, amount: int, spans: list[list[int]]) -> None:
    one = Calendar.build("random", spec, "UTC")
    start = start_of(spec) + offset
    pauses = [Interval(start_of(spec) + begin, start_of(spec) + end) for begin, end in spans]
    deadline = due(one, parse(f"{amount // MINUTE}m"), start, pauses)
    assert open_between(one, start, deadline, pauses) == amount


@ORDINARY
@given(specs(), offsets, offsets, amounts, amounts)
def test_due_is_monotonic_in_start_and_figure(spec: dict[str, Any], a: int, b: int, x: int, y: int) -> None:
    one = Calendar.build("random", spec, "UTC")
    early, late = (start_of(spec) + offset for offset in sorted([a, b]))
    less, more = sorted([x, y])
    assert one.add_open(early, less) <= one.add_open(late, less)
    assert one.add_open(early, less) <= one.add_open(early, more)


@ORDINARY
@given(
    specs(), offsets, st.lists(st.integers(0, 400), min_size=2, max_size=2).map(sorted), st.sampled_from(["d", "mo"])
)
def test_civil_figures_are_monotonic_in_the_figure(
    spec: dict[str, Any], offset: int, counts: list[int], unit: str
) -> None:
    one = Calendar.build("random", spec, "UTC")
    less, more = (due(one, parse(f"{count}{unit}"), start_of(spec) + offset) for count in counts)
    assert less <= more


@ORDINARY
@given(specs(), offsets, pause_lists, offsets, offsets, st.sampled_from(["0m", "40m", "8h", "30h", "0wd", "3wd", "5d"]))
def test_a_pause_never_makes_a_deadline_earlier(
    spec: dict[str, Any], offset: int, spans: list[list[int]], begin: int, length: int, within: str
) -> None:
    one = Calendar.build("random", spec, "UTC")
    first = start_of(spec)
    pauses = [Interval(first + begin, first + end) for begin, end in spans]
    more = [*pauses, Interval(first + begin, first + begin + length)]
    figure = parse(within)
    assert due(one, figure, first + offset, more) >= due(one, figure, first + offset, pauses)


@ORDINARY
@given(specs(), offsets, offsets, st.integers(0, 5), st.integers(0, 5))
def test_working_days_are_monotonic_in_start_and_figure(spec: dict[str, Any], a: int, b: int, x: int, y: int) -> None:
    one = Calendar.build("random", spec, "UTC")
    early, late = (start_of(spec) + offset for offset in sorted([a, b]))
    less, more = sorted([x, y])
    assert one.working_day_closing(early, less) <= one.working_day_closing(late, less)
    assert one.working_day_closing(early, less) <= one.working_day_closing(early, more)


@ORDINARY
@given(specs(), offsets, st.integers(0, 4))
def test_working_days_count_days_with_open_time(spec: dict[str, Any], offset: int, count: int) -> None:
    one = Calendar.build("random", spec, "UTC")
    start = start_of(spec) + offset
    closing = one.working_day_closing(start, count)
    assert closing >= start
    assert closing in list(one.closings(start - 1, closing))
    assert one.open_micros(closing - 1, closing) == 1


def test_the_calendar_answers_alike_whatever_was_asked_before() -> None:
    week = {"mon-fri": "09:00-12:00 13:30-18:00", "sat": "22:00-06:00"}
    spec = {"timezone": "Europe/Berlin", "week": week, "holidays": "DE"}
    used = Calendar.build("used", spec, "UTC")
    base = read_instant("2026-03-02T10:00:00Z")
    for shift in (0, -900, 2000, -901, 30, 5000, -12_000):
        start = base + shift * DAY
        fresh = Calendar.build("fresh", spec, "UTC")
        assert used.add_open(start, 100 * 60 * MINUTE) == fresh.add_open(start, 100 * 60 * MINUTE)
        assert used.working_day_closing(start, 3) == fresh.working_day_closing(start, 3)
        assert used.open_micros(start, start + 50 * DAY) == fresh.open_micros(start, start + 50 * DAY)


def test_naive_datetimes_are_no_instants() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        micros(datetime(2026, 3, 2))  # noqa: DTZ001
