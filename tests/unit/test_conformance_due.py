"""The cases restated from other systems' test suites, and what the line form answers and refuses."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from sla.arithmetic_lines import between_line, due_line
from sla.calendar import Calendar

MONDAY = "2026-03-02T09:00:00+08:00"
OFFICE = {"timezone": "Asia/Shanghai", "week": {"mon-fri": "09:00-17:00"}}


def _cases(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


@pytest.mark.shared
def test_every_due_case_comes_out(shared: Path) -> None:
    cases = _cases(shared / "conformance" / "due.jsonl")
    assert len(cases) == 85
    assert [due_line(case) for case in cases] == [{"id": case["id"], **case["expected"]} for case in cases]


@pytest.mark.shared
def test_every_between_case_comes_out(shared: Path) -> None:
    cases = _cases(shared / "conformance" / "between.jsonl")
    assert len(cases) == 77
    assert [between_line(case) for case in cases] == [{"id": case["id"], **case["expected"]} for case in cases]


def test_a_line_without_calendar_takes_the_default_one() -> None:
    office = Calendar.build("office", OFFICE, "UTC")
    line = {"id": 7, "start": "2026-03-06T16:00:00+08:00", "within": "2h"}
    assert due_line(line, office) == {"id": 7, "due": "2026-03-09T02:00:00Z"}
    assert due_line({**line, "calendar": "24x7"}, office) == {"id": 7, "due": "2026-03-06T10:00:00Z"}


def test_fractions_appear_only_where_there_are_some() -> None:
    line = {"id": "f", "start": "2026-03-02T09:00:00.25+08:00", "within": "1h", "calendar": OFFICE}
    assert due_line(line) == {"id": "f", "due": "2026-03-02T02:00:00.250000Z"}
    until = {"id": "f", "start": line["start"], "end": "2026-03-02T10:00:00.5+08:00", "calendar": OFFICE}
    assert between_line(until) == {"id": "f", "open_s": 3600.25}
    whole = between_line({**until, "start": "2026-03-02T09:00:00.5+08:00"})
    assert whole == {"id": "f", "open_s": 3600}
    assert isinstance(whole["open_s"], int)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"start": None}, "bad_time", "start"),
        ({"start": "2026-03-02T09:00:00"}, "bad_time", "has no time zone"),
        ({"start": "2026-03-02"}, "bad_time", "has no time zone"),
        ({"start": "tomorrow"}, "bad_time", "is not a time"),
        ({"within": "none"}, "bad_duration", "is not a duration"),
        ({"within": 5}, "bad_duration", "is not a duration"),
        ({"calendar": {"week": {"monday": "09:00-17:00"}}}, "bad_calendar", "calendar.week.monday: 'monday'"),
        ({"calendar": None}, "bad_calendar", "is not a calendar"),
        ({"paused": "never"}, "bad_pause", "write [[from, to], ...]"),
        ({"paused": [[MONDAY]]}, "bad_pause", "paused.0 is not a pair"),
        ({"paused": [[MONDAY, None]]}, "bad_time", "paused.0.1"),
        ({"paused": [[MONDAY, "2026-03-02T08:00:00+08:00"]]}, "bad_pause", "ends before it begins"),
        ({"within": "9999y"}, "out_of_range", "years 1 to 9999"),
        ({"within": "999999999h"}, "out_of_range", "beyond the year 2199"),
        ({"start": "9999-12-31T00:00:00Z"}, "out_of_range", "1900 to 2199"),
    ],
)
def test_a_line_that_cannot_be_answered_says_why_and_keeps_its_id(
    change: dict[str, object], code: str, words: str
) -> None:
    answer = due_line({"id": "x", "start": MONDAY, "within": "1h", "calendar": OFFICE, **change})
    assert answer.keys() == {"id", "error"}
    assert answer["id"] == "x"
    error = answer["error"]
    assert isinstance(error, dict)
    assert error["code"] == code
    assert words in error["message"]


def test_missing_parts_are_named() -> None:
    assert due_line({"id": 1, "within": "1h", "calendar": "24x7"})["error"] == {
        "code": "bad_time",
        "message": "start is missing",
    }
    assert due_line({"id": 1, "start": MONDAY, "within": "1h"})["error"]["code"] == "no_calendar"  # type: ignore[index]
    assert due_line(["no", "object"]) == {
        "id": None,
        "error": {"code": "bad_line", "message": "the line is not a JSON object"},
    }
