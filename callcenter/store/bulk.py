"""Many rows at once, for imports: one statement a table and chunk, and nothing twice."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)
# Any constant will do, as long as no other lock of the service has it.
_LOCK = 0x696D706F

# Contact by account, name and E.164 number.
Caller = tuple[int | None, str, str | None]


async def hold(conn: Connection) -> None:
    """No other import writes until this transaction ends."""
    await _sql.hold(conn, key=_LOCK)


async def numbers(conn: Connection, count: int) -> list[int]:
    """So many fresh ticket numbers, ascending."""
    return [row["number"] async for row in _sql.numbers(conn, count=count)] if count else []


async def tickets_of_refs(conn: Connection, refs: Iterable[str]) -> dict[str, int]:
    """Numbers of the stored tickets among these refs."""
    return {row["ref"]: row["number"] async for row in _sql.tickets_of_refs(conn, refs=list(refs))}


async def call_refs(conn: Connection, refs: Iterable[str]) -> set[str]:
    """The stored ones of these calls' refs."""
    return {row["ref"] async for row in _sql.call_refs(conn, refs=list(refs))}


async def versions_of(conn: Connection, codes: Iterable[str]) -> list[Row]:
    """All versions of the contracts, by code, the one that counts first where several are effective."""
    return [row async for row in _sql.versions_of(conn, codes=list(codes))]


async def add_tickets(conn: Connection, rows: Sequence[Mapping[str, Any]], now: datetime) -> set[int]:
    """Stores tickets whose ref is not there yet and returns their numbers."""
    return {row["number"] async for row in _sql.add_tickets(conn, now=now, **_columns(rows))}


async def add_entries(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Adds ledger rows: ticket, seq, type, occurred_at, recorded_at, by, data text, hash."""
    names = ("ticket", "seq", "type", "occurred_at", "recorded_at", "by", "data", "hash")
    await _sql.add_entries(conn, **dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


async def add_calls(conn: Connection, rows: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Stores calls whose ref is not there yet and returns how many."""
    return len([row async for row in _sql.add_calls(conn, now=now, **_columns(rows))])


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


async def ensure_queues(conn: Connection, names: list[str], now: datetime) -> tuple[dict[str, int], int]:
    """The ids of the queues, and how many had to be created."""
    created = [row async for row in _sql.add_queues(conn, names=names, now=now)]
    return {row["name"]: row["id"] async for row in _sql.queue_ids(conn, names=names)}, len(created)


async def ensure_agents(conn: Connection, agents: Sequence[tuple[str, str]], now: datetime) -> int:
    """There is a user for each (login, name); returns how many had to be created."""
    logins, names = [login for login, _ in agents], [name for _, name in agents]
    return len([row async for row in _sql.add_agents(conn, logins=logins, names=names, now=now)])


async def ensure_contacts(conn: Connection, callers: Sequence[Caller], now: datetime) -> tuple[list[int | None], int]:
    """The contact of each caller, None where several share the number, and how many had to be created.

    A number is one person wherever it appears; a bare name is one person of its account.
    """
    known = await _known_contacts(conn, callers)
    new = {key: caller for caller in callers if (key := _key(caller)) not in known}
    if new:
        accounts, names, phones = zip(*new.values(), strict=True)
        rows = _sql.add_contacts(conn, accounts=list(accounts), names=list(names), phones=list(phones), now=now)
        async for row in rows:
            known[_key((row["account"], row["name"], row["phone"]))] = row["id"]
    return [known[_key(caller)] for caller in callers], len(new)


def _key(caller: Caller) -> tuple[int | None, str]:
    account, name, phone = caller
    return (None, f"tel:{phone}") if phone is not None else (account, f"name:{name}")


async def _known_contacts(conn: Connection, callers: Sequence[Caller]) -> dict[tuple[int | None, str], int | None]:
    phones = [phone for _, _, phone in callers if phone is not None]
    named = [(account, name) for account, name, phone in callers if phone is None]
    known: dict[tuple[int | None, str], int | None] = {}
    if phones:
        async for row in _sql.contacts_by_phone(conn, phones=phones):
            known[_key((None, "", row["phone"]))] = row["contact"]
    if named:
        accounts, names = [account for account, _ in named], [name for _, name in named]
        async for row in _sql.contacts_by_name(conn, accounts=accounts, names=names):
            known[_key((row["account"], row["name"], None))] = row["contact"]
    return known
