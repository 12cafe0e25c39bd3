"""Migrations: ``migrations/NNNN_name.sql``, forward only, each applied once, whole, and never changed afterwards."""

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path

import asyncpg

import callcenter
from callcenter.errors import CallcenterError

# Any constant will do, as long as no other lock of the service has it.
_LOCK = 0x63616C6C
_NAME = re.compile(r"(\d{4}_[a-z0-9_]+)\.sql")
_TABLE = """
    create table if not exists migrations (
        name        text constraint migrations_pk primary key,
        checksum    text not null,
        applied_at  timestamptz not null default clock_timestamp()
    )
"""


class MigrationError(CallcenterError):
    """The migrations of this version and of the database do not fit together, or one failed; nothing of it was kept."""


@dataclass(frozen=True)
class Migration:
    """One file: its name without ``.sql``, its text and the SHA-256 of it."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


async def migrate(connection: asyncpg.Connection, folder: Traversable | None = None) -> list[str]:
    """The database has every migration of `folder` (default: those shipped); returns the names of the new ones.

    Starts at the same time wait for one another. Needs a direct connection: the lock belongs to the session. Raises
    MigrationError.
    """
    known = read(folder)
    async with _locked(connection):
        await connection.execute(_TABLE)
        new = _missing(known, await _applied(connection))
        for migration in new:
            await _apply(connection, migration)
    return [migration.name for migration in new]


async def pending(connection: asyncpg.Connection, folder: Traversable | None = None) -> list[str]:
    """The names of the migrations the database still lacks; raises MigrationError where the two do not fit together."""
    return [migration.name for migration in _missing(read(folder), await _applied(connection))]


def read(folder: Traversable | None = None) -> list[Migration]:
    """The migrations of a folder in order; raises MigrationError for a name that is not one or a number used twice."""
    found = [_parse(file) for file in (folder or _shipped()).iterdir() if file.name.endswith(".sql")]
    found.sort(key=lambda migration: migration.name)
    for before, after in pairwise(found):
        if before.name[:4] == after.name[:4]:
            raise MigrationError(f"two migrations have one number: {before.name} and {after.name}")
    return found


def _shipped() -> Traversable:
    """Inside the installed package, or beside it in a checkout."""
    inside = files("callcenter") / "migrations"
    return inside if inside.is_dir() else Path(str(callcenter.__file__)).parents[1] / "migrations"


def _parse(file: Traversable) -> Migration:
    named = _NAME.fullmatch(file.name)
    if named is None:
        raise MigrationError(f"{file.name} is not a migration's name: four digits, _, small letters, .sql")
    return Migration(named[1], file.read_text(encoding="utf-8"))


@asynccontextmanager
async def _locked(connection: asyncpg.Connection) -> AsyncIterator[None]:
    await connection.execute("select pg_advisory_lock($1)", _LOCK)
    try:
        yield
    finally:
        if not connection.is_closed():  # else the lock has gone with the session
            await connection.execute("select pg_advisory_unlock($1)", _LOCK)


async def _applied(connection: asyncpg.Connection) -> dict[str, str]:
    """Checksum by name; empty before the first migration."""
    if await connection.fetchval("select to_regclass('migrations')") is None:
        return {}
    return dict(await connection.fetch("select name, checksum from migrations order by name"))


def _missing(known: list[Migration], applied: dict[str, str]) -> list[Migration]:
    """What is still to be applied, after a check that what was applied is a beginning of what is known."""
    names = {migration.name for migration in known}
    if strange := [name for name in applied if name not in names]:
        raise MigrationError(
            f"the database has the migration {strange[-1]}, which this version does not know: run the newer version"
        )
    for migration in known:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationError(f"{migration.name}.sql was changed after it was applied: put it back, add a new one")
    missing = [migration for migration in known if migration.name not in applied]
    newest = max(applied, default="")
    if missing and missing[0].name < newest:
        raise MigrationError(f"{missing[0].name}.sql comes before {newest}, which is applied: give it a later number")
    return missing


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                "insert into migrations (name, checksum) values ($1, $2)", migration.name, migration.checksum
            )
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{migration.name}.sql failed and was undone: {error}") from error
