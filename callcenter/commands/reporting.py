"""`callcenter report`."""

from pathlib import Path

import click
import msgspec

from callcenter.commands.opening import Opened, run
from callcenter.now import system_now
from callcenter.services import compliance


@click.command()
@click.argument("contract")
@click.option("--month", metavar="YYYY-MM", help="The running month when left out.")
@click.option("--format", "form", type=click.Choice(["json"]), default="json", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Standard output when left out.")
def report(contract: str, month: str | None, form: str, output: Path | None) -> None:
    """Write a month's compliance report."""

    async def work(store: Opened) -> str:
        async with store.pool.acquire() as conn:
            found = await compliance.month(conn, store.context, contract, month, system_now())
        return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()

    text = run(work)
    if output is None:
        click.echo(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
