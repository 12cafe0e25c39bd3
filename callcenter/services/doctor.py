"""Is the service fit: each thing it stands on, how it is, and what to do."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

import asyncpg

from alerts.channels import Setup, check_channel
from callcenter.now import Now
from callcenter.services import doctor_database as database
from callcenter.services import doctor_host as host
from callcenter.services import doctor_terms
from callcenter.services.cti import REPORTS_WITHIN
from callcenter.services.doctor_finding import Finding
from callcenter.settings import Settings
from callcenter.store import deliveries, resources, verify
from callcenter.store import doctor as store

__all__ = ["Finding", "examine"]

_LATE = timedelta(minutes=1)
_STUCK = timedelta(minutes=10)
_ALL = 10_000
_SILENT = timedelta(days=1)


async def examine(
    conn: asyncpg.Connection, settings: Settings, now: Now, pooled: asyncpg.Connection | None = None
) -> AsyncIterator[Finding]:
    """The findings one by one; what needs tables is left out where there are none.

    `conn` goes the direct way; `pooled`, the way requests go, is needed to see whether notifications come through.
    """
    yield database.version(conn)
    for finding in await database.server(conn, settings):
        yield finding
    yield await database.clock(conn, now)
    if pooled is not None:
        for finding in await database.way(conn, pooled, settings):
            yield finding
    migrations = await database.migrations(conn)
    yield migrations
    if migrations.level == "ok":
        async for finding in _stored(conn, settings, now):
            yield finding
    if settings.database_url is None:
        yield host.room(settings.data)
    yield await host.printing()


async def _stored(conn: asyncpg.Connection, settings: Settings, now: Now) -> AsyncIterator[Finding]:
    at = now()
    yield await host.people(conn, at)
    async for finding in doctor_terms.in_force(conn, at):
        yield finding
    async for finding in _channels(conn, settings, now):
        yield finding
    yield host.links(settings)
    yield await _engine(conn, at)
    yield await _outbox(conn, at)
    yield await _mails(conn, at)
    yield await _telephony(conn, at)


async def _channels(conn: asyncpg.Connection, settings: Settings, now: Now) -> AsyncIterator[Finding]:
    rows = await resources.page(conn, "channels", {"active": True}, 0, _ALL, {})
    setup = Setup(now=now, base_url=settings.base_url, journal=settings.journal)
    broken = await store.broken_channels(conn)
    for row in rows:
        yield await _channel(row, setup, broken.get(row["id"]))
    if all(row["kind"] == "journal" for row in rows):
        told = "no active one leaves the house: alerts are in the journal and the console alone"
        yield Finding("warn", "channels", told, "add one (e-mail, webhook) under /api/v1/channels")


async def _channel(row: Mapping[str, object], setup: Setup, broken: Mapping[str, object] | None) -> Finding:
    kind, config = row["kind"], row["config"]
    assert isinstance(kind, str)
    assert isinstance(config, dict)
    wrong = await check_channel(kind, config, setup)
    if wrong is not None:
        return Finding("fail", f"channel {row['name']}", wrong, "correct its configuration or switch it off")
    if broken is not None:
        told = f"{kind}, nothing gets through since {broken['opened_at']:%Y-%m-%d %H:%M:%S}Z: {broken['reason']}"
        return Finding("fail", f"channel {row['name']}", told, "test it, and tell people another way meanwhile")
    return Finding("ok", f"channel {row['name']}", f"{kind}, usable as far as can be told without sending")


async def _engine(conn: asyncpg.Connection, now: datetime) -> Finding:
    earliest, looked = await verify.earliest_wake(conn), await store.looked_at(conn)
    if earliest is not None and earliest < now - _LATE:
        told = f"a clock has waited to be looked at since {_at(earliest)}"
        return Finding("warn", "engine", told, "is `callcenter serve` running?")
    if looked < now - _LATE:
        told = f"no host has looked at the clocks since {_at(looked)}"
        return Finding("warn", "engine", told, "is `callcenter serve` running?")
    return Finding("ok", "engine", "a host has looked at the clocks within a minute, none waits")


async def _outbox(conn: asyncpg.Connection, now: datetime) -> Finding:
    depth, oldest = await deliveries.depth(conn)
    dead = await verify.dead_deliveries(conn)
    told = f"{depth} waiting" + (f", the oldest since {_at(oldest)}" if oldest else "") + f", {dead} given up"
    if oldest is not None and oldest < now - _STUCK:
        return Finding("warn", "outbox", told, "is `callcenter serve` running, and do the channels above work?")
    return Finding("ok", "outbox", told)


async def _mails(conn: asyncpg.Connection, now: datetime) -> Finding:
    row = await store.mails(conn, now)
    told = f"{row['waiting']} waiting, {row['dead']} given up within a week"
    if row["dead"] or (row["oldest"] is not None and row["oldest"] < now - _STUCK):
        to_do = "is there an e-mail channel that works? Tickets and months say which were not delivered"
        return Finding("warn", "mails", told, to_do)
    return Finding("ok", "mails", told)


async def _telephony(conn: asyncpg.Connection, now: datetime) -> Finding:
    """A hook has no connection that could be up: what can be told is when it was heard, and if it reports itself."""
    row = await store.telephony(conn, now)
    last, keys = row["last_call"], row["keys"]
    told = f"the newest call came in at {_at(last)}" if last else "no call has come in yet"
    if keys == 0:
        to_do = (
            "for a telephone system: `callcenter token create --role integration`, and give it the hook with that token"
        )
        return Finding("ok", "telephony", f"{told}; by hand, no system has a token", to_do)
    told = f"{told}; {keys} token{'s' if keys > 1 else ''} for systems"
    if row["beat"] is not None and row["beat"] < now - REPORTS_WITHIN:
        told = f"{row['name']} has not reported since {_at(row['beat'])}; {told}"
        return Finding("fail", "telephony", told, "see the telephone system and its lines; revoke a token not in use")
    if row["beat"] is not None:
        return Finding("ok", "telephony", f"{told}; it reports itself")
    if last is None or last < now - _SILENT:
        return Finding("warn", "telephony", told, "if people do ring, see what the telephone system says of its hook")
    return Finding("ok", "telephony", told)


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}Z"
