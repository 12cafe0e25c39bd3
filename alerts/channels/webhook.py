"""Outgoing webhooks, signed as Standard Webhooks (standardwebhooks.com) lays down."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

import msgspec
from yarl import URL

from alerts.channels.post import HttpChannel, HttpConfig, Request
from alerts.channels.setup import Setup
from alerts.message import Message, payload

_PREFIX = "whsec_"


class WebhookConfig(HttpConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a webhook channel."""

    secret: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.secret is not None:
            signing_key(self.secret)


def signing_key(secret: str) -> bytes:
    """The key of a `whsec_...` secret; ValueError where it is not one."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(_PREFIX) or not 16 <= len(key) <= 64:
        raise ValueError("`secret` is whsec_ and the base64 of 24 to 64 random bytes")
    return key


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body."""
    signed = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed).decode()}"


class Webhook(HttpChannel):
    """Posts messages to one address; any 2xx is a yes."""

    def __init__(self, config: WebhookConfig, setup: Setup) -> None:
        super().__init__(config, setup, [config.secret])
        self._key = signing_key(config.secret) if config.secret else None

    def requests(self, message: Message) -> Iterable[Request]:
        """One signed POST."""
        now = self.setup.now()
        links = self.setup.links(message)
        body = msgspec.json.encode(payload(message, self.locale, now, self.setup.base_url, links))
        yield Request(URL(self.url), body, self._headers(str(message.id), int(now.timestamp()), body))

    def _headers(self, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
        }
        if self._key is not None:
            headers["webhook-signature"] = signature(self._key, message_id, timestamp, body)
        return headers
