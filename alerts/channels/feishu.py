"""Feishu (Lark) group robots: signed in the body, 100 messages a minute and 5 a second, 20 KB."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from alerts.channels.post import Request, as_json, path_secrets
from alerts.channels.robot import Robot, RobotConfig
from alerts.channels.setup import Setup
from alerts.message import Message
from alerts.reasons import Reason

PER_MINUTE = 100
PER_SECOND = 5
_CODES = {
    11232: Reason.RATE_LIMITED,
    9499: Reason.BAD_CONFIG,  # the body is not what it expects
    19001: Reason.BAD_CONFIG,  # no such robot
    19021: Reason.BAD_CONFIG,  # signature, or a clock more than an hour off
    19022: Reason.BAD_CONFIG,  # address of the sender
    19024: Reason.BAD_CONFIG,  # keyword
}


class FeishuConfig(RobotConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a Feishu robot; `secret` is that of its signature."""

    secret: str | None = None


def sign(secret: str, now: datetime) -> dict[str, str]:
    """`timestamp` (seconds) and `sign`: HMAC-SHA256 of nothing, under the key of timestamp, newline and secret."""
    timestamp = str(int(now.timestamp()))
    digest = hmac.digest(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256)
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}


class Feishu(Robot):
    """Posts text to a Feishu group."""

    most_bytes = 15_000
    codes = _CODES

    def __init__(self, config: FeishuConfig, setup: Setup) -> None:
        super().__init__(config, setup, [*path_secrets(config.url), config.secret])
        self.keyword = config.keyword
        self._secret = config.secret

    def requests(self, message: Message) -> Iterable[Request]:
        """One POST, signed where the robot asks for it."""
        signing = sign(self._secret, self.setup.now()) if self._secret else {}
        yield as_json(self.url, {**signing, "msg_type": "text", "content": {"text": self.content(message)}})

    def code(self, value: Mapping[str, Any]) -> object:
        """`code`, or `StatusCode` of the older form."""
        return value["code"] if "code" in value else value.get("StatusCode")
