"""The monthly job: what was missed is made up for, reports go to the people of the contract, failures are seen."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.policy import default
from typing import Any

import asyncpg
import pytest

from callcenter.services import contracts, mails, monthly
from callcenter.services.context import Context
from callcenter.services.types import Actor
from callcenter.settings import Settings
from tests.unit.test_channels import SmtpServer

CONTRACT = """
contract: HF-1
title: t
customer: c
valid: {from: 2026-08-15, until: 2026-12-31}
timezone: Asia/Shanghai
severities: {1: {name: grave}}
calendars: {office: {week: {mon-fri: "09:00-17:00"}}}
commitments: [{name: response, starts: reported, stops: responded, within: 10m, calendar: office}]
"""
MONDAY = datetime(2026, 11, 2, 4, tzinfo=UTC)


def context(now: datetime) -> Context:
    return Context(Settings(), lambda: now)


async def made(pool: asyncpg.Pool, now: datetime) -> list[tuple[str, str]]:
    """The months there are runs of after the job looked at `now`, the oldest first."""
    await monthly.make_due(pool, context(now), now)
    async with pool.acquire() as conn:
        return sorted((run.month, run.state) for run in (await monthly.listing(conn, "HF-1")).items)


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpServer]:
    """A mail server that takes what is as large as a report."""
    server = SmtpServer()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=2**24) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server


@pytest.fixture
async def staffed(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> asyncpg.Pool:
    """A contract, two contract managers with addresses, one without, and one who left; reports take a moment each."""
    monkeypatch.setattr(monthly, "_KEPT", ("html",))
    async with pool.acquire() as conn:
        await contracts.put(conn, None, CONTRACT, Actor("tests", "admin"), MONDAY)
        people = [("ann", "zh-CN", "ann@example.org", True), ("ben", "en", "ben@example.org", True),
                  ("cid", "en", None, True), ("dot", "en", "dot@example.org", False)]  # fmt: skip
        for login, locale, email, active in people:
            await conn.execute(
                "insert into users (login, name, role, locale, email, active, created_at, updated_at)"
                " values ($1, $1, 'contract_manager', $2, $3, $4, $5, $5)",
                login, locale, email, active, MONDAY,
            )  # fmt: skip
    return pool


async def by_mail(pool: asyncpg.Pool, smtp: SmtpServer) -> None:
    """There is an e-mail channel that leads to the server."""
    config = {"host": "127.0.0.1", "port": smtp.port, "from": "desk@example.org"}
    await pool.execute(
        "insert into channels (name, kind, config, created_at, updated_at) values ('mail', 'email', $1, $2, $2)",
        config, MONDAY,
    )  # fmt: skip


async def sent_of(pool: asyncpg.Pool) -> dict[str, Any]:
    """The mails of the newest run, by login."""
    async with pool.acquire() as conn:
        return {mail.login: mail for mail in (await monthly.listing(conn, "HF-1")).items[0].mails}


async def test_months_missed_are_made_up_for(staffed: asyncpg.Pool) -> None:
    first = datetime(2026, 9, 1, 4, tzinfo=UTC)
    assert await made(staffed, first) == [("2026-08", "done")]
    # nobody was there in October and November; on Sunday the first, October is not due yet
    assert await made(staffed, MONDAY - timedelta(days=1)) == [("2026-08", "done"), ("2026-09", "done")]
    assert (await made(staffed, MONDAY))[-1] == ("2026-10", "done")


async def test_months_before_the_service_are_not_made_up_for(staffed: asyncpg.Pool) -> None:
    assert await made(staffed, MONDAY - timedelta(days=1)) == []
    assert await made(staffed, MONDAY) == [("2026-10", "done")]


async def test_what_failed_is_tried_an_hour_later(staffed: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise TimeoutError("no room on the disk")

    with monkeypatch.context() as broken:
        broken.setattr(monthly, "write", fails)
        assert await made(staffed, MONDAY) == [("2026-10", "failed")]
        assert await sent_of(staffed) == {}
    assert await made(staffed, MONDAY + timedelta(minutes=20)) == [("2026-10", "failed")]
    assert await made(staffed, MONDAY + timedelta(minutes=60)) == [("2026-10", "done")]


async def test_reports_go_to_the_people_of_the_contract(staffed: asyncpg.Pool, smtp: SmtpServer) -> None:
    await made(staffed, MONDAY)
    await mails.send_due(staffed, context(MONDAY), MONDAY)
    assert {mail.state for mail in (await sent_of(staffed)).values()} == {"pending"}, "there is no way out yet"
    await by_mail(staffed, smtp)
    await mails.send_due(staffed, context(MONDAY), MONDAY)
    told = {to[0]: message_from_string(body, policy=default) for to, body in smtp.mails}
    assert told.keys() == {"ann@example.org", "ben@example.org"}
    assert told["ann@example.org"]["Subject"] == "服务级别报告 HF-1 2026-10"
    attached = [part.get_content_type() for part in told["ben@example.org"].iter_attachments()]
    assert attached == ["text/html"], "there is no PDF"
    assert {login: mail.state for login, mail in (await sent_of(staffed)).items()} == {"ann": "sent", "ben": "sent"}
    await mails.send_due(staffed, context(MONDAY), MONDAY + timedelta(days=1))
    assert len(smtp.mails) == 2, "once"


async def test_a_refused_report_is_tried_again_under_the_same_id(staffed: asyncpg.Pool, smtp: SmtpServer) -> None:
    await made(staffed, MONDAY)
    await by_mail(staffed, smtp)
    smtp.refuse = "451 not now"
    await mails.send_due(staffed, context(MONDAY), MONDAY)
    refused = (await sent_of(staffed))["ann"]
    assert (refused.state, refused.attempts, refused.reason) == ("pending", 1, "unavailable")
    ids = {str(row["id"]) for row in await staffed.fetch("select id from mails")}
    smtp.refuse = ""
    later = MONDAY + timedelta(minutes=10)
    await mails.send_due(staffed, context(later), later)
    assert {message_from_string(body, policy=default)["Message-ID"] for _, body in smtp.mails} == {
        f"<{one}@example.org>" for one in ids
    }
    assert (await sent_of(staffed))["ann"].attempts == 2


async def test_a_mail_somebody_died_over_is_sent_by_another(staffed: asyncpg.Pool, smtp: SmtpServer) -> None:
    await made(staffed, MONDAY)
    await by_mail(staffed, smtp)
    await staffed.execute("update mails set state = 'sending', next_try_at = $1", MONDAY + timedelta(minutes=5))
    await mails.send_due(staffed, context(MONDAY), MONDAY)
    assert smtp.mails == []
    await mails.send_due(staffed, context(MONDAY), MONDAY + timedelta(minutes=6))
    assert len(smtp.mails) == 2
