"""The figures of every PostgreSQL panel, against counts made here from the bare rows.

Every number a panel shows is one its unit allows: no count below 0, no share beyond 1, no time that is none, and
nothing empty where a number belongs.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Databases
from tests.integration.panel_facts import DAY, Facts, Row, read
from tests.integration.panel_opinions import OPINIONS
from tests.integration.test_dashboards import SQL


@pytest.fixture(scope="module")
def facts(databases: Databases) -> Iterator[Facts]:
    """The demo's past, and what each panel shows of it."""
    name = databases.clone()
    try:
        yield asyncio.run(read(databases, name))
    finally:
        databases.drop(name)


# What a number of a unit may be. Spans of a way or a repair are those of entries of one day.
UNITS: dict[str, tuple[float, float]] = {"percentunit": (0, 1), "s": (0, 86_400), "count": (0, 100_000)}
# What may be empty: what a ticket need not have, and what is a share or a middle of nothing.
EMPTY = {
    "Tickets nobody has": {"severity", "contract", "due"},
    "Who is overloaded": {"next"},
    "Kept so far, worst first": {"share"},
    "Ways and repairs by region": {"way", "way_long", "repair"},
}
OF_A_TICKET = {"severity", "region", "customer"}


def _cells(panel: dict[str, Any], row: Row) -> Iterator[tuple[str, str | None, Any]]:
    """Name, unit and value of each cell as the panel shows it."""
    units = {
        override["matcher"]["options"]: one["value"]
        for override in panel["fieldConfig"]["overrides"] for one in override["properties"] if one["id"] == "unit"
    }  # fmt: skip
    for name, value in row.items():
        yield name, units.get(name), value


PANELS: list[Any] = [pytest.param(param.values[1], id=str(param.id)) for param in SQL]


def _fits(unit: str | None, name: str, value: Any, now: datetime) -> bool:
    if isinstance(value, datetime):
        within = 366 * DAY if unit in ("dateTimeFromNow", "dateTimeAsLocal") else timedelta(0)
        return value.tzinfo is not None and abs(value - now) <= within
    if isinstance(value, str):
        return value != "" and unit in (None, "string")
    if name in ("ticket", "severity"):
        return isinstance(value, int) and value >= 1
    lowest, highest = UNITS[unit or "count"]
    return lowest <= value <= highest and (unit is not None or isinstance(value, int))


@pytest.mark.parametrize("panel", PANELS)
def test_every_number_is_one_its_unit_allows(facts: Facts, panel: dict[str, Any]) -> None:
    title = panel["title"]
    may_be_empty = EMPTY.get(title, set()) | (OF_A_TICKET if "ticket" in (facts.shown[title] or [{}])[0] else set())
    for row in facts.shown[title]:
        for name, unit, value in _cells(panel, row):
            if value is None:
                assert name in may_be_empty, f"{name} shows nothing: {row}"
            else:
                assert _fits(unit, name, value, facts.now), f"{name} ({unit or 'count'}) shows {value!r}"


@pytest.mark.parametrize("panel", PANELS)
def test_it_shows_what_the_bare_rows_say(facts: Facts, panel: dict[str, Any]) -> None:
    opinion, most = OPINIONS[panel["title"]]
    expected, shown = opinion(facts), facts.shown[panel["title"]]
    assert len(shown) == min(len(expected), most)
    whole = [_comparable(row) for row in expected]
    for row in shown:
        assert _comparable(row) in whole, f"{row} is not among {len(whole)} rows"
        whole.remove(_comparable(row))  # none is there twice


def _comparable(row: Row) -> Row:
    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.date() if (value.hour, value.minute, value.second) == (0, 0, 0) else value
        return pytest.approx(value) if isinstance(value, float) else value

    return {name: plain(value) for name, value in row.items()}


FIRST: dict[str, Callable[[Row], Any]] = {
    "Who is overloaded": lambda row: (-row["overdue"], -row["soon"], -row["open"]),
    "What will break next": lambda row: row["due"],
    "Missed and still open": lambda row: (row["severity"] is None, row["severity"], row["due"]),
    "Visits by deadline": lambda row: row["due"],
    "Missed this month": lambda row: -row["due"].timestamp(),
    "On the road and on site, longest first": lambda row: row["since"],
    "Kept so far, worst first": lambda row: (row["share"] is None, row["share"] or 0),
    "Deadlines of the next 12 hours": lambda row: row["hour"],
    "By severity and region": lambda row: (-row["breached"], row["severity"], row["region"]),
    "Engineers' load": lambda row: -row["open"],
    "Who has deadlines": lambda row: (-row["overdue"], -row["hour"], -row["hours"]),
    "More than one visit": lambda row: (-row["visits"], -row["ticket"]),
}


@pytest.mark.parametrize("title", FIRST)
def test_what_matters_most_comes_first(facts: Facts, title: str) -> None:
    opinion, most = OPINIONS[title]
    expected = sorted(FIRST[title](row) for row in opinion(facts))[:most]
    assert [FIRST[title](row) for row in facts.shown[title]] == expected


def test_every_panel_has_something_to_show(facts: Facts) -> None:
    """What shows nothing was held to nothing; and a choice that takes nothing away was not tried."""
    assert [title for title, rows in facts.shown.items() if not rows] == []
    assert OPINIONS.keys() == facts.shown.keys()
    assert {one["code"] for one in facts.contracts.values()} > set(facts.chosen["contract"])
    assert {one["region"] or "-" for one in facts.tickets.values()} > set(facts.chosen["region"])
