"""Contracts and promises."""

from typing import Any

import msgspec

from callcenter.errors import Invalid
from callcenter.services import contracts as service
from callcenter.services import promise as promise_service
from callcenter.services.contracts import Checked, ContractListed, ContractShown, Coverage, Stored
from callcenter.services.promise import AskPromise, Promised
from callcenter.web.api.paging import Cursor, Limit, Page, after, cut
from callcenter.web.problems import Refused, problem, unreadable
from callcenter.web.route import Answer, Asked, Route


class ContractsQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which part of the list."""

    cursor: Cursor | None = None
    limit: Limit = 50


# The longest real contract has a tenth of it; reading one keeps a processor busy.
_LARGEST = 131_072


def _source(asked: Asked) -> str | dict[str, Any]:
    """The contract file of the body: YAML text, or JSON as data."""
    raw = asked.raw
    if len(raw) > _LARGEST:
        raise Refused(problem(413, "Too large", f"a contract file may have {_LARGEST} bytes"))
    if asked.http.content_type == "application/json" or raw.lstrip()[:1] == b"{":
        try:
            data = msgspec.json.decode(raw)
        except msgspec.DecodeError as error:
            raise Refused(unreadable(raw, error)) from error
        if isinstance(data, dict) and isinstance(data.get("source"), str) and len(data) == 1:
            return str(data["source"])
        if not isinstance(data, dict):
            raise Invalid("a contract is an object")
        return data
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(f"the file is not UTF-8: {error}") from error


async def listing(asked: Asked) -> Any:
    """Contracts by code."""
    query: ContractsQuery = asked.query
    rows = await service.listing(asked.conn, after(query.cursor, ""), query.limit + 1)
    return cut(rows, query.limit, lambda row: row.contract)


async def read(asked: Asked) -> Answer:
    """One contract with its versions, or its file."""
    shown = await service.get(asked.conn, asked.path["code"])
    if "yaml" in asked.http.headers.get("Accept", ""):
        return Answer(raw=shown.source.encode(), media_type="application/yaml")
    return Answer(shown)


async def put(asked: Asked) -> Answer:
    """Stores a contract file."""
    stored = await service.put(asked.conn, asked.path["code"], _source(asked), asked.actor, asked.now)
    return Answer(stored, status=201 if stored.created else 200)


async def check(asked: Asked) -> Checked:
    """Checks a contract file."""
    return service.check(_source(asked))


async def cover(asked: Asked) -> ContractShown:
    """Sets what a contract covers."""
    return await service.cover(asked.conn, asked.path["code"], asked.body)


async def ask_promise(asked: Asked) -> Promised:
    """What to tell the caller."""
    return await promise_service.ask(asked.conn, asked.context, asked.body, asked.actor, asked.now)


_FILE = ("application/yaml", "application/json")
_ONE = "/api/v1/contracts/{code}"
ROUTES = [
    Route(
        "GET",
        "/api/v1/contracts",
        listing,
        "contracts.read",
        "List contracts",
        Page[ContractListed],
        query=ContractsQuery,
    ),
    Route(
        "POST",
        "/api/v1/contracts/check",
        check,
        "contracts.read",
        "Check a contract file without storing it",
        Checked,
        body=dict[str, Any],
        media=_FILE,
        raw_body=True,
    ),
    Route(
        "GET",
        _ONE,
        read,
        "contracts.read",
        "Read a contract, its versions and its file",
        ContractShown,
        also_media=("application/yaml",),
    ),
    Route(
        "PUT",
        _ONE,
        put,
        "contracts.write",
        "Store a contract file as a version",
        Stored,
        body=dict[str, Any],
        media=_FILE,
        raw_body=True,
        also=(201,),
    ),
    Route(
        "PUT", f"{_ONE}/coverage", cover, "contracts.write", "Set what a contract covers", ContractShown, body=Coverage
    ),
    Route(
        "POST", "/api/v1/promise", ask_promise, "promise.ask", "Ask what would be promised", Promised, body=AskPromise
    ),
]
