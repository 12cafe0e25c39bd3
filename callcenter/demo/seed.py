"""Fills an empty database with the demo's hotline."""

from datetime import datetime

import asyncpg

from callcenter.demo import customers, people
from callcenter.demo.people import HOTLINE, Staff
from callcenter.services.context import Context


async def seed(pool: asyncpg.Pool, context: Context, now: datetime) -> Staff:
    """People, customers and contracts are there; gives the sign-ins and tokens."""
    staff = await people.hire(pool, context, now)
    async with pool.acquire() as conn:
        queue = await conn.fetchval("select id from queues where name = $1", HOTLINE)
        await customers.sign(conn, context, now, queue)
    return staff
