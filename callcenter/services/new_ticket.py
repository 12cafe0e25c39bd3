"""A new ticket on its way into the store: resolved, graded, with its ledger, clocks and alarm instants."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
from asyncpg import Pool

from alerts.duty import Roster
from alerts.policy import judge
from callcenter.errors import Invalid
from callcenter.services import timeline
from callcenter.services.clocks import ClockShown, shown
from callcenter.services.context import Context
from callcenter.services.opening import Fault, open_ticket
from callcenter.services.opening import Opened as OpenedTicket
from callcenter.services.phones import e164
from callcenter.services.tickets import TicketShown
from callcenter.services.types import Actor, Id, Line, Phone, Text, When, past
from callcenter.store import calls, contracts, resources, tickets
from callcenter.store.clocks import new_rows
from callcenter.store.ledger import GENESIS
from callcenter.store.types import Asking, Row
from sla.contract import Contract
from sla.explain import why
from sla.interval import instant, micros


class CallTicket(Fault, kw_only=True):
    """The ticket a call opens, or by `number` the one it belongs to."""

    number: Id | None = None
    contract: Line | None = None
    title: Line | None = None
    description: Text | None = None
    asset: Id | None = None
    contact: Id | None = None


class OpenTicket(CallTicket, kw_only=True):
    """A ticket that no call opened: fax, letter, web, a visit, a machine."""

    channel: Literal["phone", "fax", "mail", "letter", "visit", "web", "chat", "machine"] = "web"
    caller: Phone | None = None
    reported_at: When | None = None


class Opened(msgspec.Struct, kw_only=True):
    """What came of opening a ticket."""

    ticket: TicketShown
    clocks: list[ClockShown]


_NO_CALL: dict[str, Any] = dict.fromkeys(
    (
        "caller",
        "caller_raw",
        "called",
        "direction",
        "received_at",
        "answered_at",
        "ended_at",
        "wait_s",
        "outcome",
        "agent",
        "summary",
    )
)


async def open_without_call(conn: Asking, context: Context, wanted: OpenTicket, actor: Actor, now: datetime) -> Opened:
    """The ticket, its first entries and its clocks are stored."""
    if wanted.number is not None:
        raise Invalid.field("/number", "not_allowed", "numbers are given by the service")
    if wanted.title is None:
        raise Invalid.field("/title", "missing", "a new ticket needs a title")
    reported_at = past(wanted.reported_at, now, "/reported_at") if wanted.reported_at else now
    phone = e164(wanted.caller, context.settings.default_region) if wanted.caller else None
    opening = Opening(wanted, reported_at, wanted.channel, phone or wanted.caller, "")
    _, ticket, clocks = await open_new(conn, context, opening, _NO_CALL, None, actor, now)
    return Opened(ticket=ticket, clocks=clocks)


@dataclass(frozen=True, slots=True)
class Opening:
    """A ticket to open: what is wanted, when and how it was reported, by whom, and where in the request that stands."""

    wanted: CallTicket
    reported_at: datetime
    channel: str
    caller: str | None
    at: str


async def open_new(
    conn: Asking,
    context: Context,
    opening: Opening,
    call: dict[str, Any],
    queue: str | None,
    actor: Actor,
    now: datetime,
) -> tuple[int | None, TicketShown, list[ClockShown]]:
    wanted, reported_at = opening.wanted, opening.reported_at
    # what has a connection of its own may be part of a transaction; the others may share their statements
    burst = context.burst if isinstance(conn, Pool) else None
    wish = tickets.Wish(queue=queue, phone=opening.caller, contact=wanted.contact, code=wanted.contract, at=reported_at)
    known = await burst.resolve(wish) if burst else (await tickets.resolve(conn, [wish]))[0]
    settled = await _covered(conn, wanted, known, reported_at, opening.at)
    terms = await context.terms.of(conn, settled["contract_version"]) if settled["contract_version"] else None
    opened = open_ticket(
        terms, wanted, reported_at=reported_at, now=now, by=actor.name, channel=opening.channel,
        site_region=settled["region"], at=opening.at,
    )  # fmt: skip
    if queue is not None and settled["queue"] is None:  # not before the ticket could no longer be refused
        settled["queue"] = await calls.ensure_queue(conn, queue, now)
    ticket = _ticket_values(wanted, settled, opened, opening.caller, now)
    roster = await context.rosters.at(conn, settled["duties"], now)
    entries, head = _ledger(settled["number"], opened, now, actor)
    rows = tickets.Opening(
        ticket={**ticket, "entries": len(entries), "head": head},
        call={**call, "ticket": ticket["number"], "queue": settled["queue"], "contact": settled["contact"], "now": now}
        if call is not _NO_CALL
        else None,
        entries=entries,
        clocks=_clocks(ticket, opened, terms, now, roster),
    )
    written = await burst.log(rows) if burst else (await tickets.log(conn, [rows]))[0]
    return written, *_answer(settled, ticket, opened, terms, now)


async def _covered(conn: Asking, wanted: CallTicket, known: Row, at: datetime, pointer: str) -> dict[str, Any]:
    """The resolved row with asset, account and contract settled; what names nothing we have is refused."""
    settled = dict(known)
    await resources.check_references(conn, {"asset": wanted.asset, "contact": wanted.contact}, pointer)
    if wanted.asset is not None and settled["account"] is None:
        settled |= await resources.asset_owner(conn, wanted.asset)
    if wanted.contract is not None and settled["contract_version"] is None:
        if await contracts.by_code(conn, wanted.contract) is None:
            raise Invalid.field(f"{pointer}/contract", "unknown_contract", f"there is no contract {wanted.contract}")
        return settled  # known but not in force then: logged all the same, without clocks
    if wanted.contract is None and settled["account"] is not None:
        covering = await contracts.covering(conn, settled["account"], settled["site"], at)
        if len(covering) == 1:
            settled |= {
                "contract": covering[0]["contract"],
                "contract_version": covering[0]["id"],
                "code": covering[0]["code"],
            }
    if settled["account"] is None:
        settled["account"] = settled["contract_account"]
    return settled


def _ticket_values(
    wanted: CallTicket, known: dict[str, Any], opened: OpenedTicket, caller: str | None, now: datetime
) -> dict[str, Any]:
    at = micros(now)
    return {
        "number": known["number"],
        "contract": known["contract"],
        "contract_version": known["contract_version"],
        "account": known["account"],
        "site": known["site"],
        "contact": known["contact"],
        "asset": wanted.asset,
        "caller": caller,
        "title": wanted.title,
        "description": wanted.description,
        "facts": wanted.facts or {},
        "graded_by": opened.graded_by,
        **timeline.summarized(opened.timeline, at),
        "now": now,
    }


def _ledger(number: int, opened: OpenedTicket, now: datetime, actor: Actor) -> tuple[list[dict[str, Any]], str]:
    """The first entries' rows as `store.tickets.log` takes them, and the head of the chain."""
    texts, hashes = tickets.chain(GENESIS, number, opened.entries, now, actor.name)
    rows = [
        {
            "ticket": number,
            "seq": entry.seq,
            "type": entry.type,
            "occurred_at": instant(entry.at),
            "recorded_at": now,
            "by": actor.name,
            "data": text,
            "hash": f"\\x{digest.hex()}",
        }
        for entry, text, digest in zip(opened.entries, texts, hashes, strict=True)
    ]
    return rows, f"\\x{hashes[-1].hex()}"


