"""Digests and quiet hours on a real database."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from callcenter.services.duty import quiet_faults
from callcenter.store.deliveries import DatabaseOutbox

if TYPE_CHECKING:
    from tests.integration.alerts.conftest import Hotline

Sent = list[tuple[str, int, list[str], int]]


@pytest.fixture
async def mail(hotline: "Hotline") -> "Hotline":
    """The same hotline with an e-mail channel in place of the journal."""
    await hotline.pool.execute("update channels set active = false")
    await hotline.channel("mail", "email", {})
    return hotline


async def deliver(hotline: "Hotline", minutes: float) -> Sent:
    """What is ready was sent: event, ticket, recipients, how many others; the assignee's own left out."""
    now = hotline.at(minutes)
    outbox = DatabaseOutbox(hotline.pool, hotline.terms)
    taken = await outbox.lease(dict.fromkeys(await outbox.channels(), 50), "test", now, now + timedelta(minutes=1))
    await outbox.sent([one.id for one in taken], "test", now)
    messages = [one.message for one in taken]
    sent = [(m.event, m.ticket, [person.login for person in m.recipients], m.others) for m in messages]
    return [one for one in sent if one[2] != ["cas"]]


async def running(hotline: "Hotline", minutes: float) -> int:
    """A ticket of four hours that is as old, known from minute 0 on; its first warning was told."""
    number = await hotline.ticket(-minutes, severity=2, assignee="cas")
    await hotline.pool.execute("update clocks set ladder_from = $1", hotline.at(-minutes))
    await hotline.write(number, 0, ("noted", 0, {}))
    assert await deliver(hotline, 1) == []
    return number


async def quiet(hotline: "Hotline", login: str) -> None:
    """From 18:00 to 19:00 in Shanghai, which is from minute 60 to 120."""
    await hotline.pool.execute(
        "update users set quiet_from = '18:00', quiet_until = '19:00', timezone = 'Asia/Shanghai' where login = $1",
        login,
    )


async def test_warnings_of_an_hour_come_as_one_digest(mail: "Hotline") -> None:
    await mail.pool.execute("update users set digest_minutes = 60 where login = 'ben'")
    numbers = [await mail.ticket(minute, severity=2, assignee="ben") for minute in (0, 5, 10)]
    for minute in (120, 125, 130):  # 11:00 to 11:10
        await mail.look(minute)
        assert await deliver(mail, minute) == []
    ((event, ticket, people, others),) = await deliver(mail, 180)
    assert (event, ticket in numbers, people, others) == ("fire", True, ["ben"], 2)


async def test_a_warning_resolved_before_the_digest_is_not_in_it(mail: "Hotline") -> None:
    await mail.pool.execute("update users set digest_minutes = 60 where login = 'ben'")
    kept, over = [await mail.ticket(minute, severity=2, assignee="ben") for minute in (0, 5)]
    await mail.look(125)
    await mail.write(over, 126, ("restored", 126, {}))
    assert await deliver(mail, 180) == [("fire", kept, ["ben"], 0)]


async def test_who_sleeps_is_told_afterwards_and_others_at_once(mail: "Hotline") -> None:
    await quiet(mail, "ann")
    number = await running(mail, 150)
    await mail.look(90.1)
    assert await deliver(mail, 90.1) == [("fire", number, ["dee"], 0)]
    await mail.write(number, 100, ("restored", 100, {}))
    assert await deliver(mail, 100) == [("resolve", number, ["dee"], 0)]
    assert await deliver(mail, 119) == []
    assert await deliver(mail, 120) == [("fire", number, ["ann"], 0)]
    assert await deliver(mail, 120.1) == [("resolve", number, ["ann"], 0)]


async def test_the_end_of_what_was_told_by_day_waits_as_well(mail: "Hotline") -> None:
    await quiet(mail, "ann")
    number = await running(mail, 190)
    await mail.look(50.1)
    assert await deliver(mail, 50.1) == [("fire", number, ["ann", "dee"], 0)]
    await mail.write(number, 70, ("restored", 70, {}))
    assert await deliver(mail, 70) == [("resolve", number, ["dee"], 0)]
    assert await deliver(mail, 120) == [("resolve", number, ["ann"], 0)]


async def test_what_is_grave_wakes_everybody(mail: "Hotline") -> None:
    await quiet(mail, "ann")
    number = await mail.ticket(10, assignee="cas")
    await mail.look(40)
    await deliver(mail, 40)
    await mail.look(70.1)
    assert await deliver(mail, 70.1) == [("fire", number, ["ann", "dee"], 0)]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"quiet_from": "22:00", "timezone": "UTC"}, "/quiet_until"),
        ({"quiet_from": "22:00", "quiet_until": "22:00", "timezone": "UTC"}, "/quiet_until"),
        ({"quiet_from": "22:00", "quiet_until": "07:00"}, "/timezone"),
        ({"timezone": "Asia/Nowhere"}, "/timezone"),
        ({"timezone": "../etc/passwd"}, "/timezone"),
    ],
)
def test_quiet_hours_that_make_no_sense_are_refused(given: dict[str, Any], pointer: str) -> None:
    values = {"quiet_from": None, "quiet_until": None, "timezone": None, **given}
    assert [fault.pointer for fault in quiet_faults(values)] == [pointer]
