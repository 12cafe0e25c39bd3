"""A dispatcher over recorders on a real database, for tests of what is sent when."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alerts.channels.setup import Channel
from alerts.dispatcher import Dispatcher
from alerts.message import Message
from callcenter.store.deliveries import DatabaseOutbox

if TYPE_CHECKING:
    from tests.integration.alerts.conftest import Hotline


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Recorder:
    """A channel that remembers, fails as told, and hangs while its gate is shut."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.fail: list[Exception] = []
        self.closed = False

    async def send(self, message: Message) -> None:
        self.begun.set()
        await self.gate.wait()
        if self.fail:
            raise self.fail.pop(0)
        self.taken.append(message)

    async def check(self) -> None:
        """Nothing to check."""

    async def close(self) -> None:
        self.closed = True


class House:
    """A dispatcher over recorders, one for each channel name."""

    def __init__(self, hotline: "Hotline") -> None:
        self.hotline = hotline
        self.clock = Clock(hotline.at(30))
        self.outbox = DatabaseOutbox(hotline.pool, hotline.terms)
        self.recorders: dict[str, Recorder] = {}
        self.made: list[Dispatcher] = []

    def dispatcher(self, by: str = "one", *, timeout: timedelta = timedelta(seconds=10), room: int = 16) -> Dispatcher:
        def opened(kind: str, config: Mapping[str, Any]) -> Channel:
            return self.recorder(str(config.get("name", kind)))

        self.made.append(Dispatcher(self.outbox, opened, self.clock, by, timeout=timeout, room=room))
        return self.made[-1]

    def recorder(self, name: str = "journal") -> Recorder:
        return self.recorders.setdefault(name, Recorder())

    async def warned(self, assignee: str = "ben") -> int:
        """The number of a ticket with one alert fired at 30 minutes."""
        number = await self.hotline.ticket(assignee=assignee)
        await self.hotline.look(30)
        return number

    async def only(self, number: int) -> Any:
        (row,) = await self.hotline.deliveries(number)
        return row
