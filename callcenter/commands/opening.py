"""How a command reaches the store: the database of the settings, or the embedded one, joined or started."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
import click

from callcenter.errors import CallcenterError
from callcenter.log import configure
from callcenter.now import system_now
from callcenter.services.context import Context
from callcenter.settings import Settings, SettingsError, read_settings
from callcenter.store.embedded import EmbeddedError, EmbeddedPostgres
from callcenter.store.migrate import MigrationError, migrate
from callcenter.store.pool import connect, open_pool

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opened:
    """An open store with everything a use case needs."""

    settings: Settings
    context: Context
    pool: asyncpg.Pool
    dsn: str
    direct_dsn: str


def settings_or_exit() -> Settings:
    """The settings; every bad one is told and nothing starts."""
    try:
        settings = read_settings()
    except SettingsError as error:
        for line in error.problems:
            click.echo(f"setting: {line}", err=True)
        raise SystemExit(2) from error
    configure(settings.log_level, machine=not sys.stderr.isatty())
    return settings


@asynccontextmanager
async def opened(settings: Settings, size: int | None = None, *, lasting: bool = False) -> AsyncIterator[Opened]:
    """The store, migrated; an embedded server that had to be started is stopped again.

    `lasting`: this is the service itself, whose server others may join.
    """
    if settings.database_url is not None:
        async with _pool(settings, settings.database_url, size) as store:
            yield store
        return
    server = await asyncio.to_thread(EmbeddedPostgres.start_or_join, settings.data, lasting=lasting)
    try:
        async with _pool(settings, server.dsn, size) as store:
            yield store
    finally:
        await asyncio.to_thread(server.stop)


@asynccontextmanager
async def _pool(settings: Settings, dsn: str, size: int | None) -> AsyncIterator[Opened]:
    direct = settings.direct_database_url or dsn
    connection = await connect(direct)
    try:
        await migrate(connection)
    finally:
        await connection.close()
    pool = await open_pool(dsn, size=size or settings.pool_size, statement_cache=settings.statement_cache)
    try:
        yield Opened(settings, Context(settings, system_now, pool=pool), pool, dsn, direct)
    finally:
        await pool.close()


def run(work: Callable[[Opened], Coroutine[Any, Any, T]], size: int = 2) -> T:
    """The result of the work on the opened store; what goes wrong on purpose is one line and exit status 1."""
    settings = settings_or_exit()

    async def go() -> T:
        async with opened(settings, size) as store:
            return await work(store)

    try:
        return asyncio.run(go())
    except CallcenterError as error:
        lines = [f"{one.pointer}: {one.detail}" for one in error.errors] or [error.detail]
        raise click.ClickException("\n".join(lines)) from error
    except (EmbeddedError, MigrationError) as error:
        raise click.ClickException(str(error)) from error
    except (OSError, asyncpg.PostgresError) as error:
        raise click.ClickException(f"the database: {str(error) or repr(error)}") from error
