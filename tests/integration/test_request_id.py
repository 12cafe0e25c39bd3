"""A request's id is on its answer and on the log lines it causes, and on nobody else's."""

from collections.abc import AsyncIterator, Callable

import aiohttp
import asyncpg
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from callcenter.log import with_context
from callcenter.now import system_now
from callcenter.services.context import Context
from callcenter.settings import Settings
from callcenter.web.app import build


@pytest.fixture
async def ask(pool: asyncpg.Pool) -> AsyncIterator[Callable[..., object]]:
    """Asks the service over one connection; a route of the test's own logs a line and fails."""
    app = build(pool, Context(Settings(), system_now))

    async def broken(_: web.Request) -> web.Response:
        structlog.get_logger("test").info("at work")
        raise RuntimeError("a fault of ours")

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        return response

    app.router.add_get("/stream", stream)
    app.router.add_get("/tickets/{number}/broken", broken)
    app.router.add_get("/broken", broken)
    server = TestServer(app)
    await server.start_server()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:

            async def get(path: str, given: str | None = None) -> str:
                headers = {"X-Request-ID": given} if given is not None else {}
                async with session.get(server.make_url(path), headers=headers) as response:
                    await response.read()
                    return response.headers["X-Request-ID"]

            yield get
    finally:
        await server.close()


async def test_every_answer_carries_an_id_of_its_own(ask: Callable[..., object]) -> None:
    found = {await ask(path) for path in ("/healthz", "/nothing", "/broken", "/stream", "/api/v1/tickets")}  # type: ignore[misc]
    assert len(found) == 5


async def test_a_given_id_is_kept_and_one_that_could_do_harm_is_not(ask: Callable[..., object]) -> None:
    assert await ask("/healthz", "proxy-7.a_B") == "proxy-7.a_B"  # type: ignore[misc]
    for bad in ("", "a b", "x" * 65, 'a"b', "a{b}"):
        assert await ask("/healthz", bad) != bad  # type: ignore[misc]


async def test_log_lines_say_which_request_and_ticket(ask: Callable[..., object]) -> None:
    with structlog.testing.capture_logs(processors=[with_context]) as lines:
        await ask("/tickets/100001/broken", "one")  # type: ignore[misc]
        await ask("/broken", "two")  # type: ignore[misc]
    told = [(line["event"], line["request_id"], line.get("ticket")) for line in lines]
    both = [("at work", "one", "100001"), ("unforeseen", "one", "100001")]
    assert told == [*both, ("at work", "two", None), ("unforeseen", "two", None)]
