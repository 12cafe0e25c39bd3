"""Every request has an id: on its answer as `X-Request-ID`, and with its ticket on every log line it causes."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from secrets import token_hex

from aiohttp import web

from callcenter import log

HEADER = "X-Request-ID"
# What others may give us to write into our log and headers.
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def identified(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Handles the request under the id its sender gave it, or a new one."""
    given = request.headers.get(HEADER)
    name = given if given is not None and _GIVEN.fullmatch(given) else token_hex(16)
    # the task serves one request of its connection after the other: what is set must not outlive this one
    before = log.context.set(partial(_about, request, name))
    try:
        response = await handler(request)
    except web.HTTPException as redirect:
        redirect.headers[HEADER] = name
        raise
    finally:
        log.context.reset(before)
    if not response.prepared:
        response.headers[HEADER] = name
    return response


def _about(request: web.Request, name: str) -> dict[str, str]:
    number = request.match_info.get("number", "")
    resource = request.match_info.route.resource
    ticket = resource is not None and "/tickets/{number" in resource.canonical and number.isdigit()
    return {"request_id": name, "ticket": number} if ticket else {"request_id": name}


async def streaming(_: web.Request, response: web.StreamResponse) -> None:
    """A stream, which begins before its handler ends, carries its request's id too."""
    told = log.context.get()
    if told is not None:
        response.headers.setdefault(HEADER, told()["request_id"])
