"""Channels opened against the stubs of their other sides."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from alerts.channels import Setup, open_channel, sample
from alerts.channels.setup import Channel
from alerts.message import Message, Recipient
from tests.stubs.server import NOW, Stub, running

ANN = Recipient("ann", "Ann", "ann@example.org", "+8613800001111")
BEN = Recipient("ben", "Ben", "ben@example.org", "+8613900002222")


class Bench:
    """Starts stubs, opens channels to them, makes messages."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.setup = Setup(lambda: NOW, "https://hotline.example", None, lambda alert, login: f"/a/{alert}-{login}")

    async def start(self, stub: Stub) -> None:
        """The stub listens until the test is over."""
        await self._stack.enter_async_context(running(stub))

    def open(self, kind: str, **config: Any) -> Channel:
        """A channel, closed when the test is over."""
        channel = open_channel(kind, {"allow_private": True, **config}, self.setup)
        self._stack.push_async_callback(channel.close)
        return channel

    def message(self, **changed: Any) -> Message:
        """A warning about ticket 100001 for Ann and Ben."""
        facts = {"alert": 7, "clock": 3, "ticket": 100001, "title": "Printer on fire", "recipients": (ANN, BEN)}
        return replace(sample(NOW, ANN), id=UUID(int=5), **{**facts, **changed})


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        yield Bench(stack)


@pytest.fixture
def refused() -> Callable[[Any], Any]:
    """Sends a message that must not be taken; gives the failure."""
    from alerts.reasons import SendFailed

    async def send(channel: Channel, message: Message) -> SendFailed:
        with pytest.raises(SendFailed) as failure:
            await channel.send(message)
        return failure.value

    return send
