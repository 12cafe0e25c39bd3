"""What people decided about a month's breaches: taken out or not, whose doing, which credits are owed."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def breach(
    conn: Connection, contract: int, ticket: int, commitment: str, cycle: int | None, now: datetime
) -> Row | None:
    """The breached clock (`ticket`, `commitment`, `cycle`, `due_at`), its newest cycle unless one is given, or None."""
    given = {"contract": contract, "ticket": ticket, "commitment": commitment, "cycle": cycle, "now": now}
    return await _sql.breach(conn, **given)


async def pending_or_approved(conn: Connection, ticket: int, commitment: str, cycle: int) -> int | None:
    """The exemption that stands in the way of another one, or None."""
    found: int | None = await _sql.open_one(conn, ticket=ticket, commitment=commitment, cycle=cycle)
    return found


async def ask(conn: Connection, contract: int, breach: Row, reason: str, evidence: str, by: str, now: datetime) -> int:
    """Stores the question and returns its id."""
    place = {name: breach[name] for name in ("ticket", "commitment", "cycle")}
    asked: int = await _sql.ask(conn, contract=contract, **place, reason=reason, evidence=evidence, by=by, now=now)
    return asked


async def get(conn: Connection, contract: int, id: int) -> Row | None:
    """The exemption, or None."""
    return await _sql.get(conn, contract=contract, id=id)


async def lock(conn: Connection, contract: int, id: int) -> Row | None:
    """The same, and nobody else decides meanwhile."""
    return await _sql.lock(conn, contract=contract, id=id)


async def decide(conn: Connection, id: int, state: str, remark: str | None, by: str, now: datetime) -> None:
    """The exemption is decided."""
    await _sql.decide(conn, id=id, state=state, remark=remark, by=by, now=now)


async def of_span(conn: Connection, contract: int, since: datetime, until: datetime) -> list[Row]:
    """Exemptions of the span's breaches, oldest first."""
    return [row async for row in _sql.of_span(conn, contract=contract, since=since, until=until)]


async def hold(conn: Connection, breach: Row, party: str, cause: str | None, by: str, now: datetime) -> None:
    """The party is responsible for the breach."""
    place = {name: breach[name] for name in ("ticket", "commitment", "cycle")}
    await _sql.hold(conn, **place, party=party, cause=cause, by=by, now=now)


async def credit_decisions(conn: Connection, contract: int, month: str) -> dict[str, Row]:
    """What was decided on the month's credits, by line."""
    return {row["line"]: row async for row in _sql.decisions(conn, contract=contract, month=month)}


async def decide_credit(
    conn: Connection, contract: int, month: str, line: str, amount: Decimal, currency: str, decision: dict[str, Any]
) -> None:
    """The line is decided at this amount: `decision`, `reason`, `by`, `now`."""
    place = {"contract": contract, "month": month, "line": line, "amount": amount, "currency": currency}
    await _sql.decide_credit(conn, **place, **decision)
