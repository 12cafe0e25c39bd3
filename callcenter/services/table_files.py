"""Rows of a file people made: CSV as Excel writes it, or JSON lines."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from callcenter.errors import Invalid
from callcenter.services.importing import LineRefused, decoded, misfit, numbered

T = TypeVar("T")

# Line number and the row's values, or why they cannot be had.
Rows = Iterator[tuple[int, dict[str, Any] | LineRefused]]
_FORMULA = ("'=", "'+", "'-", "'@")


def read_rows(
    content: bytes, kind: type[T], aliases: Mapping[str, str], unwrap: str = ""
) -> Iterator[tuple[int, T | LineRefused]]:
    """The rows as `kind`, each with its line number; a row that does not fit comes as its refusal.

    A CSV file with a column that `kind` does not know is refused whole (Invalid), as is one in no known encoding.
    `aliases` are other names of columns; JSON objects may be wrapped as `{unwrap: {...}}`.
    """
    known = [field.encode_name for field in msgspec.structs.fields(kind)]  # type: ignore[arg-type]  # a Struct type
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        strict, rows = True, _json_rows(content, unwrap)
    else:
        strict, rows = False, _csv_rows(_text(content), known, aliases)
    for line, row in rows:
        yield line, row if isinstance(row, LineRefused) else _converted(row, kind, aliases, strict=strict)


def _converted(row: dict[str, Any], kind: type[T], aliases: Mapping[str, str], *, strict: bool) -> T | LineRefused:
    named = {aliases.get(name, name): value for name, value in row.items()}
    try:
        return msgspec.convert(named, kind, strict=strict)
    except msgspec.ValidationError as error:
        return misfit(error)


def _json_rows(content: bytes, unwrap: str) -> Rows:
    for line, text in numbered(content.splitlines()):
        try:
            row = decoded(msgspec.json.decode, text)
            row = row[unwrap] if isinstance(row, dict) and set(row) == {unwrap} else row
            if not isinstance(row, dict):
                raise LineRefused(None, "bad_line", "a line is a JSON object")
            yield line, row
        except LineRefused as why:
            yield line, why


def _text(content: bytes) -> str:
    """The text in UTF-8, or in GB18030, which Chinese Excel writes."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("the file is neither UTF-8 nor GB18030: save it as CSV UTF-8")


def _csv_rows(text: str, known: Collection[str], aliases: Mapping[str, str]) -> Rows:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = _header(next(reader, []), known, aliases)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, LineRefused(None, "not_csv", str(error))
            continue
        if any(cell.strip() for cell in cells):
            yield line, _row(cells, columns)


def _header(cells: list[str], known: Collection[str], aliases: Mapping[str, str]) -> list[str]:
    columns = [cell.strip().lower().replace(" ", "_") for cell in cells]
    columns = [aliases.get(column, column) for column in columns]
    strange = [cell for cell, column in zip(cells, columns, strict=True) if column not in known]
    if strange or not columns:
        raise Invalid(
            f"line 1: unknown column {strange[0]!r}; columns are {', '.join(known)}" if strange else "it is empty"
        )
    if twice := [column for column in columns if columns.count(column) > 1]:
        raise Invalid(f"line 1: the column {twice[0]} is there twice")
    return columns


def _row(cells: list[str], columns: list[str]) -> dict[str, Any] | LineRefused:
    if len(cells) > len(columns):
        return LineRefused(None, "too_many_cells", f"{len(cells)} cells under {len(columns)} columns")
    values = zip(columns, (cell.strip() for cell in cells), strict=False)
    return {column: cell[1:] if cell.startswith(_FORMULA) else cell for column, cell in values if cell}
