"""What simulated days have found, each as a story of its own that names the seed."""

import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from simulated_day import furnish
from simulated_terms import CONTRACTS
from simulated_world import START

from alerts.engine import run_pass
from alerts.policy import PastAlert, StoredClock, judge
from callcenter.services import calls, timeline
from callcenter.services.calls import LogCall
from callcenter.services.context import Context
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.steady_now import SteadyNow
from callcenter.store.engine import ClockBook
from callcenter.store.pool import open_pool
from sla.clock import assess
from sla.interval import micros
from sla.timeline import Entry, Timeline

_MINUTE = timedelta(minutes=1)
_AGENT = Actor("agent", "supervisor")


class House:
    """Hosts whose clocks differ, on one database with the contracts of a simulated day."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.now = START

    def host(self, ahead: float = 0) -> Context:
        return Context(Settings(), lambda: self.now + timedelta(seconds=ahead))

    async def open(self, host: Context, code: str = "HOUSE", severity: int = 2) -> int:
        ticket = {"contract": code, "title": "x", "region": "city", "severity": severity, "severity_reason": "told"}
        async with self.pool.acquire() as conn:
            command = msgspec.convert({"ticket": ticket}, LogCall)
            logged = await calls.log_call(conn, host, command, _AGENT, host.now())
        assert logged.ticket is not None
        return logged.ticket.number

    async def write(self, host: Context, number: int, kind: str, **data: Any) -> None:
        async with self.pool.acquire() as conn:
            await timeline.record(conn, host, number, {"type": kind, **data}, _AGENT)

    async def look(self, at: datetime) -> None:
        self.now = at
        await run_pass(ClockBook(self.pool, self.host().terms), at)

    async def told(self, number: int, commitment: str, cycle: int = 1) -> list[tuple[str, str]]:
        rows = await self.pool.fetch(
            "select a.kind, a.state from alerts a join clocks c on c.id = a.clock"
            " where a.ticket = $1 and c.commitment = $2 and c.cycle = $3 order by a.id",
            number, commitment, cycle,
        )  # fmt: skip
        return [tuple(row) for row in rows]


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    """The house at the beginning of its day."""
    await furnish(database_url)
    pool = await open_pool(database_url, size=3)
    yield House(pool)
    await pool.close()


async def test_27_a_host_a_little_behind_does_not_undo_what_another_one_wrote(house: House) -> None:
    """The cycle the first host had begun was void for the second, and nothing woke it: its alerts were lost."""
    ahead, behind = house.host(0.8), house.host()
    number = await house.open(behind)
    house.now = START + timedelta(minutes=20)
    await house.write(ahead, number, "updated")
    await house.write(behind, number, "noted")
    await house.look(house.now + timedelta(minutes=100))
    assert ("warning", "firing") in await house.told(number, "news", 2)


async def test_27_a_breach_told_by_a_host_ahead_is_not_taken_back_by_one_behind(house: House) -> None:
    behind = house.host()
    number = await house.open(behind)
    due = await house.pool.fetchval("select due_at from clocks where ticket = $1 and commitment = 'response'", number)
    await house.look(due + timedelta(seconds=0.5))  # half a second early
    house.now = due - timedelta(seconds=0.1)
    await house.write(behind, number, "noted")
    assert ("breach", "firing") in await house.told(number, "response")


async def test_27_a_clock_that_is_gone_for_now_comes_back_by_itself(house: House) -> None:
    """An entry of the next two minutes counts when its time has come, though no clock of its promise is awake."""
    host = house.host()
    number = await house.open(host)
    house.now = START + timedelta(minutes=20)
    soon = house.now + timedelta(minutes=1)
    await house.write(host, number, "updated")
    # the report of the second cycle is mended to a minute ahead, so that the cycle is still to come
    await house.write(host, number, "corrected", entry="4", to=soon.isoformat(), reason="mended")
    clock = "select void, state from clocks where ticket = $1 and commitment = 'news' and cycle = 2"
    assert tuple(await house.pool.fetchrow(clock, number)) == (True, "idle")
    await house.look(soon + timedelta(seconds=1))
    assert tuple(await house.pool.fetchrow(clock, number)) == (False, "running")


async def test_78_an_answer_that_took_long_says_nothing_of_the_clock(pool: asyncpg.Pool) -> None:
    """Half of thirteen seconds was taken for the difference of the clocks, and alerts came that much too early."""
    readings = iter([timedelta(0), timedelta(seconds=13), *[timedelta(0)] * 2])
    start = await pool.fetchval("select clock_timestamp()")
    steady = SteadyNow(lambda: start + next(readings))
    await steady.compare(pool)
    assert steady.offset == timedelta(0)


def test_19_a_rung_the_rota_moved_does_not_repeat_under_a_number_that_was_told() -> None:
    """Its first repeat was told, the rung moved on, and it was raised again; the key alone held it back."""
    contract, due = CONTRACTS["HOUSE"].contract(), START + 15 * _MINUTE
    told = [
        PastAlert(number, 2, number, 1, "warning", at, "firing", early=True)
        for number, at in enumerate((due - 30 * _MINUTE, due + 80 * _MINUTE))
    ]
    timeline = Timeline(
        (
            Entry("reported", micros(START), 1, data={"region": "city"}),
            Entry("graded", micros(START), 2, data={"severity": 2}),
        )
    )
    stored = StoredClock(1, "response", 1, due, 1, START)

    def repeats(minutes: int) -> list[int]:
        now = due + minutes * _MINUTE
        clock = next(one for one in assess(contract, timeline, micros(now)) if one.commitment == "response")
        outcome = judge(contract, timeline, stored, clock, told, now, START)
        return [alert.repeat for alert in outcome.raised if alert.step == 2]

    assert repeats(105) == []
    assert repeats(214) == [2]
