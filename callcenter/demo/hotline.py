"""The live hotline: people who telephone, answer, drive, forget and acknowledge, all through the service's own API."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from random import Random
from types import TracebackType
from typing import Any, Self

import aiohttp
import structlog

from callcenter.demo.customers import Place
from callcenter.demo.history import Coming
from callcenter.demo.people import HOTLINE
from callcenter.now import system_now

log = structlog.get_logger("callcenter.demo")

# Tickets under way at once, at most: a slow machine gets fewer callers, not a growing pile.
AT_ONCE = 10
_FIRST_PAUSES_S = (2.0, 3.0)
_PAUSE_S = (9.0, 15.0)
_LOOK_EVERY_S = 0.5

Story = Callable[["Hotline"], Awaitable[None]]


class Refusal(Exception):
    """The service did not take a request of the simulation."""


class Hotline:
    """Speaks to the service at `address` with the token of whoever acts."""

    def __init__(self, address: str, tokens: dict[str, str], seed: int = 2005) -> None:
        self.random = Random(seed)
        self._address = address
        self._tokens = tokens
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(self._address, timeout=aiohttp.ClientTimeout(total=30))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.close()

    def go_on(self, coming: Sequence[Coming]) -> None:
        """What is to happen to tickets from before the demo happens in its time."""
        task = asyncio.create_task(self._go_on(coming))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _go_on(self, coming: Sequence[Coming]) -> None:
        for one in sorted(coming, key=lambda one: one.at):
            await asyncio.sleep(max(0.0, (one.at - system_now()).total_seconds()))
            data = {name: value for name, value in one.entry.items() if name not in ("recorded_at", "by")}
            role = one.entry["by"] if one.entry["by"] in self._tokens else "engineer"
            try:
                found = await self._request("GET", "supervisor", f"tickets?ref={one.ref}")
                await self.write(role, found["items"][0]["number"], data)
            except (Refusal, aiohttp.ClientError, TimeoutError) as error:
                log.warning("ticket_left_alone", ref=one.ref, error=repr(error))

    async def run(self, opening: tuple[Story, ...], stories: tuple[Story, ...]) -> None:
        """The opening stories are told at once, then one after another in a drawn order, until cancelled."""
        for story, pause in zip(opening, (*_FIRST_PAUSES_S, *[_PAUSE_S[0]] * len(opening)), strict=False):
            self._tell(story)
            await asyncio.sleep(pause)
        while True:
            for story in self.random.sample(stories, len(stories)):
                if len(self._tasks) <= AT_ONCE:
                    self._tell(story)
                await asyncio.sleep(self.random.uniform(*_PAUSE_S))

    def _tell(self, story: Story) -> None:
        task = asyncio.create_task(self._guarded(story))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, story: Story) -> None:
        try:
            await story(self)
        except (Refusal, aiohttp.ClientError, TimeoutError) as error:
            log.warning("story_broken_off", story=story.__name__, error=repr(error))

    async def call(self, place: Place, title: str, **wanted: Any) -> int:
        """Somebody has telephoned from the place, and there is a ticket; gives its number."""
        now = system_now()
        body = {
            "caller": place.phone,
            "queue": HOTLINE,
            "received_at": (now - timedelta(seconds=6)).isoformat(),
            "answered_at": (now - timedelta(seconds=4)).isoformat(),
            "ended_at": now.isoformat(),
            "ticket": {"title": title, **wanted},
        }
        logged = await self._request("POST", "agent", "calls", body)
        number = int(logged["ticket"]["number"])
        log.info("hotline", who="call", ticket=number, what=f"{place.person}, {place.name}: {title}")
        return number

    async def hang_up(self, place: Place, waited_s: float) -> None:
        """Somebody has telephoned and given up waiting."""
        now = system_now()
        received = now - timedelta(seconds=waited_s)
        body = {
            "caller": place.phone, "queue": HOTLINE, "received_at": received.isoformat(), "ended_at": now.isoformat(),
            "outcome": "abandoned",
        }  # fmt: skip
        await self._request("POST", "agent", "calls", body)
        log.info("hotline", who="call", what=f"{place.person}, {place.name}: hung up after {waited_s:.0f} s")

    async def write(self, role: str, number: int, *entries: dict[str, Any]) -> None:
        """The entries are on the ticket's timeline, written by whoever has this role."""
        await self._request("POST", role, f"tickets/{number}/events", list(entries))
        log.info("hotline", who=role, ticket=number, what=", ".join(_told(entry) for entry in entries))

    async def acknowledge(self, role: str, number: int, kind: str, within_s: float) -> bool:
        """An alert of this kind about the ticket is acknowledged; False when none came in time."""
        for _ in range(round(within_s / _LOOK_EVERY_S)):
            found = await self._request("GET", role, f"alerts?ticket={number}&kind={kind}&state=firing")
            for alert in found["items"]:
                await asyncio.sleep(4)  # somebody has to read it
                await self._request("POST", role, f"alerts/{alert['id']}/acknowledge")
                what = f"acknowledges the {kind} of {alert['commitment']}"
                log.info("hotline", who=role, ticket=number, what=what)
                return True
            await asyncio.sleep(_LOOK_EVERY_S)
        return False

    async def _request(self, method: str, role: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self._tokens[role]}"}
        async with self._http.request(method, f"/api/v1/{path}", json=body, headers=headers) as response:
            if response.status >= 400:
                raise Refusal(f"{method} {path}: {response.status} {(await response.text())[:300]}")
            return await response.json()


def _told(entry: dict[str, Any]) -> str:
    rest = ", ".join(f"{name} {value}" for name, value in entry.items() if name not in ("type", "occurred_at"))
    return f"{entry['type']} ({rest})" if rest else str(entry["type"])
