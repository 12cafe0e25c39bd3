"""Slack incoming webhooks: the address is the key; `ok` or a word that says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.channels.post import Answer, HttpChannel, HttpConfig, Request, as_json, path_secrets, refusal
from alerts.channels.setup import Setup
from alerts.message import Message
from alerts.reasons import Reason, SendFailed

PER_SECOND = 1
_WORDS = {
    "channel_is_archived": Reason.GONE,
    **dict.fromkeys(
        ("action_prohibited", "channel_not_found", "invalid_token", "no_service", "no_team", "user_not_found"),
        Reason.BAD_CONFIG,
    ),
}


class Slack(HttpChannel):
    """Posts text to a Slack channel."""

    def __init__(self, config: HttpConfig, setup: Setup) -> None:
        super().__init__(config, setup, path_secrets(config.url))

    def requests(self, message: Message) -> Iterable[Request]:
        """One POST."""
        yield as_json(self.url, {"text": escaped(self.setup.text(message, self.locale))})

    def failure(self, answer: Answer) -> SendFailed | None:
        """By its word where it has one for us."""
        word = answer.body.decode(errors="replace").strip()
        if word in _WORDS:
            return SendFailed(_WORDS[word], answer.said)
        refused = refusal(answer)
        if refused is None and word != "ok":
            return SendFailed(Reason.UNAVAILABLE, f"not its usual answer: {answer.said}")
        return refused


def escaped(text: str) -> str:
    """The text with the three signs that begin markup written out, so that no title calls a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
