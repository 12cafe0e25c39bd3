"""What reaches a counted day by another door: the telephone, a call, imports, exemptions, clocks added late."""

import json
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callcenter.services import compliance, counting, reports
from callcenter.services.history import import_history
from callcenter.services.import_accounts import ALIASES, AccountLine, import_accounts
from callcenter.services.import_calls import CallLine, import_calls
from callcenter.services.table_files import read_rows
from callcenter.store import calls
from tests.acceptance.test_kept_days import compare, counted

PHONE = "13912345678"


async def day_over(hotline: Any) -> int:
    """Everything of the first day is counted and kept; the ticket that was opened on it."""
    number: int = (await hotline.ring())["ticket"]["number"]
    await rings(hotline, "newCall", queue="hotline")
    call = await hotline.pool.fetchval("select id from calls where ref = 'c-1'")
    await hotline.post(f"/calls/{call}/move", {"ticket": number}, expect=200)
    hotline.clock.move(hours=1)
    await hotline.write(number, {"type": "arrived"})
    hotline.clock.move(days=3)
    await hotline.look()
    assert await compare(hotline) > 0
    return number


async def rings(hotline: Any, event: str, **more: Any) -> None:
    """The telephone system tells of a call."""
    body = {"event": event, "callId": "c-1", "from": PHONE, "to": "05515550000", "direction": "in", **more}
    url = hotline.server.make_url(f"/cti/{hotline.tokens['integration']}")
    async with hotline.session.post(url, json=body) as answer:
        assert answer.status == 200, await answer.text()


async def ended_late(hotline: Any, number: int) -> None:
    await rings(hotline, "hangup", cause="normalClearing")


async def changed_late(hotline: Any, number: int) -> None:
    at = hotline.clock.now - timedelta(days=3)
    values = {"answered_at": at, "ended_at": at + timedelta(minutes=2), "outcome": "answered", "agent": "agent"}
    async with hotline.pool.acquire() as conn, conn.transaction():
        id = await conn.fetchval("select id from calls where ref = 'c-1'")
        await calls.change(conn, id, {**values, "summary": "told at last"}, hotline.clock.now)


async def imports_calls(hotline: Any, number: int) -> None:
    at = (hotline.clock.now - timedelta(days=3)).isoformat()
    await hotline.pool.execute("update tickets set ref = 'T-1' where number = $1", number)
    file = f"ref,queue,caller,direction,received_at,outcome,ticket_ref\nC1,hotline,{PHONE},in,{at},missed,T-1\n"
    async with hotline.pool.acquire() as conn:
        rows = read_rows(file.encode(), CallLine, {}, "call")
        done = await import_calls(conn, hotline.context.settings, rows, hotline.clock.now)
    assert not done.refused


async def imports_history(hotline: Any, number: int) -> None:
    then = hotline.clock.now - timedelta(days=3, hours=1)
    names = {"reported": 0, "graded": 1, "responded": 3, "arrived": 90, "restored": 900}
    told = [{"type": name, "occurred_at": (then + timedelta(minutes=late)).isoformat()} for name, late in names.items()]
    told[1]["severity"] = 2
    ticket = {"ref": "OLD-1", "contract": "HF-1", "kind": "fault", "title": "Old", "region": "city", "events": told}
    call = {
        "ref": "OLD-C",
        "direction": "in",
        "received_at": then.isoformat(),
        "queue": "hotline",
        "ticket_ref": "OLD-1",
    }
    lines = [json.dumps(one).encode() for one in ({"ticket": ticket}, {"call": call})]
    async with hotline.pool.acquire() as conn:
        done = await import_history(conn, hotline.context, lines, hotline.clock.now)
    assert not done.refused


async def restored_late(hotline: Any, number: int) -> None:
    """Restored three days ago, where a further promise began."""
    at = (hotline.clock.now - timedelta(days=3)).isoformat()
    await hotline.write(number, {"type": "restored", "occurred_at": at})


async def graded_late(hotline: Any, number: int) -> None:
    """It was not ours: promises of that day go and others come."""
    at = (hotline.clock.now - timedelta(days=3)).isoformat()
    await hotline.write(number, {"type": "graded", "severity": 4, "reason": "a cut cable", "occurred_at": at})


@pytest.mark.parametrize("deed", [ended_late, changed_late, imports_calls, imports_history, restored_late, graded_late])
async def test_what_reaches_a_counted_day_is_counted(hotline: Any, deed: Any) -> None:
    number = await day_over(hotline)
    before = await counted(hotline)
    await deed(hotline, number)
    assert await counted(hotline) != before, "the deed concerns no figure"
    await compare(hotline)


