"""`callcenter import`: bulk loads with a progress bar and a report of what was refused."""

import gzip
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from callcenter.commands.opening import Opened, run
from callcenter.now import system_now
from callcenter.services.counting import count_ended
from callcenter.services.history import import_history
from callcenter.services.import_accounts import ALIASES, AccountLine, import_accounts
from callcenter.services.import_calls import CallLine, import_calls
from callcenter.services.importing import LineRefused, Report
from callcenter.services.table_files import read_rows

T = TypeVar("T")

_STATUS = "\n\nExit status: 0 when every line was loaded or is already there, 1 when any was refused."
_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
_dry_run = click.option("--dry-run", is_flag=True, help="Check every line and store nothing.")


@click.group("import")
def import_group() -> None:
    """Load history, calls or accounts from files; a second time changes nothing."""


@contextmanager
def _opened(file: str) -> Iterator[tuple[IO[bytes], Callable[[], int] | None, int]]:
    """The file's bytes, unpacked where packed; how far it was read, None for a pipe; and its size."""
    if file == "-":
        yield sys.stdin.buffer, None, 0
        return
    path = Path(file)
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield unpacked, raw.tell, path.stat().st_size  # type: ignore[misc]  # a GzipFile reads like any file
        else:
            yield raw, raw.tell, path.stat().st_size


def _rows(
    file: str, kind: type[T], aliases: Mapping[str, str], unwrap: str = ""
) -> Iterator[tuple[int, T | LineRefused]]:
    """The rows of the file, with a progress bar where somebody watches."""
    with _opened(file) as (source, _, _size):
        content = source.read()
    rows = read_rows(content, kind, aliases, unwrap)
    if not sys.stderr.isatty():
        yield from rows
        return
    with click.progressbar(length=content.count(b"\n"), label="importing", file=sys.stderr) as bar:
        seen = 0
        for line, row in rows:
            bar.update(line - seen)
            seen = line
            yield line, row


@contextmanager
def _watched(file: str) -> Iterator[Iterator[bytes]]:
    """The lines of the file, with a progress bar where somebody watches."""
    with _opened(file) as (source, position, size):
        if position is None or not sys.stderr.isatty():
            yield iter(source)
            return
        with click.progressbar(length=size, label="importing", file=sys.stderr) as bar:
            yield _advancing(source, position, bar)


def _advancing(source: IO[bytes], position: Callable[[], int], bar: Any) -> Iterator[bytes]:
    seen = 0
    for count, line in enumerate(source):
        if count % 500 == 0:
            at = position()
            bar.update(at - seen)
            seen = at
        yield line
    bar.update(position() - seen)


def _finish(report: Report) -> None:
    """The refused lines on standard error, the summary on standard output, and the exit status."""
    for refusal in report.refused:
        click.echo(str(refusal), err=True)
    click.echo(report.summary())
    if report.refused:
        raise SystemExit(1)


@import_group.command("history", epilog=_STATUS.strip())
@_file
@_dry_run
def history(file: str, dry_run: bool) -> None:
    """Load tickets with their timelines, and calls, from JSON lines.

    FILE may be packed with gzip; - reads standard input. Lines are refused one by one, the rest is loaded. Nothing
    past is alerted about. Contracts must be stored and in force when a ticket was reported; queues, agents and
    callers not known yet are created.
    """

    async def work(store: Opened) -> Report:
        with _watched(file) as lines:
            async with store.pool.acquire() as conn:
                report = await import_history(conn, store.context, lines, system_now(), dry_run=dry_run)
        if not dry_run:
            await count_ended(store.pool, store.context, system_now())
        return report

    _finish(run(work))


@import_group.command("calls", epilog=_STATUS.strip())
@_file
@_dry_run
def calls(file: str, dry_run: bool) -> None:
    """Load calls from CSV (the first line names the columns) or JSON lines.

    Columns: ref, queue, caller, direction, received_at, queued_at, answered_at, ended_at, agent, outcome, wait_s,
    ticket_ref. Times need an offset. Queues, agents and callers not known yet are created.
    """

    async def work(store: Opened) -> Report:
        rows = _rows(file, CallLine, {}, unwrap="call")
        async with store.pool.acquire() as conn:
            return await import_calls(conn, store.settings, rows, system_now(), dry_run=dry_run)

    _finish(run(work))


@import_group.command("accounts", epilog=_STATUS.strip())
@_file
@_dry_run
def accounts(file: str, dry_run: bool) -> None:
    """Load customers with sites, contacts and equipment from CSV (the first line names the columns) or JSON lines.

    Columns: account, grade, site, region, address, contact, phone, email, serial, model, product_line, warranty_until.
    What is known already is completed and corrected, never doubled; an empty cell leaves what is there.
    """

    async def work(store: Opened) -> Report:
        rows = _rows(file, AccountLine, ALIASES)
        async with store.pool.acquire() as conn:
            return await import_accounts(conn, store.settings, rows, system_now(), dry_run=dry_run)

    _finish(run(work))
