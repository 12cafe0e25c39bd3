"""`callcenter verify` and `callcenter doctor`: is what is stored right, and is the service fit."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
import click
from msgspec.structs import replace

from callcenter.commands.opening import Opened, opened, run, settings_or_exit
from callcenter.errors import CallcenterError
from callcenter.now import system_now
from callcenter.services.doctor import Finding, examine
from callcenter.services.verify import Checked, check
from callcenter.settings import Settings
from callcenter.store.pool import connect
from callcenter.store.verify import count


@click.command("verify")
def verify() -> None:
    """Compute every clock again and check every ledger's hash chain.

    Each difference is a line on standard output, then a summary. Nothing is changed. Exit status: 0 when all is as it
    should be, 1 when anything differs.
    """

    async def work(store: Opened) -> int:
        async with store.pool.acquire() as conn:
            total = await count(conn)
            seen, differences = Checked(), 0
            with _watched(total) as advance:
                async for page in check(conn, store.context, system_now()):
                    advance(page.tickets - seen.tickets)
                    for difference in page.differences:
                        click.echo(str(difference))
                    differences += len(page.differences)
                    seen = replace(page)
        of = f"{seen.tickets} tickets, {seen.entries} entries, {seen.clocks} clocks"
        click.echo(f"{of}: {differences or 'no'} difference{'' if differences == 1 else 's'}")
        return differences

    if run(work):
        raise SystemExit(1)


@click.command("doctor")
def doctor() -> None:
    """Look at everything the service stands on: how it is, and what to do. Nothing is changed.

    Exit status: 0 when nothing fails (warnings do not), 1 otherwise.
    """
    levels = asyncio.run(_examined(settings_or_exit()))
    if "fail" in levels:
        raise SystemExit(1)


async def _examined(settings: Settings) -> set[str]:
    """Prints what is found and returns its levels; without a database that is all there is to say."""
    levels = set()
    try:
        async with _way(settings) as dsn:
            connection = await connect(dsn)
            try:
                async for finding in examine(connection, settings, system_now):
                    click.echo(str(finding))
                    levels.add(str(finding.level))
            finally:
                await connection.close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, CallcenterError) as error:
        to_do = "start it, or correct DATABASE_URL" if settings.database_url else "see the message"
        click.echo(str(Finding("fail", "database", str(error) or type(error).__name__, to_do)))
        levels.add("fail")
    return levels


@asynccontextmanager
async def _way(settings: Settings) -> AsyncIterator[str]:
    """The way to the database: the embedded one is migrated as by any command, a given one is looked at as it is."""
    if settings.database_url is not None:
        yield settings.direct_database_url or settings.database_url
        return
    async with opened(settings, size=1) as store:
        yield store.direct_dsn


@contextmanager
def _watched(total: int) -> Iterator[Callable[[int], None]]:
    """Tells a progress bar of so many more, where somebody watches."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=total, label="verifying", file=sys.stderr) as bar:
        yield bar.update
