"""A ticket's timeline: the entries in the order they happened, corrections applied, and what stands at an instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from sla.entry import TYPES, Entry, EntryType, Refused, read_entry
from sla.interval import SECOND, read_instant
from sla.standing import Standing, assignee_of, state_of

if TYPE_CHECKING:
    from sla.contract import Contract

__all__ = ["TYPES", "Entry", "EntryType", "Refused", "Timeline", "assignee", "check", "read_entry", "ticket_state"]

FUTURE_ALLOWED = 120 * SECOND


class Timeline:
    """The entries of one ticket.

    `seen` is every entry in recorded order; `entries` is what clocks see once all of them count: corrected, voids
    removed, ordered by when they happened and, at one instant, by recorded order.
    """

    __slots__ = ("_standing", "entries", "latest", "seen")

    def __init__(self, seen: Sequence[Entry]) -> None:
        self.seen = tuple(sorted(seen, key=lambda entry: entry.seq))
        self.entries = effective(self.seen)
        self.latest = max(self._moments(), default=0)
        self._standing: Standing | None = None

    def as_of(self, now: int) -> Standing:
        """What stands at `now`; entries and corrections after it do not count yet."""
        if now < self.latest:
            ahead = min(moment for moment in self._moments() if moment > now)
            return Standing.of(effective(self.seen, now), ahead, self._report())
        if self._standing is None:
            self._standing = Standing.of(self.entries, None)
        return self._standing

    def _report(self) -> Mapping[str, Any]:
        """What was reported. It makes the ticket what it is, even where the report lies a moment ahead."""
        return next((entry.data for entry in self.entries if entry.type == "reported"), {})

    def _moments(self) -> Iterator[int]:
        """Every instant at which an entry may begin to count, as written or as corrected."""
        for entry in self.seen:
            yield entry.at
            if "to" in entry.data and entry.type == "corrected":
                yield read_instant(entry.data["to"])


def effective(seen: Sequence[Entry], now: int | None = None) -> tuple[Entry, ...]:
    """The entries as corrected, in the order they happened, up to `now`; Refused for a correction of nothing."""
    entries = _corrected(seen, now) if any(entry.type == "corrected" for entry in seen) else seen
    counted = entries if now is None else [entry for entry in entries if entry.at <= now]
    return tuple(sorted(counted, key=lambda entry: (entry.at, entry.seq)))


def _corrected(seen: Sequence[Entry], now: int | None) -> list[Entry]:
    """Each entry as its last correction that counts has it; a correction can itself be corrected."""
    of: dict[str, list[Entry]] = {}
    for entry in seen:
        if entry.type == "corrected":
            of.setdefault(entry.data["entry"], []).append(entry)
    _refuse_unknown(seen, of)
    mended: dict[int, Entry | None] = {}

    def mend(entry: Entry, path: tuple[int, ...]) -> Entry | None:
        if entry.seq in path:
            raise Refused("unknown_entry", "corrections that correct each other", _index(seen, entry), "entry")
        if entry.seq not in mended:
            mine = of.get(entry.id, ()) if entry.id is not None else ()
            standing = [one for one in (mend(each, (*path, entry.seq)) for each in mine) if one is not None]
            mended[entry.seq] = _as_corrected(entry, [one for one in standing if now is None or one.at <= now])
        return mended[entry.seq]

    return [one for one in (mend(entry, ()) for entry in seen) if one is not None]


def _as_corrected(entry: Entry, corrections: Sequence[Entry]) -> Entry | None:
    if not corrections:
        return entry
    last = max(corrections, key=lambda one: (one.at, one.seq))
    return None if last.data.get("void") else msgspec.structs.replace(entry, at=read_instant(last.data["to"]))


def _refuse_unknown(seen: Sequence[Entry], corrections: dict[str, list[Entry]]) -> None:
    known = {entry.id for entry in seen}
    for name, entries in corrections.items():
        if name not in known:
            raise Refused("unknown_entry", f"there is no entry {name!r} to correct", _index(seen, entries[0]), "entry")


def _index(seen: Sequence[Entry], entry: Entry) -> int:
    return next(index for index, one in enumerate(seen) if one.seq == entry.seq)


def check(entries: Sequence[Entry], contract: Contract | None, now: int) -> Timeline:
    """The timeline as it would stand with these entries; Refused with the reason where it could not.

    Without a contract severities, regions, phases and pause reasons are not checked. `Refused.index` counts in the
    order of `entries`.
    """
    try:
        _refuse_doubles(entries)
        timeline = Timeline(entries)
        _check_order(timeline, contract, now)
    except _Fault as fault:
        raise Refused(fault.code, fault.message, _index(entries, fault.entry), fault.field) from None
    return timeline


class _Fault(Exception):
    def __init__(self, code: str, message: str, entry: Entry, field: str = "type") -> None:
        super().__init__(message)
        self.code, self.message, self.entry, self.field = code, message, entry, field


def _refuse_doubles(entries: Sequence[Entry]) -> None:
    named = [entry for entry in entries if entry.id is not None]
    if len({entry.id for entry in named}) < len(named):
        seen: set[str | None] = set()
        for entry in named:
            if entry.id in seen:
                raise _Fault("duplicate_id", f"two entries are called {entry.id!r}", entry, "id")
            seen.add(entry.id)


def _check_order(timeline: Timeline, contract: Contract | None, now: int) -> None:
    """The first entry, in the order of the timeline, that could not stand there is refused."""
    if not timeline.entries:
        raise Refused("before_reported", "a timeline begins with `reported`")
    paused = cancelled = False
    first = timeline.entries[0]
    if first.type != "reported":
        raise _Fault("before_reported", f"{first.type} comes before `reported`", first, "occurred_at")
    for entry in timeline.entries:
        kind = entry.type
        if entry.at > now + FUTURE_ALLOWED:
            raise _Fault("future", f"{kind} lies more than 2 minutes in the future", entry, "occurred_at")
        if kind == "paused":
            if paused:
                raise _Fault("already_paused", "the ticket is paused already; `resumed` comes first", entry)
            paused = True
        elif kind == "resumed":
            if not paused:
                raise _Fault("not_paused", "`resumed` without `paused` before it", entry)
            paused = False
        elif kind == "cancelled":
            cancelled = True
        elif kind == "reopened":
            cancelled = False
        elif kind == "resolved" and cancelled:
            raise _Fault("cancelled", "the ticket is cancelled; `reopened` comes before `resolved`", entry)
        if contract is not None:
            _check_names(entry, contract)


def _check_names(entry: Entry, contract: Contract) -> None:
    kind, data = entry.type, entry.data
    if kind == "graded" and data["severity"] not in contract.severities:
        raise _unknown(entry, "severity", contract.severities)
    if kind == "paused" and data["reason"] not in contract.pause_reasons:
        raise _unknown(entry, "reason", contract.pause_reasons)
    if kind not in ("reported", "moved"):
        return
    if "region" in data and data["region"] not in contract.regions:
        raise _unknown(entry, "region", contract.regions)
    if "phase" in data and contract.phases and data["phase"] not in contract.phases:
        raise _unknown(entry, "phase", contract.phases)


def _unknown(entry: Entry, name: str, known: object) -> _Fault:
    names = ", ".join(map(str, known)) if isinstance(known, Sequence | set | frozenset | dict) else ""
    message = f"the {name} {entry.data[name]!r} is unknown to the contract" + (f"; known are {names}" if names else "")
    return _Fault(f"unknown_{name}", message, entry, name)


def ticket_state(timeline: Timeline, now: int) -> str:
    """new, assigned, in_progress, waiting, restored, resolved, closed or cancelled, as of `now`."""
    return state_of(timeline.as_of(now).entries)


def assignee(timeline: Timeline, now: int) -> str | None:
    """Who has the ticket as of `now`, None when nobody."""
    return assignee_of(timeline.as_of(now).entries)
