"""API tokens. Only the hash of a token is stored."""

from datetime import datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def by_hash(conn: Connection, digest: bytes, now: datetime) -> Row | None:
    """The valid token with this hash (`id`, `name`, `role`, `login`, `partner`), or None."""
    return await _sql.by_hash(conn, hash=digest, now=now)


async def add(
    conn: Connection, name: str, role: str, login: str | None, digest: bytes, now: datetime, expires_at: datetime | None
) -> int:
    """Stores a token and returns its id."""
    added: int = await _sql.add(conn, name=name, role=role, login=login, hash=digest, now=now, expires_at=expires_at)
    return added


async def listing(conn: Connection, after: int, limit: int) -> list[Row]:
    """Tokens by id, after the given one."""
    return [row async for row in _sql.listing(conn, after=after, limit=limit)]


async def revoke(conn: Connection, token: int, now: datetime) -> bool:
    """Ends a token; False when there was none to end."""
    done: str = await _sql.revoke(conn, id=token, now=now)
    return done == "UPDATE 1"
