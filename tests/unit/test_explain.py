"""Why a clock says what it says, stretch by stretch, and where a share of it is used."""

from datetime import datetime
from fractions import Fraction
from typing import Any

from sla.clock import Clock, assess
from sla.contract import Contract, read_data
from sla.evaluation import evaluate_line
from sla.explain import instant_at_fraction, why
from sla.interval import micros
from sla.timeline import Timeline, check, read_entry

TERMS: dict[str, Any] = {
    "contract": "T",
    "customer": "c",
    "valid": {"from": "2026-01-01", "until": "2027-12-31"},
    "timezone": "Asia/Shanghai",
    "severities": {"1": {"name": "a"}, "2": {"name": "b"}},
    "calendars": {
        "always": "24x7",
        "office": {"week": {"mon-fri": "09:00-12:00 13:00-17:00"}, "holidays": "CN"},
    },
}
COMMITMENT: dict[str, Any] = {"name": "k", "clause": "4.9", "stops": "resolved", "within": "3h", "calendar": "office"}


def at(text: str) -> int:
    """`2 10:00` of March 2026 in Shanghai."""
    return micros(datetime.fromisoformat(stamp(text)))


def stamp(text: str) -> str:
    day, time = text.split()
    return f"2026-03-{int(day):02}T{time}+08:00"


def case(
    change: dict[str, Any], now: str, *events: tuple[str, str, dict[str, Any]]
) -> tuple[Contract, Timeline, Clock]:
    contract = read_data({**TERMS, "commitments": [{**COMMITMENT, **change}]})
    given = [{"type": kind, "occurred_at": stamp(time), **data} for time, kind, data in events]
    entries = [read_entry(one, default_at=None, seq=seq) for seq, one in enumerate(given)]
    timeline = check(entries, contract, at("31 00:00"))
    return contract, timeline, assess(contract, timeline, at(now))[-1]


def told(
    change: dict[str, Any], now: str, *events: tuple[str, str, dict[str, Any]]
) -> list[tuple[str, str, float, str]]:
    contract, timeline, clock = case(change, now, *events)
    zone = contract.zone
    return [
        (f"{one.end.astimezone(zone):%-d %H:%M}", one.kind, one.seconds / 60, one.because)
        for one in why(contract, timeline, clock, at(now))
    ]


REPORTED = ("2 11:00", "reported", {})


def test_counted_and_closed_stretches_up_to_the_deadline_name_clause_and_interval() -> None:
    assert told({}, "2 11:30", REPORTED) == [
        ("2 12:00", "counted", 60, "4.9: Monday 09:00-12:00"),
        ("2 13:00", "closed", 60, "4.9: Monday break 12:00-13:00"),
        ("2 15:00", "counted", 120, "4.9: Monday 13:00-17:00"),
    ]


def test_a_weekend_and_a_holiday_are_named() -> None:
    late = {"within": "2h"}
    (_, closed, _) = told(late, "6 16:30", ("6 16:00", "reported", {}))
    assert closed[0] == "9 09:00"
    assert "Saturday" in closed[3]
    contract = read_data({**TERMS, "commitments": [COMMITMENT]})
    report = read_entry({"type": "reported", "occurred_at": "2026-04-03T16:00:00+08:00"}, default_at=None, seq=0)
    now = report.at + 1
    timeline = check([report], contract, now)
    (clock,) = assess(contract, timeline, now)
    assert any("Tomb-Sweeping" in one.because for one in why(contract, timeline, clock, now))


def test_a_pause_is_told_with_its_reason_and_while_paused_up_to_now() -> None:
    change = {"calendar": "always", "pauses": ["waiting_customer"]}
    paused = ("2 12:00", "paused", {"reason": "waiting_customer"})
    assert told(change, "2 12:30", REPORTED, paused) == [
        ("2 12:00", "counted", 60, "4.9: 24x7"),
        ("2 12:30", "paused", 30, "4.9: waiting_customer"),
    ]
    assert told(change, "2 14:00", REPORTED, paused, ("2 13:30", "resumed", {})) == [
        ("2 12:00", "counted", 60, "4.9: 24x7"),
        ("2 13:30", "paused", 90, "4.9: waiting_customer"),
        ("2 15:30", "counted", 120, "4.9: 24x7"),
    ]


def test_a_span_taken_out_by_a_reopening_is_told() -> None:
    change = {"calendar": "always", "on_reopen": "resume"}
    found = told(change, "2 14:00", REPORTED, ("2 12:00", "resolved", {}), ("2 13:30", "reopened", {}))
    assert [one[:3] for one in found] == [
        ("2 12:00", "counted", 60),
        ("2 13:30", "reopened", 90),
        ("2 15:30", "counted", 120),
    ]
    assert "resolved, then reopened" in found[1][3]


def test_where_a_pause_and_a_cancelled_span_overlap_the_pause_is_named() -> None:
    found = told(
        {"calendar": "always", "pauses": ["waiting_customer"]},
        "2 14:00",
        REPORTED,
        ("2 11:30", "cancelled", {}),
        ("2 12:00", "paused", {"reason": "waiting_customer"}),
        ("2 13:00", "reopened", {}),
        ("2 13:30", "resumed", {}),
    )
    assert [one[:2] for one in found] == [
        ("2 11:30", "counted"),
        ("2 12:00", "reopened"),
        ("2 13:00", "paused"),
        ("2 13:30", "paused"),
        ("2 16:00", "counted"),
    ]


