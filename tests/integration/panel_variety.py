"""What makes a difference to panels: what was not chosen, is void, over, a partner's, or at the edge of a month."""

from typing import Any

import asyncpg

OTHER = "HF-2"
ELSEWHERE = "province"
# A month begins in the contract's zone: a deadline an hour after that lies in it, one an hour after its end does not.
EDGE = """
update clocks set state = 'breached', breached_at = edge.at, stopped_at = edge.at, due_at = edge.at
from (
    select (date_trunc('month', now() at time zone 'Asia/Shanghai') + make_interval(months => $2, hours => 1))
           at time zone 'Asia/Shanghai' as at
) edge
where ticket = $1
"""
OF_FIRST = "(select id from contracts where code = 'HF-1')"


async def vary(conn: asyncpg.Connection) -> None:
    """Each ticket of the contract HF-1 is there again in every way that a panel must, or must not, tell apart."""
    rows = await conn.fetch(f"select number from tickets where contract = {OF_FIRST} order by number")
    other = await _contracts(conn)
    await conn.execute(
        "insert into users (login, name, role, created_at, updated_at)"
        " values ('sun', 'Sun Wu', 'partner', now(), now())"
    )
    for number in (row["number"] for row in rows):
        await _again(conn, number, {"contract": other}, {"contract": other})
        await _again(conn, number, {"region": ELSEWHERE}, {"region": ELSEWHERE})
        await _again(conn, number, {"state": "cancelled"}, {})
        await _again(conn, number, {}, {"void": True})
        await _again(conn, number, {"state": "waiting", "assignee": "sun", "severity": 2}, {"severity": 2})
    # not as many beyond one edge as beyond the other, nor as many on the road as sent for: a mistake would not show
    await _again(conn, rows[1]["number"], {}, {})
    for months in (0, 1, 1):
        await conn.execute(EDGE, await _again(conn, rows[0]["number"], {"state": "closed"}, {}), months)
    # nobody has it, and what was due first is done
    half_done = await _again(conn, rows[0]["number"], {}, {})
    await conn.execute(
        "update clocks set state = 'met', stopped_at = now() where ticket = $1 and commitment = 'response'", half_done
    )


async def _contracts(conn: asyncpg.Connection) -> int:
    """A second contract with the terms of the first, and what the first one said before; gives the second's id."""
    first = await conn.fetchrow(f"select * from contract_versions where contract = {OF_FIRST}")
    account = await conn.fetchval("select account from contracts where code = 'HF-1'")
    other: int = await conn.fetchval(
        "insert into contracts (code, account, created_at) values ($1, $2, now()) returning id", OTHER, account
    )
    for changed in (
        {"contract": other, "title": "Not chosen"},
        {"version": 0, "title": "Before", "timezone": "America/Anchorage", "valid_until": first["valid_from"]},
    ):
        await _insert(conn, "contract_versions", {**first, **changed}, but=("id",))
    return other


async def _again(conn: asyncpg.Connection, number: int, ticket: dict[str, Any], clock: dict[str, Any]) -> int:
    """A copy of the ticket with its clocks and entries, but for what is given; gives its number."""
    row = await conn.fetchrow("select * from tickets where number = $1", number)
    made: int = await _insert(conn, "tickets", {**row, **ticket}, but=("number", "ref"))
    for one in await conn.fetch("select * from clocks where ticket = $1", number):
        await _insert(conn, "clocks", {**one, **clock, "ticket": made}, but=("id",))
    for one in await conn.fetch("select * from entries where ticket = $1", number):
        await _insert(conn, "entries", {**one, "ticket": made}, but=())
    return made


async def _insert(conn: asyncpg.Connection, table: str, row: dict[str, Any], but: tuple[str, ...]) -> Any:
    """The row is there; gives its first column."""
    given = {name: value for name, value in row.items() if name not in but}
    places = ", ".join(f"${n}" for n in range(1, len(given) + 1))
    first = next(iter(row))
    statement = f"insert into {table} ({', '.join(given)}) values ({places}) returning {first}"
    return await conn.fetchval(statement, *given.values())
