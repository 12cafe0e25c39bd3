"""Breaches of a month: whose doing each was, and taking one out of the net figure, which takes two people."""

from contextlib import aclosing
from typing import Any

from callcenter.errors import CallcenterError, NotFound
from callcenter.reports.model import Breach
from callcenter.services import exemptions, reports
from callcenter.services.compliance import Month
from callcenter.services.exemptions import AskExemption, DecideExemption, HoldResponsible
from callcenter.web.pages.month import asked_for, given, head, month_of, there, why
from callcenter.web.pages.page import Go, Look, Page, View
from callcenter.web.pages.words import EXEMPTIONS, PARTIES

SHOWN = 50


async def page(look: Look) -> View:
    """The gravest breaches, and what was asked about any."""
    return await _page(look, await month_of(look))


async def _page(look: Look, found: Month, **more: Any) -> View:
    start = look.http.query.get("start", "")
    begin = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 0
    rows = await _breaches(look, found, begin + SHOWN + 1)
    asked = await exemptions.listing(look.conn, look.context, found.code, found.name, look.now)
    place = given(look) if look.form is not None else dict(look.http.query)
    values = {
        **head(look, found, "breaches"),
        "rows": rows[begin : begin + SHOWN],
        "start": begin,
        "more": len(rows) > begin + SHOWN,
        "exemptions": asked.items,
        "chosen": next((one for one in rows if _is(one, place)), None),
        "waiting": {(one.ticket, one.commitment, one.cycle) for one in asked.items if one.state == "asked"},
        "reasons": EXEMPTIONS,
        "parties": PARTIES,
        "step": SHOWN,
    }
    return View("month_breaches.html", {**values, **more}, 422 if more else 200)


async def _breaches(look: Look, found: Month, most: int) -> list[Breach]:
    rows: list[Breach] = []
    async with aclosing(reports.all_breaches(reports.span_of(look.conn, found, look.now), found)) as pages:  # type: ignore[type-var]
        async for one in pages:
            rows += one
            if len(rows) >= most:
                break
    return rows[:most]


def _is(breach: Breach, place: dict[str, Any]) -> bool:
    said = (place.get("ticket"), place.get("commitment"), place.get("cycle"))
    return said == (str(breach.ticket), breach.commitment, str(breach.cycle))


async def ask(look: Look) -> View | Go:
    """Somebody else is to decide whether the breach counts."""
    found = await month_of(look)
    try:
        asked = asked_for(given(look), AskExemption)
        await exemptions.ask(look.conn, found.code, asked, look.actor, look.now)
    except CallcenterError as error:
        return await _page(look, found, **why(error), given=given(look))
    return there(found, "breaches", "asked")


async def decide(look: Look) -> View | Go:
    """The breach is taken out, or is not."""
    found, said = await month_of(look), given(look)
    if said.get("approve") not in ("yes", "no"):
        raise NotFound("no such decision")
    try:
        decided = DecideExemption(approve=said["approve"] == "yes", remark=said.get("remark"))
        await exemptions.decide(look.conn, found.code, look.number, decided, look.actor, look.now)
    except CallcenterError as error:
        return await _page(look, found, **why(error), given=said)
    return there(found, "breaches", "asked")


async def hold(look: Look) -> View | Go:
    """The breach is put down to somebody."""
    found = await month_of(look)
    try:
        held = asked_for(given(look), HoldResponsible)
        await exemptions.hold(look.conn, found.code, held, look.actor, look.now)
    except CallcenterError as error:
        return await _page(look, found, **why(error), given=given(look))
    return there(found, "breaches")


PAGES = [
    Page("GET", "/reports/{code}/breaches", page, "compliance.read"),
    Page("POST", "/reports/{code}/exemptions", ask, "exemptions.ask"),
    Page("POST", "/reports/{code}/exemptions/{number}", decide, "exemptions.decide"),
    Page("POST", "/reports/{code}/responsibility", hold, "exemptions.ask"),
]
