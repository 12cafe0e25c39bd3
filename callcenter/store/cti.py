"""Calls as the telephone system tells of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def held(conn: Connection, call: int) -> Row | None:
    """The call's row, this transaction's until it ends, or None."""
    return await _sql.held(conn, id=call)


async def ensure(conn: Connection, ref: str, direction: str, now: datetime) -> tuple[Row, bool]:
    """The call with this reference, held, and whether it is new."""
    call = await _sql.begin(conn, ref=ref, direction=direction, now=now)
    fresh = call is not None
    row = await held(conn, call if fresh else await _sql.by_ref(conn, ref=ref))
    assert row is not None, "it is there or was made, and calls are never removed"
    return row, fresh


async def follow(conn: Connection, call: int, values: dict[str, Any], now: datetime) -> None:
    """The call is as the telephone says."""
    await _sql.follow(conn, id=call, now=now, **values)


async def heard(conn: Connection, token: int, now: datetime) -> None:
    """An event of the telephone system that has the token is noted, every ten seconds at most."""
    await _sql.heard(conn, token=token, now=now)


async def beat(conn: Connection, token: int, now: datetime) -> None:
    """The telephone system that has the token has reported itself."""
    await _sql.beat(conn, token=token, now=now)


async def logins(conn: Connection, names: Sequence[str]) -> list[str]:
    """The logins of those people of ours."""
    return [row["login"] async for row in _sql.logins(conn, names=list(names))]


async def ringing(conn: Connection, login: str, since: datetime) -> list[int]:
    """Calls that ring, or that this person answered and nobody has logged."""
    return [row["id"] async for row in _sql.ringing(conn, login=login, since=since)]
