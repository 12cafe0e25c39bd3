"""Three months that never happened, as lines of a history file; drawn from a seed, so each demo tells the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from callcenter.demo import courses
from callcenter.demo.courses import Course
from callcenter.demo.customers import CUSTOMERS, OFFICE, PC_CARE, PUBLIC_HEALTH, Place
from callcenter.demo.people import AGENTS, ENGINEERS, HOTLINE

DAYS = 92
_ZONE = ZoneInfo("Asia/Shanghai")
_PLACES = {customer.code: customer.places for customer in CUSTOMERS}
_NETWORK = (
    "No connection to the centre",
    "Switch restarts by itself",
    "Server answers slowly",
    "Reports do not arrive",
    "Backup has failed",
    "Line drops every few minutes",
)
_OFFICE = ("Printer jams on every page", "Printer not found", "Network down in one room", "Scans arrive empty")
_COMPUTER = {
    "software": ("Computer shows no desktop", "Updates never end"),
    "hardware": ("Screen stays black", "No sound"),
    "hardware with parts": ("Hard disk makes noises", "Battery does not charge"),
}


@dataclass(frozen=True, slots=True)
class Coming:
    """An entry of a ticket under way that has not happened yet."""

    at: datetime
    ref: str
    entry: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Past:
    """Lines of a history file up to now, and what becomes of the tickets still open."""

    lines: list[bytes]
    coming: list[Coming]


@dataclass(frozen=True, slots=True)
class _Ticket:
    code: str
    place: Place
    title: str
    course: Course


def write_past(now: datetime, seed: int = 2005) -> Past:
    """What was reported in the last three months, cut off at `now`."""
    random = Random(seed)
    today = now.astimezone(_ZONE).date()
    lines: list[bytes] = []
    coming: list[Coming] = []
    for back in range(DAYS, -1, -1):
        midnight = datetime.combine(today - timedelta(days=back), time(), _ZONE)
        for number, ticket in enumerate(_day(random, midnight, last_night=back <= 1)):
            _cut(ticket, f"DEMO-{midnight:%m%d}-{number:02}", now, random, lines, coming)
        for number in range(random.choice((0, 0, 1, 1, 2))):
            _hung_up(f"DEMO-{midnight:%m%d}-a{number}", midnight, now, random, lines)
    coming.sort(key=lambda one: one.at)
    return Past(lines, coming)


def _day(random: Random, midnight: datetime, *, last_night: bool) -> Iterator[_Ticket]:
    """The tickets reported on one day; at night now and then, and always last night."""
    for _ in range(random.choice((1, 2, 2, 3))):
        yield _network(random, midnight + random.triangular(0, 24, 11) * courses.HOUR)
    if midnight.weekday() < 5:
        for _ in range(random.choice((0, 1, 1, 2))):
            yield _office(random, midnight + random.uniform(8.6, 15.5) * courses.HOUR, midnight)
    if last_night or midnight.weekday() in (1, 6):
        yield _office(random, midnight + 3 * courses.HOUR, midnight)
    for _ in range(random.choice((0, 1, 1, 2))):
        yield _computer(random, midnight + random.uniform(8.6, 17) * courses.HOUR, midnight)


def _network(random: Random, at: datetime) -> _Ticket:
    place = random.choice(_PLACES[PUBLIC_HEALTH])
    region = place.region or "city"
    engineer = random.choice(ENGINEERS) if region == "city" else "partner"
    kind = random.choices(("fault", "question", "complaint"), (88, 9, 3))[0]
    channel = random.choice(("phone", "phone", "phone", "web"))
    course = courses.opened(
        random, at, random.choice(AGENTS), engineer, channel=channel, kind=kind, region=region, phase="warranty"
    )
    if kind == "fault":
        courses.network_fault(course, random.choices((1, 2, 3, 4), (4, 24, 62, 10))[0], region)
        return _Ticket(PUBLIC_HEALTH, place, random.choice(_NETWORK), course)
    courses.answer(course, 30 if kind == "question" else 120)
    title = "How is the report exported?" if kind == "question" else "Nobody came at the agreed time"
    return _Ticket(PUBLIC_HEALTH, place, title, course)


def _office(random: Random, at: datetime, midnight: datetime) -> _Ticket:
    place = random.choice(_PLACES[OFFICE])
    course = courses.opened(
        random, at, random.choice(AGENTS), random.choice(ENGINEERS), channel="phone", kind="fault",
        category="printer", region=place.region,
    )  # fmt: skip
    wait = timedelta(days=1) if midnight.weekday() == 6 else timedelta(0)
    courses.office_fault(course, random.choice((1, 2, 3, 3, 3)), midnight + wait + 8.6 * courses.HOUR)
    return _Ticket(OFFICE, place, random.choice(_OFFICE), course)


def _computer(random: Random, at: datetime, midnight: datetime) -> _Ticket:
    category = random.choice(tuple(_COMPUTER))
    place = random.choice(_PLACES[PC_CARE])
    course = courses.opened(
        random, at, random.choice(AGENTS), random.choice(ENGINEERS), channel="phone", kind="fault", category=category
    )
    courses.computer_fault(course, category, midnight + 8.5 * courses.HOUR)
    return _Ticket(PC_CARE, place, random.choice(_COMPUTER[category]), course)


def _cut(ticket: _Ticket, ref: str, now: datetime, random: Random, lines: list[bytes], coming: list[Coming]) -> None:
    """The ticket and the call that reported it, as far as they have happened; nothing where it was not reported yet."""
    entries = sorted(ticket.course.entries, key=lambda entry: datetime.fromisoformat(entry["occurred_at"]))
    reported_at = datetime.fromisoformat(entries[0]["occurred_at"])
    if reported_at + timedelta(minutes=10) > now:
        return
    done = [entry for entry in entries if datetime.fromisoformat(entry["occurred_at"]) <= now]
    told = {"ref": ref, "contract": ticket.code, "title": ticket.title, "caller": ticket.place.phone, "events": done}
    lines.append(msgspec.json.encode({"ticket": told}))
    if entries[0]["channel"] == "phone":
        lines.append(_call(f"{ref}-c", ticket.place, reported_at, entries[0]["by"], random, ref))
    coming += [Coming(datetime.fromisoformat(entry["occurred_at"]), ref, entry) for entry in entries[len(done) :]]


def _call(ref: str, place: Place, at: datetime, agent: str, random: Random, ticket: str) -> bytes:
    answered = at + timedelta(seconds=round(random.expovariate(1 / 9), 1))
    call = {
        "ref": ref, "queue": HOTLINE, "caller": place.phone, "direction": "in", "received_at": at, "queued_at": at,
        "answered_at": answered, "ended_at": answered + timedelta(seconds=random.randint(60, 400)), "agent": agent,
        "outcome": "answered", "ticket_ref": ticket,
    }  # fmt: skip
    return msgspec.json.encode({"call": call})


def _hung_up(ref: str, midnight: datetime, now: datetime, random: Random, lines: list[bytes]) -> None:
    at = midnight + random.triangular(0, 23, 11) * courses.HOUR
    ended = at + timedelta(seconds=random.randint(4, 70))
    place = random.choice(_PLACES[PUBLIC_HEALTH])
    if ended < now:
        call = {"ref": ref, "queue": HOTLINE, "caller": place.phone, "direction": "in", "received_at": at,
                "queued_at": at, "ended_at": ended, "outcome": "abandoned"}  # fmt: skip
        lines.append(msgspec.json.encode({"call": call}))
