"""A report as tables: the same ones for pages, spreadsheets and text files."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal
from urllib.parse import urlencode

from callcenter.reports.model import Breach, Report
from callcenter.reports.words import Words
from callcenter.services.compliance import ComplianceRow

Kind = Literal["text", "number", "percent", "seconds", "instant", "money", "ticket", "verdict"]
Cell = Any


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name for machines, its heading, and what its cells are."""

    key: str
    label: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """A section's table; `links` leads from a cell (row, column) to what is behind it."""

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    links: Mapping[tuple[int, int], str] = field(default_factory=dict)


def breach_columns(words: Words) -> list[Column]:
    """The columns of the list of breaches, without the timeline."""
    return [column(words, key, kind) for key, kind in _BREACH]


def breach_row(one: Breach, report: Report, words: Words) -> list[Cell]:
    """The cells of a breach."""
    values = {name: getattr(one, name) for name in _BREACH_NAMES}
    values["commitment"] = words.commitment(one.commitment)
    values["severity"] = severity(report, one.severity, words)
    values["region"] = region(report, one.region, words)
    values["responsible"] = words.party(one.responsible)
    values["exempt"] = words.party(one.exempt) if one.exempt else None
    values["credit"] = None if one.credit is None else (one.credit, one.currency)
    return [values[key] for key, _ in _BREACH]


_BREACH: Sequence[tuple[str, Kind]] = (
    ("ticket", "ticket"), ("ref", "text"), ("title", "text"), ("commitment", "text"), ("clause", "text"),
    ("cycle", "number"), ("severity", "text"), ("region", "text"), ("promised", "text"), ("reported_at", "instant"),
    ("due_at", "instant"), ("stopped_at", "instant"), ("overdue_s", "seconds"), ("responsible", "text"),
    ("cause", "text"), ("exempt", "text"), ("credit", "money"),
)  # fmt: skip
_BREACH_NAMES = [key for key, _ in _BREACH]


def severity(report: Report, number: int | None, words: Words) -> str | int | None:
    """A severity with its name; for machines its number."""
    if words.plain:
        return number
    return None if number is None else f"{number} {report.severities.get(str(number), '')}".strip()


def region(report: Report, name: str | None, words: Words) -> str | None:
    """A region as the contract calls it; for machines its key."""
    return name if name is None or words.plain else report.regions.get(name, name)


def printable(text: str) -> str:
    """The text without signs that no page and no XML can hold."""
    return _UNPRINTABLE.sub(" ", text)


_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def verdict(row: ComplianceRow) -> str:
    """green: kept; amber: only after exemptions, or still reachable; red; no_target; no_case. By the exact shares."""
    cases = row.met + row.breached
    if row.target is None:
        return "no_target" if cases else "no_case"
    if not cases:
        return "no_case"
    target = Fraction(str(row.target)) / 100
    if Fraction(row.met, cases) >= target:
        return "green"
    left = cases - row.exempt
    after = left == 0 or Fraction(row.met, left) >= target
    best = Fraction(row.met + row.open, left + row.open) if left + row.open else Fraction(1)
    return "amber" if after or (row.open and best >= target) else "red"


def behind(report: Report, row: ComplianceRow, figure: str, *, exactly: bool) -> str:
    """Where the tickets of a figure are listed in the console."""
    query = {"month": report.month, "figure": figure}
    if row.commitment:
        query["commitment"] = row.commitment
    if exactly:
        query |= {"exactly": "1", "severity": str(row.severity or ""), "region": row.region or ""}
    return f"/reports/{report.contract}/behind?{urlencode(query)}"


def column(words: Words, key: str, kind: Kind = "text") -> Column:
    return Column(key, words("exempt" if key == "exempted" else key), kind)


def columns_of(words: Words, *given: str) -> list[Column]:
    """Columns written as `key` or `key:kind`."""
    made = []
    for one in given:
        key, _, kind = one.partition(":")
        made.append(column(words, key, kind or "text"))  # type: ignore[arg-type]  # a kind of ours
    return made
