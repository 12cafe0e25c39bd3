"""The real service in a real browser, with customers, people and a contract; everything on 127.0.0.1."""

import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from callcenter.services import contracts, people, resources, signing_in
from callcenter.services.context import Context
from callcenter.services.resources import RESOURCES, Account, Asset, Contact, Site, User
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store import sessions
from callcenter.web.app import build
from callcenter.web.live import FEED
from callcenter.web.pages.page import COOKIE

CHROMIUM = Path("/usr/bin/chromium")
_ARGS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]
# Monday 16:02 in Shanghai.
START = datetime(2026, 3, 2, 8, 2, tzinfo=UTC)
PASSWORD = "correct horse battery"
expect.set_options(timeout=15_000)
_AWAY = ("Failed to load resource", "WebSocket connection")
_US = Actor("setup", "admin")
TERMS = """
contract: HF-1
title: Public-health network
customer: 示范医院
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: Asia/Shanghai
regions: {city: 合肥市, province: 省内其他地区}
severities: {1: {name: 严重故障}, 2: {name: 主要故障}, 3: {name: 一般故障}, 4: {name: 非故障}}
grading:
  - {when: {liability: [customer, third_party]}, severity: 4}
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
    within: {city: {1: 40m, default: 1h}, province: {1: 5h, default: 8h}}
    calendar: always
  - name: restore
    clause: "4.11"
    starts: reported
    stops: [restored, resolved]
    within: {default: 4h, 4: none}
    calendar: always
"""


