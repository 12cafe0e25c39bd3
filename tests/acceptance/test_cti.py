"""The telephone system tells of calls: in order, out of order, twice, as JSON and as a form."""

import itertools
from typing import Any

import pytest

CALLER = "13912345678"


@pytest.fixture
def phone(hotline: Any) -> Any:
    """Tells one event; gives the call's row."""

    async def tell(event: str, call: str = "c-1", *, expect: int = 200, form: bool = False, **more: Any) -> Any:
        body = {"event": event, "callId": call, "from": CALLER, "to": "05515550000", "direction": "in", **more}
        given = {"data": _form(body)} if form else {"json": body}
        url = f"/cti/{hotline.tokens['integration']}"
        async with hotline.session.post(hotline.server.make_url(url), **given) as answer:
            assert answer.status == expect, await answer.text()
        return await hotline.pool.fetchrow("select * from calls where ref = $1", call)

    return tell


def _form(body: dict[str, Any]) -> list[tuple[str, str]]:
    pairs = []
    for name, value in body.items():
        pairs += [(f"{name}[]", one) for one in value] if isinstance(value, list) else [(name, value)]
    return pairs


async def told(hotline: Any) -> list[tuple[str, Any]]:
    rows = await hotline.pool.fetch(
        "select kind, data from events where kind in ('ring', 'answered', 'ended') order by id"
    )
    return [(row["kind"], row["data"]) for row in rows]


async def test_a_call_from_ring_to_end(hotline: Any, phone: Any) -> None:
    rung = await phone("newCall", user=["agent", "nobody known"], queue="hotline")
    assert (rung["caller"], rung["called"], rung["direction"]) == ("+8613912345678", "05515550000", "in")
    assert rung["queue"] is not None
    assert rung["received_at"] == hotline.clock.now
    hotline.clock.move(seconds=7)
    answered = await phone("answer", user="agent")
    assert (answered["agent"], answered["wait_s"], answered["outcome"]) == ("agent", 7.0, "answered")
    hotline.clock.move(seconds=60)
    over = await phone("hangup", cause="normalClearing")
    assert (over["outcome"], over["ended_at"]) == ("answered", hotline.clock.now)
    call = {"call": rung["id"], "direction": "in"}
    assert await told(hotline) == [
        ("ring", {**call, "to": ["agent"]}),
        ("answered", {**call, "to": ["agent"]}),
        ("ended", {**call, "to": []}),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(("newCall", "answer", "hangup"))), ids="-".join)
async def test_the_order_does_not_matter(hotline: Any, phone: Any, order: tuple[str, ...]) -> None:
    for event in order:
        row = await phone(event, **({"user": ["agent"]} if event == "answer" else {}), cause="normalClearing")
        again = await phone(event, user=["dispatcher"], cause="busy")
        assert dict(again) == dict(row), "an event told twice changes nothing"
        hotline.clock.move(seconds=1)
    row = await hotline.pool.fetchrow("select * from calls")
    assert await hotline.count("calls") == 1
    assert row["received_at"] <= row["answered_at"] <= row["ended_at"]
    assert (row["outcome"], row["agent"], row["caller"]) == ("answered", "agent", "+8613912345678")
    kinds = [kind for kind, _ in await told(hotline)]
    assert kinds.count("ring") == (order[0] == "newCall"), "nobody is rung for a call that is answered or over"
    assert (kinds.count("answered"), kinds.count("ended")) == (1, 1)


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [("busy", "busy"), ("noAnswer", "missed"), ("cancel", "abandoned"), ("congestion", "failed"), ("new", "abandoned")],
)
async def test_how_a_call_ends_that_nobody_answered(hotline: Any, phone: Any, cause: str, outcome: str) -> None:
    await phone("newCall")
    row = await phone("hangup", cause=cause)
    assert (row["outcome"], row["answered_at"], row["wait_s"]) == (outcome, None, None)


async def test_a_form_says_the_same_as_json(hotline: Any, phone: Any) -> None:
    row = await phone("newCall", form=True, user=["agent", "dispatcher"], queue="hotline")
    assert (row["caller"], row["direction"]) == ("+8613912345678", "in")
    assert (await told(hotline))[0][1]["to"] == ["agent", "dispatcher"]


async def test_numbers_without_plus_and_callers_without_number(hotline: Any, phone: Any) -> None:
    assert (await phone("newCall", "c-2", **{"from": "493055571600"}))["caller"] == "+493055571600"
    assert (await phone("newCall", "c-3", **{"from": "anonymous"}))["caller"] is None


async def test_calls_out_ring_nobody(hotline: Any, phone: Any) -> None:
    row = await phone("newCall", direction="out", **{"from": "05515550000", "to": CALLER})
    assert (row["direction"], row["caller"]) == ("out", "+8613912345678")
    assert await told(hotline) == []


async def test_a_heartbeat_makes_no_call_and_needs_the_telephones_token(hotline: Any, phone: Any) -> None:
    async def report(token: str) -> int:
        async with hotline.session.post(hotline.server.make_url(f"/cti/{token}/heartbeat")) as answer:
            return int(answer.status)

    assert [await report(hotline.tokens["integration"]) for _ in range(2)] == [204, 204]
    assert (await report("wrong"), await report(hotline.tokens["agent"])) == (401, 403)
    assert await hotline.count("calls") == 0
    feeds = await hotline.pool.fetch("select heard_at, beat_at from telephone_feeds")
    assert [tuple(row) for row in feeds] == [(None, hotline.clock.now)]
    await phone("newCall")
    assert await hotline.pool.fetchval("select heard_at from telephone_feeds") == hotline.clock.now


async def test_who_is_not_a_telephone_gets_nowhere(hotline: Any, phone: Any) -> None:
    body = {"event": "newCall", "callId": "c-9"}
    for token, status in (("wrong", 401), (hotline.tokens["agent"], 403)):
        async with hotline.session.post(hotline.server.make_url(f"/cti/{token}"), json=body) as answer:
            assert answer.status == status
    await phone("newCall", expect=422, direction="sideways")
    await phone("dance", expect=422)
    assert await hotline.count("calls") == 0
