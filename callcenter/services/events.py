"""The live stream: what moved, told to everybody who looks, in order and without gaps.

Use cases write an event in the transaction of what it tells of. One poller a process reads them and hands them to its
streams; who comes back after a break says where it stopped and is told what it missed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import structlog

from callcenter.errors import Invalid
from callcenter.services.types import Actor
from callcenter.store import events

_log = structlog.get_logger("callcenter.events")
EVERY_S = 0.25
BEAT_S = 5.0
KEPT = timedelta(days=1)
_BATCH = 500
# An unread stream is ended rather than kept in memory; its reader resumes where it stopped.
_UNREAD = 2_000
AWAY = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.CannotConnectNowError, TimeoutError)


class Happened(msgspec.Struct, kw_only=True):
    """One event. `kind`: ring, answered, ended (telephone); logged (a call), opened, changed (a ticket); acknowledged
    (an alert); begun (the stream); beat (nothing, but alive); reset (away too long: look again at everything)."""

    kind: str
    at: datetime
    ticket: int | None = None
    data: dict[str, Any] = {}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the stream; its text is the `id` of a server-sent event."""

    xid: int
    id: int

    def __str__(self) -> str:
        return f"{self.xid}-{self.id}"


def read_place(text: str) -> Place:
    """The place a client says it has seen everything up to."""
    xid, _, number = text.strip().partition("-")
    if not (xid.isascii() and xid.isdigit() and number.isascii() and number.isdigit() and len(text) < 40):
        raise Invalid.field("Last-Event-ID", "bad_header", "send the id of the last event you have seen")
    if int(xid) >= 2**63 or int(number) >= 2**63:
        raise Invalid.field("Last-Event-ID", "bad_header", "no event has this id")
    return Place(int(xid), int(number))


Told = tuple[Place | None, Happened]
_Queue = asyncio.Queue[Told | None]


class Feed:
    """Reads events once for all streams of this process, as long as there are any."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._readers: set[_Queue] = set()
        self._wanted = asyncio.Event()
        self._place: Place | None = None
        self._beginning = asyncio.Lock()
        self._closed = False
        self.away = False

    async def run(self) -> None:
        """Hands out what happens until it is cancelled."""
        while True:
            await self._wanted.wait()
            try:
                await self._pass_on()
                self.away = False
            except AWAY as error:
                if not self.away:
                    _log.warning("stream_away", error=repr(error))
                self.away = True
            except Exception:
                _log.exception("stream_fault")
            await asyncio.sleep(EVERY_S)

    async def _begun(self) -> Place:
        """The place up to which everything has been handed out; a reader who begins after it misses nothing."""
        async with self._beginning:
            if self._place is None:
                async with self._pool.acquire(timeout=5) as conn:
                    self._place = Place(await events.head(conn), 0)
            return self._place

    async def _pass_on(self) -> None:
        place = await self._begun()
        async with self._pool.acquire(timeout=5) as conn:
            rows = await events.since(conn, place.xid, place.id, _BATCH)
        for row in rows:
            told = _told(row)
            self._place = told[0]
            for reader in list(self._readers):
                try:
                    reader.put_nowait(told)
                except asyncio.QueueFull:
                    self._leave(reader)
                    _end(reader)

    def _leave(self, reader: _Queue) -> None:
        self._readers.discard(reader)
        if not self._readers:
            self._wanted.clear()
            self._place = None

    async def follow(self, actor: Actor, after: Place | None, now: datetime) -> AsyncIterator[Told]:
        """Events for the actor as they happen, after the place where one is given; a beat where nothing does.

        The first beat carries a place to come back to. Ends when the service stops or the reader is too slow.
        """
        queue: _Queue = asyncio.Queue(_UNREAD)
        if self._closed:
            return
        self._readers.add(queue)
        self._wanted.set()
        try:
            await self._begun()
            async for one in self._missed(after, now):
                after = one[0]
                if visible(actor, one[1]):
                    yield one
            while True:
                told = await _next(queue)
                if told is None:
                    return
                place, happened = told
                if place is not None and after is not None and place <= after:
                    continue  # told before
                after = place or after
                if visible(actor, happened):
                    yield told
        finally:
            self._leave(queue)

    async def _missed(self, after: Place | None, now: datetime) -> AsyncIterator[Told]:
        """What came after the place until now; without one, only the place that is now."""
        async with self._pool.acquire(timeout=5) as conn:
            if after is None or not await events.kept(conn, after.xid, after.id):
                head = Place(await events.head(conn), 0)
                yield head, Happened(kind="beat" if after is None else "reset", at=now)
                return
        while True:
            async with self._pool.acquire(timeout=5) as conn:
                rows = await events.since(conn, after.xid, after.id, _BATCH)
            for row in rows:
                told = _told(row)
                after = told[0] or after
                yield told
            if len(rows) < _BATCH:
                return

    def close(self) -> None:
        """All streams end."""
        self._closed = True
        for reader in list(self._readers):
            _end(reader)


# its instant is written when it is sent
_BEAT = Happened(kind="beat", at=datetime.min.replace(tzinfo=UTC))


def _end(reader: _Queue) -> None:
    """The stream ends; what it has not read yet it will ask for again."""
    while True:
        with suppress(asyncio.QueueFull):
            reader.put_nowait(None)
            return
        reader.get_nowait()


async def _next(queue: _Queue) -> Told | None:
    try:
        return await asyncio.wait_for(queue.get(), BEAT_S)
    except TimeoutError:
        return None, _BEAT


def _told(row: Any) -> Told:
    happened = Happened(kind=row["kind"], at=row["at"], ticket=row["ticket"], data=row["data"])
    return Place(int(row["xid"]), row["id"]), happened


def visible(actor: Actor, happened: Happened) -> bool:
    """An outside engineer hears of nothing but the beat: what moves is mostly not theirs."""
    return actor.role != "partner" or happened.kind in ("beat", "reset")


async def expire(pool: asyncpg.Pool, now: datetime) -> None:
    """Events older than a day are gone, but for the one that marks the end."""
    async with pool.acquire() as conn:
        await events.expire(conn, now - KEPT, now)
