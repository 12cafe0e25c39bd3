"""Every channel over HTTP against another side that misbehaves."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from alerts.channels import KINDS, check_channel, open_channel, secret_settings
from alerts.reasons import Reason, SendFailed
from tests.stubs.receivers import PagerDutyStub, SlackStub, SmsStub, TeamsStub
from tests.stubs.robots import DingTalkStub, FeishuStub, WeComStub
from tests.stubs.server import RETRY_AFTER_S, Manner, Stub

if TYPE_CHECKING:
    from tests.unit.channels.conftest import Bench

OVER_HTTP: dict[str, tuple[type[Stub], dict[str, Any]]] = {
    "dingtalk": (DingTalkStub, {"secret": DingTalkStub.secret}),
    "wecom": (WeComStub, {}),
    "feishu": (FeishuStub, {"secret": FeishuStub.secret}),
    "slack": (SlackStub, {}),
    "teams": (TeamsStub, {}),
    "pagerduty": (PagerDutyStub, {"routing_key": PagerDutyStub.key}),
    "sms": (SmsStub, {"template": "T", "key": SmsStub.key, "secret": SmsStub.secret, "answer": {"code": "OK"}}),
}
SAY_WHAT_THEY_TOOK = ("dingtalk", "wecom", "feishu", "slack", "pagerduty", "sms")


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_well(bench: "Bench", kind: str) -> None:
    stub_kind, settings = OVER_HTTP[kind]
    stub = stub_kind()
    await bench.start(stub)
    channel = bench.open(kind, url=stub.url, **settings)
    await channel.check()
    assert stub.asked == [], "checking sends nothing"
    await channel.send(bench.message())
    assert stub.taken


@pytest.mark.parametrize(
    ("manner", "reason", "retry_after"),
    [
        ("error", Reason.UNAVAILABLE, None),
        ("busy", Reason.RATE_LIMITED, timedelta(seconds=RETRY_AFTER_S)),
        ("closed", Reason.UNREACHABLE, None),
        ("redirect", Reason.REJECTED, None),
    ],
)
@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_badly(
    bench: "Bench", refused: Any, kind: str, manner: Manner, reason: Reason, retry_after: timedelta | None
) -> None:
    stub_kind, settings = OVER_HTTP[kind]
    stub = stub_kind()
    stub.manner = manner
    await bench.start(stub)
    failure = await refused(bench.open(kind, url=stub.url, **settings), bench.message())
    assert (failure.reason, failure.retry_after) == (reason, retry_after)
    assert not failure.permanent, "all of this may pass"
    assert stub.strayed == 0, "redirects are not followed"


@pytest.mark.parametrize("kind", SAY_WHAT_THEY_TOOK)
async def test_another_ones_200_is_no_success(bench: "Bench", refused: Any, kind: str) -> None:
    stub_kind, settings = OVER_HTTP[kind]
    stub = stub_kind()
    stub.manner = "garbled"
    await bench.start(stub)
    failure = await refused(bench.open(kind, url=stub.url, **settings), bench.message())
    assert failure.reason is Reason.UNAVAILABLE
    assert not failure.permanent


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_private_addresses_are_refused(bench: "Bench", refused: Any, kind: str) -> None:
    stub_kind, settings = OVER_HTTP[kind]
    stub = stub_kind()
    await bench.start(stub)
    for host in ("127.0.0.1", "localhost"):
        url = stub.url.replace("127.0.0.1", host)
        channel = bench.open(kind, **{**settings, "url": url, "allow_private": False})
        assert (await refused(channel, bench.message())).reason is Reason.ADDRESS_REFUSED
    assert stub.asked == []


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_settings_are_read_strictly(bench: "Bench", kind: str) -> None:
    _, settings = OVER_HTTP[kind]
    for wrong, named in (({"urll": "x"}, "urll"), ({"url": "ftp://x"}, "url"), ({"per_minute": 0}, "per_minute")):
        config = {"url": "https://example.org/x", **settings, **wrong}
        assert named in (await check_channel(kind, config, bench.setup) or "")
        with pytest.raises(SendFailed) as failure:
            open_channel(kind, config, bench.setup)
        assert failure.value.reason is Reason.BAD_CONFIG


def test_what_is_secret_is_known_of_every_kind() -> None:
    assert {kind: sorted(secret_settings(kind)) for kind in KINDS if kind in OVER_HTTP} == {
        "dingtalk": ["secret", "url"],
        "wecom": ["url"],
        "feishu": ["secret", "url"],
        "slack": ["url"],
        "teams": ["url"],
        "pagerduty": ["routing_key"],
        "sms": ["key", "secret"],
    }
    assert {"secret", "url", "password"} <= secret_settings("pigeon")