async def test_a_clock_added_late_is_counted_where_it_is_due(hotline: Any, terms: str) -> None:
    again = "{name: again, starts: reported, stops: restored, within: 4h, calendar: always, on_reopen: restart}"
    second = terms.replace("version: 1", "version: 2").replace("effective: 2026-01-01", "effective: 2026-02-01")
    await hotline.put_contract(second.replace("reporting:", f"  - {again}\nreporting:"), "HF-1")
    number = await day_over(hotline)
    clocks = await hotline.count("clocks")
    then = hotline.clock.now - timedelta(days=3)
    for hours, kind in enumerate(("restored", "reopened")):  # and with it a second cycle begins
        await hotline.write(number, {"type": kind, "occurred_at": (then + timedelta(hours=hours)).isoformat()})
    assert await hotline.count("clocks") == clocks + 1
    await compare(hotline)


async def test_imported_accounts_leave_counted_days_as_they_are(hotline: Any) -> None:
    number = await day_over(hotline)
    rows = read_rows(b"account,asset serial,model\nAnhui public health,SN-1,X200\n", AccountLine, ALIASES)
    async with hotline.pool.acquire() as conn:
        await import_accounts(conn, hotline.context.settings, rows, hotline.clock.now)
    before = await counted(hotline)
    unit = await hotline.pool.fetchval("select id from assets where serial = 'SN-1'")
    etag = (await hotline.ask("GET", f"/tickets/{number}", expect=200)).etag
    await hotline.ask("PATCH", f"/tickets/{number}", json={"asset": unit}, headers={"If-Match": etag}, expect=200)
    assert await counted(hotline) != before  # a fault on a unit now
    await compare(hotline)


async def test_an_exemption_on_a_counted_day_shows_at_once(hotline: Any) -> None:
    number = await day_over(hotline)
    await hotline.write(number, {"type": "restored"})
    path = "/contracts/HF-1/compliance?month=2026-03"
    kept = await hotline.get(path, role="contract_manager")
    assert (kept["total"]["breached"], kept["total"]["exempt"]) == (3, 0)
    body = {"ticket": number, "commitment": "restore", "reason": "customer", "evidence": "the gate was locked"}
    asked = await hotline.post("/contracts/HF-1/exemptions", body, role="supervisor")
    decision = f"/contracts/HF-1/exemptions/{asked['id']}/decision"
    await hotline.post(decision, {"approve": True}, role="contract_manager", expect=200)
    after = await hotline.get(path, role="contract_manager")
    assert after["total"]["exempt"] == 1
    await hotline.pool.execute("truncate counted_days, kept_counts")
    assert await hotline.get(path, role="contract_manager") == after


async def test_a_first_look_counts_the_same_with_one_connection_and_with_two(hotline: Any) -> None:
    await day_over(hotline)
    now, reports_made = hotline.clock.now, []
    async with hotline.pool.acquire() as conn:
        for pool in (hotline.pool, None):
            await conn.execute("truncate counted_days, kept_counts")
            context = replace(hotline.context, pool=pool)
            found = await compliance.find(conn, context, "HF-1", "2026-03", now)
            await counting.ahead(conn, pool, found, now)
            parts = await conn.fetch("select part, count(*) from counted_days group by part order by part")
            assert [row["part"] for row in parts] == ["calls", "clocks", *(["faults"] if pool else [])]
            reports_made.append(await reports.fresh(conn, context, found, now))
    assert reports_made[0] == reports_made[1]


async def test_a_first_look_waits_for_no_second_connection(hotline: Any) -> None:
    await day_over(hotline)
    await hotline.pool.execute("truncate counted_days")
    async with AsyncExitStack() as held:
        conns = [await held.enter_async_context(hotline.pool.acquire()) for _ in range(hotline.pool.get_max_size())]
        found = await compliance.find(conns[0], hotline.context, "HF-1", "2026-03", hotline.clock.now)
        await counting.ahead(conns[0], hotline.pool, found, hotline.clock.now)
        assert await conns[0].fetchval("select count(*) from counted_days where part = 'clocks'") > 0
        assert await conns[0].fetchval("select count(*) from counted_days where part = 'faults'") == 0


async def test_a_month_long_ago_that_was_imported_into_is_counted_whole_before_anybody_looks(hotline: Any) -> None:
    number = await day_over(hotline)
    hotline.clock.move(days=200)
    old = hotline.clock.now - timedelta(days=120)
    hotline.clock.now, today = old, hotline.clock.now
    await imports_history(hotline, number)
    hotline.clock.now = today
    await counting.count_ended(hotline.pool, hotline.context, today)
    kept = "select distinct part from counted_days where since <= $1 and until > $1 order by part"
    rows = await hotline.pool.fetch(kept, old - timedelta(days=3, hours=1))
    assert [row["part"] for row in rows] == ["calls", "clocks", "faults"]