def test_what_a_regrade_threw_away_is_discarded() -> None:
    change = {"calendar": "always", "within": {"1": "1h", "2": "4h"}, "on_regrade": "from_regrade"}
    graded = [("2 11:00", "graded", {"severity": 2}), ("2 12:00", "graded", {"severity": 1})]
    found = told(change, "2 12:10", REPORTED, *graded)
    assert [one[:3] for one in found] == [("2 12:00", "discarded", 60), ("2 13:00", "counted", 60)]


def test_days_are_told_by_the_wall_clock() -> None:
    assert told({"within": "2d"}, "2 12:00", REPORTED) == [
        ("4 11:00", "counted", 2880, "4.9: 2d on the wall clock of Asia/Shanghai")
    ]


def test_a_clock_without_a_figure_has_nothing_to_tell() -> None:
    assert told({"within": "none"}, "2 12:00", REPORTED) == []
    assert told({"within": {"1": "1h"}}, "2 12:00", REPORTED) == []
    assert told({"starts": "responded"}, "2 12:00", REPORTED) == []


def test_measured_time_is_told_up_to_the_stop() -> None:
    found = told({"within": "measure"}, "2 18:00", REPORTED, ("2 14:00", "resolved", {}))
    assert [one[:3] for one in found] == [
        ("2 12:00", "counted", 60),
        ("2 13:00", "closed", 60),
        ("2 14:00", "counted", 60),
    ]


def share(change: dict[str, Any], part: Fraction, *events: tuple[str, str, dict[str, Any]]) -> str | None:
    contract, timeline, clock = case(change, "2 18:00", REPORTED, *events)
    found = instant_at_fraction(contract, timeline, clock, part)
    return None if found is None else f"{found.astimezone(contract.zone):%-d %H:%M}"


def test_a_share_of_open_time_counts_open_time_and_pauses() -> None:
    assert share({}, Fraction(1, 2)) == "2 13:30"
    assert share({}, Fraction(1)) == "2 15:00"
    pause = [("2 11:30", "paused", {"reason": "x"}), ("2 13:00", "resumed", {})]
    assert share({"pauses": ["x"]}, Fraction(1, 2), *pause) == "2 14:00"


def test_a_share_of_days_is_one_of_the_elapsed_time_and_none_without_a_deadline() -> None:
    assert share({"within": "2d"}, Fraction(1, 2)) == "3 11:00"
    assert share({"within": "none"}, Fraction(1, 2)) is None
    assert share({"starts": "responded"}, Fraction(1, 2)) is None
    assert share({"pauses": ["x"]}, Fraction(1, 2), ("2 11:30", "paused", {"reason": "x"})) is None


def test_an_instant_agreed_after_it_had_passed_has_no_shares() -> None:
    promised = ("2 12:00", "promised", {"what": "k", "until": stamp("2 11:30")})
    assert share({"within": "agreed"}, Fraction(1, 2), promised) == "2 11:30"


# The line form


def line(**change: Any) -> dict[str, Any]:
    events = [{"type": "reported", "occurred_at": stamp("2 11:00")}]
    given = {"id": "a", "now": stamp("2 11:30"), "events": events, "contract": {**TERMS, "commitments": [COMMITMENT]}}
    return {**given, **change}


def test_a_line_says_all_that_a_clock_says() -> None:
    (clock,) = evaluate_line(line())["clocks"]
    why_ = clock.pop("why")
    assert clock == {
        "commitment": "k", "cycle": 1, "clause": "4.9", "owner": "customer", "state": "running", "severity": None,
        "region": None, "promised": "3h", "promised_s": 10800, "started_at": "2026-03-02T03:00:00Z",
        "due_at": "2026-03-02T07:00:00Z", "stopped_at": None, "breached_at": None, "paused_s": 0, "used_s": 1800,
        "remaining_s": 9000, "provisional": False, "calendar": "office",
    }  # fmt: skip
    assert why_[0] == {
        "from": "2026-03-02T03:00:00Z", "to": "2026-03-02T04:00:00Z", "kind": "counted", "seconds": 3600,
        "because": "4.9: Monday 09:00-12:00",
    }  # fmt: skip


def test_a_refused_line_says_why() -> None:
    def code(given: object) -> tuple[Any, str]:
        answer = evaluate_line(given)
        assert answer["error"]["message"]
        return answer["id"], answer["error"]["code"]

    assert code(7) == (None, "bad_line")
    assert code(line(now="soon")) == ("a", "bad_line")
    assert code(line(now=None)) == ("a", "bad_line")
    assert code(line(events={})) == ("a", "bad_line")
    assert code(line(events=[5])) == ("a", "bad_entry")
    assert code(line(contract={})) == ("a", "bad_contract")
    assert code({key: value for key, value in line().items() if key != "contract"}) == ("a", "no_contract")


def test_a_line_without_a_contract_takes_the_default_one() -> None:
    contract = read_data({**TERMS, "commitments": [COMMITMENT]})
    given = line()
    del given["contract"]
    assert evaluate_line(given, contract) == evaluate_line(line())
