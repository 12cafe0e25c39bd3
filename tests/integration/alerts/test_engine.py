"""Engine passes with a moved `now` on a real database."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest

from alerts.engine import SET_ASIDE, run_pass
from callcenter.store import alerts

if TYPE_CHECKING:
    from tests.integration.alerts.conftest import Hotline

WARNING, BREACH, OVERDUE = 0, 1, 2


async def test_a_pass_over_nothing_does_nothing(hotline: "Hotline") -> None:
    result = await hotline.look(0)
    assert (result.clocks, result.alerts, result.failed) == (0, 0, 0)


async def test_the_ladder_is_climbed_until_somebody_acknowledges(hotline: "Hotline") -> None:
    number = await hotline.ticket()
    assert (await hotline.look(29)).clocks == 0
    for minutes, step, repeat in ((30, WARNING, 0), (61, BREACH, 0), (90, OVERDUE, 0), (120, OVERDUE, 1)):
        await hotline.look(minutes)
        assert (await hotline.told(number))[-1] == (step, repeat, "firing")
    clock = await hotline.clock(number)
    assert (clock["state"], clock["wake_at"], clock["breached_at"]) == ("breached", hotline.at(150), hotline.at(60))
    newest = await hotline.pool.fetchval("select max(id) from alerts")
    async with hotline.pool.acquire() as conn:
        row = await alerts.acknowledge(conn, newest, "ann", hotline.at(125))
    assert row is not None
    assert (row["state"], row["acknowledged_by"], row["acknowledged_at"]) == ("acknowledged", "ann", hotline.at(125))
    before = len(await hotline.told(number))
    for minutes in (125, 150, 300):
        await hotline.look(minutes)
    assert len(await hotline.told(number)) == before
    assert (await hotline.clock(number))["wake_at"] is None


async def test_acknowledging_what_is_over_or_unknown_changes_nothing(hotline: "Hotline") -> None:
    number = await hotline.ticket()
    await hotline.look(30)
    await hotline.write(number, 40, ("restored", 40, {}))
    only = await hotline.pool.fetchval("select id from alerts")
    async with hotline.pool.acquire() as conn:
        row = await alerts.acknowledge(conn, only, "ann", hotline.at(41))
        assert row is not None
        assert (row["state"], row["acknowledged_by"]) == ("resolved", None)
        assert await alerts.acknowledge(conn, only + 1, "ann", hotline.at(41)) is None


async def test_a_promise_kept_resolves_and_whoever_was_told_hears_of_it(hotline: "Hotline") -> None:
    number = await hotline.ticket()
    await hotline.look(30)
    await hotline.pool.execute("update deliveries set state = 'sent', sent_at = $1", hotline.at(30))
    await hotline.write(number, 40, ("restored", 40, {}))
    assert await hotline.told(number) == [(WARNING, 0, "resolved")]
    assert [(d["event"], d["state"]) for d in await hotline.deliveries(number)] == [
        ("fire", "sent"),
        ("resolve", "pending"),
    ]
    assert (await hotline.look(70)).clocks == 0


async def test_a_moved_deadline_cancels_what_was_not_sent_and_tells_who_was_warned_in_vain(hotline: "Hotline") -> None:
    told, waiting = await hotline.ticket(), await hotline.ticket()
    await hotline.look(30)
    await hotline.look(60.1)
    mine = "alert in (select id from alerts where ticket = $1)"
    await hotline.pool.execute(f"update deliveries set state = 'sent' where {mine}", told)
    for number in (told, waiting):
        await hotline.write(number, 62, ("graded", 62, {"severity": 2}))
    clock = await hotline.clock(told)
    assert (clock["state"], clock["due_at"], clock["deadline_version"]) == ("running", hotline.at(240), 2)
    assert await hotline.told(told) == [(WARNING, 0, "withdrawn"), (BREACH, 0, "withdrawn")]
    assert {(d["event"], d["state"]) for d in await hotline.deliveries(told)} == {
        ("fire", "sent"),
        ("withdraw", "pending"),
    }
    assert {(d["event"], d["state"]) for d in await hotline.deliveries(waiting)} == {("fire", "cancelled")}
    await hotline.look(120)
    assert (await hotline.told(told))[-1] == (WARNING, 0, "firing")


async def test_after_an_outage_everything_missed_is_told_once(hotline: "Hotline") -> None:
    number = await hotline.ticket()
    result = await hotline.look(60 * 10)
    assert result.lag == timedelta(minutes=570)
    assert [(step, repeat) for step, repeat, _ in await hotline.told(number)] == [(0, 0), (1, 0), (2, 0)]
    late = await hotline.pool.fetchval("select recorded_at - fires_at from alerts where step = 1")
    assert late == timedelta(hours=9)
    assert (await hotline.look(60 * 10)).clocks == 0


async def test_an_arrival_recorded_before_the_pass_is_no_breach(hotline: "Hotline") -> None:
    number = await hotline.ticket()
    await hotline.write(number, 75, ("restored", 59, {}))
    await hotline.look(80)
    assert await hotline.told(number) == []
    assert (await hotline.clock(number))["state"] == "met"


async def test_passes_at_the_same_time_tell_nothing_twice(hotline: "Hotline") -> None:
    for _ in range(60):
        await hotline.ticket()
    now = hotline.at(95)
    results = await asyncio.gather(*(run_pass(hotline.book, now, limit=7) for _ in range(4)))
    results.append(await run_pass(hotline.book, now))
    assert sum(result.alerts for result in results) == 60 * 3
    assert await hotline.pool.fetchval("select count(*) from alerts") == 60 * 3
    assert await hotline.pool.fetchval("select count(*) from deliveries") == 60 * 3


async def test_what_just_fell_due_comes_before_the_backlog_and_the_gravest_first(hotline: "Hotline") -> None:
    old = await hotline.ticket(0, severity=1)
    light = await hotline.ticket(100, severity=2)  # half of 4 h: 220
    grave = await hotline.ticket(190, severity=1)  # half of 1 h: 220
    async with hotline.book.batch() as batch:
        now = hotline.at(220)
        due, done = await batch.claim(now, now - timedelta(seconds=10), 2)
        assert ([one.ticket for one in due], done) == ([grave, light], False)
        due, done = await batch.claim(now, now - timedelta(seconds=10), 5)
        assert [one.ticket for one in due][2:] == [old]
        assert done


async def test_a_ticket_somebody_writes_to_is_left_to_them(hotline: "Hotline") -> None:
    mine, theirs = await hotline.ticket(), await hotline.ticket()
    async with hotline.pool.acquire() as conn, conn.transaction():
        await conn.execute("select from tickets where number = $1 for update", theirs)
        assert (await hotline.look(30)).clocks == 1
    assert [len(await hotline.told(number)) for number in (mine, theirs)] == [1, 0]
    await hotline.look(30)
    assert len(await hotline.told(theirs)) == 1


async def test_a_ticket_that_cannot_be_judged_stops_nobody_else(hotline: "Hotline") -> None:
    bad, good = await hotline.ticket(), await hotline.ticket()
    await hotline.pool.execute(
        "insert into entries (ticket, seq, type, occurred_at, recorded_at, by, data, hash)"
        ' values ($1, 3, \'corrected\', $2, $2, \'test\', \'{"entry": "99", "void": true, "reason": "x"}\', \'\')',
        bad,
        hotline.at(1),
    )
    result = await hotline.look(30)
    assert (result.clocks, result.alerts, result.failed) == (2, 1, 1)
    assert len(await hotline.told(good)) == 1
    assert (await hotline.clock(bad))["wake_at"] == hotline.at(30) + SET_ASIDE


async def test_a_contract_that_cannot_be_read_stops_nobody_else(hotline: "Hotline") -> None:
    bad, good = await hotline.ticket(), await hotline.ticket()
    broken = await hotline.pool.fetchval(
        "insert into contract_versions (contract, version, effective, valid_from, valid_until, timezone, title, source,"
        " content_hash, created_at, created_by) select contract, 2, effective, valid_from, valid_until, timezone,"
        " title, 'nonsense: [', '', created_at, created_by from contract_versions returning id"
    )
    await hotline.pool.execute("update tickets set contract_version = $1 where number = $2", broken, bad)
    assert (await hotline.look(30)).failed == 1
    assert len(await hotline.told(good)) == 1


async def test_a_ticket_the_store_refuses_stops_nobody_else(hotline: "Hotline") -> None:
    bad, good = await hotline.ticket(), await hotline.ticket()
    await hotline.pool.execute(f"alter table alerts add constraint not_this check (ticket <> {bad})")
    result = await hotline.look(30)
    assert (result.alerts, result.failed) == (1, 1)
    assert len(await hotline.told(good)) == 1


async def test_an_entry_ahead_of_its_time_counts_when_it_comes(hotline: "Hotline") -> None:
    number = await hotline.ticket()
    await hotline.write(number, 10, ("restored", 11, {}))
    assert (await hotline.clock(number))["state"] == "running"
    await hotline.look(12)
    assert (await hotline.clock(number))["state"] == "met"


class TestRecipients:
    """Who is told: teams, rota, roles, the assignee."""

    async def recipients(self, hotline: "Hotline", number: int) -> dict[int, list[str]]:
        return {d["step"]: d["recipients"] for d in await hotline.deliveries(number)}

    async def test_roles_fill_duties_and_admins_stand_in_for_heads(self, hotline: "Hotline") -> None:
        number = await hotline.ticket(assignee="ben")
        await hotline.look(95)
        assert await self.recipients(hotline, number) == {0: ["ben"], 1: ["ann", "dee"], 2: ["cas"]}

    async def test_the_rota_goes_before_the_role(self, hotline: "Hotline") -> None:
        await hotline.pool.execute(
            "insert into rota (duty, login, from_at, until_at, created_at, updated_at) values"
            " ('supervisor', 'dee', $1, $2, $1, $1), ('supervisor', 'ann', $3, $4, $1, $1)",
            hotline.at(0), hotline.at(100), hotline.at(100), hotline.at(200),
        )  # fmt: skip
        number = await hotline.ticket()
        await hotline.look(61)
        assert (await self.recipients(hotline, number))[1] == ["dee"]

    async def test_a_team_is_its_members_as_duty_and_as_assignee(self, hotline: "Hotline") -> None:
        await hotline.pool.execute(
            "insert into teams (name, members, created_at, updated_at) values"
            " ('supervisor', '{ben}', $1, $1), ('second line', '{cas,dee,gone}', $1, $1)",
            hotline.at(0),
        )
        number = await hotline.ticket(assignee="second line")
        await hotline.look(61)
        assert await self.recipients(hotline, number) == {0: ["cas", "dee"], 1: ["ben"]}

    async def test_with_nobody_to_tell_the_next_rung_is_told(self, hotline: "Hotline") -> None:
        number = await hotline.ticket(assignee="nobody we know")
        await hotline.look(30)
        assert await self.recipients(hotline, number) == {0: ["ann", "dee"]}
        assert await hotline.pool.fetchval("select nobody_for from alerts") == ["assignee"]

    async def test_with_nobody_in_the_house_the_channel_is_told_all_the_same(self, hotline: "Hotline") -> None:
        await hotline.pool.execute("update users set active = false")
        number = await hotline.ticket()
        await hotline.look(30)
        assert await self.recipients(hotline, number) == {0: []}

    async def test_channels_are_told_what_their_duties_are(self, hotline: "Hotline") -> None:
        mine = await hotline.channel("bosses", "webhook", {}, ("supervisor",))
        number = await hotline.ticket(assignee="ben")
        await hotline.look(61)
        told = [(d["step"], d["recipients"]) for d in await hotline.deliveries(number) if d["channel"] == mine]
        assert told == [(1, ["ann", "dee"])]


async def test_claiming_reads_no_table_whole(hotline: "Hotline") -> None:
    """With 100,000 rows, in the plan for known instants and in the one for any."""
    number = await hotline.ticket()
    await hotline.pool.execute(
        "insert into clocks (ticket, contract, commitment, cycle, owner, state, ladder_from, assessed_at, wake_at)"
        " select $1, $2, 'x', n, 'customer', 'running', $3, $3, cast($3 as timestamptz) + n * interval '1 minute'"
        " from generate_series(1, 100000) n",
        number, hotline.contract, hotline.at(0),
    )  # fmt: skip
    await hotline.pool.execute("analyze clocks")
    async with hotline.pool.acquire() as conn:
        for mode in ("force_custom_plan", "force_generic_plan"):
            plans = await explained(conn, mode, hotline)
            assert plans, "the claim's statements were found"
            for plan in plans:
                assert "Seq Scan" not in plan, plan
                assert "clocks_wake" in plan


async def explained(conn: asyncpg.Connection, mode: str, hotline: "Hotline") -> list[str]:
    from callcenter.store import engine

    await conn.execute(f"set plan_cache_mode = {mode}")
    now, since = hotline.at(60), hotline.at(59)
    plans = []
    for name, values in (("claim_fresh", (since, now, 500)), ("claim_backlog", (since, 500))):
        sql = getattr(engine._sql, name).sql
        rows = await conn.fetch(f"explain {sql}", *values)
        plans.append("\n".join(row[0] for row in rows))
    return plans


@pytest.mark.parametrize("ahead", [1.0, 5.0])
async def test_only_what_comes_before_the_next_tick_is_announced(hotline: "Hotline", ahead: float) -> None:
    heard: list[str] = []
    async with hotline.pool.acquire() as listener, hotline.pool.acquire() as writer:
        done = asyncio.Event()

        def hear(*given: object) -> None:
            heard.append(str(given[-1]))
            done.set()

        await listener.add_listener(alerts.CHANNEL, hear)
        at = hotline.at(0) + timedelta(seconds=ahead)
        await alerts.announce(writer, [None, at], hotline.at(0))
        await writer.execute(f"notify {alerts.CHANNEL}, 'end'")
        while "end" not in heard:
            done.clear()
            await done.wait()
        await listener.remove_listener(alerts.CHANNEL, hear)
    assert heard == ([at.isoformat()] if ahead < 2 else []) + ["end"]
