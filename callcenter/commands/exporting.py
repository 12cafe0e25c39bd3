"""`callcenter export`: clocks, calls or tickets on standard output, streamed."""

import os
import sys

import click

from callcenter.commands.opening import Opened, run
from callcenter.now import system_now
from callcenter.services.export import COLUMNS, What, as_csv, as_jsonl, lines

_contract = click.option("--contract", metavar="CODE", help="Of this contract only.")
_format = click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)


@click.group("export")
def export_group() -> None:
    """Write clocks, calls or tickets to standard output, one line each."""


@export_group.command("clocks")
@_contract
@_format
def clocks(contract: str | None, form: str) -> None:
    """Every clock, evaluated now. Instants are UTC, `_s` are seconds."""
    _export("clocks", contract, form)


@export_group.command("calls")
@_contract
@_format
def calls(contract: str | None, form: str) -> None:
    """Every call; with --contract those about its tickets."""
    _export("calls", contract, form)


@export_group.command("tickets")
@_contract
@_format
def tickets(contract: str | None, form: str) -> None:
    """Every ticket, as its timeline stands."""
    _export("tickets", contract, form)


def _export(what: What, contract: str | None, form: str) -> None:
    columns = COLUMNS[what]

    async def work(store: Opened) -> None:
        out = sys.stdout.buffer
        async with store.pool.acquire() as conn:
            pages = lines(conn, store.context, what, contract, system_now())
            try:
                if form == "csv":
                    out.write((",".join(columns) + "\r\n").encode())
                async for page in pages:
                    out.write((as_csv(page, columns) if form == "csv" else as_jsonl(page)).encode())
                out.flush()
            except BrokenPipeError:  # the reader has seen enough
                os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
            finally:
                await pages.aclose()

    run(work)
