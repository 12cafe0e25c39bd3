"""Who is told of a new alert, on which channels, when, and in which company. Pure.

A duty nobody fills hands the message to the duties of the next rung, in the end to every admin. More than `MOST` alerts
of one contract, site and cause within a minute leave together at the minute's end; what was found late leaves together
when nothing is left to find; a person's digest and quiet hours hold back what goes to that person alone, never what is
grave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from alerts.duty import Roster
from alerts.ladder import Kind

MOST = 10
WITHIN = timedelta(seconds=60)
# What an outage left is told when all of it is found, at the next beat for all hosts, or at the latest after so long.
LATE_WITHIN = timedelta(seconds=10)
LATE_AT_MOST = timedelta(minutes=10)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Fired(msgspec.Struct, frozen=True, gc=False):
    """A new alert as far as telling it goes; `late`: found long after it should have been looked for."""

    id: int
    kind: Kind
    grave: bool
    late: bool
    notify: tuple[str, ...]
    then: tuple[tuple[str, ...], ...]
    region: str | None
    assignee: str | None
    contract: int
    storm: str


class Wishes(msgspec.Struct, frozen=True, gc=False):
    """How a person wants to be told: warnings every so often, nothing in quiet hours."""

    digest: timedelta | None = None
    quiet: tuple[time, time] | None = None
    zone: ZoneInfo | None = None

    def held_until(self, kind: Kind, grave: bool, now: datetime) -> datetime:
        """When the person may be told of an alert found now; what is grave is told at once."""
        at = now
        if grave:
            return at
        if self.digest is not None and kind == "warning":
            at = next_of(self.digest, now)
        if self.quiet is not None and self.zone is not None:
            at = _after(*self.quiet, at.astimezone(self.zone))
        return at


class Line(msgspec.Struct, frozen=True, gc=False):
    """A channel: which duties it serves (none: all), whether it speaks to each person alone, and what it may gather."""

    id: int
    duties: frozenset[str] = frozenset()
    personal: bool = False
    gathers: bool = True


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """A delivery to write; those of one channel and batch leave as one message."""

    alert: int
    channel: int
    recipients: tuple[str, ...]
    at: datetime
    batch: str
    priority: int


class House(msgspec.Struct, frozen=True):
    """Who there is: people by duty where it has no rota, people by what a ticket is assigned to, the admins."""

    roster: Roster
    directory: Mapping[str, Collection[str]]
    assignees: Mapping[str, Collection[str]]
    admins: Collection[str]

    def fill(self, duty: str, fired: Fired, now: datetime) -> Collection[str]:
        """The people of a duty now."""
        if duty == "assignee":
            return self.assignees.get(fired.assignee or "", ())
        on_duty = self.roster.on_duty(duty, now, fired.region)
        return self.directory.get(duty, ()) if on_duty is None else on_duty


class Told(msgspec.Struct, frozen=True, gc=False):
    """The people of an alert by duty, and the duties of its own rung that nobody fills."""

    by_duty: Mapping[str, Collection[str]]
    nobody_for: tuple[str, ...]

    def on(self, line: Line) -> tuple[str, ...] | None:
        """Who is told on the channel; None where it does not serve the alert."""
        served = self.by_duty.keys() & line.duties if line.duties else self.by_duty.keys()
        if not served:
            return None
        return tuple(sorted({login for duty in served for login in self.by_duty[duty]}))


def told(fired: Fired, house: House, now: datetime) -> Told:
    """Whom the alert reaches: its own rung's people, where there are none the next rung's, at last the admins."""
    by_duty = {duty: house.fill(duty, fired, now) for duty in fired.notify}
    nobody_for = tuple(duty for duty, people in by_duty.items() if not people)
    for duties in fired.then:
        if any(by_duty.values()):
            break
        by_duty |= {duty: house.fill(duty, fired, now) for duty in duties}
    if not any(by_duty.values()):
        by_duty = dict.fromkeys(by_duty, house.admins)
    return Told(by_duty, nobody_for)


def outgoing(
    fired: Iterable[tuple[Fired, Told]],
    lines: Sequence[Line],
    wishes: Mapping[str, Wishes],
    before: Mapping[str, int],
    now: datetime,
) -> Iterator[Outgoing]:
    """The deliveries of new alerts; `before` is how many of each storm's name were found within the last minute."""
    found = Counter(before)
    for one, people in fired:
        batch, at = "", now
        if one.late:
            batch, at = f"late {one.contract}", now + LATE_AT_MOST
        else:
            found[one.storm] += 1
            if found[one.storm] > MOST:
                batch, at = f"storm {one.storm}", next_of(WITHIN, now)
        priority = 2 if one.late else 0 if one.grave else 1
        for line in lines:
            recipients = people.on(line)
            if recipients is None:
                continue
            if not line.gathers:
                yield Outgoing(one.id, line.id, recipients, now, "", priority)
            elif line.personal:
                yield from _personal(one, line, recipients, wishes, batch, at, priority, now)
            else:
                yield Outgoing(one.id, line.id, recipients, at, batch, priority)


def _personal(
    one: Fired, line: Line, recipients: tuple[str, ...], wishes: Mapping[str, Wishes], batch: str, at: datetime,
    priority: int, now: datetime,
) -> Iterator[Outgoing]:  # fmt: skip
    """Whoever has to be spared now gets a message of their own later; all others share one."""
    spared = {
        login: until
        for login in recipients
        if login in wishes and (until := wishes[login].held_until(one.kind, one.grave, now)) > now
    }
    for login, until in spared.items():
        yield Outgoing(one.id, line.id, (login,), max(at, until), f"for {login}", priority)
    others = tuple(login for login in recipients if login not in spared)
    if others or not spared:
        yield Outgoing(one.id, line.id, others, at, batch, priority)


def next_of(every: timedelta, now: datetime) -> datetime:
    """The next instant after `now` of a beat that began in 1970."""
    return now + every - (now - _EPOCH) % every


def _after(begin: time, end: time, local: datetime) -> datetime:
    """The instant itself, or the end of the quiet hours it lies in."""
    at = local.time()
    overnight = begin >= end
    quiet = at >= begin or at < end if overnight else begin <= at < end
    if not quiet:
        return local.astimezone(UTC)
    day = local.date() + timedelta(days=overnight and at >= begin)
    return datetime.combine(day, end, local.tzinfo).astimezone(UTC)
