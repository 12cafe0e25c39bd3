"""Contracts: their promises as one table, their hours as a week, their versions; the file edited with a live check."""

import re
from typing import Any

import msgspec

from callcenter.errors import CallcenterError
from callcenter.services import contract_pictures, contracts, resources
from callcenter.services.contracts import ContractShown, Coverage
from callcenter.services.finding import find
from callcenter.services.resources import RESOURCES
from callcenter.web.pages.page import Go, Look, Page, View
from callcenter.web.pages.words import word

_ALL, _MOST_SITES = 1000, 300
_LARGEST = 131_072
_NEW = """contract: NAME-2027
title: What it is about
customer: Who it is for
valid: {from: 2027-01-01, until: 2027-12-31}
timezone: Asia/Shanghai
version: 1

severities:
  1: {name: critical, meaning: nothing works}
  2: {name: normal, meaning: everything else}

grading:
  - {when: {impact: down}, severity: 1}
  - {otherwise: 2}

calendars:
  office:
    week: {mon-fri: "09:00-12:00 13:30-18:00"}
    holidays: CN

commitments:
  - name: response
    clause: "1"
    starts: reported
    stops: responded
    within: {1: 15m, 2: 1h}
    calendar: office

alerts:
  ladder:
    - {at: 80%, notify: [assignee]}
    - {at: breach, notify: [supervisor]}
"""


async def listing(look: Look) -> View:
    """All contracts."""
    rows = await contracts.listing(look.conn, "", _ALL)
    return View("contracts.html", {"rows": rows, "today": look.now.date(), "writes": look.may("contracts.write")})


async def contract(look: Look) -> View:
    """One contract as it is, or as a version of it was."""
    shown, number = await _shown(look)
    seen = await contract_pictures.stored(look.conn, shown.contract, number, look.now)
    values = {"shown": shown, "number": number, "seen": seen, "word": word, "writes": look.may("contracts.write")}
    return View("contract.html", {**values, **await _covered(look, shown)})


async def _shown(look: Look) -> tuple[ContractShown, int]:
    """The contract of the path and the number of the version asked for, the newest by default."""
    shown = await contracts.get(look.conn, look.http.match_info["code"])
    asked = look.http.query.get("version", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else shown.version
    return shown, number


async def _covered(look: Look, shown: ContractShown) -> dict[str, Any]:
    """Names of what the contract covers."""
    names: dict[str, list[tuple[int, str]]] = {"accounts": [], "sites": []}
    for kind, ids in (("accounts", [shown.account, *shown.covers_accounts]), ("sites", shown.covers_sites)):
        for one in ids:
            names[kind].append((one, (await resources.get(look.conn, RESOURCES[kind], one, look.actor)).name))
    queues = await resources.page(look.conn, RESOURCES["queues"], {}, 0, _ALL, None, look.actor)
    return {"covered": names, "queues": queues}


async def changed(look: Look) -> View:
    """A version's file, with what it changed in the one before."""
    shown, number = await _shown(look)
    lines = await contract_pictures.changes(look.conn, shown.contract, number)
    return View("contract_changes.html", {"shown": shown, "number": number, "lines": lines})


async def edit(look: Look) -> View:
    """The file to edit; its version is raised already, as what is stored never changes."""
    if "code" not in look.http.match_info:
        return await _editor(look, None, _NEW)
    shown, _ = await _shown(look)
    raised = re.sub(r"(?m)^version:.*$", f"version: {shown.version + 1}", shown.source, count=1)
    if not re.search(r"(?m)^version:", shown.source):
        raised = re.sub(r"(?m)^(contract:.*)$", rf"\1\nversion: {shown.version + 1}", shown.source, count=1)
    return await _editor(look, shown, raised)


async def _editor(
    look: Look, shown: ContractShown | None, source: str, error: CallcenterError | None = None, status: int = 200
) -> View:
    values = {"shown": shown, "source": source, "error": error, **await _checked(look, source)}
    return View("contract_edit.html", values, status)


async def _checked(look: Look, source: str) -> dict[str, Any]:
    if len(source.encode("utf-8", "replace")) > _LARGEST:
        return {"checked": None, "seen": None, "word": word}
    checked, seen = await contract_pictures.preview(source, look.now)
    return {"checked": checked, "seen": seen, "word": word}


def _source(look: Look) -> str:
    """The text of the form, with line ends as files have them."""
    text = str(look.form["source"]) if look.form and "source" in look.form else ""
    return text.replace("\r\n", "\n")


async def check(look: Look) -> View:
    """What is wrong with the text so far, or what it would promise."""
    return View("_contract_check.html", await _checked(look, _source(look)))


async def save(look: Look) -> View | Go:
    """Stores the text as a version."""
    source = _source(look)
    code = look.http.match_info.get("code")
    shown = await contracts.get(look.conn, code) if code else None
    try:
        stored = await contracts.put(look.conn, code, source, look.actor, look.now)
    except CallcenterError as error:
        return await _editor(look, shown, source, error, 422)
    return Go(f"/contracts/{stored.contract}")


async def coverage(look: Look) -> View:
    """The form of what a contract covers."""
    shown, _ = await _shown(look)
    return View("_coverage_form.html", await _coverage(look, shown))


async def _coverage(look: Look, shown: ContractShown) -> dict[str, Any]:
    sites = []
    for account in (shown.account, *shown.covers_accounts):
        sites += await resources.page(
            look.conn, RESOURCES["sites"], {"account": account}, 0, _MOST_SITES, None, look.actor
        )
    return {"shown": shown, "sites": sites, **await _covered(look, shown)}


async def found(look: Look) -> View:
    """Customers a contract may cover besides."""
    hits = await find(look.conn, look.http.query.get("find", "")[:200], look.actor, 8)
    known: dict[int, str] = {
        hit.account: hit.label for hit in hits if hit.kind == "account" and hit.account is not None
    }
    return View("_coverage_hits.html", {"known": known})


async def cover(look: Look) -> Go:
    """Stores what a contract covers."""
    code = look.http.match_info["code"]
    form = look.form
    ids = {name: sorted({int(str(one)) for one in form.getall(name, []) if str(one).isdigit() and len(str(one)) < 19})
           for name in ("accounts", "sites", "queues")} if form is not None else {}  # fmt: skip
    await contracts.cover(look.conn, code, msgspec.convert(ids, Coverage))
    return Go(f"/contracts/{code}")


PAGES = [
    Page("GET", "/contracts", listing, "contracts.read"),
    Page("GET", "/new-contract", edit, "contracts.write"),
    Page("POST", "/new-contract", save, "contracts.write"),
    Page("POST", "/check-contract", check, "contracts.write"),
    Page("GET", "/coverage-customers", found, "contracts.write"),
    Page("GET", "/contracts/{code}", contract, "contracts.read"),
    Page("GET", "/contracts/{code}/changes", changed, "contracts.read"),
    Page("GET", "/contracts/{code}/edit", edit, "contracts.write"),
    Page("POST", "/contracts/{code}/edit", save, "contracts.write"),
    Page("GET", "/contracts/{code}/coverage", coverage, "contracts.write"),
    Page("POST", "/contracts/{code}/coverage", cover, "contracts.write"),
]
