"""The wallboard's numbers as they stand at one instant."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from callcenter.services.context import Context
from callcenter.services.zones import zone_of
from callcenter.store import board as store
from callcenter.store.types import Connection

SOON = timedelta(minutes=30)


class Figures(msgspec.Struct, kw_only=True):
    """Six numbers; `answer_rate` in percent, rounded down, of today in the hotline's zone, null without a call."""

    at: datetime
    zone: str
    waiting: int
    oldest_waiting: datetime | None
    overdue: int
    soon: int
    next_due: datetime | None
    open: int
    nobodys: int
    answer_rate: float | None


async def figures(conn: Connection, context: Context, now: datetime) -> Figures:
    """The numbers now."""
    zone = zone_of(None, context.settings.default_region)
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    deadlines, tickets = await store.deadlines(conn, now, now + SOON), await store.tickets(conn)
    waiting, calls = await store.waiting(conn, now), await store.answered(conn, midnight.astimezone(now.tzinfo), now)
    rate = calls["answered"] * 1000 // calls["offered"] / 10 if calls["offered"] else None
    return Figures(
        at=now, zone=zone, waiting=waiting["waiting"], oldest_waiting=waiting["oldest"], overdue=deadlines["overdue"],
        soon=deadlines["soon"], next_due=deadlines["next_due"], open=tickets["open"], nobodys=tickets["nobodys"],
        answer_rate=rate,
    )  # fmt: skip
