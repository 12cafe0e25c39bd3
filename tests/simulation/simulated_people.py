"""What people do on a day: they call, write to tickets, acknowledge, deny."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from simulated_entries import TURNS, Ticket, entries
from simulated_host import Host
from simulated_terms import CONTRACTS, STORMY
from simulated_trouble import Trouble, someone
from simulated_world import START, World

from callcenter.errors import CallcenterError
from callcenter.services import alerts, calls, timeline
from callcenter.services.calls import LogCall
from callcenter.services.types import Actor

AGENT = Actor("agent", "supervisor")
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@dataclass(slots=True)
class Promise:
    """What a client was told of its write: `sure` False when the answer never came."""

    ticket: int | None
    seqs: list[int]
    title: str
    sure: bool = False
    refused: bool = False


@dataclass(slots=True)
class People:
    """Who works on the day; `unreadable` are tickets nobody can write to, from when until when."""

    world: World
    hosts: Sequence[Host]
    trouble: Trouble
    tickets: list[Ticket] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    unreadable: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)

    def spoilt(self, number: int) -> bool:
        """Whether the ticket cannot be read now."""
        start, end = self.unreadable.get(number, (self.world.now, START))
        return start <= self.world.now <= end

    async def open(self, code: str | None = None) -> None:
        """Somebody calls, as soon as a host is there to log it."""
        host, rng = someone(self.hosts, self.world), self.world.rng
        if host is None:
            self.world.at(self.world.now + 10 * _MINUTE, partial(self.open, code))
            return
        code = code or rng.choice(sorted(CONTRACTS.keys() - {STORMY}))
        now = host.now()
        fault = {
            "contract": code,
            "title": f"call {len(self.promises)}",
            "region": rng.choice(("city", "city", "province")),
            "severity": rng.choice((1, 1, 2, 3)),
            "severity_reason": "as told",
        }
        late = 0 if code == STORMY else rng.choice((0, 0, 0, 30, 7 * 60, 45 * 60))
        form = {"caller": "+862012345678", "received_at": now - timedelta(seconds=late), "ticket": fault}
        command = msgspec.convert(form, LogCall)
        host.begin(f"call {code}", lambda: self._log(host, command, code))

    async def _log(self, host: Host, command: LogCall, code: str) -> None:
        assert command.ticket is not None
        promise = Promise(None, [1, 2, 3], command.ticket.title or "")
        self.promises.append(promise)
        async with host.pool.acquire() as conn:
            logged = await calls.log_call(conn, host.context, command, AGENT, host.now())
        assert logged.ticket is not None
        promise.ticket, promise.sure = logged.ticket.number, True
        ticket = Ticket(logged.ticket.number, code)
        self.tickets.append(ticket)
        self._next(ticket)
        if code == STORMY:
            self.world.at(self.world.now, partial(self._storm, ticket))

    async def _storm(self, ticket: Ticket) -> None:
        """All its promises break at one instant; some of that is denied while the channel has trouble."""
        rng, at = self.world.rng, self.world.at
        due = min(await self._edges(ticket.number), default=None)
        if due is None or rng.random() < 0.4:
            return
        if rng.random() < 0.5:  # nobody is there any more when the channel has kept them waiting
            leaves = due + (START - due) % _MINUTE
            dies = leaves + _SECOND * rng.randrange(5, 30)
            at(leaves - _SECOND, partial(self.trouble.mood, "mail", _MINUTE, "hangs"))
            at(dies, self.trouble.blackout)
            at(dies + _SECOND * rng.randrange(10, 45), partial(self._deny, ticket, due))
            return
        at(due - _SECOND, partial(self.trouble.mood, "pager", timedelta(seconds=rng.randrange(60, 200))))
        at(due + _SECOND * rng.randrange(1, 130), partial(self._deny, ticket, due))
        if rng.random() < 0.5:
            at(due + _SECOND * rng.randrange(1, 130), self.trouble.crash)

    async def _deny(self, ticket: Ticket, due: datetime) -> None:
        """It was done in time, somebody says."""
        host = someone(self.hosts, self.world)
        if host is None:
            self.world.at(self.world.now + 2 * _SECOND, partial(self._deny, ticket, due))
        elif not self.spoilt(ticket.number):
            entry = {"type": "responded", "occurred_at": (due - _SECOND).isoformat()}
            host.begin(f"deny {ticket.number}", partial(self._record, host, ticket, [entry]))

    def _next(self, ticket: Ticket) -> None:
        """The ticket's next write is planned: at an edge of one of its clocks, or at any time."""
        rng = self.world.rng
        if ticket.writes >= 8:
            return

        async def soon() -> None:
            await self._write(ticket)

        async def aimed() -> None:
            edges = await self._edges(ticket.number)
            shifts = (-_SECOND, timedelta(microseconds=-1), timedelta(0), timedelta(microseconds=1), _SECOND)
            when = rng.choice(edges) + rng.choice(shifts) if edges else self.world.now + _MINUTE
            self.world.at(max(when, self.world.now), soon)

        wait = timedelta(seconds=int(rng.expovariate(1 / 1400)))
        self.world.at(self.world.now + min(wait, timedelta(hours=3)), aimed if rng.random() < 0.35 else soon)

    async def _edges(self, number: int) -> list[datetime]:
        """The instants ahead at which something changes for the ticket."""
        rows = await self.world.monitor.fetch(
            "select due_at, wake_at from clocks where ticket = $1 and not void order by commitment, cycle", number
        )
        return [at for row in rows for at in row if at is not None and at > self.world.now]

    async def _write(self, ticket: Ticket) -> None:
        rng = self.world.rng
        if self.spoilt(ticket.number):
            self.world.at(self.world.now + 5 * _MINUTE, partial(self._write, ticket))
            return
        ticket.writes += 1
        due = await self.world.monitor.fetch(
            "select commitment, due_at from clocks where ticket = $1 and due_at is not null order by commitment, cycle",
            ticket.number,
        )
        ticket.doubted = await self._doubted(ticket.number)
        for _ in range(2 if rng.random() < 0.15 else 1):  # two at once, from anywhere
            host = someone(self.hosts, self.world)
            if host is not None:
                given = entries(rng, ticket, [tuple(row) for row in due], host.now())
                host.begin(f"write {ticket.number}", partial(self._record, host, ticket, given))
        if rng.random() < 0.3:
            self._acknowledge(ticket)
        self._next(ticket)

    async def _doubted(self, number: int) -> list[int]:
        """Entries with which promises began that somebody was alerted of."""
        rows = await self.world.monitor.fetch(
            "select distinct e.seq from entries e join clocks c on c.ticket = e.ticket and c.started_at = e.occurred_at"
            " join alerts a on a.clock = c.id where e.ticket = $1 and e.type = any ($2) and a.settled_at is null"
            " order by e.seq",
            number,
            list(TURNS),
        )
        return [row["seq"] for row in rows]

    async def _record(self, host: Host, ticket: Ticket, given: list[dict[str, Any]]) -> None:
        promise = Promise(ticket.number, [], "")
        self.promises.append(promise)
        async with host.pool.acquire() as conn:
            try:
                recorded = await timeline.record(conn, host.context, ticket.number, given, AGENT)
            except CallcenterError:
                promise.refused = True
                return
        promise.seqs = [int(entry.id) for entry in recorded.entries]
        promise.sure = True
        ticket.wrote(given, promise.seqs)

    def _acknowledge(self, ticket: Ticket) -> None:
        host = someone(self.hosts, self.world)
        if host is None:
            return

        async def work() -> None:
            async with host.pool.acquire() as conn:
                # some press the button of an alert that is over by now
                states = [self.world.rng.choice(("firing", "firing", "resolved", "withdrawn"))]
                mine = await alerts.listing(conn, {"ticket": ticket.number, "state": states}, 5, AGENT)
                if mine:
                    newest = self.world.rng.choice(mine)
                    await alerts.acknowledge(conn, host.context, newest.id, AGENT)

        host.begin(f"acknowledge {ticket.number}", work)
