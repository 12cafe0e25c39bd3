"""Migrations: once, in order, whole or not at all, never changed behind the database's back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from callcenter.store.migrate import MigrationError, migrate, pending, read
from callcenter.store.pool import connect


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database without any migration."""
    connection = await connect(empty_url)
    yield connection
    await connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two migrations, of which the second needs the first."""
    (tmp_path / "0001_core.sql").write_text("create table cores (n int);")
    (tmp_path / "0002_more.sql").write_text("alter table cores add m int; insert into cores values (1, 2);")
    (tmp_path / "README.md").write_text("not a migration")
    return tmp_path


async def test_all_are_applied_in_order_and_once(empty: asyncpg.Connection, folder: Path) -> None:
    assert await pending(empty, folder) == ["0001_core", "0002_more"]
    assert await migrate(empty, folder) == ["0001_core", "0002_more"]
    assert await pending(empty, folder) == []
    assert await migrate(empty, folder) == []
    assert await empty.fetchval("select count(*) from cores") == 1


async def test_pending_changes_nothing(empty: asyncpg.Connection, folder: Path) -> None:
    await pending(empty, folder)
    assert await empty.fetchval("select to_regclass('migrations')") is None


async def test_a_new_one_is_applied_alone(empty: asyncpg.Connection, folder: Path) -> None:
    await migrate(empty, folder)
    (folder / "0003_next.sql").write_text("create table nexts ();")
    assert await pending(empty, folder) == ["0003_next"]
    assert await migrate(empty, folder) == ["0003_next"]


async def test_a_failing_one_is_undone_whole_and_those_before_it_stay(empty: asyncpg.Connection, folder: Path) -> None:
    (folder / "0003_bad.sql").write_text("create table halves (); select no_such_function();")
    with pytest.raises(MigrationError, match=r"0003_bad\.sql failed and was undone: .*no_such_function"):
        await migrate(empty, folder)
    assert await empty.fetchval("select to_regclass('halves')") is None
    assert await pending(empty, folder) == ["0003_bad"]
    (folder / "0003_bad.sql").write_text("create table halves ();")
    assert await migrate(empty, folder) == ["0003_bad"]


async def test_a_changed_one_is_refused_by_name(empty: asyncpg.Connection, folder: Path) -> None:
    await migrate(empty, folder)
    (folder / "0001_core.sql").write_text("create table cores (n bigint);")
    for ask in (migrate, pending):
        with pytest.raises(MigrationError, match=r"0001_core\.sql was changed after it was applied"):
            await ask(empty, folder)


async def test_older_code_is_refused_on_a_newer_database(empty: asyncpg.Connection, folder: Path) -> None:
    await migrate(empty, folder)
    (folder / "0002_more.sql").unlink()
    with pytest.raises(MigrationError, match="0002_more, which this version does not know"):
        await migrate(empty, folder)


async def test_a_late_number_before_applied_ones_is_refused(empty: asyncpg.Connection, folder: Path) -> None:
    (folder / "0002_more.sql").rename(folder / "0004_more.sql")
    await migrate(empty, folder)
    (folder / "0003_late.sql").write_text("select 1;")
    with pytest.raises(MigrationError, match=r"0003_late\.sql comes before 0004_more, which is applied"):
        await migrate(empty, folder)


@pytest.mark.parametrize(
    ("name", "said"),
    [("0002_twice.sql", "two migrations have one number"), ("3_next.sql", "3_next.sql is not a migration's name")],
)
def test_a_name_that_cannot_be_ordered_is_refused(folder: Path, name: str, said: str) -> None:
    (folder / name).write_text("select 1;")
    with pytest.raises(MigrationError, match=said):
        read(folder)


async def test_several_starts_at_once_apply_each_once(empty_url: str, folder: Path) -> None:
    (folder / "0003_slow.sql").write_text("select pg_sleep(0.2); create table slows ();")
    connections = [await connect(empty_url) for _ in range(4)]
    done = await asyncio.gather(*(migrate(connection, folder) for connection in connections))
    assert sorted(done) == [[], [], [], ["0001_core", "0002_more", "0003_slow"]]
    for connection in connections:
        await connection.close()


async def test_the_lock_is_given_back_after_a_failure(empty_url: str, empty: asyncpg.Connection, folder: Path) -> None:
    (folder / "0003_bad.sql").write_text("broken;")
    with pytest.raises(MigrationError):
        await migrate(empty, folder)
    (folder / "0003_bad.sql").unlink()
    second = await connect(empty_url)
    assert await asyncio.wait_for(migrate(second, folder), 10) == []
    await second.close()


async def test_when_is_recorded(empty: asyncpg.Connection, folder: Path) -> None:
    await migrate(empty, folder)
    assert await empty.fetchval(
        "select bool_and(applied_at between now() - '1 minute'::interval and now()) from migrations"
    )


async def test_the_shipped_ones_fit_the_template(database_url: str) -> None:
    connection = await connect(database_url)
    assert read()[0].name == "0001_core"
    assert await pending(connection) == []
    await connection.close()


async def test_every_constraint_has_a_name_of_ours(pool: asyncpg.Pool) -> None:
    given_by_postgresql = await pool.fetch(
        "select conname from pg_constraint join pg_namespace n on n.oid = connamespace"
        " where nspname = 'public' and conname ~ '_(pkey|fkey|key|excl)[0-9]*$'"
    )
    assert given_by_postgresql == []


async def test_every_instant_has_a_zone(pool: asyncpg.Pool) -> None:
    without = await pool.fetch(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'public' and data_type = 'timestamp without time zone'"
    )
    assert without == []
