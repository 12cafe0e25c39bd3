"""Machines that report faults: one ticket a fault, restored when it is over, whatever is sent twice or out of order."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest
import yaml
from aiohttp.test_utils import TestServer

from callcenter.services import contracts
from callcenter.services.context import Context
from callcenter.services.people import create_token
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.web.app import build
from tests.integration.monitoring import ALERTMANAGER, tool

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
TERMS = """
contract: HF-1
customer: Anhui public health
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: Asia/Shanghai
regions: {city: Hefei, province: elsewhere}
severities: {1: {name: grave}, 2: {name: light}}
grading:
  - {when: {impact: down}, severity: 1}
  - {otherwise: 2}
calendars: {always: 24x7}
commitments:
  - {name: response, starts: reported, stops: responded, within: 10m, calendar: always}
  - {name: restore, starts: reported, stops: restored, within: {city: 4h, province: 8h}, calendar: always}
"""


class Machines:
    """The service, spoken to by machines, at an instant the test sets."""

    def __init__(self, pool: asyncpg.Pool, server: TestServer, session: aiohttp.ClientSession) -> None:
        self.pool = pool
        self.now = START
        self.server = server
        self.session = session

    async def post(self, path: str, body: Any, expect: int, **headers: str) -> Any:
        async with self.session.post(self.server.make_url(path), json=body, headers=headers) as response:
            said = await response.json()
            assert response.status == expect, said
            return said

    async def alerts(self, *alerts: dict[str, Any], expect: int = 200) -> list[tuple[str, int | None]]:
        """What came of each alert of one webhook."""
        body = {
            "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing", "receiver": "callcenter",
            "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://alertmanager",
            "alerts": list(alerts),
        }  # fmt: skip
        said = await self.post("/intake/alertmanager", body, expect)
        return [(one["done"], one["ticket"]) for one in said["items"]]

    async def entries(self, number: int) -> list[str]:
        """The types of a ticket's timeline."""
        rows = await self.pool.fetch("select type from entries where ticket = $1 order by seq", number)
        return [row["type"] for row in rows]

    async def ticket(self, number: int) -> Any:
        return await self.pool.fetchrow(
            "select t.*, k.code from tickets t left join contracts k on k.id = t.contract where number = $1", number
        )


@pytest.fixture
async def machines(pool: asyncpg.Pool) -> AsyncIterator[Machines]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        made: Machines
        server = TestServer(build(pool, Context(Settings(), lambda: made.now)))
        made = Machines(pool, server, session)
        await server.start_server()
        async with pool.acquire() as conn:
            await contracts.put(conn, "HF-1", TERMS, Actor("test", "admin"), START)
            token = await create_token(conn, "monitoring", "integration", None, None, START)
            await conn.execute(
                "insert into assets (account, serial, created_at, updated_at)"
                " select id, 'SN-7', now(), now() from accounts limit 1"
            )
        session.headers["Authorization"] = f"Bearer {token}"
        try:
            yield made
        finally:
            await server.close()


def alert(
    fingerprint: str = "a1", since: datetime = START, until: datetime | None = None, **labels: str
) -> dict[str, Any]:
    """An alert as Alertmanager sends it."""
    return {
        "status": "resolved" if until else "firing",
        "labels": {"alertname": "SwitchDown", "contract": "HF-1", "region": "city", "fact_impact": "down", **labels},
        "annotations": {"summary": "Core switch down", "description": "No answer for a minute."},
        "startsAt": since.isoformat().replace("+00:00", "Z"),
        "endsAt": (until.isoformat() if until else "0001-01-01T00:00:00").replace("+00:00", "") + "Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": fingerprint,
    }


async def test_an_alert_opens_one_ticket_and_its_end_restores_it(machines: Machines) -> None:
    machines.now = START + timedelta(minutes=2)
    ((done, number),) = await machines.alerts(alert())
    assert done == "opened"
    assert number is not None
    row = await machines.ticket(number)
    assert (row["title"], row["code"], row["severity"], row["region"]) == ("Core switch down", "HF-1", 1, "city")
    assert row["reported_at"] == START, "the clocks count from when it began"
    assert "No answer for a minute." in row["description"]
    machines.now += timedelta(minutes=5)
    assert await machines.alerts(alert()) == [("known", number)]
    over = START + timedelta(minutes=6)
    assert await machines.alerts(alert(until=over)) == [("restored", number)]
    assert await machines.alerts(alert(until=over)) == [("known", number)]
    assert await machines.entries(number) == ["reported", "registered", "graded", "restored"]
    assert (await machines.ticket(number))["state"] == "restored"
    stopped = await machines.pool.fetchval("select stopped_at from clocks where commitment = 'restore'")
    assert stopped == over


async def test_it_comes_back_to_the_same_ticket_until_that_is_closed(machines: Machines) -> None:
    ((_, number),) = await machines.alerts(alert())
    machines.now += timedelta(minutes=9)
    over = START + timedelta(minutes=8)
    await machines.alerts(alert(until=over))
    assert await machines.alerts(alert()) == [("known", number)], "told late, before it was over"
    machines.now += timedelta(minutes=9)
    again = START + timedelta(minutes=12)
    assert await machines.alerts(alert(since=again)) == [("reopened", number)]
    assert await machines.alerts(alert(until=over)) == [("known", number)], "the end of the one before"
    machines.now += timedelta(minutes=9)
    assert await machines.alerts(alert(since=again, until=machines.now)) == [("restored", number)]
    await machines.post(f"/api/v1/tickets/{number}/events", {"type": "resolved"}, 201)
    await machines.post(f"/api/v1/tickets/{number}/events", {"type": "closed"}, 201)
    machines.now += timedelta(minutes=9)
    ((done, other),) = await machines.alerts(alert(since=machines.now))
    assert done == "opened"
    assert other != number


