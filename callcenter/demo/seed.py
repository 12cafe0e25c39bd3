"""Fills an empty database with the demo's hotline."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from callcenter.demo import customers, people
from callcenter.demo.history import Coming, write_past
from callcenter.demo.people import HOTLINE, Staff
from callcenter.services.context import Context
from callcenter.services.history import import_history


@dataclass(frozen=True, slots=True)
class Seeded:
    """Who works here, and what becomes of the tickets that are still open."""

    staff: Staff
    coming: list[Coming]


async def seed(pool: asyncpg.Pool, context: Context, now: datetime) -> Seeded:
    """People, customers, contracts and three months of history are there."""
    staff = await people.hire(pool, context, now)
    async with pool.acquire() as conn:
        queue = await conn.fetchval("select id from queues where name = $1", HOTLINE)
        await customers.sign(conn, context, now, queue)
        past = write_past(now)
        report = await import_history(conn, context, past.lines, now)
        assert not report.refused, f"a line of the demo's own history was refused: {report.refused[0]}"
    return Seeded(staff, past.coming)
