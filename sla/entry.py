"""The entries a timeline is made of: the closed table of their types, and reading one from its JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from sla.interval import read_instant

ValueKind = Literal["text", "severity", "instant", "flag", "number"]


class Refused(ValueError):
    """An entry or timeline that cannot be: `code` for machines, `message` for people, `index` of the entry as given.

    `field`: the key of the entry that is at fault, where one is.
    """

    def __init__(self, code: str, message: str, index: int | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.index = index
        self.field = field


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry: `at` is when it happened (microseconds UTC), `seq` its place in recorded order, unique in the ticket.

    `id` is what `corrected` calls it by.
    """

    type: str
    at: int
    seq: int
    recorded_at: int | None = None
    by: str | None = None
    data: Mapping[str, Any] = {}
    id: str | None = None


@dataclass(frozen=True, slots=True)
class EntryType:
    """What the data of one type may hold, and what it must: one name of each group in `required`."""

    name: str
    data: Mapping[str, ValueKind]
    required: tuple[tuple[str, ...], ...] = ()


# What any entry may carry, whatever it is about.
_ANY: Final[Mapping[str, ValueKind]] = {"text": "text", "reason": "text", "who": "text"}
_PEOPLE: Final[Mapping[str, ValueKind]] = {"until": "instant", "outcome": "text"}
_UNIT: Final[Mapping[str, ValueKind]] = {"serial": "text"}
_AGREED: Final[Mapping[str, ValueKind]] = {"what": "text", "commitment": "text", "until": "instant"}


def _table() -> dict[str, EntryType]:
    table: dict[str, EntryType] = {}

    def add(names: str, data: Mapping[str, ValueKind] | None = None, *required: tuple[str, ...]) -> None:
        for name in names.split():
            table[name] = EntryType(name, MappingProxyType({**_ANY, **(data or {})}), required)

    add("reported", {"channel": "text", "kind": "text", "category": "text", "region": "text", "phase": "text"})
    add("registered noted assigned accepted", {"to": "text"})
    add("graded", {"severity": "severity"}, ("severity",))
    add("moved", {"region": "text", "phase": "text"}, ("region", "phase"))
    add("responded updated diagnosed visit_requested dispatched departed arrived visited", _PEOPLE)
    add("appointment", {**_PEOPLE, **_AGREED})
    add("escalated", {"tier": "text"})
    add("vendor_reported", {"vendor": "text", "reference": "text"})
    add("plan_accepted not_repairable taken_away returned replaced loaner_provided loaner_returned", _UNIT)
    add("restored resolved signed closed inspected answered")
    add("reopened cancelled resumed")
    add("paused", None, ("reason",))
    add("promised kept", _AGREED)
    add("followed_up", {"solved": "flag", "score": "number", "reached": "flag"})
    add("corrected", {"entry": "text", "to": "instant", "void": "flag"}, ("entry",), ("to", "void"))
    return table


TYPES: Final[Mapping[str, EntryType]] = MappingProxyType(_table())

CHANNELS: Final = ("phone", "fax", "mail", "letter", "visit", "web", "chat", "machine")
_OWN: Final = frozenset(("type", "occurred_at", "recorded_at", "by", "id"))


def read_entry(data: Mapping[str, Any], *, default_at: int | None, seq: int) -> Entry:
    """The entry that the JSON form writes; Refused with the reason where it is not one.

    `default_at` stands in for a missing `occurred_at`; without it the entry is refused.
    """
    if not isinstance(data, Mapping):
        raise Refused("bad_entry", "an entry is an object with a type")
    name = data.get("type")
    kind = TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Refused("unknown_type", f"the entry type {name!r} is unknown", field="type")
    return Entry(
        type=kind.name,
        at=_occurred_at(data, default_at),
        seq=seq,
        recorded_at=_instant("recorded_at", data["recorded_at"]) if data.get("recorded_at") is not None else None,
        by=_text("by", data["by"]) if data.get("by") is not None else None,
        data=_data(kind, data),
        id=_text("id", data["id"]) if data.get("id") is not None else None,
    )


def _occurred_at(data: Mapping[str, Any], default_at: int | None) -> int:
    given = data.get("occurred_at")
    if given is not None:
        return _instant("occurred_at", given)
    if default_at is None:
        raise Refused("missing_data", "occurred_at is missing: when did it happen?", field="occurred_at")
    return default_at


def _data(kind: EntryType, data: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name in _OWN or value is None:
            continue
        if name not in kind.data:
            raise Refused(
                "unknown_key", f"{kind.name} has no {name!r}; it may carry {', '.join(kind.data)}", field=name
            )
        values[name] = _READERS[kind.data[name]](name, value)
    for group in kind.required:
        if not any(name in values for name in group):
            raise Refused("missing_data", f"{kind.name} needs {' or '.join(group)}", field=group[0])
    _check_values(kind.name, values)
    return values


def _check_values(name: str, values: Mapping[str, Any]) -> None:
    if name == "corrected" and ("to" in values) == bool(values.get("void")):
        raise Refused("bad_value", "corrected takes either `to` (when it happened) or `void: true`", field="to")
    if values.get("channel", "phone") not in CHANNELS:
        message = f"the channel {values['channel']!r} is unknown; known are {', '.join(CHANNELS)}"
        raise Refused("bad_value", message, field="channel")


def _text(name: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or "\x00" in value:
        raise Refused("bad_value", f"{name} must be text", field=name)
    return value


def _severity(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused("bad_value", f"{name} must be the whole number of a severity", field=name)
    return value


def _instant(name: str, value: Any) -> int:
    try:
        at = read_instant(value)
    except (ValueError, OverflowError) as error:
        raise Refused("bad_value", f"{name}: {error}", field=name) from None
    if at < 0:
        raise Refused("bad_value", f"{name}: {value} lies before 1970, which no ticket does", field=name)
    return at


def _written_instant(name: str, value: Any) -> str:
    _instant(name, value)
    return str(value)


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refused("bad_value", f"{name} must be true or false", field=name)
    return value


def _number(name: str, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("bad_value", f"{name} must be a number", field=name)
    return value


_READERS: Final = {
    "text": _text,
    "severity": _severity,
    "instant": _written_instant,
    "flag": _flag,
    "number": _number,
}
