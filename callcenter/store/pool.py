"""Connections to PostgreSQL: instants in UTC, JSON as Python values."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import msgspec

_NAME = "callcenter"
_SESSION = {"timezone": "UTC", "application_name": _NAME}
# A host that stands still in the middle of a transaction keeps its locks no longer than this: whoever waits for them
# still records what it sent within the lease of a delivery.
IDLE_AT_MOST = "30s"


async def open_pool(
    dsn: str, *, size: int = 10, statement_cache: bool = True, setup: Callable[[Any], Awaitable[None]] | None = None
) -> asyncpg.Pool:
    """A pool of at most `size` connections; close it with `await pool.close()`.

    `setup` is awaited with each connection that is handed out.

    A DSN may name several hosts with ``target_session_attrs=read-write``. `statement_cache` is False behind PgBouncer
    in transaction mode, which mixes up prepared statements and takes no settings of a session: there `IDLE_AT_MOST`
    has to be set for the role.
    """
    session = _SESSION | ({"idle_in_transaction_session_timeout": IDLE_AT_MOST} if statement_cache else {})
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        init=_set_codecs,
        reset=_leave,
        setup=setup,
        server_settings=session,
        **_caching(statement_cache),
    )


async def connect(dsn: str, *, statement_cache: bool = True) -> asyncpg.Connection:
    """One connection of one's own, for LISTEN, advisory locks and migrations: its DSN must pass PgBouncer by."""
    connection = await asyncpg.connect(dsn, server_settings=_SESSION, **_caching(statement_cache))
    await _set_codecs(connection)
    return connection


async def _leave(_connection: asyncpg.Connection) -> None:
    """Nothing to undo: connections of a pool hold no listeners, cursors or settings beyond their transaction.

    asyncpg would ask the server to undo them all the same, one more round trip for each request.
    """


def _caching(on: bool) -> dict[str, int]:
    return {} if on else {"statement_cache_size": 0}


async def _set_codecs(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("json", schema="pg_catalog", format="binary", encoder=_encode, decoder=_decode)
    await connection.set_type_codec("jsonb", schema="pg_catalog", format="binary", encoder=_encode_b, decoder=_decode_b)


_encode, _decode = msgspec.json.encode, msgspec.json.decode
# on the wire jsonb is the text as well, after the number of its format
_JSONB = b"\x01"


def _encode_b(value: Any) -> bytes:
    return _JSONB + _encode(value)


def _decode_b(sent: bytes) -> Any:
    return _decode(sent[1:])
