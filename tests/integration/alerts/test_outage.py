"""After an outage: every rung found, verdicts by event time, one message, and the present goes first."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from alerts.engine import run_pass
from alerts.message import payload, text
from callcenter.store.deliveries import DatabaseOutbox
from callcenter.store.engine import BACKLOG

if TYPE_CHECKING:
    from tests.integration.alerts.conftest import Hotline

DAY = 60.0 * 24


async def lease(hotline: "Hotline", minutes: float, room: int = 100) -> Any:
    now = hotline.at(minutes)
    outbox = DatabaseOutbox(hotline.pool, hotline.terms)
    return await outbox.lease(dict.fromkeys(await outbox.channels(), room), "test", now, now + timedelta(minutes=1))


async def many(hotline: "Hotline", count: int, severity: int = 2) -> None:
    """So many tickets like one that is there already, at once."""
    first = await hotline.ticket(severity=severity)
    await hotline.pool.execute(
        "with made as (insert into tickets (contract, contract_version, title, kind, severity, state, reported_at,"
        " entries, head, created_at, updated_at) select contract, contract_version, title, kind, severity, state,"
        " reported_at, entries, head, created_at, updated_at from tickets, generate_series(1, $2) where number = $1"
        " returning number), told as (insert into entries select made.number, e.seq, e.type, e.occurred_at,"
        " e.recorded_at, e.by, e.data, e.hash from entries e, made where e.ticket = $1)"
        " insert into clocks (ticket, contract, commitment, cycle, owner, state, severity, due_at, started_at,"
        " ladder_from, assessed_at, wake_at) select made.number, c.contract, c.commitment, c.cycle, c.owner, c.state,"
        " c.severity, c.due_at, c.started_at, c.ladder_from, c.assessed_at, c.wake_at from clocks c, made"
        " where c.ticket = $1 and c.commitment = 'restore'",
        first, count - 1,
    )  # fmt: skip


@pytest.mark.parametrize("days", [0.5, 3.0, 40.0])
async def test_however_long_it_was_everything_is_found_once_and_told_together(hotline: "Hotline", days: float) -> None:
    numbers = [await hotline.ticket(minute, assignee="ben") for minute in (0, 5, 10)]
    await hotline.write(numbers[2], 12, ("restored", 12, {}))
    back = days * DAY
    await hotline.write(numbers[1], back, ("restored", 50, {}))  # told on return: it was kept
    await hotline.look(back)
    assert [(step, state) for step, _, state in await hotline.told(numbers[0])] == [
        (0, "firing"), (1, "firing"), (2, "firing"),
    ]  # fmt: skip
    assert [await hotline.told(number) for number in numbers[1:]] == [[], []]
    row = await hotline.clock(numbers[0])
    assert (row["breached_at"], row["assessed_at"]) == (hotline.at(60), hotline.at(back))
    assert await lease(hotline, back) == []
    (message,) = [one.message for one in await lease(hotline, back + 0.2)]
    assert message.others == 2
    said = text(message, "en", hotline.at(back))
    assert "(the service had more to do than it could)" in said
    assert said.count("\n- ") == 2


async def test_a_ticket_logged_late_is_no_outage(hotline: "Hotline") -> None:
    number = await hotline.ticket(0, assignee="ben", now=45)
    assert (await hotline.clock(number))["wake_at"] is not None
    await hotline.look(45.01)
    assert [one.message.kind for one in await lease(hotline, 45.01)] == ["warning"]


async def test_thousands_overdue_do_not_delay_what_is_due_now(hotline: "Hotline") -> None:
    await many(hotline, 3000)
    back = DAY
    grave = await hotline.ticket(back - 30 - 1 / 60)
    first = await run_pass(hotline.book, hotline.at(back), batches=1)
    assert (first.more, first.batches, first.clocks) == (True, 1, BACKLOG + 1)
    assert len(await hotline.told(grave)) == 1
    second = await hotline.ticket(back - 30)
    await run_pass(hotline.book, hotline.at(back) + timedelta(seconds=1), batches=1)
    assert len(await hotline.told(second)) == 1
    (one, two) = await lease(hotline, back + 0.2, room=2)
    assert {one.message.ticket, two.message.ticket} == {grave, second}
    assert await lease(hotline, back + 0.3) == []  # there is more to come
    last = await run_pass(hotline.book, hotline.at(back) + timedelta(seconds=20))
    assert not last.more
    (rest,) = await lease(hotline, back + 0.6)
    assert rest.message.others == 3 * 3000 - 1
    assert await hotline.pool.fetchval("select count(*) from alerts") == 3 * 3000 + 2
    assert await hotline.pool.fetchval("select count(distinct (clock, step, repeat)) from alerts") == 3 * 3000 + 2


async def test_an_entry_ahead_of_its_time_reaches_the_ticket_s_own_columns(hotline: "Hotline") -> None:
    number = await hotline.ticket()
    await hotline.write(number, 10, ("assigned", 11, {"to": "ben"}), ("restored", 11.5, {}))
    row = await hotline.pool.fetchrow("select state, assignee, version from tickets where number = $1", number)
    assert (row["state"], row["assignee"]) == ("new", None)
    await hotline.look(11.25)
    row = await hotline.pool.fetchrow("select state, assignee, version from tickets where number = $1", number)
    assert (row["state"], row["assignee"], row["version"]) == ("assigned", "ben", 2)
    await hotline.look(12)
    row = await hotline.pool.fetchrow("select state, version, updated_at from tickets where number = $1", number)
    assert (row["state"], row["version"], row["updated_at"]) == ("restored", 3, hotline.at(12))


async def test_a_new_title_meanwhile_does_not_hide_the_entry(hotline: "Hotline") -> None:
    number = await hotline.ticket()
    await hotline.write(number, 10, ("assigned", 11, {"to": "ben"}))
    titled = "update tickets set title = 'Printer', updated_at = $2 where number = $1"
    await hotline.pool.execute(titled, number, hotline.at(11.1))
    await hotline.look(11.25)
    assert await hotline.pool.fetchval("select assignee from tickets where number = $1", number) == "ben"


async def test_what_comes_late_says_from_when_to_when_nobody_looked(hotline: "Hotline") -> None:
    await hotline.pool.execute("update engine_looks set at = $1", hotline.at(-1))
    number = await hotline.ticket(0)
    await hotline.book.next_wake(hotline.at(0))
    await hotline.book.next_wake(hotline.at(0) + timedelta(seconds=9))  # too soon to be noted
    back = hotline.at(0) + timedelta(hours=9)
    await hotline.book.next_wake(back)
    await hotline.look(9 * 60)
    (message,) = [one.message for one in await lease(hotline, 9 * 60 + 0.2)]
    assert (message.ticket, message.silent) == (number, (hotline.at(0), back))
    zone = ZoneInfo(message.timezone)
    since, until = (f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" for at in (hotline.at(0), back))
    assert f"(the service was away from {since} to {until})" in text(message, "en", back)
    assert payload(message, "en", back)["data"]["silent_until"] == f"{back:%Y-%m-%dT%H:%M:%SZ}"
    assert await hotline.pool.fetch("select * from silences") == [(hotline.at(0), back)]


async def test_a_warning_that_ends_before_its_company_leaves_is_told_to_nobody(hotline: "Hotline") -> None:
    first, second = await hotline.ticket(), await hotline.ticket()
    await hotline.look(32)
    assert {d["state"] for d in await hotline.deliveries(second)} == {"gathered"}
    await hotline.write(second, 32.1, ("restored", 32.1, {}))
    await hotline.write(first, 32.1, ("restored", 32.1, {}))
    rows = [row for number in (first, second) for row in await hotline.deliveries(number)]
    assert {(row["event"], row["state"]) for row in rows} == {("fire", "cancelled")}
    assert await lease(hotline, 45) == []


async def test_nobody_is_put_behind_a_message_that_is_being_cancelled_at_that_moment(hotline: "Hotline") -> None:
    await many(hotline, BACKLOG + 1)
    back = hotline.at(DAY)
    assert (await run_pass(hotline.book, back, batches=1)).more
    await hotline.pool.execute("update clocks set wake_at = null")  # all of it is found
    late = "select id from deliveries where batch like 'late %' order by created_at, alert"
    async with hotline.pool.acquire() as writer, writer.transaction():
        first = await writer.fetchval(late)
        await writer.execute("update deliveries set state = 'cancelled', next_try_at = null where id = $1", first)
        await hotline.book.caught_up(back)
    assert await hotline.pool.fetchval("select count(*) from deliveries where carrier = $1", first) == 0
    (message,) = [one.message for one in await lease(hotline, DAY + 0.2)]
    assert message.others == 3 * BACKLOG - 2
