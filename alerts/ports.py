"""What the engine and the dispatcher need of a store. `callcenter.store` satisfies these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from alerts.duty import Roster
from alerts.message import Message
from alerts.policy import Outcome, PastAlert, StoredClock
from alerts.reasons import Reason
from sla.contract import Contract
from sla.timeline import Timeline


class Unsavable(Exception):
    """The store refused what was to be written; nothing of it was."""


class Due(msgspec.Struct, frozen=True, gc=False):
    """A clock row taken for this pass, its ticket row with it."""

    ticket: int
    clock: StoredClock
    wake_at: datetime


class Matter(msgspec.Struct, frozen=True):
    """A ticket's terms and timeline, and every clock row stored for it."""

    contract: Contract
    timeline: Timeline
    clocks: Sequence[StoredClock]


class Batch(Protocol):
    """One transaction of the engine."""

    async def claim(self, now: datetime, fresh_since: datetime, limit: int) -> tuple[Sequence[Due], bool]:
        """Locks due rows others have not locked, and says whether that was all there is.

        What fell due since `fresh_since` comes first, gravest first; then the backlog, newest first.
        """

    async def matters(self, numbers: Iterable[int]) -> Mapping[int, Matter | Exception]:
        """Each ticket's matter, or what is wrong with it."""

    async def roster(self, now: datetime) -> Roster:
        """Who is on duty, as it stands."""

    async def alerts_of(self, clocks: Iterable[int]) -> Mapping[int, Sequence[PastAlert]]:
        """The alerts recorded so far, by clock id."""

    async def save(self, outcomes: Mapping[int, Sequence[Outcome]], now: datetime) -> int:
        """Writes clocks, alerts and deliveries, all or (Unsavable) nothing; returns the number of new alerts."""

    async def postpone(self, clocks: Iterable[int], until: datetime) -> None:
        """Leaves the rows as they are and wakes them later."""


class Book(Protocol):
    """The engine's store."""

    def batch(self) -> AbstractAsyncContextManager[Batch]:
        """A transaction, committed on leaving, rolled back on an exception."""

    async def next_wake(self, now: datetime) -> datetime | None:
        """The earliest instant at which some clock is due, or None; it is noted that somebody looked."""

    async def caught_up(self, now: datetime) -> None:
        """Nothing was left to claim: what was found late so far need not wait for more of its kind."""


class Delivery(msgspec.Struct, frozen=True):
    """One message to one channel, leased to this process."""

    id: UUID
    channel: int
    kind: str
    config: Mapping[str, Any]
    channel_active: bool
    attempts: int
    message: Message
    traceparent: str | None = None  # of the span that wrote it (W3C Trace Context)


class Outbox(Protocol):
    """The dispatcher's store. Each call is a short transaction of its own."""

    async def channels(self) -> Sequence[int]:
        """Ids of all channels."""

    async def lease(self, room: Mapping[int, int], by: str, now: datetime, until: datetime) -> Sequence[Delivery]:
        """Marks up to `room[channel]` ready deliveries of each channel as sending, expired leases among them."""

    async def resend(self, busy: Iterable[int], now: datetime) -> Sequence[Delivery]:
        """What is due to be told again to receivers that forget, those of `busy` channels left out."""

    async def sent(self, deliveries: Iterable[UUID], by: str, now: datetime) -> None:
        """Records success of deliveries this process holds."""

    async def failed(
        self, delivery: Delivery, by: str, reason: Reason, detail: str, now: datetime, next_try_at: datetime | None
    ) -> None:
        """Records how this try failed: to be tried again at the instant, or dead when None; counts for the channel.

        A try that another has followed changes nothing any more.
        """

    async def give_back(self, deliveries: Iterable[UUID], by: str, now: datetime) -> None:
        """Makes leased deliveries ready at once; the attempt is not counted."""
