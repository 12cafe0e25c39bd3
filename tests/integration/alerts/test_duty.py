"""The rota on a real database: who is told, who is told instead, and warnings that follow it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from callcenter.services import duty as service
from callcenter.services import resources
from callcenter.services.resources import RESOURCES, Rota, TravelTime
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store import duty

if TYPE_CHECKING:
    from tests.integration.alerts.conftest import Hotline

WARNING, BREACH, OVERDUE = 0, 1, 2
US = Actor("test", "admin")
TEN_HOURS = 600.0


async def turn(hotline: "Hotline", login: str, begin: float, end: float, now: float = 0, **more: Any) -> Any:
    """A row of the rota as the API writes it, from minute to minute."""
    row = Rota(
        **{"duty": "supervisor", "login": login, "from_at": hotline.at(begin), "until_at": hotline.at(end), **more}
    )
    async with hotline.pool.acquire() as conn:
        return await resources.add(conn, RESOURCES["rota"], row, Settings(), US, hotline.at(now))


async def told(hotline: "Hotline", number: int) -> dict[int, list[str]]:
    return {row["step"]: row["recipients"] for row in await hotline.deliveries(number)}


async def missing(hotline: "Hotline", number: int) -> dict[int, list[str]]:
    rows = await hotline.pool.fetch("select step, nobody_for from alerts where ticket = $1", number)
    return dict(rows)


async def test_with_nobody_on_duty_the_next_rung_is_told_once(hotline: "Hotline") -> None:
    await turn(hotline, "ann", 0, 40)
    number = await hotline.ticket(assignee="ben")
    await hotline.look(61)
    assert await told(hotline, number) == {WARNING: ["ben"], BREACH: ["cas"]}
    assert await missing(hotline, number) == {WARNING: [], BREACH: ["supervisor"]}
    assert await hotline.told(number) == [(WARNING, 0, "firing"), (BREACH, 0, "firing")]


async def test_an_override_and_a_swap_decide_who_is_told(hotline: "Hotline") -> None:
    await turn(hotline, "ann", 0, TEN_HOURS)
    await turn(hotline, "ann", 100, 200, kind="swap", with_login="dee")
    await turn(hotline, "cas", 200, 300, kind="override")
    async with hotline.pool.acquire() as conn:
        roster = await duty.load(conn, hotline.at(0))
    people = [roster.on_duty("supervisor", hotline.at(minute)) for minute in (50, 150, 250, 350, 700)]
    assert people == [{"ann"}, {"dee"}, {"cas"}, {"ann"}, set()]


async def test_a_team_is_on_duty_as_a_whole_and_who_left_is_not(hotline: "Hotline") -> None:
    await hotline.pool.execute(
        "insert into teams (name, members, created_at, updated_at) values ('night', '{ann,dee}', $1, $1)", hotline.at(0)
    )
    await turn(hotline, None, 0, TEN_HOURS, team="night")
    first = await hotline.ticket()
    await hotline.look(61)
    assert (await told(hotline, first))[BREACH] == ["ann", "dee"]
    await hotline.pool.execute("update users set active = false where login = 'ann'")
    second = await hotline.ticket(70)
    await hotline.look(131)
    assert (await told(hotline, second))[BREACH] == ["dee"]


async def test_who_is_on_duty_can_be_asked(hotline: "Hotline") -> None:
    hours = {"timezone": "UTC", "week": {"mon-fri": "09:00-17:00"}}
    await turn(hotline, "ann", -600, TEN_HOURS * 24, hours=hours, region="city")
    async with hotline.pool.acquire() as conn:
        asked = [
            await service.on_duty(conn, name, hotline.at(minute), region, hotline.at(0))
            for name, minute, region in (
                ("supervisor", 60, "city"), ("supervisor", 60, "far"), ("supervisor", 600, None), ("admin", 0, None)
            )
        ]  # fmt: skip
    assert [(one.rota, one.people) for one in asked] == [(True, ["ann"]), (True, []), (True, []), (False, ["cas"])]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"login": "nobody"}, "/login"),
        ({"team": "nobody"}, "/team"),
        ({"login": None}, "/login"),
        ({"kind": "swap"}, "/with_login"),
        ({"kind": "swap", "with_login": "ann"}, "/login"),
        ({"with_login": "dee"}, "/with_login"),
        ({"hours": {"week": {"mon": "9-17"}}}, "/hours"),
        ({"hours": {}}, "/hours"),
        ({"duty": "supervisor", "until_at": "begin"}, "/until_at"),
    ],
)
async def test_a_row_that_makes_no_sense_is_refused(hotline: "Hotline", wrong: dict[str, Any], pointer: str) -> None:
    values = {"login": "ann", "team": None, "with_login": None, "kind": "shift", "hours": None, **wrong}
    begin = hotline.at(0)
    values |= {"from_at": begin, "until_at": begin if "until_at" in wrong else begin + timedelta(hours=1)}
    async with hotline.pool.acquire() as conn:
        faults = await service.turn_faults(conn, values)
    assert pointer in {fault.pointer for fault in faults}


class TestMoment:
    """Warnings come while somebody is there; the clock's row wakes then."""

    LADDER = ("- {at: 50%, notify: [assignee]}", "- {at: 50%, notify: [supervisor]}")

    @pytest.fixture
    async def watched(self, hotline: "Hotline") -> "Hotline":
        """The same hotline, whose warning goes to supervisors."""
        await hotline.pool.execute("update contract_versions set source = replace(source, $1, $2)", *self.LADDER)
        return hotline

    async def test_a_warning_comes_before_the_last_one_goes(self, watched: "Hotline") -> None:
        await turn(watched, "ann", 0, 100)
        number = await watched.ticket(severity=2)  # half of four hours is at 120
        await watched.pool.execute("update clocks set wake_at = $1 where wake_at is not null", watched.at(1))
        assert (await watched.look(1)).alerts == 0
        assert (await watched.clock(number))["wake_at"] == watched.at(70)
        await watched.look(70)
        assert await told(watched, number) == {WARNING: ["ann"]}
        row = await watched.pool.fetchrow("select * from alerts")
        assert (row["fires_at"], row["planned_at"], row["nobody_for"]) == (watched.at(70), watched.at(120), [])
        await watched.look(125)
        assert await watched.told(number) == [(WARNING, 0, "firing")]

    async def test_a_turn_made_later_is_followed(self, watched: "Hotline") -> None:
        number = await watched.ticket(severity=2)
        assert (await watched.clock(number))["wake_at"] == watched.at(120)
        await turn(watched, "ann", 0, 100, now=5)
        await watched.look(5)
        assert (await watched.clock(number))["wake_at"] == watched.at(70)
        second = await turn(watched, "dee", 100, 600, now=6)
        await watched.look(6)
        assert (await watched.clock(number))["wake_at"] == watched.at(120)
        async with watched.pool.acquire() as conn:
            await resources.remove(conn, RESOURCES["rota"], second.id, 1, watched.at(7))
        await watched.look(7)
        assert (await watched.clock(number))["wake_at"] == watched.at(70)

    async def test_looking_again_goes_behind_what_is_due(self, watched: "Hotline") -> None:
        await watched.ticket(severity=2)
        await turn(watched, "ann", 0, 100, now=28)
        grave = await watched.ticket()
        async with watched.book.batch() as batch:
            due, _ = await batch.claim(watched.at(30), watched.at(30) - timedelta(seconds=10), 1)
        assert [one.ticket for one in due] == [grave]

    async def test_travel_is_counted_back_from_the_deadline(self, watched: "Hotline") -> None:
        await turn(watched, "ann", 0, TEN_HOURS)
        number = await watched.ticket(severity=2)
        await watched.pool.execute("update contract_versions set source = replace(source, 'severities:', $1)",
                                   "regions: {city: City}\nseverities:")  # fmt: skip
        async with watched.pool.acquire() as conn:
            far = TravelTime(region="city", minutes=180)
            await resources.add(conn, RESOURCES["travel_times"], far, Settings(), US, watched.at(1))
        watched.terms._by_version.clear()
        await watched.write(number, 2, ("moved", 2, {"region": "city"}))
        await watched.pool.execute("update clocks set wake_at = $1 where wake_at is not null", watched.at(2))
        await watched.look(2)
        assert (await watched.clock(number))["wake_at"] == watched.at(60)
