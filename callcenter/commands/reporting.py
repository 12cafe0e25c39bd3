"""`callcenter report`."""

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from callcenter.commands.opening import Opened, run
from callcenter.now import system_now
from callcenter.reports.words import LANGUAGES
from callcenter.services import report_forms
from callcenter.services.report_forms import FORMS, Asked, Written


def _month(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """The month as it is written; refused unless it is one."""
    year, _, month = (value or "").partition("-")
    if value is None or (len(year) == 4 and len(month) == 2 and (year + month).isascii() and (year + month).isdigit()
                         and 1 <= int(month) <= 12):  # fmt: skip
        return value
    raise click.BadParameter("write it as 2026-10")


@click.command()
@click.argument("contract")
@click.option("--month", metavar="YYYY-MM", callback=_month, help="The running month when left out.")
@click.option("--format", "form", type=click.Choice(FORMS), default="json", show_default=True)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of html, pdf and xlsx.")
@click.option("--section", default="promises", show_default=True, help="The table that a CSV file holds.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Standard output when left out.")
def report(contract: str, month: str | None, form: Any, lang: Any, section: str, output: Path | None) -> None:
    """Write a month's compliance report; of a sealed month the sealed one, the same bytes each time."""
    asked = Asked(code=contract, month=month, form=form, language=lang, section=section)

    async def work(store: Opened) -> Written:
        async with store.pool.acquire() as conn:
            return await report_forms.write(conn, store.context, asked, system_now())

    written = run(work)
    content = written.content
    if form == "json":
        content = msgspec.json.format(content, indent=2) + b"\n"
    if output is not None:
        output.write_bytes(content)
    elif form in ("xlsx", "pdf") and sys.stdout.isatty():
        raise click.UsageError(f"{form} is not for a terminal: name a file with -o")
    else:
        click.echo(content, nl=False)
