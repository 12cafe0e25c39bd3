"""The plain records: what each holds, what is checked, and the use cases they share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

import asyncpg
import msgspec
from msgspec import UNSET, Meta, UnsetType

from alerts.channels import read_config, secret_settings
from callcenter.errors import Conflict, FieldError, Invalid, NotFound, Stale
from callcenter.rights import may
from callcenter.services.duty import quiet_faults, turn_faults
from callcenter.services.phones import e164, masked
from callcenter.services.types import Actor, Id, Line, Phone, Text, When, any_time
from callcenter.settings import Settings
from callcenter.store import resources as store
from callcenter.store.duty import recheck
from callcenter.store.types import Connection

Role = Literal["agent", "dispatcher", "engineer", "partner", "follow_up", "supervisor", "contract_manager", "admin",
               "auditor", "wallboard", "integration"]  # fmt: skip
Login = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$(?!\n)")]
Locale = Literal["zh-CN", "zh-TW", "en"]
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)", description="a time of day, HH:MM")]


class _Record(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a request writes."""


class _Stored(msgspec.Struct, kw_only=True):
    """What every stored record has besides."""

    id: int
    version: int
    created_at: datetime
    updated_at: datetime


class Account(_Record):
    """A customer."""

    name: Line
    grade: Line | None = None
    complaint: bool = False
    remarks: Text | None = None


class Site(_Record):
    """A place of an account that is served; its region decides figures."""

    account: Id
    name: Line
    region: Line | None = None
    address: Text | None = None
    remarks: Text | None = None


class Contact(_Record):
    """A person who calls or is called."""

    name: Line
    account: Id | None = None
    site: Id | None = None
    phone: Phone | None = None
    email: Line | None = None
    remarks: Text | None = None


class Asset(_Record):
    """A piece of equipment with its serial number."""

    account: Id
    serial: Line
    site: Id | None = None
    model: Line | None = None
    product_line: Line | None = None
    warranty_until: date | None = None
    remarks: Text | None = None


class Partner(_Record):
    """A service partner and the regions and product lines it serves."""

    name: Line
    regions: list[Line] = []
    product_lines: list[Line] = []
    phone: Phone | None = None
    email: Line | None = None
    remarks: Text | None = None


class User(_Record):
    """A person who works here or for a partner; the password is set by its own command.

    Messages to this person alone come gathered every `digest_minutes` where they warn, and none comes in quiet hours
    (of `timezone`); what is of a contract's gravest severity comes at once.
    """

    login: Login
    name: Line
    role: Role
    email: Line | None = None
    phone: Phone | None = None
    locale: Locale = "en"
    partner: Id | None = None
    active: bool = True
    digest_minutes: Annotated[int, Meta(ge=1, le=1440)] | None = None
    quiet_from: Clock | None = None
    quiet_until: Clock | None = None
    timezone: Line | None = None


class Team(_Record):
    """People a ladder can notify by one name."""

    name: Line
    members: list[Login] = []
    remarks: Text | None = None


class Queue(_Record):
    """A telephone queue and how its service level is counted."""

    name: Line
    answer_within_s: Annotated[int, Meta(ge=1, le=3600)] = 20
    short_abandon_s: Annotated[int, Meta(ge=0, le=3600)] = 5
    service_level: Literal["F1", "F2", "F3", "F4"] = "F3"


class Rota(_Record):
    """Who fills a duty, from when until when: one person, or a team's members.

    An `override` wins over all shifts while it lasts; a `swap` exchanges `login` and `with_login` in them. `region`:
    counts there alone. `hours`: a calendar as contracts write it; the row counts while it is open.
    """

    duty: Line
    from_at: When
    until_at: When
    kind: Literal["shift", "override", "swap"] = "shift"
    login: Login | None = None
    team: Line | None = None
    with_login: Login | None = None
    region: Line | None = None
    hours: dict[str, Any] | None = None
    note: Text | None = None


class TravelTime(_Record):
    """How long somebody on duty needs to get to a customer of the region."""

    region: Line
    minutes: Annotated[int, Meta(ge=0, le=10080)]


