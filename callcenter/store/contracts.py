"""Contracts and their versions. A stored version never changes, so its parsed terms may be kept by id for good."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from callcenter.store import queries
from callcenter.store.types import Asking, Connection, Row
from sla.contract import Contract, read

_sql = queries.load(__file__)


class Terms:
    """The parsed terms of contract versions, read once each."""

    def __init__(self) -> None:
        self._by_version: dict[int, Contract] = {}

    async def of(self, conn: Asking, version: int) -> Contract:
        """The terms of one stored version."""
        known = self._by_version.get(version)
        if known is None:
            known = self._by_version[version] = read(await _sql.source_of(conn, id=version))
        return known

    async def of_all(self, conn: Connection, versions: Iterable[int]) -> dict[int, Contract]:
        """The terms of several stored versions, by id."""
        wanted = set(versions)
        missing = [version for version in wanted if version not in self._by_version]
        if missing:
            async for row in _sql.sources(conn, ids=missing):
                self._by_version[row["id"]] = read(row["source"])
        return {version: self._by_version[version] for version in wanted}


async def in_force(conn: Connection, code: str, at: datetime) -> Row | None:
    """The version (`id`, `contract`, `account`) of the contract that counts at the instant, or None."""
    return await _sql.in_force(conn, code=code, at=at)


async def covering(conn: Asking, account: int, site: int | None, at: datetime) -> list[Row]:
    """The contracts in force for an account and site at the instant."""
    return [row async for row in _sql.covering(conn, account=account, site=site, at=at)]


async def of_account(conn: Connection, account: int, at: datetime) -> list[Row]:
    """All contracts of an account, each with `covered` at the instant."""
    return [row async for row in _sql.of_account(conn, account=account, at=at)]


async def by_code(conn: Asking, code: str) -> Row | None:
    """The contract's row, or None."""
    return await _sql.by_code(conn, code=code)


async def versions(conn: Connection, code: str) -> list[Row]:
    """All versions of a contract, oldest first."""
    return [row async for row in _sql.versions(conn, code=code)]


async def listing(conn: Connection, after: str, limit: int) -> list[Row]:
    """Contracts with their newest version, by code, after the given one."""
    return [row async for row in _sql.listing(conn, after=after, limit=limit)]


async def ensure(conn: Connection, code: str, customer: str, now: datetime) -> Row:
    """The contract's row (`id`, `account`); it and the customer's account are created where missing."""
    account = await _sql.account_named(conn, name=customer, now=now)
    return await _sql.ensure(conn, code=code, account=account, now=now)


async def add_version(
    conn: Connection, contract: int, terms: Contract, source: str, content_hash: bytes, now: datetime, by: str
) -> int:
    """Stores a version and returns its id."""
    added: int = await _sql.add_version(
        conn,
        contract=contract,
        version=terms.version,
        effective=terms.effective,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        timezone=terms.timezone,
        title=terms.title,
        source=source,
        content_hash=content_hash,
        now=now,
        by=by,
    )
    return added


async def cover(conn: Connection, code: str, coverage: dict[str, Any]) -> None:
    """Sets which further accounts, which sites and which queues a contract covers."""
    await _sql.cover(conn, code=code, **coverage)


async def codes_of(conn: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Contract codes by id."""
    return {row["id"]: row["code"] async for row in _sql.codes_of(conn, ids=list(ids))}


async def existing(conn: Connection, table: str, ids: list[int]) -> set[int]:
    """Those of the ids that are in the table (a constant of the caller's code)."""
    rows = await conn.fetch(f"select id from {table} where id = any ($1)", ids)  # noqa: S608
    return {row["id"] for row in rows}
