"""People who sign in, beyond what every record has."""

from datetime import datetime

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def exists(conn: Connection, login: str) -> bool:
    """True when somebody signs in so."""
    found: bool = await _sql.exists(conn, login=login)
    return found


async def set_password(conn: Connection, login: str, hashed: str, now: datetime) -> bool:
    """Stores the hash of a password; False where nobody signs in so."""
    done: str = await _sql.set_password(conn, login=login, hash=hashed, now=now)
    return done == "UPDATE 1"


async def listing(conn: Connection) -> list[Row]:
    """All users by login."""
    return [row async for row in _sql.listing(conn)]
