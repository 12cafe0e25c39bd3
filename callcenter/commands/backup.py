"""`callcenter backup` and `callcenter restore`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import click

from callcenter.commands.opening import settings_or_exit
from callcenter.errors import CallcenterError
from callcenter.services import backup as service
from callcenter.settings import Settings
from callcenter.store.embedded import EmbeddedPostgres
from callcenter.store.pool import connect

T = TypeVar("T")


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def backup(file: Path) -> None:
    """Write a consistent copy of the database to FILE; the service may go on meanwhile.

    It holds personal data and keys of channels: keep it as safe as the database.
    """
    _run(lambda connection, dsn: service.backup(connection, dsn, file))
    click.echo(f"{file}: {file.stat().st_size} bytes")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace what the database holds.")
def restore(file: Path, force: bool) -> None:
    """Put what `backup` wrote to FILE into an empty database, and migrate it.

    The service must be stopped. When anything goes wrong the database is as it was.
    """
    _run(lambda connection, dsn: service.restore(connection, dsn, file, force=force))
    click.echo(f"restored from {file}; `callcenter verify` checks it")


@asynccontextmanager
async def _reached(settings: Settings) -> AsyncIterator[str]:
    """The way to the database, past any pooler, as it is: nothing is migrated."""
    if settings.database_url is not None:
        yield settings.direct_database_url or settings.database_url
        return
    server = await asyncio.to_thread(EmbeddedPostgres.start_or_join, settings.data)
    try:
        yield server.dsn
    finally:
        await asyncio.to_thread(server.stop)


def _run(work: Callable[[asyncpg.Connection, str], Coroutine[Any, Any, T]]) -> T:
    settings = settings_or_exit()

    async def go() -> T:
        async with _reached(settings) as dsn:
            connection = await connect(dsn)
            try:
                return await work(connection, dsn)
            finally:
                await connection.close()

    try:
        return asyncio.run(go())
    except CallcenterError as error:
        raise click.ClickException(error.detail) from error
    except (OSError, asyncpg.PostgresError) as error:
        raise click.ClickException(f"the database: {str(error) or repr(error)}") from error
