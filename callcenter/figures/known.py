"""What is known before anything is counted: label values, targets, how far calendars reach."""

from datetime import UTC, datetime

import msgspec

from alerts.duty import Roster
from callcenter.store.metrics import Names
from sla.holiday import published_through

MOST_NAMES = 50


class Known(msgspec.Struct, frozen=True):
    """The label values the contracts name: so a series is there, at 0, before its first case."""

    names: Names
    promised: list[tuple[str, str]]  # contract, commitment
    graded: list[tuple[str, str]]  # commitment, severity
    severities: list[str]
    targets: list[tuple[str, str, float]]
    horizons: list[tuple[str, datetime]] = []  # calendar, the end of what is published of it


def horizons(codes: set[str]) -> list[tuple[str, datetime]]:
    """The end of what is published of each calendar that has an end."""
    years = {code: published_through(code) for code in sorted(codes)[:MOST_NAMES]}
    return [(code, datetime(year + 1, 1, 1, tzinfo=UTC)) for code, year in years.items() if year is not None]


def on_duty(roster: Roster, now: datetime) -> list[tuple[str, int]]:
    """How many people fill each duty that has a rota; duties beyond the first 50 are told together."""
    names = sorted(roster.duties)
    people = {name: roster.on_duty(name, now) or frozenset() for name in names}
    rest = frozenset[str]().union(*(people[name] for name in names[MOST_NAMES:]))
    counts = [(name, len(people[name])) for name in names[:MOST_NAMES]]
    return [*counts, ("other", len(rest))] if len(names) > MOST_NAMES else counts
