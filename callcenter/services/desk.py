"""A caller on the line: everything the form beside the telephone needs to know, before anything is saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from callcenter.errors import NotFound
from callcenter.services import lookup
from callcenter.services.calls import CallShown, call_shown
from callcenter.services.context import Context
from callcenter.services.lookup import AssetCard, CallerCard, ContactCard, OpenTicketCard, SiteCard
from callcenter.services.phones import e164
from callcenter.services.types import Id, Phone
from callcenter.store import calls, contracts, finding
from callcenter.store import lookup as store_lookup
from callcenter.store.types import Connection
from sla.contract import Contract

# After the second contact that did not solve it, somebody goes there unless there is a reason not to.
VISIT_AFTER = 2


class Pick(msgspec.Struct, kw_only=True):
    """Who is on the line, as far as the ring or the agent has said."""

    phone: Phone | None = None
    contact: Id | None = None
    account: Id | None = None
    asset: Id | None = None
    site: Id | None = None
    contract: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """An open ticket the call may be about: what it has cost so far, what is due next, whether a visit is due."""

    ticket: OpenTicketCard
    people: int
    made: int
    kept: int
    due_at: datetime | None
    commitment: str | None
    timezone: str
    visit_due: bool


@dataclass(frozen=True, slots=True)
class Cover:
    """A contract in force for the caller now, with what the form asks because of it."""

    code: str
    title: str
    valid_until: date
    terms: Contract

    @property
    def asked(self) -> Mapping[str, Mapping[str, str]]:
        """The facts its grading depends on, beyond impact and liability."""
        used = {name for rule in self.terms.grading for name in rule.when}
        return {name: self.terms.facts[name] for name in self.terms.facts if name in used - {"impact", "liability"}}


@dataclass(frozen=True, slots=True)
class Desk:
    """The caller as the form takes them; `contact`, `site`, `asset`, `cover` are the ones settled so far."""

    card: CallerCard
    contact: ContactCard | None
    site: SiteCard | None
    asset: AssetCard | None
    covers: list[Cover]
    cover: Cover | None
    offers: list[Offer]
    attachable: bool

    @property
    def region(self) -> str | None:
        """The region of the site, where the contract knows it."""
        known = self.site.region if self.site else None
        return known if self.cover and known in self.cover.terms.regions else None

    @property
    def regions(self) -> Mapping[str, str]:
        """The regions to choose from where the site does not tell."""
        return self.cover.terms.regions if self.cover and self.region is None else {}

    @property
    def known(self) -> bool:
        """True when it is plain which customer calls."""
        return self.card.account is not None


async def desk(conn: Connection, context: Context, pick: Pick, now: datetime) -> Desk:
    """Everything known of the caller; NotFound where what was picked is gone."""
    card, contact = await _card(conn, context, pick, now)
    asset = next((one for one in card.assets if one.id == pick.asset), None)
    wanted = pick.site or (contact.site if contact else None) or (asset.site if asset else None)
    site = next((one for one in card.sites if one.id == wanted), None)
    if site is None and len(card.sites) == 1:
        site = card.sites[0]
    covers = await _covers(conn, context, card, site, now)
    cover = next((one for one in covers if one.code == pick.contract), covers[0] if len(covers) == 1 else None)
    offers = await _offers(conn, card.open_tickets)
    attachable = bool(pick.phone) and card.account is not None and not _has(card, contact)
    return Desk(card, contact, site, asset, covers, cover, offers, attachable)


def _has(card: CallerCard, contact: ContactCard | None) -> bool:
    """Whether the number is that of somebody the customer is already known by."""
    known = card.account.id if card.account else None
    people = [contact] if contact else [one for one in card.contacts if one.account == known]
    return any(one.phone == card.phone for one in people)


async def _card(conn: Connection, context: Context, pick: Pick, now: datetime) -> tuple[CallerCard, ContactCard | None]:
    phone = (e164(pick.phone, context.settings.default_region) or pick.phone) if pick.phone else ""
    if pick.contact is not None:
        person = await finding.contact(conn, pick.contact)
        if person is None:
            raise NotFound(f"no contact {pick.contact}")
        card = await lookup.card_of(
            conn, phone or person["phone"] or "", [person], person if person["account"] else None, now
        )
        return card, card.contacts[0]
    account = pick.account
    if account is None and pick.asset is not None:
        equipment = await finding.asset(conn, pick.asset)
        account = equipment["account"] if equipment else None
    if account is not None:
        known = await finding.account(conn, account)
        if known is None:
            raise NotFound(f"no account {account}")
        people = [row for row in await store_lookup.contacts_of(conn, phone) if row["account"] == account]
        card = await lookup.card_of(conn, phone, people, known, now)
    else:
        card = await lookup.caller_card(conn, context, phone, now)
    return card, card.contacts[0] if len(card.contacts) == 1 else None


async def _covers(
    conn: Connection, context: Context, card: CallerCard, site: SiteCard | None, now: datetime
) -> list[Cover]:
    if card.account is None:
        return []
    rows = await contracts.covering(conn, card.account.id, site.id if site else None, now)
    terms = await context.terms.of_all(conn, [row["id"] for row in rows])
    return [Cover(row["code"], row["title"], row["valid_until"], terms[row["id"]]) for row in rows]


async def _offers(conn: Connection, open_tickets: list[OpenTicketCard]) -> list[Offer]:
    numbers = [one.number for one in open_tickets]
    if not numbers:
        return []
    effort = await finding.effort(conn, numbers)
    due = await finding.next_due(conn, numbers)
    return [
        Offer(
            ticket=one,
            people=effort[one.number]["people"],
            made=effort[one.number]["made"],
            kept=effort[one.number]["kept"],
            due_at=due[one.number]["due_at"] if one.number in due else None,
            commitment=due[one.number]["commitment"] if one.number in due else None,
            timezone=due[one.number]["timezone"] if one.number in due else "UTC",
            visit_due=effort[one.number]["calls"] >= VISIT_AFTER and not effort[one.number]["visit"],
        )
        for one in open_tickets
    ]


@dataclass(frozen=True, slots=True)
class Ring:
    """A call that is ringing or was just answered, with whoever it is from."""

    call: CallShown
    desk: Desk


async def ring(conn: Connection, context: Context, call: int, now: datetime) -> Ring:
    """The call with its caller's card; NotFound where there is none."""
    row = await calls.get(conn, call)
    if row is None:
        raise NotFound(f"no call {call}")
    return Ring(call_shown(row), await desk(conn, context, Pick(phone=row["caller"]), now))
