"""Is the service fit: each thing it stands on, how it is, and what to do."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Literal

import asyncpg
import msgspec

from alerts.channels import Setup, check_channel
from callcenter.now import Now
from callcenter.settings import Settings
from callcenter.steady_now import SKEW_ALLOWED
from callcenter.store import contracts, deliveries, resources, verify
from callcenter.store import doctor as store
from callcenter.store.embedded_binaries import OLDEST
from callcenter.store.migrate import MigrationError, pending
from sla.contract import Contract, ContractError, read
from sla.holiday import published_through

Level = Literal["ok", "warn", "fail"]
# A calendar should be known this far ahead; China publishes a year's schedule in November of the year before.
_AHEAD = timedelta(days=60)
_LATE = timedelta(minutes=1)
_STUCK = timedelta(minutes=10)
_ALL = 10_000
_SILENT = timedelta(days=1)


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at; `to_do` says what would mend it."""

    level: Level
    what: str
    detail: str
    to_do: str | None = None

    def __str__(self) -> str:
        return f"{self.level:4}  {self.what}: {self.detail}" + (f"; {self.to_do}" if self.to_do else "")


async def examine(conn: asyncpg.Connection, settings: Settings, now: Now) -> AsyncIterator[Finding]:
    """The findings one by one; what needs tables is left out where there are none."""
    yield _version(conn)
    skew = await _skew(conn, now)
    yield skew
    migrations = await _migrations(conn)
    yield migrations
    if migrations.level == "ok":
        at = now()
        async for finding in _calendars(conn, at):
            yield finding
        async for finding in _channels(conn, settings, now):
            yield finding
        yield await _engine(conn, at)
        yield await _outbox(conn, at)
        yield await _telephony(conn, at)


def _version(conn: asyncpg.Connection) -> Finding:
    told = f"PostgreSQL {conn.get_settings().server_version.split()[0]}"
    if conn.get_server_version().major < OLDEST:
        return Finding("fail", "database", told, f"use PostgreSQL {OLDEST} or newer")
    return Finding("ok", "database", told)


async def _skew(conn: asyncpg.Connection, now: Now) -> Finding:
    before = now()
    theirs: datetime = await conn.fetchval("select clock_timestamp()")
    skew = theirs - (before + (now() - before) / 2)
    told = f"the database is {abs(skew.total_seconds()):.3f} s {'ahead' if skew > timedelta(0) else 'behind'}"
    if abs(skew) > SKEW_ALLOWED:
        return Finding("warn", "clock", told, "synchronise both hosts (NTP); until then the database's time counts")
    return Finding("ok", "clock", told)


async def _migrations(conn: asyncpg.Connection) -> Finding:
    try:
        missing = await pending(conn)
    except MigrationError as error:
        return Finding("fail", "migrations", error.detail)
    if missing:
        return Finding("fail", "migrations", f"{', '.join(missing)} not applied", "run `callcenter migrate`")
    return Finding("ok", "migrations", "all applied")


async def _calendars(conn: asyncpg.Connection, now: datetime) -> AsyncIterator[Finding]:
    """Each country whose holidays a current contract counts, with the contracts and the last year published."""
    users: dict[str, list[str]] = {}
    current = [row for row in await contracts.listing(conn, "", _ALL) if row["valid_until"] >= now.date()]
    for row in current:
        terms = await _terms(conn, row["code"])
        if isinstance(terms, Finding):
            yield terms
            continue
        for code in sorted({code for calendar in terms.calendars.values() for code in calendar.codes}):
            users.setdefault(code, []).append(terms.code)
    if not current:
        yield Finding("warn", "contracts", "none is in force", "`callcenter contract import FILE` stores one")
    for code, names in sorted(users.items()):
        yield _horizon(code, names, now)


async def _terms(conn: asyncpg.Connection, code: str) -> Contract | Finding:
    try:
        return read((await contracts.versions(conn, code))[-1]["source"])
    except ContractError as error:
        return Finding("fail", "contracts", f"{code} cannot be read any more: {error}", "import a corrected version")


def _horizon(code: str, names: list[str], now: datetime) -> Finding:
    what, used = f"calendar {code}", f"used by {', '.join(names[:5])}{' and more' if len(names) > 5 else ''}"
    last = published_through(code)
    if last is None:
        return Finding("ok", what, f"holidays follow rules, no yearly schedule to wait for; {used}")
    if last < (now + _AHEAD).year:
        told = f"published through {last} only, later deadlines are provisional; {used}"
        return Finding("warn", what, told, "update the package `holidays` once the next year's schedule is out")
    return Finding("ok", what, f"published through {last}; {used}")


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
    earliest = await verify.earliest_wake(conn)
    if earliest is not None and earliest < now - _LATE:
        told = f"a clock has waited to be looked at since {earliest:%Y-%m-%d %H:%M:%S}Z"
        return Finding("warn", "engine", told, "is `callcenter serve` running?")
    return Finding("ok", "engine", "no clock waits to be looked at")


async def _outbox(conn: asyncpg.Connection, now: datetime) -> Finding:
    depth, oldest = await deliveries.depth(conn)
    dead = await verify.dead_deliveries(conn)
    told = (
        f"{depth} waiting"
        + (f", the oldest since {oldest:%Y-%m-%d %H:%M:%S}Z" if oldest else "")
        + f", {dead} given up"
    )
    if oldest is not None and oldest < now - _STUCK:
        return Finding("warn", "outbox", told, "is `callcenter serve` running, and do the channels above work?")
    return Finding("ok", "outbox", told)


async def _telephony(conn: asyncpg.Connection, now: datetime) -> Finding:
    """A hook has no connection that could be up: what can be told is when the newest call came in."""
    last, keys = await store.telephony(conn, now)
    told = f"the newest call came in at {last:%Y-%m-%d %H:%M:%S}Z" if last else "no call has come in yet"
    if keys == 0:
        to_do = (
            "for a telephone system: `callcenter token create --role integration`, and give it the hook with that token"
        )
        return Finding("ok", "telephony", f"{told}; by hand, no system has a token", to_do)
    told = f"{told}; {keys} token{'s' if keys > 1 else ''} for systems"
    if last is None or last < now - _SILENT:
        return Finding("warn", "telephony", told, "if people do ring, see what the telephone system says of its hook")
    return Finding("ok", "telephony", told)
