"""One busy day over three hosts, drawn from a seed: calls, writes, passes, messages, and all that can go wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import asyncpg
from simulated_channels import Phone
from simulated_database import Server
from simulated_duty import PEOPLE, ROTA, SINCE, TRAVEL, WISHES, Wish
from simulated_host import Host
from simulated_loop import SimulatedLoop
from simulated_people import People
from simulated_terms import CONTRACTS, STORMY
from simulated_trouble import Trouble, someone
from simulated_world import START, Operation, World

from callcenter.services import verify
from callcenter.services.context import Context
from callcenter.settings import Settings
from callcenter.store import contracts, duty
from callcenter.store.pool import connect

LENGTH = timedelta(hours=10)
_ALL = 500  # clocks, in one batch
UNREADABLE = 999  # the version of a contract
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)


async def furnish(dsn: str) -> None:
    """The contracts, people and channels every day begins with."""
    connection = await connect(dsn)
    for terms in CONTRACTS.values():
        row = await contracts.ensure(connection, terms.code, "Somebody", START)
        await contracts.add_version(connection, row["id"], terms.contract(), terms.text(), b"", START, "test")
    await connection.execute(
        "insert into contract_versions (id, contract, version, effective, valid_from, valid_until, timezone, title,"
        " source, content_hash, created_at, created_by) select $1, id, 99, '2099-01-01', '2099-01-01',"
        " '2099-12-31', 'UTC', '', 'nobody can read this', '', $2, 'test' from contracts order by id limit 1",
        UNREADABLE,
        SINCE,
    )
    for login, role in PEOPLE.items():
        wish = WISHES.get(login, Wish())
        await connection.execute(
            "insert into users (login, name, role, digest_minutes, quiet_from, quiet_until, timezone, created_at,"
            " updated_at)"
            " values ($1, $1, $2, $3, $4, $5, 'Asia/Shanghai', $6, $6)",
            login, role, wish.digest, *(wish.quiet or (None, None)), SINCE,
        )  # fmt: skip
    for turn in ROTA:
        await connection.execute(
            "insert into rota (duty, login, from_at, until_at, kind, region, with_login, created_at, updated_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
            turn.duty, turn.login, turn.start, turn.end, turn.kind, turn.region, turn.other, SINCE,
        )  # fmt: skip
    for region, travel in TRAVEL.items():
        await connection.execute(
            "insert into travel_times (region, minutes, created_at, updated_at) values ($1, $2, $3, $3)",
            region,
            travel // _MINUTE,
            SINCE,
        )
    await connection.execute(
        "update channels set config = '{\"name\": \"journal\"}', duties = '{assignee}';"
        " insert into channels (name, kind, duties, config, created_at, updated_at)"
        " values ('pager', 'webhook', '{supervisor,admin}', '{\"name\": \"pager\", \"per_minute\": 6}', now(), now()),"
        " ('mail', 'email', '{}', '{\"name\": \"mail\"}', now(), now())"
    )
    await connection.close()


@dataclass(slots=True)
class Day:
    """The day being simulated, and what it leaves for the laws."""

    world: World
    server: Server
    phone: Phone = field(init=False)
    hosts: list[Host] = field(init=False)
    trouble: Trouble = field(init=False)
    people: People = field(init=False)
    marks: list[tuple[int, datetime]] = field(default_factory=list)  # history so far, instant a whole pass looked at
    end: datetime = START
    _patience: timedelta = _SECOND

    def __post_init__(self) -> None:
        self.phone = Phone(self.world)
        self.hosts = [Host(name, self.server, self.world, self.phone) for name in ("red", "green", "blue")]
        self.trouble = Trouble(self.world, self.hosts, self.phone)
        self.people = People(self.world, self.hosts, self.trouble)
        for host in self.hosts:
            host.others = [other for other in self.hosts if other is not host]
            host.fell = self.trouble.fell

    async def run(self) -> None:
        """The day has passed, everything is up again, and every message is out."""
        for host in self.hosts:
            await host.start()
        self._plan()
        self.world.at(START, self._watch)
        await self.world.run_until(START + LENGTH)
        await self._evening()

    # The plan

    def _plan(self) -> None:
        rng, at = self.world.rng, self.world.at
        for _ in range(rng.randrange(2, 6)):
            at(self._some_time(0.7), self.people.open)
        if rng.random() < 0.45:
            when = self._some_time(0.7)
            for _ in range(rng.choice((1, 2, 2))):
                at(when, partial(self.people.open, STORMY))
        for _ in range(rng.randrange(0, 3)):
            at(self._some_time(), self._touch_rota)
        for _ in range(rng.randrange(2, 6)):
            at(self._some_time(), self.trouble.crash)
        for _ in range(rng.randrange(0, 3)):
            at(self._some_time(), self.trouble.jump)
        if rng.random() < 0.35:
            at(self._some_time(0.8), self.trouble.outage)
        for _ in range(rng.randrange(2, 7)):
            at(self._some_time(), self.trouble.mood)
        for _ in range(12):
            at(self._some_time(), self._checkpoint)
        if rng.random() < 0.5:
            at(self._some_time(0.7), self._spoil)

    def _some_time(self, share: float = 1.0) -> datetime:
        return START + _SECOND * self.world.rng.randrange(int(LENGTH / _SECOND * share))

    def _someone(self) -> Host | None:
        return someone(self.hosts, self.world)

    async def _watch(self) -> None:
        """Once a second each host looks whether something is due; seconds in which nothing is are skipped."""
        wake, ready, latest = await self.world.monitor.fetchrow(
            "select (select min(wake_at) from clocks), (select min(coalesce(lease_until, next_try_at)) from deliveries"
            " where state in ('pending', 'sending')), (select max(recorded_at) from alerts)"
        )
        if latest is not None and latest > self.world.now + _SECOND:
            self.world.violations.append(f"an alert was recorded at {latest}, which is yet to come")
        if wake is not None:
            self._ring(wake)
        if ready is not None and ready <= self.world.now + 5 * _MINUTE:
            self._post(ready)
        soon = min((at for at in (wake, ready) if at is not None), default=self.world.now + 5 * _MINUTE)
        # what stays due is held by somebody, or nobody is there: most of the seconds until then are left out
        self._patience = _SECOND if soon > self.world.now else min(2 * self._patience, 2 * _MINUTE)
        self.world.at(max(self.world.now + self._patience, min(soon, self.world.now + 5 * _MINUTE)), self._watch)

    def _ring(self, wake: datetime) -> None:
        """One host is rung at the instant by its date job, others at their ticks or too late."""
        rng, up = self.world.rng, [host for host in self.hosts if host.up]
        for place, host in enumerate(rng.sample(up, len(up))):
            late = timedelta(0) if place == 0 or rng.random() < 0.5 else timedelta(milliseconds=rng.randrange(1000))
            if wake <= self.world.now + 5 * _MINUTE and (place == 0 or rng.random() < 0.12):
                host.ring_at(max(wake, host.now()) + late)

    def _post(self, ready: datetime) -> None:
        rng, up = self.world.rng, [host for host in self.hosts if host.up]
        moment = timedelta(0)
        for place, host in enumerate(rng.sample(up, len(up))):
            if place == 0 or rng.random() < 0.5:
                moment = timedelta(milliseconds=rng.randrange(20_000))
            if place == 0 or rng.random() < 0.15:  # some at the very instant of the one before
                host.post_at(max(ready, self.world.now) + moment)

    async def _spoil(self) -> None:
        """The terms of a ticket cannot be read for a while; nobody else may notice."""
        if not self.people.tickets or not self._idle():
            self.world.at(self.world.now + 5 * _SECOND, self._spoil)
            return
        number, end = self.world.rng.choice(self.people.tickets).number, self.world.now + 40 * _MINUTE
        terms = "update tickets set contract_version = $2 where number = $1"
        right = await self.world.monitor.fetchval("select contract_version from tickets where number = $1", number)
        await self.world.monitor.execute(terms, number, UNREADABLE)
        self.people.unreadable[number] = self.world.now, end
        self.world.note(f"ticket {number} cannot be read")
        await self._touch_rota()  # it is looked at in one batch with all others

        async def mend() -> None:
            if not self._idle():
                self.people.unreadable[number] = self.people.unreadable[number][0], self.world.now + _SECOND
                self.world.at(self.world.now + _SECOND, mend)
                return
            await self.world.monitor.execute(terms, number, right)
            self.world.note(f"ticket {number} can be read")

        self.world.at(end, mend)

    async def _touch_rota(self) -> None:
        """Somebody saves the rota as it was: every open promise is looked at again."""
        host = self._someone()
        if host is None:
            return

        async def work() -> None:
            async with host.pool.acquire() as conn:
                await duty.recheck(conn, SINCE, host.now())

        host.begin("touch rota", work)

    # Looking

    def _idle(self) -> bool:
        return not self.world.operations and not self.world.zombies and not any(host.tasks for host in self.hosts)

    async def _checkpoint(self) -> None:
        """At an edge of some clock one host looks at everything while nothing else happens."""
        rng = self.world.rng
        rows = await self.world.monitor.fetch(
            "select due_at, wake_at from clocks where wake_at is not null and not void"
            " order by ticket, commitment, cycle"
        )
        edges = [at for row in rows for at in row if at is not None and at > self.world.now]
        when = rng.choice(edges) + rng.choice((-1, 0, 0, 1)) * timedelta(microseconds=1) if edges else self.world.now

        async def look() -> None:
            host = self._someone()
            if host is None:
                return
            if not self._idle():
                self.world.at(self.world.now + _SECOND, look)
                return
            looked = await self._pass_alone(host)
            if looked is not None and len(self.marks) % 2 and await self._settled(looked):
                found = await verified(self.server.clerk, looked)
                self.world.violations += [f"at {looked}, after a whole pass, {text}" for text in found]

        self.world.at(max(when, self.world.now), look)

    async def _settled(self, now: datetime) -> bool:
        """Every ticket can be read, and no entry begins to count at this very instant."""
        if any(start <= now <= end + 6 * _MINUTE for start, end in self.people.unreadable.values()):
            return False
        edge: bool = await self.world.monitor.fetchval(
            "select exists (select from entries where occurred_at = $1"
            " or type = 'corrected' and cast(data ->> 'to' as timestamptz) = $1)",
            now,
        )
        return not edge

    async def _pass_alone(self, host: Host) -> datetime | None:
        operation = Operation(f"{host.incarnation} checkpoint", host, None)
        looked: list[datetime] = []

        async def look() -> None:
            looked.append(host.now())
            await host.look(_ALL)

        self.world.start(operation, look())
        await self.world.alone(operation)
        if operation.ended != "done":
            return None
        self.marks.append((await self.world.place(), looked[0]))
        return looked[0]

    async def _evening(self) -> None:
        """No more faults; all hosts are up; a last look at every clock; every message is sent."""
        world = self.world
        world.calm = True
        world.drop_plans()
        for host in self.hosts:
            if not host.up:
                await host.start()
        while not self._idle():
            await world.run_until(world.now + 30 * _SECOND)
        for _ in range(2):  # the second finds nothing
            end = await self._pass_alone(self.hosts[0])
            if end is None:
                world.violations.append("the last pass of the day broke off")
                return
            self.end = end
        while ready := await self._ready():
            await world.run_until(max(world.now, ready) + _MINUTE)
            for host in self.hosts[:2]:
                await world.alone(host.begin("post", host.post))
            await world.settle()
            while any(host.tasks for host in self.hosts):
                await world.run_until(world.now + timedelta(milliseconds=100))

    async def _ready(self) -> datetime | None:
        at: datetime | None = await self.world.monitor.fetchval(
            "select min(coalesce(lease_until, next_try_at)) from deliveries where state in ('pending', 'sending')"
        )
        return at


async def verified(connection: asyncpg.Connection, now: datetime) -> list[str]:
    """What `callcenter verify` finds at the instant."""
    pages = verify.check(connection, Context(Settings(), lambda: now), now)
    return [f"verify: {difference}" async for page in pages for difference in page.differences]


async def simulate(loop: SimulatedLoop, server: Server, seed: int) -> Day:
    """The day of the seed, with what it left in the database."""
    await server.clear()
    monitor: asyncpg.Connection = server.monitor
    day = Day(World(loop, seed, monitor, server.clerk), server)
    await day.run()
    return day
