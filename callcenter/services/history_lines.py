"""Lines of a history file: read strictly, then judged under the contract in force. Pure; nothing is stored here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from alerts.policy import Outcome, judge
from callcenter.services.import_calls import CallLine, JudgedCall
from callcenter.services.importing import BY, LineRefused, decoded
from callcenter.services.timeline import summarized
from callcenter.services.types import Line
from sla.clock import assess
from sla.contract import Contract
from sla.interval import instant, micros
from sla.timeline import Entry, Refused, Timeline, check, read_entry


class TicketLine(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A ticket as a history file tells it; kind, category, region and phase are those of its `reported` entry."""

    ref: Line
    contract: Line
    title: Line
    events: list[dict[str, Any]]
    kind: Line | None = None
    category: Line | None = None
    region: Line | None = None
    phase: Line | None = None
    caller: Line | None = None


class HistoryLine(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One line: a ticket or a call."""

    ticket: TicketLine | UnsetType = UNSET
    call: CallLine | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Version:
    """A stored contract version with its terms."""

    id: int
    contract: int
    account: int
    effective: date
    valid_from: date
    valid_until: date
    zone: ZoneInfo
    terms: Contract


@dataclass(frozen=True, slots=True)
class JudgedTicket:
    """A ticket that can be stored: what its timeline says, its entries and its clocks as first judged."""

    line: int
    ticket: TicketLine
    version: Version
    summary: dict[str, Any]
    entries: list[Entry]
    outcomes: list[Outcome]


Judged = tuple[list[JudgedTicket], list[JudgedCall]]
Versions = Mapping[str, Sequence[Version]]
_decode = msgspec.json.Decoder(HistoryLine).decode


def read_line(line: bytes) -> TicketLine | CallLine:
    """The ticket or call of a line; LineRefused says what is wrong with it, and where."""
    found: HistoryLine = decoded(_decode, line)
    if (found.ticket is UNSET) == (found.call is UNSET):
        raise LineRefused(None, "bad_line", "a line is an object with either `ticket` or `call`")
    if not isinstance(found.ticket, UnsetType):
        return found.ticket
    assert not isinstance(found.call, UnsetType)
    return found.call


def judge_ticket(line: int, ticket: TicketLine, versions: Versions, now: datetime) -> JudgedTicket:
    """The ticket under the contract version in force when it was reported; LineRefused names what does not fit."""
    moment = micros(now)
    entries = _entries(ticket, moment)
    try:
        reported_at = _reported_at(entries)
        version = in_force(versions, ticket.contract, instant(reported_at))
        timeline = check(entries, version.terms, moment)
        clocks = assess(version.terms, timeline, moment)
        outcomes = [judge(version.terms, timeline, None, clock, (), now, now) for clock in clocks]
    except Refused as refused:
        raise LineRefused(_event(refused.index), refused.code, refused.message) from refused
    except (ValueError, OverflowError) as error:  # a deadline beyond what calendars know
        raise LineRefused("ticket", "out_of_range", str(error)) from error
    return JudgedTicket(line, ticket, version, summarized(timeline, moment), entries, outcomes)


def in_force(versions: Versions, code: str, at: datetime) -> Version:
    """The version that counts at the instant, in the contract's own zone; LineRefused where there is none."""
    if code not in versions:
        raise LineRefused("ticket.contract", "unknown_contract", f"there is no contract {code}")
    for version in versions[code]:
        day = at.astimezone(version.zone).date()
        if version.effective <= day:
            if version.valid_from <= day <= version.valid_until:
                return version
            break
    raise LineRefused(
        "ticket.contract", "not_in_force", f"{code} was not in force when the ticket was reported ({at:%Y-%m-%d})"
    )


def _event(index: int | None) -> str:
    return "ticket.events" if index is None else f"ticket.events[{index}]"


def _reported_at(entries: Sequence[Entry]) -> int:
    """When the timeline begins, corrections applied."""
    if any(entry.type == "corrected" for entry in entries):
        entries = Timeline(entries).entries
    return min((entry.at for entry in entries), default=0)  # all of them void: `check` refuses that


def _entries(ticket: TicketLine, now: int) -> list[Entry]:
    """The entries in the order given, which is the order they were recorded in."""
    if not ticket.events:
        raise LineRefused("ticket.events", "before_reported", "a timeline begins with `reported`")
    given = [_entry(place, event, now) for place, event in enumerate(ticket.events)]
    if any(entry.id is not None or entry.type == "corrected" for entry in given):
        given = _renamed(given)
    _told_by_ticket(ticket, given)
    return [entry if entry.id == str(entry.seq) else replace(entry, id=str(entry.seq)) for entry in given]


def _entry(place: int, event: Mapping[str, Any], now: int) -> Entry:
    try:
        entry = read_entry(event, default_at=None, seq=place + 1)
    except Refused as refused:
        raise LineRefused(_event(place), refused.code, refused.message) from refused
    recorded_at = now if entry.recorded_at is None else entry.recorded_at
    if recorded_at > now:
        raise LineRefused(f"{_event(place)}.recorded_at", "future", "an entry cannot be recorded after its import")
    return replace(entry, recorded_at=recorded_at, by=entry.by or BY)


def _renamed(given: Sequence[Entry]) -> list[Entry]:
    """The same with corrections that call entries by the number they get here instead of the file's own ids."""
    numbers: dict[str, str] = {}
    for place, entry in enumerate(given):
        if entry.id is not None and numbers.setdefault(entry.id, str(entry.seq)) != str(entry.seq):
            raise LineRefused(f"{_event(place)}.id", "duplicate_id", f"two entries are called {entry.id!r}")
    renamed = []
    for place, entry in enumerate(given):
        if entry.type == "corrected":
            name = entry.data["entry"]
            if name not in numbers:
                raise LineRefused(_event(place), "unknown_entry", f"there is no entry {name!r} to correct")
            entry = replace(entry, data={**entry.data, "entry": numbers[name]})
        renamed.append(entry)
    return renamed


_OF_REPORT = ("kind", "category", "region", "phase")


def _told_by_ticket(ticket: TicketLine, entries: list[Entry]) -> None:
    """Each `reported` entry says what the ticket says; LineRefused where the two differ."""
    told = {name: value for name in _OF_REPORT if (value := getattr(ticket, name)) is not None}
    kinds = 0
    for place, entry in enumerate(entries):
        if entry.type != "reported":
            continue
        data = {**told, **entry.data}
        for name, value in told.items():
            if data[name] != value:
                reason = f"the ticket says {name} {value!r}, its `reported` entry {data[name]!r}"
                raise LineRefused(_event(place), "contradiction", reason)
        kinds += "kind" in data
        entries[place] = replace(entry, data=data)
    if ticket.kind is None and not kinds:
        raise LineRefused("ticket.kind", "missing", "the kind is missing")
