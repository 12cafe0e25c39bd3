"""Customers as pages show them: found by whatever is known of them, and everything about one at a glance."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callcenter.errors import NotFound
from callcenter.rights import may
from callcenter.services import finding
from callcenter.services.context import Context
from callcenter.services.phones import masked
from callcenter.services.types import Actor
from callcenter.services.zones import zone_of
from callcenter.store import contracts, resources
from callcenter.store import customers as store
from callcenter.store.types import Connection, Row

AT_ONCE, MOST = 50, 100
# Faults of one piece of equipment within so long are told together.
LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Found:
    """A customer in a list; `by` says what of it was found."""

    row: Row
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything about one customer; lists are cut at `MOST`, `counts` says how much there is."""

    account: Row
    zone: str
    sites: list[Row]
    contacts: list[dict[str, object]]
    assets: list[Row]
    contracts: list[Row]
    open_tickets: list[Row]
    last_tickets: list[Row]
    counts: Row


async def listing(conn: Connection, after: str, now: datetime) -> tuple[list[Found], str | None]:
    """Customers by name after the given one, and the name to go on from."""
    rows = await store.listing(conn, None, after.replace("\x00", ""), AT_ONCE + 1, now)
    more = rows[AT_ONCE - 1]["name"] if len(rows) > AT_ONCE else None
    return [Found(row) for row in rows[:AT_ONCE]], more


async def search(conn: Connection, text: str, actor: Actor, now: datetime) -> list[Found]:
    """The customers the text may mean, best first: by name, initials, telephone number, serial number."""
    hits = [hit for hit in await finding.find(conn, text, actor, AT_ONCE) if hit.account is not None]
    by: dict[int, list[str]] = {}
    for hit in hits:
        assert hit.account is not None
        said = by.setdefault(hit.account, [])
        if hit.kind != "account":
            said.append(" · ".join(part for part in (hit.label, hit.phone or "") if part))
    rows = {row["id"]: row for row in await store.listing(conn, list(by), "", len(by), now)}
    return [Found(rows[account], tuple(said)) for account, said in by.items() if account in rows]


async def overview(conn: Connection, context: Context, account: int, actor: Actor, now: datetime) -> Overview:
    """Everything about one customer; NotFound where there is none."""
    row = await resources.get(conn, "accounts", account)
    if row is None:
        raise NotFound(f"no record {account} among accounts")
    zone = zone_of(None, context.settings.default_region)
    today = now.astimezone(ZoneInfo(zone)).date()
    people = [dict(one) for one in await store.contacts(conn, account, MOST)]
    if not may(actor.role, "phones.read"):
        people = [{**one, "phone": masked(one["phone"]), "phone_raw": masked(one["phone_raw"])} for one in people]
    return Overview(
        account=row,
        zone=zone,
        sites=await store.sites(conn, account, MOST),
        contacts=people,
        assets=await store.assets(conn, account, today, now - LATELY, MOST),
        contracts=await contracts.of_account(conn, account, now),
        open_tickets=await store.open_tickets(conn, account, MOST),
        last_tickets=await store.last_tickets(conn, account, 10),
        counts=await store.counts(conn, account),
    )
