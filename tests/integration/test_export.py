"""Exports: one line each, evaluated at the command's own instant, the same through JSON lines and CSV."""

import csv
import io
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from callcenter.errors import NotFound
from callcenter.services import contracts, export
from callcenter.services.context import Context
from callcenter.services.history import import_history
from callcenter.services.types import Actor
from callcenter.settings import Settings

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
CONTRACT = """
contract: {code}
customer: Chaohu Clinic
valid: {{from: 2026-01-01, until: 2026-12-31}}
timezone: Asia/Shanghai
severities: {{1: {{name: grave, meaning: down}}}}
grading: [{{otherwise: 1}}]
calendars: {{always: 24x7}}
commitments:
  - {{name: response, starts: reported, stops: responded, within: 10m, calendar: always}}
  - {{name: resolve, starts: reported, stops: resolved, within: 4h, calendar: always, pauses: [parts]}}
"""
Lines = Callable[..., Awaitable[list[dict[str, Any]]]]


def history(ref: str, code: str, *events: tuple[str, timedelta]) -> bytes:
    told = [{"type": kind, "occurred_at": (NOW + offset).isoformat()} for kind, offset in events]
    for event in told:
        if event["type"] == "paused":
            event["reason"] = "parts"
    ticket = {"ref": ref, "contract": code, "kind": "fault", "title": "=cmd()", "category": "net", "events": told}
    return json.dumps({"ticket": ticket}).encode()


MIN = timedelta(minutes=1)


@pytest.fixture
async def lines(pool: asyncpg.Pool) -> Lines:
    """Exports from a database with three tickets under two contracts and a call."""
    context = Context(Settings(), lambda: NOW)
    told = [
        history("done", "HOT-1", ("reported", -600 * MIN), ("responded", -595 * MIN), ("resolved", -100 * MIN)),
        history("open", "HOT-1", ("reported", -5 * MIN)),
        history("held", "HOT-2", ("reported", -60 * MIN), ("paused", -30 * MIN)),
        b'{"call": {"ref": "C1", "direction": "in", "received_at": "2026-11-20T08:00:00Z", "ticket_ref": "held"}}',
    ]
    async with pool.acquire() as conn:
        for code in ("HOT-1", "HOT-2"):
            await contracts.put(conn, None, CONTRACT.format(code=code), Actor("tests", "admin"), NOW)
        report = await import_history(conn, context, told, NOW)
    assert report.refused == []

    async def run(what: export.What, code: str | None = None, now: datetime = NOW) -> list[dict[str, Any]]:
        async with pool.acquire() as conn:
            return [line async for page in export.lines(conn, context, what, code, now) for line in page]

    return run


async def test_a_clock_has_exactly_the_promised_columns(lines: Lines) -> None:
    first = (await lines("clocks"))[0]
    assert ", ".join(first) == (
        "ref, number, contract, commitment, cycle, kind, category, severity, region, state, started_at, due_at, "
        "stopped_at, breached_at, used_s, paused_s"
    )
    assert first == {
        "ref": "done", "number": 100001, "contract": "HOT-1", "commitment": "response", "cycle": 1, "kind": "fault",
        "category": "net", "severity": None, "region": None, "state": "met", "started_at": "2026-11-19T23:00:00Z",
        "due_at": "2026-11-19T23:10:00Z", "stopped_at": "2026-11-19T23:05:00Z", "breached_at": None, "used_s": 300,
        "paused_s": 0,
    }  # fmt: skip


async def test_open_clocks_are_evaluated_now_though_no_engine_looked(lines: Lines) -> None:
    async def told(now: datetime) -> dict[str, tuple[Any, ...]]:
        clocks = await lines("clocks", now=now)
        return {
            f"{c['ref']}/{c['commitment']}": (c["state"], c["used_s"], c["paused_s"], c["breached_at"]) for c in clocks
        }

    before = await told(NOW)
    assert before["open/response"] == ("running", 300, 0, None)
    assert before["held/resolve"] == ("paused", 1800, 1800, None)
    later = await told(NOW + timedelta(minutes=6))
    assert later["open/response"] == ("breached", 660, 0, "2026-11-20T09:05:00Z")
    assert later["held/resolve"] == ("paused", 1800, 2160, None)
    assert later["done/resolve"] == before["done/resolve"] == ("breached", 30000, 0, "2026-11-20T03:00:00Z")


async def test_one_contract_alone_and_none_of_an_unknown_one(lines: Lines) -> None:
    assert {line["contract"] for line in await lines("clocks", "HOT-2")} == {"HOT-2"}
    assert [line["ref"] for line in await lines("tickets", "HOT-1")] == ["done", "open"]
    assert [line["ticket_ref"] for line in await lines("calls", "HOT-2")] == ["held"]
    assert await lines("calls", "HOT-1") == []
    with pytest.raises(NotFound, match="no contract HOT-9"):
        await lines("clocks", "HOT-9")


async def test_pages_follow_each_other_without_gap_or_double(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {what: await lines(what) for what in ("clocks", "tickets", "calls")}
    assert {what: len(found) for what, found in whole.items()} == {"clocks": 6, "tickets": 3, "calls": 1}
    monkeypatch.setattr(export, "PAGE", 2)
    assert {what: await lines(what) for what in whole} == whole


async def test_csv_and_json_lines_say_the_same(lines: Lines) -> None:
    found = await lines("tickets")
    assert [json.loads(text) for text in export.as_jsonl(found).splitlines()] == found
    rows = list(csv.reader(io.StringIO(export.as_csv(found, export.COLUMNS["tickets"]))))
    titles = {row[export.COLUMNS["tickets"].index("title")] for row in rows}
    assert titles == {"'=cmd()"}
    assert [row[0] for row in rows] == [line["ref"] for line in found]
