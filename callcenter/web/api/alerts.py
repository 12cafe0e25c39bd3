"""Alerts: what was told to whom, and acknowledging it."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from callcenter.services import alerts as service
from callcenter.services.alerts import AlertShown
from callcenter.services.types import Id
from callcenter.web.api.paging import Cursor, Limit, Page, after, cut
from callcenter.web.route import Asked, Route

_PLAIN = Annotated[str, Meta(max_length=300, pattern="^[^\\x00]*$")]


class AlertsQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which alerts."""

    state: Literal["firing", "acknowledged", "resolved", "withdrawn"] | None = None
    kind: Literal["warning", "breach", "overdue"] | None = None
    ticket: Id | None = None
    contract: _PLAIN | None = None
    commitment: _PLAIN | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


async def listing(asked: Asked) -> Any:
    """Alerts, newest first."""
    query: AlertsQuery = asked.query
    names = ("kind", "ticket", "contract", "commitment")
    filters: dict[str, Any] = {name: getattr(query, name) for name in names if getattr(query, name) is not None}
    if query.state is not None:
        filters["state"] = [query.state]
    if query.cursor is not None:
        filters["before"] = after(query.cursor, 0)
    rows = await service.listing(asked.conn, filters, query.limit + 1, asked.actor)
    return cut(rows, query.limit, lambda row: row.id)


async def read(asked: Asked) -> AlertShown:
    """One alert with its deliveries."""
    return await service.get(asked.conn, asked.number, asked.actor)


async def acknowledge(asked: Asked) -> AlertShown:
    """Acknowledges an alert: repeats stop, the clock runs on."""
    return await service.acknowledge(asked.conn, asked.context, asked.number, asked.actor)


ROUTES = [
    Route(
        "GET",
        "/api/v1/alerts",
        listing,
        "alerts.read",
        "List alerts, newest first",
        Page[AlertShown],
        query=AlertsQuery,
    ),
    Route("GET", "/api/v1/alerts/{id}", read, "alerts.read", "Read an alert and its deliveries", AlertShown),
    Route(
        "POST", "/api/v1/alerts/{id}/acknowledge", acknowledge, "alerts.acknowledge", "Acknowledge an alert", AlertShown
    ),
]
