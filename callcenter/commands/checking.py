"""`callcenter verify` and `callcenter doctor`: is what is stored right, and is the service fit."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from msgspec.structs import replace

from callcenter.commands.opening import Opened, run
from callcenter.now import system_now
from callcenter.services.verify import Checked, check
from callcenter.store import verify as store


@click.command("verify")
def verify() -> None:
    """Compute every clock again and check every ledger's hash chain.

    Each difference is a line on standard output, then a summary. Nothing is changed. Exit status: 0 when all is as it
    should be, 1 when anything differs.
    """

    async def work(opened: Opened) -> int:
        async with opened.pool.acquire() as conn:
            total = await store.count(conn)
            seen, differences = Checked(), 0
            with _watched(total) as advance:
                async for page in check(conn, opened.context, system_now()):
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


@contextmanager
def _watched(total: int) -> Iterator[Callable[[int], None]]:
    """Tells a progress bar of so many more, where somebody watches."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=total, label="verifying", file=sys.stderr) as bar:
        yield bar.update
