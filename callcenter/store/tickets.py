"""Tickets and their timelines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, TypedDict

from callcenter.store import queries
from callcenter.store.contracts import Terms
from callcenter.store.ledger import data_text, entry_hash
from callcenter.store.types import Asking, Connection, Row
from sla.contract import Contract
from sla.interval import instant, micros
from sla.timeline import Entry, Timeline, assignee, ticket_state

_sql = queries.load(__file__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A ticket's row with the terms it is pinned to and its whole timeline, in recorded order."""

    row: Row
    terms: Contract | None
    entries: list[Entry]


def entry_of(row: Row) -> Entry:
    """A stored timeline entry as the pure functions take it."""
    return Entry(
        type=row["type"],
        at=micros(row["occurred_at"]),
        seq=row["seq"],
        recorded_at=micros(row["recorded_at"]),
        by=row["by"],
        data=row["data"],
        id=str(row["seq"]),
    )


class Wish(TypedDict):
    """What a new call says of itself."""

    queue: str | None
    phone: str | None
    contact: int | None
    code: str | None
    at: datetime


async def resolve(conn: Asking, wishes: Sequence[Wish]) -> list[Row]:
    """For each wish a fresh ticket number, and who and what the call concerns as far as it can be told."""
    numbered = [{"place": place, **wish} for place, wish in enumerate(wishes)]
    return [row async for row in _sql.resolve_many(conn, wishes=numbered)]


async def resolve_caller(conn: Connection, *, phone: str | None) -> int | None:
    """The contact with this number, or None; None too when several share it."""
    contact: int | None = await _sql.resolve_caller(conn, phone=phone)
    return contact


class Opening(TypedDict):
    """The rows of a ticket that is being opened; `call` None where no call opened it."""

    ticket: dict[str, Any]
    call: dict[str, Any] | None
    entries: list[dict[str, Any]]
    clocks: list[dict[str, Any]]


async def log(conn: Asking, openings: Sequence[Opening]) -> list[int | None]:
    """Writes calls, their tickets, entries and clocks at once; gives the ids of the calls, in order."""
    rows = _sql.log_many(
        conn,
        tickets=[one["ticket"] for one in openings],
        calls=[one["call"] for one in openings if one["call"] is not None],
        entries=[entry for one in openings for entry in one["entries"]],
        clocks=[clock for one in openings for clock in one["clocks"]],
    )
    ids = {row["number"]: row["call"] async for row in rows}
    return [ids[one["ticket"]["number"]] for one in openings]


async def get(conn: Connection, number: int) -> Row | None:
    """The ticket's row, or None."""
    return await _sql.get(conn, number=number)


async def load(conn: Connection, terms: Terms, number: int, *, lock: bool = False) -> Loaded | None:
    """The ticket with terms and timeline; with `lock` it is this transaction's until it ends."""
    row = await (_sql.lock if lock else _sql.get)(conn, number=number)
    if row is None:
        return None
    contract = await terms.of(conn, row["contract_version"]) if row["contract_version"] else None
    return Loaded(row, contract, [entry_of(entry) async for entry in _sql.entries_of(conn, number=number)])


async def load_many(conn: Connection, terms: Terms, numbers: Iterable[int]) -> dict[int, Loaded]:
    """Several tickets with terms and timelines, by number."""
    wanted = list(set(numbers))
    rows = {row["number"]: row async for row in _sql.heads_of_all(conn, numbers=wanted)}
    contracts = await terms.of_all(conn, {row["contract_version"] for row in rows.values() if row["contract_version"]})
    entries = [row async for row in _sql.entries_of_all(conn, numbers=wanted)]
    by_ticket = {number: [entry_of(row) for row in group] for number, group in groupby(entries, lambda e: e["ticket"])}
    return {
        number: Loaded(row, contracts.get(row["contract_version"]), by_ticket.get(number, []))
        for number, row in rows.items()
    }


async def number_of(conn: Connection, ref: str) -> int | None:
    """The number of the ticket with this reference, or None."""
    number: int | None = await _sql.by_ref(conn, ref=ref)
    return number


async def entries_of(conn: Connection, number: int) -> list[Row]:
    """The timeline as stored, in recorded order."""
    return [row async for row in _sql.entries_of(conn, number=number)]


def chain(head: bytes, number: int, entries: Sequence[Entry], now: datetime, by: str) -> tuple[list[str], list[bytes]]:
    """The texts and hashes of new entries that follow `head`."""
    texts, hashes, recorded_at = [], [], micros(now)
    for entry in entries:
        text = data_text(entry.data)
        head = entry_hash(head, number, entry.seq, entry.type, entry.at, recorded_at, by, text)
        texts.append(text)
        hashes.append(head)
    return texts, hashes


