"""What a timeline takes, what it refuses with which reason, and what it says of a ticket."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from sla.contract import Contract, read
from sla.interval import micros
from sla.timeline import TYPES, Entry, Refused, Timeline, assignee, check, read_entry, ticket_state

NOW = micros(datetime(2026, 3, 2, 12, tzinfo=UTC))

TERMS = """
contract: T
customer: c
valid: {from: 2026-01-01, until: 2027-12-31}
timezone: UTC
regions: {city: c}
phases: [trial]
severities: {1: {name: a}}
calendars: {always: 24x7}
commitments:
  - {name: k, starts: reported, stops: resolved, within: 1h, calendar: always, pauses: [customer]}
"""


@pytest.fixture(scope="module")
def contract() -> Contract:
    return read(TERMS)


def entry(seq: int, name: str, time: str = "10:00", **data: Any) -> Entry:
    return read_entry({"type": name, "occurred_at": f"2026-03-02T{time}Z", **data}, default_at=None, seq=seq)


def entries(*given: tuple[Any, ...]) -> list[Entry]:
    return [entry(seq, kind, time, **(data[0] if data else {})) for seq, (kind, time, *data) in enumerate(given)]


def refusal(given: Sequence[Entry], contract: Contract | None) -> tuple[str, int | None]:
    with pytest.raises(Refused) as caught:
        check(given, contract, NOW)
    assert caught.value.message
    return caught.value.code, caught.value.index


REPORTED = ("reported", "10:00")


@pytest.mark.parametrize(
    ("story", "code", "index"),
    [
        ([], "before_reported", None),
        ([("noted", "09:59")], "before_reported", 0),
        ([REPORTED, ("noted", "09:59")], "before_reported", 1),
        ([("noted", "10:00"), REPORTED], "before_reported", 0),
        ([REPORTED, ("noted", "12:02:01")], "future", 1),
        ([REPORTED, ("resumed", "10:10")], "not_paused", 1),
        ([REPORTED, ("paused", "10:10", {"reason": "customer"}), ("resumed", "10:05")], "not_paused", 2),
        (
            [REPORTED, ("paused", "10:10", {"reason": "customer"}), ("paused", "10:20", {"reason": "customer"})],
            "already_paused",
            2,
        ),
        ([REPORTED, ("cancelled", "10:10"), ("resolved", "10:20")], "cancelled", 2),
        ([REPORTED, ("resolved", "10:20"), ("cancelled", "10:10")], "cancelled", 1),
        ([REPORTED, ("corrected", "10:10", {"entry": "x", "void": True})], "unknown_entry", 1),
        ([REPORTED, ("graded", "10:10", {"severity": 9})], "unknown_severity", 1),
        ([("reported", "10:00", {"region": "moon"})], "unknown_region", 0),
        ([REPORTED, ("moved", "10:10", {"region": "moon"})], "unknown_region", 1),
        ([REPORTED, ("moved", "10:10", {"phase": "moon"})], "unknown_phase", 1),
        ([REPORTED, ("paused", "10:10", {"reason": "tired"})], "unknown_reason", 1),
        ([("reported", "10:00", {"id": "x"}), ("noted", "10:10", {"id": "x"})], "duplicate_id", 1),
        (
            [("reported", "10:00", {"id": "x"}), ("corrected", "10:10", {"entry": "x", "void": True})],
            "before_reported",
            1,
        ),
        (
            [
                ("reported", "10:00", {"id": "x"}),
                ("noted", "10:05"),
                ("corrected", "10:20", {"entry": "x", "to": "2026-03-02T10:10Z"}),
            ],
            "before_reported",
            1,
        ),
        (
            [
                REPORTED,
                ("noted", "10:05", {"id": "x"}),
                ("corrected", "10:20", {"entry": "x", "to": "2026-03-02T12:30Z"}),
            ],
            "future",
            1,
        ),
        (
            [
                REPORTED,
                ("corrected", "10:20", {"id": "a", "entry": "b", "void": True}),
                ("corrected", "10:20", {"id": "b", "entry": "a", "void": True}),
            ],
            "unknown_entry",
            1,
        ),
    ],
)
def test_refused_with_the_reason_and_the_entry(
    contract: Contract, story: list[tuple[Any, ...]], code: str, index: int | None
) -> None:
    assert refusal(entries(*story), contract) == (code, index)


def test_what_is_judged_is_the_timeline_as_it_would_stand_so_late_entries_are_fine(contract: Contract) -> None:
    story = entries(
        REPORTED,
        ("resumed", "10:20"),
        ("paused", "10:10", {"reason": "customer"}),
        ("cancelled", "10:30"),
        ("resolved", "10:50"),
        ("reopened", "10:40"),
        ("noted", "12:02"),
    )
    assert [one.type for one in check(story, contract, NOW).entries] == [
        "reported", "paused", "resumed", "cancelled", "reopened", "resolved", "noted",
    ]  # fmt: skip


def test_a_ticket_without_a_contract_takes_any_severity_region_and_reason() -> None:
    story = entries(
        ("reported", "10:00", {"region": "moon", "phase": "new"}),
        ("graded", "10:00", {"severity": 9}),
        ("paused", "10:10", {"reason": "tired"}),
    )
    assert len(check(story, None, NOW).entries) == 3
    assert refusal(entries(("noted", "10:00")), None) == ("before_reported", 0)


def test_the_last_correction_wins_and_a_correction_can_be_corrected(contract: Contract) -> None:
    story = entries(
        REPORTED,
        ("resolved", "11:00", {"id": "r"}),
        ("corrected", "11:10", {"entry": "r", "to": "2026-03-02T10:40Z"}),
        ("corrected", "11:20", {"entry": "r", "to": "2026-03-02T10:30Z", "id": "c"}),
    )
    assert _times(check(story, contract, NOW))["resolved"] == "10:30"
    undone = [*story, entry(9, "corrected", "11:30", entry="c", void=True)]
    assert _times(check(undone, contract, NOW))["resolved"] == "10:40"


def _times(timeline: Timeline) -> dict[str, str]:
    return {
        one.type: f"{datetime.fromtimestamp(one.at / 1e6, UTC):%H:%M}"
        for one in timeline.entries
        if one.type != "corrected"
    }


def test_a_correction_keeps_what_people_saw(contract: Contract) -> None:
    story = entries(REPORTED, ("resolved", "11:00", {"id": "r"}), ("corrected", "11:10", {"entry": "r", "void": True}))
    timeline = check(story, contract, NOW)
    assert [one.type for one in timeline.seen] == ["reported", "resolved", "corrected"]
    assert [one.type for one in timeline.entries] == ["reported", "corrected"]


def test_a_correction_counts_from_when_it_was_made_and_can_bring_an_entry_forward(contract: Contract) -> None:
    backdated = ("corrected", "10:30", {"entry": "r", "to": "2026-03-02T10:10Z"})
    timeline = check(entries(REPORTED, ("resolved", "11:00", {"id": "r"}), backdated), contract, NOW)
    hour = 3_600_000_000
    seen = [[one.type for one in timeline.as_of(NOW - hour * 2 + minutes * hour // 60).entries] for minutes in (20, 40)]
    assert seen == [["reported"], ["reported", "resolved", "corrected"]]


def test_a_look_back_before_a_late_report_was_mended_knows_the_ticket_but_not_its_region(contract: Contract) -> None:
    late = ("reported", "10:10", {"id": "r", "kind": "complaint", "region": "city"})
    mended = ("corrected", "10:20", {"entry": "r", "to": "2026-03-02T10:00Z"})
    timeline = check(entries(late, ("noted", "10:05"), mended), contract, NOW)
    before = timeline.as_of(NOW - 113 * 60_000_000)
    assert ([one.type for one in before.entries], before.kind, before.region_at(0)) == (["noted"], "complaint", None)
    assert timeline.as_of(NOW).region_at(0) == "city"


def test_the_order_in_which_entries_arrive_does_not_matter(contract: Contract) -> None:
    story = entries(REPORTED, ("responded", "10:10"), ("noted", "10:10"), ("resolved", "10:05"))
    assert check(story[::-1], contract, NOW).entries == check(story, contract, NOW).entries
    assert [one.seq for one in check(story, contract, NOW).entries] == [0, 3, 1, 2]


@pytest.mark.parametrize(
    ("data", "code", "word"),
    [
        ({"type": "teleported"}, "unknown_type", "teleported"),
        ({"type": None}, "unknown_type", "None"),
        ({}, "unknown_type", "None"),
        ({"type": "noted", "colour": "red"}, "unknown_key", "colour"),
        ({"type": "noted", "text": ["x"]}, "bad_value", "text"),
        ({"type": "noted", "text": "a\x00b"}, "bad_value", "text"),
        ({"type": "graded"}, "missing_data", "severity"),
        ({"type": "graded", "severity": "1"}, "bad_value", "severity"),
        ({"type": "graded", "severity": True}, "bad_value", "severity"),
        ({"type": "moved"}, "missing_data", "region or phase"),
        ({"type": "paused"}, "missing_data", "reason"),
        ({"type": "corrected", "entry": "1"}, "missing_data", "to or void"),
        ({"type": "corrected", "entry": "1", "to": "2026-03-02T10:00Z", "void": True}, "bad_value", "either"),
        ({"type": "corrected", "entry": "1", "void": False}, "bad_value", "either"),
        ({"type": "followed_up", "solved": "no"}, "bad_value", "solved"),
        ({"type": "followed_up", "score": "9"}, "bad_value", "score"),
        ({"type": "appointment", "until": "tomorrow"}, "bad_value", "until"),
        ({"type": "reported", "channel": "pigeon"}, "bad_value", "pigeon"),
        ({"type": "noted", "occurred_at": "2026-03-02T10:00:00"}, "bad_value", "time zone"),
        ({"type": "noted", "occurred_at": "0001-01-01T00:00:00Z"}, "bad_value", "1970"),
        ({"type": "noted", "occurred_at": 5}, "bad_value", "occurred_at"),
    ],
)
def test_an_entry_that_is_none_is_refused(data: dict[str, Any], code: str, word: str) -> None:
    with pytest.raises(Refused) as caught:
        read_entry(data, default_at=NOW, seq=0)
    assert caught.value.code == code
    assert word in caught.value.message


def test_an_entry_without_a_time_takes_the_default_one_or_is_refused() -> None:
    assert read_entry({"type": "noted"}, default_at=NOW, seq=3) == Entry("noted", NOW, 3)
    with pytest.raises(Refused, match="occurred_at is missing"):
        read_entry({"type": "noted"}, default_at=None, seq=0)


def test_an_entry_keeps_who_wrote_it_what_it_says_and_what_it_is_called() -> None:
    data = {"type": "promised", "by": "Li", "id": 7, "what": "k", "until": "2026-03-03T09:00:00+08:00", "text": None}
    one = read_entry(data, default_at=NOW, seq=1)
    assert (one.by, one.id, one.data) == ("Li", "7", {"what": "k", "until": "2026-03-03T09:00:00+08:00"})


def test_the_table_of_types_is_closed() -> None:
    assert len(TYPES) == 39
    with pytest.raises(TypeError):
        TYPES["teleported"] = TYPES["noted"]  # type: ignore[index]


ASSIGNED = ("assigned", "10:10", {"to": "Li"})


@pytest.mark.parametrize(
    ("story", "state", "who"),
    [
        ([], "new", None),
        ([("noted", "10:10"), ("graded", "10:10", {"severity": 1})], "new", None),
        ([ASSIGNED], "assigned", "Li"),
        ([ASSIGNED, ("assigned", "10:20", {"to": "Wu"})], "assigned", "Wu"),
        ([ASSIGNED, ("accepted", "10:20", {"by": "Wu"})], "in_progress", "Wu"),
        ([("dispatched", "10:10")], "in_progress", None),
        ([ASSIGNED, ("paused", "10:20", {"reason": "customer"})], "waiting", "Li"),
        ([ASSIGNED, ("paused", "10:20", {"reason": "customer"}), ("resumed", "10:30")], "assigned", "Li"),
        ([("restored", "10:20")], "restored", None),
        ([("restored", "10:20"), ("resolved", "10:30")], "resolved", None),
        ([("resolved", "10:20"), ("restored", "10:30")], "resolved", None),
        ([("closed", "10:20")], "closed", None),
        ([("cancelled", "10:20")], "cancelled", None),
        ([ASSIGNED, ("cancelled", "10:20"), ("reopened", "10:30")], "assigned", "Li"),
        ([("closed", "10:20"), ("cancelled", "10:30"), ("reopened", "10:40")], "closed", None),
        ([ASSIGNED, ("responded", "10:20"), ("closed", "10:30"), ("reopened", "10:40")], "in_progress", "Li"),
    ],
)
def test_the_state_and_holder_of_a_ticket(
    contract: Contract, story: list[tuple[Any, ...]], state: str, who: str | None
) -> None:
    timeline = check(entries(REPORTED, *story), contract, NOW)
    assert (ticket_state(timeline, NOW), assignee(timeline, NOW)) == (state, who)


def test_the_state_is_as_of_now(contract: Contract) -> None:
    timeline = check(entries(REPORTED, ("resolved", "11:00")), contract, NOW)
    assert ticket_state(timeline, NOW - 3_600_000_001) == "new"
    assert ticket_state(timeline, NOW - 3_600_000_000) == "resolved"
