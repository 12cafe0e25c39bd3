"""Words the store's modules share."""

from typing import Any

import asyncpg

# A connection of the pool or a direct one; never the pool itself, so that it is plain what runs in one transaction.
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Row = Any
