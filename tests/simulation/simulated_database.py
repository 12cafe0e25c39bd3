"""The database of a day: real connections behind ones that wait for their turn, break, and leave transactions open."""

from __future__ import annotations

import asyncio
import contextvars
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec
from simulated_world import OPERATION, Operation, World

# A log of every row written, in the order of the locks that guard them, and nothing that differs between two runs; for
# alerts and failures also of when others could see them.
LOG = """
create table history (place bigint generated always as identity primary key, tx bigint not null, relation text not null,
                      row json not null);
create function keep_history() returns trigger language plpgsql as $$
begin
    insert into history (tx, relation, row) values (txid_current(), tg_table_name, to_json(new));
    return null;
end $$;
create function keep_commit() returns trigger language plpgsql as $$
begin
    insert into history (tx, relation, row) values (txid_current(), 'commit', '{}');
    return null;
end $$;
create constraint trigger committed after insert or update on alerts deferrable initially deferred
    for each row execute function keep_commit();
create constraint trigger committed after update on deliveries deferrable initially deferred
    for each row when (new.state = 'pending' and new.attempts > 0) execute function keep_commit();
create trigger history after insert or update on entries for each row execute function keep_history();
create trigger history after insert or update on clocks for each row execute function keep_history();
create trigger history after insert or update on alerts for each row execute function keep_history();
create trigger history after insert or update on channel_states for each row execute function keep_history();
create trigger history after insert or update on deliveries for each row execute function keep_history();
create sequence message_ids;
alter table deliveries alter id set default cast(md5(cast(nextval('message_ids') as text)) as uuid);
"""
# The same plan in every run, whatever was asked before; no server's guess at the time.
_SESSION = {"timezone": "UTC", "application_name": "callcenter", "plan_cache_mode": "force_generic_plan"}
_WITHIN = ("begin", "savepoint", "release", "rollback")
_LOCKS = re.compile(r"\b(insert|update|delete)\b")
_FAILED = "lease_by = null, reason = "  # the call that records that a try failed
_OUTSIDE = contextvars.Context()
_IDLE = timedelta(seconds=30)  # as long as the server lets a transaction wait for its next call (docs: operations)
_MS = timedelta(milliseconds=1)


