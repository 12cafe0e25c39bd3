"""The hosts of a day: the service's own engine, dispatcher and services, each on its pool, its clock and its luck."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any

from simulated_channels import ROOM, Phone
from simulated_database import Pool, Server
from simulated_world import Fate, Operation, World

from alerts.dispatcher import Dispatcher
from alerts.engine import look
from callcenter.services.context import Context
from callcenter.settings import Settings
from callcenter.steady_now import SteadyNow
from callcenter.store.deliveries import DatabaseOutbox
from callcenter.store.engine import ClockBook

_FATES = ("crash_before", "crash_after", "crash_after", "lost_before", "lost_after")


class Host:
    """One host: started, crashed and started again; what it knows is gone in between."""

    def __init__(self, name: str, server: Server, world: World, phone: Phone) -> None:
        self.name = name
        self.world = world
        self.up = False
        self.fallible = 0.03
        self.others: list[Host] = []
        self.fell: Callable[[Host], None] = lambda _: None
        self.tasks: dict[asyncio.Task[Any], None] = {}  # in the order in which they were begun
        self.error = timedelta(milliseconds=world.rng.choice((0, 0, -700, -30, 200, 800)))
        self.passes_failed = 0
        self._server = server
        self._phone = phone
        self._life = 0
        self._looking = 0  # the life that looks into the outbox
        self._ends: dict[str, datetime] = {}
        self.disturbed: list[datetime] = []  # when something broke or took long here
        self._rings: datetime | None = None
        self._posts: datetime | None = None

    # Life and death

    async def start(self) -> None:
        """The host runs, with nothing but what is in the database; it has looked at the database's clock."""
        self.up = True
        self._life += 1
        self._rings = self._posts = None
        self.now = SteadyNow(self.clock)
        self.pool = Pool(self._server, self.world, self, 4)
        self.context = Context(Settings(), self.now)
        self._book = ClockBook(self.pool, self.context.terms)
        outbox = DatabaseOutbox(self.pool, self.context.terms)
        self._dispatcher = Dispatcher(outbox, self._opened, self.now, self.incarnation, room=ROOM)
        await self.compare()

    async def compare(self) -> None:
        """The host knows how far its clock is off."""

        async def look() -> None:
            await self.now.compare(self.pool)

        operation = Operation(f"{self.incarnation} compare", self, None)
        self.world.start(operation, look())
        await self.world.alone(operation)

    @property
    def incarnation(self) -> str:
        """The name under which this life of the host leases."""
        return f"{self.name}.{self._life}"

    def clock(self) -> datetime:
        """The host's own idea of the time."""
        return self.world.now + self.error

    def undisturbed(self, incarnation: str, start: datetime, end: datetime) -> bool:
        """Whether nothing befell that life of the host between the instants."""
        return self._ends.get(incarnation, end) >= end and not any(start <= at <= end for at in self.disturbed)

    def crash(self) -> None:
        """Everything under way here stops where it is, and never goes on."""
        self._ends[self.incarnation] = self.world.now
        self.world.note(f"{self.name} crashes")
        self.up = False
        current = asyncio.current_task()
        for task in list(self.tasks):
            if task is not current:
                task.cancel()
        self.tasks = {}
        self.fell(self)

    def dead(self, operation: Operation | None) -> bool:
        """True when the operation belongs to a life that has ended."""
        return operation is not None and (not self.up or operation.name.split()[0] != self.incarnation)

    def begin(self, what: str, work: Callable[[], Coroutine[Any, Any, None]]) -> Operation:
        """The operation is under way here."""
        rng, fate = self.world.rng, None
        if not self.world.calm and rng.random() < self.fallible:
            fate = Fate(rng.randrange(1, 14), rng.choice(_FATES))
        operation = Operation(f"{self.incarnation} {what}", self, fate)
        self.world.start(operation, work())
        return operation

    # The alarm clock: what callcenter.alarm does, by the time of the day

    def announce(self, wakes: list[datetime]) -> None:
        """What a commit announced reaches the other hosts, unless it is lost."""
        for host in self.others:
            if host.up and self.world.rng.random() < 0.3:
                host.ring_at(min(wakes))

    def ring_at(self, wake_at: datetime) -> None:
        """A pass is begun when it is this instant here, if none is begun before."""
        when = max(self.world.now, wake_at - (self.now() - self.world.now))
        if self._rings is not None and self._rings <= when:
            return
        self._rings = when
        life = self._life

        async def ring() -> None:
            if self.up and self._life == life and self._rings == when:
                self._rings = None
                self.begin("pass", self.look)

        self.world.at(when, ring)

    def post_at(self, when: datetime) -> None:
        """The outbox is looked into at the instant, if not before."""
        if self._posts is not None and self._posts <= when:
            return
        self._posts = when
        life = self._life

        async def post() -> None:
            if self.up and self._life == life and self._posts == when:
                self._posts = None
                self.begin("post", self.post)

        self.world.at(when, post)

    async def look(self, limit: int | None = None) -> None:
        """What is due is judged, so many clocks at once and each batch at its own time, until there is no more."""
        limit = limit or self.world.rng.choice((2, 7, 500))
        clocks, more = 0, True
        while more:
            result, _ = await look(self._book, self.now(), limit)
            self.passes_failed += result.failed
            clocks, more = clocks + result.clocks, result.more
        if clocks and self.world.rng.random() < 0.4:  # others are left to the tick
            self.post_at(self.world.now)

    async def post(self) -> None:
        """Ready deliveries are on their way; one look at a time, as in the alarm clock's loop."""
        life = self._life
        if self._looking == life:
            self.post_at(self.world.now + timedelta(seconds=1))
            return
        self._looking = life
        try:
            await self._dispatcher.run_once()
        finally:
            if self._looking == life:
                self._looking = 0

    def _opened(self, kind: str, config: Mapping[str, Any]) -> Any:
        return self._phone.line(self, str(config["name"]))
