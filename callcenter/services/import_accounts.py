"""Customers from elsewhere: accounts with their sites, contacts and equipment, a row for each combination."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec

from callcenter.services.importing import LineRefused, Report
from callcenter.services.phones import e164
from callcenter.services.types import Line, Phone
from callcenter.settings import Settings
from callcenter.store import bulk, resources
from callcenter.store.types import Connection, Row

ALIASES = {"asset": "serial", "asset_serial": "serial"}
_SLASHED = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")


class AccountLine(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A customer, and of it perhaps a site, a person and a piece of equipment. What is left out stays as it is."""

    account: Line
    grade: Line | None = None
    site: Line | None = None
    region: Line | None = None
    address: Line | None = None
    contact: Line | None = None
    phone: Phone | None = None
    email: Line | None = None
    serial: Line | None = None
    model: Line | None = None
    product_line: Line | None = None
    warranty_until: Line | None = None


class _Undone(Exception):
    """Ends a dry run."""


async def import_accounts(
    conn: Connection,
    settings: Settings,
    lines: Iterable[tuple[int, AccountLine | LineRefused]],
    now: datetime,
    *,
    dry_run: bool = False,
) -> Report:
    """The rows are stored, all but the refused in one transaction; a second time changes nothing."""
    report = Report(dry_run=dry_run, loaded={"rows": 0}, created={}, refused=[])
    work = _Import(conn, settings.default_region, report, now)
    try:
        async with conn.transaction():
            await bulk.hold(conn)
            for number, line in lines:
                await work.take(number, line)
            if dry_run:
                raise _Undone
    except _Undone:
        pass
    return report


class _Import:
    """Takes row after row; remembers what it has settled, as rows repeat their account and site."""

    def __init__(self, conn: Connection, region: str, report: Report, now: datetime) -> None:
        self._conn = conn
        self._region = region
        self._report = report
        self._now = now
        self._settled: dict[tuple[Any, ...], int] = {}
        self._new = 0
        for table in ("accounts", "sites", "contacts", "assets"):
            report.made(table, 0)

    async def take(self, number: int, line: AccountLine | LineRefused) -> None:
        """The row is stored, there already, or refused with nothing of it stored."""
        self._new = 0
        try:
            if isinstance(line, LineRefused):
                raise line
            _check(line)
            until = _date(line.warranty_until)
            await self._check_asset(line)
        except LineRefused as why:
            self._report.refuse(number, why)
            return
        account = await self._once("accounts", {"name": line.account}, {"grade": line.grade})
        site = None
        if line.site is not None:
            place = {"region": line.region, "address": line.address}
            site = await self._once("sites", {"account": account, "name": line.site}, place)
        if line.contact or line.phone or line.email:
            await self._contact(line, account, site)
        if line.serial is not None:
            asset = {"account": account, "site": site, "model": line.model, "product_line": line.product_line}
            await self._settle("assets", {"serial": line.serial}, {**asset, "warranty_until": until})
        if self._new:
            self._report.count("rows", 1)
        else:
            self._report.already_there += 1

    async def _check_asset(self, line: AccountLine) -> None:
        """A serial number stays with its customer: two customers with one are a mistake in one of the rows."""
        if line.serial is None:
            return
        for asset in await resources.page(self._conn, "assets", {"serial": line.serial}, 0, 1, {}):
            owner: Row = await resources.get(self._conn, "accounts", asset["account"])
            if owner["name"] != line.account:
                reason = f"the serial number {line.serial} belongs to {owner['name']}"
                raise LineRefused("serial", "other_account", reason)

    async def _contact(self, line: AccountLine, account: int, site: int | None) -> None:
        """A person is known by name and number, or by the one of the two that is known so far."""
        phone = (e164(line.phone, self._region) or line.phone) if line.phone is not None else None
        name = line.contact or line.phone or line.email
        values = {"account": account, "site": site, "email": line.email, "name": name}
        if phone is not None:
            values |= {"phone": phone, "phone_raw": line.phone}
        row = await self._person(account, line.contact, phone, line.email)
        if row is not None:
            values = {field: value for field, value in values.items() if field not in ("phone_raw", "name")}
            if line.contact is not None:
                values["name"] = line.contact
        await self._write("contacts", row, values)

    async def _person(self, account: int, name: str | None, phone: str | None, email: str | None) -> Row | None:
        if phone is None:
            return await self._find("contacts", {"account": account, **({"name": name} if name else {"email": email})})
        shared = await resources.page(self._conn, "contacts", {"account": account, "phone": phone}, 0, 100, {})
        if name is None:
            return shared[0] if shared else None
        for row in shared:
            if row["name"] in (name, row["phone_raw"]):
                return row
        named = await resources.page(self._conn, "contacts", {"account": account, "name": name}, 0, 100, {})
        return next((row for row in named if row["phone"] is None), None)

    async def _once(self, table: str, key: dict[str, Any], values: dict[str, Any]) -> int:
        same = (table, *key.values(), *values.values())
        if same not in self._settled:
            self._settled[same] = await self._settle(table, key, values)
        return self._settled[same]

    async def _find(self, table: str, key: dict[str, Any]) -> Row | None:
        rows = await resources.page(self._conn, table, key, 0, 1, {})
        return rows[0] if rows else None

    async def _settle(self, table: str, key: dict[str, Any], values: dict[str, Any]) -> int:
        return await self._write(table, await self._find(table, key), {**key, **values})

    async def _write(self, table: str, row: Row | None, values: dict[str, Any]) -> int:
        """The record, new where there is no row, has these values; returns its id. What is not given stays."""
        given = {name: value for name, value in values.items() if value is not None}
        if row is None:
            row = await resources.add(self._conn, table, given, self._now)
            self._report.made(table, 1)
            self._new += 1
        elif changed := {name: value for name, value in given.items() if row[name] != value}:
            await resources.change(self._conn, table, row["id"], changed, self._now)
            self._new += 1
        found: int = row["id"]
        return found


def _check(line: AccountLine) -> None:
    for field, needed in (("region", "site"), ("address", "site"), ("model", "serial"), ("product_line", "serial"),
                          ("warranty_until", "serial")):  # fmt: skip
        if getattr(line, field) is not None and getattr(line, needed) is None:
            raise LineRefused(field, f"{needed}_needed", f"a {field} is that of a {needed}, and the row has none")


def _date(text: str | None) -> date | None:
    """The day, written as 2026-12-31 or, as Excel does, 2026/12/31."""
    if text is None:
        return None
    slashed = _SLASHED.fullmatch(text)
    try:
        return date(*map(int, slashed.groups())) if slashed else date.fromisoformat(text)
    except ValueError as error:
        raise LineRefused("warranty_until", "bad_value", f"{text!r} is no day; write it as 2026-12-31") from error
