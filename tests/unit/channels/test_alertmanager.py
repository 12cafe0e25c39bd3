"""Alertmanager against its stub."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from alerts.channels.alertmanager import Alertmanager
from alerts.reasons import Reason
from tests.stubs.alertmanager import AlertmanagerStub
from tests.stubs.server import NOW

if TYPE_CHECKING:
    from tests.unit.channels.conftest import Bench


async def test_an_alert_stands_for_five_minutes_from_its_last_message(bench: "Bench") -> None:
    stub = AlertmanagerStub()
    await bench.start(stub)
    channel = bench.open("alertmanager", url=stub.url, token=stub.token, labels={"team": "hotline"})
    await channel.send(bench.message(kind="breach", step=1))
    ((alert,),) = stub.taken
    assert alert["labels"] == {
        "team": "hotline", "alertname": "CallcenterOverdue", "severity": "critical", "contract": "TEST",
        "commitment": "response", "ticket": "100001", "cycle": "1", "rung": "1",
    }  # fmt: skip
    assert alert["generatorURL"] == "https://hotline.example/tickets/100001"
    assert alert["endsAt"] == (NOW + timedelta(minutes=5)).isoformat()


async def test_its_end_ends_it_whatever_was_regraded_meanwhile(bench: "Bench") -> None:
    stub = AlertmanagerStub()
    await bench.start(stub)
    channel = bench.open("alertmanager", url=stub.url, token=stub.token)
    await channel.send(bench.message(severity=1))
    assert len(stub.firing()) == 1
    ended = NOW - timedelta(seconds=3)
    await channel.send(bench.message(event="resolve", severity=2, title="Another title", ended_at=ended))
    assert stub.firing() == []
    assert len(stub.ends) == 1


async def test_many_are_repeated_together(bench: "Bench") -> None:
    stub = AlertmanagerStub()
    await bench.start(stub)
    channel = bench.open("alertmanager", url=stub.url, token=stub.token)
    assert isinstance(channel, Alertmanager)
    await channel.repeat([bench.message(ticket=number) for number in range(1, 4)])
    assert [len(together) for together in stub.taken] == [3]
    assert len(stub.firing()) == 3


@pytest.mark.parametrize(("manner", "reason"), [("error", Reason.UNAVAILABLE), ("closed", Reason.UNREACHABLE)])
async def test_badly(bench: "Bench", refused: Any, manner: Any, reason: Reason) -> None:
    stub = AlertmanagerStub()
    stub.manner = manner
    await bench.start(stub)
    channel = bench.open("alertmanager", url=stub.url, token=stub.token)
    assert (await refused(channel, bench.message())).reason is reason


async def test_a_wrong_token(bench: "Bench", refused: Any) -> None:
    stub = AlertmanagerStub()
    await bench.start(stub)
    failure = await refused(bench.open("alertmanager", url=stub.url, token="not-this-one"), bench.message())
    assert failure.reason is Reason.AUTHENTICATION