async def append(conn: Connection, number: int, head: bytes, entries: Sequence[Entry], now: datetime, by: str) -> bytes:
    """Adds entries to the ledger and returns the new head."""
    texts, hashes = chain(head, number, entries, now, by)
    await _sql.append(
        conn,
        number=number,
        seq=[entry.seq for entry in entries],
        type=[entry.type for entry in entries],
        at=[instant(entry.at) for entry in entries],
        data=texts,
        hash=hashes,
        now=now,
        by=by,
    )
    return hashes[-1]


async def summarize(conn: Connection, number: int, values: dict[str, Any]) -> None:
    """Stores what the timeline now says of the ticket."""
    await _sql.summarize(conn, number=number, **values)


def summarized(timeline: Timeline, at: int) -> dict[str, Any]:
    """What the timeline says of the ticket at an instant (microseconds)."""
    standing = timeline.as_of(at)
    latest = len(standing.entries)
    return {
        "kind": standing.kind,
        "category": standing.category,
        "region": standing.region_at(latest),
        "phase": standing.phase,
        "severity": standing.severity_at(latest),
        "state": ticket_state(timeline, at),
        "assignee": assignee(timeline, at),
        "reported_at": instant(timeline.entries[0].at),
    }


async def attach(conn: Connection, number: int, contract: int, version: int) -> None:
    """Pins the ticket to a contract version."""
    await _sql.attach(conn, number=number, contract=contract, contract_version=version)


async def change(conn: Connection, number: int, values: dict[str, Any]) -> None:
    """Changes what is not the timeline's: title, description, customer, asset."""
    await _sql.change(conn, number=number, **values)


async def link(conn: Connection, number: int, other: int, kind: str, by: str, now: datetime) -> None:
    """Links two tickets; a second time changes nothing."""
    await _sql.link(conn, ticket=number, other=other, kind=kind, by=by, now=now)


async def links_of(conn: Connection, number: int) -> list[Row]:
    """Links from and to a ticket."""
    return [row async for row in _sql.links_of(conn, number=number)]


async def move_calls(conn: Connection, number: int, into: int) -> None:
    """Hands all calls of one ticket to another."""
    await _sql.move_calls(conn, number=number, into=into)


async def page(conn: Connection, after: int, limit: int) -> list[Row]:
    """Tickets by number for a walk over all of them."""
    return [row async for row in _sql.page_numbers(conn, after=after, limit=limit)]


async def chain_rows(conn: Connection, numbers: list[int]) -> list[Row]:
    """Entries with their data as the text that was hashed."""
    return [row async for row in _sql.chain(conn, numbers=numbers)]


# Every ticket is read: in the collation "C" (only a to z are the same as A to Z) that takes a tenth of the time.
_SAID = (
    't.title ilike {0} collate "C" or t.ref ilike {0} collate "C" or t.number::text like {0}'
    ' or t.account = any (array(select id from accounts where name ilike {0} collate "C"))'
)
_FILTERS = {
    "state": "t.state = any ({})",
    "severity": "t.severity = {}",
    "contract": "k.code = {}",
    "assignee": "t.assignee = {}",
    "ref": "t.ref = {}",
    "account": "t.account = {}",
    "before": "t.number < {}",
    "due_before": "exists (select 1 from clocks c where c.ticket = t.number and not c.void and c.stopped_at is null"
    " and c.due_at < {})",
    "q": f"({_SAID} or t.caller like {{0}})",
    "words": f"({_SAID})",
    "partner": "t.assignee in (select login from users where partner = {})",
}


async def search(conn: Connection, filters: dict[str, Any], limit: int) -> list[Row]:
    """Tickets that pass all filters, newest first; the keys are those of `_FILTERS`."""
    conditions = [_FILTERS[name].format(f"${place}") for place, name in enumerate(filters, 1)]
    # the conditions are constants of this file; values travel as parameters
    text = f"""
        select t.*, k.code as contract_code, a.name as account_name, s.name as site_name, c.name as contact_name
        from tickets t
        left join contracts k on k.id = t.contract
        left join accounts a on a.id = t.account
        left join sites s on s.id = t.site
        left join contacts c on c.id = t.contact
        where {" and ".join(conditions) or "true"}
        order by t.number desc
        limit {int(limit)}"""  # noqa: S608
    return list(await conn.fetch(text, *filters.values()))
