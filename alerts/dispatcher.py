"""Takes deliveries from the outbox and sends them: lease, send with no transaction open, record.

Each channel has its own bounded number of tasks, so one that hangs fills its own room and delays no other. What is
leased and never recorded (a crash) is ready again when the lease runs out, under the same message id.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog

from alerts.backoff import delay
from alerts.channels.setup import Channel, Repeating
from alerts.message import Message
from alerts.ports import Delivery, Outbox
from alerts.reasons import Reason, SendFailed

LEASE = timedelta(seconds=60)
TIMEOUT = timedelta(seconds=10)
ROOM = 32

log = structlog.get_logger("alerts.dispatcher")
Open = Callable[[str, Mapping[str, Any]], Channel]
# Around one attempt; what it gives is told the result.
Around = Callable[[Delivery], AbstractContextManager[Callable[[str], None]]]


@contextmanager
def unwatched(_: Delivery) -> Iterator[Callable[[str], None]]:
    """Nobody looks on."""
    yield lambda _: None


class Dispatcher:
    """Sends what is ready. `results` counts outcomes by channel kind and result (`sent` or a Reason)."""

    def __init__(
        self,
        outbox: Outbox,
        open_channel: Open,
        now: Callable[[], datetime],
        by: str,
        *,
        room: int = ROOM,
        timeout: timedelta = TIMEOUT,
        around: Around = unwatched,
    ) -> None:
        self._outbox = outbox
        self._open = open_channel
        self._now = now
        self._by = by
        self._room = room
        self._timeout = timeout.total_seconds()
        self._around = around
        self._sending: dict[asyncio.Task[None], Delivery] = {}
        self._repeating: dict[asyncio.Task[None], int] = {}
        self._channels: dict[tuple[str, bytes], Channel] = {}
        self._full: set[int] = set()
        self._succeeded: list[UUID] = []
        self._recording = asyncio.Lock()
        self.results: Counter[tuple[str, str]] = Counter()
        # called when a channel that was full has room again
        self.freed: Callable[[], object] = lambda: None

    async def run_once(self) -> int:
        """Every ready delivery a channel has room for is on its way; returns how many were taken."""
        busy = Counter(delivery.channel for delivery in self._sending.values())
        room = {channel: self._room - busy[channel] for channel in await self._outbox.channels()}
        now = self._now()
        free = {channel: slots for channel, slots in room.items() if slots > 0}
        taken = await self._outbox.lease(free, self._by, now, now + LEASE)
        for delivery in taken:
            task = asyncio.create_task(self._deliver(delivery))
            self._sending[task] = delivery
            task.add_done_callback(self._ended)
        await self._repeat(now)
        filled = Counter(delivery.channel for delivery in taken)
        self._full = {channel for channel, slots in room.items() if filled[channel] >= slots}
        return len(taken)

    async def _repeat(self, now: datetime) -> None:
        """Receivers that forget are told again, a channel's messages together, while nothing else waits for it."""
        due = await self._outbox.resend(self._repeating.values(), now)
        by_channel: dict[int, list[Delivery]] = {}
        for delivery in due:
            by_channel.setdefault(delivery.channel, []).append(delivery)
        for channel, deliveries in by_channel.items():
            task = asyncio.create_task(self._tell_again(deliveries))
            self._repeating[task] = channel
            task.add_done_callback(self._repeating.pop)

    async def _tell_again(self, deliveries: list[Delivery]) -> None:
        """One that fails is not recorded: what was sent stays sent, and the next minute repeats it anyway."""
        first = deliveries[0]
        failure = await self._guarded(first, lambda channel: _again(channel, [one.message for one in deliveries]))
        if failure is not None:
            log.warning("not_told_again", kind=first.kind, reason=failure.reason.value, detail=failure.detail)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._sending.pop(task).channel in self._full:
            self.freed()

    async def wait_for_any(self) -> None:
        """At least one delivery that was under way has ended; at once when none was."""
        if self._sending:
            await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)

    async def drain(self) -> None:
        """No delivery is under way, and none with room is ready."""
        idle = False
        while await self.run_once() or not idle:
            await self.wait_for_any()
            idle = not self._sending
        await asyncio.gather(*self._repeating)

    async def stop(self) -> None:
        """What was under way has ended, or its lease is given back; channels are closed."""
        pending = dict(self._sending)
        for task in list(self._repeating):
            task.cancel()
        await asyncio.gather(*self._repeating, return_exceptions=True)
        if pending:
            _, late = await asyncio.wait(pending, timeout=self._timeout + 1)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            if late:
                await self._outbox.give_back([pending[task].id for task in late], self._by, self._now())
        for channel in self._channels.values():
            await channel.close()
        self._channels.clear()

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            with self._around(delivery) as note:
                failure = await self._try(delivery)
                note(failure.reason.value if failure else "sent")
                await self._record(delivery, failure)
        except Exception as error:  # the outbox cannot be reached: the lease runs out and it is sent again
            log.error("delivery_not_recorded", delivery=str(delivery.id), error=repr(error))

    async def _try(self, delivery: Delivery) -> SendFailed | None:
        """Sends one message; returns why it failed, or None."""
        if not delivery.channel_active:
            return SendFailed(Reason.CHANNEL_OFF, "the channel is switched off")
        return await self._guarded(delivery, lambda channel: channel.send(delivery.message))

    async def _guarded(self, delivery: Delivery, use: Callable[[Channel], Awaitable[None]]) -> SendFailed | None:
        """Uses the delivery's channel within the time limit; whatever goes wrong is a failure of the delivery's."""
        try:
            async with asyncio.timeout(self._timeout):
                await use(self._channel(delivery))
        except SendFailed as failure:
            return failure
        except TimeoutError:
            return SendFailed(Reason.TIMEOUT, f"no answer within {self._timeout:g} s")
        except Exception as error:  # a fault of ours in one channel must not lose the delivery
            log.exception("channel_fault", kind=delivery.kind, delivery=str(delivery.id))
            return SendFailed(Reason.FAULT, repr(error))
        return None

    async def _record(self, delivery: Delivery, failure: SendFailed | None) -> None:
        result = failure.reason.value if failure else "sent"
        self.results[delivery.kind, result] += 1
        if failure is None:
            await self._sent(delivery.id)
            return
        now = self._now()
        wait = None if failure.permanent else delay(delivery.attempts, failure.retry_after)
        again = None if wait is None else now + wait
        await self._outbox.failed(delivery, self._by, failure.reason, failure.detail, now, again)
        log.warning(
            "delivery_failed",
            delivery=str(delivery.id),
            kind=delivery.kind,
            reason=result,
            detail=failure.detail,
            attempts=delivery.attempts,
            dead=again is None,
        )

    async def _sent(self, delivery: UUID) -> None:
        """The success is recorded, in one statement with those that came in while the one before was written."""
        self._succeeded.append(delivery)
        async with self._recording:
            together, self._succeeded = self._succeeded, []
            if together:
                await self._outbox.sent(together, self._by, self._now())

    def _channel(self, delivery: Delivery) -> Channel:
        """The open channel of these settings; one whose settings changed is another channel."""
        key = (delivery.kind, msgspec.json.encode(delivery.config, order="sorted"))
        if key not in self._channels:
            self._channels[key] = self._open(delivery.kind, delivery.config)
        return self._channels[key]


async def _again(channel: Channel, messages: Sequence[Message]) -> None:
    """The channel has all of the messages again."""
    if isinstance(channel, Repeating):
        await channel.repeat(messages)
