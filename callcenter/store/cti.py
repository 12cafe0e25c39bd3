"""Calls as the telephone system tells of them."""

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def held(conn: Connection, call: int) -> Row | None:
    """The call's row, this transaction's until it ends, or None."""
    return await _sql.held(conn, id=call)
