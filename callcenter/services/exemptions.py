"""Taking a breach out of the net figure, which takes two people, and saying whose doing a breach was."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from callcenter.errors import Conflict, Forbidden, Invalid, NotFound
from callcenter.reports.model import Exemption
from callcenter.services import compliance
from callcenter.services.context import Context
from callcenter.services.types import Actor, Id, Line, Text
from callcenter.store import contracts, exemptions, reports
from callcenter.store.types import Connection, Row

Reason = Literal["customer", "force_majeure", "third_party", "data_error"]
Party = Literal["us", "customer", "third_party", "force_majeure", "data_error"]
Cycle = Annotated[int, Meta(ge=1, le=1_000_000)]


class AskExemption(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which breach should not count, and why; `cycle` is the newest breached one when left out."""

    ticket: Id
    commitment: Line
    cycle: Cycle | None = None
    reason: Reason
    evidence: Annotated[str, Meta(min_length=1, max_length=20_000, pattern="^[^\\x00]*$")]


class DecideExemption(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The word of a second person."""

    approve: bool
    remark: Text | None = None


class HoldResponsible(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whose doing a breach was, and why it came to it."""

    ticket: Id
    commitment: Line
    cycle: Cycle | None = None
    party: Party
    cause: Text | None = None


class Responsibility(msgspec.Struct, kw_only=True):
    """A breach and the party responsible for it."""

    ticket: int
    commitment: str
    cycle: int
    party: str
    cause: str | None


class Exemptions(msgspec.Struct, kw_only=True):
    """The exemptions of a month's breaches."""

    contract: str
    month: str
    items: list[Exemption]


def shown(row: Row) -> Exemption:
    """The exemption of a stored row."""
    return Exemption(**{name: row[name] for name in Exemption.__struct_fields__})


async def ask(conn: Connection, code: str, asked: AskExemption, actor: Actor, now: datetime) -> Exemption:
    """The question is stored for somebody else to decide; Conflict where it was asked before and not refused."""
    contract = await _contract(conn, code)
    async with conn.transaction():
        breach = await _breach(conn, contract, asked.ticket, asked.commitment, asked.cycle, now)
        place = (breach["ticket"], breach["commitment"], breach["cycle"])
        before = await exemptions.pending_or_approved(conn, *place)
        if before is not None:
            raise Conflict(f"exemption {before} of this breach was asked for already")
        id = await exemptions.ask(conn, contract, breach, asked.reason, asked.evidence, actor.name, now)
        return shown(await exemptions.get(conn, contract, id))


async def decide(conn: Connection, code: str, id: int, word: DecideExemption, actor: Actor, now: datetime) -> Exemption:
    """The exemption is approved or refused, for good; Forbidden to whoever asked for it."""
    contract = await _contract(conn, code)
    async with conn.transaction():
        row = await exemptions.lock(conn, contract, id)
        if row is None:
            raise NotFound(f"no exemption {id} of the contract {code}")
        if row["state"] != "asked":
            raise Conflict(f"exemption {id} was {row['state']} by {row['decided_by']}")
        if row["asked_by"] == actor.name:
            raise Forbidden("whoever asked for an exemption does not decide it")
        state = "approved" if word.approve else "refused"
        await exemptions.decide(conn, id, state, word.remark, actor.name, now)
        await reports.forget(conn, contract)
        return shown(await exemptions.get(conn, contract, id))


async def listing(conn: Connection, context: Context, code: str, month: str | None, now: datetime) -> Exemptions:
    """The exemptions of the month's breaches, oldest first."""
    found = await compliance.find(conn, context, code, month, now)
    rows = await exemptions.of_span(conn, found.contract, found.since, found.until)
    return Exemptions(contract=code, month=found.name, items=[shown(row) for row in rows])


async def hold(conn: Connection, code: str, held: HoldResponsible, actor: Actor, now: datetime) -> Responsibility:
    """The breach is put down to a party."""
    contract = await _contract(conn, code)
    breach = await _breach(conn, contract, held.ticket, held.commitment, held.cycle, now)
    await reports.forget(conn, contract)
    await exemptions.hold(conn, breach, held.party, held.cause, actor.name, now)
    place = {name: breach[name] for name in ("ticket", "commitment", "cycle")}
    return Responsibility(**place, party=held.party, cause=held.cause)


async def _contract(conn: Connection, code: str) -> int:
    row = await contracts.by_code(conn, code)
    if row is None:
        raise NotFound(f"no contract {code}")
    found: int = row["id"]
    return found


async def _breach(
    conn: Connection, contract: int, ticket: int, commitment: str, cycle: int | None, now: datetime
) -> Row:
    row = await exemptions.breach(conn, contract, ticket, commitment, cycle, now)
    if row is None:
        detail = f"ticket {ticket} has no breach of {commitment} under this contract"
        raise Invalid.field("/commitment", "no_breach", detail)
    return row
