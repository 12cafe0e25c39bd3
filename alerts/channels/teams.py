"""Microsoft Teams workflows ("when a Teams webhook request is received"): an Adaptive Card, at most 28 KB."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alerts.channels.post import HttpChannel, HttpConfig, Request, as_json, path_secrets
from alerts.channels.setup import Setup
from alerts.message import Link, Message, subject
from alerts.words import WORDS

PER_SECOND = 4
_MOST = 4000


class Teams(HttpChannel):
    """Posts a card to a Teams channel or chat."""

    def __init__(self, config: HttpConfig, setup: Setup) -> None:
        super().__init__(config, setup, path_secrets(config.url))

    def requests(self, message: Message) -> Iterable[Request]:
        """One POST."""
        card = self._card(message, self.setup.links(message))
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        yield as_json(self.url, {"type": "message", "attachments": [attachment]})

    def _card(self, message: Message, links: tuple[Link, ...]) -> dict[str, Any]:
        # runs of rich text know no markup, so nothing in a title is taken for some
        facts = self.setup.text(message, self.locale).split("\n\n", 1)[-1].splitlines()
        lines = [line for line in facts if not any(link.url in line for link in links)]
        words = WORDS[self.locale]
        actions = [_open(f"{words['acknowledge']} ({link.name})", link.url) for link in links[:5]]
        if self.setup.base_url:
            actions.insert(0, _open(f"{words['ticket']} {message.ticket}", self.setup.base_url + message.path))
        return {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [
                _run(subject(message, self.locale)[:_MOST], weight="Bolder", size="Medium"),
                *(_run(line[:_MOST]) for line in lines),
            ],
            "actions": actions,
        }


def _run(line: str, **look: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line, **look}]}


def _open(title: str, url: str) -> dict[str, str]:
    return {"type": "Action.OpenUrl", "title": title, "url": url}
