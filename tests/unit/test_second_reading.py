"""`sla/` against a second, literal reading of the pages on clocks and contracts: `second_reading.py`."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sla.evaluation import evaluate_line

COMPARED = ("commitment", "cycle", "state", "started_at", "due_at", "stopped_at", "breached_at")


def _beside(name: str) -> ModuleType:
    """The module that lies beside this one: tests are no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


# In the order in which they stand on each other.
for name in ("second_timeline", "second_deadline", "second_contracts"):
    _beside(name)
reading = _beside("second_reading")
cases = _beside("second_cases")
comparison = _beside("second_comparison")


def _shown(clocks: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    return None if clocks is None else {"clocks": [{name: clock[name] for name in COMPARED} for clock in clocks]}


@pytest.mark.shared
def test_the_second_reading_gives_the_published_answers(shared: Path) -> None:
    text = (shared / "conformance" / "timelines.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) == 480
    answers = [(line["expected"], _shown(reading.second_reading(line))) for line in lines]
    assert [one for one in answers if one[1] != (None if "error" in one[0] else one[0])] == []


def test_both_readings_say_the_same_of_random_timelines() -> None:
    judged = [(case["id"], comparison.differences(case)) for seed in range(300) for case in cases.cases_of(seed)]
    assert len(judged) > 400
    assert [one for one in judged if one[1]] == []


def test_the_random_timelines_reach_every_state_and_many_refusals() -> None:
    answers = [reading.second_reading(case) for seed in range(300) for case in cases.cases_of(seed)]
    states = {clock["state"] for answer in answers if answer is not None for clock in answer}
    assert states == {"idle", "running", "paused", "met", "breached", "cancelled", "none"}
    assert 20 < sum(answer is None for answer in answers) < len(answers) / 2


def test_a_difference_would_be_seen() -> None:
    read = next(answer for seed in range(99) if (answer := reading.second_reading(cases.random_case(seed))))
    first = {**read[0], "state": "met" if read[0]["state"] != "met" else "idle"}
    assert comparison.unlike(read, {"clocks": read}) == []
    assert comparison.unlike(read, {"clocks": [first, *read[1:]]}) != []
    assert comparison.unlike(read, {"clocks": read[1:]}) != []


def test_a_gap_in_the_reasons_would_be_seen() -> None:
    counted = {"kind": "counted", "seconds": 60, "from": "a", "to": "b"}
    clock = {"commitment": "k", "state": "running", "started_at": "a", "due_at": "b", "promised_s": 60}
    assert comparison.unreasoned({**clock, "why": [counted]}) == []
    assert comparison.unreasoned({**clock, "why": [counted, {**counted, "from": "c"}]}) != []
    assert comparison.unreasoned({**clock, "why": [{**counted, "seconds": 59}]}) != []


def _line(*entries: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    terms = {"name": "k", "starts": "arrived", "stops": "signed", "within": "0m", "calendar": "c", "pauses": ["parts"]}
    contract = {
        **cases.random_case(0)["contract"],
        "calendars": {"c": "24x7"},
        "commitments": [terms],
    }
    events = [{"type": kind, "occurred_at": f"2026-03-02T{at}:00Z", **data} for kind, at, data in entries]
    return {"id": 1, "now": "2026-03-02T12:00:00Z", "events": events, "contract": contract}


def test_a_pause_cut_to_a_cycle_that_is_due_as_it_starts_changes_nothing() -> None:
    line = _line(("reported", "09:00", {}), ("paused", "10:00", {"reason": "parts"}), ("arrived", "11:00", {}))
    (clock,) = evaluate_line(line)["clocks"]
    assert (clock["state"], clock["due_at"], clock["paused_s"]) == ("breached", "2026-03-02T11:00:00Z", 0)


def test_the_first_entry_in_order_that_cannot_stand_is_the_one_refused() -> None:
    line = _line(("reported", "09:00", {}), ("resumed", "11:00", {}), ("graded", "10:00", {"severity": 9}))
    assert evaluate_line(line)["error"]["code"] == "unknown_severity"


def test_a_ticket_whose_report_lies_a_moment_ahead_has_the_clocks_of_its_kind_and_they_are_idle() -> None:
    line = _line(("reported", "12:01", {"kind": "complaint", "phase": "trial"}))
    terms = line["contract"]["commitments"][0]
    both = [{**terms, "name": "c", "kinds": ["complaint"]}, {**terms, "name": "f", "kinds": ["fault"]}]
    answer = evaluate_line({**line, "contract": {**line["contract"], "commitments": both}})
    assert [(clock["commitment"], clock["state"]) for clock in answer["clocks"]] == [("c", "idle")]
