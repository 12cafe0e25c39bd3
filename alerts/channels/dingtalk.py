"""DingTalk group robots (open.dingtalk.com, custom robots): signed in the query, 20 messages a minute."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from yarl import URL

from alerts.channels.post import Request, as_json, path_secrets
from alerts.channels.robot import Robot, RobotConfig, mobiles
from alerts.channels.setup import Setup
from alerts.message import Message
from alerts.reasons import Reason

PER_MINUTE = 20
_TOO_FAST = frozenset({130101, 410100})
# who sends too fast is refused this long
_PENALTY = timedelta(minutes=10)
_CODES = {
    -1: Reason.UNAVAILABLE,
    **dict.fromkeys(_TOO_FAST, Reason.RATE_LIMITED),
    90030: Reason.RATE_LIMITED,  # the day's allowance
    310000: Reason.BAD_CONFIG,  # keyword, signature or address of the sender
    **dict.fromkeys((300001, 300005, 400101, 400102, 400105, 400106, 40035, 43004), Reason.BAD_CONFIG),
    400013: Reason.GONE,  # the group was dissolved
}


class DingTalkConfig(RobotConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a DingTalk robot; `secret` is the SEC... of its signature."""

    secret: str | None = None


def signed(url: str, secret: str, now: datetime) -> URL:
    """The address with `timestamp` (milliseconds) and `sign`, the HMAC-SHA256 of timestamp, newline and secret."""
    timestamp = str(int(now.timestamp() * 1000))
    digest = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    return URL(url).update_query(timestamp=timestamp, sign=base64.b64encode(digest).decode())


class DingTalk(Robot):
    """Posts text to a DingTalk group."""

    most_bytes = 15_000
    codes = _CODES

    def __init__(self, config: DingTalkConfig, setup: Setup) -> None:
        super().__init__(config, setup, [*path_secrets(config.url), config.secret])
        self.keyword = config.keyword
        self._secret = config.secret
        self._mention = config.mention

    def requests(self, message: Message) -> Iterable[Request]:
        """One POST, signed where the robot asks for it."""
        url = signed(self.url, self._secret, self.setup.now()) if self._secret else URL(self.url)
        body = {
            "msgtype": "text",
            "text": {"content": self.content(message)},
            "at": {"atMobiles": mobiles(message.recipients) if self._mention else [], "isAtAll": False},
        }
        yield as_json(url, body)

    def patience(self, code: object) -> timedelta | None:
        """Ten minutes for having sent too fast."""
        return _PENALTY if code in _TOO_FAST else None
