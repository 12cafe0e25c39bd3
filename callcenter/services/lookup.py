"""The caller card: who calls, what they are covered by, what is open, what was said before."""

from datetime import date, datetime

import msgspec

from callcenter.services.calls import CallShown, call_shown
from callcenter.services.context import Context
from callcenter.services.phones import e164
from callcenter.store import calls, contracts, lookup
from callcenter.store.types import Connection, Row


class ContactCard(msgspec.Struct, kw_only=True):
    """Somebody with the number."""

    id: int
    name: str
    phone: str | None
    email: str | None
    account: int | None
    site: int | None


class AccountCard(msgspec.Struct, kw_only=True):
    """The customer."""

    id: int
    name: str
    grade: str | None
    complaint: bool


class SiteCard(msgspec.Struct, kw_only=True):
    """A place of the customer."""

    id: int
    name: str
    region: str | None
    address: str | None


class CoverCard(msgspec.Struct, kw_only=True):
    """A contract of the customer, covered now or not."""

    contract: str
    title: str
    covered: bool
    valid_from: date
    valid_until: date


class AssetCard(msgspec.Struct, kw_only=True):
    """A piece of equipment and its guarantee."""

    id: int
    serial: str
    model: str | None
    product_line: str | None
    site: int | None
    warranty_until: date | None
    in_warranty: bool


class OpenTicketCard(msgspec.Struct, kw_only=True):
    """A ticket that is not over; `calls` on this fault so far."""

    number: int
    title: str
    state: str
    severity: int | None
    assignee: str | None
    reported_at: datetime
    contract: str | None
    calls: int


class SpokenCard(msgspec.Struct, kw_only=True):
    """Promises made by word of mouth on the open tickets."""

    made: int
    kept: int


class CallerCard(msgspec.Struct, kw_only=True):
    """Everything known about a telephone number; `ambiguous` when several customers share it."""

    phone: str
    ambiguous: bool
    contacts: list[ContactCard]
    account: AccountCard | None
    sites: list[SiteCard]
    contracts: list[CoverCard]
    assets: list[AssetCard]
    open_tickets: list[OpenTicketCard]
    last_calls: list[CallShown]
    calls_on_this_fault: int
    promises: SpokenCard


_COVER = [name for name in CoverCard.__struct_fields__ if name != "contract"]
_TICKET = [name for name in OpenTicketCard.__struct_fields__ if name != "contract"]


async def caller_card(conn: Connection, context: Context, raw: str, now: datetime) -> CallerCard:
    """The card of a number; an unknown one has an empty card."""
    phone = e164(raw, context.settings.default_region) or raw
    people = await lookup.contacts_of(conn, phone)
    accounts = {row["account"]: row for row in people if row["account"] is not None}
    known = next(iter(accounts.values())) if len(accounts) == 1 else None
    return await card_of(conn, phone, people, known, now, ambiguous=len(accounts) > 1)


async def card_of(
    conn: Connection, phone: str, people: list[Row], known: Row | None, now: datetime, *, ambiguous: bool = False
) -> CallerCard:
    """The card of these contacts and the customer they belong to, as far as one is known."""
    account = known["account"] if known else None
    open_rows = await lookup.open_tickets(conn, account, phone)
    spoken = await lookup.spoken(conn, [row["number"] for row in open_rows])
    covers = await contracts.of_account(conn, account, now) if account else []
    assets = await lookup.assets_of(conn, account, now.date()) if account else []
    return CallerCard(
        phone=phone,
        ambiguous=ambiguous,
        contacts=[ContactCard(**{name: row[name] for name in ContactCard.__struct_fields__}) for row in people],
        account=_account(known) if known else None,
        sites=[SiteCard(**dict(row)) for row in (await lookup.sites_of(conn, account) if account else [])],
        contracts=[CoverCard(contract=row["code"], **{name: row[name] for name in _COVER}) for row in covers],
        assets=[AssetCard(**dict(row)) for row in assets],
        open_tickets=[
            OpenTicketCard(contract=row["contract_code"], **{name: row[name] for name in _TICKET})
            for row in open_rows
        ],
        last_calls=[call_shown(row) for row in await calls.last_of(conn, phone, 5)],
        calls_on_this_fault=max((row["calls"] for row in open_rows), default=0),
        promises=SpokenCard(made=spoken["made"], kept=spoken["kept"]),
    )  # fmt: skip


def _account(row: Row) -> AccountCard:
    return AccountCard(id=row["account"], name=row["account_name"], grade=row["grade"], complaint=row["complaint"])
