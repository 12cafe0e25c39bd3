"""The figures of a contract: open time, working days, civil days and months."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from sla.interval import SECOND

_OPEN = re.compile(r"(?=[0-9])(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?")
_DAYS = re.compile(r"([0-9]{1,9})(wd|d|mo|y)")
_RIGHT = "write open time as 90s, 5m, 4h or 1h30m, working days as 3wd or NBD, civil time as 10d, 1mo or 1y"


class Duration(msgspec.Struct, frozen=True, gc=False):
    """One figure as written, and what it counts: open microseconds, working days, or civil days and months."""

    text: str
    kind: Literal["open", "working_days", "civil"]
    micros: int = 0
    days: int = 0
    months: int = 0


def parse(text: object) -> Duration:
    """The duration that the text writes; ValueError says what would be right."""
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not a duration: {_RIGHT}")
    if text == "NBD":
        return Duration(text, "working_days", days=1)
    if found := _OPEN.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return Duration(text, "open", micros=(hours * 3600 + minutes * 60 + seconds) * SECOND)
    if found := _DAYS.fullmatch(text):
        return _whole_days(text, int(found[1]), found[2])
    raise ValueError(f"{text!r} is not a duration: {_RIGHT}")


def _whole_days(text: str, count: int, unit: str) -> Duration:
    if unit == "wd":
        return Duration(text, "working_days", days=count)
    if unit == "d":
        return Duration(text, "civil", days=count)
    return Duration(text, "civil", months=count * 12 if unit == "y" else count)
