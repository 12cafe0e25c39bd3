"""Importing calls and accounts from the files people have: CSV as Excel writes it, and JSON lines."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from callcenter.errors import Invalid
from callcenter.services.export import COLUMNS, as_csv
from callcenter.services.import_accounts import ALIASES, AccountLine, import_accounts
from callcenter.services.import_calls import CallLine, import_calls
from callcenter.services.table_files import read_rows
from callcenter.settings import Settings

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
Load = Callable[..., Any]

CALLS = """ref,Queue,caller,direction,received_at,answered_at,ended_at,agent,outcome,wait_s
C1,热线,13955112233,in,2026-11-01T09:00:00+08:00,2026-11-01T09:00:09+08:00,2026-11-01T09:05:00+08:00,wang,answered,9.5
C2,,'+8655163601234,in,2026-11-01T09:00:00+08:00,,,,missed,

C3,热线,x,up,2026-11-01T09:00:00+08:00,,,,,
C4,热线,x,in,2026-11-01 09:00:00,,,,,
C5,热线,x,in,2026-11-01T09:00:00+08:00,,,,,many
C6,热线,x,in,2026-11-01T09:00:00+08:00,,,,,,,
"""
ACCOUNTS = """account,grade,site,region,address,contact,phone,email,asset serial,model,warranty_until
Chaohu Clinic,A,North house,city,1 Lake Road,Dr Li,0551 63601234,,SN-1,X200,2026/12/31
Chaohu Clinic,,North house,,,Dr Wu,0551 63601234,wu@example.org,SN-2,X200,
Feixi School,B,,,,Mr Chen,,,,,
Feixi School,,,,,Mr Chen,13955112233,,,,
Feixi School,,,,,,,,SN-1,,
Nobody,,,city,,,,,,,
"""


@pytest.fixture
def calls(pool: asyncpg.Pool) -> Load:
    async def run(content: bytes, *, dry_run: bool = False) -> Any:
        async with pool.acquire() as conn:
            return await import_calls(conn, Settings(), read_rows(content, CallLine, {}, "call"), NOW, dry_run=dry_run)

    return run


@pytest.fixture
def accounts(pool: asyncpg.Pool) -> Load:
    async def run(content: bytes, *, dry_run: bool = False) -> Any:
        async with pool.acquire() as conn:
            rows = read_rows(content, AccountLine, ALIASES)
            return await import_accounts(conn, Settings(), rows, NOW, dry_run=dry_run)

    return run


@pytest.mark.parametrize("content", [CALLS.encode(), CALLS.encode("utf-8-sig"), CALLS.encode("gb18030"),
                                     CALLS.replace(",", ";").replace("\n", "\r\n").encode()])  # fmt: skip
async def test_calls_from_csv_in_any_dress(calls: Load, pool: asyncpg.Pool, content: bytes) -> None:
    dry = await calls(content, dry_run=True)
    assert await pool.fetchval("select count(*) from calls") == 0
    report = await calls(content)
    assert report.loaded == dry.loaded == {"calls": 2}
    told = [(5, "direction"), (6, "received_at"), (7, "wait_s"), (8, None)]
    assert [(one.line, one.column) for one in report.refused] == told
    rows = await pool.fetch(
        "select q.name, c.caller, wait_s, agent from calls c left join queues q on q.id = queue order by ref"
    )
    assert [tuple(row) for row in rows] == [
        ("热线", "+8613955112233", 9.5, "wang"),
        (None, "+8655163601234", None, None),
    ]
    again = await calls(content)
    assert (again.loaded["calls"], again.already_there) == (0, 2)


async def test_calls_from_json_lines_wrapped_or_bare(calls: Load, pool: asyncpg.Pool) -> None:
    bare = b'{"ref": "C1", "direction": "in", "received_at": "2026-11-01T09:00:00Z"}\n'
    wrapped = b'{"call": {"ref": "C2", "direction": "out", "received_at": "2026-11-01T09:00:00Z", "wait_s": "3"}}\n'
    report = await calls(bare + wrapped + b"[]\n")
    assert report.loaded == {"calls": 1}
    assert [(one.line, one.column) for one in report.refused] == [(2, "wait_s"), (3, None)]


async def test_a_column_nobody_knows_refuses_the_file(calls: Load) -> None:
    with pytest.raises(Invalid, match="unknown column 'colour'"):
        await calls(b"ref,colour\nC1,red\n")
    with pytest.raises(Invalid, match="there twice"):
        await calls(b"ref,ref\nC1,C1\n")


async def test_accounts_with_everything_they_have(accounts: Load, pool: asyncpg.Pool) -> None:
    dry = await accounts(ACCOUNTS.encode(), dry_run=True)
    assert await pool.fetchval("select count(*) from accounts") == 0
    report = await accounts(ACCOUNTS.encode())
    assert report.loaded == dry.loaded == {"rows": 4}
    assert report.created == {"accounts": 2, "sites": 1, "contacts": 3, "assets": 2}
    assert [(one.line, one.column, one.code) for one in report.refused] == [
        (6, "serial", "other_account"),
        (7, "region", "site_needed"),
    ]
    people = await pool.fetch("select name, phone, email from contacts order by name")
    assert [tuple(row) for row in people] == [
        ("Dr Li", "+8655163601234", None),
        ("Dr Wu", "+8655163601234", "wu@example.org"),
        ("Mr Chen", "+8613955112233", None),
    ]
    asset = await pool.fetchrow(
        "select e.*, s.region from assets e join sites s on s.id = e.site where serial = 'SN-1'"
    )
    assert (asset["model"], asset["warranty_until"], asset["region"]) == ("X200", date(2026, 12, 31), "city")


async def test_accounts_again_change_nothing_and_corrections_correct(accounts: Load, pool: asyncpg.Pool) -> None:
    await accounts(ACCOUNTS.encode())
    before = await pool.fetch(
        "select id, version from accounts union all select id, version from contacts order by 1, 2"
    )
    again = await accounts(ACCOUNTS.encode())
    assert (again.loaded["rows"], again.already_there, sum(again.created.values())) == (0, 4, 0)
    after = await pool.fetch(
        "select id, version from accounts union all select id, version from contacts order by 1, 2"
    )
    assert after == before
    await accounts(b"account,grade\nChaohu Clinic,C\nFeixi School,\n")
    assert await pool.fetchval("select string_agg(grade, ',' order by name) from accounts") == "C,B"


async def test_exported_csv_cells_a_spreadsheet_would_compute_are_harmless_and_come_back(calls: Load) -> None:
    line = dict.fromkeys(COLUMNS["calls"]) | {"ref": "=1+1", "caller": "+8655163601234", "agent": "@x", "wait_s": -1}
    text = as_csv([line], COLUMNS["calls"])
    assert ",'=1+1," in text
    assert ",'+8655163601234," in text
    assert ",'@x," in text
    assert ",-1," in text  # a number is no formula
    content = "ref,caller,direction,received_at\r\n'=1+1,'+8655163601234,in,2026-11-01T09:00:00Z\r\n"
    rows = list(read_rows(content.encode(), CallLine, {}))
    assert [(line, row.ref, row.caller) for line, row in rows if isinstance(row, CallLine)] == [
        (2, "=1+1", "+8655163601234")
    ]
