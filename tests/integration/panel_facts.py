"""The demo's three months and a busy day as bare rows, and what PostgreSQL panels show of them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callcenter.demo.seed import seed
from callcenter.now import system_now
from callcenter.services.context import Context
from callcenter.settings import Settings
from callcenter.store.pool import open_pool
from tests.conftest import Databases
from tests.integration.panel_variety import ELSEWHERE, OTHER, vary
from tests.integration.test_dashboards import SQL, _day, _filled

Row = dict[str, Any]
DONE = ("closed", "cancelled")
DAY = timedelta(days=1)


class Facts:
    """The tables panels read, whole, as they stand at `now`; and what was chosen at the top of the dashboards."""

    now: datetime
    tickets: dict[int, Row]
    clocks: list[Row]
    entries: list[Row]
    contracts: dict[int, Row]
    accounts: dict[int, str]
    users: dict[str, Row]
    chosen: dict[str, list[str]]
    shown: dict[str, list[Row]]

    def person(self, ticket: Row, nobody: str | None = "-") -> str | None:
        """Who has the ticket, by name where it is one of ours."""
        known = self.users.get(ticket["assignee"] or "")
        return known["name"] if known else ticket["assignee"] or nobody

    def code(self, ticket: Row) -> str | None:
        """The contract's code."""
        return self.contracts[ticket["contract"]]["code"] if ticket["contract"] else None

    def picked(self, ticket: Row) -> bool:
        """Whether the ticket's contract and region are among those chosen."""
        return self.code(ticket) in self.chosen["contract"] and (ticket["region"] or "-") in self.chosen["region"]

    def open_clocks(self) -> list[Row]:
        """Clocks with a deadline that have not stopped."""
        return [one for one in self.clocks if one["stopped_at"] is None and one["due_at"] and not one["void"]]

    def picked_clocks(self) -> list[Row]:
        """Of these, those of chosen tickets."""
        return [
            one
            for one in self.open_clocks()
            if self.picked({**self.tickets[one["ticket"]], "contract": one["contract"]})
        ]

    def cases(self) -> Iterator[tuple[str, Row, str]]:
        """Contract, clock and result of each clock whose deadline falls into the contract's running month."""
        for clock in self.clocks:
            contract = self.contracts[clock["contract"]]
            if clock["void"] or clock["due_at"] is None or contract["code"] not in self.chosen["contract"]:
                continue
            zone = ZoneInfo(contract["timezone"])
            here, due = self.now.astimezone(zone), clock["due_at"].astimezone(zone)
            if (here.year, here.month) != (due.year, due.month):
                continue
            late = "breached" if clock["due_at"] < self.now else "open"
            result = late if clock["state"] == "running" else clock["state"]
            if result in ("met", "breached", "cancelled", "open"):
                yield contract["code"], clock, result


def _asked(param: Any) -> tuple[str, dict[str, Any]]:
    sql, panel = param.values
    return str(sql), panel


def _latest(rows: Sequence[Row]) -> Row:
    return max(rows, key=lambda row: row["version"])


async def read(databases: Databases, name: str) -> Facts:
    """The facts of the demo's past and a busy day, in a database that was empty; and what panels show of them."""
    facts = Facts()
    pool = await open_pool(databases.url(name), size=4)
    try:
        await seed(pool, Context(Settings(), system_now), system_now())
        await _day(pool, system_now())
        async with pool.acquire() as conn:
            await vary(conn)
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            facts.now = await conn.fetchval("select now()")
            rows: dict[str, list[Row]] = {
                table: [dict(one) for one in await conn.fetch(f"select * from {table}")]
                for table in ("tickets", "clocks", "entries", "contracts", "contract_versions", "accounts", "users")
            }
            versions: dict[int, list[Row]] = defaultdict(list)
            for one in rows["contract_versions"]:
                versions[one["contract"]].append(one)
            facts.tickets = {one["number"]: one for one in rows["tickets"]}
            facts.clocks, facts.entries = rows["clocks"], rows["entries"]
            facts.contracts = {one["id"]: {**_latest(versions[one["id"]]), **one} for one in rows["contracts"]}
            facts.accounts = {one["id"]: one["name"] for one in rows["accounts"]}
            facts.users = {one["login"]: one for one in rows["users"]}
            facts.chosen = {
                "contract": sorted({one["code"] for one in rows["contracts"]} - {OTHER}),
                "region": sorted({one["region"] or "-" for one in rows["tickets"]} - {ELSEWHERE}),
                "commitment": ["on_site"],
            }
            facts.shown = {
                str(panel["title"]): [
                    dict(row) for row in await conn.fetch(_filled(sql, facts.chosen, facts.now))
                ]
                for sql, panel in map(_asked, SQL)
            }  # fmt: skip
    finally:
        await pool.close()
    return facts
