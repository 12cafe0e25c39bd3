"""What the group robots of DingTalk, WeCom and Feishu share: plain text within a size, and HTTP 200 that means no."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from alerts.channels.post import Answer, HttpChannel, HttpConfig, refusal
from alerts.message import Message, Recipient, link_lines
from alerts.message import text as text_of
from alerts.reasons import Reason, SendFailed
from alerts.words import Locale

_TITLE = 80
# the rest of the duty acknowledges in the console: links are long, and messages of robots short
_LINKS = 5


class RobotConfig(HttpConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a robot: `url` as the group shows it, which is its key; `keyword` where the robot demands one."""

    locale: Locale = "zh-CN"
    keyword: str | None = None
    mention: bool = False


class Robot(HttpChannel):
    """A robot in a group. Kinds name the code of success, what other codes mean and how much text fits."""

    most_bytes: int
    codes: Mapping[int, Reason]
    keyword: str | None
    # what the other side takes for markup in plain text, with something that looks alike
    markup: Mapping[str, str] = {"<": "＜"}

    def content(self, message: Message) -> str:
        """The message as plain text that fits; what callers wrote in it is no markup and calls nobody."""
        short = replace(message, title=message.title[:_TITLE], recipients=message.recipients[:_LINKS])
        ending = "".join(f"\n{line}" for line in link_lines(self.setup.links(short), self.locale))
        text = text_of(short, self.locale, self.setup.now(), self.setup.base_url)
        if self.keyword and self.keyword not in text:
            ending += f"\n{self.keyword}"
        ending = self._harmless(ending)
        return _cut(self._harmless(text), self.most_bytes - len(ending.encode())) + ending

    def _harmless(self, text: str) -> str:
        for sign, harmless in self.markup.items():
            text = text.replace(sign, harmless)
        return text

    def code(self, value: Mapping[str, Any]) -> object:
        """The code of an answer; 0 is success."""
        return value.get("errcode")

    def failure(self, answer: Answer) -> SendFailed | None:
        """By the code of the body: HTTP says 200 whatever happened."""
        refused = refusal(answer)
        if refused is not None:
            return refused
        code = self.code(answer.value())
        if code == 0:
            return None
        reason = self.codes.get(code, Reason.REJECTED) if isinstance(code, int) else Reason.UNAVAILABLE
        return SendFailed(reason, answer.said, self.patience(code) or answer.retry_after)

    def patience(self, code: object) -> timedelta | None:
        """How long the other side is known to refuse after this code."""
        return None


def mobiles(recipients: tuple[Recipient, ...]) -> list[str]:
    """The mobile numbers of recipients as mainland robots know people: without the country."""
    return [person.phone.removeprefix("+86").replace(" ", "") for person in recipients if person.phone]


def _cut(text: str, most: int) -> str:
    raw = text.encode()
    return text if len(raw) <= most else raw[: most - 3].decode(errors="ignore") + "…"
