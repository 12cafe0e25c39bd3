"""A table as CSV: UTF-8 with a byte order mark, headed by the columns' names for machines."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from callcenter.reports.tables import Cell, Column

# What a spreadsheet would compute.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def head(columns: Sequence[Column]) -> str:
    """The mark and the first line."""
    return "\ufeff" + lines([[column.key for column in columns]], columns)


def lines(rows: Iterable[Sequence[Cell]], columns: Sequence[Column]) -> str:
    """The rows, each ended by CR LF; a text a spreadsheet would compute is led by an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _cell(cell: Cell) -> object:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").replace(".000000Z", "Z")
    if isinstance(cell, tuple):
        return " ".join(str(part) for part in cell)
    if isinstance(cell, str) and (cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA)):
        return f"'{cell}"
    return "" if cell is None else cell
