"""Limits, circuits and repeats on a real database: what all workers together send to one channel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from alerts.channels import Setup, open_channel
from alerts.dispatcher import LEASE, Dispatcher
from alerts.pace import FAILURES, FIRST_WAIT, MINUTE
from alerts.reasons import Reason, SendFailed
from callcenter.store import deliveries
from tests.integration.alerts.dispatching import House
from tests.stubs.alertmanager import AlertmanagerStub
from tests.stubs.robots import DingTalkStub, WeComStub
from tests.stubs.server import running

if TYPE_CHECKING:
    from tests.integration.alerts.conftest import Hotline

DELIVERIES = """
    select d.*, a.ticket from deliveries d join alerts a on a.id = d.alert where d.channel = $1
    order by a.ticket, d.created_at, d.event"""


@pytest.fixture
async def house(hotline: "Hotline") -> AsyncIterator[House]:
    made = House(hotline)
    yield made
    for recorder in made.recorders.values():
        recorder.gate.set()
    for dispatcher in made.made:
        await dispatcher.stop()


async def _warned(house: House, count: int) -> list[int]:
    """Tickets with one alert each, fired at 30 minutes; the journal has no part in this."""
    await house.hotline.pool.execute("update channels set active = false where kind = 'journal'")
    numbers = [await house.hotline.ticket(assignee="ben") for _ in range(count)]
    await house.hotline.look(30)
    # each message alone: how alerts gather in storms is another matter
    await house.hotline.pool.execute("update deliveries set batch = '', next_try_at = $1", house.clock.now)
    return numbers


def _real(house: House, stack: AsyncExitStack, by: str, *, patience: timedelta = timedelta(seconds=10)) -> Dispatcher:
    """A dispatcher with real channels."""
    setup = Setup(house.clock, "https://hotline.example")
    made = Dispatcher(
        house.outbox, lambda kind, config: open_channel(kind, config, setup), house.clock, by, timeout=patience
    )
    stack.push_async_callback(made.stop)
    return made


async def _states(house: House, channel: int) -> list[str]:
    return [row["state"] for row in await house.hotline.pool.fetch(DELIVERIES, channel)]


async def test_three_workers_together_keep_dingtalks_limit(house: House) -> None:
    async with AsyncExitStack() as stack:
        stub = await stack.enter_async_context(running(DingTalkStub(house.clock)))
        config = {"url": stub.url, "secret": stub.secret, "allow_private": True}
        channel = await house.hotline.channel("robot", "dingtalk", config)
        await _warned(house, 45)
        workers = [_real(house, stack, str(number)) for number in range(3)]
        for sent in (20, 20, 40, 45):
            await asyncio.gather(*(worker.drain() for worker in workers))
            assert len(stub.taken) == sent, "and none was refused for being too fast"
            house.clock.now += MINUTE / 2 if sent == 20 else MINUTE
        assert set(await _states(house, channel)) == {"sent"}
        assert {row["attempts"] for row in await house.hotline.pool.fetch(DELIVERIES, channel)} == {1}


async def test_a_robot_that_never_answers_delays_nobody_and_loses_nothing(house: House) -> None:
    async with AsyncExitStack() as stack:
        slow = await stack.enter_async_context(running(DingTalkStub(house.clock)))
        quick = await stack.enter_async_context(running(WeComStub(house.clock)))
        slow.manner = "slow"
        hanging = await house.hotline.channel(
            "slow", "dingtalk", {"url": slow.url, "secret": slow.secret, "allow_private": True}
        )
        await house.hotline.channel("quick", "wecom", {"url": quick.url, "allow_private": True})
        await _warned(house, 10)
        dispatcher = _real(house, stack, "one", patience=timedelta(seconds=2))
        while len(quick.taken) < 10:
            await dispatcher.run_once()
            await dispatcher.wait_for_any()
        assert await _states(house, hanging) == ["sending"] * 10, "all others are through while these wait"
        await dispatcher.drain()
        rows = await house.hotline.pool.fetch(DELIVERIES, hanging)
        assert {(row["state"], row["reason"]) for row in rows} == {("pending", "timeout")}
        slow.manner = "well"
        house.clock.now += timedelta(minutes=5)
        await dispatcher.drain()
        house.clock.now += timedelta(minutes=5)
        await dispatcher.drain()
        assert await _states(house, hanging) == ["sent"] * 10
        ids = [one["text"]["content"].split("工单 ")[1][:6] for one in slow.taken]
        assert len(set(ids)) == 10


async def test_a_channel_may_be_told_to_take_less(house: House) -> None:
    channel = await house.hotline.channel("slow", "webhook", {"name": "slow", "per_minute": 3})
    await _warned(house, 5)
    dispatcher = house.dispatcher()
    await dispatcher.drain()
    assert len(house.recorder("slow").taken) == 3
    house.clock.now += MINUTE
    await dispatcher.drain()
    assert await _states(house, channel) == ["sent"] * 5


async def test_what_becomes_ready_while_paces_are_looked_at_waits_for_the_next_look(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = await house.hotline.channel("slow", "webhook", {"name": "slow", "per_minute": 1})
    await _warned(house, 2)
    room, now = {channel: 10}, house.clock.now
    await house.hotline.pool.execute("update deliveries set next_try_at = null, state = 'cancelled'")
    asked = deliveries._sql.gated

    async def meanwhile(conn: Any, **given: Any) -> AsyncIterator[Any]:
        found = [row async for row in asked(conn, **given)]
        await house.hotline.pool.execute("update deliveries set next_try_at = $1, state = 'pending'", now)
        for row in found:
            yield row

    monkeypatch.setattr(deliveries._sql, "gated", meanwhile)
    assert await house.outbox.lease(room, "one", now, now + LEASE) == []
    assert len(await house.outbox.lease(room, "one", now, now + LEASE)) == 1
    assert await house.outbox.lease(room, "two", now, now + LEASE) == []


@pytest.mark.parametrize("nonsense", ["many", -1, 1e99, None, []])
async def test_nonsense_for_a_limit_stops_nothing(house: House, nonsense: Any) -> None:
    channel = await house.hotline.channel("odd", "webhook", {"name": "odd", "per_minute": nonsense})
    await _warned(house, 3)
    await house.dispatcher().drain()
    assert await _states(house, channel) == ["sent"] * 3


async def _open_circuit(house: House, dispatcher: Dispatcher) -> None:
    recorder = house.recorder("dumb")
    recorder.fail = [SendFailed(Reason.UNREACHABLE, "nobody") for _ in range(100)]
    await dispatcher.drain()
    recorder.fail.clear()


async def test_a_channel_that_does_not_answer_is_left_alone_until_one_message_gets_through(house: House) -> None:
    channel = await house.hotline.channel("dumb", "webhook", {"name": "dumb"})
    await _warned(house, FAILURES + 3)
    dispatcher, other = house.dispatcher("one", room=FAILURES), house.dispatcher("two")
    await _open_circuit(house, dispatcher)
    await asyncio.gather(dispatcher.drain(), other.drain())
    state = await house.hotline.pool.fetchrow("select * from channel_states where channel = $1", channel)
    assert (state["failures"], state["opened_at"]) == (FAILURES, house.clock.now)
    assert house.recorder("dumb").taken == []
    house.clock.now += FIRST_WAIT
    house.recorder("dumb").gate.clear()
    assert sorted([await dispatcher.run_once(), await other.run_once()]) == [0, 1], "one tries, for all workers"
    house.recorder("dumb").gate.set()
    await asyncio.gather(dispatcher.drain(), other.drain())
    house.clock.now += timedelta(minutes=1)
    await dispatcher.drain()
    assert await _states(house, channel) == ["sent"] * (FAILURES + 3)
    state = await house.hotline.pool.fetchrow("select * from channel_states where channel = $1", channel)
    assert (state["failures"], state["opened_at"], state["probe"]) == (0, None, None)


async def test_one_poisoned_message_stops_no_other(house: House) -> None:
    channel = await house.hotline.channel("dumb", "webhook", {"name": "dumb"})
    (first,) = await _warned(house, 1)
    recorder = house.recorder("dumb")
    dispatcher = house.dispatcher()
    for _ in range(FAILURES * 2):
        recorder.fail = [RuntimeError("cannot write this one"), SendFailed(Reason.UNAVAILABLE, "nor this")]
        await dispatcher.drain()
        house.clock.now += timedelta(minutes=5)
    recorder.fail = []
    (second,) = await _warned(house, 1)
    later = "update deliveries d set next_try_at = $1 from alerts a where a.id = d.alert and a.ticket = $2"
    await house.hotline.pool.execute(later, house.clock.now + timedelta(days=1), first)
    await dispatcher.drain()
    assert [message.ticket for message in recorder.taken] == [second]
    assert sorted(await _states(house, channel)) == ["pending", "sent"]


async def test_a_crashed_probe_leaves_its_place(house: House) -> None:
    channel = await house.hotline.channel("dumb", "webhook", {"name": "dumb"})
    await _warned(house, FAILURES + 1)
    await _open_circuit(house, house.dispatcher("one", room=FAILURES))
    house.clock.now += FIRST_WAIT
    now = house.clock.now
    assert len(await house.outbox.lease({channel: 9}, "crashed", now, now + LEASE)) == 1
    assert await house.outbox.lease({channel: 9}, "other", now + LEASE / 2, now + LEASE) == []
    assert len(await house.outbox.lease({channel: 9}, "other", now + LEASE, now + 2 * LEASE)) == 1


async def test_who_asks_for_peace_is_left_in_peace_by_all(house: House) -> None:
    channel = await house.hotline.channel("busy", "webhook", {"name": "busy"})
    await _warned(house, 4)
    house.recorder("busy").fail = [SendFailed(Reason.RATE_LIMITED, "slow down", timedelta(minutes=10))]
    await house.dispatcher("one", room=1).drain()
    assert house.recorder("busy").taken == []
    house.clock.now += timedelta(minutes=9)
    await house.dispatcher("two").drain()
    assert house.recorder("busy").taken == []
    house.clock.now += timedelta(minutes=2)
    await house.dispatcher("two").drain()
    assert await _states(house, channel) == ["sent"] * 4


async def test_the_end_is_not_told_before_the_beginning(house: House) -> None:
    channel = await house.hotline.channel("log", "webhook", {"name": "log"})
    (number,) = await _warned(house, 1)
    recorder = house.recorder("log")
    await house.hotline.pool.execute(
        "update deliveries set state = 'sending', lease_by = 'x', lease_until = $1", house.hotline.at(32)
    )
    await house.hotline.write(number, 31, ("restored", 31, {}))
    house.clock.now = house.hotline.at(31)
    await house.dispatcher().drain()
    assert recorder.taken == []
    house.clock.now = house.hotline.at(32)
    await house.dispatcher().drain()
    assert [message.event for message in recorder.taken] == ["fire", "resolve"]
    assert await _states(house, channel) == ["sent", "sent"]


async def _alertmanager(house: House, stack: AsyncExitStack) -> tuple[AlertmanagerStub, int, Dispatcher]:
    stub = await stack.enter_async_context(running(AlertmanagerStub(house.clock)))
    config = {"url": stub.url, "token": stub.token, "allow_private": True}
    channel = await house.hotline.channel("am", "alertmanager", config)
    return stub, channel, _real(house, stack, "one")


async def test_alertmanager_is_told_each_minute_while_an_alert_stands_and_five_minutes_of_its_end(house: House) -> None:
    async with AsyncExitStack() as stack:
        stub, channel, dispatcher = await _alertmanager(house, stack)
        number, other = await _warned(house, 2)
        for _ in range(20 * 6):
            await dispatcher.drain()
            assert len(stub.firing()) == 2, house.clock.now
            house.clock.now += timedelta(seconds=10)
        assert len(stub.taken) == 2 + 19, "each once, then both together once a minute"
        rows = await house.hotline.pool.fetch(DELIVERIES, channel)
        assert [(row["state"], row["attempts"], row["resent"]) for row in rows] == [("sent", 1, 19)] * 2
        assert {row["sent_at"] for row in rows} == {house.hotline.at(30)}, "recorded once"
        await house.hotline.write(number, 50, ("restored", 49, {}))
        for _ in range(10 * 6):
            await dispatcher.drain()
            assert [labels["ticket"] for labels in stub.firing()] == [str(other)]
            house.clock.now += timedelta(seconds=10)
        ends = [one for together in stub.taken for one in together if one["labels"]["ticket"] == str(number)]
        assert len(ends) == 20 + 1 + 4, "told, and repeated for less than five minutes"
        rows = await house.hotline.pool.fetch(DELIVERIES, channel)
        assert [(row["event"], row["state"]) for row in rows if row["ticket"] == number] == [
            ("fire", "sent"),
            ("resolve", "sent"),
        ]
        assert [row["event"] for row in rows if row["resend_at"] is not None] == ["fire"]


async def test_a_repeat_that_fails_changes_no_record_and_the_next_minute_mends_it(house: House) -> None:
    async with AsyncExitStack() as stack:
        stub, channel, dispatcher = await _alertmanager(house, stack)
        await _warned(house, 1)
        await dispatcher.drain()
        stub.manner = "error"
        house.clock.now += timedelta(minutes=1)
        await dispatcher.drain()
        stub.manner = "well"
        assert await _states(house, channel) == ["sent"]
        house.clock.now += timedelta(minutes=1)
        await dispatcher.drain()
        assert len(stub.taken) == 2
        assert len(stub.firing()) == 1


async def test_a_channel_switched_off_is_told_nothing_and_takes_up_where_it_left(house: House) -> None:
    async with AsyncExitStack() as stack:
        stub, channel, dispatcher = await _alertmanager(house, stack)
        await _warned(house, 1)
        await dispatcher.drain()
        for active, told in ((False, 1), (True, 2)):
            await house.hotline.pool.execute("update channels set active = $1 where id = $2", active, channel)
            house.clock.now += timedelta(minutes=2)
            await dispatcher.drain()
            assert len(stub.taken) == told


async def test_two_workers_repeat_once(house: House) -> None:
    async with AsyncExitStack() as stack:
        stub, _, dispatcher = await _alertmanager(house, stack)
        await _warned(house, 3)
        other = _real(house, stack, "two")
        await dispatcher.drain()
        house.clock.now += timedelta(minutes=1)
        await asyncio.gather(dispatcher.drain(), other.drain())
        repeated = [one["labels"]["ticket"] for together in stub.taken[3:] for one in together]
        assert len(repeated) == len(set(repeated)) == 3


async def test_an_end_is_not_repeated_over_the_same_rung_firing_anew(house: House) -> None:
    async with AsyncExitStack() as stack:
        stub, channel, dispatcher = await _alertmanager(house, stack)
        (number,) = await _warned(house, 1)
        await dispatcher.drain()
        # a pause learnt of late moves the warning to 32:30, so the one told is withdrawn
        await house.hotline.write(number, 31, ("paused", 29, {"reason": "waiting_customer"}))
        await house.hotline.write(number, 31.5, ("resumed", 31.5, {}))
        house.clock.now = house.hotline.at(31.5)
        await dispatcher.drain()
        assert stub.firing() == []
        await house.hotline.look(33)
        house.clock.now = house.hotline.at(33)
        for _ in range(5):
            await dispatcher.drain()
            house.clock.now += timedelta(minutes=1)
        rows = await house.hotline.pool.fetch(DELIVERIES, channel)
        assert [row["event"] for row in rows if row["ticket"] == number] == ["fire", "withdraw", "fire"]
        assert len(stub.firing()) == 1
