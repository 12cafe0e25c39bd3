"""Sections of a month's report that weigh it: what breaches cost, and how a certifier's form comes out."""

from datetime import datetime

import msgspec


class CreditLine(msgspec.Struct, kw_only=True):
    """A line of the credits: `proposed` until a manager confirmed or waived it at this amount."""

    line: str
    commitment: str
    kind: str
    breaches: int
    each: str | None
    below: str | None
    share: str | None
    amount: str
    currency: str
    state: str
    by: str | None = None
    at: datetime | None = None
    reason: str | None = None


class CreditSum(msgspec.Struct, kw_only=True):
    """A currency's lines together; `confirmed` counts those a manager confirmed, capped as well."""

    currency: str
    before_cap: str
    cap: str | None
    amount: str
    confirmed: str


class CreditStep(msgspec.Struct, kw_only=True):
    """What so many more breaches would cost on top."""

    commitment: str
    more: int
    extra: str
    currency: str


class Credits(msgspec.Struct, kw_only=True):
    """What the month's breaches cost, and what more would; all of it proposals until confirmed."""

    lines: list[CreditLine]
    sums: list[CreditSum]
    forecast: list[CreditStep]


class EvidenceItem(msgspec.Struct, kw_only=True):
    """An item of a certifier's form: its points, and where they come from; null points are missing."""

    item: str
    title: str
    most: str
    points: str | None
    source: str
    value: str | None = None


class Evidence(msgspec.Struct, kw_only=True):
    """A form filled for the month; `grade` follows from the points once nothing is missing, `so_far` counts what is."""

    form: str
    title: str
    items: list[EvidenceItem]
    so_far: str
    most: str
    percent: float | None
    grade: str | None
    missing: list[str]
