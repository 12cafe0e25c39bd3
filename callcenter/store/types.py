"""Words the store's modules share."""

from typing import Any

import asyncpg

# A connection of the pool or a direct one; never the pool itself, so that it is plain what runs in one transaction.
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
# For statements that stand alone: a connection, or the pool, which lends one for each of them.
Asking = Connection | asyncpg.Pool
Row = Any
