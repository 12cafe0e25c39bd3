"""Every request has an id: on its answer as `X-Request-ID`, and with its ticket on every log line it causes."""

import re
from collections.abc import Awaitable, Callable
from uuid import uuid4

import structlog
from aiohttp import web

HEADER = "X-Request-ID"
# What others may give us to write into our log and headers.
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def identified(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Handles the request under the id its sender gave it, or a new one."""
    given = request.headers.get(HEADER, "")
    name = given if _GIVEN.fullmatch(given) else uuid4().hex
    # the task serves one request of its connection after the other: what is bound must not outlive this one
    with structlog.contextvars.bound_contextvars(request_id=name, **_ticket(request)):
        try:
            response = await handler(request)
        except web.HTTPException as redirect:
            redirect.headers[HEADER] = name
            raise
    if not response.prepared:
        response.headers[HEADER] = name
    return response


def _ticket(request: web.Request) -> dict[str, str]:
    number = request.match_info.get("number", "")
    resource = request.match_info.route.resource
    about = resource is not None and "/tickets/{number}" in resource.canonical
    return {"ticket": number} if about and number.isdigit() else {}


async def streaming(_: web.Request, response: web.StreamResponse) -> None:
    """A stream, which begins before its handler ends, carries its request's id too."""
    name = structlog.contextvars.get_contextvars().get("request_id")
    if name is not None:
        response.headers.setdefault(HEADER, name)
