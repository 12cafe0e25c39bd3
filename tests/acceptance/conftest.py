"""The real application on a fresh database, a clock the test moves, and a caller for every role.

Every answer is held against the OpenAPI document: its status and media type must be listed, its body valid.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import jsonschema_rs
import pytest
from aiohttp.test_utils import TestServer

from alerts.engine import PassResult, run_pass
from callcenter.rights import ROLES
from callcenter.services.context import Context
from callcenter.services.people import create_token
from callcenter.settings import Settings
from callcenter.store.engine import ClockBook
from callcenter.web.api import ROUTES
from callcenter.web.app import build
from callcenter.web.openapi import document

# Monday 09:00 in Shanghai.
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
TERMS = """
contract: HF-1
title: Public-health network equipment
customer: Anhui public health
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: Asia/Shanghai
version: 1
effective: 2026-01-01
regions: {city: Hefei, province: elsewhere}
phases: [trial, warranty]
severities: {1: {name: grave}, 2: {name: major}, 3: {name: minor}, 4: {name: not ours}}
grading:
  - {when: {liability: customer}, severity: 4}
  - {when: {impact: down}, severity: 1}
  - {when: {impact: severe}, severity: 2}
  - {otherwise: 3}
calendars: {always: 24x7}
commitments:
  - {name: response, clause: "4.9", starts: reported, stops: responded, within: {1: 5m, default: 10m}, calendar: always}
  - name: on_site
    clause: "4.10"
    starts: reported
    stops: arrived
    cancels: resolved
    within:
      city: {1: 40m, 2: 1h, default: 2h}
      province: {1: 5h, 2: 6h, default: 10h}
    calendar: always
  - name: restore
    clause: "4.11"
    starts: reported
    stops: [restored, resolved]
    within: {default: 4h, 4: none}
    calendar: always
    pauses: [waiting_customer]
  - {name: complaint_answer, kinds: [complaint], starts: reported, stops: answered, within: 2h, calendar: always}
reporting:
  target: {response: 98%, on_site: 95%, restore: 95%}
alerts:
  ladder:
    - {at: 50%, notify: [assignee]}
    - {at: breach, notify: [supervisor]}
    - {at: +30m, repeat: 30m, until: acknowledged, notify: [head_of_service]}
"""


class MovableClock:
    """The time as the test says it is."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> datetime:
        """It is that much later."""
        self.now += timedelta(**span)
        return self.now


