"""Calls of the same moment share their statements: each gets its own answer, and a bad one refuses nobody else's."""

import asyncio

import asyncpg
import pytest

from callcenter.services import contracts
from callcenter.services.calls import LogCall, log_call
from callcenter.services.context import Context
from callcenter.services.new_ticket import CallTicket
from callcenter.services.types import Actor
from callcenter.services.verify import check
from callcenter.settings import Settings
from callcenter.store.pool import open_pool
from callcenter.store.together import MOST, Burst, Together
from callcenter.store.types import Connection
from tests.integration.test_verify import ADMIN, CONTRACT, NOW


@pytest.fixture
async def context(pool: asyncpg.Pool) -> Context:
    """A service whose calls share their statements, with one contract."""
    async with pool.acquire() as conn:
        await contracts.put(conn, None, CONTRACT, ADMIN, NOW)
    return Context(Settings(), lambda: NOW, burst=Burst(pool))


def call(nth: int, title: str = "A fault") -> LogCall:
    """A call that opens a graded ticket."""
    wanted = CallTicket(contract="HOT-1", title=f"{title} {nth}", severity=1, severity_reason="x")
    return LogCall(caller=f"+86139{nth:08}", queue="hotline", ticket=wanted)


async def test_a_storm_of_calls_gives_each_its_own_ticket(pool: asyncpg.Pool, context: Context) -> None:
    logged = await asyncio.gather(*(log_call(pool, context, call(nth), ADMIN, NOW) for nth in range(3 * MOST)))
    assert [one.ticket.title for one in logged if one.ticket] == [f"A fault {nth}" for nth in range(3 * MOST)]
    assert len({one.ticket.number for one in logged if one.ticket}) == len({one.call.id for one in logged}) == 3 * MOST
    rows = await pool.fetch(
        "select c.id, c.caller, t.number, t.title from calls c join tickets t on t.number = c.ticket"
    )
    told = {(one.call.id, one.call.caller, one.ticket.number, one.ticket.title) for one in logged if one.ticket}
    assert {tuple(row) for row in rows} == told
    async with pool.acquire() as conn:
        assert [one async for page in check(conn, context, NOW) for one in page.differences] == []


async def test_one_that_the_database_refuses_is_refused_alone(pool: asyncpg.Pool, context: Context) -> None:
    def bad(nth: int) -> LogCall:
        return call(nth, "\x00" if nth == 7 else "A fault")  # PostgreSQL keeps no NUL in a text

    logged = await asyncio.gather(
        *(log_call(pool, context, bad(nth), ADMIN, NOW) for nth in range(20)), return_exceptions=True
    )
    refused = [nth for nth, one in enumerate(logged) if isinstance(one, BaseException)]
    assert refused == [7]
    assert isinstance(logged[7], asyncpg.DataError)
    assert (
        await pool.fetchval("select count(*) from calls") == await pool.fetchval("select count(*) from tickets") == 19
    )


async def test_a_transaction_shares_nothing(pool: asyncpg.Pool, context: Context) -> None:
    async with pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        inside = await log_call(conn, context, call(1), Actor("tests", "admin"), NOW)
        await transaction.rollback()
    assert inside.ticket is not None
    assert await pool.fetchval("select count(*) from tickets") == 0


async def test_a_store_that_is_away_refuses_all_who_wait_and_takes_the_next(database_url: str) -> None:
    lent = await open_pool(database_url, size=1)
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def run(conn: Connection, asks: list[int]) -> list[int]:  # type: ignore[type-arg]
        if not go_on.is_set():
            reached.set()
            await go_on.wait()
            raise ConnectionResetError("the server is gone")
        return [ask * 2 for ask in asks]

    together: Together[int, int] = Together(lent, run)  # type: ignore[arg-type]
    first = asyncio.create_task(together(1))
    await reached.wait()
    others = [asyncio.create_task(together(nth)) for nth in (2, 3)]
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(ConnectionResetError):
        await first
    assert await asyncio.gather(*others) == [4, 6]
    await lent.close()
    with pytest.raises(asyncpg.InterfaceError):
        await asyncio.wait_for(together(4), 10)
