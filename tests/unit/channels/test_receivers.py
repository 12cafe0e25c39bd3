"""Slack, Teams, PagerDuty and text messages against their stubs."""

from typing import TYPE_CHECKING, Any

import pytest

from alerts.message import Recipient
from alerts.reasons import Reason
from tests.stubs.receivers import PagerDutyStub, SlackStub, SmsStub, TeamsStub

if TYPE_CHECKING:
    from tests.unit.channels.conftest import Bench


async def test_slack_takes_text_without_markup(bench: "Bench") -> None:
    stub = SlackStub()
    await bench.start(stub)
    await bench.open("slack", url=stub.url).send(bench.message(title="<!channel> R&D"))
    text = stub.taken[0]["text"]
    assert "&lt;!channel&gt; R&amp;D" in text
    assert "acknowledge (Ann): https://hotline.example/a/7-ann" in text


@pytest.mark.parametrize(
    ("status", "word", "reason"),
    [
        (403, "action_prohibited", Reason.BAD_CONFIG),
        (404, "channel_not_found", Reason.BAD_CONFIG),
        (404, "no_service", Reason.BAD_CONFIG),
        (410, "channel_is_archived", Reason.GONE),
        (400, "invalid_payload", Reason.REJECTED),
        (500, "rollup_error", Reason.UNAVAILABLE),
    ],
)
async def test_slacks_words(bench: "Bench", refused: Any, status: int, word: str, reason: Reason) -> None:
    stub = SlackStub()
    stub.word = (status, word)
    await bench.start(stub)
    failure = await refused(bench.open("slack", url=stub.url), bench.message())
    assert failure.reason is reason
    assert word in failure.detail


async def test_teams_takes_a_card_with_buttons(bench: "Bench") -> None:
    stub = TeamsStub()
    await bench.start(stub)
    await bench.open("teams", url=stub.url, locale="zh-CN").send(bench.message(title="**bold** [x](http://evil)"))
    (card,) = stub.taken
    assert [action["url"] for action in card["actions"]] == [
        "https://hotline.example/tickets/100001",
        "https://hotline.example/a/7-ann",
        "https://hotline.example/a/7-ben",
    ]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}, "runs of rich text know no markup"
    assert "/a/7-ann" not in str(card["body"])


async def test_pagerduty_keeps_one_incident_a_clock(bench: "Bench") -> None:
    stub = PagerDutyStub()
    await bench.start(stub)
    channel = bench.open("pagerduty", url=stub.url, routing_key=stub.key)
    await channel.send(bench.message())
    await channel.send(bench.message(kind="breach", severity=1))
    assert [event["payload"]["severity"] for event in stub.taken] == ["warning", "critical"]
    await channel.send(bench.message(event="acknowledge"))
    assert list(stub.incidents.values()) == ["acknowledged"]
    await channel.send(bench.message(event="resolve", standing=1))
    assert list(stub.incidents.values()) == ["acknowledged"], "another alert of the clock still stands"
    await channel.send(bench.message(event="resolve"))
    assert list(stub.incidents.values()) == ["resolved"]
    await channel.send(bench.message(cycle=2))
    assert len(stub.incidents) == 2


async def test_a_wrong_routing_key_is_a_matter_of_settings_and_not_told(bench: "Bench", refused: Any) -> None:
    stub = PagerDutyStub()
    await bench.start(stub)
    failure = await refused(bench.open("pagerduty", url=stub.url, routing_key="x" * 32), bench.message())
    assert failure.reason is Reason.BAD_CONFIG
    assert "x" * 32 not in failure.detail


def _sms(bench: "Bench", stub: SmsStub, **changed: Any) -> Any:
    settings = {
        "key": stub.key,
        "secret": stub.secret,
        "template": "SMS_1001",
        "variables": {"no": "ticket", "what": "commitment", "due": "due_local", "ack": "acknowledge"},
        "answer": {"code": "OK"},
    }
    return bench.open("sms", url=stub.url, **{**settings, **changed})


async def test_each_recipient_gets_a_text_of_their_own(bench: "Bench") -> None:
    stub = SmsStub()
    await bench.start(stub)
    await _sms(bench, stub).send(bench.message())
    assert [(text["to"], text["template"]) for text in stub.taken] == [
        ("+8613800001111", "SMS_1001"),
        ("+8613900002222", "SMS_1001"),
    ]
    assert stub.taken[0]["variables"] == {
        "no": "100001",
        "what": "response",
        "due": "2026-03-02T10:05:00+00:00",
        "ack": "https://hotline.example/a/7-ann",
    }
    assert stub.taken[0]["id"] == f"{bench.message().id}:ann"


async def test_who_has_got_a_text_does_not_get_it_again_because_another_has_not(bench: "Bench", refused: Any) -> None:
    stub = SmsStub()
    await bench.start(stub)
    stub.refuses["+8613800001111"] = 1
    channel = _sms(bench, stub)
    failure = await refused(channel, bench.message())
    assert failure.reason is Reason.REJECTED
    assert [text["to"] for text in stub.taken] == ["+8613900002222"], "the one after the refused one has it"
    await channel.send(bench.message())
    assert [text["to"] for text in stub.taken] == ["+8613900002222", "+8613800001111"]


async def test_texts_to_nobody_and_with_a_wrong_key(bench: "Bench", refused: Any) -> None:
    stub = SmsStub()
    await bench.start(stub)
    failure = await refused(_sms(bench, stub), bench.message(recipients=(Recipient("cas"),)))
    assert failure.reason is Reason.NO_RECIPIENT
    failure = await refused(_sms(bench, stub, secret="another"), bench.message())
    assert failure.reason is Reason.AUTHENTICATION
