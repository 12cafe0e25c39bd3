"""How a fault of the past went: the entries of one ticket from the report to the follow-up call.

Most promises were kept, a few were not; which ones is drawn from the generator that is passed in.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_LATE = 0.04  # share of promises that were not kept
_RESPONSE = {1: 5, 2: 10, 3: 10, 4: 10}  # minutes, as the public-health contract has them
_ON_SITE = {"city": {1: 40, 2: 60, 3: 60, 4: 120}, "province": {1: 300, 2: 360, 3: 480, 4: 600}}
_ESCALATION = {1: 1, 2: 30, 3: 60, 4: 60}


@dataclass(slots=True)
class Course:
    """A ticket in the making; `at` is how far its timeline has come."""

    random: Random
    at: datetime
    engineer: str
    entries: list[dict[str, Any]] = field(default_factory=list)

    def then(self, after: timedelta, type: str, by: str | None = None, **data: Any) -> None:
        """The next entry, so long after the one before."""
        self.at += after
        self.put(self.at, type, by, **data)

    def put(self, at: datetime, type: str, by: str | None = None, **data: Any) -> None:
        """An entry at an instant of its own."""
        stamp = at.isoformat(timespec="seconds")
        self.entries.append(
            {"type": type, "occurred_at": stamp, "recorded_at": stamp, "by": by or self.engineer, **data}
        )

    def share(self, promised_minutes: float) -> timedelta:
        """How long something took of what was promised: less, as a rule."""
        late = self.random.random() < _LATE
        part = self.random.uniform(1.1, 1.9) if late else self.random.uniform(0.15, 0.9)
        return part * promised_minutes * MINUTE

    def minutes(self, least: float, most: float) -> timedelta:
        """A length between the two."""
        return self.random.uniform(least, most) * MINUTE

    def finish(self, score: int | None = None) -> None:
        """The clerk who calls back a day later, and the end."""
        drawn = score if score is not None else self.random.choice((6, 7, 8, 8, 9, 9, 10))
        self.then(self.minutes(900, 1900), "followed_up", "follow_up", solved=True, score=drawn)
        self.then(self.minutes(1, 5), "closed", "follow_up")


def opened(random: Random, at: datetime, agent: str, engineer: str, **reported: Any) -> Course:
    """A course with its report."""
    course = Course(random, at, engineer)
    course.put(at, "reported", agent, **reported)
    course.put(at + MINUTE / 2, "registered", agent)
    return course


def network_fault(course: Course, severity: int, region: str) -> None:
    """Round the clock: help by telephone first, then remotely, then on site."""
    start = course.at
    course.put(start + MINUTE / 2, "graded", "agent", severity=severity)
    course.put(start + MINUTE, "assigned", "dispatcher", to=course.engineer)
    if severity == 1:
        course.put(start + course.share(_ESCALATION[1]), "escalated", tier="2")
    course.at = start + course.share(_RESPONSE[severity])
    course.put(course.at, "responded")
    course.then(course.minutes(3, 9), "diagnosed")
    if course.random.random() < 0.6:
        course.then(course.minutes(4, 12), "restored")
        course.then(course.minutes(1, 9), "resolved")
        if course.random.random() < 0.05:
            _found_unsolved(course)
        return course.finish()
    course.put(start + MINUTE * 25, "visit_requested")
    course.put(start + MINUTE * 28, "escalated", tier="2")
    course.put(start + MINUTE * 30, "departed")
    if region == "province":  # a detour restores the service long before anybody is there
        course.put(start + max(40 * MINUTE, course.share(230)), "restored")
    course.at = start + max(35 * MINUTE, course.share(_ON_SITE[region][severity]))
    course.put(course.at, "arrived")
    course.then(course.minutes(15, 80), "restored")
    course.then(MINUTE, "resolved")
    course.then(MINUTE, "signed")
    return course.finish()


def _found_unsolved(course: Course) -> None:
    course.then(course.minutes(600, 1200), "reopened", "follow_up", reason="not solved at follow-up")
    course.then(course.minutes(5, 60), "resolved")


def answer(course: Course, promised_minutes: float) -> None:
    """A question or a complaint."""
    course.put(course.at + MINUTE, "assigned", "dispatcher", to=course.engineer)
    course.then(course.share(promised_minutes), "answered")
    course.then(MINUTE, "resolved")
    course.then(course.minutes(1, 60), "closed", "follow_up")


def office_fault(course: Course, severity: int, opens: datetime) -> None:
    """Working hours only: what was reported at night is looked at when the doors open."""
    course.put(course.at + MINUTE / 2, "graded", "agent", severity=severity)
    course.put(course.at + MINUTE, "assigned", "dispatcher", to=course.engineer)
    course.at = max(course.at, opens)
    course.then(course.share(30 if severity == 1 else 120), "responded")
    way = course.random.random()
    if way < 0.15:
        course.then(course.minutes(5, 20), "paused", reason="waiting_customer")
        course.then(course.minutes(20, 70), "resumed")
    elif way < 0.4:
        course.then(course.minutes(5, 15), "visit_requested")
        course.then(course.minutes(40, 90), "arrived")
    course.then(course.minutes(10, 60), "resolved")
    course.finish()


def computer_fault(course: Course, category: str, opens: datetime) -> None:
    """Telephone first; a visit only after that has failed."""
    course.put(course.at + MINUTE / 2, "graded", "agent", severity=course.random.choice((1, 2, 2)))
    course.put(course.at + MINUTE, "assigned", "dispatcher", to=course.engineer)
    course.at = max(course.at, opens)
    course.then(course.share(30), "responded")
    if category == "software":
        course.then(course.minutes(10, 50), "resolved")
        return course.finish()
    course.then(course.minutes(10, 30), "diagnosed")
    course.then(MINUTE, "visit_requested")
    course.then(course.share(240 if category == "hardware" else 1200), "arrived")
    course.then(course.minutes(20, 70), "resolved")
    course.then(MINUTE, "signed")
    return course.finish()
