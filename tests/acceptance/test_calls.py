"""From a ringing phone to a kept promise, through HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

START_OF = {"response": 5, "on_site": 40, "restore": 240}  # minutes promised to a grave fault in the city


async def test_a_call_opens_a_graded_ticket_with_its_clocks(hotline: Any, moving: Any) -> None:
    logged = await hotline.ring()
    assert logged["call"]["caller"] == "+8613912345678"
    assert logged["call"]["caller_raw"] == "13912345678"
    assert logged["ticket"]["severity"] == 1
    assert logged["ticket"]["state"] == "new"
    assert logged["call"]["ticket"] == logged["ticket"]["number"]
    due = {one["commitment"]: one["due_at"] for one in logged["clocks"]}
    expected = {
        name: (moving.now + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
        for name, minutes in START_OF.items()
    }
    assert due == expected
    assert {one["clause"] for one in logged["clocks"]} == {"4.9", "4.10", "4.11"}


async def test_what_is_told_and_what_is_stored_are_the_same(hotline: Any) -> None:
    logged = await hotline.ring()
    number = logged["ticket"]["number"]
    assert await hotline.get(f"/tickets/{number}") == logged["ticket"]
    assert (await hotline.get(f"/tickets/{number}/clocks"))["clocks"] == logged["clocks"]
    assert await hotline.get(f"/calls/{logged['call']['id']}") == logged["call"]
    assert (await hotline.get(f"/tickets/{number}/calls"))["items"] == [logged["call"]]


async def test_the_way_from_ring_to_resolved(hotline: Any, moving: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    await hotline.look()
    assert await hotline.alerts(number, "response") == []
    moving.move(minutes=2.5)
    await hotline.look()
    assert await hotline.alerts(number, "response") == [("warning", "firing")]
    moving.move(minutes=3)
    await hotline.look()
    assert await hotline.alerts(number, "response") == [("warning", "firing"), ("breach", "firing")]
    assert (await hotline.clock_of(number, "response"))["state"] == "breached"
    moving.move(minutes=30)
    await hotline.look()
    found = (await hotline.get(f"/alerts?ticket={number}&commitment=response"))["items"]
    assert [one["kind"] for one in found] == ["overdue", "breach", "warning"]
    acknowledged = await hotline.post(f"/alerts/{found[0]['id']}/acknowledge", expect=200, role="supervisor")
    assert acknowledged["state"] == "acknowledged"
    assert acknowledged["acknowledged_by"] == "supervisor"
    moving.move(minutes=40)
    await hotline.look()
    assert len(await hotline.alerts(number, "response")) == 3, "acknowledged: no repeat"
    written = await hotline.write(number, {"type": "responded"}, {"type": "resolved"})
    assert written["ticket"]["state"] == "resolved"
    await hotline.look()
    assert {state for _, state in await hotline.alerts(number, "response")} == {"resolved"}
    assert (await hotline.clock_of(number, "restore"))["state"] == "met"


async def test_an_alert_has_a_delivery_in_the_outbox(hotline: Any, moving: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    moving.move(minutes=3)
    await hotline.look()
    (alert,) = (await hotline.get(f"/alerts?ticket={number}&commitment=response"))["items"]
    assert [one["channel"] for one in alert["deliveries"]] == ["journal"]
    assert await hotline.get(f"/alerts/{alert['id']}") == alert


async def test_a_call_about_a_known_ticket(hotline: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    again = await hotline.post("/calls", {"caller": "13912345678", "ticket": {"number": number}, "summary": "again"})
    assert again["ticket"]["number"] == number
    assert len(again["clocks"]) == 3
    assert len((await hotline.get(f"/tickets/{number}/calls"))["items"]) == 2
    assert await hotline.count("tickets") == 1


async def test_a_call_about_no_ticket_and_then_moved_to_one(hotline: Any) -> None:
    bare = await hotline.post("/calls", {"caller": "0551-1234567"})
    assert bare["ticket"] is None
    assert bare["clocks"] == []
    number = (await hotline.ring())["ticket"]["number"]
    moved = await hotline.post(f"/calls/{bare['call']['id']}/move", {"ticket": number}, expect=200)
    assert moved["ticket"] == number
    back = await hotline.post(f"/calls/{bare['call']['id']}/move", {"ticket": None}, expect=200)
    assert back["ticket"] is None


async def test_a_call_about_a_ticket_that_is_not_there(hotline: Any) -> None:
    refused = await hotline.refused("/calls", {"caller": "1", "ticket": {"number": 5}})
    assert refused.pointers == ["/ticket/number"]
    assert await hotline.count("calls") == 0


async def test_an_unknown_caller_without_a_contract_is_logged(hotline: Any) -> None:
    logged = await hotline.ring(contract=None, region=None, caller="anonymous")
    assert logged["clocks"] == []
    assert logged["ticket"]["contract"] is None
    assert logged["call"]["caller"] == "anonymous"


async def test_a_contract_that_ended_yesterday_is_logged_without_clocks(hotline: Any, moving: Any) -> None:
    moving.now = moving.now.replace(year=2027, month=1, day=1)
    logged = await hotline.ring()
    assert logged["ticket"]["contract"] is None
    assert logged["clocks"] == []


async def test_the_last_day_of_a_contract_counts_in_its_own_zone(hotline: Any, moving: Any) -> None:
    moving.now = moving.now.replace(month=12, day=31, hour=15, minute=59)
    assert len((await hotline.ring())["clocks"]) == 3
    moving.move(minutes=1)  # midnight in Shanghai
    assert (await hotline.ring())["clocks"] == []


async def test_a_known_caller_brings_account_site_region_and_contract(hotline: Any) -> None:
    account = (await hotline.get("/accounts?q=Anhui"))["items"][0]["id"]
    site = await hotline.post("/sites", {"account": account, "name": "Third hospital", "region": "province"})
    who = {"name": "Wang", "account": account, "site": site["id"], "phone": "139 1234 5678"}
    contact = await hotline.post("/contacts", who)
    logged = await hotline.ring(contract=None, region=None)
    assert logged["ticket"]["contract"] == "HF-1"
    assert logged["ticket"]["region"] == "province"
    assert logged["ticket"]["contact"] == contact["id"]
    assert logged["ticket"]["site_name"] == "Third hospital"
    assert {one["commitment"]: one["promised_s"] for one in logged["clocks"]}["on_site"] == 5 * 3600


async def test_a_region_is_asked_for_where_the_figures_need_it(hotline: Any) -> None:
    body = {"queue": "new queue", "ticket": {"contract": "HF-1", "title": "x", "facts": {"impact": "down"}}}
    refused = await hotline.refused("/calls", body)
    assert refused.pointers == ["/ticket/region"]
    for table in ("calls", "tickets", "queues", "entries", "clocks"):
        assert await hotline.count(table) == 0, f"{table}: nothing half stored"


async def test_another_severity_than_the_rules_give_needs_a_reason(hotline: Any) -> None:
    ticket = {"contract": "HF-1", "title": "x", "region": "city", "facts": {"impact": "down"}, "severity": 3}
    refused = await hotline.refused("/calls", {"ticket": ticket})
    assert refused.pointers == ["/ticket/severity_reason"]
    logged = await hotline.post("/calls", {"ticket": {**ticket, "severity_reason": "one printer only"}})
    assert logged["ticket"]["severity"] == 3
    assert logged["ticket"]["graded_by"] == "one printer only"
    refused = await hotline.refused("/calls", {"ticket": {**ticket, "severity": 8}})
    assert refused.pointers == ["/ticket/severity"]


async def test_a_call_entered_later_counts_from_when_it_rang(hotline: Any, at: Callable[..., str]) -> None:
    ticket = {"contract": "HF-1", "region": "city", "title": "x", "facts": {"impact": "down"}}
    times = {"received_at": at(minutes=-10), "answered_at": at(minutes=-9), "ended_at": at(minutes=-1)}
    logged = await hotline.post("/calls", {**times, "queue": "hotline", "ticket": ticket})
    assert logged["call"]["wait_s"] == 60
    assert logged["call"]["outcome"] == "answered"
    assert logged["call"]["agent"] == "dispatcher"
    response = next(one for one in logged["clocks"] if one["commitment"] == "response")
    assert response["state"] == "breached"
    await hotline.look()
    kinds = [kind for kind, _ in await hotline.alerts(logged["ticket"]["number"], "response")]
    assert kinds == ["warning", "breach"], "what was missed is told"


async def test_times_of_a_call_out_of_order(hotline: Any, at: Callable[..., str]) -> None:
    for times, pointer in (
        ({"received_at": at(minutes=3)}, "/received_at"),
        ({"received_at": at(minutes=-5), "answered_at": at(minutes=-6)}, "/answered_at"),
        ({"received_at": at(minutes=-5), "ended_at": at(minutes=-6)}, "/ended_at"),
        ({"received_at": "1969-12-31T00:00:00Z"}, "/received_at"),
    ):
        assert (await hotline.refused("/calls", times)).pointers == [pointer]
    await hotline.post("/calls", {"received_at": at(minutes=2)})  # clocks of two hosts differ a little
