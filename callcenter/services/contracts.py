"""Contracts as files: checked, stored by version, never changed once stored."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import asyncpg
import msgspec
import yaml

from callcenter.errors import Conflict, FieldError, Invalid, NotFound
from callcenter.services.types import Actor, Id
from callcenter.store import contracts
from callcenter.store.types import Connection
from sla.contract import Contract, ContractError, read, read_data


class FindingShown(msgspec.Struct, kw_only=True):
    """One thing the check found, and where in the file."""

    level: str
    code: str
    line: int | None
    key: str
    message: str


class Checked(msgspec.Struct, kw_only=True):
    """What the check says of a contract file; `ok` when it could be stored."""

    ok: bool
    contract: str | None
    version: int | None
    findings: list[FindingShown]


class VersionShown(msgspec.Struct, kw_only=True):
    """One stored version of a contract."""

    version: int
    title: str
    effective: date
    valid_from: date
    valid_until: date
    timezone: str
    created_at: datetime
    created_by: str


class ContractListed(msgspec.Struct, kw_only=True):
    """A contract by its newest version."""

    contract: str
    customer: str
    title: str
    version: int
    effective: date
    valid_from: date
    valid_until: date
    timezone: str


class ContractShown(ContractListed, kw_only=True):
    """A contract with its versions; `source` is the newest file as it was given."""

    account: int
    covers_accounts: list[int]
    covers_sites: list[int]
    queues: list[int]
    source: str
    versions: list[VersionShown]


class Coverage(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a contract covers beside its own account; with `sites`, these sites only. And its queues."""

    accounts: list[Id] = []
    sites: list[Id] = []
    queues: list[Id] = []


class Stored(msgspec.Struct, kw_only=True):
    """What came of storing a contract file."""

    contract: str
    version: int
    created: bool


# More are found than anybody reads.
_MOST = 100


def findings_of(error: ContractError) -> list[FindingShown]:
    """What keeps a file from being stored."""
    return [
        FindingShown(level="error", code=one.code, line=one.line, key=one.key, message=one.message)
        for one in error.findings[:_MOST]
    ]


def check(source: str | Mapping[str, Any]) -> Checked:
    """What is wrong with a contract file, without storing anything."""
    try:
        terms = _read(source)
    except ContractError as error:
        return Checked(ok=False, contract=None, version=None, findings=findings_of(error))
    outsize = [FindingShown(level="error", code=one.code, line=None, key=one.pointer[1:], message=one.detail)
               for one in _outsize(terms)]  # fmt: skip
    return Checked(ok=not outsize, contract=terms.code, version=terms.version, findings=outsize)


def _outsize(terms: Contract) -> tuple[FieldError, ...]:
    """What the terms may say and no list could show."""
    told = (("contract", terms.code, 100), ("customer", terms.customer, 300), ("title", terms.title, 300))
    return tuple(
        FieldError(f"/{key}", "bad_name", f"{key} has at most {most} printable characters")
        for key, text, most in told
        if len(text) > most or not text.isprintable()
    )


def _read(source: str | Mapping[str, Any]) -> Contract:
    return read(source) if isinstance(source, str) else read_data(source)


def _fields(error: ContractError) -> tuple[FieldError, ...]:
    return tuple(
        FieldError("/" + one.key.replace("[", "/").replace("]", "").replace(".", "/"), one.code,
                   f"line {one.line}: {one.message}" if one.line else one.message)
        for one in error.findings[:_MOST]
    )  # fmt: skip


def _canonical(source: str | Mapping[str, Any]) -> str:
    """The text a file is stored as: YAML as given, JSON written out as YAML reads it."""
    if isinstance(source, str):
        return source
    # JSON without escapes that YAML does not know is YAML
    return msgspec.json.format(msgspec.json.encode(source), indent=2).decode()