class Channel(_Record):
    """A way alerts leave the house; `duties` says whose alerts it carries, empty means all."""

    name: Line
    kind: Line
    duties: list[Line] = []
    config: dict[str, Any] = {}
    active: bool = True


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of record: its table, what is written, what is shown, what a list may be narrowed by."""

    name: str
    table: str
    record: type[_Record]
    change: type[msgspec.Struct]
    shown: type[msgspec.Struct]
    reads: str
    writes: str
    filters: tuple[str, ...]
    search: tuple[str, ...]


def _resource(name: str, record: type[_Record], rights: str, filters: str = "", search: str = "name",
              *, reads: str | None = None) -> Resource:  # fmt: skip
    fields = msgspec.structs.fields(record)
    change = msgspec.defstruct(
        f"Change{record.__name__}",
        [(field.name, field.type | UnsetType, UNSET) for field in fields],
        forbid_unknown_fields=True,
        kw_only=True,
    )
    shown = msgspec.defstruct(
        f"{record.__name__}Shown",
        [(field.name, _shown_type(field.type)) for field in fields]
        + ([("phone_raw", str | None)] if name == "contacts" else []),
        bases=(_Stored,),
        kw_only=True,
    )
    return Resource(
        name, name, record, change, shown, reads or f"{rights}.read", f"{rights}.write",
        tuple(filters.split()), tuple(search.split()),
    )  # fmt: skip


def _shown_type(kind: Any) -> Any:
    """The type without its limits: what is stored may be older than a limit."""
    if getattr(kind, "__metadata__", None):
        return kind.__origin__
    args = getattr(kind, "__args__", None)
    if args and type(None) in args:
        return _shown_type(args[0]) | None
    return kind


RESOURCES: Mapping[str, Resource] = {
    resource.name: resource
    for resource in (
        _resource("accounts", Account, "customers"),
        _resource("sites", Site, "customers", "account region", "name address"),
        _resource("contacts", Contact, "customers", "account site phone", "name phone phone_raw"),
        _resource("assets", Asset, "customers", "account site serial", "serial model"),
        _resource("partners", Partner, "staff"),
        _resource("users", User, "users", "role login", "login name"),
        _resource("teams", Team, "staff"),
        _resource("queues", Queue, "staff"),
        _resource("rota", Rota, "staff", "duty login team region kind", "duty login team"),
        _resource("travel_times", TravelTime, "staff", "region", "region"),
        _resource("channels", Channel, "channels", "kind"),
    )
}


async def _checked(conn: Connection, resource: Resource, values: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The values as they are stored; everything wrong with them is named at once."""
    await store.check_references(conn, values)
    wrong: list[FieldError] = []
    if values.get("phone") is not None and resource.name == "contacts":
        values |= {
            "phone_raw": values["phone"],
            "phone": e164(values["phone"], settings.default_region) or values["phone"],
        }
    elif "phone" in values and resource.name == "contacts":
        values["phone_raw"] = None
    for field in ("from_at", "until_at"):
        if field in values:
            values[field] = any_time(values[field], f"/{field}")
    for login in await store.unknown_logins(conn, values.get("members", [])):
        wrong.append(FieldError("/members", "unknown_login", f"nobody signs in as {login}"))
    if resource.name == "rota":
        wrong += await turn_faults(conn, values)
    if resource.name == "users":
        wrong += quiet_faults(values)
    if resource.name == "channels":
        try:
            read_config(values["kind"], values["config"])
        except ValueError as error:
            wrong.append(FieldError("/config", "bad_config", str(error)))
    if wrong:
        raise Invalid(wrong[0].detail, tuple(wrong))
    return values


_NUMBERS = ("phone", "phone_raw")


def _view(resource: Resource, row: Mapping[str, Any], actor: Actor) -> Any:
    values = {field: row[field] for field in resource.shown.__struct_fields__}
    if not may(actor.role, "phones.read"):
        for field in _NUMBERS:
            if field in values:
                values[field] = masked(values[field])
    if resource.name == "channels":
        secrets = secret_settings(values["kind"])
        values["config"] = {name: "•••" if name in secrets else value for name, value in values["config"].items()}
    return resource.shown(**values)


async def page(
    conn: Connection, resource: Resource, filters: dict[str, Any], after: int, limit: int, q: str | None, actor: Actor
) -> list[Any]:
    """Records by id; `q` looks for text in the resource's search columns."""
    hidden = () if may(actor.role, "phones.read") else _NUMBERS  # not to be felt for digit by digit either
    like = dict.fromkeys((column for column in resource.search if column not in hidden), q) if q else {}
    rows = await store.page(conn, resource.table, filters, after, limit, like)
    return [_view(resource, row, actor) for row in rows]


async def get(conn: Connection, resource: Resource, record: int, actor: Actor) -> Any:
    """One record; NotFound where there is none."""
    row = await store.get(conn, resource.table, record)
    if row is None:
        raise NotFound(f"no record {record} among {resource.name}")
    return _view(resource, row, actor)


async def add(
    conn: Connection, resource: Resource, record: msgspec.Struct, settings: Settings, actor: Actor, now: datetime
) -> Any:
    """The stored record; Conflict where a name that must be its own is taken."""
    values = await _checked(conn, resource, msgspec.structs.asdict(record), settings)
    async with conn.transaction():
        row = await store.add(conn, resource.table, values, now)
        await _followed(conn, resource, [row], now)
    return _view(resource, row, actor)


async def change(
    conn: Connection, resource: Resource, record: int, change: msgspec.Struct, version: int, settings: Settings,
    actor: Actor, now: datetime,
) -> Any:  # fmt: skip
    """The changed record; Stale when it is no longer at `version`."""
    async with conn.transaction():
        row = await _locked(conn, resource, record, version)
        given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
        if resource.name == "channels" and "config" in given:
            given["config"] = {n: row["config"].get(n) if v == "•••" else v for n, v in given["config"].items()}
        whole = {field.name: row[field.name] for field in msgspec.structs.fields(resource.record)} | given
        values = await _checked(conn, resource, whole, settings)
        if "phone" not in given:
            values.pop("phone", None)
            values.pop("phone_raw", None)
        changed = await store.change(conn, resource.table, record, values, now)
        await _followed(conn, resource, [row, changed], now)
        return _view(resource, changed, actor)


async def remove(conn: Connection, resource: Resource, record: int, version: int, now: datetime) -> None:
    """The record is gone; Conflict while others point at it."""
    try:
        async with conn.transaction():
            row = await _locked(conn, resource, record, version)
            await store.remove(conn, resource.table, record)
            await _followed(conn, resource, [row], now)
    except asyncpg.ForeignKeyViolationError as error:
        raise Conflict(f"it is still used: {error.detail}") from error


async def _followed(conn: Connection, resource: Resource, rows: list[Any], now: datetime) -> None:
    """Promises whose warnings depend on what was changed are looked at again."""
    if resource.name in ("rota", "teams", "travel_times"):
        since = min(row["from_at"] for row in rows) if resource.name == "rota" else now
        await recheck(conn, since, now)


async def _locked(conn: Connection, resource: Resource, record: int, version: int) -> Any:
    row = await store.get(conn, resource.table, record, lock=True)
    if row is None:
        raise NotFound(f"no record {record} among {resource.name}")
    if row["version"] != version:
        raise Stale(f"it is at version {row['version']}")
    return row
