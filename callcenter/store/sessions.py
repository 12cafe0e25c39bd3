"""People signed in to the console. Only the hash of a session's cookie is stored."""

from datetime import datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def add(conn: Connection, digest: bytes, login: str, now: datetime, expires_at: datetime) -> None:
    """The person is signed in until the instant."""
    await _sql.add(conn, hash=digest, login=login, now=now, expires_at=expires_at)


async def person(conn: Connection, digest: bytes, now: datetime) -> Row | None:
    """Whose session this is, or None."""
    return await _sql.person(conn, hash=digest, now=now)


async def seen(conn: Connection, digest: bytes, now: datetime, expires_at: datetime) -> None:
    """The session goes on until the instant."""
    await _sql.seen(conn, hash=digest, now=now, expires_at=expires_at)


async def end(conn: Connection, digest: bytes) -> None:
    """The session is over."""
    await _sql.end(conn, hash=digest)


async def expire(conn: Connection, now: datetime) -> None:
    """Sessions that ran out are gone."""
    await _sql.expire(conn, now=now)


async def password_of(conn: Connection, login: str) -> str | None:
    """The hash of the password somebody signs in with, or None."""
    row = await _sql.password_of(conn, login=login)
    return row["password_hash"] if row else None


async def prefer(conn: Connection, login: str, locale: str, shortcuts: bool, theme: str, now: datetime) -> None:
    """How the person wants pages to be."""
    await _sql.prefer(conn, login=login, locale=locale, shortcuts=shortcuts, theme=theme, now=now)


async def end_others(conn: Connection, login: str, keep: bytes) -> int:
    """All sessions of the person but one are over; gives how many there were."""
    ended: int = await _sql.end_others(conn, login=login, keep=keep)
    return ended
