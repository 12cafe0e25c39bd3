"""Whom the demo's hotline serves: contracts, and for each its places, people with telephones and equipment."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

import callcenter
from callcenter.demo.people import US
from callcenter.services import contracts, resources
from callcenter.services.context import Context
from callcenter.services.resources import RESOURCES, Asset, Contact, Site
from callcenter.store.types import Connection

PUBLIC_HEALTH, OFFICE, PC_CARE, LIVE = "HF-2026-PH", "OFFICE-2026", "PC-CARE-2026", "LIVE-DEMO"
# The past that is made up must be covered, and so must the running demo.
_BEFORE, _AFTER = timedelta(days=120), timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Place:
    """A site with the person who calls from there and one piece of equipment."""

    name: str
    region: str | None
    address: str
    person: str
    phone: str
    serial: str
    model: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A contract's code, its file, and the places it covers."""

    code: str
    file: str
    places: tuple[Place, ...]


CUSTOMERS = (
    Customer(PUBLIC_HEALTH, "public-health.yaml", (
        Place("Hefei centre", "city", "合肥市庐阳区", "Wang Li 王莉", "0551-65550111", "PH-SW-0001", "Switch S9"),
        Place("Hefei laboratory", "city", "合肥市蜀山区", "Liu Tao 刘涛", "0551-65550112", "PH-SV-0002", "Server R5"),
        Place("Anqing station", "province", "安庆市", "Fang Ming 方明", "0556-5550113", "PH-SW-0003", "Switch S3"),
        Place("Huangshan station", "province", "黄山市", "Cheng Yu 程宇", "0559-5550114", "PH-RT-0004", "Router A2"),
        Place("Fuyang station", "province", "阜阳市", "Ding Jie 丁洁", "0558-5550115", "PH-SV-0005", "Server R3"),
    )),
    Customer(OFFICE, "office-hours.yaml", (
        Place("Huaihe head office", "town", "蚌埠市", "Qian Hui 钱慧", "0552-5550121", "HO-PR-0001", "Printer P40"),
        Place("Huaihe warehouse", "county", "怀远县", "Song Kai 宋凯", "0552-5550122", "HO-SW-0002", "Switch S1"),
    )),
    Customer(PC_CARE, "pc-manufacturer.yaml", (
        Place("Feixi First School", None, "肥西县", "Jiang Rui 蒋蕊", "0551-68550131", "PC-DT-0001", "Desktop D7"),
        Place("Feixi Third School", None, "肥西县", "Yu Shan 余珊", "0551-68550132", "PC-DT-0002", "Desktop D5"),
    )),
    Customer(LIVE, "live-demo.yaml", (
        Place("Chaohu main hall", "city", "巢湖市", "Bai Lin 白琳", "0551-82550141", "SR-DT-0001", "Display W1"),
        Place("Chaohu east hall", "city", "巢湖市", "Qin Feng 秦峰", "0551-82550142", "SR-DT-0002", "Display W2"),
        Place("Lujiang hall", "county", "庐江县", "Lei Min 雷敏", "0551-82550143", "SR-DT-0003", "Projector J3"),
    )),
)  # fmt: skip


async def sign(conn: Connection, context: Context, now: datetime, queue: int) -> None:
    """All contracts are stored and in force today, with their customers' places, people and equipment."""
    for customer in CUSTOMERS:
        await contracts.put(conn, customer.code, source(customer, now.date()), US, now)
        await contracts.cover(conn, customer.code, contracts.Coverage(queues=[queue]))
        account = (await contracts.get(conn, customer.code)).account
        for number, place in enumerate(customer.places):
            await _settle(conn, context, account, place, number, now)


async def _settle(conn: Connection, context: Context, account: int, place: Place, number: int, now: datetime) -> None:
    site = await _add(
        conn, context, "sites",
        Site(account=account, name=place.name, region=place.region, address=place.address), now,
    )  # fmt: skip
    # some equipment is out of warranty, so that the caller card has something to say
    warranty = now.date() + timedelta(days=(400, -30, 90, 700, 15)[number % 5])
    line = place.model.split()[0].lower()
    asset = Asset(
        account=account, site=site.id, serial=place.serial, model=place.model, product_line=line,
        warranty_until=warranty,
    )  # fmt: skip
    await _add(conn, context, "assets", asset, now)
    await _add(conn, context, "contacts",
               Contact(name=place.person, account=account, site=site.id, phone=place.phone), now)  # fmt: skip


async def _add(conn: Connection, context: Context, name: str, record: msgspec.Struct, now: datetime) -> Any:
    return await resources.add(conn, RESOURCES[name], record, context.settings, US, now)


def source(customer: Customer, today: date) -> str:
    """The contract's file, its dates moved where they do not cover the demo's past and the weeks to come."""
    text = (_shipped() / customer.file).read_text(encoding="utf-8")
    valid = re.search(r"^valid: \{from: (\S+), until: (\S+)\}$", text, re.MULTILINE)
    assert valid is not None, f"{customer.file} says on one line when it is valid"
    first, last = date.fromisoformat(valid[1]), date.fromisoformat(valid[2])
    if first <= today - _BEFORE and today + _AFTER <= last:
        return text
    first, last = date((today - _BEFORE).year, 1, 1), date(today.year + 2, 12, 31)
    text = text.replace(valid[0], f"valid: {{from: {first}, until: {last}}}")
    return re.sub(r"^effective: \S+$", f"effective: {first}", text, flags=re.MULTILINE)


def _shipped() -> Traversable:
    """The examples inside the installed package, or beside it in a checkout."""
    inside = files("callcenter") / "demo" / "contracts"
    return inside if inside.is_dir() else Path(str(callcenter.__file__)).parents[1] / "examples" / "contracts"
