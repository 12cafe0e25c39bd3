"""The live board of a running month: what is at risk, what the targets still bear, and the clocks behind a figure."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcenter.services.compliance import ComplianceRow
from callcenter.services.standing import may_break


def row(met: int, breached: int, open_: int, target: float | None) -> ComplianceRow:
    return ComplianceRow(
        commitment="restore", severity=None, region=None, due=met + breached + open_, met=met, breached=breached,
        exempt=0, cancelled=0, paused=0, open=open_, compliance=None, net=None, target=target,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("met", "breached", "open_", "target", "left"),
    [
        (98, 1, 1, 98, 1),  # 2 of 100 may be broken, one is
        (98, 2, 0, 98, 0),
        (90, 5, 5, 98, 0),  # missed already
        (0, 0, 10, 95, 0),  # half a promise cannot be broken
        (0, 0, 20, 95, 1),
        (0, 0, 1, 0, 1),
        (1998, 0, 2, 99.95, 1),
        (3, 1, 2, None, None),
    ],
)
def test_what_a_target_still_bears(met: int, breached: int, open_: int, target: float | None, left: int | None) -> None:
    assert may_break(row(met, breached, open_, target)) == left


async def test_the_board_of_a_running_month(hotline: Any) -> None:
    first, second = [(await hotline.ring())["ticket"]["number"] for _ in range(2)]
    await hotline.write(first, {"type": "responded"})
    hotline.clock.move(minutes=20)
    found = await hotline.get("/contracts/HF-1/standing", role="contract_manager")
    held = {one["commitment"]: (one["at_risk"], one["verdict"], one["may_break"]) for one in found["commitments"]}
    assert held == {
        "response": (1, "missed", 0),  # one kept, one overdue
        "on_site": (2, "no_case", 0),
        "restore": (2, "no_case", 0),
    }
    assert found["at_risk_total"] == 5
    listed = [(one["ticket"], one["commitment"], one["left_s"]) for one in found["at_risk"]]
    assert listed[:3] == [(second, "response", -900), (first, "on_site", 1200), (second, "on_site", 1200)]
    assert [
        (one["month"], one["met"], one["breached"]) for one in found["trend"] if one["commitment"] == "response"
    ] == [("2026-03", 1, 1)]


async def test_from_a_figure_to_its_clocks(hotline: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    hotline.clock.move(minutes=20)
    path = "/contracts/HF-1/cases?figure=breached"
    found = await hotline.get(path, role="contract_manager")
    assert [(one["ticket"], one["commitment"], one["state"]) for one in found["items"]] == [
        (number, "response", "breached")
    ]
    assert not found["cut"]
    assert (await hotline.get(f"{path}&commitment=restore", role="contract_manager"))["items"] == []
    assert (await hotline.get(f"{path}&severity=2&region=city", role="contract_manager"))["items"] == []


async def test_a_figure_is_narrowed_by_what_is_given(hotline: Any) -> None:
    """Two breaches of two severities in one region: each filter narrows alone; `exactly` takes a row of the report."""
    down = (await hotline.ring())["ticket"]["number"]
    severe = (await hotline.ring(facts={"impact": "severe"}))["ticket"]["number"]
    hotline.clock.move(minutes=20)
    rows = (await hotline.get("/contracts/HF-1/compliance", role="contract_manager"))["rows"]
    levels = {row["severity"]: row["region"] for row in rows if row["commitment"] == "response"}
    assert len(levels) == 2
    (grave, region), (light, _) = sorted(levels.items())

    async def found(query: str) -> set[int]:
        path = f"/contracts/HF-1/cases?figure=breached&commitment=response{query}"
        return {one["ticket"] for one in (await hotline.get(path, role="contract_manager"))["items"]}

    assert await found("") == await found(f"&region={region}") == {down, severe}
    assert await found(f"&severity={grave}") == await found(f"&severity={grave}&region={region}&exactly=true") == {down}
    assert await found(f"&severity={light}") == {severe}
    assert await found(f"&severity={grave}&exactly=true") == set(), "the report has no row without a region"


@pytest.mark.parametrize(
    ("query", "pointer", "code", "said"),
    [
        ("cases?figure=all", "?figure", "unknown_value", "all"),
        ("cases?month=2026-13", "?month", "bad_characters", "a month such as 2026-10"),
        ("cases?month=1960-01", "?month", "out_of_range", "1970-01"),
        (
            "cases?commitment=respond",
            "?commitment",
            "unknown_value",
            "HF-1 has no commitment respond: response, on_site",
        ),
        ("cases?severity=9", "?severity", "unknown_value", "HF-1 has no severity 9: 1, 2"),
        ("cases?region=moon", "?region", "unknown_value", "HF-1 has no region moon: city"),
        ("cases?severity=grave", "?severity", "wrong_type", "int"),
        ("cases?figures=met", "?figures", "unknown_parameter", "it has month, figure, commitment"),
        ("cases?figure=met&figure=due", "?figure", "given_twice", "more than once"),
        ("standing?month=2026-10", "?month", "unknown_parameter", "no parameter month"),
        ("staffing?month=October", "?month", "bad_characters", "a month such as 2026-10"),
        ("staffing?target=100", "?target", "out_of_range", "<= 99.9"),
        ("staffing?target=0", "?target", "out_of_range", ">= 1"),
        ("staffing?target=most", "?target", "wrong_type", "float"),
        ("staffing?interval=15m", "?interval", "unknown_parameter", "it has month, target"),
    ],
)
async def test_what_is_wrong_in_a_question_is_named(
    hotline: Any, query: str, pointer: str, code: str, said: str
) -> None:
    refused = await hotline.ask("GET", f"/contracts/HF-1/{query}", role="contract_manager", expect=422)
    ((at, what, detail),) = [(one["pointer"], one["code"], one["detail"]) for one in refused.body["errors"]]
    assert (at, what) == (pointer, code)
    assert said in detail


@pytest.mark.parametrize(
    ("query", "pointer", "said"),
    [
        ("since=2026-02-30&until=2026-03-01", "?since", "no day 2026-02-30"),
        ("since=2026-03-01&until=2026-02-29", "?until", "no day 2026-02-29"),
        ("since=2026-03-01&until=3", "?until", "a day such as 2026-10-31"),
        ("since=2026-03-01&until=2026-03-02&timezone=Mars", "?timezone", "no zone Mars"),
        ("since=2026-03-02&until=2026-03-01", "?until", "the last day"),
        ("since=2026-03-01&until=2026-03-02&each=minute", "?each", "day or half_hour"),
    ],
)
async def test_what_is_wrong_in_a_span_of_days_is_named(hotline: Any, query: str, pointer: str, said: str) -> None:
    refused = await hotline.ask("GET", f"/hotline?{query}", role="supervisor", expect=422)
    assert refused.pointers == [pointer]
    assert said in refused.body["detail"]


@pytest.mark.parametrize("route", ["standing", "cases", "staffing"])
async def test_only_who_may_read_reports_and_only_of_a_contract_there_is(hotline: Any, route: str) -> None:
    for role in ("agent", "engineer", "partner", "wallboard", "integration"):
        refused = await hotline.ask("GET", f"/contracts/HF-1/{route}", role=role, expect=403)
        assert "compliance.read" in refused.body["detail"]
    absent = await hotline.ask("GET", f"/contracts/NO/{route}", role="contract_manager", expect=404)
    assert absent.body["detail"] == "no contract NO"


async def test_the_agents_a_half_hour_needs(hotline: Any, at: Any) -> None:
    """Eleven calls in a half-hour of two days: nine took 540 s each, two hung up, after 110 s together."""
    await hotline.pool.execute(
        "insert into queues (name, answer_within_s, created_at, updated_at) values ('q', 20, now(), now())"
    )
    for place in range(11):
        answered = {"answered_at": at(minutes=-20), "ended_at": at(minutes=-11), "outcome": "answered"}
        lost = {"ended_at": at(minutes=-20, seconds=55), "outcome": "abandoned"}
        body = {
            "caller": "13912345678",
            "queue": "q",
            "received_at": at(minutes=-20),
            **(lost if place > 8 else answered),
        }
        await hotline.post("/calls", body)
    found = await hotline.get("/contracts/HF-1/staffing?target=80", role="contract_manager")
    (one,) = found["items"]
    assert (found["days"], one["queue"], one["half_hour"], one["calls"]) == (2, "q", "08:30", 5.5)
    assert (one["handle_s"], one["patience_s"], one["load"]) == (540, 55, 1.65)
    assert one["agents_a"] <= one["agents_c"]
    assert one["in_time"] >= 80


@pytest.mark.parametrize(("hour", "days"), [(9, 1), (17, 2)])
async def test_half_hours_still_to_come_today_have_had_no_calls_today(
    hotline: Any, at: Any, hour: int, days: int
) -> None:
    """One call on the afternoon of the first; on the second it counts for one day until that half-hour begins."""
    yesterday = hotline.clock().astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=16, minute=5) - timedelta(days=1)
    times = {name: yesterday + timedelta(minutes=later) for name, later in
             (("received_at", 0), ("answered_at", 1), ("ended_at", 10))}  # fmt: skip
    body = {"caller": "13912345678", "queue": "q", "outcome": "answered"}
    await hotline.post("/calls", body | {name: one.isoformat() for name, one in times.items()})
    hotline.clock.move(minutes=(hour - 9) * 60)
    (one,) = (await hotline.get("/contracts/HF-1/staffing", role="contract_manager"))["items"]
    assert (one["half_hour"], one["calls"]) == ("16:00", 1 / days)
