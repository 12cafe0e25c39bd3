"""The outbox: deliveries are written beside the alert they tell of, leased, sent with no transaction open, recorded."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from alerts.message import Message, Recipient, next_rung
from alerts.ports import Delivery
from alerts.reasons import Reason
from callcenter.store import queries
from callcenter.store.contracts import Terms
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)
_DETAIL = 500


async def enqueue(conn: Connection, fired: Sequence[int], ended: Sequence[int], now: datetime) -> None:
    """New alerts have deliveries on every channel that serves them; ended ones are cancelled or told to be over."""
    if fired:
        await _sql.fire(conn, alerts=fired, now=now)
    if ended:
        await _sql.cancel(conn, alerts=ended)
        await _sql.tell_end(conn, alerts=ended, now=now)


async def of_alert(conn: Connection, alert: int) -> list[Row]:
    """The deliveries of an alert, oldest first."""
    return [row async for row in _sql.of_alert(conn, alert=alert)]


async def of_alerts(conn: Connection, alerts: Sequence[int]) -> dict[int, list[Row]]:
    """The deliveries of several alerts, oldest first, by alert."""
    found: dict[int, list[Row]] = {}
    async for row in _sql.of_alerts(conn, alerts=list(alerts)):
        found.setdefault(row["alert"], []).append(row)
    return found


async def depth(conn: Connection) -> tuple[int, datetime | None]:
    """How many deliveries wait or are under way, and since when the oldest has."""
    row = await _sql.depth(conn)
    return row["depth"], row["oldest"]


class DatabaseOutbox:
    """The outbox as `alerts.dispatcher` takes from it; every call is a short transaction of its own."""

    def __init__(self, pool: asyncpg.Pool, terms: Terms) -> None:
        self._pool = pool
        self._terms = terms

    async def channels(self) -> Sequence[int]:
        """Ids of all channels, those switched off too."""
        async with self._pool.acquire() as conn:
            return [row["id"] async for row in _sql.channels(conn)]

    async def lease(self, room: Mapping[int, int], by: str, now: datetime, until: datetime) -> Sequence[Delivery]:
        """Marks up to `room[channel]` ready deliveries of each channel as sending, expired leases among them."""
        async with self._pool.acquire() as conn, conn.transaction():
            taken = _sql.lease(conn, channels=list(room), slots=list(room.values()), by=by, now=now, until=until)
            ids = [row["id"] async for row in taken if row["state"] == "sending"]
            if not ids:
                return []
            rows = [row async for row in _sql.facts(conn, ids=ids)]
            return [await self._delivery(conn, row) for row in rows]

    async def sent(self, deliveries: Iterable[UUID], by: str, now: datetime) -> None:
        """Records success of deliveries this process holds."""
        async with self._pool.acquire() as conn:
            await _sql.sent(conn, ids=list(deliveries), by=by, now=now)

    async def failed(self, delivery: UUID, by: str, reason: Reason, detail: str, next_try_at: datetime | None) -> None:
        """Records a failure: to be tried again at the instant, or dead when None."""
        clean = detail.replace("\x00", "")[:_DETAIL]
        async with self._pool.acquire() as conn:
            await _sql.failed(conn, id=delivery, by=by, reason=reason.value, detail=clean, next_try_at=next_try_at)

    async def give_back(self, deliveries: Iterable[UUID], by: str, now: datetime) -> None:
        """Makes leased deliveries ready at once; the attempt is not counted."""
        async with self._pool.acquire() as conn:
            await _sql.give_back(conn, ids=list(deliveries), by=by, now=now)

    async def depth(self) -> tuple[int, datetime | None]:
        """How many deliveries wait or are under way, and since when the oldest has."""
        async with self._pool.acquire() as conn:
            return await depth(conn)

    async def _delivery(self, conn: Connection, row: Row) -> Delivery:
        return Delivery(
            id=row["id"],
            channel=row["channel"],
            kind=row["channel_kind"],
            config=row["config"],
            channel_active=row["active"],
            attempts=row["attempts"],
            message=Message(
                id=row["id"],
                next_rung=await self._next_rung(conn, row),
                told=tuple(row["told"]),
                recipients=tuple(Recipient(**person) for person in row["people"]),
                because=row["settled_because"],
                timezone=row["timezone"] or "UTC",
                **{name: row[name] for name in _PLAIN},
            ),
        )

    async def _next_rung(self, conn: Connection, row: Row) -> str | None:
        try:
            terms = await self._terms.of(conn, row["contract_version"]) if row["contract_version"] else None
        except ValueError:  # terms that cannot be read any more must not hold up the alert
            return None
        return next_rung(terms, row["step"]) if terms else None


_PLAIN = (
    "event", "kind", "alert", "ticket", "title", "customer", "contract", "commitment", "cycle", "clause", "severity",
    "promised", "due_at", "fires_at", "recorded_at", "stopped_at", "repeat",
)  # fmt: skip
