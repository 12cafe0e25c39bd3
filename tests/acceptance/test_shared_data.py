"""Real records through the whole of it: contract in, history in, clocks out, compared with what the sources knew."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import pytest

from callcenter.services import contracts, export
from callcenter.services.context import Context
from callcenter.services.history import import_history
from callcenter.services.importing import Report
from callcenter.services.types import Actor
from callcenter.settings import Settings

pytestmark = pytest.mark.shared

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ADMIN = Actor("tests", "admin")


class Loader:
    """The shared folders loaded into a database of the test's own."""

    def __init__(self, pool: asyncpg.Pool, shared: Path) -> None:
        self._pool = pool
        self._data = shared / "data"
        self._context = Context(Settings(), lambda: NOW)

    async def load(self, folder: str) -> Report:
        """Contract and history of a folder are stored."""
        contract = self._data / folder / "contract.yaml"
        async with self._pool.acquire() as conn:
            if contract.exists():
                await contracts.put(conn, None, contract.read_text(encoding="utf-8"), ADMIN, NOW)
            with (self._data / folder / "history.jsonl").open("rb") as lines:
                return await import_history(conn, self._context, lines, NOW)

    async def exported(self, what: export.What) -> list[dict[str, Any]]:
        """The export as lines."""
        async with self._pool.acquire() as conn:
            return [line async for page in export.lines(conn, self._context, what, None, NOW) for line in page]

    async def counts(self) -> dict[str, int]:
        """Rows of every table that an import writes."""
        tables = ("tickets", "entries", "clocks", "calls", "queues", "contacts", "users", "alerts", "deliveries")
        return {table: await self._pool.fetchval(f"select count(*) from {table}") for table in tables}

    def expected(self, folder: str) -> list[dict[str, Any]]:
        """What the source knew."""
        return [
            msgspec.json.decode(line) for line in (self._data / folder / "expected.jsonl").read_bytes().splitlines()
        ]


@pytest.fixture
def loader(pool: asyncpg.Pool, shared: Path) -> Loader:
    return Loader(pool, shared)


async def test_boston_311_gives_the_citys_own_due_dates_and_verdicts(loader: Loader) -> None:
    report = await loader.load("boston_311")
    assert (report.loaded["tickets"], report.refused) == (2006, [])
    clocks = {(line["ref"], line["commitment"]): line for line in await loader.exported("clocks")}
    wrong, verdicts = [], 0
    for known in loader.expected("boston_311"):
        clock = clocks[known["ref"], known["commitment"]]
        due = datetime.fromisoformat(known["due_local"]).replace(tzinfo=ZoneInfo("America/New_York"))
        if abs(datetime.fromisoformat(clock["due_at"]) - due) > timedelta(seconds=known["tolerance_s"]):
            wrong.append((known, clock))
        if clock["stopped_at"] is not None:
            verdicts += 1
            if clock["state"] != {"ONTIME": "met", "OVERDUE": "breached"}[known["status"]]:
                wrong.append((known, clock))
    assert wrong == []
    assert verdicts == 1672


async def test_itsm_incidents_agree_with_the_source_in_99_of_100(loader: Loader) -> None:
    report = await loader.load("itsm_incidents")
    assert (report.loaded["tickets"], report.created["callers"], report.refused) == (2000, 1234, [])
    clocks = {line["ref"]: line for line in await loader.exported("clocks") if line["commitment"] == "close"}
    known = loader.expected("itsm_incidents")
    agree = sum((clocks[one["ref"]]["state"] == "met") == one["made_sla"] for one in known)
    assert len(known) == 2000
    assert agree >= 1980


async def test_sf_fire_first_arrival_counts_and_nothing_is_refused(loader: Loader, shared: Path) -> None:
    report = await loader.load("sf_fire")
    assert (report.loaded["tickets"], report.refused) == (489, [])
    stopped = {
        line["ref"]: line["stopped_at"] for line in await loader.exported("clocks") if line["commitment"] == "on_site"
    }
    for line in (shared / "data" / "sf_fire" / "history.jsonl").read_bytes().splitlines():
        ticket = msgspec.json.decode(line)["ticket"]
        arrived = [datetime.fromisoformat(e["occurred_at"]) for e in ticket["events"] if e["type"] == "arrived"]
        resolved = [datetime.fromisoformat(e["occurred_at"]) for e in ticket["events"] if e["type"] == "resolved"]
        first = min([*arrived, *resolved])
        told = stopped[ticket["ref"]]
        assert told is not None
        assert datetime.fromisoformat(told) == first, ticket["ref"]


async def test_bank_calls_keep_their_waits(loader: Loader, shared: Path) -> None:
    report = await loader.load("bank_calls")
    assert (report.loaded["calls"], report.refused) == (2357, [])
    assert report.created == {"queues": 6, "agents": 19, "callers": 0}
    calls = {line["ref"]: line for line in await loader.exported("calls")}
    for line in (shared / "data" / "bank_calls" / "history.jsonl").read_bytes().splitlines():
        given = msgspec.json.decode(line)["call"]
        kept = calls[given["ref"]]
        for name in ("queue", "agent", "outcome", "wait_s", "direction"):
            assert kept[name] == given[name]
        for name in ("received_at", "queued_at", "answered_at", "ended_at"):
            same = None if given[name] is None else datetime.fromisoformat(given[name])
            assert (kept[name] and datetime.fromisoformat(kept[name])) == same


async def test_a_second_import_changes_nothing_and_the_past_is_silent(loader: Loader) -> None:
    folders = ("boston_311", "sf_fire", "itsm_incidents", "bank_calls")
    first = [await loader.load(folder) for folder in folders]
    counts = await loader.counts()
    assert counts["tickets"] == 2006 + 489 + 2000
    assert (counts["alerts"], counts["deliveries"]) == (0, 0)
    again = [await loader.load(folder) for folder in folders]
    assert [sum(report.loaded.values()) for report in again] == [0, 0, 0, 0]
    assert [report.already_there for report in again] == [sum(report.loaded.values()) for report in first]
    assert await loader.counts() == counts
