"""Reading `within`: a figure, a map by severity, a map by region, or the long list, into rows of one table."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sla import duration, fields
from sla.document import Findings, Path, Value
from sla.interval import DAY
from sla.within import NONE, WORDS, Case, Figure, Within

_YEAR = 366 * DAY
_CONDITIONS = ("severity", "region", "category")


@dataclass(frozen=True, slots=True)
class Names:
    """What the rows of a table may name."""

    severities: Collection[int]
    regions: Collection[str]


def read_within(value: Value, path: Path, findings: Findings, names: Names) -> Within:
    """The table that `within` writes."""
    if isinstance(value, list):
        return Within.of(_rows(value, path, findings, names))
    if not isinstance(value, Mapping):
        return Within.of([Case(read_figure(value, path, findings))])
    if not value:
        findings.add(path, "there is no figure; write a duration, none, measure or agreed", "empty")
    if _by_severity(value, names) and not isinstance(value.get("default"), Mapping):
        return Within.of(_severity_map(value, path, findings, names, None))
    return Within.of(_region_map(value, path, findings, names))


def read_figure(value: Value, path: Path, findings: Findings) -> Figure:
    """A duration, `none`, `measure` or `agreed`."""
    if isinstance(value, str) and value in WORDS:
        return WORDS[value]
    try:
        if not isinstance(value, str):
            raise ValueError(f"{fields.shown(value)} is not a duration: write it as 30m, 4h, 3wd or 10d")
        length = duration.parse(value)
        if length.micros > 100 * _YEAR or length.days > 36_600 or length.months > 1200:
            raise ValueError(f"{value!r} is longer than a hundred years")
    except ValueError as error:
        findings.add(path, f"{error}; or none, measure or agreed", "bad_duration")
        return NONE
    return Figure("duration", value, length, (length.kind, length.micros, length.days, length.months))


def _by_severity(value: Mapping[str, Value], names: Names) -> bool:
    keys = [name for name in value if name != "default"]
    return not keys or any(_severity(name) in names.severities for name in keys)


def _severity(name: object) -> int | None:
    return int(name) if isinstance(name, str) and fields.is_number(name) else None


def _severity_map(
    value: Mapping[str, Value], path: Path, findings: Findings, names: Names, regions: frozenset[str] | None
) -> Iterator[Case]:
    for name, cell in value.items():
        if name == "default":
            continue
        severity = _severity(name)
        if severity is None or severity not in names.severities:
            findings.unknown((*path, name), "the severity", name, names.severities, "unknown_severity")
            continue
        yield Case(read_figure(cell, (*path, name), findings), frozenset((severity,)), regions)
    if "default" in value:
        yield Case(read_figure(value["default"], (*path, "default"), findings), None, regions)


def _region_map(value: Mapping[str, Value], path: Path, findings: Findings, names: Names) -> Iterator[Case]:
    for name, cell in sorted(value.items(), key=lambda pair: pair[0] == "default"):
        regions = None if name == "default" else frozenset((name,))
        if regions is not None and name not in names.regions:
            findings.unknown((*path, name), "the region or severity", name, _either(names), "unknown_region")
            continue
        if isinstance(cell, Mapping):
            yield from _severity_map(cell, (*path, name), findings, names, regions)
            # A region with a map of its own answers for itself: `default` beside it stands for other regions.
            yield Case(NONE, None, regions)
        else:
            yield Case(read_figure(cell, (*path, name), findings), None, regions)


def _either(names: Names) -> list[object]:
    return [*names.regions, *names.severities, "default"]


def _rows(value: list[Value], path: Path, findings: Findings, names: Names) -> Iterator[Case]:
    if not value:
        findings.add(path, "the list is empty; write at least {otherwise: none}", "empty")
    for index, item in enumerate(value):
        place = (*path, index)
        row = fields.mapping(item, place, findings, (*_CONDITIONS, "for", "otherwise"))
        if "otherwise" in row:
            if len(row) > 1:
                findings.add(place, "`otherwise` stands alone; write the figure of a condition as `for`", "bad_row")
            yield Case(read_figure(row["otherwise"], (*place, "otherwise"), findings))
        elif fields.required(row, ["for"], place, findings):
            if not any(name in row for name in _CONDITIONS):
                findings.add(place, "the row asks for nothing; write {otherwise: ...}", "bad_row")
            yield _row(row, place, findings, names)


def _row(row: fields.Fields, place: Path, findings: Findings, names: Names) -> Case:
    return Case(
        read_figure(row["for"], (*place, "for"), findings),
        _severities(row, place, findings, names),
        _named(row, "region", place, findings, names.regions),
        _named(row, "category", place, findings, None),
    )


def _severities(row: fields.Fields, place: Path, findings: Findings, names: Names) -> frozenset[int] | None:
    if "severity" not in row:
        return None
    path = (*place, "severity")
    asked = row["severity"]
    numbers = {fields.integer(one, path, findings) for one in (asked if isinstance(asked, list) else [asked])}
    for number in sorted(numbers - set(names.severities)):
        findings.unknown(path, "the severity", number, names.severities, "unknown_severity")
    return frozenset(numbers)


def _named(
    row: fields.Fields, name: str, place: Path, findings: Findings, known: Collection[str] | None
) -> frozenset[str] | None:
    if name not in row:
        return None
    asked = fields.words(row[name], (*place, name), findings)
    for word in asked:
        if known is not None and word not in known:
            findings.unknown((*place, name), f"the {name}", word, known, f"unknown_{name}")
    return frozenset(asked)
