"""The doctor, check by check: each is seen to be content, and to complain."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from callcenter.now import system_now
from callcenter.services import contracts, doctor_database, new_ticket
from callcenter.services.context import Context
from callcenter.services.doctor import Finding, examine
from callcenter.services.people import create_token
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store import doctor as store
from callcenter.store.pool import connect
from tests.conftest import Databases

SETTINGS = Settings(database_url="postgresql://elsewhere")
TERMS = """
contract: C1
customer: Somebody
valid: {from: 2020-01-01, until: 2099-12-31}
timezone: Europe/Berlin
severities: {1: {name: grave}}
calendars: {office: {week: {mon-fri: "09:00-17:00"}, holidays: CN}}
commitments:
  - {name: response, starts: reported, stops: responded, within: 10m, calendar: office}
alerts:
  ladder:
    - {at: breach, notify: [dispatcher, assignee]}
"""


async def found(pool: asyncpg.Pool, settings: Settings = SETTINGS) -> dict[str, Finding]:
    """Everything the doctor says, by what it is about."""
    async with pool.acquire() as conn, pool.acquire() as other:
        whole = [one async for one in examine(conn, settings, system_now, other)]
    by_name = {one.what: one for one in whole}
    assert len(by_name) == len(whole), whole
    return by_name


async def looked(pool: asyncpg.Pool, what: str, settings: Settings = SETTINGS) -> Finding:
    """What it says about one thing."""
    return (await found(pool, settings))[what]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is printed but in the test of printing: it takes a second each time."""

    async def printed() -> Finding:
        return Finding("ok", "pdf", "not looked at")

    monkeypatch.setattr("callcenter.services.doctor_host.printing", printed)


async def put(pool: asyncpg.Pool, terms: str = TERMS) -> None:
    async with pool.acquire() as conn:
        await contracts.put(conn, None, terms, Actor("test", "admin"), system_now())


async def hire(pool: asyncpg.Pool, login: str, role: str, password: str | None = None) -> None:
    await pool.execute(
        "insert into users (login, name, role, password_hash, created_at, updated_at)"
        " values ($1, $1, $2, $3, now(), now())",
        login, role, password,
    )  # fmt: skip


async def test_telephony_is_silent_or_heard_or_by_hand(pool: asyncpg.Pool) -> None:
    assert (await looked(pool, "telephony")).level == "ok", "nothing speaks to it, nothing is silent"
    async with pool.acquire() as conn:
        await create_token(conn, "telephone system", "integration", None, None, system_now())
    said = await looked(pool, "telephony")
    assert said.level == "warn"
    assert "no call has come in yet; 1 token" in said.detail
    for ago, level in ((timedelta(days=2), "warn"), (timedelta(hours=2), "ok")):
        at = system_now() - ago
        await pool.execute("insert into calls (received_at, created_at) values ($1, $1)", at)
        said = await looked(pool, "telephony")
        assert (said.level, f"{at:%Y-%m-%d %H:%M:%S}Z" in said.detail) == (level, True)


