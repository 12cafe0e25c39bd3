"""Tickets: the list, narrowed and searched."""

from typing import Any

from callcenter.services import listing
from callcenter.web.pages.page import Look, Page, View
from callcenter.web.pages.words import STATES, word

SHOWN = 50


async def page(look: Look) -> View:
    """Tickets that pass the filters, newest first; those not over where nothing is asked for."""
    query = {name: value.replace("\x00", "").strip()[:300] for name, value in look.http.query.items()}
    wanted = listing.Wanted(
        state=query.get("state", "open"),
        q=query.get("q") or None,
        contract=query.get("contract") or None,
        severity=_digits(query.get("severity"), 1),
        mine="mine" in query,
        before=_digits(query.get("before"), 18),
    )
    found = await listing.tickets(look.conn, look.context, wanted, SHOWN, look.actor, look.now)
    values: dict[str, Any] = {"found": found, "wanted": wanted, "states": STATES, "word": word}
    return View("_tickets.html" if look.fragment else "tickets.html", values)


def _digits(text: str | None, most: int) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= most else None


PAGES = [Page("GET", "/tickets", page, "tickets.read")]
