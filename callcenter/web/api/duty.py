"""Who is on duty."""

from typing import Annotated

import msgspec
from msgspec import Meta

from callcenter.services import duty as service
from callcenter.services.duty import OnDuty
from callcenter.services.types import When
from callcenter.web.route import Asked, Route

_PLAIN = Annotated[str, Meta(min_length=1, max_length=300, pattern="^[^\\x00]*$")]


class OnDutyQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which duty, when (default: now) and for which region."""

    duty: _PLAIN
    at: When | None = None
    region: _PLAIN | None = None


async def on_duty(asked: Asked) -> OnDuty:
    """Who fills a duty at an instant."""
    query: OnDutyQuery = asked.query
    return await service.on_duty(asked.conn, query.duty, query.at, query.region, asked.now)


ROUTES = [  # before the rota's own, for which "on-duty" would be an id
    Route("GET", "/api/v1/rota/on-duty", on_duty, "staff.read", "Who is on duty", OnDuty, query=OnDutyQuery),
]
