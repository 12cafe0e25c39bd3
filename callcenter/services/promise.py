"""What to tell the caller: the clocks a ticket would have, before anything is saved."""

from datetime import datetime

import msgspec

from callcenter.errors import Invalid
from callcenter.services.clocks import ClockShown, shown
from callcenter.services.context import Context
from callcenter.services.opening import Fault, open_ticket
from callcenter.services.types import Actor, Line, When, past
from callcenter.store import contracts
from callcenter.store.types import Connection
from sla.explain import why
from sla.interval import micros


class AskPromise(Fault, kw_only=True):
    """A fault as the caller describes it."""

    contract: Line
    reported_at: When | None = None


class GradeShown(msgspec.Struct, kw_only=True):
    """How grave the rules say it is, and which rule said so."""

    severity: int
    rule: int
    text: str


class Promised(msgspec.Struct, kw_only=True):
    """What the contract promises for this fault."""

    contract: str
    contract_version: int
    severity: int | None
    severity_name: str | None
    grade: GradeShown | None
    timezone: str
    reported_at: datetime
    clocks: list[ClockShown]


async def ask(conn: Connection, context: Context, asked: AskPromise, actor: Actor, now: datetime) -> Promised:
    """The promises for a ticket not yet saved; nothing is stored."""
    reported_at = past(asked.reported_at, now, "/reported_at") if asked.reported_at else now
    version = await contracts.in_force(conn, asked.contract, reported_at)
    if version is None:
        known = await contracts.by_code(conn, asked.contract)
        code = "not_in_force" if known else "unknown_contract"
        detail = f"no contract {asked.contract} " + (f"in force on {reported_at:%Y-%m-%d}" if known else "is stored")
        raise Invalid.field("/contract", code, detail)
    terms = await context.terms.of(conn, version["id"])
    opened = open_ticket(terms, asked, reported_at=reported_at, now=now, by=actor.name)
    at, graded = micros(now), opened.grade
    return Promised(
        contract=terms.code,
        contract_version=terms.version,
        severity=opened.severity,
        severity_name=terms.severities[opened.severity].name if opened.severity is not None else None,
        grade=GradeShown(severity=graded.severity, rule=graded.rule, text=graded.text) if graded else None,
        timezone=terms.timezone,
        reported_at=reported_at,
        clocks=[shown(clock, why(terms, opened.timeline, clock, at)) for clock in opened.clocks],
    )
