"""The outbox on a real database: leases, retries, hanging channels, crashes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from alerts.backoff import ATTEMPTS
from alerts.channels import open_channel
from alerts.channels.setup import Setup
from alerts.dispatcher import LEASE, Dispatcher
from alerts.reasons import Reason, SendFailed
from tests.integration.alerts.dispatching import House

if TYPE_CHECKING:
    from tests.integration.alerts.conftest import Hotline


@pytest.fixture
async def house(hotline: "Hotline") -> AsyncIterator[House]:
    made = House(hotline)
    yield made
    for recorder in made.recorders.values():
        recorder.gate.set()
    for dispatcher in made.made:
        await dispatcher.stop()


async def test_a_message_tells_everything_once(house: House) -> None:
    number = await house.warned()
    dispatcher = house.dispatcher()
    await dispatcher.drain()
    (message,) = house.recorder().taken
    row = await house.only(number)
    assert (row["state"], row["attempts"], row["sent_at"], row["lease_by"]) == ("sent", 1, house.clock.now, None)
    assert message.id == row["id"]
    assert (message.event, message.kind, message.ticket) == ("fire", "warning", number)
    assert (message.title, message.customer, message.contract) == ("Printer on fire", "Somebody", "LADDER")
    assert (message.commitment, message.clause, message.severity, message.promised) == ("restore", "4.9", 1, "1h")
    assert (message.due_at, message.timezone) == (house.hotline.at(60), "Asia/Shanghai")
    assert message.next_rung == "breach -> supervisor"
    assert message.told == ("ben",)
    assert [(r.login, r.email) for r in message.recipients] == [("ben", "ben@example.org")]
    await dispatcher.drain()
    assert len(house.recorder().taken) == 1
    assert dispatcher.results["journal", "sent"] == 1


async def test_a_failure_is_tried_again_later_under_the_same_id(house: House) -> None:
    number = await house.warned()
    house.recorder().fail = [SendFailed(Reason.UNAVAILABLE, "busy\x00", timedelta(seconds=40))]
    dispatcher = house.dispatcher()
    await dispatcher.drain()
    row = await house.only(number)
    assert (row["state"], row["reason"], row["detail"]) == ("pending", "unavailable", "busy")
    assert row["next_try_at"] == house.clock.now + timedelta(seconds=40)
    await dispatcher.drain()
    assert house.recorder().taken == []
    house.clock.now += timedelta(seconds=40)
    await dispatcher.drain()
    assert [message.id for message in house.recorder().taken] == [row["id"]]
    row = await house.only(number)
    assert (row["state"], row["attempts"], row["reason"]) == ("sent", 2, None)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(SendFailed(Reason.GONE, "410"), "gone"), (SendFailed(Reason.NO_RECIPIENT, "nobody"), "no_recipient")],
)
async def test_what_cannot_get_better_is_dead_at_once(house: House, failure: SendFailed, reason: str) -> None:
    number = await house.warned()
    house.recorder().fail = [failure]
    await house.dispatcher().drain()
    row = await house.only(number)
    assert (row["state"], row["reason"], row["attempts"]) == ("dead", reason, 1)


async def test_after_twenty_attempts_a_delivery_is_dead(house: House) -> None:
    number = await house.warned()
    house.recorder().fail = [RuntimeError("a fault of ours") for _ in range(30)]
    dispatcher = house.dispatcher()
    for _ in range(ATTEMPTS + 2):
        await dispatcher.drain()
        house.clock.now += timedelta(minutes=5)
    row = await house.only(number)
    assert (row["state"], row["reason"], row["attempts"]) == ("dead", "fault", ATTEMPTS)


async def test_a_channel_switched_off_or_badly_set_up_is_not_tried_again(house: House) -> None:
    number = await house.warned()
    await house.hotline.pool.execute("update channels set active = false")
    await house.dispatcher().drain()
    assert (await house.only(number))["reason"] == "channel_off"
    await house.hotline.channel("bad", "webhook", {"url": "nowhere"})
    other = await house.warned()
    setup = Setup(house.clock)
    real = Dispatcher(house.outbox, lambda kind, config: open_channel(kind, config, setup), house.clock, "x")
    await real.drain()
    assert (await house.only(other))["reason"] == "bad_config"


async def test_a_crash_between_lease_and_record_sends_it_again_under_the_same_id(house: House) -> None:
    number = await house.warned()
    house.recorder().gate.clear()
    crashed = house.dispatcher("crashed")
    assert await crashed.run_once() == 1
    await house.recorder().begun.wait()
    leased = await house.only(number)
    assert (leased["state"], leased["lease_by"]) == ("sending", "crashed")
    assert leased["lease_until"] == house.clock.now + LEASE
    house.recorder().gate.set()  # what the crashed process never did; the other one sends from here on
    for task in list(crashed._sending):
        task.cancel()
    await asyncio.gather(*crashed._sending, return_exceptions=True)
    other = house.dispatcher("other")
    assert await other.run_once() == 0
    house.clock.now += LEASE
    await other.drain()
    assert [message.id for message in house.recorder().taken] == [leased["id"]]
    assert ((await house.only(number))["state"], (await house.only(number))["attempts"]) == ("sent", 2)


async def test_who_lost_the_lease_cannot_record_over_who_has_it(house: House) -> None:
    number = await house.warned()
    row = await house.only(number)
    now = house.clock.now
    (first,) = await house.outbox.lease({row["channel"]: 1}, "slow", now, now + LEASE)
    await house.outbox.lease({row["channel"]: 1}, "quick", now + LEASE, now + 2 * LEASE)
    await house.outbox.failed(first, "slow", Reason.TIMEOUT, "", now + LEASE, None)
    assert (await house.only(number))["lease_by"] == "quick"


async def test_a_try_that_its_own_process_has_followed_cannot_end_the_one_under_way(house: House) -> None:
    number = await house.warned()
    row = await house.only(number)
    now = house.clock.now
    (first,) = await house.outbox.lease({row["channel"]: 1}, "one", now, now + LEASE)
    (second,) = await house.outbox.lease({row["channel"]: 1}, "one", now + LEASE, now + 2 * LEASE)
    await house.outbox.failed(first, "one", Reason.TIMEOUT, "", now + LEASE, now + LEASE)
    assert (await house.only(number))["state"] == "sending"
    await house.outbox.failed(second, "one", Reason.TIMEOUT, "", now + LEASE, now + LEASE)
    assert (await house.only(number))["state"] == "pending"


async def test_a_failure_that_comes_too_late_is_not_counted_against_the_try_under_way(house: House) -> None:
    await house.warned()
    house.recorder().fail = [SendFailed(Reason.TIMEOUT, "")]
    house.recorder().gate.clear()
    late = house.dispatcher("late")
    await late.run_once()
    await house.recorder().begun.wait()
    channels = await house.outbox.channels()
    house.clock.now += LEASE
    await house.outbox.lease(dict.fromkeys(channels, 1), "other", house.clock.now, house.clock.now + LEASE)
    house.recorder().gate.set()
    await late.wait_for_any()
    assert await house.hotline.pool.fetchval("select count(*) from channel_states where failures > 0") == 0


async def test_a_hanging_channel_delays_no_other(house: House) -> None:
    slow = await house.hotline.channel("hanging", "webhook", {"name": "hanging"})
    hanging = house.recorder("hanging")
    hanging.gate.clear()
    dispatcher = house.dispatcher(room=2)
    for _ in range(5):
        await house.warned()
    while len(house.recorder().taken) < 5:
        await dispatcher.run_once()
    assert hanging.taken == []
    held = "select count(*) from deliveries where state = 'sending' and channel = $1"
    assert await house.hotline.pool.fetchval(held, slow) == 2, "the hanging channel holds its own room and no more"
    hanging.gate.set()
    await dispatcher.drain()
    assert len(hanging.taken) == 5


async def test_a_send_that_takes_too_long_is_a_timeout(house: House) -> None:
    number = await house.warned()
    house.recorder().gate.clear()
    dispatcher = house.dispatcher(timeout=timedelta(milliseconds=20))
    await dispatcher.run_once()
    await dispatcher.wait_for_any()
    row = await house.only(number)
    assert (row["state"], row["reason"]) == ("pending", "timeout")


async def test_stopping_lets_sends_end(house: House) -> None:
    number = await house.warned()
    recorder = house.recorder()
    recorder.gate.clear()
    dispatcher = house.dispatcher()
    await dispatcher.run_once()
    await recorder.begun.wait()
    asyncio.get_running_loop().call_later(0.01, recorder.gate.set)
    await dispatcher.stop()
    assert (await house.only(number))["state"] == "sent"
    assert recorder.closed


async def test_stopping_gives_back_what_does_not_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    number = await house.warned()
    house.recorder().gate.clear()
    dispatcher = house.dispatcher()
    await dispatcher.run_once()
    await house.recorder().begun.wait()
    monkeypatch.setattr(dispatcher, "_timeout", -1)  # stop waits a second longer than a send may take
    await dispatcher.stop()
    row = await house.only(number)
    assert (row["state"], row["attempts"], row["next_try_at"]) == ("pending", 0, house.clock.now)


async def test_a_try_that_fails_after_the_warning_was_withdrawn_is_not_repeated(house: House) -> None:
    number = await house.warned()
    recorder = house.recorder()
    recorder.gate.clear()
    recorder.fail = [SendFailed(Reason.UNREACHABLE, "")]
    dispatcher = house.dispatcher()
    await dispatcher.run_once()
    await recorder.begun.wait()
    await house.hotline.write(number, 30.5, ("graded", 30.5, {"severity": 2}))
    recorder.gate.set()
    house.clock.now = house.hotline.at(30.5)
    await dispatcher.drain()
    assert [(d["event"], d["state"]) for d in await house.hotline.deliveries(number)] == [
        ("fire", "cancelled"),
        ("withdraw", "sent"),
    ]


async def test_a_warning_withdrawn_after_a_crash_is_not_sent_again(house: House) -> None:
    number = await house.warned()
    row = await house.only(number)
    await house.outbox.lease({row["channel"]: 1}, "crashed", house.clock.now, house.clock.now + LEASE)
    await house.hotline.write(number, 40, ("graded", 40, {"severity": 2}))
    house.clock.now = house.hotline.at(40)
    await house.dispatcher().drain()
    assert [message.event for message in house.recorder().taken] == ["withdraw"]
    assert [d["state"] for d in await house.hotline.deliveries(number)] == ["cancelled", "sent"]


async def test_many_dispatchers_send_each_message_once(house: House) -> None:
    for _ in range(40):
        await house.hotline.ticket(assignee="ben")
    await house.hotline.look(30)
    await house.hotline.pool.execute("update deliveries set batch = '', next_try_at = created_at")  # no storm
    crowd = [house.dispatcher(str(n), room=3) for n in range(4)]
    await asyncio.gather(*(one.drain() for one in crowd))
    ids = [message.id for message in house.recorder().taken]
    assert len(ids) == len(set(ids)) == 40


async def test_depth_counts_what_is_not_done(house: House) -> None:
    assert await house.outbox.depth() == (0, None)
    await house.warned()
    assert await house.outbox.depth() == (1, house.hotline.at(30))
    await house.dispatcher().drain()
    assert await house.outbox.depth() == (0, None)


async def test_room_in_a_full_channel_is_announced(house: House) -> None:
    for _ in range(3):
        await house.warned()
    dispatcher = house.dispatcher(room=2)
    freed = asyncio.Event()
    dispatcher.freed = freed.set
    assert await dispatcher.run_once() == 2
    await freed.wait()
    await dispatcher.drain()
    assert len(house.recorder().taken) == 3
