"""`callcenter verify` and `callcenter doctor`: is what is stored right, and is the service fit."""

import asyncio
import shutil
import sys
import textwrap
from collections import Counter
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
    click.echo(f"{levels['ok']} ok, {_many(levels['warn'], 'warning')}, {_many(levels['fail'], 'failure')}")
    if levels["fail"]:
        raise SystemExit(1)


def _many(count: int, word: str) -> str:
    return f"{count or 'no'} {word}{'' if count == 1 else 's'}"


async def _examined(settings: Settings) -> Counter[str]:
    """Prints what is found and counts it by level; without a database that is all there is to say."""
    levels: Counter[str] = Counter()

    def tell(finding: Finding) -> None:
        click.echo(_for_people(finding) if sys.stdout.isatty() else str(finding))
        levels[finding.level] += 1

    try:
        async with _ways(settings) as (conn, pooled):
            async for finding in examine(conn, settings, system_now, pooled):
                tell(finding)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, CallcenterError) as error:
        to_do = "start it, or correct DATABASE_URL" if settings.database_url else "see the message"
        tell(Finding("fail", "database", str(error) or type(error).__name__, to_do))
    return levels


_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
_INDENT = " " * 6


def _for_people(finding: Finding) -> str:
    """The finding as a terminal shows it: lines that fit, what to do on one of its own."""
    width = shutil.get_terminal_size().columns
    told = textwrap.fill(f"{finding.what}: {finding.detail}", width, initial_indent=_INDENT, subsequent_indent=_INDENT)
    level = click.style(f"{finding.level:<6}", fg=_COLOURS[finding.level], bold=finding.level != "ok")
    text = level + told.removeprefix(_INDENT)
    if finding.to_do is None:
        return text
    to_do = textwrap.fill(finding.to_do, width, initial_indent=f"{_INDENT}-> ", subsequent_indent=f"{_INDENT}   ")
    return f"{text}\n{to_do}"


@asynccontextmanager
async def _ways(settings: Settings) -> AsyncIterator[tuple[asyncpg.Connection, asyncpg.Connection]]:
    """Connections of both kinds: the direct way, and the way requests go, without prepared statements."""
    async with _addresses(settings) as (direct, usual):
        conn = await connect(direct)
        try:
            pooled = await connect(usual, statement_cache=False)
            try:
                yield conn, pooled
            finally:
                await pooled.close()
        finally:
            await conn.close()


@asynccontextmanager
async def _addresses(settings: Settings) -> AsyncIterator[tuple[str, str]]:
    """Both ways to the database: the embedded one is migrated as by any command, a given one is looked at as it is."""
    if settings.database_url is not None:
        yield settings.direct_database_url or settings.database_url, settings.database_url
        return
    async with opened(settings, size=1) as store:
        yield store.direct_dsn, store.dsn


@contextmanager
def _watched(total: int) -> Iterator[Callable[[int], None]]:
    """Tells a progress bar of so many more, where somebody watches."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=total, label="verifying", file=sys.stderr) as bar:
        yield bar.update
