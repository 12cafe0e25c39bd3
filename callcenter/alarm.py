"""The alarm clock: wakes the engine at the earliest `wake_at`, the dispatcher when there is something to send, and cron
jobs at their times.

One date job is moved to the earliest instant any clock asks for; a notification from another process moves it earlier;
a tick once a second catches whatever was missed. There is never a job per ticket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import random

import asyncpg
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from alerts.dispatcher import Dispatcher
from alerts.engine import Around, PassResult, look, unwatched
from callcenter.now import Now, system_now
from callcenter.steady_now import SteadyNow
from callcenter.store import cron
from callcenter.store.alerts import CHANNEL
from callcenter.store.deliveries import DatabaseOutbox
from callcenter.store.engine import ClockBook

log = structlog.get_logger("callcenter.alarm")

SKEW_CHECKED_EVERY = timedelta(minutes=1)
_RECONNECT_MOST_S = 5.0
# What the database being away looks like; everything else is a fault of ours.
AWAY = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.CannotConnectNowError)


@dataclass(frozen=True, slots=True)
class CronJob:
    """A job that one of all hosts runs at each of its trigger's times."""

    name: str
    trigger: BaseTrigger
    run: Callable[[datetime], Awaitable[None]]


@dataclass(slots=True)
class Health:
    """What the alarm has seen, for metrics and readiness."""

    last_pass_at: datetime | None = None
    last_pass: PassResult = field(default_factory=PassResult)
    passes: int = 0
    clocks: int = 0
    alerts: int = 0
    failed: int = 0
    database_away: bool = False
    listening: bool = False
    skew: timedelta = timedelta(0)
    outbox_depth: int = 0
    outbox_oldest: datetime | None = None