async def test_a_telephone_system_that_reports_itself_may_not_stop(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        for name in ("old exchange", "new exchange"):
            await create_token(conn, name, "integration", None, None, system_now())
    await pool.execute("insert into telephone_feeds (token, beat_at) select id, $1 from tokens", system_now())
    said = await looked(pool, "telephony")
    assert said.level == "ok", "nobody rings, and that is all"
    assert said.detail.endswith("2 tokens for systems; it reports itself")
    gone = "update telephone_feeds set beat_at = $1 where token = (select id from tokens where name = 'old exchange')"
    await pool.execute(gone, system_now() - timedelta(minutes=4))
    said = await looked(pool, "telephony")
    assert (said.level, said.detail.split()[:2]) == ("fail", ["old", "exchange"])
    await pool.execute("update tokens set revoked_at = now() where name = 'old exchange'")
    assert (await looked(pool, "telephony")).level == "ok"


async def test_a_channel_nothing_gets_through_fails(pool: asyncpg.Pool) -> None:
    assert (await looked(pool, "channel journal")).level == "ok"
    await pool.execute(
        "insert into channel_states (channel, opened_at, reason) select id, now(), 'timeout' from channels"
    )
    said = await looked(pool, "channel journal")
    assert said.level == "fail"
    assert said.detail.endswith(": timeout")


async def test_a_channel_badly_set_up_fails_and_one_that_leaves_the_house_is_wanted(pool: asyncpg.Pool) -> None:
    assert (await looked(pool, "channels")).level == "warn"
    add = "insert into channels (name, kind, config, created_at, updated_at) values ($1, $2, $3, now(), now())"
    await pool.execute(add, "hook", "webhook", {"url": "https://192.0.2.1/hook"})
    said = await found(pool)
    assert "channels" not in said
    await pool.execute(add, "chat", "dingtalk", {"adress": "x"})
    assert (await looked(pool, "channel chat")).level == "fail"


async def test_the_version_of_the_server(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await looked(pool, "database")).level == "ok"
    monkeypatch.setattr(doctor_database, "OLDEST", 99)
    said = await looked(pool, "database")
    assert (said.level, said.to_do) == ("fail", "use PostgreSQL 99 or newer")


async def test_a_clock_that_is_off_is_told(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        assert (await doctor_database.clock(conn, system_now)).level == "ok"
        said = await doctor_database.clock(conn, lambda: system_now() + timedelta(seconds=5))
    assert said.level == "warn"
    assert said.detail.startswith("the database is 5.0")
    assert said.detail.endswith("behind")


async def test_how_the_server_is_set(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pool.acquire() as conn:
        real = dict(await store.server(conn))
    well = {**real, "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "autovacuum": "on"}
    said: dict[str, Any] = {}

    async def server(_: Any) -> dict[str, Any]:
        return {**well, **said}

    monkeypatch.setattr(store, "server", server)

    async def levels(**changed: Any) -> dict[str, str]:
        said.clear()
        said.update(changed)
        async with pool.acquire() as conn:
            return {one.what: one.level for one in await doctor_database.server(conn, SETTINGS)}

    assert await levels() == {"durability": "ok", "connections": "ok"}
    assert (await levels(encoding="SQL_ASCII"))["encoding"] == "fail"
    assert (await levels(standby=True))["writing"] == "fail"
    assert (await levels(read_only=True))["writing"] == "fail"
    assert (await levels(autovacuum="off"))["autovacuum"] == "warn"
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert (await levels(**{name: "off"}))["durability"] == "warn"
    assert (await levels(most=16, reserved=3))["connections"] == "ok", "ten, one that listens and two that are shared"
    assert (await levels(most=15, reserved=3))["connections"] == "warn"


async def test_what_the_server_says_of_itself_is_read(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        row = await store.server(conn)
        assert (row["encoding"], row["standby"], row["read_only"]) == ("UTF8", False, False)
        assert row["fsync"] == await conn.fetchval("show fsync")
        assert row["most"] > row["reserved"] >= 0
        assert row["used"] >= 1
        async with conn.transaction():
            await conn.execute("set local default_transaction_read_only to on")
            assert (await store.server(conn))["read_only"] is True


async def test_notifications_that_do_not_come_through_are_told(
    pool: asyncpg.Pool, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await looked(pool, "listening")).level == "ok"
    monkeypatch.setattr(doctor_database, "_HEARD_WITHIN_S", 0.2)
    name = databases.clone()
    elsewhere = await connect(databases.url(name))  # a notification is heard in its own database alone
    try:
        async with pool.acquire() as conn:
            said = await doctor_database.listening(conn, elsewhere)
    finally:
        await elsewhere.close()
        databases.drop(name)
    assert said.level == "warn"
    assert "CALLCENTER_DIRECT_DATABASE_URL" in str(said.to_do)


async def test_migrations_missing_changed_and_unknown(pool: asyncpg.Pool) -> None:
    assert (await looked(pool, "migrations")).level == "ok"
    await pool.execute("insert into migrations (name, checksum) values ('9999_of_tomorrow', '')")
    said = await found(pool)
    assert (said["migrations"].level, "people" in said) == ("fail", False), "tables may be others"
    assert "run the newer version" in said["migrations"].detail
    await pool.execute("delete from migrations where name > '0080'")
    said = await found(pool)
    assert (said["migrations"].level, said["migrations"].to_do) == ("fail", "run `callcenter migrate`")


async def test_somebody_must_be_able_to_administer(pool: asyncpg.Pool) -> None:
    assert (await looked(pool, "people")).detail == "no administrator can sign in"
    await hire(pool, "ada", "admin")
    async with pool.acquire() as conn:
        await create_token(conn, "script", "admin", None, None, system_now())
    said = await looked(pool, "people")
    assert (said.level, said.detail) == ("warn", "no administrator can sign in; 1 admin token"), "she has no password"
    await pool.execute("update users set password_hash = 'x'")
    assert (await looked(pool, "people")).level == "ok"
    await pool.execute("update users set active = false")
    assert (await looked(pool, "people")).level == "warn"


async def test_contracts_in_force_readable_and_their_calendars_known(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await looked(pool, "contracts")).level == "warn"
    await put(pool)
    said = await found(pool)
    assert "contracts" not in said
    assert said["calendar CN"].detail.startswith("published through ")
    monkeypatch.setattr("callcenter.services.doctor_terms.published_through", lambda _: system_now().year - 1)
    said = await found(pool)
    assert (said["calendar CN"].level, "used by C1" in said["calendar CN"].detail) == ("warn", True)
    monkeypatch.setattr("callcenter.services.doctor_terms.published_through", lambda _: None)
    assert (await looked(pool, "calendar CN")).level == "ok"
    await pool.execute("update contract_versions set source = 'contract: 5'")
    assert (await looked(pool, "contracts")).level == "fail"


async def test_zones_are_reckoned_alike(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    await put(pool)
    assert (await looked(pool, "time zones")).level == "ok"
    winter, summer = (system_now().replace(month=month, day=9) for month in (1, 7))
    async with pool.acquire() as conn:
        assert await store.offsets(conn, "Europe/Berlin", [winter, summer]) == [3600, 7200]
        assert await store.offsets(conn, "Middle/Earth", [winter]) is None
    monkeypatch.setattr("callcenter.services.doctor_terms.offsets", lambda *_: [0.0])
    said = await looked(pool, "time zones")
    assert (said.level, "Europe/Berlin" in said.detail) == ("warn", True)

    async def unknown(*_: Any) -> None:
        return None

    monkeypatch.setattr(store, "offsets", unknown)
    assert (await looked(pool, "time zones")).level == "fail"


async def test_duties_somebody_fills_and_duties_nobody_does(pool: asyncpg.Pool) -> None:
    await put(pool)
    said = await looked(pool, "duties")
    assert (said.level, "nobody fills dispatcher just now" in said.detail) == ("warn", True)
    await hire(pool, "li", "dispatcher")
    assert (await looked(pool, "duties")).detail == "somebody fills dispatcher"
    turn = (
        "insert into rota (duty, login, from_at, until_at, created_at, updated_at)"
        " values ('dispatcher', 'li', $1, $2, now(), now())"
    )
    now = system_now()
    await pool.execute(turn, now - timedelta(days=2), now - timedelta(days=1))
    assert (await looked(pool, "duties")).level == "warn", "who has a rota is there by the rota alone"
    await pool.execute(turn, now - timedelta(hours=1), now + timedelta(hours=1))
    assert (await looked(pool, "duties")).level == "ok"


async def test_contracts_that_tell_nobody(pool: asyncpg.Pool) -> None:
    await put(pool, TERMS.split("alerts:")[0])
    assert (await looked(pool, "duties")).detail == "no contract's ladder tells anybody"


async def test_a_host_must_look_at_the_clocks(pool: asyncpg.Pool) -> None:
    async def said(looked_ago: timedelta, waits_since: timedelta | None = None) -> Finding:
        await pool.execute("update engine_looks set at = $1", system_now() - looked_ago)
        if waits_since is not None:
            await pool.execute("update clocks set wake_at = $1", system_now() - waits_since)
        return await looked(pool, "engine")

    assert (await said(timedelta(seconds=11))).level == "ok"
    gone = await said(timedelta(minutes=2))
    assert (gone.level, gone.detail[:42]) == ("warn", "no host has looked at the clocks since 202")
    await put(pool)
    async with pool.acquire() as conn:
        wanted = new_ticket.OpenTicket(contract="C1", title="No network", severity=1, severity_reason="said so")
        context = Context(SETTINGS, system_now)
        await new_ticket.open_without_call(conn, context, wanted, Actor("test", "admin"), system_now())
    assert (await said(timedelta(0), timedelta(seconds=50))).level == "ok"
    assert (await said(timedelta(0), timedelta(seconds=70))).detail.startswith("a clock has waited")


async def test_messages_that_wait_for_long(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await looked(pool, "outbox")).detail == "0 waiting, 0 given up"
    for ago, level in ((timedelta(minutes=9), "ok"), (timedelta(minutes=11), "warn")):
        oldest = system_now() - ago

        async def depth(_: Any, oldest: datetime = oldest) -> tuple[int, datetime]:
            return 3, oldest

        monkeypatch.setattr("callcenter.store.deliveries.depth", depth)
        said = await looked(pool, "outbox")
        assert (said.level, said.detail[:9]) == (level, "3 waiting")


async def test_mails_that_were_given_up_or_wait_for_long(pool: asyncpg.Pool) -> None:
    assert (await looked(pool, "mails")).detail == "0 waiting, 0 given up within a week"
    await put(pool)
    add = (
        "insert into mails (kind, contract, month, login, state, next_try_at, created_at)"
        " select 'month_report', id, $1, 'ada', $2, $3, $4 from contracts"
    )
    now = system_now()
    await pool.execute(add, "2026-01", "dead", now, now - timedelta(days=8))
    await pool.execute(add, "2026-02", "pending", now - timedelta(minutes=9), now)
    assert (await looked(pool, "mails")).level == "ok"
    await pool.execute("update mails set next_try_at = $1 where state = 'pending'", now - timedelta(minutes=11))
    assert (await looked(pool, "mails")).level == "warn"
    await pool.execute("delete from mails where state = 'pending'")
    await pool.execute(add, "2026-03", "dead", now, now - timedelta(days=6))
    said = await looked(pool, "mails")
    assert (said.level, said.detail) == ("warn", "0 waiting, 1 given up within a week")


async def test_only_an_embedded_database_has_a_disk_here(pool: asyncpg.Pool, tmp_path: Any) -> None:
    assert "disk" not in await found(pool)
    assert "disk" in await found(pool, replace(SETTINGS, database_url=None, data=tmp_path))
