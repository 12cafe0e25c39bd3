"""What the doctor says of one thing the service stands on."""

from typing import Literal

import msgspec

Level = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at; `to_do` says what would mend it."""

    level: Level
    what: str
    detail: str
    to_do: str | None = None

    def __str__(self) -> str:
        return f"{self.level:4}  {self.what}: {self.detail}" + (f"; {self.to_do}" if self.to_do else "")
