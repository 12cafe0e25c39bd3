"""DingTalk, WeCom and Feishu against stubs that check what the real ones check."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from alerts.message import Recipient
from alerts.reasons import Reason
from tests.stubs.robots import DingTalkStub, FeishuStub, WeComStub

if TYPE_CHECKING:
    from tests.unit.channels.conftest import Bench


async def test_dingtalk_takes_a_signed_text(bench: "Bench") -> None:
    stub = DingTalkStub()
    await bench.start(stub)
    await bench.open("dingtalk", url=stub.url, secret=stub.secret).send(bench.message())
    (value,) = stub.taken
    assert value["text"]["content"].startswith("[即将超时] 工单 100001")
    assert "确认收到 (Ann):https://hotline.example/a/7-ann" in value["text"]["content"]
    assert value["at"] == {"atMobiles": [], "isAtAll": False}


async def test_dingtalk_calls_people_by_mobile_number_when_told_to(bench: "Bench") -> None:
    stub = DingTalkStub()
    await bench.start(stub)
    await bench.open("dingtalk", url=stub.url, secret=stub.secret, mention=True).send(bench.message())
    assert stub.taken[0]["at"]["atMobiles"] == ["13800001111", "13900002222"]


async def test_a_keyword_is_added_where_the_text_lacks_it(bench: "Bench") -> None:
    stub = DingTalkStub()
    stub.keyword = "值班提醒"
    await bench.start(stub)
    await bench.open("dingtalk", url=stub.url, secret=stub.secret, keyword="值班提醒").send(bench.message())
    assert stub.taken[0]["text"]["content"].endswith("值班提醒")


async def test_wecom_takes_text_of_2048_bytes(bench: "Bench") -> None:
    stub = WeComStub()
    await bench.start(stub)
    people = tuple(Recipient(f"user{n}" * 8, "名" * 60) for n in range(20))
    await bench.open("wecom", url=stub.url).send(bench.message(title="火" * 300, recipients=people))
    content = stub.taken[0]["text"]["content"]
    assert content.endswith("https://hotline.example/a/7-" + people[4].login), "links are what is cut last"
    assert 1500 < len(content.encode()) <= 2048


@pytest.mark.parametrize("old_form", [False, True])
async def test_feishu_takes_a_signed_text(bench: "Bench", old_form: bool) -> None:
    stub = FeishuStub()
    stub.old_form = old_form
    await bench.start(stub)
    await bench.open("feishu", url=stub.url, secret=stub.secret, locale="zh-TW").send(bench.message())
    assert stub.taken[0]["content"]["text"].startswith("[即將逾時] 工單 100001")


@pytest.mark.parametrize("kind", ["wecom", "feishu"])
async def test_what_a_caller_wrote_calls_nobody(bench: "Bench", kind: str) -> None:
    stub = WeComStub() if kind == "wecom" else FeishuStub()
    await bench.start(stub)
    secret = {"secret": FeishuStub.secret} if kind == "feishu" else {}
    title = '<at user_id="all">all</at> <@everybody>'
    await bench.open(kind, url=stub.url, **secret).send(bench.message(title=title))
    text = str(stub.taken[0])
    assert "<at" not in text
    assert "<@" not in text


@pytest.mark.parametrize(
    ("stub", "code", "reason", "patience"),
    [
        (DingTalkStub, 310000, Reason.BAD_CONFIG, None),
        (DingTalkStub, 300001, Reason.BAD_CONFIG, None),
        (DingTalkStub, 130101, Reason.RATE_LIMITED, timedelta(minutes=10)),
        (DingTalkStub, -1, Reason.UNAVAILABLE, None),
        (DingTalkStub, 400013, Reason.GONE, None),
        (DingTalkStub, 660026, Reason.REJECTED, None),
        (WeComStub, 93000, Reason.BAD_CONFIG, None),
        (WeComStub, 45009, Reason.RATE_LIMITED, None),
        (WeComStub, -1, Reason.UNAVAILABLE, None),
        (FeishuStub, 19021, Reason.BAD_CONFIG, None),
        (FeishuStub, 19022, Reason.BAD_CONFIG, None),
        (FeishuStub, 19024, Reason.BAD_CONFIG, None),
        (FeishuStub, 11232, Reason.RATE_LIMITED, None),
        (FeishuStub, 12345, Reason.REJECTED, None),
    ],
)
async def test_http_200_with_a_code_is_a_failure(
    bench: "Bench", refused: Any, stub: Any, code: int, reason: Reason, patience: timedelta | None
) -> None:
    made = stub()
    made.code = code
    await bench.start(made)
    kind = {DingTalkStub: "dingtalk", WeComStub: "wecom", FeishuStub: "feishu"}[stub]
    failure = await refused(bench.open(kind, url=made.url), bench.message())
    assert (failure.reason, failure.retry_after) == (reason, patience)
    assert str(code) in failure.detail
    key = made.url.rpartition("=" if "=" in made.url else "/")[2]
    assert key not in failure.detail, "whatever the other side repeats, the key is not told"


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
async def test_a_wrong_signature_is_a_matter_of_settings(bench: "Bench", refused: Any, kind: str) -> None:
    stub = DingTalkStub() if kind == "dingtalk" else FeishuStub()
    await bench.start(stub)
    failure = await refused(bench.open(kind, url=stub.url, secret="SECwrong"), bench.message())
    assert failure.reason is Reason.BAD_CONFIG
    assert failure.permanent
    assert stub.taken == []


async def test_the_stub_refuses_the_twenty_first_in_a_minute(bench: "Bench", refused: Any) -> None:
    stub = DingTalkStub()
    await bench.start(stub)
    channel = bench.open("dingtalk", url=stub.url, secret=stub.secret)
    for _ in range(20):
        await channel.send(bench.message())
    assert (await refused(channel, bench.message())).reason is Reason.RATE_LIMITED