async def put(
    conn: Connection, code: str | None, source: str | Mapping[str, Any], actor: Actor, now: datetime
) -> Stored:
    """The file is stored as a version; the same content again changes nothing, other content under it is refused."""
    try:
        terms = _read(source)
    except ContractError as error:
        fields = _fields(error)
        raise Invalid(f"the contract has {len(error.findings)} error(s): {fields[0].detail}", fields) from error
    if outsize := _outsize(terms):
        raise Invalid(outsize[0].detail, outsize)
    if code is not None and terms.code != code:
        raise Invalid.field("/contract", "other_code", f"the file says {terms.code}, the address {code}")
    text = _canonical(source)
    digest = _digest(text)
    async with conn.transaction():
        row = await contracts.ensure(conn, terms.code, terms.customer, now)
        known = {one["version"]: one for one in await contracts.versions(conn, terms.code)}
        if terms.version in known:
            if known[terms.version]["content_hash"] == digest:
                return Stored(contract=terms.code, version=terms.version, created=False)
            detail = f"version {terms.version} of {terms.code} is stored with other content; raise `version`"
            raise Conflict(detail, (FieldError("/version", "version_taken", detail),))
        if known and terms.version < max(known):
            detail = f"version {max(known)} of {terms.code} is stored already; a new one has a higher number"
            raise Conflict(detail, (FieldError("/version", "version_too_low", detail),))
        try:
            await contracts.add_version(conn, row["id"], terms, text, digest, now, actor.name)
        except asyncpg.UniqueViolationError as error:
            raise Conflict(f"version {terms.version} of {terms.code} was stored just now by somebody else") from error
    return Stored(contract=terms.code, version=terms.version, created=True)


def _digest(text: str) -> bytes:
    """Of what the file says, not of its comments, its spacing, or whether it is YAML or JSON."""
    return hashlib.sha256(msgspec.json.encode(yaml.load(text, yaml.CBaseLoader))).digest()  # noqa: S506  plain text only


async def listing(conn: Connection, after: str, limit: int) -> list[ContractListed]:
    """Contracts by code, after the given one."""
    rows = await contracts.listing(conn, after, limit)
    names = [name for name in ContractListed.__struct_fields__ if name != "contract"]
    return [ContractListed(contract=row["code"], **{name: row[name] for name in names}) for row in rows]


async def get(conn: Connection, code: str) -> ContractShown:
    """A contract with all its versions; NotFound where there is none."""
    row = await contracts.by_code(conn, code)
    versions = await contracts.versions(conn, code)
    if row is None or not versions:
        raise NotFound(f"no contract {code}")
    newest = versions[-1]
    names = VersionShown.__struct_fields__
    return ContractShown(
        contract=code,
        customer=read(newest["source"]).customer,
        **{name: newest[name] for name in names if name not in ("created_at", "created_by")},
        **{name: row[name] for name in ("account", "covers_accounts", "covers_sites", "queues")},
        source=newest["source"],
        versions=[VersionShown(**{name: one[name] for name in names}) for one in versions],
    )


async def cover(conn: Connection, code: str, coverage: Coverage) -> ContractShown:
    """The contract covers these accounts and sites, and its calls come in on these queues."""
    for field, table in (("accounts", "accounts"), ("sites", "sites"), ("queues", "queues")):
        wanted: list[int] = getattr(coverage, field)
        known = await contracts.existing(conn, table, wanted)
        missing = sorted(set(wanted) - known)
        if missing:
            raise Invalid.field(f"/{field}", "unknown", f"there are no {field} {', '.join(map(str, missing))}")
    await get(conn, code)
    await contracts.cover(conn, code, msgspec.structs.asdict(coverage))
    return await get(conn, code)


async def source(conn: Connection, code: str, version: int | None) -> str:
    """The file of a version as it was given, the newest by default; NotFound where there is none."""
    for one in reversed(await contracts.versions(conn, code)):
        if version is None or one["version"] == version:
            return str(one["source"])
    raise NotFound(f"no contract {code}" + (f" version {version}" if version is not None else ""))
