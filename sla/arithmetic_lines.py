"""One line of `sla due` and of `sla between`: a JSON object in, a JSON object out, a refusal as an `error`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache

from sla.calendar import Calendar, CalendarError, due, open_between
from sla.duration import parse
from sla.interval import SECOND, Interval, read_instant, write_instant

Line = Mapping[str, object]
Answer = dict[str, object]


class Refused(ValueError):
    """A line that cannot be answered, with a code for programs and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def due_line(line: object, default: Calendar | None = None) -> Answer:
    """`{"id", "due"}` for `{"id", "start", "within"}`, with the line's own calendar or else the default one."""
    return _answered(line, default, _due)


def between_line(line: object, default: Calendar | None = None) -> Answer:
    """`{"id", "open_s"}` for `{"id", "start", "end"}`, with the line's own calendar or else the default one."""
    return _answered(line, default, _between)


def _answered(line: object, default: Calendar | None, answer: Callable[[Line, Calendar], Answer]) -> Answer:
    if not isinstance(line, Mapping):
        return {"id": None, "error": {"code": "bad_line", "message": "the line is not a JSON object"}}
    name = line.get("id")
    try:
        return {"id": name, **answer(line, _calendar_of(line, default))}
    except Refused as refused:
        return {"id": name, "error": {"code": refused.code, "message": str(refused)}}
    except ValueError as error:
        return {"id": name, "error": {"code": "out_of_range", "message": str(error)}}


def _due(line: Line, calendar: Calendar) -> Answer:
    start = _instant(line, "start")
    within = line.get("within")
    try:
        duration = parse(within)
    except ValueError as error:
        raise Refused("bad_duration", f"within: {error}") from error
    return {"due": write_instant(due(calendar, duration, start, _pauses(line)))}


def _between(line: Line, calendar: Calendar) -> Answer:
    start, end = _instant(line, "start"), _instant(line, "end")
    seconds, rest = divmod(open_between(calendar, start, end, _pauses(line)), SECOND)
    return {"open_s": seconds + rest / SECOND if rest else seconds}


def _calendar_of(line: Line, default: Calendar | None) -> Calendar:
    if "calendar" in line:
        return _built(json.dumps(line["calendar"]))
    if default is None:
        raise Refused("no_calendar", "the line has no calendar and none was given for all lines")
    return default


@lru_cache(maxsize=1024)
def _built(text: str) -> Calendar:
    """The calendar of that JSON text; lines repeat their calendars, so the last thousand are kept."""
    try:
        return Calendar.build("calendar", json.loads(text), "UTC")
    except CalendarError as error:
        path = ".".join(["calendar", *map(str, error.path)])
        raise Refused("bad_calendar", f"{path}: {error}") from error


def _instant(line: Line, key: str) -> int:
    if key not in line:
        raise Refused("bad_time", f"{key} is missing")
    return _read(line[key], key)


def _read(value: object, where: str) -> int:
    try:
        return read_instant(value)
    except ValueError as error:
        raise Refused("bad_time", f"{where}: {error}") from error


def _pauses(line: Line) -> list[Interval]:
    written = line.get("paused", [])
    if not isinstance(written, list):
        raise Refused("bad_pause", "paused is not a list: write [[from, to], ...]")
    return [_pause(entry, index) for index, entry in enumerate(written)]


def _pause(entry: object, index: int) -> Interval:
    if not isinstance(entry, list) or len(entry) != 2:
        raise Refused("bad_pause", f"paused.{index} is not a pair: write [from, to]")
    start, end = _read(entry[0], f"paused.{index}.0"), _read(entry[1], f"paused.{index}.1")
    if end < start:
        raise Refused("bad_pause", f"paused.{index} ends before it begins")
    return Interval(start, end)
