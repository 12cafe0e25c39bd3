"""Every month of a city's service desk: the report against a recount from the city's own due dates and closings."""

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from callcenter.reports.model import Report
from callcenter.services import contracts, report_forms, reports
from callcenter.services.context import Context
from callcenter.services.history import import_history
from callcenter.services.report_forms import Asked
from callcenter.services.types import Actor
from callcenter.settings import Settings

pytestmark = pytest.mark.shared

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
CONTEXT = Context(Settings(), lambda: NOW)


@pytest.fixture
async def loaded(pool: asyncpg.Pool, shared: Path) -> asyncpg.Pool:
    """The city's contract and history are in the store."""
    folder = shared / "data" / "boston_311"
    async with pool.acquire() as conn:
        source = (folder / "contract.yaml").read_text(encoding="utf-8")
        await contracts.put(conn, None, source, Actor("tests", "admin"), NOW)
        with (folder / "history.jsonl").open("rb") as lines:
            await import_history(conn, CONTEXT, lines, NOW)
    return pool


def recounted(folder: Path) -> dict[str, Counter[str]]:
    """By month of the city's own due date: cases, kept and broken ones; open and overdue is broken."""
    closed: dict[str, datetime] = {}
    for line in (folder / "history.jsonl").read_text().splitlines():
        ticket = json.loads(line)["ticket"]
        ends = [one["occurred_at"] for one in ticket["events"] if one["type"] == "resolved"]
        if ends:
            closed[ticket["ref"]] = datetime.fromisoformat(ends[0])
    found: dict[str, Counter[str]] = {}
    for line in (folder / "expected.jsonl").read_text().splitlines():
        known = json.loads(line)
        due = datetime.fromisoformat(known["due_local"])
        month = found.setdefault(f"{due:%Y-%m}", Counter())
        kept = known["ref"] in closed and known["status"] == "ONTIME"
        month.update(["due", "met" if kept else "breached"])
    return found


async def test_every_month_equals_the_recount(loaded: asyncpg.Pool, shared: Path) -> None:
    counts = recounted(shared / "data" / "boston_311")
    assert sum(one["due"] for one in counts.values()) == 2006
    assert sum(one["breached"] for one in counts.values()) > 300
    async with loaded.acquire() as conn:
        for month, expected in sorted(counts.items()):
            report = await reports.build(conn, CONTEXT, "BOS-311", month, NOW)
            total = report.total
            assert (total.due, total.met, total.breached) == tuple(
                expected[one] for one in ("due", "met", "breached")
            ), month
            assert total.compliance == expected["met"] * 1000 // expected["due"] / 10
            assert report.breaches_total == expected["breached"]
            assert len(report.breaches) == min(100, expected["breached"])


async def test_a_month_without_a_case_says_so(loaded: asyncpg.Pool) -> None:
    async with loaded.acquire() as conn:
        report = await reports.build(conn, CONTEXT, "BOS-311", "2014-06", NOW)
        assert (report.total.due, report.total.compliance, report.rows) == (0, None, [])
        page = await report_forms.write(conn, CONTEXT, Asked(code="BOS-311", month="2014-06", form="html"), NOW)
        assert "no case" in page.content.decode()
        assert "100.0" not in page.content.decode()


async def test_the_forms_tell_the_same_figures(loaded: asyncpg.Pool) -> None:
    async with loaded.acquire() as conn:
        report = await reports.build(conn, CONTEXT, "BOS-311", "2015-04", NOW)
        whole = await _written(conn, "json")
        assert json.loads(whole)["total"]["breached"] == report.total.breached == 44
        table = list(csv.DictReader(io.StringIO((await _written(conn, "csv")).decode("utf-8-sig"))))
        assert [int(row["breached"]) for row in table] == [row.breached for row in report.rows]
        listed = list(
            csv.DictReader(io.StringIO((await _written(conn, "csv", section="breaches")).decode("utf-8-sig")))
        )
        assert _keys(report) == [(int(row["ticket"]), row["commitment"]) for row in listed]


def _keys(report: Report) -> list[tuple[int, str]]:
    return [(one.ticket, one.commitment) for one in report.breaches]


async def _written(conn: Any, form: Any, **more: Any) -> bytes:
    asked = Asked(code="BOS-311", month="2015-04", form=form, **more)
    return (await report_forms.write(conn, CONTEXT, asked, NOW)).content
