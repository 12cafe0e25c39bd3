"""How many messages a channel may be given now: what the other side takes a minute, and whether it answers at all.

The circuit of a channel opens when `FAILURES` different messages in a row got no answer; then one message at a time
tries, after ever longer waits, until one gets through.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from alerts.reasons import Reason

FAILURES = 5
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=2)
# Messages leave a little after they are taken, so that what arrives in a minute was taken in a little more.
MINUTE = timedelta(seconds=65)
SECOND = timedelta(seconds=1.2)

_NO_ANSWER = frozenset({Reason.TIMEOUT, Reason.UNREACHABLE, Reason.TLS, Reason.UNAVAILABLE, Reason.AUTHENTICATION})
_AN_ANSWER = frozenset({Reason.REJECTED, Reason.GONE, Reason.RATE_LIMITED})

Circuit = Literal["closed", "open", "half_open", "held"]


class Pace(msgspec.Struct, frozen=True):
    """How a channel fares; the columns of its stored state."""

    leased_at: Sequence[datetime] = ()
    failures: int = 0
    failed_by: UUID | None = None
    opened_at: datetime | None = None
    probe_at: datetime | None = None
    probe: UUID | None = None
    probes: int = 0
    held_until: datetime | None = None
    reason: str | None = None


class Limits(msgspec.Struct, frozen=True):
    """What the other side takes; None is no limit."""

    per_minute: int | None = None
    per_second: int | None = None


def circuit(pace: Pace, now: datetime) -> Circuit:
    """The state as people are told it; `held` is a channel whose other side asked for peace."""
    if pace.opened_at is not None:
        return "open" if pace.probe_at is not None and pace.probe_at > now else "half_open"
    return "held" if pace.held_until is not None and pace.held_until > now else "closed"


def allowance(pace: Pace, limits: Limits, now: datetime, room: int) -> int:
    """How many of `room` messages may be taken now."""
    if circuit(pace, now) in ("open", "held") or (pace.held_until is not None and pace.held_until > now):
        return 0
    for limit, window in ((limits.per_minute, MINUTE), (limits.per_second, SECOND)):
        if limit is not None:
            room = min(room, limit - sum(at > now - window for at in pace.leased_at))
    return max(0, min(room, 1) if pace.opened_at is not None else room)


def taken(pace: Pace, messages: Sequence[UUID], now: datetime, until: datetime) -> Pace:
    """The pace after the messages were taken, leased until the given instant."""
    kept = [at for at in pace.leased_at if at > now - MINUTE]
    pace = replace(pace, leased_at=[*kept, *(now for _ in messages)])
    if pace.opened_at is None or not messages:
        return pace
    return replace(pace, probe=messages[0], probe_at=until)


def failed(pace: Pace, message: UUID, reason: Reason, now: datetime, next_try_at: datetime | None) -> Pace:
    """The pace after a message was not taken."""
    probing = pace.probe == message
    if reason in _NO_ANSWER:
        return _unanswered(replace(pace, reason=reason.value), message, now, probing=probing)
    if reason in _AN_ANSWER:
        pace = answered(replace(pace, reason=reason.value))
        return _rested(pace, next_try_at) if reason is Reason.RATE_LIMITED else pace
    # nothing was learnt of the other side: another message may try
    return replace(pace, probe=None, probe_at=now) if probing else pace


def answered(pace: Pace) -> Pace:
    """The pace after the other side answered: the circuit is closed."""
    return replace(pace, failures=0, failed_by=None, opened_at=None, probe_at=None, probe=None, probes=0)


def _rested(pace: Pace, until: datetime | None) -> Pace:
    """Left in peace until then, or longer where another answer, perhaps heard of earlier, asked for that."""
    asked = [at for at in (pace.held_until, until) if at is not None]
    return replace(pace, held_until=max(asked, default=None))


def _unanswered(pace: Pace, message: UUID, now: datetime, *, probing: bool) -> Pace:
    if pace.opened_at is not None:
        if not probing:  # it was under way when the circuit opened
            return pace
        probes = pace.probes + 1
        return replace(pace, probe=None, probes=probes, probe_at=now + _wait(probes))
    if pace.failed_by == message:  # one message that always fails says nothing about the channel
        return pace
    pace = replace(pace, failures=pace.failures + 1, failed_by=message)
    return pace if pace.failures < FAILURES else replace(pace, opened_at=now, probe_at=now + _wait(0))


def _wait(probes: int) -> timedelta:
    doubled: timedelta = FIRST_WAIT * 2 ** min(probes, 10)
    return min(LONGEST_WAIT, doubled)
