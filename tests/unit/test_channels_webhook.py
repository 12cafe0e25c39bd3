"""Webhooks: the signature, what counts as taken, and where we do not connect to."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult
from aiohttp.test_utils import TestServer

from alerts.channels import Setup, check_channel, sample
from alerts.channels.post import is_public
from alerts.channels.webhook import Webhook, WebhookConfig, signature, signing_key
from alerts.message import Recipient
from alerts.reasons import Reason, SendFailed

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SETUP = Setup(lambda: NOW)
# the example of the Standard Webhooks specification's reference implementations
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver:
    """A web server that remembers what it was sent and answers as told."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answer = web.Response
        self.url = ""

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        return self.answer()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    app.router.add_get("/hook", made.take)
    async with TestServer(app, host="127.0.0.1") as server:
        made.url = f"http://127.0.0.1:{server.port}/hook"
        yield made


@pytest.fixture
async def webhook() -> AsyncIterator[Callable[..., Webhook]]:
    made: list[Webhook] = []

    def make(url: str, *, secret: str | None = None, allow_private: bool = True) -> Webhook:
        made.append(Webhook(WebhookConfig(url=url, secret=secret, allow_private=allow_private), SETUP))
        return made[-1]

    yield make
    for one in made:
        await one.close()


def test_the_signature_of_the_specifications_example() -> None:
    body = b'{"test": 2432232314}'
    made = signature(signing_key(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_a_message_is_posted_and_signed(receiver: Receiver, webhook: Callable[..., Webhook]) -> None:
    message = sample(NOW, Recipient("ann"))
    await webhook(receiver.url, secret=SECRET).send(message)
    ((headers, body),) = receiver.requests
    assert headers["webhook-id"] == str(message.id)
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    signed = f"{message.id}.{int(NOW.timestamp())}.".encode() + body
    digest = hmac.new(base64.b64decode(SECRET.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert json.loads(body)["data"]["recipients"] == ["ann"]


async def test_without_a_secret_nothing_is_signed(receiver: Receiver, webhook: Callable[..., Webhook]) -> None:
    await webhook(receiver.url).send(sample(NOW, Recipient("ann")))
    assert "webhook-signature" not in receiver.requests[0][0]


@pytest.mark.parametrize(
    ("status", "headers", "reason", "retry_after"),
    [
        (410, {}, Reason.GONE, None),
        (429, {"Retry-After": "30"}, Reason.RATE_LIMITED, timedelta(seconds=30)),
        (503, {"Retry-After": "Mon, 02 Mar 2026 10:01:00 GMT"}, Reason.UNAVAILABLE, timedelta(minutes=1)),
        (503, {"Retry-After": "Mon, 02 Mar 2026 09:00:00 GMT"}, Reason.UNAVAILABLE, timedelta(0)),
        (500, {"Retry-After": "soon"}, Reason.UNAVAILABLE, None),
        (404, {}, Reason.REJECTED, None),
        (302, {"Location": "/hook"}, Reason.REJECTED, None),
    ],
)
async def test_what_is_not_2xx_is_not_taken(
    receiver: Receiver,
    webhook: Callable[..., Webhook],
    status: int,
    headers: dict[str, str],
    reason: Reason,
    retry_after: timedelta | None,
) -> None:
    receiver.answer = lambda: web.Response(status=status, headers=headers, text="because")
    with pytest.raises(SendFailed) as failure:
        await webhook(receiver.url).send(sample(NOW, Recipient("ann")))
    assert (failure.value.reason, failure.value.retry_after) == (reason, retry_after)
    assert f"HTTP {status}" in failure.value.detail
    assert len(receiver.requests) == 1, "redirects are not followed"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "169.254.169.254"],
)
async def test_private_addresses_are_refused_however_they_are_written(
    receiver: Receiver, webhook: Callable[..., Webhook], host: str
) -> None:
    url = receiver.url.replace("127.0.0.1", host)
    with pytest.raises(SendFailed) as failure:
        await webhook(url, allow_private=False).send(sample(NOW, Recipient("ann")))
    assert failure.value.reason is Reason.ADDRESS_REFUSED, failure.value
    assert failure.value.permanent
    assert receiver.requests == []
    assert "address_refused" in (await check_channel("webhook", {"url": url}, SETUP) or "")


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f000001"])
async def test_numbers_that_are_no_plain_address_lead_nowhere(
    receiver: Receiver, webhook: Callable[..., Webhook], host: str
) -> None:
    with pytest.raises(SendFailed) as failure:
        await webhook(receiver.url.replace("127.0.0.1", host), allow_private=False).send(sample(NOW, Recipient("ann")))
    assert failure.value.permanent
    assert receiver.requests == []


async def test_a_name_that_turns_private_after_it_was_looked_at_is_refused(
    receiver: Receiver, webhook: Callable[..., Webhook], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["93.184.215.14", "127.0.0.1"])

    async def resolve(_self: object, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        found = next(answers)
        return [ResolveResult(hostname=host, host=found, port=port, family=2, proto=0, flags=0)]

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", resolve)
    next(answers)  # what a check by name beforehand would have seen
    url = receiver.url.replace("127.0.0.1", "rebind.example")
    with pytest.raises(SendFailed) as failure:
        await webhook(url, allow_private=False).send(sample(NOW, Recipient("ann")))
    assert failure.value.reason is Reason.ADDRESS_REFUSED
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("172.16.5.5", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("64:ff9b::5db8:d70e", True),
    ],
)
def test_which_addresses_are_out_in_the_world(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_nobody_listening(webhook: Callable[..., Webhook], receiver: Receiver) -> None:
    with pytest.raises(SendFailed) as failure:
        await webhook("http://127.0.0.1:1/hook").send(sample(NOW, Recipient("ann")))
    assert failure.value.reason is Reason.UNREACHABLE


async def test_a_certificate_nobody_vouches_for(webhook: Callable[..., Webhook], receiver: Receiver) -> None:
    with pytest.raises(SendFailed) as failure:
        await webhook(receiver.url.replace("http://", "https://")).send(sample(NOW, Recipient("ann")))
    assert failure.value.reason in (Reason.TLS, Reason.UNREACHABLE)
