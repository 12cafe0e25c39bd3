"""A report as an XLSX workbook: a sheet a section, numbers and dates as such, every breach on a sheet of its own."""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from callcenter.reports.model import Breach, Report
from callcenter.reports.sections import tables
from callcenter.reports.tables import Cell, Column, Table, breach_columns, breach_row, printable
from callcenter.reports.words import Language, Words

# What a sheet holds, its head included.
_MOST_ROWS = 1_048_576
# and a cell
_MOST_SIGNS = 32_767
_WIDTHS = {"instant": 17, "text": 22, "ticket": 10, "seconds": 12, "verdict": 20}
_FORMATS: dict[str, dict[str, str]] = {
    "instant": {"num_format": "yyyy-mm-dd hh:mm"},
    "seconds": {"num_format": "[h]:mm:ss"},
    "percent": {"num_format": "0.0"},
    "money": {"num_format": "#,##0.00"},
    "number": {},
    "ticket": {},
    "text": {"valign": "top"},
    "verdict": {},
}


class Workbook:
    """A workbook under way: pages of breaches are added, `bytes` ends it."""

    def __init__(self, report: Report, language: Language) -> None:
        self._report, self._words = report, Words(language)
        self._zone = ZoneInfo(report.timezone)
        self._file = io.BytesIO()
        # rows go to disk as they are written, so that a hundred thousand breaches need no memory
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(self._file, options)
        # the month's end, so that the same report gives the same bytes
        self._book.set_properties(
            {"title": f"{report.contract} {report.month}", "created": report.until.replace(tzinfo=None)}
        )
        self._formats = {kind: self._book.add_format(given) for kind, given in _FORMATS.items()}
        self._head = self._book.add_format({"bold": True, "text_wrap": True, "bottom": 1})
        self._names: set[str] = set()
        self._line = 0
        for table in tables(report, self._words):
            if table.key != "breaches":
                self._table(table)
        self._columns = breach_columns(self._words)
        self._breaches = self._sheet(self._words("breaches"), self._columns)

    def add(self, breaches: Iterable[Breach]) -> None:
        """These breaches are written, as far as a sheet has room."""
        for one in breaches:
            if self._line + 1 >= _MOST_ROWS:
                return
            self._line += 1
            row = breach_row(one, self._report, self._words)
            self._row(self._breaches, self._line, row, self._columns)

    def bytes(self) -> bytes:
        """The finished workbook."""
        self._book.close()
        return self._file.getvalue()

    def _table(self, table: Table) -> None:
        sheet = self._sheet(table.title, table.columns)
        for line, row in enumerate(table.rows, 1):
            self._row(sheet, line, row, table.columns)
        if table.note:
            sheet.write_string(len(table.rows) + 2, 0, table.note)

    def _sheet(self, title: str, columns: Sequence[Column]) -> Worksheet:
        name = _sheet_name(title, self._names)
        sheet: Worksheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, _WIDTHS.get(column.kind, 14))
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column.label, self._head)
        return sheet

    def _row(self, sheet: Worksheet, line: int, row: Sequence[Cell], columns: Sequence[Column]) -> None:
        for place, (cell, column) in enumerate(zip(row, columns, strict=True)):
            self._cell(sheet, line, place, cell, column.kind)

    def _cell(self, sheet: Worksheet, line: int, place: int, cell: Any, kind: str) -> None:
        form = self._formats[kind]
        if cell is None:
            if kind == "percent":
                sheet.write_string(line, place, self._words("no_case"))
        elif isinstance(cell, datetime):
            sheet.write_datetime(line, place, cell.astimezone(self._zone).replace(tzinfo=None), form)
        elif isinstance(cell, tuple):
            sheet.write_number(line, place, float(cell[0]), self._formats["money"])
        elif kind == "seconds":
            sheet.write_number(line, place, cell / 86400, form)
        elif isinstance(cell, int | float):
            sheet.write_number(line, place, cell, form)
        else:
            text = self._words(cell) if kind == "verdict" else str(cell)
            sheet.write_string(line, place, printable(text)[:_MOST_SIGNS], form)


def _sheet_name(title: str, taken: set[str]) -> str:
    """A name a workbook takes: 31 signs at most, none of []:*?/\\, no two alike."""
    bare = re.sub(r"[\[\]:*?/\\]", " ", title).strip("' ")[:28] or "-"
    name, number = bare, 1
    while name.lower() in taken:
        number += 1
        name = f"{bare[:26]} {number}"
    taken.add(name.lower())
    return name
