"""Reading single values of a contract strictly: each reader returns the value or notes what is wrong."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sla.document import Findings, Path, Value

Fields = Mapping[str, Value]

_SHOWN = 60


def mapping(value: Value, path: Path, findings: Findings, known: Collection[str] | None = None) -> Fields:
    """The mapping at this place; unknown keys are noted where `known` is given."""
    if not isinstance(value, Mapping):
        findings.add(path, f"{shown(value)} stands where keys with values belong", "wrong_type")
        return {}
    for name in value:
        if known is not None and name not in known:
            findings.unknown((*path, name), "the key", name, known, "unknown_key")
    return value


def items(value: Value, path: Path, findings: Findings) -> list[Value]:
    """The list at this place."""
    if not isinstance(value, list):
        findings.add(path, f"{shown(value)} stands where a list belongs", "wrong_type")
        return []
    return value


def text(value: Value, path: Path, findings: Findings) -> str:
    """The words at this place; a bare number counts as its digits."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    findings.add(path, f"{shown(value)} stands where text belongs", "wrong_type")
    return ""


def words(value: Value, path: Path, findings: Findings) -> tuple[str, ...]:
    """One word or a list of words, as a tuple."""
    if not isinstance(value, list):
        return (text(value, path, findings),)
    if not value:
        findings.add(path, "the list is empty; name at least one, or leave the key out", "empty")
    return tuple(text(item, (*path, index), findings) for index, item in enumerate(value))


def choice(value: Value, path: Path, findings: Findings, known: Collection[str], what: str) -> str:
    """One of a closed set of words."""
    word = text(value, path, findings)
    if word and word not in known:
        findings.unknown(path, what, word, known, "unknown_value")
    return word


def integer(value: Value, path: Path, findings: Findings) -> int:
    """A whole number of 0 or more."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and is_number(value):
        return int(value)
    findings.add(path, f"{shown(value)} stands where a whole number belongs", "wrong_type")
    return 0


def is_number(text: str) -> bool:
    """Whether the text writes a whole number the one usual way: no sign, no leading zero."""
    return text.isascii() and text.isdigit() and len(text) < 10 and str(int(text)) == text


def day(value: Value, path: Path, findings: Findings) -> date:
    """A date written as 2026-10-08."""
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value)
    except ValueError:
        pass
    findings.add(path, f"{shown(value)} is not a date; write it as 2026-10-08", "bad_date")
    return date.min


def zone(value: Value, path: Path, findings: Findings) -> ZoneInfo:
    """An IANA time zone."""
    name = text(value, path, findings)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if name:
            message = f"the time zone {name!r} is unknown; write an IANA name such as Asia/Shanghai"
            findings.add(path, message, "unknown_zone")
    return ZoneInfo("UTC")


def required(fields: Fields, names: Iterable[str], path: Path, findings: Findings) -> bool:
    """Whether all the names are there; each one missing is noted."""
    missing = [name for name in names if fields.get(name) is None]
    for name in missing:
        findings.add(path, f"{name!r} is missing", "missing_key")
    return not missing


def shown(value: Value) -> str:
    """The value as a person recognises it, cut short."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a set of keys"
    if isinstance(value, list):
        return "a list"
    written = repr(value)
    return written if len(written) <= _SHOWN else written[:_SHOWN] + "..."
