"""The outbox of mails: leased one by one, each try settled by its holder alone, given up where trying cannot help."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.policy import default
from typing import Any

import asyncpg
import msgspec
import pytest

from callcenter.services import calls, contracts, job_mail, mails, timeline
from callcenter.services.calls import LogCall
from callcenter.services.context import Context
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store import mails as store
from tests.unit.test_channels import SmtpServer

NOW = datetime(2026, 11, 2, 4, tzinfo=UTC)
ALL = ("job", "month_report")
CONTRACT = """
contract: HF-1
title: t
customer: c
valid: {from: 2026-08-15, until: 2026-12-31}
timezone: Asia/Shanghai
severities: {1: {name: grave}}
grading: [{otherwise: 1}]
calendars: {office: {week: {mon-fri: "09:00-17:00"}}}
commitments: [{name: on_site, starts: reported, stops: arrived, within: 2h, calendar: office}]
"""


def context(now: datetime = NOW) -> Context:
    return Context(Settings(), lambda: now)


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpServer]:
    server = SmtpServer()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server


@pytest.fixture
async def staffed(pool: asyncpg.Pool) -> asyncpg.Pool:
    """A contract, its manager, a dispatcher and an engineer, all with addresses."""
    async with pool.acquire() as conn:
        await contracts.put(conn, None, CONTRACT, Actor("tests", "admin"), NOW)
        for login, role in (("ann", "contract_manager"), ("ma", "dispatcher"), ("chen", "engineer")):
            await conn.execute(
                "insert into users (login, name, role, email, created_at, updated_at)"
                " values ($1, $1, $2, $1 || '@example.org', $3, $3)",
                login, role, NOW,
            )  # fmt: skip
    return pool


async def by_mail(pool: asyncpg.Pool, port: int) -> None:
    """There is an e-mail channel that leads to the port."""
    config = {"host": "127.0.0.1", "port": port, "from": "desk@example.org"}
    await pool.execute(
        "insert into channels (name, kind, config, created_at, updated_at) values ('mail', 'email', $1, $2, $2)",
        config, NOW,
    )  # fmt: skip


async def sent_out(pool: asyncpg.Pool, title: str = "No light") -> int:
    """The number of a ticket somebody has been sent to."""
    body = {"caller": "0552-5550121", "received_at": NOW, "ticket": {"contract": "HF-1", "title": title}}
    async with pool.acquire() as conn:
        logged = await calls.log_call(conn, context(), msgspec.convert(body, LogCall), Actor("ma", "dispatcher"), NOW)
        assert logged.ticket is not None
        entry = {"type": "dispatched", "who": "chen"}
        await timeline.record(conn, context(), logged.ticket.number, entry, Actor("ma", "dispatcher", login="ma"))
    return logged.ticket.number


async def report(pool: asyncpg.Pool, month: str = "2026-10", now: datetime = NOW) -> None:
    async with pool.acquire() as conn:
        contract = await conn.fetchval("select id from contracts where code = 'HF-1'")
        await store.enqueue_report(conn, contract, month, now)


async def states(pool: asyncpg.Pool) -> list[tuple[Any, ...]]:
    """Kind, state, attempts and reason of every mail, in the order they were written down."""
    rows = await pool.fetch("select kind, state, attempts, reason from mails order by created_at, kind, login")
    return [tuple(row) for row in rows]


async def test_once_for_an_entry_and_once_for_a_month(staffed: asyncpg.Pool) -> None:
    await by_mail(staffed, 9)
    number = await sent_out(staffed)
    entry = await staffed.fetchval("select entry from mails")
    async with staffed.acquire() as conn:
        await store.enqueue_job(conn, number, entry, "ma", NOW)
    await report(staffed)
    await report(staffed)
    assert [kind for kind, *_ in await states(staffed)] == ["job", "month_report"]


async def test_a_mail_is_about_a_job_or_about_a_month(staffed: asyncpg.Pool) -> None:
    await by_mail(staffed, 9)
    await sent_out(staffed)
    for wrong in ("month = '2026-10'", "ticket = null", "kind = 'month_report'"):
        with pytest.raises(asyncpg.CheckViolationError, match="mails_about"):
            await staffed.execute(f"update mails set {wrong}")
    with pytest.raises(asyncpg.CheckViolationError, match="mails_kind_known"):
        await staffed.execute(
            "update mails set kind = 'greeting', ticket = null, entry = null, month = '2026-10',"
            " contract = (select id from contracts)"
        )


async def test_a_try_is_settled_by_its_holder_alone(staffed: asyncpg.Pool) -> None:
    await report(staffed)
    later = NOW + timedelta(minutes=2)
    async with staffed.acquire() as conn:
        slow = await store.take(conn, ALL, NOW, later)
        assert slow is not None
        assert await store.take(conn, ALL, NOW, later) is None, "it is somebody's"
        quick = await store.take(conn, ALL, later, later + timedelta(minutes=2))
        assert quick is not None
        assert (slow["id"], slow["attempts"], quick["attempts"]) == (quick["id"], 1, 2)
        for state in ("sent", "pending", "dead"):
            assert not await store.settle(conn, slow, state, later, "timeout", "late", later)
        assert await states(staffed) == [("month_report", "sending", 2, None)]
        assert await store.settle(conn, quick, "sent", later)
        assert not await store.settle(conn, quick, "dead", later), "it is settled"
    assert await states(staffed) == [("month_report", "sent", 2, None)]


async def test_a_slow_first_try_changes_nothing_about_a_second_one(staffed: asyncpg.Pool, smtp: SmtpServer) -> None:
    """The first process hangs past its lease and fails at last; another has sent the mail meanwhile."""
    reached, release = asyncio.Event(), asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await release.wait()
        writer.close()

    await report(staffed)
    async with await asyncio.start_server(hang, "127.0.0.1", 0) as listening:
        await by_mail(staffed, listening.sockets[0].getsockname()[1])
        first = asyncio.create_task(mails.send_due(staffed, context(), NOW))
        await reached.wait()
        await staffed.execute("update channels set config = jsonb_set(config, '{port}', to_jsonb($1::int))", smtp.port)
        later = NOW + timedelta(minutes=3)
        await mails.send_due(staffed, context(later), later)
        release.set()
        await first
    assert await states(staffed) == [("month_report", "sent", 2, None)]
    assert len(smtp.mails) == 1


async def test_what_cannot_help_is_not_tried_again(staffed: asyncpg.Pool, smtp: SmtpServer) -> None:
    await by_mail(staffed, smtp.port)
    await sent_out(staffed)
    await report(staffed)
    await staffed.execute("update users set active = false where login = 'ann'")
    await staffed.execute("update users set email = null where login = 'chen'")
    await mails.send_due(staffed, context(), NOW)
    assert await states(staffed) == [("job", "dead", 1, "no_recipient"), ("month_report", "dead", 1, "no_recipient")]


async def test_a_person_who_is_gone_is_no_recipient_and_their_mail_stays_on_record(
    staffed: asyncpg.Pool, smtp: SmtpServer
) -> None:
    await by_mail(staffed, smtp.port)
    await sent_out(staffed)
    await staffed.execute("delete from users where login = 'chen'")
    await mails.send_due(staffed, context(), NOW)
    assert await states(staffed) == [("job", "dead", 1, "no_recipient")]


async def test_settings_that_cannot_work_are_said_at_once(staffed: asyncpg.Pool) -> None:
    await by_mail(staffed, 9)
    await report(staffed)
    await staffed.execute("""update channels set config = '{"host": ""}'::jsonb""")
    await mails.send_due(staffed, context(), NOW)
    assert await states(staffed) == [("month_report", "dead", 1, "bad_config")]


async def test_without_a_channel_a_report_waits_and_a_job_is_told_another_way(
    staffed: asyncpg.Pool, smtp: SmtpServer
) -> None:
    await by_mail(staffed, smtp.port)
    await sent_out(staffed)
    await report(staffed)
    await staffed.execute("update channels set active = false")
    await mails.send_due(staffed, context(), NOW)
    assert await states(staffed) == [("job", "dead", 1, "channel_off"), ("month_report", "pending", 0, None)]
    await staffed.execute("update channels set active = true")
    await mails.send_due(staffed, context(), NOW)
    assert [state for _, state, *_ in await states(staffed)] == ["dead", "sent"]


async def test_who_is_on_the_way_goes_before_reports(staffed: asyncpg.Pool, smtp: SmtpServer) -> None:
    await report(staffed, now=NOW - timedelta(hours=1))
    await by_mail(staffed, smtp.port)
    number = await sent_out(staffed)
    await mails.send_due(staffed, context(), NOW)
    subjects = [str(message_from_string(body, policy=default)["Subject"]) for _, body in smtp.mails]
    assert subjects == [f"Job #{number} No light", "Service level report HF-1 2026-10"]


async def test_where_no_server_answers_the_rest_is_not_tried(staffed: asyncpg.Pool) -> None:
    await by_mail(staffed, 9)
    for month in ("2026-09", "2026-10"):
        await report(staffed, month)
    await mails.send_due(staffed, context(), NOW)
    assert sorted(await states(staffed)) == [
        ("month_report", "pending", 0, None), ("month_report", "pending", 1, "unreachable"),
    ]  # fmt: skip


async def test_a_fault_in_one_mail_holds_up_no_other(
    staffed: asyncpg.Pool, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("site")

    monkeypatch.setitem(mails._KINDS, "job", mails._KINDS["job"]._replace(write=broken))
    await by_mail(staffed, smtp.port)
    await sent_out(staffed)
    await report(staffed)
    await mails.send_due(staffed, context(), NOW)
    assert await states(staffed) == [("job", "pending", 1, "fault"), ("month_report", "sent", 1, None)]
    monkeypatch.setitem(mails._KINDS, "job", mails._KINDS["job"]._replace(write=job_mail.write))
    later = NOW + timedelta(minutes=1)
    await mails.send_due(staffed, context(later), later)
    assert (await states(staffed))[0] == ("job", "sent", 2, None)


async def test_a_mail_is_given_up_after_twenty_tries(staffed: asyncpg.Pool, smtp: SmtpServer) -> None:
    await by_mail(staffed, smtp.port)
    await report(staffed)
    smtp.refuse = "451 not now"
    await staffed.execute("update mails set attempts = 18")
    for minutes in (0, 10, 20):
        now = NOW + timedelta(minutes=minutes)
        await mails.send_due(staffed, context(now), now)
    assert await states(staffed) == [("month_report", "dead", 20, "unavailable")]
