"""A report as a page that prints well, and as PDF."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup

from callcenter.reports import charts
from callcenter.reports.model import Report
from callcenter.reports.sections import tables
from callcenter.reports.tables import Cell, Table, printable
from callcenter.reports.words import Language, Words

_TEMPLATES = Path(str(files("callcenter"))) / "web" / "templates" / "report"


def html(report: Report, language: Language, *, sealed: bool = False, base: str = "") -> str:
    """The whole page, style and charts within; `base` is put before its links into the console."""
    words = Words(language)
    zone = ZoneInfo(report.timezone)
    environment = _environment()
    template = environment.get_template("report.html")
    shown = _shown(words, zone)
    style = (_TEMPLATES / "report.css").read_text(encoding="utf-8").replace("FONTS", charts.FONTS[language])
    return template.render(
        report=report,
        tables=[_without_empty(one) if one.key == "breaches" else one for one in tables(report, words)],
        charts={"trend": charts.trend(report, words), "half_hours": charts.half_hours(report, words)},
        w=words,
        lang=language,
        style=Markup(style),  # noqa: S704  a file of ours
        sealed=sealed,
        base=base,
        shown=shown,
        widths=lambda table: _widths(table, shown),
        moment=lambda at: _moment(at, zone),
        _zone=zone,
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["moment"] = jinja2.pass_context(lambda context, at: _moment(at, context["_zone"]))
    return environment


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _shown(words: Words, zone: ZoneInfo) -> Callable[[Cell, str], str]:
    """Writes a cell of a kind."""

    def shown(cell: Cell, kind: str) -> str:
        if cell is None:
            return words("no_case") if kind == "percent" else ""
        if kind == "verdict":
            return words(cell)
        if isinstance(cell, datetime):
            return _moment(cell, zone)
        if kind == "seconds":
            return words.span(cell)
        if kind == "money":
            return f"{cell[0]} {cell[1]}"
        if kind == "percent":
            return f"{cell:.1f}"
        return f"{cell:,}" if isinstance(cell, int) and kind == "number" else printable(str(cell))

    return shown


def _without_empty(table: Table) -> Table:
    """The table without the columns in which no cell holds anything."""
    kept = [place for place in range(len(table.columns)) if any(row[place] is not None for row in table.rows)]
    rows = [[row[place] for place in kept] for row in table.rows]
    return replace(table, columns=[table.columns[place] for place in kept], rows=rows)


# a column counts as no wider than so many signs, and a line has room for so many; a Chinese sign is two wide
_WIDEST, _LINE, _PADDING, _SAMPLE = 34, 145, 3, 100


def _widths(table: Table, shown: Callable[[Cell, str], str]) -> list[float]:
    """Each column's part of the width: first room for what cannot be broken, then by what its cells hold.

    Finding it out from every cell takes a printer long.
    """
    least, wanted = [], []
    for place, column in enumerate(table.columns):
        cells = [shown(row[place], column.kind) for row in table.rows[:_SAMPLE]]
        word = max((_signs(part) for cell in (column.label, *cells) for part in _WORD.findall(cell)), default=0)
        least.append(min(_WIDEST, word) + _PADDING)
        wanted.append(max(least[-1], min(_WIDEST, max(map(_signs, cells), default=0)) + _PADDING))
    scarce = sum(wanted) - sum(least)
    room = min(1.0, max(0.0, (_LINE - sum(least)) / scarce)) if scarce else 0.0
    signs = [one + (more - one) * room for one, more in zip(least, wanted, strict=True)]
    return [round(100 * one / sum(signs), 2) for one in signs]


# what stays on one line: a word, a number, or a single Chinese sign
_WORD = re.compile(r"\d{4}-\d\d-\d\d|[^\s\u2e80-\uffff-]+-?|[\u2e80-\uffff]")


def _signs(text: str) -> int:
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)


def pdf(report: Report, language: Language, *, sealed: bool = False, base: str = "") -> bytes:
    """The page as PDF, its fonts embedded, the same bytes for the same report; takes seconds, so keep it off the loop.

    OSError where Pango is missing.
    """
    from weasyprint import HTML

    document = HTML(string=html(report, language, sealed=sealed, base=base), url_fetcher=_nothing)
    made: bytes = document.write_pdf(pdf_identifier=report.data_note.hash[:32].encode())
    return made


def _nothing(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"a report fetches nothing, not even {url}")
