"""Reads the named queries of an aggregate: `customers.sql` beside `customers.py`."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosql
from aiosql.adapters.asyncpg import AsyncPGAdapter


class _OnConnections(AsyncPGAdapter):  # type: ignore[misc]  # aiosql has no types
    """Runs queries on connections, never on a pool.

    aiosql's own asks each time which of the two it was given, which costs as much as a short query does.
    """

    async def select(self, conn: Any, query_name: str, sql: str, parameters: Any, record_class: Any = None) -> AsyncIterator[Any]:
        for row in await conn.fetch(sql, *self.maybe_order_params(query_name, parameters)):
            yield row

    async def select_one(self, conn: Any, query_name: str, sql: str, parameters: Any, record_class: Any = None) -> Any:
        return await conn.fetchrow(sql, *self.maybe_order_params(query_name, parameters))

    async def select_value(self, conn: Any, query_name: str, sql: str, parameters: Any) -> Any:
        return await conn.fetchval(sql, *self.maybe_order_params(query_name, parameters))

    async def insert_update_delete(self, conn: Any, query_name: str, sql: str, parameters: Any) -> Any:
        return await conn.execute(sql, *self.maybe_order_params(query_name, parameters))


def load(python_file: str) -> Any:
    """The queries of the `.sql` file beside the given `.py` file, by name."""
    return aiosql.from_path(Path(python_file).with_suffix(".sql"), _OnConnections, mandatory_parameters=False)