def _clocks(
    ticket: dict[str, Any], opened: OpenedTicket, terms: Contract | None, now: datetime, roster: Roster
) -> list[dict[str, Any]]:
    """The clock rows as `store.tickets.log` takes them."""
    if terms is None:
        return []
    at_once = [
        judge(terms, opened.timeline, None, clock, (), now, opened.reported_at, roster) for clock in opened.clocks
    ]
    common = {
        "ticket": ticket["number"],
        "contract": ticket["contract"],
        "ladder_from": opened.reported_at,
        "assessed_at": now,
    }
    return new_rows(at_once, common)


def _answer(
    known: dict[str, Any], ticket: dict[str, Any], opened: OpenedTicket, terms: Contract | None, now: datetime
) -> tuple[TicketShown, list[ClockShown]]:
    """The new ticket and its clocks, told from what was written rather than read again."""
    values: dict[str, Any] = {name: ticket.get(name) for name in TicketShown.__struct_fields__}
    values |= {
        "contract": known["code"] if known["contract_version"] else None,
        "account_name": known["account_name"],
        "site_name": known["site_name"],
        "contact_name": known["contact_name"],
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    at = micros(now)
    clocks = [shown(clock, why(terms, opened.timeline, clock, at)) for clock in opened.clocks] if terms else []
    return TicketShown(**values), clocks