class Server:
    """Real connections, kept from day to day, and the one that watches."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.idle: list[asyncpg.Connection] = []
        self.monitor: asyncpg.Connection = None
        self.clerk: asyncpg.Connection = None
        self._made: list[asyncpg.Connection] = []

    async def open(self) -> None:
        """The database is prepared for its days."""
        self.monitor = await self.connection()
        self.clerk = await self.connection()
        await self.monitor.execute(LOG)
        self.idle = [await self.connection() for _ in range(14)]

    async def connection(self) -> asyncpg.Connection:
        # statements stay prepared: by the loop's time, in which a day passes in seconds, they would all run out
        made = await asyncpg.connect(
            self._dsn, server_settings=_SESSION, statement_cache_size=1000, max_cached_statement_lifetime=0
        )
        for kind in ("json", "jsonb"):
            await made.set_type_codec(kind, schema="pg_catalog", encoder=_encode, decoder=msgspec.json.decode)
        self._made.append(made)
        return made

    async def clear(self) -> None:
        """Nothing of the day before is left."""
        for one in self._made:
            if one.is_in_transaction():
                await one.execute("rollback")
        await self.monitor.execute(
            "set session_replication_role = replica;"
            " truncate history, channel_states, tickets restart identity cascade;"
            " set session_replication_role = origin; select setval('message_ids', 1)"
        )

    async def close(self) -> None:
        for one in self._made:
            await one.close()


class Pool:
    """What a host takes for its pool."""

    def __init__(self, server: Server, world: World, host: Any, size: int) -> None:
        self._server = server
        self._world = world
        self._host = host
        self._room = asyncio.Semaphore(size)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        waits = self._room.locked()
        async with self._room:
            if waits:
                await self._world.turn(timedelta(0))
            idle = self._server.idle
            # the one used last has its plans ready
            raw = idle.pop() if idle else await _counted(self._world, self._server.connection())
            connection = Connection(self._server, self._world, self._host, raw)
            try:
                yield connection
            finally:
                connection.leave()


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def _counted(world: World, work: Awaitable[Any]) -> Any:
    call = world.begin(0)
    try:
        return await work
    finally:
        world.end(call)


class Connection:
    """One connection of a host: each call waits for its turn, and may be the one at which something breaks."""

    def __init__(self, server: Server, world: World, host: Any, raw: asyncpg.Connection) -> None:
        self._server = server
        self._world = world
        self._host = host
        self._raw = raw
        self._lost = False
        self._under_way = False
        self._left = False
        self._depth = 0
        self._holds = False  # locks of this transaction
        self._announced: list[datetime] = []
        self._recorded: tuple[str, tuple[Any, ...]] | None = None

    async def fetch(self, sql: str, *values: Any) -> Any:
        if sql.startswith("insert into alerts"):
            self._recorded = sql, values
        return await self._call(sql, lambda: self._raw.fetch(sql, *values))

    async def fetchrow(self, sql: str, *values: Any) -> Any:
        return await self._call(sql, lambda: self._raw.fetchrow(sql, *values))

    async def fetchval(self, sql: str, *values: Any) -> Any:
        if "clock_timestamp()" in sql:
            await self._call("time", lambda: self._raw.execute("select"))
            return self._world.now
        return await self._call(sql, lambda: self._raw.fetchval(sql, *values))

    async def execute(self, sql: str, *values: Any) -> Any:
        if "pg_notify" in sql:
            self._announced.append(datetime.fromisoformat(values[0]))
        done = await self._call(sql, lambda: self._raw.execute(sql, *values))
        self._tell()
        return done

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """A transaction, or a savepoint within one."""
        point = f"point_{self._depth}" if self._depth else ""
        self._holds &= bool(point)
        self._depth += 1
        await self.execute(f"savepoint {point}" if point else "begin")
        try:
            yield
        except BaseException:
            self._depth -= 1
            await self.execute(f"rollback to savepoint {point}" if point else "rollback")
            if not point:
                self._announced.clear()
                self._recorded = None
            raise
        self._depth -= 1
        await self.execute(f"release savepoint {point}" if point else "commit")
        if self._recorded and not point:
            await self._again()

    async def _again(self) -> None:
        """A proxy that heard no answer has sent the statement once more: what is recorded stays recorded once."""
        assert self._recorded is not None
        (sql, values), self._recorded = self._recorded, None
        if not self._world.calm and self._world.rng.random() < 0.1:
            await self._call(sql, lambda: self._raw.fetch(sql, *values))

    def is_in_transaction(self) -> bool:
        return self._depth > 0

    def _tell(self) -> None:
        """What was announced is heard by the other hosts, now that it is committed."""
        if self._announced and not self._depth:
            self._host.announce(self._announced)
            self._announced = []

    async def _call(self, sql: str, work: Callable[[], Awaitable[Any]]) -> Any:
        self._refuse()
        what = ""
        rng = self._world.rng
        if self._holds and rng.random() < 0.4:
            what = self._fate()  # nobody came between this call and the one before
        elif not sql.startswith(_WITHIN):  # nothing is learnt from breaking there that the next call does not tell
            await self._wait(self._delay(sql))
            if _LOCKS.search(sql):
                if not self._holds and "skip locked" not in sql:
                    await self._world.in_line()
                self._holds = self._depth > 0
            self._refuse()
            what = self._fate()
        if what.endswith("before"):
            self._break(what)
        # a dead host's call goes on in the server, so it must not be cancelled with the host's task
        task = asyncio.get_running_loop().create_task(self._work(work), context=_OUTSIDE.copy())
        self._under_way = True
        woken = await asyncio.shield(task)
        result, blocked = woken
        if blocked:
            await self._world.woken(blocked)
        if what.endswith("after"):
            self._break(what)
        self._refuse()
        if isinstance(result, Exception):
            raise result
        return result

    def _delay(self, sql: str) -> timedelta:
        """How long the call is on its way; now and then a failure is told so late that its transaction is over."""
        if _FAILED in sql and not self._world.calm and self._world.rng.random() < 0.03:
            self._host.disturbed.append(self._world.now)
            return timedelta(seconds=self._world.rng.randrange(55, 80))
        return self._world.delay()

    async def _wait(self, delay: timedelta) -> None:
        """The call is on its way for so long; the server ends a transaction that hears nothing for too long."""
        if delay <= _IDLE or not self._raw.is_in_transaction():
            await self._world.turn(delay)
            return
        await self._world.turn(_IDLE)
        self._lost = True
        ended = _counted(self._world, self._raw.execute("rollback"))
        await asyncio.shield(asyncio.get_running_loop().create_task(ended, context=_OUTSIDE.copy()))
        await self._world.turn(delay - _IDLE)

    async def _work(self, work: Callable[[], Awaitable[Any]]) -> tuple[Any, int]:
        """The answer or the error, and the place among all calls of one that had to wait for a lock."""
        call = self._world.begin(self._raw.get_server_pid())
        result: Any
        try:
            result = await work()
        except Exception as error:
            result = error
        finally:
            self._under_way = False
            if self._left:
                await self._rolled_back()
            self._world.end(call)
        return result, call.place if call.was_blocked else 0

    def _fate(self) -> str:
        operation = OPERATION.get()
        return operation_fate(operation) if operation is not None and not self._world.calm else ""

    def _break(self, what: str) -> None:
        if what.startswith("crash"):
            self._host.crash()
            raise asyncio.CancelledError
        self._lost = True
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    def _refuse(self) -> None:
        """Nothing is asked by the dead or of a connection that is gone."""
        if self._host.dead(OPERATION.get()):
            raise asyncio.CancelledError
        if self._lost:
            raise asyncpg.InterfaceError("connection is closed")

    def leave(self) -> None:
        """The connection is free again, or, when broken, rolled back by the server as soon as that notices."""
        broken = self._lost or self._under_way or self._raw.is_in_transaction()
        if not broken:
            self._server.idle.append(self._raw)
            return
        world = self._world
        notices = timedelta(0)
        if not world.calm and world.rng.random() < 0.3:
            notices = timedelta(milliseconds=world.rng.randrange(100, _IDLE // _MS))
        world.zombies += 1
        world.at(world.now + notices, self._noticed, turn=True)

    async def _noticed(self) -> None:
        self._left = True
        if not self._under_way:
            await self._rolled_back()

    async def _rolled_back(self) -> None:
        if self._raw.is_in_transaction():
            await self._raw.execute("rollback")
        self._world.zombies -= 1
        self._server.idle.append(self._raw)


def operation_fate(operation: Operation) -> str:
    """What befalls the operation at this call; empty nearly always."""
    fate = operation.fate
    if fate is None:
        return ""
    fate.calls += 1
    if fate.calls != fate.at:
        return ""
    operation.host.disturbed.append(operation.host.world.now)
    return fate.what
