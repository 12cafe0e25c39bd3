"""What every channel is and is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from alerts.message import Link, Message, text
from alerts.words import Locale


@dataclass(frozen=True, slots=True)
class Setup:
    """The surroundings of a channel: the time, where people reach the service, a file the journal appends to, and the
    path under which a person (login) acknowledges an alert without signing in."""

    now: Callable[[], datetime]
    base_url: str | None = None
    journal: Path | None = None
    acknowledge_path: Callable[[int, str], str] | None = None

    def links(self, message: Message) -> tuple[Link, ...]:
        """A link for each recipient to acknowledge the alert by; none where nothing is to be acknowledged."""
        if self.acknowledge_path is None or self.base_url is None or message.event != "fire" or not message.alert:
            return ()
        base = self.base_url.rstrip("/")
        return tuple(
            Link(person.login, person.name or person.login, base + self.acknowledge_path(message.alert, person.login))
            for person in message.recipients
        )

    def text(self, message: Message, locale: Locale) -> str:
        """The whole message with its links."""
        return text(message, locale, self.now(), self.base_url, self.links(message))


class Channel(Protocol):
    """A way out. Several messages may be under way at once."""

    async def send(self, message: Message) -> None:
        """The other side has taken the message; raises SendFailed where it has not."""

    async def check(self) -> None:
        """The channel looks usable, told without sending; raises SendFailed where not."""

    async def close(self) -> None:
        """Connections are closed."""


@runtime_checkable
class Repeating(Protocol):
    """A channel whose other side forgets what is not repeated."""

    async def repeat(self, messages: Sequence[Message]) -> None:
        """The other side has been told again of all of them; raises SendFailed where it has not."""
