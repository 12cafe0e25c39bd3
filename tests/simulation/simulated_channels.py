"""The channels of a day: what reaches the other side is written down; some are slow, fail, or hang."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from simulated_database import operation_fate
from simulated_world import OPERATION, Operation, World

from alerts.dispatcher import TIMEOUT
from alerts.message import Message
from alerts.reasons import Reason, SendFailed

_FAILURES = (
    SendFailed(Reason.UNAVAILABLE, "busy"),
    SendFailed(Reason.UNREACHABLE, "closed connection"),
    SendFailed(Reason.RATE_LIMITED, "too many", timedelta(seconds=70)),
    RuntimeError("a fault of ours"),
)
_FOR_GOOD = SendFailed(Reason.GONE, "410")
ROOM = 4  # messages under way on a channel of one host
_HANGS = timedelta(minutes=2)  # longer than any sender waits


@dataclass(slots=True)
class Sent:
    """A message the other side was given: by whom, and at which place of the database's history."""

    id: UUID
    by: str
    place: int
    at: datetime
    event: str
    taken: bool
    channel: str
    alert: int
    others: int
    operation: Operation
    answered_at: datetime | None = None  # None: never, or nobody was there any more
    asked: timedelta = timedelta(0)  # by the other side: not to be tried again sooner
    failed: Reason | None = None


async def _nothing() -> None:
    """The time has come for whoever waits for it."""


class Phone:
    """All channels of the day, and what went through them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent: list[Sent] = []
        self.moods: dict[str, str] = {}
        self.under_way: Counter[tuple[str, str]] = Counter()  # by the life of a host and the channel

    def line(self, host: Any, channel: str) -> Line:
        """The channel as a host holds it."""
        return Line(self, host, channel)


class Line:
    """One host's end of a channel."""

    def __init__(self, phone: Phone, host: Any, channel: str) -> None:
        self._phone = phone
        self._host = host
        self._channel = channel

    async def send(self, message: Message) -> None:
        """The message is taken, or it is not, or nobody knows."""
        operation = OPERATION.get()
        assert operation is not None
        place_of_work = (operation.name.split()[0], self._channel)
        self._phone.under_way[place_of_work] += 1
        try:
            await self._give(message, operation)
        finally:
            self._phone.under_way[place_of_work] -= 1

    async def _give(self, message: Message, operation: Operation) -> None:
        world = self._phone.world
        await world.turn(timedelta(0))
        fate = "" if world.calm else operation_fate(operation)
        if fate == "crash_before":
            self._die()
        by = operation.name.split()[0]
        if self._phone.under_way[by, self._channel] > ROOM:
            world.violations.append(f"{by} gives {self._channel} more than {ROOM} messages at once")
        outcome = self._outcome()
        place = await world.place()
        taken = outcome in ("ok", "slow", "taken, then failed")
        sent = Sent(
            message.id,
            by,
            place,
            world.now,
            message.event,
            taken,
            self._channel,
            message.alert,
            message.others,
            operation,
        )
        self._phone.sent.append(sent)
        await self._wait(outcome)
        if fate == "crash_after":
            self._die()
        if world.now - sent.at > TIMEOUT:
            world.violations.append(f"{by} waited {world.now - sent.at} for {self._channel}")
        sent.answered_at = world.now
        self._answer(outcome, sent)

    def _die(self) -> None:
        self._host.crash()
        raise asyncio.CancelledError

    def _outcome(self) -> str:
        rng = self._phone.world.rng
        if self._phone.world.calm:
            return "ok"
        mood = self._phone.moods.get(self._channel, "ok")
        if mood == "silent" or (mood != "ok" and rng.random() < 0.8):
            return mood
        return rng.choice(("ok",) * 12 + ("slow", "fails", "taken, then failed"))

    async def _wait(self, outcome: str) -> None:
        world = self._phone.world
        world.at(world.now + TIMEOUT + timedelta(microseconds=1), _nothing, turn=True)  # time must stop there
        if outcome == "hangs" or (outcome == "silent" and world.rng.random() < 0.2):
            await world.turn(_HANGS)
        elif outcome == "slow":
            await world.turn(timedelta(milliseconds=world.rng.randrange(500, 15_000)))
        else:
            await world.turn(world.delay())

    def _answer(self, outcome: str, sent: Sent) -> None:
        rng = self._phone.world.rng
        if outcome not in ("fails", "taken, then failed", "gone", "silent"):
            return
        kinds = {"gone": (_FOR_GOOD,), "silent": _FAILURES[:2]}.get(outcome, _FAILURES)
        failure = kinds[rng.randrange(len(kinds))]
        sent.failed = failure.reason if isinstance(failure, SendFailed) else Reason.FAULT
        sent.asked = getattr(failure, "retry_after", None) or timedelta(0)
        raise failure

    async def check(self) -> None:
        """Nothing to check."""

    async def close(self) -> None:
        """Nothing to close."""
