"""Closing a month: its credits, the points of evaluation forms, and the seal."""

from typing import Any

from aiohttp.web import FileField

from callcenter.errors import CallcenterError, Invalid, NotFound
from callcenter.services import credits, evidence, monthly, reports, sealing
from callcenter.services.compliance import Month
from callcenter.services.credits import DecideCredits, DecideLine
from callcenter.services.evidence import GivePoints
from callcenter.web.pages.month import asked_for, given, head, month_of, there, why
from callcenter.web.pages.page import Go, Look, Page, View

_LARGEST_FORM = 262_144


async def money(look: Look) -> View:
    """What the month's breaches cost as the contract proposes it, and what more of them would."""
    return await _money(look, await month_of(look))


async def _money(look: Look, found: Month, **more: Any) -> View:
    shown = await credits.of_month(look.conn, look.context, found.code, found.name, look.now)
    values = {**head(look, found, "credits"), "credits": shown.credits, "as_of": shown.as_of}
    return View("month_credits.html", {**values, **more}, 422 if more else 200)


async def decide(look: Look) -> View | Go:
    """A line is confirmed or waived, or all proposals are confirmed."""
    found, said = await month_of(look), given(look)
    try:
        lines = None if said.get("decision") == "all" else [asked_for(said, DecideLine)]
        if lines and lines[0].decision == "waived" and lines[0].reason is None:
            raise Invalid.field("/reason", "missing", "say why")
        decided = DecideCredits(month=found.name, lines=lines)
        await credits.decide(look.conn, look.context, found.code, decided, look.actor, look.now)
    except CallcenterError as error:
        return await _money(look, found, **why(error), given=said)
    return there(found, "credits")


async def forms(look: Look) -> View:
    """The evaluation forms with the points this month earns."""
    return await _forms(look, await month_of(look))


async def _forms(look: Look, found: Month, **more: Any) -> View:
    stored = (await evidence.listing(look.conn)).items
    values = {**head(look, found, "evidence"), "stored": stored}
    return View("month_evidence.html", {**values, **more}, 422 if more else 200)


async def filled(look: Look) -> View:
    """The forms as filled: counted apart, as it takes the whole report."""
    found = await month_of(look)
    report = await reports.build(look.conn, look.context, found.code, found.name, look.now)
    return View("_evidence.html", {**head(look, found, "evidence"), "filled": report.evidence})


async def put(look: Look) -> View | Go:
    """The file is stored as an evaluation form, in place of the one of its name."""
    found, file = await month_of(look), look.form.get("file") if look.form is not None else None
    try:
        if not isinstance(file, FileField):
            raise Invalid.field("/file", "missing", "choose a file")
        await evidence.put(look.conn, _text(file), look.actor, look.now)
    except CallcenterError as error:
        return await _forms(look, found, **why(error))
    return there(found, "evidence")


def _text(file: FileField) -> str:
    with file.file as opened:
        content = opened.read(_LARGEST_FORM + 1)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("the file is not UTF-8") from error
    if len(content) > _LARGEST_FORM or "\x00" in text:
        raise Invalid("the file is too large or no text")
    return text


async def give(look: Look) -> View | Go:
    """An item of a form has points given by hand."""
    found = await month_of(look)
    try:
        points = asked_for(given(look), GivePoints)
        await evidence.give(look.conn, look.context, found.code, points, look.actor, look.now)
    except CallcenterError as error:
        return await _forms(look, found, **why(error))
    return there(found, "evidence")


async def seal(look: Look) -> View:
    """How the month stands between running and sealed, and the reports made of it."""
    return await _seal(look, await month_of(look))


async def _seal(look: Look, found: Month, **more: Any) -> View:
    runs = await monthly.listing(look.conn, found.code)
    return View("month_seal.html", {**head(look, found, "seal"), "runs": runs.items, **more}, 422 if more else 200)


async def sealed(look: Look) -> View:
    """The seal, its amendments and what has changed since: counted apart, as it takes the whole month again."""
    found = await month_of(look)
    try:
        shown = await sealing.shown(look.conn, look.context, found.code, found.name, look.now)
    except NotFound:
        shown = None
    return View("_sealed.html", {**head(look, found, "seal"), "sealed": shown})


async def close(look: Look) -> View | Go:
    """The month is sealed; where it was, what changed since is an amendment."""
    found, said = await month_of(look), given(look)
    try:
        if "sure" not in said:
            raise Invalid.field("/sure", "missing", "this is needed")
        await sealing.seal(look.conn, look.context, found.code, found.name, look.actor, look.now)
    except CallcenterError as error:
        return await _seal(look, found, **why(error))
    return there(found, "seal")


PAGES = [
    Page("GET", "/reports/{code}/credits", money, "compliance.read"),
    Page("POST", "/reports/{code}/credits", decide, "credits.confirm"),
    Page("GET", "/reports/{code}/evidence", forms, "compliance.read"),
    Page("GET", "/reports/{code}/evidence/filled", filled, "compliance.read"),
    Page("POST", "/reports/{code}/evidence", give, "evidence.write"),
    Page("POST", "/reports/{code}/evidence/forms", put, "evidence.write", attaches=True),
    Page("GET", "/reports/{code}/seal", seal, "compliance.read"),
    Page("GET", "/reports/{code}/seal/record", sealed, "compliance.read"),
    Page("POST", "/reports/{code}/seal", close, "months.seal"),
]
