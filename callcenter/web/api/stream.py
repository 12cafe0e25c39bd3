"""The live stream for clients of the API."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from callcenter.web.live import place_of, stream
from callcenter.web.route import Asked, Route


class StreamQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where to begin, for clients that cannot send Last-Event-ID."""

    after: Annotated[str, Meta(pattern="^[0-9]{1,19}-[0-9]{1,19}$")] | None = None


async def live(asked: Asked) -> Any:
    """Server-sent events, each `id: ...` and `data: {"kind", "at", "ticket", "data"}`."""
    place_of(asked.http)
    return await stream(asked.http, asked.actor, asked.context)


ROUTES = [
    Route(
        "GET",
        "/api/v1/stream",
        live,
        "board.read",
        "What moves, as server-sent events; resumed by Last-Event-ID. Each `data` is an object with `kind` (ring,"
        " answered, ended, logged, opened, changed, acknowledged, begun, beat, reset), `at`, `ticket` and `data`",
        None,
        query=StreamQuery,
        gives_media="text/event-stream",
        streams=True,
    )
]