class Alarm:
    """Runs engine passes and the dispatcher; one pass at a time in a process, any number of processes."""

    def __init__(
        self,
        book: ClockBook,
        outbox: DatabaseOutbox,
        dispatcher: Dispatcher,
        now: Now,
        *,
        pool: asyncpg.Pool,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        by: str,
        tick: timedelta = timedelta(seconds=1),
        jobs: Sequence[CronJob] = (),
        steady: SteadyNow | None = None,
        around: Around = unwatched,
    ) -> None:
        self._book = book
        self._outbox = outbox
        self._dispatcher = dispatcher
        self._now = now
        self._pool = pool
        self._connect = connect
        self._by = by
        self._tick = tick
        self._jobs = jobs
        self._steady = steady
        self._around = around
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._ring = asyncio.Event()
        self._post = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._cron_due: dict[str, datetime | None] = {}
        dispatcher.freed = self._post.set
        self.health = Health()

    async def start(self) -> None:
        """Passes, sending, listening and cron jobs run until `stop`."""
        self._scheduler.start()
        self._scheduler.add_job(self._wake_job, IntervalTrigger(seconds=self._tick.total_seconds()), id="tick")
        if self._steady is not None:
            await self._look_at_clock()
            every = SKEW_CHECKED_EVERY.total_seconds()
            self._scheduler.add_job(self._look_at_clock, IntervalTrigger(seconds=every), id="clock")
        for job in self._jobs:
            self._cron_due[job.name] = job.trigger.get_next_fire_time(None, system_now())
            self._scheduler.add_job(self._run_cron, job.trigger, args=[job], id=f"cron:{job.name}")
        loops = (self._engine_loop(), self._post_loop(), self._listen_loop())
        self._tasks = [asyncio.create_task(loop) for loop in loops]
        self._wake()

    async def stop(self) -> None:
        """A pass under way has ended; messages under way were sent or given back; nothing runs any more."""
        self._stopping = True
        self._wake()
        await asyncio.gather(*self._tasks[:1], return_exceptions=True)  # the engine's, which ends by itself
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        with suppress(*AWAY):
            await self._dispatcher.stop()

    def _wake(self) -> None:
        self._ring.set()
        self._post.set()

    async def _wake_job(self) -> None:
        self._wake()

    def ring_at(self, wake_at: datetime) -> None:
        """The date job rings at this instant of ours, if nothing rings before."""
        # the scheduler keeps the host's time, which need not be ours
        run_at = system_now() + max(timedelta(0), wake_at - self._now())
        job = self._scheduler.get_job("wake")
        if job is None:
            self._scheduler.add_job(self._wake_job, DateTrigger(run_at), id="wake")
        elif job.next_run_time is None or run_at < job.next_run_time:
            job.reschedule(DateTrigger(run_at))

    async def run_once(self) -> PassResult:
        """One pass over what is due now, and the date job moved to what comes next."""
        now = self._now()
        result, due = await look(self._book, now, around=self._around)
        self._note(result, now)
        if due is not None:
            self.ring_at(due)
        if result.more:  # a backlog: what falls due meanwhile goes before the rest of it
            self._ring.set()
        if result.clocks:
            self._post.set()
        return result

    def _note(self, result: PassResult, now: datetime) -> None:
        health = self.health
        health.last_pass_at, health.last_pass = now, result
        health.passes += 1
        health.clocks += result.clocks
        health.alerts += result.alerts
        health.failed += result.failed

    async def _engine_loop(self) -> None:
        while not self._stopping:
            await self._ring.wait()
            self._ring.clear()
            if not self._stopping:
                await self._guarded("pass", self.run_once)

    async def _post_loop(self) -> None:
        """Sends what is ready when rung, and again when a full channel has room."""
        while True:
            await self._post.wait()
            self._post.clear()
            await self._guarded("dispatch", self._dispatch)

    async def _dispatch(self) -> None:
        await self._dispatcher.run_once()
        self.health.outbox_depth, self.health.outbox_oldest = await self._outbox.depth()

    async def _guarded(self, what: str, work: Callable[[], Awaitable[object]]) -> None:
        """Runs the work; a database that is away is said once, and the next tick tries again."""
        try:
            await work()
        except AWAY as error:
            if not self.health.database_away:
                log.error("database_away", while_doing=what, error=repr(error))
            self.health.database_away = True
        except Exception:
            log.exception("alarm_fault", while_doing=what)
        else:
            if self.health.database_away:
                log.info("database_back")
            self.health.database_away = False

    async def _listen_loop(self) -> None:
        """Keeps a connection of its own that hears of wakes other processes wrote."""
        wait = 0.1
        while True:
            try:
                await self._listen()
                wait = 0.1
            except AWAY as error:
                log.warning("not_listening", error=repr(error), again_in_s=wait)
            except Exception:
                log.exception("alarm_fault", while_doing="listen")
            self.health.listening = False
            await asyncio.sleep(wait * (0.5 + random()))
            wait = min(wait * 2, _RECONNECT_MOST_S)

    async def _listen(self) -> None:
        """Returns when the connection is lost."""
        lost = asyncio.Event()
        connection = await self._connect()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, self._heard)
            self.health.listening = True
            self._wake()  # what was announced while nobody listened
            await lost.wait()
        finally:
            with suppress(*AWAY):
                await connection.close(timeout=2)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        try:
            wake_at = datetime.fromisoformat(str(payload))
        except ValueError:
            self._wake()
            return
        if wake_at <= self._now():
            self._wake()
        else:
            self.ring_at(wake_at)

    async def _look_at_clock(self) -> None:
        async def compare() -> None:
            assert self._steady is not None
            self.health.skew = await self._steady.compare(self._pool)

        await self._guarded("compare clocks", compare)

    async def _run_cron(self, job: CronJob) -> None:
        async def run() -> None:
            due = self._last_due(job)
            if due is not None and await cron.take(self._pool, job.name, due, self._by, self._now()):
                await job.run(self._now())

        await self._guarded(f"cron {job.name}", run)

    def _last_due(self, job: CronJob) -> datetime | None:
        """The newest of the trigger's times that has come: the same on every host, however late each runs."""
        due, host_now = self._cron_due[job.name], system_now()
        coming = due
        while coming is not None and coming <= host_now:
            due, coming = coming, job.trigger.get_next_fire_time(coming, coming + timedelta(microseconds=1))
        self._cron_due[job.name] = coming
        return due
