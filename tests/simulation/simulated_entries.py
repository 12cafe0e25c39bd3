"""What people write to a ticket in the course of a day, drawn from the seed; some of it will be refused."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

_MINUTE = timedelta(minutes=1)
_KINDS = (
    ("pause", 6),
    ("graded", 4),
    ("moved", 2),
    ("responded", 4),
    ("arrived", 4),
    ("restored", 4),
    ("resolved", 3),
    ("updated", 4),
    ("closed", 2),
    ("reopened", 4),
    ("cancelled", 1),
    ("corrected", 4),
    ("followed_up", 2),
    ("noted", 1),
    ("assigned", 8),
    ("signed", 1),
)
# With these a promise may begin again, or another one.
TURNS = ("updated", "resolved", "reopened")
# What keeps each promise.
_STOPS = {"on_site": "arrived", "restore": "restored", "news": "resolved", "follow_up": "followed_up"}


@dataclass(slots=True)
class Ticket:
    """A ticket as its agents know it."""

    number: int
    terms: str
    writes: int = 0
    length: int = 3
    paused: bool = False
    turns: list[int] = field(default_factory=list)  # entries with which a promise may have begun
    doubted: list[int] = field(default_factory=list)  # those of them whose promise somebody was alerted of

    def wrote(self, given: list[dict[str, Any]], seqs: list[int]) -> None:
        """The entries are stored under these numbers."""
        self.length = max(self.length, *seqs)
        self.turns += [seq for entry, seq in zip(given, seqs, strict=False) if entry["type"] in TURNS]


def entries(
    rng: random.Random, ticket: Ticket, dues: list[tuple[str, datetime]], now: datetime
) -> list[dict[str, Any]]:
    """Entries to be written together at `now`: in time, late, ahead, and at the very edge of the ticket's deadlines."""
    number = rng.choice((1, 1, 1, 2, 3))
    found = []
    for _ in range(number):
        entry = _entry(rng, ticket, now)
        draw = rng.random()
        if draw < 0.2:  # written down late
            entry["occurred_at"] = now - timedelta(seconds=rng.choice((20, 300, 1500, 4000)))
        elif draw < 0.38 and dues:  # at the deadline itself, or hardly beside it
            near = min(dues, key=lambda one: abs(one[1] - now))
            commitment, due = near if rng.random() < 0.5 else rng.choice(dues)
            if rng.random() < 0.6:
                stop = _STOPS.get(commitment, "responded")
                entry = {"type": rng.choice((stop, stop, stop, "cancelled"))}
            at = due + rng.choice((0, 0, 1, -1)) * timedelta(microseconds=1)
            entry["occurred_at"] = min(at, now + _MINUTE)
        elif draw < 0.5:  # not yet
            if rng.random() < 0.5:
                entry = {"type": rng.choice(TURNS)}
            entry["occurred_at"] = now + timedelta(seconds=rng.randrange(120))
        found.append({**entry, "occurred_at": entry["occurred_at"].isoformat()} if "occurred_at" in entry else entry)
    return found


def _entry(rng: random.Random, ticket: Ticket, now: datetime) -> dict[str, Any]:
    kind = rng.choices(*zip(*_KINDS, strict=True))[0]
    if ticket.doubted and rng.random() < 0.3:
        return {
            "type": "corrected",
            "entry": str(rng.choice(ticket.doubted)),
            **_mend(rng, now, 0.4),
            "reason": "mended",
        }
    if kind == "pause":
        ticket.paused = not ticket.paused
        kind = "paused" if ticket.paused else "resumed"
        return {"type": kind, "reason": rng.choice(("customer", "customer", "weather"))}
    if kind == "graded":
        return {"type": kind, "severity": rng.choice((1, 2, 3))}
    if kind == "assigned":
        return {"type": kind, "to": rng.choice(("ben", "ben", "dot", "nobody known"))}
    if kind == "moved":
        return {"type": kind, "region": rng.choice(("city", "province"))}
    if kind == "corrected":
        which = rng.choice(ticket.turns) if ticket.turns and rng.random() < 0.6 else rng.randrange(1, ticket.length + 1)
        return {"type": kind, "entry": str(which), **_mend(rng, now), "reason": "mended"}
    if kind == "followed_up":
        return {"type": kind, "solved": rng.random() < 0.7}
    return {"type": kind}


def _mend(rng: random.Random, now: datetime, ahead: float = 0.1) -> dict[str, Any]:
    """It is yet to come, with that probability, or it never was, or it was at another time."""
    if rng.random() < ahead:
        return {"to": (now + timedelta(seconds=rng.randrange(120))).isoformat()}
    if rng.random() < 0.4:
        return {"void": True}
    return {"to": (now - timedelta(seconds=rng.randrange(5400))).isoformat()}
