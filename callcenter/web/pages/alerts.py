"""Alerts: what was told to whom, how it left the house, acknowledging it, and trying again what did not arrive."""

from typing import Any
from uuid import UUID

from callcenter.errors import CallcenterError, NotFound
from callcenter.services import alerts, deliveries
from callcenter.services.zones import zone_of
from callcenter.web.pages.page import Look, Page, View
from callcenter.web.pages.words import word

SHOWN = 50
STATES = ("firing", "acknowledged", "resolved", "withdrawn", "all")


async def page(look: Look) -> View:
    """Alerts of a state, newest first, each with its deliveries; the log of what did not arrive above them."""
    values = await _values(look)
    return View("_alerts.html" if look.fragment else "alerts.html", values)


async def acknowledge(look: Look) -> View:
    """The alert is acknowledged; the list as it then is."""
    told: dict[str, Any]
    try:
        done = await alerts.acknowledge(look.conn, look.context, look.number, look.actor)
        told = {"ticket": done.ticket, "acknowledged": look.number}
    except CallcenterError as error:
        told = {"refused": error.detail, "ticket": look.number}
    return View("_alerts.html", {**await _values(look), "told": told})


async def retry(look: Look) -> View:
    """The message is tried again now; the list as it then is."""
    try:
        name = UUID(look.http.match_info["delivery"])
    except ValueError as error:
        raise NotFound("no such delivery") from error
    told: dict[str, Any]
    try:
        again = await deliveries.retry(look.conn, name, look.now)
        told = {"ticket": again.ticket, "retried": again.channel}
    except CallcenterError as error:
        told = {"refused": error.detail, "ticket": ""}
    return View("_alerts.html", {**await _values(look), "told": told})


async def _values(look: Look) -> dict[str, Any]:
    query = look.http.query
    state = query.get("state", "firing")
    filters: dict[str, Any] = {"state": [state]} if state in STATES[:-1] else {}
    for name in ("ticket", "before"):
        text = query.get(name, "")
        if text.isascii() and text.isdigit() and len(text) <= 18:
            filters[name] = int(text)
    if "ticket" in filters and "state" not in query:
        filters.pop("state", None)
        state = "all"
    rows = await alerts.listing(look.conn, filters, SHOWN + 1, look.actor)
    dead = await deliveries.log(look.conn, {"state": "dead"}, 20) if look.may("deliveries.read") else []
    return {
        "alerts": rows[:SHOWN],
        "before": rows[SHOWN - 1].id if len(rows) > SHOWN else None,
        "dead": [one for _, one in dead],
        "state": state,
        "states": STATES,
        "zone": zone_of(None, look.context.settings.default_region),
        "word": word,
        "told": {},
    }


PAGES = [
    Page("GET", "/alerts", page, "alerts.read"),
    Page("POST", "/alerts/{number}/acknowledge", acknowledge, "alerts.acknowledge"),
    Page("POST", "/alerts/deliveries/{delivery}/retry", retry, "deliveries.retry"),
]
