"""Backup and restore: what comes back is what was there, and a restore that fails changes nothing."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from callcenter.errors import Conflict
from callcenter.services import backup, contracts
from callcenter.services.backup import BackupError, Program, suitable, without_password
from callcenter.services.context import Context
from callcenter.services.history import import_history
from callcenter.services.types import Actor
from callcenter.services.verify import check
from callcenter.settings import Settings
from callcenter.store.migrate import pending
from callcenter.store.pool import connect

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
CONTRACT = """
contract: HOT-1
customer: Chaohu Clinic
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: Asia/Shanghai
severities: {1: {name: grave, meaning: down}}
grading: [{otherwise: 1}]
calendars: {always: 24x7}
commitments:
  - {name: response, starts: reported, stops: responded, within: {1: 10m}, calendar: always}
"""


@pytest.fixture
async def full(database_url: str) -> str:
    """A database with 40 tickets."""
    connection = await connect(database_url)
    lines = []
    for number in range(40):
        at = (NOW - timedelta(days=number)).isoformat()
        events = [{"type": "reported", "occurred_at": at}, {"type": "graded", "occurred_at": at, "severity": 1}]
        ticket = {"ref": f"T{number}", "contract": "HOT-1", "kind": "fault", "title": "传真机坏了", "events": events}
        lines.append(json.dumps({"ticket": ticket}).encode())
    await contracts.put(connection, None, CONTRACT, Actor("tests", "admin"), NOW)
    await import_history(connection, Context(Settings(), lambda: NOW), lines, NOW)
    await connection.close()
    return database_url


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def _everything(connection: asyncpg.Connection) -> dict[str, list[tuple[object, ...]]]:
    tables = ("tickets", "entries", "clocks", "accounts", "contracts", "contract_versions", "channels", "migrations")
    return {
        table: [tuple(row) for row in await connection.fetch(f"select * from {table} order by 1, 2")]
        for table in tables
    }


async def test_what_is_restored_is_what_was_there_and_verifies(full: str, empty_url: str, tmp_path: Path) -> None:
    source, target = await connect(full), await connect(empty_url)
    try:
        await backup.backup(source, full, tmp_path / "b.dump")
        await backup.restore(target, empty_url, tmp_path / "b.dump")
        assert await _everything(target) == await _everything(source)
        pages = check(target, Context(Settings(), lambda: NOW), NOW)
        seen = [(page.tickets, page.differences) async for page in pages]
        assert seen[-1] == (40, [])
        assert await pending(target) == []
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):  # the ledger's guard came along
            await target.execute("delete from entries")
        assert await target.fetchval("select nextval(pg_get_serial_sequence('tickets', 'number'))") == 100041
    finally:
        await source.close()
        await target.close()
    assert _modes(tmp_path) == {"b.dump": 0o600}


async def test_a_fresh_database_is_as_good_as_an_empty_one(full: str, databases: Any, tmp_path: Path) -> None:
    name = databases.clone()
    source, target = await connect(full), await connect(databases.url(name))
    try:
        await backup.backup(source, full, tmp_path / "b.dump")
        await backup.restore(target, databases.url(name), tmp_path / "b.dump")
        assert await _everything(target) == await _everything(source)
    finally:
        await source.close()
        await target.close()
        databases.drop(name)


async def test_a_full_database_is_replaced_only_by_force(full: str, tmp_path: Path) -> None:
    connection = await connect(full)
    try:
        await backup.backup(connection, full, tmp_path / "b.dump")
        before = await _everything(connection)
        await connection.execute("update tickets set title = 'changed since'")
        with pytest.raises(Conflict, match=r"not empty .*tickets"):
            await backup.restore(connection, full, tmp_path / "b.dump")
        await backup.restore(connection, full, tmp_path / "b.dump", force=True)
        assert await _everything(connection) == before
        assert await connection.fetchval("select count(*) from pg_namespace where nspname like 'callcenter%'") == 0
    finally:
        await connection.close()


async def test_a_restore_that_fails_leaves_everything_as_it_was(full: str, tmp_path: Path) -> None:
    connection = await connect(full)
    file, torn = tmp_path / "b.dump", tmp_path / "torn.dump"
    try:
        await backup.backup(connection, full, file)
        torn.write_bytes(file.read_bytes()[:-2000])
        before = await _everything(connection)
        with pytest.raises(BackupError):
            await backup.restore(connection, full, torn, force=True)
        (tmp_path / "other").write_text("hello")
        with pytest.raises(BackupError, match="cannot be read as a backup"):
            await backup.restore(connection, full, tmp_path / "other", force=True)
        assert await _everything(connection) == before
    finally:
        await connection.close()


async def test_a_database_in_use_is_left_alone(full: str, tmp_path: Path) -> None:
    connection, service = await connect(full), await connect(full)
    try:
        await backup.backup(connection, full, tmp_path / "b.dump")
        with pytest.raises(Conflict, match="in use"):
            await backup.restore(connection, full, tmp_path / "b.dump", force=True)
    finally:
        await connection.close()
        await service.close()


async def test_after_a_restore_that_was_killed_the_next_one_finds_what_was_there(full: str, tmp_path: Path) -> None:
    connection = await connect(full)
    try:
        await backup.backup(connection, full, tmp_path / "b.dump")
        await connection.execute("alter schema public rename to callcenter_before_restore")
        await connection.execute("create schema public")
        with pytest.raises(Conflict, match="not empty"):
            await backup.restore(connection, full, tmp_path / "b.dump")
        assert await connection.fetchval("select count(*) from tickets") == 40
    finally:
        await connection.close()


async def test_another_programs_backup_is_refused(empty_url: str, full: str, tmp_path: Path) -> None:
    other, connection = await connect(empty_url), await connect(full)
    try:
        await other.execute("create table pets (name text)")
        await backup.backup(other, empty_url, tmp_path / "pets.dump")
        with pytest.raises(BackupError, match="no backup of this service"):
            await backup.restore(connection, full, tmp_path / "pets.dump", force=True)
    finally:
        await other.close()
        await connection.close()


def test_the_program_is_of_the_servers_version_or_newer() -> None:
    found = [Program("a", 18), Program("b", 15), Program("c", 16)]
    assert suitable("pg_dump", 15, found).path == "b"
    assert suitable("pg_dump", 17, found).path == "a"
    with pytest.raises(BackupError, match=r"pg_dump of PostgreSQL 19 or newer is not installed \(found: 15, 16, 18\)"):
        suitable("pg_dump", 19, found)


def test_a_password_is_never_on_a_command_line() -> None:
    assert without_password("postgresql://me:a%3Ab%40c@db.example:5432/calls?sslmode=require") == (
        "postgresql://me@db.example:5432/calls?sslmode=require",
        "a:b@c",
    )
    assert without_password("postgresql:///calls?host=/run/x") == ("postgresql:///calls?host=/run/x", None)


async def test_an_address_with_a_password_is_still_understood(full: str, tmp_path: Path) -> None:
    """The socket trusts everybody: this shows that the programs take the address, not that they use the password."""
    connection = await connect(full)
    try:
        user = await connection.fetchval("select current_user")
        parts = urlsplit(full)
        named = urlunsplit(parts._replace(netloc=f"{user}:p%3Aw%5C@{parts.netloc.rpartition('@')[2]}"))
        await backup.backup(connection, named, tmp_path / "b.dump")
    finally:
        await connection.close()
    assert (tmp_path / "b.dump").stat().st_size > 10_000
