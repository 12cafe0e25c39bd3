"""Deliveries: the log of what left the house, trying again, and channels put to the test."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from callcenter.errors import NotFound
from callcenter.services import deliveries as service
from callcenter.services.deliveries import ChannelState, DeliveryLogged, Tested
from callcenter.services.types import Id
from callcenter.web.api.paging import Cursor, Limit, Page, after, cut
from callcenter.web.route import Asked, Route

_PLAIN = Annotated[str, Meta(max_length=300, pattern="^[^\\x00]*$")]


class DeliveriesQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which deliveries; `channel` by its name."""

    state: Literal["pending", "sending", "sent", "dead", "cancelled", "gathered"] | None = None
    channel: _PLAIN | None = None
    alert: Id | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


async def listing(asked: Asked) -> Any:
    """Deliveries, newest first."""
    query: DeliveriesQuery = asked.query
    names = ("state", "channel", "alert")
    filters: dict[str, Any] = {name: getattr(query, name) for name in names if getattr(query, name) is not None}
    if query.cursor is not None:
        filters["before"] = after(query.cursor, 0)
    page = cut(await service.log(asked.conn, filters, query.limit + 1), query.limit, lambda one: one[0])
    return Page(items=[shown for _, shown in page.items], next=page.next)


def _delivery(asked: Asked) -> UUID:
    try:
        return UUID(asked.path["delivery"])
    except ValueError as error:
        raise NotFound(f"no delivery {asked.path['delivery'][:40]}") from error


async def read(asked: Asked) -> DeliveryLogged:
    """One delivery."""
    return await service.get(asked.conn, _delivery(asked))


async def retry(asked: Asked) -> DeliveryLogged:
    """Tries a dead or waiting delivery again at once."""
    return await service.retry(asked.conn, _delivery(asked), asked.now)


async def channel_state(asked: Asked) -> ChannelState:
    """How a channel fares."""
    return await service.channel_state(asked.conn, asked.number, asked.now)


async def test_channel(asked: Asked) -> Tested:
    """Sends a test message on a channel and says what came of it."""
    return await service.test_channel(asked.conn, asked.context, asked.number, asked.actor)


ROUTES = [
    Route(
        "GET",
        "/api/v1/deliveries",
        listing,
        "deliveries.read",
        "List deliveries, newest first",
        Page[DeliveryLogged],
        query=DeliveriesQuery,
    ),
    Route("GET", "/api/v1/deliveries/{delivery}", read, "deliveries.read", "Read a delivery", DeliveryLogged),
    Route(
        "POST", "/api/v1/deliveries/{delivery}/retry", retry, "deliveries.retry", "Try a delivery again", DeliveryLogged
    ),
    Route(
        "GET", "/api/v1/channels/{id}/state", channel_state, "channels.read", "Read how a channel fares", ChannelState
    ),
    # its answer is about this very moment, so nothing may keep it and give it again
    Route("POST", "/api/v1/channels/{id}/test", test_channel, "channels.write", "Test a channel", Tested, secret=True),
]
