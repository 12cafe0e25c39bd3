"""What goes wrong on a day: crashes, an outage, clocks that jump, channels that misbehave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from simulated_channels import Phone
from simulated_host import Host
from simulated_world import START, World

_SECOND = timedelta(seconds=1)


def someone(hosts: Sequence[Host], world: World) -> Host | None:
    """A host that is up, or None."""
    up = [host for host in hosts if host.up]
    return world.rng.choice(up) if up else None


class Trouble:
    """Each kind of it, when its time has come."""

    def __init__(self, world: World, hosts: Sequence[Host], phone: Phone) -> None:
        self._world = world
        self._hosts = hosts
        self._phone = phone
        self._down_until: datetime = START

    async def crash(self) -> None:
        """A host dies."""
        host = someone(self._hosts, self._world)
        if host is not None:
            host.crash()

    def fell(self, host: Host) -> None:
        """A host that died is started again after a while."""
        self._restart(host, timedelta(seconds=self._world.rng.choice((1, 5, 40, 600, 3600))))

    def _restart(self, host: Host, after: timedelta) -> None:
        async def start() -> None:
            if not host.up:
                self._world.note(f"{host.name} starts")
                await host.start()
                host.ring_at(self._world.now)
                host.post_at(self._world.now)

        self._world.at(max(self._world.now + after, self._down_until), start)

    async def outage(self) -> None:
        """All hosts are gone for a while."""
        self._down_until = self._world.now + timedelta(minutes=self._world.rng.choice((3, 20, 70, 200)))
        await self.blackout()

    async def jump(self) -> None:
        """A host's clock jumps; the host notices before it does anything else (docs: once a minute, and at start)."""
        host, rng = someone(self._hosts, self._world), self._world.rng
        if host is None or host.tasks or self._world.operations:
            self._world.at(self._world.now + 7 * _SECOND, self.jump)
            return
        host.error = rng.choice((-1, 1)) * timedelta(seconds=rng.choice((2, 90, 4000, 90_000)))
        self._world.note(f"{host.name} is off by {host.error}")
        await host.compare()

    async def blackout(self) -> None:
        """All hosts die at once; each is back when it is."""
        for host in self._hosts:
            if host.up:
                host.crash()

    async def mood(self, channel: str = "", lasts: timedelta | None = None, mood: str = "") -> None:
        """A channel behaves badly for a while."""
        rng = self._world.rng
        channel = channel or rng.choice(("journal", "journal", "pager", "pager", "mail"))
        moods = ("slow", "fails", "hangs", "silent", "taken, then failed", "gone")
        self._phone.moods[channel] = mood or rng.choice(moods)

        async def better() -> None:
            self._phone.moods.pop(channel, None)

        self._world.at(self._world.now + (lasts or timedelta(minutes=rng.choice((1, 8, 40)))), better)
