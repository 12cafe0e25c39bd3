"""The random timelines judged by an independent reading, and what real service desks made of their tickets."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from sla.clock import Clock, assess
from sla.contract import Contract, read, read_data
from sla.document import parse
from sla.evaluation import evaluate_line
from sla.interval import micros
from sla.timeline import check, read_entry

_COMPARED = ("commitment", "cycle", "state", "started_at", "due_at", "stopped_at", "breached_at")
_LATER = micros(datetime(2026, 11, 1, tzinfo=UTC))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def _compared(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        return {"error": {"code": answer["error"]["code"]}}
    return {"clocks": [{name: clock[name] for name in _COMPARED} for clock in answer["clocks"]]}


@pytest.mark.shared
def test_every_random_timeline_comes_out(shared: Path) -> None:
    cases = _lines(shared / "conformance" / "timelines.jsonl")
    assert len(cases) == 480
    different = [case["id"] for case in cases if _compared(evaluate_line(case)) != case["expected"]]
    assert different == []


@pytest.mark.shared
def test_every_why_adds_up_and_leaves_no_gap(shared: Path) -> None:
    sums = 0
    for case in _lines(shared / "conformance" / "timelines.jsonl"):
        for clock in evaluate_line(case).get("clocks", []):
            why = clock["why"]
            assert [one["to"] for one in why[:-1]] == [one["from"] for one in why[1:]], case["id"]
            if clock["due_at"] is not None and clock["promised_s"] is not None:
                sums += 1
                counted = sum(one["seconds"] for one in why if one["kind"] == "counted")
                assert counted == clock["promised_s"], (case["id"], clock)
    assert sums > 400


def _histories(folder: Path) -> tuple[Contract, list[tuple[str, list[Clock]]]]:
    contract = read((folder / "contract.yaml").read_text(encoding="utf-8"))
    return contract, [(ticket["ref"], _judged(contract, ticket)) for ticket in _tickets(folder)]


def _tickets(folder: Path) -> list[dict[str, Any]]:
    return [line["ticket"] for line in _lines(folder / "history.jsonl") if "ticket" in line]


def _judged(contract: Contract, ticket: dict[str, Any]) -> list[Clock]:
    reported = {name: ticket[name] for name in ("kind", "category", "region", "phase") if name in ticket}
    events = [{**reported, **one} if one["type"] == "reported" else one for one in ticket["events"]]
    entries = [read_entry(one, default_at=None, seq=seq) for seq, one in enumerate(events)]
    return assess(contract, check(entries, contract, _LATER), _LATER)


@pytest.mark.shared
def test_a_city_s_own_due_dates_and_verdicts_come_out(shared: Path) -> None:
    folder = shared / "data" / "boston_311"
    _, judged = _histories(folder)
    expected = {line["ref"]: line for line in _lines(folder / "expected.jsonl")}
    assert len(judged) == len(expected) == 2006
    zone = ZoneInfo("America/New_York")
    for ref, (done,) in judged:
        assert done.due_at is not None
        said = datetime.fromisoformat(expected[ref]["due_local"]).replace(tzinfo=zone)
        assert abs((done.due_at - said).total_seconds()) <= expected[ref]["tolerance_s"], ref
        if done.stopped_at is not None:
            assert (done.state == "met") == (expected[ref]["status"] == "ONTIME"), ref


@pytest.mark.shared
def test_an_it_desk_s_verdicts_agree_in_99_of_100_cases(shared: Path) -> None:
    folder = shared / "data" / "itsm_incidents"
    _, judged = _histories(folder)
    expected = {line["ref"]: line["made_sla"] for line in _lines(folder / "expected.jsonl")}
    agree = sum((clocks[0].state == "met") == expected[ref] for ref, clocks in judged)
    assert len(judged) == 2000
    assert agree >= 1980


@pytest.mark.shared
def test_of_several_units_on_the_way_the_first_arrival_counts(shared: Path) -> None:
    folder = shared / "data" / "sf_fire"
    _, judged = _histories(folder)
    on_site = {ref: next(one for one in clocks if one.commitment == "on_site") for ref, clocks in judged}
    assert sum(Counter(one.state for one in on_site.values()).values()) == 489
    several = 0
    for ticket in _tickets(folder):
        arrivals = [datetime.fromisoformat(one["occurred_at"]) for one in ticket["events"] if one["type"] == "arrived"]
        one = on_site[ticket["ref"]]
        if len(arrivals) > 1 and one.state in ("met", "breached"):
            several += 1
            assert one.stopped_at is not None
            assert one.stopped_at <= min(arrivals)
    assert several > 50


@pytest.mark.shared
@pytest.mark.parametrize("name", ["boston_311", "itsm_incidents", "sf_fire"])
def test_a_published_contract_reads_the_same_from_yaml_and_from_json(shared: Path, name: str) -> None:
    text = (shared / "data" / name / "contract.yaml").read_text(encoding="utf-8")
    data = json.loads(json.dumps(parse(text).value))
    assert _terms(read_data(data)) == _terms(read(text))


def _terms(contract: Contract) -> list[object]:
    commitments = [(one.name, one.within, one.listens, one.calendar.name) for one in contract.commitments]
    return [contract.code, contract.valid_until, contract.severities, contract.grading, commitments]


@pytest.mark.shared
def test_the_contract_of_the_design_is_read(shared: Path) -> None:
    page = (shared / "design" / "contracts.md").read_text(encoding="utf-8")
    contract = read(page.split("```yaml\n")[1].split("```")[0])
    names = ["response", "escalation", "on_site", "restore", "complaint_answer", "resolve"]
    assert [one.name for one in contract.commitments] == names
    assert list(contract.calendars) == ["always", "office"]
    assert len(contract.ladder) == 4


@pytest.mark.shared
def test_contracts_in_lines_are_json(shared: Path) -> None:
    case = _lines(shared / "conformance" / "timelines.jsonl")[0]
    assert set(read_data(json.loads(json.dumps(case["contract"]))).severities) == {1, 2, 3}
