"""Reads the named queries of an aggregate: `customers.sql` beside `customers.py`."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import aiosql
from aiosql.adapters.asyncpg import AsyncPGAdapter


class _OnConnections(AsyncPGAdapter):
    """Runs queries on connections, never on a pool.

    aiosql's own asks each time which of the two it was given, which costs as much as a short query does.
    """

    def _ordered(self, query_name: str, parameters: Any) -> list[Any]:
        return cast(list[Any], self.maybe_order_params(query_name, parameters))  # type: ignore[no-untyped-call]

    async def select(
        self, conn: Any, query_name: str, sql: str, parameters: Any, record_class: Any = None
    ) -> AsyncIterator[Any]:
        for row in await conn.fetch(sql, *self._ordered(query_name, parameters)):
            yield row

    async def select_one(self, conn: Any, query_name: str, sql: str, parameters: Any, record_class: Any = None) -> Any:
        return await conn.fetchrow(sql, *self._ordered(query_name, parameters))

    async def select_value(self, conn: Any, query_name: str, sql: str, parameters: Any) -> Any:
        return await conn.fetchval(sql, *self._ordered(query_name, parameters))

    async def insert_update_delete(self, conn: Any, query_name: str, sql: str, parameters: Any) -> Any:
        return await conn.execute(sql, *self._ordered(query_name, parameters))


def load(python_file: str) -> Any:
    """The queries of the `.sql` file beside the given `.py` file, by name."""
    adapter = cast(Any, _OnConnections)
    return aiosql.from_path(Path(python_file).with_suffix(".sql"), adapter, mandatory_parameters=False)
