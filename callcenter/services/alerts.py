"""Alerts as the outside sees them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from callcenter.errors import NotFound
from callcenter.services import tickets as ticket_service
from callcenter.services import timeline
from callcenter.services.context import Context
from callcenter.services.types import Actor
from callcenter.store import alerts, deliveries, events, tickets
from callcenter.store.types import Connection, Row


class DeliveryShown(msgspec.Struct, kw_only=True):
    """One message of an alert on one channel; `id` is the message's id however often it is sent."""

    id: UUID
    channel: str
    event: str
    state: str
    attempts: int
    reason: str | None
    detail: str | None
    created_at: datetime
    sent_at: datetime | None


class AlertShown(msgspec.Struct, kw_only=True):
    """An alert: which rung of whose ladder, of which deadline, and how it stands.

    `nobody_for` are duties nobody was there to fill, so that the next rung was told; `planned_at` is the ladder's own
    instant of a warning that was brought forward.
    """

    id: int
    ticket: int
    title: str
    contract: str
    commitment: str
    cycle: int
    clause: str | None
    severity: int | None
    kind: str
    step: int
    repeat: int
    deadline_version: int
    notify: list[str]
    nobody_for: list[str]
    fires_at: datetime
    planned_at: datetime | None
    due_at: datetime
    recorded_at: datetime
    late_s: float
    state: str
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    settled_at: datetime | None
    settled_because: str | None
    deliveries: list[DeliveryShown]


_COLUMNS = [name for name in AlertShown.__struct_fields__ if name not in ("late_s", "deliveries")]


def _shown(row: Row, sent: list[Row]) -> AlertShown:
    late = max(0.0, (row["recorded_at"] - row["fires_at"]).total_seconds())
    messages = [DeliveryShown(**{name: one[name] for name in DeliveryShown.__struct_fields__}) for one in sent]
    return AlertShown(late_s=late, deliveries=messages, **{name: row[name] for name in _COLUMNS})


async def listing(conn: Connection, filters: dict[str, Any], limit: int, actor: Actor) -> list[AlertShown]:
    """Alerts that pass the filters, newest first, with their deliveries; a partner sees those of own tickets."""
    if actor.role == "partner":
        filters = {**filters, "partner": actor.partner}
    rows = await alerts.list_alerts(conn, filters, limit)
    sent = await deliveries.of_alerts(conn, [row["id"] for row in rows])
    return [_shown(row, sent.get(row["id"], [])) for row in rows]


async def get(conn: Connection, alert: int, actor: Actor) -> AlertShown:
    """One alert; NotFound where there is none or the actor may not see it."""
    row = await alerts.get(conn, alert)
    if row is None or not await ticket_service.visible(conn, await tickets.get(conn, row["ticket"]), actor):
        raise NotFound(f"no alert {alert}")
    return _shown(row, (await deliveries.of_alerts(conn, [alert])).get(alert, []))


async def acknowledge(
    conn: Connection, context: Context, alert: int, actor: Actor, *, by_link: bool = False
) -> AlertShown:
    """The alert is acknowledged by the actor, and the ticket's timeline says so.

    One that is over, or was acknowledged before, stays as it is.
    """
    async with conn.transaction():
        number = (await get(conn, alert, actor)).ticket
        await ticket_service.found(conn, context, number, actor, lock=True)
        if (await get(conn, alert, actor)).state == "firing":  # as it is now that nobody else can change it
            now = context.now()
            await alerts.acknowledge(conn, alert, actor.name, now)
            await events.add(conn, "acknowledged", number, {"alert": alert}, now)
            await deliveries.tell_acknowledged(conn, alert, now)
            text = f"alert {alert} acknowledged by {actor.name}{' by link' if by_link else ''}"
            await timeline.record(conn, context, number, {"type": "noted", "text": text}, actor)
        return await get(conn, alert, actor)
