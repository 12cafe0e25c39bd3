"""The ladder of a contract: at which point of a clock who is told."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from sla import duration, fields
from sla.document import Findings, Path, Value
from sla.reporting import percent

UNTIL = ("acknowledged",)
_MOST_PERCENT = 1000


@dataclass(frozen=True, slots=True)
class Percent:
    """When this share (of 1) of the promise's open time is used."""

    fraction: Fraction


@dataclass(frozen=True, slots=True)
class Offset:
    """So much wall time (microseconds) after the breach; negative is before the deadline."""

    micros: int


At = Percent | Offset | Literal["breach"]


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: when, how often again (microseconds), until what, and the duties it tells."""

    at: At
    notify: tuple[str, ...]
    repeat: int | None = None
    until: str | None = None


def read_ladder(value: Value, path: Path, findings: Findings) -> tuple[Rung, ...]:
    """The rungs of `alerts.ladder`, in their order."""
    if value is None:
        return ()
    alerts = fields.mapping(value, path, findings, ("ladder",))
    if alerts.get("ladder") is None:
        return ()
    place = (*path, "ladder")
    found = enumerate(fields.items(alerts["ladder"], place, findings))
    return tuple(_rung(item, (*place, index), findings) for index, item in found)


def _rung(item: Value, path: Path, findings: Findings) -> Rung:
    row = fields.mapping(item, path, findings, ("at", "repeat", "until", "notify"))
    if not fields.required(row, ["at", "notify"], path, findings):
        return Rung("breach", ())
    until = row.get("until")
    if until is not None and row.get("repeat") is None:
        findings.add((*path, "until"), "`until` ends a repeat; write `repeat` too", "missing_key")
    return Rung(
        at=_at(row["at"], (*path, "at"), findings),
        notify=fields.words(row["notify"], (*path, "notify"), findings),
        repeat=_repeat(row["repeat"], (*path, "repeat"), findings) if row.get("repeat") is not None else None,
        until=fields.choice(until, (*path, "until"), findings, UNTIL, "`until`") if until is not None else None,
    )


def _at(value: Value, path: Path, findings: Findings) -> At:
    text = fields.text(value, path, findings)
    if text == "breach":
        return "breach"
    if text.startswith(("+", "-")):
        return Offset(_open_time(text[1:], path, findings) * (-1 if text[0] == "-" else 1))
    if text.endswith("%"):
        return Percent(percent(text, path, findings, most=_MOST_PERCENT))
    if text:
        findings.add(path, f"{text!r} is not a step; write 50%, breach or +30m", "bad_step")
    return "breach"


def _repeat(value: Value, path: Path, findings: Findings) -> int:
    micros = _open_time(fields.text(value, path, findings), path, findings)
    if micros == 0:
        findings.add(path, "a repeat needs a span, such as 30m", "bad_duration")
    return micros


def _open_time(text: str, path: Path, findings: Findings) -> int:
    try:
        length = duration.parse(text)
    except ValueError as error:
        findings.add(path, str(error), "bad_duration")
        return 1
    if length.kind != "open":
        findings.add(path, f"{text!r} counts days; a step is wall time, such as 30m or 2h", "bad_duration")
        return 1
    return length.micros