async def test_two_that_tell_at_once_open_one(machines: Machines) -> None:
    said = await asyncio.gather(*(machines.alerts(alert("b1"), alert("b2")) for _ in range(4)))
    assert len({number for answers in said for _, number in answers}) == 2
    assert sorted(done for answers in said for done, _ in answers) == ["known"] * 6 + ["opened"] * 2
    assert await machines.pool.fetchval("select count(*) from tickets") == 2


@pytest.mark.parametrize(
    "labels",
    [{"contract": "nobody's"}, {"region": "moon"}, {"fact_impact": ""}, {"fact_colour": "red"}, {"region": ""}],
)
async def test_a_bad_label_costs_the_contract_not_the_ticket(machines: Machines, labels: dict[str, str]) -> None:
    ((done, number),) = await machines.alerts(alert(**labels))
    assert done == "opened"
    assert number is not None
    row = await machines.ticket(number)
    if labels != {"fact_impact": ""}:  # no fact at all is graded as the contract's rules say
        assert row["code"] is None
        assert "Opened without a contract: " in row["description"]
    else:
        assert (row["code"], row["severity"]) == ("HF-1", 2)


async def test_an_old_alert_is_not_an_old_report(machines: Machines) -> None:
    ((_, number),) = await machines.alerts(alert(since=START - timedelta(days=3)))
    assert number is not None
    assert (await machines.ticket(number))["reported_at"] == START


async def test_what_the_service_told_itself_is_no_ticket(machines: Machines) -> None:
    ours = {**alert(), "labels": {"alertname": "CallcenterOverdue"}}
    assert await machines.alerts(ours) == [("ignored", None)]
    assert await machines.alerts(alert("unheard", until=START)) == [("ignored", None)]
    assert await machines.pool.fetchval("select count(*) from tickets") == 0


async def test_who_may_not_is_refused(machines: Machines) -> None:
    async with machines.pool.acquire() as conn:
        board = await create_token(conn, "board", "wallboard", None, None, START)
    await machines.post("/intake/alertmanager", {"version": "4", "alerts": []}, 403, Authorization=f"Bearer {board}")
    await machines.post("/intake/machine", {"serial": "SN-7"}, 401, Authorization="Bearer nothing")
    await machines.post("/intake/alertmanager", {"version": "3", "alerts": []}, 422)


async def test_a_machine_calls_in_and_recovers(machines: Machines) -> None:
    fault = {"serial": "SN-7", "code": "E42", "region": "city", "facts": {"impact": "down"}, "contract": "HF-1"}
    said = await machines.post("/intake/machine", fault, 201)
    number = said["ticket"]["number"]
    assert said["ticket"]["asset"] is not None
    assert {clock["commitment"] for clock in said["clocks"]} == {"response", "restore"}
    assert (await machines.post("/intake/machine", fault, 200))["done"] == "known"
    other = await machines.post("/intake/machine", {**fault, "code": "E43"}, 201)
    assert other["ticket"]["number"] != number
    machines.now += timedelta(minutes=3)
    over = await machines.post("/intake/machine", {"serial": "SN-7", "code": "E42", "status": "recovered"}, 200)
    assert (over["done"], over["ticket"]["number"], over["ticket"]["state"]) == ("restored", number, "restored")


async def test_a_machine_nobody_knows_has_its_ticket_and_a_bad_contract_is_refused(machines: Machines) -> None:
    said = await machines.post("/intake/machine", {"serial": "SN-unknown"}, 201)
    assert said["ticket"]["asset"] is None
    assert "No asset has the serial number SN-unknown" in said["ticket"]["description"]
    refused = await machines.post("/intake/machine", {"serial": "SN-8", "contract": "nobody's"}, 422)
    assert refused["errors"][0]["pointer"] == "/contract"
    assert await machines.pool.fetchval("select count(*) from intake where key = 'SN-8'") == 0


# Alertmanager's side --------------------------------------------------------------------------------------------------


def _seconds(text: str) -> int:
    return sum(int(number) * {"s": 1, "m": 60, "h": 3600}[unit] for number, unit in re.findall(r"(\d+)([smh])", text))


def _amtool(*command: str) -> str:
    done = subprocess.run([tool("amtool"), *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_alertmanager_takes_its_configuration() -> None:
    assert "SUCCESS" in _amtool("check-config", str(ALERTMANAGER))


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (["alertname=CallcenterAlertingWorks", "severity=none"], "watchdog"),
        (["alertname=CallcenterOverdue", "ticket=100001"], "people"),
        (["alertname=CallcenterEngineStalled", "severity=critical"], "people-at-once"),
        (["alertname=CallcenterServiceLevelLow", "severity=warning"], "people"),
        (["alertname=SwitchDown", "contract=HF-1"], "callcenter"),
    ],
)
def test_alerts_go_where_they_should(labels: list[str], receivers: str) -> None:
    assert _amtool("config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels).strip() == receivers


def test_no_wait_eats_a_promise_of_ten_minutes() -> None:
    config = yaml.safe_load(ALERTMANAGER.read_text("utf-8"))
    routes = [config["route"], *config["route"]["routes"]]
    for route in routes:
        wait = _seconds(route.get("group_wait", config["route"]["group_wait"]))
        interval = _seconds(route.get("group_interval", config["route"]["group_interval"]))
        assert wait <= 10, route
        assert interval <= 60, route
    assert all(
        route.get("group_wait") == "0s" for route in routes if route["receiver"] in ("callcenter", "people-at-once")
    )
