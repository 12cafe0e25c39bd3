"""What a request may put on a timeline beyond what the timeline itself allows, and which field a refusal speaks of."""

from collections.abc import Sequence

from sla.entry import Entry, Refused

# What is compared, listed or indexed is a line; what people read is a text.
_LINES = frozenset(
    (
        "to",
        "channel",
        "kind",
        "category",
        "region",
        "phase",
        "entry",
        "commitment",
        "serial",
        "tier",
        "vendor",
        "reference",
    )
)
_LINE, _TEXT = 300, 20_000
_SEVERITIES = range(1, 100)
_CHAIN = 20


def refuse_outsize(entry: Entry) -> None:
    """Raises Refused for texts and numbers larger than the store or a reader could take."""
    for name, value in entry.data.items():
        most = _LINE if name in _LINES else _TEXT
        if isinstance(value, str) and len(value) > most:
            raise Refused("bad_value", f"{name} is too long: {len(value)} characters of {most}", field=name)
        if name == "severity" and value not in _SEVERITIES:
            raise Refused("unknown_severity", f"the severity {value} is none", field=name)
        if name == "score" and abs(value) > 1e9:
            raise Refused("bad_value", f"{name} must be a number between -1e9 and 1e9", field=name)


def refuse_long_chains(entries: Sequence[Entry]) -> None:
    """Raises Refused for a correction of a correction of a correction, and so on, beyond reason."""
    by_id = {entry.id: entry for entry in entries if entry.type == "corrected"}
    for index, entry in enumerate(entries):
        at: Entry | None = entry if entry.type == "corrected" else None
        for _ in range(_CHAIN):
            if at is None:
                break
            at = by_id.get(at.data["entry"])
        if at is not None:
            raise Refused("unknown_entry", f"more than {_CHAIN} corrections of each other", index, "entry")


def field_pointer(refused: Refused, place: int, many: bool) -> str:
    """The JSON pointer of what is at fault in the entry at `place`; `many` when the body was a list."""
    before = f"/{place}" if many else ""
    return f"{before}/{refused.field.replace('~', '~0').replace('/', '~1')}" if refused.field else before
