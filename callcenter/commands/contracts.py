"""`callcenter contract`."""

from pathlib import Path

import click

from callcenter.commands.opening import Opened, run
from callcenter.now import system_now
from callcenter.services import contracts
from callcenter.services.types import Actor

_FILES = click.Path(exists=True, dir_okay=False, path_type=Path)
_US = Actor("command line", "admin")


@click.group()
def contract() -> None:
    """Contract files."""


@contract.command()
@click.argument("files", nargs=-1, required=True, type=_FILES)
def check(files: tuple[Path, ...]) -> None:
    """Say what is wrong with contract files; exit status 1 when one could not be stored."""
    bad = False
    for path in files:
        found = contracts.check(_text(path))
        for one in found.findings:
            where = f"{path}:{one.line}" if one.line else str(path)
            click.echo(f"{where}: {one.level}: {one.key}: {one.message}")
        if found.ok:
            click.echo(f"{path}: {found.contract} version {found.version} can be stored")
        bad |= not found.ok
    raise SystemExit(1 if bad else 0)


@contract.command("import")
@click.argument("files", nargs=-1, required=True, type=_FILES)
def import_files(files: tuple[Path, ...]) -> None:
    """Store contract files, each as a version of its contract; the same content again changes nothing."""

    async def work(store: Opened) -> None:
        async with store.pool.acquire() as conn:
            for path in files:
                stored = await contracts.put(conn, None, _text(path), _US, system_now())
                what = "stored" if stored.created else "was there already"
                click.echo(f"{path}: {stored.contract} version {stored.version} {what}")

    run(work)


@contract.command()
@click.argument("code")
@click.option("--version", type=int, help="The newest when left out.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Standard output when left out.")
def export(code: str, version: int | None, output: Path | None) -> None:
    """Write a contract's file as it was given."""

    async def work(store: Opened) -> str:
        async with store.pool.acquire() as conn:
            return await contracts.source(conn, code, version)

    source = run(work)
    if output is None:
        click.echo(source, nl=not source.endswith("\n"))
    else:
        output.write_text(source, encoding="utf-8")


@contract.command("list")
def list_contracts() -> None:
    """List contracts, one a line."""

    async def work(store: Opened) -> None:
        async with store.pool.acquire() as conn:
            for one in await contracts.listing(conn, "", 1_000_000):
                span = f"{one.valid_from}..{one.valid_until}"
                click.echo(f"{one.contract}\tversion {one.version}\t{span}\t{one.customer}\t{one.title}")

    run(work)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path} is not UTF-8: {error}") from error
