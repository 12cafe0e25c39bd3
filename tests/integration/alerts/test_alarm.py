"""The alarm clock: rings at the earliest wake, hears other processes, survives a database that goes away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest
from apscheduler.triggers.date import DateTrigger

from alerts.channels import open_channel
from alerts.channels.setup import Setup
from alerts.dispatcher import Dispatcher
from alerts.telling import LATE_WITHIN
from callcenter.alarm import Alarm, CronJob
from callcenter.now import system_now
from callcenter.steady_now import SteadyNow
from callcenter.store import alerts, cron, engine
from callcenter.store.deliveries import DatabaseOutbox
from callcenter.store.pool import connect

if TYPE_CHECKING:
    from tests.integration.alerts.conftest import Hotline


class Time:
    """Time that runs on from where it was set."""

    def __init__(self, at: datetime) -> None:
        self.set(at)

    def set(self, at: datetime) -> None:
        self.offset = at - system_now()

    def __call__(self) -> datetime:
        return system_now() + self.offset


class Bell:
    """An alarm over the hotline's database."""

    def __init__(self, hotline: "Hotline", database_url: str) -> None:
        self.hotline = hotline
        self.url = database_url
        self.time = Time(hotline.at(0))
        self.alarms: list[Alarm] = []

    async def start(self, by: str = "one", *, tick: float = 60, jobs: tuple[CronJob, ...] = ()) -> Alarm:
        """A started alarm whose tick is too rare to help."""
        outbox = DatabaseOutbox(self.hotline.pool, self.hotline.terms)
        setup = Setup(self.time)
        dispatcher = Dispatcher(outbox, lambda kind, config: open_channel(kind, config, setup), self.time, by)
        alarm = Alarm(
            self.hotline.book, outbox, dispatcher, self.time, pool=self.hotline.pool,
            connect=lambda: connect(self.url), by=by, tick=timedelta(seconds=tick), jobs=jobs,
        )  # fmt: skip
        self.alarms.append(alarm)
        await alarm.start()
        await until(lambda: alarm.health.listening and alarm.health.passes > 0)
        return alarm

    async def sent(self) -> int:
        count: int = await self.hotline.pool.fetchval("select count(*) from deliveries where state = 'sent'")
        return count


async def until(true: Callable[[], bool] | Callable[[], Awaitable[bool]], *, within: float = 10) -> None:
    """Returns once it is true; fails when it does not come true."""
    async with asyncio.timeout(within):
        while True:
            answer = true()
            if await answer if isinstance(answer, Awaitable) else answer:
                return
            await asyncio.sleep(0.005)


@pytest.fixture
async def bell(hotline: "Hotline", database_url: str) -> AsyncIterator[Bell]:
    made = Bell(hotline, database_url)
    yield made
    for alarm in made.alarms:
        await alarm.stop()


async def test_it_rings_at_the_earliest_wake_and_sends_what_that_told(bell: Bell) -> None:
    number = await bell.hotline.ticket()
    bell.time.set(bell.hotline.at(30) - timedelta(seconds=0.3))
    alarm = await bell.start()

    async def told() -> bool:
        return await bell.sent() == 1

    await until(told)
    row = await bell.hotline.pool.fetchrow("select fires_at, recorded_at from alerts where ticket = $1", number)
    assert timedelta(0) <= row["recorded_at"] - row["fires_at"] < timedelta(seconds=1)
    assert (alarm.health.alerts, alarm.health.failed) == (1, 0)


async def test_another_process_moves_it_earlier(bell: Bell) -> None:
    await bell.start()
    number = await bell.hotline.ticket(-29.99, now=0)  # its first rung is 0.6 s ahead, which the write announces

    async def told() -> bool:
        return len(await bell.hotline.told(number)) == 1

    await until(told)


async def test_the_tick_finds_what_nobody_announced(bell: Bell) -> None:
    await bell.start(tick=0.05)
    number = await bell.hotline.ticket(-29.9)
    bell.time.set(bell.hotline.at(1))

    async def told() -> bool:
        return len(await bell.hotline.told(number)) == 1

    await until(told)


async def test_a_backlog_that_ends_with_a_full_batch_is_told_at_the_next_look(
    bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await bell.hotline.ticket()
    now = bell.hotline.at(45)
    bell.time.set(now)
    due = await bell.hotline.pool.fetchval("select count(*) from clocks where wake_at <= $1", now)
    monkeypatch.setattr(engine, "BACKLOG", due)
    alarm = await bell.start()

    async def told() -> bool:
        last = await bell.hotline.pool.fetchval("select max(next_try_at) from deliveries where state = 'pending'")
        return last is not None and last <= bell.time() + LATE_WITHIN

    await until(told)  # or it waits its ten minutes
    assert alarm.health.clocks == due


async def test_it_outlives_its_connections(bell: Bell) -> None:
    alarm = await bell.start(tick=0.05)
    await bell.hotline.pool.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await until(lambda: not alarm.health.listening)
    await until(lambda: alarm.health.listening and not alarm.health.database_away)
    number = await bell.hotline.ticket(-30)

    async def told() -> bool:
        return len(await bell.hotline.told(number)) == 1

    await until(told)


async def test_a_cron_job_runs_once_across_hosts(bell: Bell) -> None:
    runs: list[datetime] = []

    async def run(now: datetime) -> None:
        runs.append(now)

    soon = system_now() + timedelta(seconds=0.4)
    job = CronJob("report", DateTrigger(soon, timezone=UTC), run)
    for by in ("one", "two"):
        await bell.start(by, jobs=(job,))
    await until(lambda: bool(runs))
    await until(lambda: all(alarm._cron_due["report"] is None for alarm in bell.alarms))
    for alarm in bell.alarms:
        await alarm.stop()
    assert len(runs) == 1


async def test_a_run_is_taken_once_and_never_backwards(pool: asyncpg.Pool) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    day = timedelta(days=1)
    assert await cron.take(pool, "x", at, "one", at)
    assert not await cron.take(pool, "x", at, "two", at)
    assert await cron.take(pool, "x", at + day, "two", at)
    assert not await cron.take(pool, "x", at, "one", at)
    assert await cron.take(pool, "y", at, "one", at)


async def test_a_host_whose_clock_is_off_uses_the_databases(pool: asyncpg.Pool) -> None:
    off = SteadyNow(lambda: system_now() - timedelta(seconds=90))
    skew = await off.compare(pool)
    assert abs(skew - timedelta(seconds=90)) < timedelta(seconds=1)
    assert abs(off() - system_now()) < timedelta(seconds=1)
    right = SteadyNow(system_now)
    await right.compare(pool)
    assert right.offset == timedelta(0)


async def test_stopping_leaves_nothing_running(bell: Bell) -> None:
    before = asyncio.all_tasks()
    alarm = await bell.start()
    await alarm.stop()
    await until(lambda: asyncio.all_tasks() <= before)


async def test_an_acknowledgement_reaches_the_engine_at_once(bell: Bell) -> None:
    number = await bell.hotline.ticket()
    await bell.hotline.look(95)
    bell.time.set(bell.hotline.at(96))
    await bell.start()
    newest = await bell.hotline.pool.fetchval("select max(id) from alerts")
    async with bell.hotline.pool.acquire() as conn:
        await alerts.acknowledge(conn, newest, "ann", bell.time())

    async def quiet() -> bool:
        return (await bell.hotline.clock(number))["wake_at"] is None

    await until(quiet)
