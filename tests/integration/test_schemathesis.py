"""Schemathesis on the whole document and the real application: never a 5xx, never an answer the document does not list.

The same examples every time, and few: a longer run with other seeds is `schemathesis run` on a server of one's own.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from alerts.engine import run_pass
from callcenter.now import system_now
from callcenter.services import contracts, people
from callcenter.services.calls import LogCall, log_call
from callcenter.services.context import Context
from callcenter.services.new_ticket import CallTicket
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store.engine import ClockBook
from callcenter.store.pool import open_pool
from callcenter.web.api import ROUTES
from callcenter.web.app import build
from callcenter.web.openapi import document

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
QUICK = settings(
    max_examples=2, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
US = Actor("test", "admin")
TERMS = """
contract: FUZZ
customer: Somebody
valid: {from: 2020-01-01, until: 2999-12-31}
timezone: Asia/Shanghai
severities: {1: {name: grave}, 2: {name: light}}
calendars: {always: 24x7}
commitments:
  - {name: restore, starts: reported, stops: restored, within: {1: 1h, 2: 4h}, calendar: always, pauses: [waiting]}
alerts:
  ladder: [{at: 50%, notify: [assignee]}, {at: breach, notify: [supervisor]}]
"""
TICKETS = 5
schema = schemathesis.openapi.from_dict(document(route for route in ROUTES if not route.streams))


@schema.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Most numbers lead nowhere: they become those of tickets and records that are there."""
    given = path_parameters if path_parameters is not None else {}
    for name, value in given.items():
        if isinstance(value, int) and value > 0:
            given[name] = (100_001 if name == "number" else 1) + value % TICKETS
        elif name == "code" and isinstance(value, str) and len(value) % 2:
            given[name] = "FUZZ"
    return path_parameters


class Live:
    """The service on a port, on a thread of its own."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-live", daemon=True)
        self._thread.start()
        self.tokens: dict[str, str] = {}
        self.url = self._wait(self._open())

    def close(self) -> None:
        """It is gone, with its thread."""
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[object, object, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self) -> str:
        self._pool = await open_pool(self._dsn, size=4)
        context = Context(Settings(), system_now)
        async with self._pool.acquire() as conn:
            await self._fill(conn, context)
        await run_pass(ClockBook(self._pool, context.terms), system_now() + timedelta(hours=2))
        self._runner = web.AppRunner(build(self._pool, context), access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _fill(self, conn: asyncpg.Connection, context: Context) -> None:
        now = system_now()
        for role in ("admin", "integration", "partner"):
            self.tokens[role] = await people.create_token(conn, role, role, None, None, now)
        await contracts.put(conn, None, TERMS, US, now)
        for place in range(TICKETS):
            ticket = CallTicket(contract="FUZZ", title=f"Fault {place}", severity=1)
            await log_call(conn, context, LogCall(caller="13912345678", queue="q", ticket=ticket), US, now)

    async def _close(self) -> None:
        await self._runner.cleanup()
        await self._pool.close()


@pytest.fixture(scope="module")
def live(databases: Any) -> Iterator[Live]:
    """The service on a database of its own, with a contract, tickets and alerts."""
    name = databases.clone()
    made = Live(databases.url(name))
    yield made
    made.close()
    databases.drop(name)


def ask(case: schemathesis.Case, live: Live, role: str) -> None:
    headers = {"Authorization": f"Bearer {live.tokens[role]}"}
    response = case.call(base_url=live.url, headers=headers)
    if response.status_code != 413:  # a body beyond the limit is refused unread, whatever else is wrong with it
        again = {"base_url": live.url, "headers": headers}
        case.validate_response(response, headers=headers, checks=CHECKS, transport_kwargs=again)


@schema.parametrize()
@QUICK
def test_an_admin_may_ask_anything(case: schemathesis.Case, live: Live) -> None:
    ask(case, live, "admin")


@schema.include(path_regex="/(calls|promise|lookup|events)$").parametrize()
@settings(QUICK, max_examples=1)
def test_machines_and_partners_may_ask_anything(case: schemathesis.Case, live: Live) -> None:
    for role in ("integration", "partner"):
        ask(case, live, role)
