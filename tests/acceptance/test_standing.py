"""The live board of a running month: what is at risk, what the targets still bear, and the clocks behind a figure."""

from typing import Any

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
    refused = await hotline.ask("GET", "/contracts/HF-1/cases?figure=all", role="contract_manager", expect=422)
    assert refused.pointers == ["?figure"]
    await hotline.ask("GET", "/contracts/NO/standing", role="contract_manager", expect=404)


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
