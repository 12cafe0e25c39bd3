"""What happens to a ticket after it was opened, through HTTP."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest


def due(moving: Any, **span: float) -> str:
    """An instant as answers write it."""
    return str((moving.now + timedelta(**span)).isoformat()).replace("+00:00", "Z")


async def test_a_pause_stops_the_clock_and_moves_its_deadline(hotline: Any, moving: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    deadline = due(moving, hours=4, minutes=30)
    moving.move(minutes=30)
    written = await hotline.write(number, {"type": "paused", "reason": "waiting_customer"})
    assert written["ticket"]["state"] == "waiting"
    paused = await hotline.clock_of(number, "restore")
    assert (paused["state"], paused["due_at"], paused["remaining_s"]) == ("paused", None, 3.5 * 3600)
    moving.move(minutes=30)
    assert (await hotline.clock_of(number, "restore"))["remaining_s"] == 3.5 * 3600
    await hotline.write(number, {"type": "resumed"})
    running = await hotline.clock_of(number, "restore")
    assert (running["state"], running["due_at"], running["paused_s"]) == ("running", deadline, 1800)
    assert sum(one["seconds"] for one in running["why"] if one["kind"] == "counted") == running["promised_s"]


async def test_a_reason_the_contract_does_not_know_pauses_nothing(hotline: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    refused = await hotline.refused(f"/tickets/{number}/events", {"type": "paused", "reason": "lunch"})
    assert refused.pointers == ["/reason"]
    assert len((await hotline.get(f"/tickets/{number}/events"))["items"]) == 3


async def test_a_regrade_moves_the_deadline_and_takes_back_the_alert(hotline: Any, moving: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    reported = moving.now
    moving.move(minutes=6)
    await hotline.look()
    assert await hotline.alerts(number, "response") == [("warning", "firing"), ("breach", "firing")]
    await hotline.write(number, {"type": "graded", "severity": 2, "reason": "one wing only"})
    clock = await hotline.clock_of(number, "response")
    assert clock["due_at"] == (reported + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
    assert clock["state"] == "running", "the breach is lifted"
    assert ("breach", "withdrawn") in await hotline.alerts(number, "response")


async def test_a_move_to_another_region_counts_from_the_start(hotline: Any, moving: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    deadline = due(moving, hours=5)
    moving.move(minutes=20)
    written = await hotline.write(number, {"type": "moved", "region": "province"})
    assert written["ticket"]["region"] == "province"
    clock = await hotline.clock_of(number, "on_site")
    assert (clock["due_at"], clock["region"]) == (deadline, "province")


async def test_an_arrival_entered_late_takes_back_the_breach(hotline: Any, moving: Any, at: Callable[..., str]) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    moving.move(minutes=50)
    await hotline.look()
    assert ("breach", "firing") in await hotline.alerts(number, "on_site")
    await hotline.write(number, {"type": "arrived", "who": "Li", "occurred_at": at(minutes=-15)})
    clock = await hotline.clock_of(number, "on_site")
    assert (clock["state"], clock["breached_at"]) == ("met", None)
    assert ("breach", "withdrawn") in await hotline.alerts(number, "on_site")
    entry = (await hotline.get(f"/tickets/{number}/events"))["items"][-1]
    assert entry["occurred_at"] < entry["recorded_at"], "late, and visibly so"


async def test_reopened_goes_on_as_if_never_stopped(hotline: Any, moving: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    deadline = due(moving, hours=4)
    moving.move(hours=1)
    await hotline.write(number, {"type": "restored"})
    assert (await hotline.clock_of(number, "restore"))["state"] == "met"
    moving.move(hours=1)
    written = await hotline.write(number, {"type": "followed_up", "solved": False})
    assert [entry["type"] for entry in written["entries"]] == ["followed_up", "reopened"]
    clock = await hotline.clock_of(number, "restore")
    assert (clock["state"], clock["due_at"]) == ("running", deadline)


async def test_cancelled_ends_clocks_and_alerts(hotline: Any, moving: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    moving.move(minutes=3)
    await hotline.look()
    written = await hotline.write(number, {"type": "cancelled", "reason": "wrong number"})
    assert written["ticket"]["state"] == "cancelled"
    assert {one["state"] for one in written["clocks"]} == {"cancelled"}
    assert await hotline.alerts(number, "response") != [("warning", "firing")]
    refused = await hotline.refused(f"/tickets/{number}/events", {"type": "resolved"})
    assert refused.codes == ["cancelled"]


async def test_a_correction_mends_an_entry_and_both_are_seen(hotline: Any, moving: Any, at: Callable[..., str]) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    moving.move(minutes=8)
    written = await hotline.write(number, {"type": "responded"})
    assert (await hotline.clock_of(number, "response"))["state"] == "breached"
    mended = {"type": "corrected", "entry": written["entries"][0]["id"], "to": at(minutes=-4), "reason": "misread"}
    await hotline.write(number, mended)
    assert (await hotline.clock_of(number, "response"))["state"] == "met"
    kinds = [entry["type"] for entry in (await hotline.get(f"/tickets/{number}/events"))["items"]]
    assert kinds[-2:] == ["responded", "corrected"]
    refused = await hotline.refused(f"/tickets/{number}/events", {"type": "corrected", "entry": "77", "void": True})
    assert refused.pointers == ["/entry"]


async def test_an_entry_taken_back_starts_the_clock_again(hotline: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    written = await hotline.write(number, {"type": "arrived"})
    await hotline.write(number, {"type": "corrected", "entry": written["entries"][0]["id"], "void": True})
    assert (await hotline.clock_of(number, "on_site"))["state"] == "running"


async def test_corrections_of_corrections_end_somewhere(hotline: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    chain = [{"type": "corrected", "entry": str(seq), "void": True} for seq in range(3, 303)]
    refused = await hotline.refused(f"/tickets/{number}/events", chain)
    assert refused.codes == ["unknown_entry"]
    assert len((await hotline.get(f"/tickets/{number}/events"))["items"]) == 3


async def test_entries_sent_together_are_judged_together(hotline: Any, at: Callable[..., str]) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    good = [{"type": "resumed"}, {"type": "paused", "reason": "waiting_customer", "occurred_at": at(minutes=-1)}]
    await hotline.refused(f"/tickets/{number}/events", good)  # before the ticket was opened
    moving_on = [{"type": "paused", "reason": "waiting_customer"}, {"type": "resumed"}]
    await hotline.write(number, *moving_on)
    refused = await hotline.refused(f"/tickets/{number}/events", [{"type": "noted", "text": "a"}, {"type": "resumed"}])
    assert refused.pointers[0].startswith("/1")
    assert len((await hotline.get(f"/tickets/{number}/events"))["items"]) == 5


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        ({"type": "exploded"}, "/type"),
        ({"type": 5}, "/type"),
        ({}, "/type"),
        ({"type": "noted", "txt": "a"}, "/txt"),
        ({"type": "noted", "a/b~c": "a"}, "/a~1b~0c"),
        ({"type": "graded"}, "/severity"),
        ({"type": "graded", "severity": 9}, "/severity"),
        ({"type": "graded", "severity": "1"}, "/severity"),
        ({"type": "graded", "severity": 10**30}, "/severity"),
        ({"type": "moved", "region": "moon"}, "/region"),
        ({"type": "moved", "phase": "retired"}, "/phase"),
        ({"type": "paused"}, "/reason"),
        ({"type": "noted", "occurred_at": "2026-03-02T09:00:00"}, "/occurred_at"),
        ({"type": "noted", "occurred_at": "yesterday"}, "/occurred_at"),
        ({"type": "noted", "occurred_at": "2026-03-02T01:03:00Z"}, "/occurred_at"),
        ({"type": "noted", "occurred_at": "2026-03-01T00:00:00Z"}, "/occurred_at"),
        ({"type": "noted", "occurred_at": "0001-01-01T00:00:00+14:00"}, "/occurred_at"),
        ({"type": "noted", "occurred_at": "9999-12-31T23:59:59-14:00"}, "/occurred_at"),
        ({"type": "noted", "text": ["a"]}, "/text"),
        ({"type": "noted", "text": "x" * 20_001}, "/text"),
        ({"type": "assigned", "to": "x" * 301}, "/to"),
        ({"type": "followed_up", "solved": "no"}, "/solved"),
        ({"type": "followed_up", "score": 1e300}, "/score"),
        ({"type": "reported", "channel": "pigeon"}, "/channel"),
    ],
)
async def test_a_refused_entry_names_its_field_and_leaves_nothing(hotline: Any, entry: Any, pointer: str) -> None:
    before = (await hotline.ring())["ticket"]
    refused = await hotline.refused(f"/tickets/{before['number']}/events", entry)
    assert refused.pointers == [pointer], refused.body
    assert await hotline.get(f"/tickets/{before['number']}") == before
    assert await hotline.count("entries") == 3


async def test_a_contract_attached_later_counts_from_the_report(hotline: Any, moving: Any) -> None:
    opened = await hotline.ring(contract=None, region=None, severity=1, facts=None)
    number, reported = opened["ticket"]["number"], moving.now
    moving.move(minutes=7)
    await hotline.write(number, {"type": "moved", "region": "city"})
    etag = (await hotline.ask("GET", f"/tickets/{number}", expect=200)).etag
    headers = {"If-Match": etag}
    change = await hotline.ask("PATCH", f"/tickets/{number}", json={"contract": "HF-1"}, headers=headers, expect=200)
    assert change.body["contract"] == "HF-1"
    clock = await hotline.clock_of(number, "response")
    assert clock["state"] == "breached"
    assert clock["due_at"] == (reported + timedelta(minutes=5)).isoformat().replace("+00:00", "Z")
    await hotline.look()
    assert ("breach", "firing") in await hotline.alerts(number, "response")


async def test_a_contract_the_timeline_does_not_fit_is_refused(hotline: Any) -> None:
    opened = await hotline.ring(contract=None, region="moon", severity=7, facts=None)
    number = opened["ticket"]["number"]
    headers = {"If-Match": '"1"'}
    refused = await hotline.ask("PATCH", f"/tickets/{number}", json={"contract": "HF-1"}, headers=headers, expect=422)
    assert refused.pointers == ["/contract"]
    assert (await hotline.get(f"/tickets/{number}"))["contract"] is None
    refused = await hotline.ask("PATCH", f"/tickets/{number}", json={"contract": "NO"}, headers=headers, expect=422)
    assert refused.pointers == ["/contract"]


async def test_a_change_needs_the_version_it_was_made_from(hotline: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    path = f"/tickets/{number}"
    await hotline.ask("PATCH", path, json={"title": "a"}, expect=428)
    done = await hotline.ask("PATCH", path, json={"title": "a"}, headers={"If-Match": '"1"'}, expect=200)
    assert done.etag == '"2"'
    for tag in ('"1"', 'W/"2"', '"x"', "*"):
        await hotline.ask("PATCH", path, json={"title": "b"}, headers={"If-Match": tag}, expect=412)
    for tag in ("2", "", '"2', "x y"):
        await hotline.ask("PATCH", path, json={"title": "b"}, headers={"If-Match": tag}, expect=400)
    assert (await hotline.get(path))["title"] == "a"
    written = await hotline.ask("POST", f"{path}/events", json={"type": "noted", "text": "x"}, expect=201)
    assert written.etag == (await hotline.ask("GET", path, expect=200)).etag


async def test_a_change_that_points_nowhere(hotline: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    body = {"asset": 99, "contact": 98}
    refused = await hotline.ask("PATCH", f"/tickets/{number}", json=body, headers={"If-Match": '"1"'}, expect=422)
    assert set(refused.pointers) == {"/asset", "/contact"}


async def test_merged_tickets_are_one_matter(hotline: Any) -> None:
    first, second = [(await hotline.ring())["ticket"]["number"] for _ in range(2)]
    merged = await hotline.post(f"/tickets/{second}/merge", {"into": first, "reason": "same fault"}, expect=200)
    assert merged["number"] == first
    assert (await hotline.get(f"/tickets/{second}"))["state"] == "cancelled"
    assert len((await hotline.get(f"/tickets/{first}/calls"))["items"]) == 2
    links = (await hotline.get(f"/tickets/{first}/links"))["items"]
    assert [(one["ticket"], one["kind"], one["outward"]) for one in links] == [(second, "merged", False)]
    await hotline.refused(f"/tickets/{second}/merge", {"into": first}, expect=409)
    assert (await hotline.refused(f"/tickets/{first}/merge", {"into": first})).pointers == ["/into"]
    assert (await hotline.refused(f"/tickets/{first}/merge", {"into": 7})).pointers == ["/into"]
    await hotline.refused("/tickets/7/merge", {"into": first}, expect=404)


async def test_linked_tickets(hotline: Any) -> None:
    first, second = [(await hotline.ring())["ticket"]["number"] for _ in range(2)]
    for _ in range(2):
        made = await hotline.post(f"/tickets/{first}/link", {"ticket": second, "kind": "cause"}, expect=200)
        assert [one["ticket"] for one in made["items"]] == [second]
    assert (await hotline.refused(f"/tickets/{first}/link", {"ticket": first})).pointers == ["/ticket"]
    assert (await hotline.refused(f"/tickets/{first}/link", {"ticket": second, "kind": "x"})).pointers == ["/kind"]


async def test_a_ticket_without_a_call(hotline: Any, moving: Any, at: Callable[..., str]) -> None:
    body = {"channel": "fax", "contract": "HF-1", "region": "city", "title": "Fax", "facts": {"impact": "down"},
            "reported_at": at(minutes=-2)}  # fmt: skip
    reply = await hotline.ask("POST", "/tickets", json=body, expect=201)
    assert reply.headers["Location"] == f"/api/v1/tickets/{reply.body['ticket']['number']}"
    response = next(one for one in reply.body["clocks"] if one["commitment"] == "response")
    assert response["due_at"] == due(moving, minutes=3)
    assert await hotline.count("calls") == 0
    assert (await hotline.refused("/tickets", {**body, "title": None})).status == 422
    assert (await hotline.refused("/tickets", {**body, "number": 5})).pointers == ["/number"]
    assert (await hotline.refused("/tickets", {**body, "reported_at": at(minutes=3)})).pointers == ["/reported_at"]


async def test_states_follow_the_timeline(hotline: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    for entry, state in (
        ({"type": "assigned", "to": "engineer"}, "assigned"),
        ({"type": "departed"}, "in_progress"),
        ({"type": "paused", "reason": "waiting_customer"}, "waiting"),
        ({"type": "resumed"}, "in_progress"),
        ({"type": "restored"}, "restored"),
        ({"type": "resolved"}, "resolved"),
        ({"type": "closed"}, "closed"),
    ):
        assert (await hotline.write(number, entry))["ticket"]["state"] == state
    assert (await hotline.get(f"/tickets/{number}"))["assignee"] == "engineer"


async def test_clocks_at_another_instant(hotline: Any, at: Callable[..., str]) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    for when, state in ((at(minutes=4), "running"), (at(minutes=6), "breached")):
        shown = await hotline.get(f"/tickets/{number}/clocks", params={"at": when})
        assert next(one for one in shown["clocks"] if one["commitment"] == "response")["state"] == state
    await hotline.get(f"/tickets/{number}/clocks", params={"at": "1970-01-02T00:00:00Z"})
    await hotline.get(f"/tickets/{number}/clocks", params={"at": "9998-12-31T00:00:00Z"})
    for when in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-03-02T09:00:00", "now", "null"):
        refused = await hotline.ask("GET", f"/tickets/{number}/clocks", params={"at": when}, expect=422)
        assert refused.pointers == ["?at"]


async def test_many_hands_on_one_ticket(hotline: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    path, headers = f"/tickets/{number}", {"If-Match": '"1"'}
    asked = [hotline.ask("PATCH", path, json={"title": str(one)}, headers=headers) for one in range(10)]
    assert sorted(reply.status for reply in await asyncio.gather(*asked)) == [200, *[412] * 9]
    notes = [hotline.write(number, {"type": "noted", "text": str(one)}) for one in range(20)]
    written = [entry for one in await asyncio.gather(*notes) for entry in one["entries"]]
    stored = (await hotline.get(f"{path}/events"))["items"]
    assert sorted(written, key=lambda one: int(one["id"])) == stored[3:]
    assert [one["id"] for one in stored] == [str(seq) for seq in range(1, 24)]
