"""WeCom (Enterprise WeChat) group robots: the address holds the key, 20 messages a minute, 2048 bytes of text."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.channels.post import Request, as_json, path_secrets
from alerts.channels.robot import Robot, RobotConfig, mobiles
from alerts.channels.setup import Setup
from alerts.message import Message
from alerts.reasons import Reason

PER_MINUTE = 20
_CODES = {
    -1: Reason.UNAVAILABLE,
    45009: Reason.RATE_LIMITED,
    45033: Reason.RATE_LIMITED,
    **dict.fromkeys((93000, 93004, 93008, 40008, 60020), Reason.BAD_CONFIG),
}


class WeCom(Robot):
    """Posts text to a WeCom group."""

    most_bytes = 2048
    codes = _CODES

    def __init__(self, config: RobotConfig, setup: Setup) -> None:
        super().__init__(config, setup, path_secrets(config.url))
        self.keyword = config.keyword
        self._mention = config.mention

    def requests(self, message: Message) -> Iterable[Request]:
        """One POST."""
        asked = mobiles(message.recipients) if self._mention else []
        text = {"content": self.content(message), "mentioned_mobile_list": asked}
        yield as_json(self.url, {"msgtype": "text", "text": text})
