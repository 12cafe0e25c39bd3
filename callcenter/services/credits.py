"""The month's credits: proposed by the contract's rules, confirmed or waived by a manager, and what more would cost."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from callcenter.errors import Conflict, Invalid
from callcenter.reports.weighed import CreditLine, Credits, CreditStep, CreditSum
from callcenter.services import compliance
from callcenter.services.compliance import Compliance, Month
from callcenter.services.context import Context
from callcenter.services.types import Actor, Line, Text
from callcenter.store import exemptions, reports
from callcenter.store.types import Connection, Row
from sla.contract import Contract
from sla.credits import Credit, Tally, credits, forecast, sums


class DecideLine(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A manager's word on one line; `amount`, where given, must be the proposed one."""

    line: Line
    decision: Literal["confirmed", "waived"]
    amount: Annotated[str, Meta(pattern=r"^[0-9]{1,15}(\.[0-9]{1,2})?$(?!\n)")] | None = None
    reason: Text | None = None


class DecideCredits(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A manager's word on lines of a month; without lines all proposals are confirmed."""

    month: Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$(?!\n)")]
    lines: list[DecideLine] | None = None


class MonthCredits(msgspec.Struct, kw_only=True):
    """A contract's month and its credits."""

    contract: str
    month: str
    as_of: datetime
    credits: Credits


async def of_month(conn: Connection, context: Context, code: str, month: str | None, now: datetime) -> MonthCredits:
    """The month's lines as they stand, with what was decided on them."""
    found = await compliance.find(conn, context, code, month, now)
    counted = await compliance.of(conn, found, now)
    shown = await of(conn, found, counted)
    return MonthCredits(contract=code, month=found.name, as_of=counted.as_of, credits=shown)


async def of(conn: Connection, found: Month, counted: Compliance) -> Credits:
    """The credits of counted promises; exempted breaches cost nothing."""
    tallies, open_ = _tallies(counted)
    decisions = await exemptions.credit_decisions(conn, found.contract, found.name)
    lines = credits(found.terms, tallies)
    shown = [_line(line, decisions) for line in lines]
    steps = forecast(found.terms, tallies, open_)
    return Credits(
        lines=shown,
        sums=_sums(found.terms, lines, shown),
        forecast=[
            CreditStep(commitment=one.commitment, more=one.more, extra=_text(one.extra), currency=one.currency)
            for one in steps
        ],
    )


async def decide(
    conn: Connection, context: Context, code: str, word: DecideCredits, actor: Actor, now: datetime
) -> MonthCredits:
    """The lines are confirmed or waived at the amounts proposed now; Conflict where an amount given is another one."""
    async with conn.transaction():
        found = await compliance.find(conn, context, code, word.month, now)
        proposed = await of(conn, found, await compliance.of(conn, found, now))
        lines = {one.line: one for one in proposed.lines}
        wanted = word.lines
        if wanted is None:
            wanted = [
                DecideLine(line=one.line, decision="confirmed") for one in proposed.lines if one.state == "proposed"
            ]
        for place, one in enumerate(wanted):
            line = _proposed(lines, one, place)
            decision = {"decision": one.decision, "reason": one.reason, "by": actor.name, "now": now}
            money = (Decimal(line.amount), line.currency)
            await exemptions.decide_credit(conn, found.contract, found.name, one.line, *money, decision)
        await reports.forget(conn, found.contract)
        return await of_month(conn, context, code, word.month, now)


def _proposed(lines: Mapping[str, CreditLine], word: DecideLine, place: int) -> CreditLine:
    line = lines.get(word.line)
    if line is None:
        raise Invalid.field(f"/lines/{place}/line", "unknown_line", f"the month proposes no credit {word.line}")
    if word.amount is not None and Decimal(word.amount) != Decimal(line.amount):
        raise Conflict(f"{word.line} comes to {line.amount} {line.currency} by now, not to {word.amount}")
    return line


def _tallies(counted: Compliance) -> tuple[dict[str, Tally], dict[str, int]]:
    tallies: dict[str, Tally] = {}
    open_: dict[str, int] = {}
    for row in counted.rows:
        before = tallies.get(row.commitment, Tally())
        tallies[row.commitment] = Tally(before.met + row.met, before.breached + row.breached - row.exempt)
        open_[row.commitment] = open_.get(row.commitment, 0) + row.open
    return tallies, {name: count for name, count in open_.items() if count}


def _line(line: Credit, decisions: Mapping[str, Row]) -> CreditLine:
    """The line as shown; what was decided at another amount is a proposal again."""
    row = decisions.get(line.key)
    decided = {}
    if row is not None and (row["amount"], row["currency"]) == (line.amount, line.currency):
        decided = {"state": row["decision"], "by": row["by"], "at": row["at"], "reason": row["reason"]}
    return CreditLine(
        line=line.key,
        commitment=line.commitment,
        kind=line.kind,
        breaches=line.breaches,
        each=None if line.each is None else _text(line.each),
        below=_percent(line.below),
        share=_percent(line.share),
        amount=_text(line.amount),
        currency=line.currency,
        **{"state": "proposed", **decided},
    )


def _sums(terms: Contract, lines: list[Credit], shown: list[CreditLine]) -> list[CreditSum]:
    confirmed = {one.line for one in shown if one.state == "confirmed"}
    said = {one.currency: one.amount for one in sums(terms, [line for line in lines if line.key in confirmed])}
    return [
        CreditSum(
            currency=one.currency,
            before_cap=_text(one.before),
            cap=None if one.cap is None else _text(one.cap),
            amount=_text(one.amount),
            confirmed=_text(said.get(one.currency, Decimal(0))),
        )
        for one in sums(terms, lines)
    ]


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _percent(share: Fraction | None) -> str | None:
    return None if share is None else f"{float(share * 100):g}"
