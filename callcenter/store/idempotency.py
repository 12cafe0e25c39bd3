"""Answers kept under an Idempotency-Key, written in the transaction of the request they answer."""

from collections.abc import Mapping
from datetime import datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def claim(conn: Connection, token: int, key: str) -> bool:
    """True when no other request holds the key now; needs a transaction."""
    held: bool = await _sql.claim(conn, token=token, key=key)
    return held


async def find(conn: Connection, token: int, key: str) -> Row | None:
    """The kept answer, or None."""
    return await _sql.find(conn, token=token, key=key)


async def keep(
    conn: Connection, token: int, key: str, fingerprint: bytes, status: int, headers: Mapping[str, str], body: bytes,
    now: datetime,
) -> None:  # fmt: skip
    """Keeps the answer under the key."""
    await _sql.keep(
        conn, token=token, key=key, fingerprint=fingerprint, status=status, headers=dict(headers), body=body, now=now
    )


async def forget(conn: Connection, before: datetime) -> None:
    """Answers older than the instant are gone."""
    await _sql.forget(conn, before=before)
