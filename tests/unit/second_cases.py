"""Random contracts and timelines, wider than the published ones, for `second_reading.py`; a seed gives one case."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from second_contracts import random_contract, some
from second_deadline import calendar_of
from second_reading import second_reading

from sla.interval import DAY, read_instant, write_instant

Data = dict[str, Any]
# Around both changes of clocks, the spring festival, the October holidays with their make-up days, and the year's end.
DAYS = ("2026-02-12", "2026-03-06", "2026-03-13", "2026-03-27", "2026-09-25", "2026-10-23", "2026-10-30", "2026-12-30")
PLAIN = (
    *("noted", "responded", "updated", "diagnosed", "visit_requested"),
    *("dispatched", "arrived", "escalated", "signed", "restored"),
)


def random_case(seed: int) -> Data:
    """The case of that seed: a contract, a timeline that is refused now and then, and an instant to look from."""
    rng = random.Random(seed)
    contract = random_contract(rng)
    start = datetime.fromisoformat(rng.choice(DAYS)).replace(tzinfo=UTC)
    start += timedelta(seconds=rng.randrange(6 * 86400))
    if rng.random() < 0.3:
        start = start.replace(minute=0, second=0)
    events = _events(rng, contract, start)
    last = max(datetime.fromisoformat(one["occurred_at"]) for one in events)
    later = (0, 0, 1, 60, 7200, 86400, 864000, 3_000_000, -60, -120)
    return {
        "id": seed,
        "now": _said(last + timedelta(seconds=rng.choice(later))),
        "events": events,
        "contract": contract,
    }


def cases_of(seed: int) -> Iterator[Data]:
    """The case of that seed and, where it has a deadline, the case with instants moved onto its instants."""
    case = random_case(seed)
    yield case
    clocks = second_reading(case) or []
    instants = sorted(
        {clock[name] for clock in clocks for name in ("due_at", "stopped_at", "breached_at") if clock[name]}
    )
    if instants:
        yield moved_onto(case, instants, seed)
    if clocks and seed % 3 == 0:
        yield moved_onto(case, _edges(case), seed + 1)


def _edges(case: Data) -> list[str]:
    """Openings and closings of the case's calendars between its first entry and now."""
    first, now = read_instant(case["events"][0]["occurred_at"]), read_instant(case["now"])
    found: list[str] = []
    for terms in case["contract"]["commitments"]:
        open_ = calendar_of(terms, case["contract"]).intervals(first, min(now, first + 10 * DAY))
        found += [write_instant(at) for one in open_ for at in (one.start, one.end)]
    return found


def moved_onto(case: Data, instants: list[str], seed: int) -> Data:
    """The case with some of its instants (of entries, or `now`) put on or one second beside the given ones."""
    rng = random.Random(seed)
    events = [dict(one) for one in case["events"]]
    now = case["now"]
    for at in rng.sample(instants, min(len(instants), 2)):
        onto = _said(datetime.fromisoformat(at) + timedelta(seconds=rng.choice((0, 0, 0, -1, 1))))
        if len(events) > 1 and rng.random() < 0.75:
            rng.choice(events[1:])["occurred_at"] = onto
        else:
            now = onto
    if rng.random() < 0.8:
        now = max([now, *(one["occurred_at"] for one in events)], key=datetime.fromisoformat)
    return {**case, "now": now, "events": events}


