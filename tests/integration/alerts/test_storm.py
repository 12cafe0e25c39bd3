"""Many alerts at once on a real database: the first alone, the rest as one message, each recorded."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from alerts.ports import Delivery
from alerts.reasons import Reason
from alerts.telling import MOST
from callcenter.store.deliveries import DatabaseOutbox
from callcenter.store.types import Connection

if TYPE_CHECKING:
    from tests.integration.alerts.conftest import Hotline

SOME = MOST + 15


class Post:
    """Takes messages out of the outbox the way a dispatcher does."""

    def __init__(self, hotline: "Hotline") -> None:
        self.hotline = hotline
        self.outbox = DatabaseOutbox(hotline.pool, hotline.terms)

    async def take(self, minutes: float) -> Sequence[Delivery]:
        now = self.hotline.at(minutes)
        room = dict.fromkeys(await self.outbox.channels(), 100)
        return await self.outbox.lease(room, "test", now, now + timedelta(seconds=60))

    async def deliver(self, minutes: float) -> Sequence[Delivery]:
        """What is ready was sent."""
        taken = await self.take(minutes)
        await self.outbox.sent([one.id for one in taken], "test", self.hotline.at(minutes))
        return taken

    async def state(self, delivery: UUID) -> str:
        found: str = await self.hotline.pool.fetchval("select state from deliveries where id = $1", delivery)
        return found


@pytest.fixture
async def post(hotline: "Hotline") -> Post:
    return Post(hotline)


async def storm(hotline: "Hotline") -> list[int]:
    """So many tickets of one contract whose warnings were found in one minute."""
    numbers = [await hotline.ticket(assignee="ben") for _ in range(SOME)]
    await hotline.look(30)
    return numbers


async def test_the_first_leave_at_once_and_the_rest_as_one_with_count_and_list(hotline: "Hotline", post: Post) -> None:
    numbers = await storm(hotline)
    first = await post.deliver(30)
    assert [(one.message.others, one.message.listed) for one in first] == [(0, ())] * MOST
    assert await post.take(30.9) == []
    (rest,) = await post.deliver(31)
    assert rest.message.others == SOME - MOST - 1
    named = [rest.message.ticket, *(one.ticket for one in rest.message.listed)]
    assert sorted([*(one.message.ticket for one in first), *named]) == numbers
    assert await hotline.pool.fetchval("select count(*) from alerts") == SOME
    assert await post.take(40) == []


async def test_alerts_of_another_site_or_cause_are_no_part_of_it(hotline: "Hotline", post: Post) -> None:
    numbers = [await hotline.ticket(assignee="ben") for _ in range(MOST + 2)]
    await hotline.pool.execute(
        "insert into links (ticket, other, kind, by, created_at) values ($1, $2, 'cause', 'test', $3)",
        numbers[-1], numbers[0], hotline.at(0),
    )  # fmt: skip
    await hotline.look(30)
    held = await hotline.pool.fetch("select storm, count(*) from alerts group by storm order by count(*)")
    assert [row["count"] for row in held] == [1, MOST + 1]
    assert len(await post.deliver(30)) == MOST + 1


async def test_a_minute_later_the_count_begins_anew(hotline: "Hotline", post: Post) -> None:
    await storm(hotline)
    await post.deliver(30)
    await post.deliver(31)
    late = await hotline.ticket(2, assignee="ben")
    await hotline.look(32)
    (one,) = await post.deliver(32)
    assert (one.message.ticket, one.message.others) == (late, 0)


async def test_a_message_that_failed_is_repeated_whole_under_its_id(hotline: "Hotline", post: Post) -> None:
    await storm(hotline)
    await post.deliver(30)
    (first,) = await post.take(31)
    await post.outbox.failed(first, "test", Reason.UNAVAILABLE, "busy", hotline.at(31.5), hotline.at(32))
    more = await hotline.ticket(1, assignee="ben")
    await hotline.pool.execute("update alerts set recorded_at = $1", hotline.at(31))
    await hotline.look(31)
    again = await post.take(32)
    assert {one.id: one.message.others for one in again}[first.id] == first.message.others
    assert [one.message.ticket for one in again if one.id != first.id] == [more]


async def test_who_vanished_while_sending_leaves_it_whole(hotline: "Hotline", post: Post) -> None:
    await storm(hotline)
    await post.deliver(30)
    (first,) = await post.take(31)
    (again,) = await post.take(33)
    assert (again.id, again.message.others) == (first.id, first.message.others)


async def test_what_was_withdrawn_before_it_left_is_not_told(hotline: "Hotline", post: Post) -> None:
    numbers = await storm(hotline)
    await post.deliver(30)
    for number in numbers[-4:]:
        await hotline.write(number, 30.5, ("restored", 30.5, {}))
    (rest,) = await post.deliver(31)
    assert rest.message.others == SOME - MOST - 1 - 4
    assert await post.deliver(32) == []


async def test_the_ends_of_those_told_together_are_told_together(hotline: "Hotline", post: Post) -> None:
    numbers = await storm(hotline)
    await post.deliver(30)
    (rest,) = await post.deliver(31)
    company = [one.ticket for one in rest.message.listed]
    for number in company[:5]:
        await hotline.write(number, 35, ("restored", 35, {}))
    (end,) = await post.deliver(35)
    assert (end.message.event, end.message.others) == ("resolve", 4)
    assert {end.message.ticket, *(one.ticket for one in end.message.listed)} == set(company[:5])
    assert set(company) < set(numbers)


async def test_company_of_a_message_that_is_dropped_goes_on_without_it(hotline: "Hotline", post: Post) -> None:
    await storm(hotline)
    await post.deliver(30)
    (first,) = await post.take(31)
    await hotline.write(first.message.ticket, 31.1, ("graded", 31.1, {"severity": 2}))
    await post.outbox.failed(first, "test", Reason.UNAVAILABLE, "busy", hotline.at(31.5), hotline.at(32))
    assert await post.state(first.id) == "cancelled"
    (again,) = [one for one in await post.deliver(32) if one.message.event == "fire"]
    assert (again.id != first.id, again.message.others) == (True, first.message.others - 1)


async def test_company_of_who_vanished_goes_on_when_its_message_is_dropped(hotline: "Hotline", post: Post) -> None:
    await storm(hotline)
    await post.deliver(30)
    (first,) = await post.take(31)
    await hotline.write(first.message.ticket, 31.1, ("graded", 31.1, {"severity": 2}))
    taken = [*await post.take(33), *await post.take(33)]
    assert await post.state(first.id) == "cancelled"
    (again,) = [one for one in taken if one.message.event == "fire"]
    assert (again.id != first.id, again.message.others) == (True, first.message.others - 1)


class Slow(DatabaseOutbox):
    """Takes its time between having gathered a company and saying so."""

    def __init__(self, hotline: "Hotline") -> None:
        super().__init__(hotline.pool, hotline.terms)
        self.holds, self.goes_on = asyncio.Event(), asyncio.Event()

    async def _deliveries(self, conn: Connection, ids: Sequence[UUID]) -> Sequence[Delivery]:
        self.holds.set()
        await self.goes_on.wait()
        return await super()._deliveries(conn, ids)


async def test_what_is_gathered_while_it_ends_is_told_and_so_is_its_end(hotline: "Hotline", post: Post) -> None:
    *_, number = await storm(hotline)
    await post.deliver(30)
    post.outbox = slow = Slow(hotline)
    taking = asyncio.create_task(post.take(31))
    await slow.holds.wait()
    ending = asyncio.create_task(hotline.write(number, 31, ("restored", 31, {})))
    waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with asyncio.timeout(10):
        while not await hotline.pool.fetchval(waits):
            pass
    slow.goes_on.set()
    ((rest,), _) = await asyncio.gather(taking, ending)
    assert rest.message.others == SOME - MOST - 1, "it says so of all of them"
    told = (
        "select d.event, d.state from deliveries d join alerts a on a.id = d.alert where a.ticket = $1 order by d.event"
    )
    rows = [tuple(row) for row in await hotline.pool.fetch(told, number)]
    assert rows == [("fire", "gathered"), ("resolve", "pending")]


async def test_two_dispatchers_carry_nothing_twice(hotline: "Hotline", post: Post) -> None:
    await storm(hotline)
    await post.deliver(30)
    first, second = await post.take(31), await post.take(31)
    assert (len(first), len(second)) == (1, 0)
    states = await hotline.pool.fetch("select state, count(*) from deliveries group by state order by state")
    assert dict(states) == {"gathered": SOME - MOST - 1, "sending": 1, "sent": MOST}
