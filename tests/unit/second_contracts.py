"""Random contracts for `second_cases.py`."""

from __future__ import annotations

import random
from typing import Any

Data = dict[str, Any]
ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo")
FIGURES = (
    *("0m", "90s", "5m", "30m", "40m", "60m", "1h", "1h30m", "90m", "4h", "8h", "24h", "100h"),
    *("0wd", "1wd", "NBD", "3wd", "0d", "1d", "10d", "1mo"),
)
WEEKS: tuple[Data, ...] = (
    {"mon-fri": "09:00-12:00 13:30-18:00", "sat": "09:00-12:00"},
    {"mon-fri": "09:00-17:00", "sun": "01:30-02:30"},
    {"mon-sun": "08:00-24:00"},
    {"mon-sun": "00:00-24:00"},
    {"mon-thu": "22:00-06:00"},
    {"fri-tue": "22:00-06:00", "wed": "08:00-20:00"},
    {"mon-fri": "09:00-18:00"},
)
STARTS: tuple[Any, ...] = (
    "reported",
    "reported",
    "reported",
    "reported",
    "diagnosed",
    "resolved",
    ["resolved", "signed"],
)
STARTS += (["reported", "arrived"], ["visit_requested", "dispatched"], "responded", "graded", ["reported", "reopened"])
STOPS: tuple[Any, ...] = ("resolved", "arrived", "followed_up", "responded", "signed", ["restored", "resolved"])
STOPS += (["escalated", "resolved"], "closed", ["signed", "followed_up"])
REASONS = ("waiting_customer", "force_majeure", "parts")


def random_contract(rng: random.Random) -> Data:
    """A contract of one to four commitments on two calendars and 24x7."""
    phases = some(rng, 0.8, "phases", ["trial", "warranty"])
    return {
        "contract": "T",
        "title": "t",
        "customer": "c",
        "valid": {"from": "2020-01-01", "until": "2030-01-01"},
        "timezone": rng.choice(ZONES),
        "version": 1,
        "effective": "2020-01-01",
        "regions": {"city": "x", "province": "y"},
        **phases,
        "severities": {key: {"name": key, "meaning": key} for key in "123"},
        "grading": [{"otherwise": 2}],
        "calendars": {"c0": _calendar(rng), "c1": _calendar(rng), "c2": "24x7"},
        "commitments": [_commitment(rng, f"k{number}", bool(phases)) for number in range(rng.randint(1, 4))],
    }


def some(rng: random.Random, chance: float, name: str, value: object) -> Data:
    """The key with that chance, else nothing."""
    return {name: value} if rng.random() < chance else {}


def _calendar(rng: random.Random) -> Data:
    days = {"2026-03-10": "closed", "2026-03-14": "10:00-16:00", "2026-10-04": "09:00-12:00"}
    holidays = rng.choice(("CN", "US", "DE-BE", ["12-24", "2026-03-09"], ["CN", "2026-10-12"]))
    return {
        "timezone": rng.choice(ZONES),
        "week": rng.choice(WEEKS),
        **(some(rng, 0.6, "holidays", holidays)),
        **some(rng, 0.3, "holiday_hours", "10:00-12:00"),
        **some(rng, 0.4, "days", days),
        **some(rng, 0.3, "cutoff", rng.choice(("16:00", "10:00"))),
        **some(rng, 0.35, "ends", "next_opening"),
    }


def _commitment(rng: random.Random, name: str, phases: bool) -> Data:
    starts, stops = rng.choice(STARTS), rng.choice(STOPS)
    return {
        "name": name,
        "starts": starts,
        "stops": stops,
        "within": _within(rng),
        "calendar": rng.choice(("c0", "c0", "c1", "c2")),
        **some(rng, 0.6, "pauses", rng.sample(REASONS, rng.randint(1, 2))),
        **some(rng, 0.6, "on_regrade", rng.choice(("from_start", "from_regrade", "from_regrade"))),
        **some(rng, 0.7, "on_reopen", rng.choice(("continue", "resume", "restart"))),
        **some(rng, 0.25, "cancels", rng.choice(("resolved", "diagnosed", ["escalated", "restored"]))),
        **some(rng, 0.25, "renews", rng.choice(("updated", "updated", ["responded", "updated"]))),
        **some(rng, 0.1, "requires", "visit_requested"),
        **some(rng, 0.15, "kinds", rng.choice((["fault"], ["fault", "complaint"], ["complaint"]))),
        **some(rng, 0.15 if phases else 0, "phases", ["warranty"]),
        **some(rng, 0.15, "categories", rng.sample(("power", "network", "print"), 2)),
        **some(rng, 0.1, "owner", rng.choice(("internal", "upstream"))),
    }


def _within(rng: random.Random) -> Any:
    def one() -> str:
        return rng.choice(FIGURES) if rng.random() < 0.92 else "none"

    def graded() -> Data:
        return {"1": one(), "2": one(), rng.choice(("3", "default")): one()}

    shapes: list[Any] = [
        one(),
        graded(),
        graded(),
        {"default": one()},
        {"city": graded(), "province": rng.choice((one(), graded(), {"1": one(), "default": one()}))},
        {"city": one(), "province": graded()},
        {"city": graded(), "default": one()},
        {"city": one(), "default": one()},
        {"city": one()},
        {"2": one()},
        {"default": one(), "1": one()},
        {"default": one(), "city": {"2": one()}},
        {"city": {"default": one()}, "province": {"3": one()}},
        [{"severity": [3], "for": one()}, {"category": "print", "region": ["city"], "for": one()}],
        [{"category": ["power"], "severity": 2, "region": ["city", "province"], "for": one()}, {"otherwise": "none"}],
        [{"severity": 1, "region": "city", "for": one()}, {"severity": [1, 2], "for": one()}, {"otherwise": one()}],
        [
            {"category": "power", "for": one()},
            {"category": ["network", "print"], "severity": [1, 2], "for": one()},
            {"otherwise": one()},
        ],
        [
            {"region": "city", "severity": [2, 3], "for": one()},
            {"region": "province", "for": one()},
            {"otherwise": one()},
        ],
        "measure",
        "agreed",
    ]
    return rng.choice(shapes)
