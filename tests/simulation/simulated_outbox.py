"""What has to be in the outbox when an alert is recorded: on which channel, to whom, from when on, in which company.

Written from the page on alerts; see `simulated_duty` for whom an alert reaches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulated_duty import beat, held_until

Row = dict[str, Any]
People = dict[str, set[str]]  # by duty
Owed = tuple[int, tuple[str, ...], datetime, str, int]  # channel, logins, from when on, company, rank
_MINUTE = timedelta(minutes=1)
_STORM = 10


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: whether it speaks to each person alone, and the duties it serves; none are all."""

    id: int
    personal: bool
    duties: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an alert has to reach, in each reading of who had the ticket, and whether it is of the gravest severity."""

    people: list[People]
    grave: bool


@dataclass(slots=True)
class Work:
    """What one transaction wrote, in order."""

    first: int
    last: int
    rows: list[tuple[str, Row]]

    def of(self, relation: str) -> list[Row]:
        return [row for name, row in self.rows if name == relation]


def outbox(
    history: Sequence[tuple[int, int, str, Row]], reach: dict[int, Reach], channels: Sequence[Channel]
) -> Iterator[str]:
    """Alerts and what tells of them are written together, and what is written is what is owed."""
    works: dict[int, Work] = {}
    for place, tx, relation, row in history:
        work = works.setdefault(tx, Work(place, place, []))
        work.last = place
        work.rows.append((relation, row))
    seen: dict[int, Row] = {}  # alerts
    told: dict[tuple[int, int], set[str]] = defaultdict(set)  # who was meant to be told, by alert and channel
    wakes: dict[int, datetime | None] = {}
    places: dict[int, tuple[int, Row]] = {}
    births: dict[tuple[str, Any], int] = {}  # the transaction that wrote it first; one begun before may touch it too
    for place, tx, relation, row in history:
        if relation in ("alerts", "deliveries"):
            births.setdefault((relation, row["id"]), tx)
        if relation == "alerts":
            places.setdefault(row["id"], (place, row))
    personal = {channel.id for channel in channels if channel.personal}
    for tx, work in works.items():
        born = [row for row in work.of("deliveries") if births["deliveries", row["id"]] == tx]
        written = list({row["id"]: row for row in born}.values())
        new = {row["id"]: row for row in work.of("alerts") if births["alerts", row["id"]] == tx}
        yield from _owed(work, new, written, _Past(seen, places, wakes), reach, channels)
        ended = {
            row["id"]: row
            for row in work.of("alerts")
            if row["settled_at"] is not None and row["id"] in seen and seen[row["id"]]["settled_at"] is None
        }
        yield from _ends(ended, written, told, personal)
        for row in written:
            if row["event"] == "fire":
                told[row["alert"], row["channel"]] |= {*row["recipients"]}
                if row["alert"] not in new:
                    yield f"alert {row['alert']} is told in another transaction than it was recorded in"
        seen |= {row["id"]: row for row in work.of("alerts")}
        wakes |= {row["id"]: row["wake_at"] for row in work.of("clocks")}


@dataclass(frozen=True, slots=True)
class _Past:
    """What there was before a transaction: alerts, and when each clock was to be looked at.

    `places` has all alerts of the day, with where they were first written.
    """

    alerts: dict[int, Row]
    places: dict[int, tuple[int, Row]]
    wakes: dict[int, datetime | None]


def _owed(
    work: Work,
    new: dict[int, Row],
    written: list[Row],
    past: _Past,
    reach: dict[int, Reach],
    channels: Sequence[Channel],
) -> Iterator[str]:
    """Each new alert has its deliveries."""
    have: dict[int, set[Owed]] = defaultdict(set)
    for row in written:
        if row["event"] == "fire":
            have[row["alert"]].add(
                (row["channel"], tuple(row["recipients"]), row["next_try_at"], row["batch"], row["priority"])
            )
    before = _StormCount(work, past, new)
    for alert in sorted(new.values(), key=lambda row: (not row["grave"], row["id"])):
        if alert["id"] not in reach:
            continue  # something was wrong with it before
        wake = past.wakes.get(alert["clock"])
        late = not work.of("entries") and wake is not None and alert["recorded_at"] - wake >= _MINUTE
        contract = next(row["contract"] for row in work.of("clocks") if row["id"] == alert["clock"])
        if alert["storm"] != (None if late else f"{contract}//"):
            yield f"alert {alert['id']}: counts for the storm {alert['storm']} of {contract}, late {late}"
        companies = [(f"late {contract}", alert["recorded_at"] + timedelta(minutes=10))] if late else before(alert)
        right = [
            set(_expected(alert, people, late, company, at, channels))
            for people in reach[alert["id"]].people
            for company, at in companies
        ]
        if have[alert["id"]] not in right:
            yield f"alert {alert['id']} of {alert['recorded_at']}: told {sorted(have[alert['id']])} and not {right}"


class _StormCount:
    """The company of each new alert in turn: its own, or that of a storm; both where others wrote at the same time."""

    def __init__(self, work: Work, past: _Past, new: dict[int, Row]) -> None:
        self._work, self._past, self._new = work, past, new
        self._mine: dict[str, int] = defaultdict(int)

    def __call__(self, alert: Row) -> list[tuple[str, datetime]]:
        storm, now = alert["storm"], alert["recorded_at"]
        if storm is None:
            return [("", now)]
        self._mine[storm] += 1
        others = [
            row
            for place, row in self._past.places.values()
            if place < self._work.last
            and row["storm"] == storm
            and row["id"] not in self._new
            and now - _MINUTE < row["recorded_at"] < now + _MINUTE
        ]
        tickets = {row["ticket"] for row in self._new.values()}
        sure = sum(row["ticket"] in tickets and row["id"] in self._past.alerts for row in others)
        alone, gathered = ("", now), (f"storm {storm}", beat(_MINUTE, now))
        if self._mine[storm] + sure > _STORM:
            return [gathered]
        return [alone] if self._mine[storm] + len(others) <= _STORM else [alone, gathered]


def _expected(
    alert: Row, people: People, late: bool, company: str, at: datetime, channels: Sequence[Channel]
) -> Iterator[Owed]:
    rank = 2 if late else 0 if alert["grave"] else 1
    for channel in channels:
        duties = people.keys() & channel.duties if channel.duties else people.keys()
        if not duties:
            continue
        logins = {login for duty in duties for login in people[duty]}
        now = alert["recorded_at"]
        held = {login: held_until(login, alert["kind"], now, grave=alert["grave"]) for login in logins}
        held = {login: until for login, until in held.items() if until > now} if channel.personal else {}
        for login, until in held.items():
            yield channel.id, (login,), max(at, until), f"for {login}", rank
        if logins - held.keys() or not held:
            yield channel.id, tuple(sorted(logins - held.keys())), at, company, rank


def _ends(
    ended: dict[int, Row], written: list[Row], told: dict[tuple[int, int], set[str]], personal: set[int]
) -> Iterator[str]:
    """An end is told in the transaction that finds it, to people who were meant to be told, and not in quiet hours."""
    for row in written:
        if row["event"] == "fire":
            continue
        alert = ended.get(row["alert"])
        if alert is None:
            yield f"alert {row['alert']}: its end is told, and it did not end then"
            continue
        if row["event"] != {"resolved": "resolve", "withdrawn": "withdraw"}[alert["state"]]:
            yield f"alert {row['alert']} is {alert['state']} and told to be {row['event']}"
        if not {*row["recipients"]} <= told[row["alert"], row["channel"]]:
            yield f"alert {row['alert']}: its end is told to {row['recipients']}, who never heard of it"
        yield from _spared(row, alert, personal=row["channel"] in personal)


def _spared(row: Row, alert: Row, *, personal: bool) -> Iterator[str]:
    now = alert["settled_at"]
    held = (
        {held_until(login, "breach", now, grave=alert["grave"]) for login in row["recipients"]} if personal else {now}
    )
    if len(held) > 1:
        yield f"alert {row['alert']}: {row['recipients']} hear of its end together, and some have quiet hours"
    elif row["next_try_at"] != max(held, default=now) and row["state"] == "pending":
        yield f"alert {row['alert']}: its end is told from {row['next_try_at']} on, and should be from {max(held)}"