def _said(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _events(rng: random.Random, contract: Data, start: datetime) -> list[Data]:
    report = {
        "type": "reported",
        "occurred_at": _said(start),
        **some(rng, 0.9, "kind", rng.choices(("fault", "complaint"), (9, 1))[0]),
        **some(rng, 0.75, "region", rng.choice(("city", "province"))),
        **some(rng, 0.75, "category", rng.choice(("power", "network", "print"))),
        **some(rng, 0.6, "phase", rng.choice(("trial", "warranty"))),
    }
    reasons = sorted({reason for terms in contract["commitments"] for reason in terms.get("pauses", [])})
    events, at, paused = [report], start, False
    for _ in range(rng.choice((0, 1, 3, 4, 5, 6, 8, 10, 12, 16))):
        at += _gap(rng)
        kind = _kind(rng, paused)
        if kind == "paused" and not reasons:
            continue
        paused = kind == "paused" or (paused and kind != "resumed")
        events.append({"type": kind, "occurred_at": _said(at), **_data(rng, kind, reasons)})
        if kind in ("promised", "appointment"):
            events[-1]["until"] = _said(at + _gap(rng))
    _disturb(rng, contract, events)
    return events


def _gap(rng: random.Random) -> timedelta:
    seconds = rng.choice(
        (0, 1, rng.randrange(90), rng.randrange(1, 6) * 1800, rng.randrange(8000), rng.randrange(90000))
    )
    return timedelta(seconds=seconds if rng.random() < 0.95 else rng.randrange(6) * 86400)


def _kind(rng: random.Random, paused: bool) -> str:
    kinds = (
        "graded",
        "moved",
        "resolved",
        "reopened",
        "pause",
        "cancelled",
        "followed_up",
        "closed",
        "plain",
        "promised",
        "appointment",
    )
    kind = rng.choices(kinds, (16, 8, 12, 14, 14, 5, 5, 2, 24, 2, 2))[0]
    if kind == "pause":
        return "resumed" if paused else "paused"
    return rng.choice(PLAIN) if kind == "plain" else kind


def _data(rng: random.Random, kind: str, reasons: list[str]) -> Data:
    if kind == "graded":
        return {"severity": rng.randint(1, 3), "reason": "x"}
    if kind == "moved":
        return rng.choice(({"region": "city"}, {"region": "province"}, {"phase": "trial"}, {"phase": "warranty"}))
    if kind == "paused":
        return {"reason": rng.choice(reasons)}
    if kind in ("promised", "appointment"):
        return {rng.choice(("what", "commitment")): rng.choice(("k0", "k1"))}
    return {"reason": "x"} if kind in ("reopened", "cancelled") else {}


def _disturb(rng: random.Random, contract: Data, events: list[Data]) -> None:
    """Late entries, entries at one instant, corrections, and entries that must be refused."""
    if len(events) > 2 and rng.random() < 0.25:
        events[1:] = rng.sample(events[1:], len(events) - 1)
    if len(events) > 2 and rng.random() < 0.25:
        one, other = rng.sample(events[1:], 2)
        one["occurred_at"] = other["occurred_at"]
    if rng.random() < 0.2:
        _correct(rng, events)
    if rng.random() < 0.05:
        _spoil(rng, events)


def _correct(rng: random.Random, events: list[Data]) -> None:
    last = max(datetime.fromisoformat(one["occurred_at"]) for one in events)
    for number in range(rng.choice((1, 1, 1, 2))):
        target = rng.choice(events[1:] or events) if rng.random() < 0.95 else events[0]
        target.setdefault("id", f"x{number}")
        mend = {"to": _said(datetime.fromisoformat(target["occurred_at"]) + rng.choice((-1, 1)) * _gap(rng))}
        last += timedelta(seconds=rng.choice((0, 1, 3600)))
        mending: Data = {"type": "corrected", "entry": target["id"], "reason": "mistyped", "occurred_at": _said(last)}
        events.append(mending | (mend if rng.random() < 0.6 else {"void": True}))


def _spoil(rng: random.Random, events: list[Data]) -> None:
    at = events[-1]["occurred_at"]
    wrong: tuple[Data, ...] = (
        {"type": "teleported"},
        {"type": "graded", "severity": 9},
        {"type": "moved", "region": "moon"},
        {"type": "moved", "phase": "moon"},
        {"type": "paused", "reason": "holiday"},
        {"type": "resumed"},
        {"type": "corrected", "entry": "nobody", "void": True},
        {"type": "noted", "occurred_at": _said(datetime.fromisoformat(at) + timedelta(seconds=121))},
        {
            "type": "noted",
            "occurred_at": _said(datetime.fromisoformat(events[0]["occurred_at"]) - timedelta(seconds=1)),
        },
    )
    events.append({"occurred_at": at, **rng.choice(wrong)})
