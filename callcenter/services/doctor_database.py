"""The doctor on the database server: what it is, how it is set, the way there, whose clock is off."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

import asyncpg

from callcenter.now import Now
from callcenter.services.doctor_finding import Finding
from callcenter.settings import Settings
from callcenter.steady_now import SKEW_ALLOWED
from callcenter.store import doctor as store
from callcenter.store.embedded_binaries import OLDEST
from callcenter.store.migrate import MigrationError, pending
from callcenter.store.pool import IDLE_AT_MOST
from callcenter.store.types import Row

# Beside its pool a worker has one connection for listening and two for statements that requests share.
_BESIDE_POOL = 3
_HEARD_WITHIN_S = 2.0
_UNSAFE = ("fsync", "full_page_writes", "synchronous_commit")


def version(conn: asyncpg.Connection) -> Finding:
    """Whether the server is new enough."""
    told = f"PostgreSQL {conn.get_settings().server_version.split()[0]}"
    if conn.get_server_version().major < OLDEST:
        return Finding("fail", "database", told, f"use PostgreSQL {OLDEST} or newer")
    return Finding("ok", "database", told)


async def clock(conn: asyncpg.Connection, now: Now) -> Finding:
    """Whether this host's clock and the database's agree."""
    before = now()
    theirs: datetime = await conn.fetchval("select clock_timestamp()")
    skew = theirs - (before + (now() - before) / 2)
    told = f"the database is {abs(skew.total_seconds()):.3f} s {'ahead' if skew > timedelta(0) else 'behind'}"
    if abs(skew) > SKEW_ALLOWED:
        return Finding("warn", "clock", told, "synchronise both hosts (NTP); until then the database's time counts")
    return Finding("ok", "clock", told)


async def server(conn: asyncpg.Connection, settings: Settings) -> list[Finding]:
    """How the server is set: what it stores, whether it writes, what a crash costs, how many may connect."""
    row = await store.server(conn)
    return [*_storing(row), _surviving(row), _connections(row, settings)]


def _storing(row: Row) -> Iterator[Finding]:
    if row["encoding"] != "UTF8":
        told = f"it stores text as {row['encoding']}: Chinese names cannot be kept"
        yield Finding("fail", "encoding", told, "create the database with encoding UTF8")
    if row["standby"] or row["read_only"]:
        told = "it takes no writes: a standby" if row["standby"] else "it takes no writes: it is set to read only"
        to_do = "name all hosts in DATABASE_URL with `target_session_attrs=read-write`"
        yield Finding("fail", "writing", told, to_do if row["standby"] else "set default_transaction_read_only to off")
    if row["autovacuum"] != "on":
        yield Finding("warn", "autovacuum", "it is off: everything becomes slower by and by", "set autovacuum to on")


def _surviving(row: Row) -> Finding:
    off = [name for name in _UNSAFE if row[name] == "off"]
    if off:
        told = f"{', '.join(off)} off: a crash of the database's host can lose what was answered"
        return Finding("warn", "durability", told, "fine for a demo; otherwise set them to on")
    return Finding("ok", "durability", "what was answered survives a crash")


def _connections(row: Row, settings: Settings) -> Finding:
    free = row["most"] - row["reserved"]
    need = settings.pool_size + _BESIDE_POOL
    told = f"{free} allowed, {row['used']} in use, a worker takes up to {need}"
    if need > free:
        return Finding("warn", "connections", told, "raise max_connections, or lower CALLCENTER_POOL_SIZE")
    return Finding("ok", "connections", told)


async def way(conn: asyncpg.Connection, pooled: asyncpg.Connection, settings: Settings) -> list[Finding]:
    """Whether a pooler stands between and all is set for it, and whether a notification by `pooled` reaches `conn`.

    `conn` goes the direct way, `pooled` as requests do.
    """
    found = []
    if await _bounced(conn):
        to_do = "set CALLCENTER_DIRECT_DATABASE_URL to the database itself"
        found.append(Finding("warn", "direct way", "a pooler stands between: locks of a session may not hold", to_do))
    if await _bounced(pooled):
        found += [one async for one in _pooled(pooled, settings)]
    return [*found, await listening(conn, pooled)]


async def _pooled(pooled: asyncpg.Connection, settings: Settings) -> AsyncIterator[Finding]:
    if settings.statement_cache:
        to_do = "CALLCENTER_STATEMENT_CACHE=false, unless it pools whole sessions"
        yield Finding("warn", "pooler", "statements are prepared, and a pooler stands between", to_do)
    if await pooled.fetchval("select current_setting('idle_in_transaction_session_timeout')") == "0":
        told = "a host that stands still in the middle of a transaction would keep its locks for ever"
        role = await pooled.fetchval("select quote_ident(current_user)")
        to_do = f"alter role {role} set idle_in_transaction_session_timeout = '{IDLE_AT_MOST}'"
        yield Finding("warn", "idle transactions", told, to_do)


async def _bounced(conn: asyncpg.Connection) -> bool:
    """A pooler gives its clients process numbers of its own."""
    bounced: bool = conn.get_server_pid() != await conn.fetchval("select pg_backend_pid()")
    return bounced


async def listening(conn: asyncpg.Connection, other: asyncpg.Connection) -> Finding:
    """Whether a notification sent by one connection is heard on the other."""
    heard, channel = asyncio.Event(), f"callcenter_doctor_{secrets.token_hex(4)}"

    def hear(*_: object) -> None:
        heard.set()

    await conn.add_listener(channel, hear)
    try:
        await other.execute("select pg_notify($1, '')", channel)
        async with asyncio.timeout(_HEARD_WITHIN_S):
            await heard.wait()
    except TimeoutError:
        to_do = "set CALLCENTER_DIRECT_DATABASE_URL past PgBouncer; until then alerts may be a tick late"
        return Finding("warn", "listening", "notifications do not come through", to_do)
    finally:
        await conn.remove_listener(channel, hear)
    return Finding("ok", "listening", "notifications come through")


async def migrations(conn: asyncpg.Connection) -> Finding:
    """Whether the database has this version's migrations."""
    try:
        missing = await pending(conn)
    except MigrationError as error:
        return Finding("fail", "migrations", error.detail, "run the version that fits, or restore a backup")
    if missing:
        return Finding("fail", "migrations", f"{', '.join(missing)} not applied", "run `callcenter migrate`")
    return Finding("ok", "migrations", "all applied")
