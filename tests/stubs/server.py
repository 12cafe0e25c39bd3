"""A server on the loopback that stands in for the other side of a channel, and misbehaves as told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from aiohttp import web
from aiohttp.test_utils import TestServer

Manner = Literal["well", "slow", "error", "busy", "garbled", "closed", "redirect"]
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
RETRY_AFTER_S = 30


class Stub:
    """Answers as the real one does (`respond`); `manner` makes it misbehave instead.

    `slow` waits until `gate` is set, `busy` is 429 with Retry-After, `garbled` HTML with 200, `closed` a connection cut
    before the answer, `redirect` leads to `elsewhere`, an address on the loopback that counts who comes.
    """

    path = "/"

    def __init__(self, now: Callable[[], datetime] = lambda: NOW) -> None:
        self.now = now
        self.manner: Manner = "well"
        self.asked: list[web.Request] = []
        self.taken: list[Any] = []
        self.strayed = 0
        self.gate = asyncio.Event()
        self.address = ""

    @property
    def url(self) -> str:
        """Where the channel posts to."""
        return self.address + self.path

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """What the real one would answer; whatever it takes goes to `taken`."""
        raise NotImplementedError

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.asked.append(request)
        match self.manner:
            case "slow":
                await self.gate.wait()
            case "error":
                return web.Response(status=500, text="oops")
            case "busy":
                return web.Response(status=429, headers={"Retry-After": str(RETRY_AFTER_S)})
            case "garbled":
                return web.Response(text="<html>Please sign in to the hotel's network</html>", content_type="text/html")
            case "closed":
                assert request.transport is not None
                request.transport.close()
            case "redirect":
                return web.Response(status=302, headers={"Location": f"{self.address}/elsewhere"})
        return await self.respond(request, body)

    async def stray(self, _: web.Request) -> web.StreamResponse:
        self.strayed += 1
        return web.Response()


Kind = TypeVar("Kind", bound=Stub)


@asynccontextmanager
async def running(stub: Kind) -> AsyncIterator[Kind]:
    """The stub answers until the block is left."""
    app = web.Application()
    app.router.add_route("*", "/elsewhere", stub.stray)
    app.router.add_post(stub.path, stub.handle)
    async with TestServer(app, host="127.0.0.1") as server:
        stub.address = f"http://127.0.0.1:{server.port}"
        try:
            yield stub
        finally:
            stub.gate.set()


def said(code_name: str, code: int, text_name: str, text: str) -> web.Response:
    """HTTP 200 with a code, as robots answer whatever happened."""
    return web.json_response({code_name: code, text_name: text})


def read(body: bytes) -> Any:
    """The JSON of a body, or None."""
    try:
        return json.loads(body)
    except ValueError:
        return None
