"""The page of one ticket: its clocks, what to do next, its history, and the acts that write to it."""

from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import web

from callcenter.errors import CallcenterError, Conflict, Invalid, NotFound
from callcenter.services import case as case_service
from callcenter.services import casework, visits
from callcenter.services import files as file_service
from callcenter.services.case import Case
from callcenter.services.casework import Meanwhile, Seen
from callcenter.web.pages import acts, bars
from callcenter.web.pages.acts import Act, Given
from callcenter.web.pages.page import _HEADERS, Go, Look, Page, View
from callcenter.web.pages.runs import run
from callcenter.web.pages.words import word


async def page(look: Look) -> View | web.Response:
    """The ticket; for htmx its moving parts, or nothing where they have not moved."""
    case = await _case(look)
    if look.fragment:
        since = look.http.query.get("since", "")
        if since == str(case.ticket.version):
            return web.Response(status=204)
        return View("_ticket.html", _values(look, case))
    name = look.http.query.get("act", "")
    act = acts.BY_NAME.get(name)
    form = await _form(look, case, act, dict(look.http.query)) if act else {"act": None}
    return View("ticket.html", {**_values(look, case), **form})


async def form(look: Look) -> View:
    """The form of an act, empty or as the query fills it in."""
    case, act = await _case(look), _act(look)
    return View("_act.html", {**_values(look, case), **await _form(look, case, act, dict(look.http.query))})


async def do(look: Look) -> View | Go:
    """The act is on the timeline; refused or too late, the form says why and keeps what was typed."""
    act = _act(look)
    given = _given(look)
    case = await _case(look)
    try:
        seen = Seen(_number(given, "version"), _number(given, "entries"))
        if act.run:
            told = await run(look, act, given, case, seen)
        else:
            made = acts.entries_of(act, given, case)
            done = await casework.record(look.conn, look.context, look.number, made, look.actor, seen)
            told = {"done": [entry.id for entry in done.entries], "entry": act.entry}
    except Meanwhile as other:
        form = await _form(look, await _case(look), act, given)
        return _again(look, await _case(look), {**form, "meanwhile": other}, 409)
    except (Invalid, Conflict) as error:
        return _again(look, case, {**await _form(look, case, act, given), "refused": error}, 422)
    return await _done(look, told)


async def undo(look: Look) -> View | Go:
    """The entries of a moment ago are void."""
    given = _given(look)
    try:
        await casework.undo(look.conn, look.context, look.number, given.get("entries", "").split(), look.actor)
        told: dict[str, Any] = {"undone": True}
    except CallcenterError as error:
        told = {"refused": error.detail}
    back = urlsplit(given.get("back", "")).path
    if look.fragment and back and not back.startswith(f"/tickets/{look.number}"):
        return Go(back if back.startswith("/") and not back.startswith("//") else "/next")
    return await _done(look, told)


async def file(look: Look) -> web.Response:
    """An attachment: pictures are shown, all else is downloaded; nothing of it is run."""
    found = await file_service.content(look.conn, look.context, look.number, _file_id(look), look.actor)
    shown = found.media_type in ("image/png", "image/jpeg")
    how = "inline" if shown else "attachment"
    headers = {
        **_HEADERS,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(found.name, safe='')}",
    }
    media_type = found.media_type if shown else "application/octet-stream"
    return web.Response(body=found.content, content_type=media_type, headers=headers)


async def _done(look: Look, told: dict[str, Any]) -> View | Go:
    if not look.fragment:
        return Go(told.get("go") or f"/tickets/{look.number}")
    if "go" in told:
        return Go(told["go"])
    look.now = look.context.now()
    case = await _case(look)
    return View("_ticket.html", {**_values(look, case), "told": {**told, "ticket": look.number}, "acted": True})


def _again(look: Look, case: Case, form: dict[str, Any], status: int) -> View:
    values = {**_values(look, case), **form}
    if not look.fragment:
        return View("ticket.html", values, status)
    return View("_act.html", values, status, {"HX-Retarget": "#act", "HX-Reswap": "innerHTML"})


async def _case(look: Look) -> Case:
    return await case_service.look(look.conn, look.context, look.number, look.actor, look.now)


def _values(look: Look, case: Case) -> dict[str, Any]:
    can = look.may("entries.write")
    return {
        "case": case,
        "ticket": case.ticket,
        "zone": case.zone,
        "word": word,
        "bar": bars.bar,
        "tone": bars.tone,
        "tightest": bars.tightest(case.clocks),
        "offered": acts.offered(case, look.actor.role) if can else [],
        "words": {"coverage": acts.COVERAGE},
        "told": {},
        "acted": False,
    }


async def _form(look: Look, case: Case, act: Act | None, given: Given) -> dict[str, Any]:
    if act is None:
        raise NotFound("no such act")
    hands = await visits.hands(look.conn, case.ticket.region) if any(f.kind == "hand" for f in act.fields) else []
    filled = dict(given)
    if act.name == "rewrite" and "title" not in given:
        filled |= {"title": case.ticket.title, "description": case.ticket.description or ""}
    return {
        "act": act,
        "given": filled,
        "hands": hands,
        "coverage": acts.COVERAGE,
        "links": acts.LINKS,
        "meanwhile": None,
        "refused": None,
        "why_no_visit": act.name in acts.INSTEAD and case.visit_called_for,
    }


def _act(look: Look) -> Act:
    act = acts.BY_NAME.get(look.http.match_info["act"])
    if act is None:
        raise NotFound("no such act")
    return act


def _given(look: Look) -> dict[str, str]:
    if look.form is None:
        return {}
    return {name: value.replace("\x00", "").strip() for name, value in look.form.items() if isinstance(value, str)}


def _number(given: Given, name: str) -> int:
    text = given.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid.field(f"/{name}", "missing", "the form is not one of ours")
    return int(text)


def _file_id(look: Look) -> int:
    text = look.http.match_info["file"]
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise NotFound("no such file")
    return int(text)


PAGES = [
    Page("GET", "/tickets/{number}", page, "tickets.read"),
    Page("GET", "/tickets/{number}/acts/{act}", form, "entries.write"),
    Page("POST", "/tickets/{number}/acts/{act}", do, "entries.write", attaches=True),
    Page("POST", "/tickets/{number}/undo", undo, "entries.write"),
    Page("GET", "/tickets/{number}/files/{file}", file, "files.read"),
]
