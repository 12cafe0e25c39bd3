"""Time, turns and chance of one simulated day: who does the next step is drawn from the seed, one step at a time."""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from simulated_loop import SimulatedLoop

START = datetime(2026, 3, 2, 1, tzinfo=UTC)  # a Monday, 9:00 in Shanghai
Action = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Fate:
    """What befalls an operation at its `at`-th call of the database or a channel."""

    at: int
    what: str  # crash_before, crash_after, lost_before, lost_after
    calls: int = 0


@dataclass(slots=True, eq=False)
class Call:
    """A database call under way."""

    pid: int
    place: int
    blocked: bool = False
    was_blocked: bool = False


OPERATION: contextvars.ContextVar[Operation | None] = contextvars.ContextVar("operation", default=None)


@dataclass(slots=True, eq=False)
class Operation:
    """Something one host does from its first call to its last: a request, a pass, a look into the outbox."""

    name: str
    host: Any
    fate: Fate | None
    ended: str = ""


@dataclass(slots=True)
class World:
    """The day. `violations` collects what must not be."""

    loop: SimulatedLoop
    seed: int
    monitor: asyncpg.Connection
    clerk: asyncpg.Connection
    now: datetime = START
    calm: bool = False  # no faults, no delays any more
    violations: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    steps: int = 0
    rng: random.Random = field(default_factory=random.Random)
    _heap: list[tuple[datetime, float, int, bool, Action]] = field(default_factory=list)
    _count: int = 0
    _calls: dict[Call, None] = field(default_factory=dict)
    operations: dict[Operation, asyncio.Task[None]] = field(default_factory=dict)
    _woken: dict[int, asyncio.Future[None]] = field(default_factory=dict)
    _line: list[asyncio.Future[None]] = field(default_factory=list)
    zombies: int = 0  # connections of the dead that the server still believes in

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        random.seed(self.seed)  # the jitter of back-off
        self.loop.seconds = 0.0
        self.loop.busy = self._busy
        self.loop.set_task_factory(self._task)

    # Time and turns

    def at(self, when: datetime, action: Action, *, turn: bool = False) -> None:
        """The action is taken at the instant, at once when that has passed; among equals the seed decides."""
        self._count += 1
        heapq.heappush(self._heap, (max(when, self.now), self.rng.random(), self._count, turn, action))

    async def run_until(self, end: datetime) -> None:
        """Everything up to the instant has been done, and it is now."""
        while self._heap and self._heap[0][0] <= end:
            await self._step(heapq.heappop(self._heap))
        self._move(end)

    async def alone(self, operation: Operation) -> None:
        """The operation has run to its end while nothing else was begun; time moves with its own turns."""
        while not operation.ended:
            turns = [event for event in self._heap if event[3]]
            if not turns:
                await self.settle()
                if not operation.ended and not any(event[3] for event in self._heap):
                    raise AssertionError(f"{operation.name} waits for nothing")
                continue
            event = min(turns)
            self._heap.remove(event)
            heapq.heapify(self._heap)
            await self._step(event)

    def drop_plans(self) -> None:
        """Nothing new begins; what is under way still has its turns."""
        self._heap = [event for event in self._heap if event[3]]
        heapq.heapify(self._heap)

    async def _step(self, event: tuple[datetime, float, int, bool, Action]) -> None:
        self._move(max(event[0], self.now))
        self.steps += 1
        await event[4]()
        await self.settle()

    def _move(self, to: datetime) -> None:
        self.now = to
        self.loop.seconds = (to - START) / timedelta(seconds=1)

    async def turn(self, delay: timedelta) -> None:
        """Returns when it is this task's turn, not before the delay."""
        gate: asyncio.Future[None] = self.loop.create_future()
        self.at(self.now + delay, _opening(gate), turn=True)
        await gate

    def delay(self) -> timedelta:
        """How long a call takes before it reaches the other side."""
        draw = self.rng.random()
        if self.calm or draw < 0.3:
            return timedelta(0)
        if draw < 0.96:
            return timedelta(microseconds=self.rng.randrange(5000))
        if draw < 0.997:
            return timedelta(milliseconds=self.rng.randrange(50, 2000))
        operation = OPERATION.get()
        if operation is not None:
            operation.host.disturbed.append(self.now)
        return timedelta(seconds=self.rng.randrange(5, 90))

    # Database calls

    def begin(self, pid: int) -> Call:
        """A call to the server is under way on the connection of this process id."""
        self._count += 1
        call = Call(pid, self._count)
        self._calls[call] = None
        return call

    def end(self, call: Call) -> None:
        """The call was answered."""
        del self._calls[call]

    def _busy(self) -> int:
        return sum(not call.blocked for call in self._calls)

    async def settle(self) -> None:
        """Every task waits: for its turn, or in the server for a lock another task holds."""
        looked: set[Call] = set()
        for _ in range(2000):
            await self.loop.quiet()
            if not self._calls or (looked == set(self._calls) and not self._busy()):
                self._go_on()
                return
            waiting = await self.monitor.fetchval(
                "select array_agg(p) from unnest($1::int[]) p where cardinality(pg_blocking_pids(p)) > 0",
                [call.pid for call in self._calls],
            )
            looked = set(self._calls)
            for call in self._calls:
                call.blocked = call.pid in (waiting or ())
                call.was_blocked |= call.blocked
        rows = await self.monitor.fetch(
            "select pid, state, wait_event, query from pg_stat_activity where pid = any ($1)",
            [call.pid for call in self._calls],
        )
        raise AssertionError(f"the server does not answer: {self._calls}, {[dict(row) for row in rows]}")

    async def woken(self, place: int) -> None:
        """Returns when a task that had to wait for a lock has its turn: when it was woken is the server's chance."""
        gate: asyncio.Future[None] = self.loop.create_future()
        self._woken[place] = gate
        await gate

    async def in_line(self) -> None:
        """Returns when nobody waits for a lock: of several the server would choose by a chance of its own."""
        while any(call.blocked for call in self._calls):
            gate: asyncio.Future[None] = self.loop.create_future()
            self._line.append(gate)
            await gate

    def _go_on(self) -> None:
        if self._line and not any(call.blocked for call in self._calls):
            self._woken[self._count + 1] = self._line.pop(0)
        for place in sorted(self._woken):
            self.at(self.now, _opening(self._woken[place]), turn=True)
        self._woken.clear()

    async def place(self) -> int:
        """How far the database's history has come."""
        call = self.begin(0)
        try:
            place: int = await self.clerk.fetchval("select coalesce(max(place), 0) from history")
        finally:
            self.end(call)
        return place

    # Tasks

    def _task(self, loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **more: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **more)
        context: contextvars.Context | None = more.get("context")
        operation = OPERATION.get() if context is None else context.get(OPERATION)
        if operation is not None:
            tasks: dict[asyncio.Task[Any], None] = operation.host.tasks
            tasks[task] = None
            task.add_done_callback(lambda done: tasks.pop(done, None))
        return task

    def start(self, operation: Operation, work: Coroutine[Any, Any, None]) -> None:
        """The operation is under way; what it raises and nobody expects is a violation."""

        async def guarded() -> None:
            try:
                await self.turn(timedelta(0))
                await work
                operation.ended = operation.ended or "done"
            except asyncio.CancelledError:
                operation.ended = "crashed"
            except AWAY as error:
                operation.ended = f"lost: {error}"
            except Exception as error:
                operation.ended = "fault"
                self.violations.append(f"{operation.name} raised {error!r}")
            finally:
                work.close()  # where it never had its first turn
                operation.ended = operation.ended or "ended"
                self.operations.pop(operation, None)
                self.note(f"{operation.name}: {operation.ended}")

        context = contextvars.copy_context()
        context.run(OPERATION.set, operation)
        self.operations[operation] = context.run(self.loop.create_task, guarded())

    def note(self, text: str) -> None:
        """A line for whoever reads how a seed went."""
        self.trace.append(f"{(self.now - START)} {text}")


AWAY = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)


def _opening(gate: asyncio.Future[None]) -> Action:
    async def turn() -> None:
        if not gate.done():
            gate.set_result(None)

    return turn