class RunningClock:
    """A day of the test's own, on which time goes on as it does."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return START + self.ahead + timedelta(seconds=time.monotonic() - self._begun)


@dataclass
class House:
    """The service, its database and its browser."""

    server: TestServer
    pool: asyncpg.Pool
    context: Context
    clock: RunningClock
    browser: Browser
    ids: dict[str, int]
    token: str
    http: aiohttp.ClientSession
    faults: list[str]

    async def tell(self, event: str, call: str = "c-1", **more: Any) -> None:
        """The telephone system tells of a call from a known number."""
        body = {"event": event, "callId": call, "from": "0551-55500123", "to": "400", "direction": "in", **more}
        async with self.http.post(self.url(f"/cti/{self.token}"), json=body) as answer:
            assert answer.status == 200, await answer.text()

    def url(self, path: str) -> str:
        """Where a page is."""
        return str(self.server.make_url(path))

    async def signed_in(self, login: str = "lin", **options: Any) -> tuple[BrowserContext, Page]:
        """A window of somebody signed in, on the first page; what its console or scripts complain of is kept."""
        window = await self.window(**{"viewport": {"width": 1280, "height": 800}, **options})
        page = await window.new_page()
        secret = secrets.token_urlsafe(32)
        async with self.pool.acquire() as conn:
            digest = hashlib.sha256(secret.encode()).digest()
            await sessions.add(conn, digest, login, self.clock(), self.clock() + signing_in.LASTS)
        await window.add_cookies([{"name": COOKIE, "value": secret, "url": self.url("/")}])
        await page.goto(self.url("/"))
        await page.wait_for_selector("#caller, #problem, main")
        return window, page

    async def window(self, **options: Any) -> BrowserContext:
        """A window of nobody; whatever a page of it complains of fails the test in the end."""
        window = await self.browser.new_context(**options)
        window.set_default_timeout(20_000)  # on a busy machine the first PDF takes as long
        window.faults = []  # type: ignore[attr-defined]  # for the test to look at

        def complained(what: str) -> None:
            window.faults.append(what)  # type: ignore[attr-defined]
            self.faults.append(what)

        window.on("weberror", lambda one: complained(f"{one.page.url if one.page else ''}: {one.error}"))
        # that an answer was 409 or the service away is said by the browser itself, and is what some tests are about
        window.on(
            "console",
            lambda one: one.type == "error" and not one.text.startswith(_AWAY) and complained(f"console: {one.text}"),
        )
        return window

    @property
    def password(self) -> str:
        """What zhao signs in with."""
        return PASSWORD

    async def token_of(self, role: str) -> str:
        """A new token of the role."""
        async with self.pool.acquire() as conn:
            return await people.create_token(conn, role, role, None, None, self.clock())

    def streams(self) -> int:
        """How many live streams the service is writing to."""
        return len(self.server.app[FEED]._readers)

    async def stop(self) -> int:
        """The service is gone; gives the port it had."""
        port = self.server.port
        assert port is not None
        await self.server.close()
        return port

    async def start(self, port: int) -> None:
        """The service is there again."""
        self.server = TestServer(build(self.pool, self.context), port=port)
        await self.server.start_server()

    async def restart(self) -> None:
        """The service was stopped and is there again, on the same address."""
        await self.start(await self.stop())

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        found: int = await self.pool.fetchval(f"select count(*) from {table}")
        return found


async def _furnish(pool: asyncpg.Pool, context: Context, now: datetime) -> dict[str, int]:
    ids: dict[str, int] = {}
    async with pool.acquire() as conn:

        async def add(name: str, kind: str, record: Any) -> int:
            found: int = (await resources.add(conn, RESOURCES[kind], record, context.settings, _US, now)).id
            ids[name] = found
            return found

        await contracts.put(conn, "HF-1", TERMS, _US, now)
        hospital = ids["hospital"] = (await contracts.get(conn, "HF-1")).account
        east = await add("east", "sites", Site(account=hospital, name="东院区", region="city", address="合肥市庐阳区"))
        west = await add("west", "sites", Site(account=hospital, name="西院区", region="province", address="安庆市"))
        await add("zhang", "contacts", Contact(account=hospital, site=east, name="张工", phone="0551-55500123"))
        await add("wang", "contacts", Contact(account=hospital, site=west, name="王莉", phone="0556-55500456"))
        school = await add("school", "accounts", Account(name="肥西实验中学", complaint=True))
        await add("yu", "contacts", Contact(account=school, name="余珊", phone="0551-68550132"))
        await add("shared1", "contacts", Contact(account=hospital, name="门卫", phone="0551-60000000"))
        await add("shared2", "contacts", Contact(account=school, name="传达室", phone="0551-60000000"))
        until = now.date() + timedelta(days=400)
        await add(
            "switch",
            "assets",
            Asset(account=hospital, site=east, serial="210235A0S8505", model="S8505", warranty_until=until),
        )
        for login, role, locale in (
            ("lin", "agent", "zh-CN"),
            ("zhao", "agent", "en"),
            ("zhou", "supervisor", "zh-TW"),
        ):
            user = User(login=login, name=login.title(), role=role, locale=locale)  # type: ignore[arg-type]
            await add(login, "users", user)
        await people.set_password(conn, "zhao", PASSWORD, now)
    return ids


def _need_browser() -> None:
    if not CHROMIUM.exists():
        reason = f"no browser: {CHROMIUM} is absent"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)  # noqa: TID251


@pytest.fixture
async def house(pool: asyncpg.Pool) -> AsyncIterator[House]:
    """The service with its people, and a browser."""
    _need_browser()
    clock = RunningClock()
    context = Context(Settings(), clock)
    ids = await _furnish(pool, context, clock())
    async with pool.acquire() as conn:
        token = await people.create_token(conn, "telephone", "integration", None, None, clock())
    server = TestServer(build(pool, context))
    await server.start_server()
    async with async_playwright() as playwright, aiohttp.ClientSession() as http:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=_ARGS)
        made = House(server, pool, context, clock, browser, ids, token, http, [])
        try:
            yield made
        finally:
            await browser.close()
            await made.server.close()
        assert made.faults == [], made.faults


@pytest.fixture
def no_faults() -> Callable[[BrowserContext], None]:
    """Fails where a page's scripts complained."""

    def look(window: BrowserContext) -> None:
        assert window.faults == []  # type: ignore[attr-defined]

    return look
