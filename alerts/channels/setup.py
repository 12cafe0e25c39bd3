"""What every channel is and is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from alerts.message import Message


@dataclass(frozen=True, slots=True)
class Setup:
    """The surroundings of a channel: the time, where people reach the service, and a file the journal appends to."""

    now: Callable[[], datetime]
    base_url: str | None = None
    journal: Path | None = None


class Channel(Protocol):
    """A way out. Several messages may be under way at once."""

    async def send(self, message: Message) -> None:
        """The other side has taken the message; raises SendFailed where it has not."""

    async def check(self) -> None:
        """The channel looks usable, told without sending; raises SendFailed where not."""

    async def close(self) -> None:
        """Connections are closed."""
