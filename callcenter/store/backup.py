"""What a restore does to a database before and after: look whether it may, and keep what was there until it is done."""

import asyncpg

ASIDE = "callcenter_before_restore"
# What people and telephones fill; the other tables hang on these or have rows in a fresh database already.
_FILLED = ("accounts", "calls", "contacts", "contracts", "partners", "queues", "teams", "tickets", "tokens", "users")


async def users(connection: asyncpg.Connection) -> int:
    """How many other clients are connected to the database."""
    number: int = await connection.fetchval(
        """select count(*) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"""
    )
    return number


async def filled(connection: asyncpg.Connection) -> list[str]:
    """The tables that hold what somebody put in."""
    found = []
    for name in _FILLED:
        known = await connection.fetchval("select to_regclass($1)", f"public.{name}")
        if known is not None and await connection.fetchval(f"select true from public.{name} limit 1"):  # noqa: S608
            found.append(name)
    return found


async def aside(connection: asyncpg.Connection) -> bool:
    """Whether something was set aside and never dropped: a restore was killed."""
    return bool(await connection.fetchval("select true from pg_namespace where nspname = $1", ASIDE))


async def put_back_if_empty(connection: asyncpg.Connection) -> bool:
    """What was set aside is back, if nothing has come into its place; says whether."""
    if await connection.fetchval("select true from pg_tables where schemaname = 'public' limit 1"):
        return False
    await put_back(connection)
    return True


async def set_aside(connection: asyncpg.Connection) -> None:
    """Everything is out of the way and kept; the schema is empty."""
    async with connection.transaction():
        await connection.execute(f"alter schema public rename to {ASIDE}")
        await connection.execute("create schema public")


async def put_back(connection: asyncpg.Connection) -> None:
    """Everything is as it was before."""
    async with connection.transaction():
        await connection.execute("drop schema public cascade")
        await connection.execute(f"alter schema {ASIDE} rename to public")


async def drop_aside(connection: asyncpg.Connection) -> None:
    """What was there before is gone."""
    await connection.execute(f"drop schema {ASIDE} cascade")
