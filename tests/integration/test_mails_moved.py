"""The migration that makes one outbox of two carries every row along, a message's id among them."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from callcenter.store.migrate import migrate
from callcenter.store.pool import connect

_MIGRATIONS = Path(__file__).parents[2] / "migrations"
NOW = datetime(2026, 11, 2, 4, tzinfo=UTC)
_WORLD = """
insert into users (login, name, role, created_at, updated_at) values ('chen', 'Chen', 'engineer', now(), now());
insert into accounts (name, created_at, updated_at) values ('c', now(), now());
insert into contracts (code, account, created_at) select 'HF-1', id, now() from accounts;
insert into tickets (title, kind, state, reported_at, entries, head, created_at, updated_at)
values ('t', 'fault', 'new', now(), 4, '', now(), now());
insert into entries (ticket, seq, type, occurred_at, recorded_at, by, data, hash)
select number, seq, 'noted', now(), now(), 'ma', '{}', '' from tickets, generate_series(1, 4) seq;
"""
_KEPT = ("id", "login", "state", "attempts", "next_try_at", "reason", "detail", "created_at", "sent_at")


async def _before(connection: asyncpg.Connection, folder: Path) -> None:
    """The database as it was before, with a mail of either kind in every state, for somebody here and somebody gone."""
    for file in _MIGRATIONS.glob("*.sql"):
        if file.name < "0081":
            shutil.copy(file, folder)
    await migrate(connection, folder)
    await connection.execute(_WORLD)
    for number, state in enumerate(("pending", "sending", "sent", "dead"), 1):
        values = (number, state, number, NOW + timedelta(minutes=number), "timeout", f"try {number}", NOW, NOW)
        await connection.execute(
            """insert into job_messages (ticket, entry, login, state, attempts, next_try_at, reason, detail, created_at,
               sent_at) values ((select max(number) from tickets), $1, 'chen', $2, $3, $4, $5, $6, $7, $8)""",
            *values,
        )
        await connection.execute(
            """insert into report_mails (contract, month, login, locale, state, attempts, next_try_at, reason, detail,
               created_at, sent_at)
               values ((select max(id) from contracts), $1, 'gone', 'zh-TW', $2, $3, $4, $5, $6, $7, $8)""",
            f"2026-0{number}", *values[1:],
        )  # fmt: skip


async def test_every_mail_is_still_there(empty_url: str, tmp_path: Path) -> None:
    connection = await connect(empty_url)
    try:
        await _before(connection, tmp_path)
        wanted = ", ".join(_KEPT)
        jobs = await connection.fetch(f"select ticket, entry, {wanted} from job_messages order by id")
        reports = await connection.fetch(f"select contract, month, locale, {wanted} from report_mails order by id")
        assert (await migrate(connection))[0] == "0081_mails"
        assert jobs == await connection.fetch(
            f"select ticket, entry, {wanted} from mails where kind = 'job' order by id"
        )
        assert reports == await connection.fetch(
            f"select contract, month, locale, {wanted} from mails where kind = 'month_report' order by id"
        )
        assert (len(jobs), len(reports)) == (4, 4)
        for table in ("job_messages", "report_mails"):
            assert await connection.fetchval("select to_regclass($1)", table) is None
    finally:
        await connection.close()