@dataclass(frozen=True)
class Reply:
    """An answer, read to its end; `body` is the JSON where it is some."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    body: Any

    @property
    def etag(self) -> str:
        return self.headers["ETag"]

    @property
    def pointers(self) -> list[str]:
        """The fields a refusal names."""
        return [fault["pointer"] for fault in self.body.get("errors", [])]

    @property
    def codes(self) -> list[str]:
        return [fault["code"] for fault in self.body.get("errors", [])]


class Spec:
    """The OpenAPI document, as a judge of answers."""

    def __init__(self) -> None:
        self.document = json.loads(json.dumps(document(ROUTES), default=str))
        self._paths = [
            (re.compile("^" + re.sub(r"{\w+}", "[^/]+", path) + "$"), operations)
            # a fixed path goes before one with a parameter in its place
            for path, operations in sorted(self.document["paths"].items(), key=lambda item: item[0].count("{"))
        ]
        self._validators: dict[str, Any] = {}

    def judge(self, method: str, path: str, reply: Reply) -> None:
        """Fails where the answer is not what the document says."""
        matching = [operations for pattern, operations in self._paths if pattern.match(path)]
        operation = next((one[method.lower()] for one in matching if method.lower() in one), None)
        if operation is None or reply.status == 405:
            return
        told = operation["responses"].get(str(reply.status))
        assert told is not None, f"{method} {path}: the document has no {reply.status}: {reply.raw[:400]!r}"
        if "content" not in told:
            assert not reply.raw, f"{method} {path}: {reply.status} has a body"
            return
        media = reply.headers["Content-Type"].split(";")[0]
        given = told["content"].get(media, told["content"].get("*/*"))
        assert given is not None, f"{method} {path}: the document does not list {media} for {reply.status}"
        if "schema" in given and media.endswith("json"):
            self._validator(given["schema"]).validate(reply.body)

    def _validator(self, schema: Any) -> Any:
        key = json.dumps(schema)
        if key not in self._validators:
            whole = {"components": self.document["components"], **schema}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self._validators[key]


_SPEC = Spec()


class Hotline:
    """The service, spoken to over HTTP by anybody."""

    def __init__(self, server: TestServer, session: aiohttp.ClientSession, pool: asyncpg.Pool, clock: MovableClock,
                 context: Context, tokens: dict[str, str]) -> None:  # fmt: skip
        self.server = server
        self.session = session
        self.pool = pool
        self.clock = clock
        self.context = context
        self.tokens = tokens

    async def ask(
        self, method: str, path: str, *, role: str | None = "dispatcher", expect: int | None = None,
        headers: Mapping[str, str] | None = None, **given: Any,
    ) -> Reply:  # fmt: skip
        """The answer to a request; fails where it is not `expect`, or not what the document says."""
        whole = dict(headers or {})
        if role is not None:
            whole.setdefault("Authorization", f"Bearer {self.tokens[role]}")
        url = (
            path
            if path.startswith(("/api/", "/cti/", "/intake/", "/healthz", "/readyz", "/metrics"))
            else f"/api/v1{path}"
        )
        async with self.session.request(method, self.server.make_url(url), headers=whole, **given) as response:
            raw = await response.read()
            is_json = response.content_type.endswith("json") and raw
            reply = Reply(response.status, response.headers, raw, json.loads(raw) if is_json else None)
        if expect is not None:
            assert reply.status == expect, f"{method} {path}: {reply.status} {raw[:2000]!r}"
        if expect is not None or reply.status >= 400:
            _SPEC.judge(method, urlsplit(url).path, reply)
        assert b"Traceback" not in raw
        return reply

    async def get(self, path: str, **given: Any) -> Any:
        """The body of a 200."""
        return (await self.ask("GET", path, expect=200, **given)).body

    async def post(self, path: str, body: Any = None, *, expect: int = 201, **given: Any) -> Any:
        """The body of an answer to a JSON POST."""
        return (await self.ask("POST", path, json=body, expect=expect, **given)).body

    async def refused(self, path: str, body: Any, *, expect: int = 422, **given: Any) -> Reply:
        """The refusal of a JSON POST."""
        return await self.ask("POST", path, json=body, expect=expect, **given)

    async def put_contract(self, source: str, code: str, *, expect: int = 201, role: str = "contract_manager") -> Reply:
        headers = {"Content-Type": "application/yaml"}
        return await self.ask("PUT", f"/contracts/{code}", data=source, headers=headers, role=role, expect=expect)

    async def ring(self, *, expect: int = 201, caller: str = "13912345678", **ticket: Any) -> Any:
        """What came of a call that opens a ticket; grave and in the city unless the test says otherwise."""
        whole = {"contract": "HF-1", "region": "city", "title": "No network", "facts": {"impact": "down"}, **ticket}
        whole = {name: value for name, value in whole.items() if value is not None}
        return await self.post("/calls", {"caller": caller, "ticket": whole}, expect=expect)

    async def write(self, number: int, *entries: dict[str, Any], expect: int = 201, role: str = "dispatcher") -> Any:
        """What came of writing these entries to a timeline."""
        body: Any = list(entries) if len(entries) > 1 else entries[0]
        return await self.post(f"/tickets/{number}/events", body, expect=expect, role=role)

    async def clock_of(self, number: int, commitment: str) -> Any:
        """The newest cycle of a ticket's clock."""
        clocks = (await self.get(f"/tickets/{number}/clocks"))["clocks"]
        return [one for one in clocks if one["commitment"] == commitment][-1]

    async def alerts(self, number: int, commitment: str) -> list[tuple[str, str]]:
        """Kind and state of a clock's alerts, oldest first."""
        found = (await self.get(f"/alerts?ticket={number}&commitment={commitment}"))["items"]
        return [(one["kind"], one["state"]) for one in reversed(found)]

    async def look(self) -> PassResult:
        """One pass of the engine at the present instant."""
        return await run_pass(ClockBook(self.pool, self.context.terms), self.clock.now)

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        found: int = await self.pool.fetchval(f"select count(*) from {table}")
        return found


async def _people(pool: asyncpg.Pool, now: datetime) -> dict[str, str]:
    """A user and a token of each role, the login being the role; `outsider` is of another partner."""
    tokens: dict[str, str] = {}
    async with pool.acquire() as conn:
        for name in ("North Service", "South Service"):
            await conn.execute("insert into partners (name, created_at, updated_at) values ($1, $2, $2)", name, now)
        for login in (*ROLES, "outsider"):
            role = "partner" if login == "outsider" else login
            partner = {"partner": "North Service", "outsider": "South Service"}.get(login)
            await conn.execute(
                "insert into users (login, name, role, partner, created_at, updated_at)"
                " values ($1, $1, $2, (select id from partners where name = $3), $4, $4)",
                login, role, partner, now,
            )  # fmt: skip
            tokens[login] = await create_token(conn, login, role, login, None, now)
    return tokens


@pytest.fixture
def terms() -> str:
    """The contract HF-1 as it is stored."""
    return TERMS


@pytest.fixture
def moving() -> MovableClock:
    """The clock of this test."""
    return MovableClock()


@pytest.fixture
async def hotline(pool: asyncpg.Pool, moving: MovableClock) -> AsyncIterator[Hotline]:
    """The service with people of every role and the contract HF-1."""
    context = Context(Settings(), moving)
    server = TestServer(build(pool, context))
    await server.start_server()
    jar = aiohttp.DummyCookieJar()
    try:
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            made = Hotline(server, session, pool, moving, context, await _people(pool, moving.now))
            await made.put_contract(TERMS, "HF-1")
            yield made
    finally:
        await server.close()


@pytest.fixture
def at(moving: MovableClock) -> Callable[..., str]:
    """Writes an instant so much from now as a request would."""

    def written(**span: float) -> str:
        return (moving.now + timedelta(**span)).isoformat()

    return written
