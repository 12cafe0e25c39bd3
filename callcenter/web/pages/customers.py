"""Customers: found by anything known of them; one with its places, people, equipment, contracts and tickets."""

from callcenter.services import customers
from callcenter.web.pages.page import Look, Page, View

_LONGEST = 200


async def listing(look: Look) -> View:
    """Customers by name, or those that a text may mean."""
    text = look.http.query.get("q", "").strip()[:_LONGEST]
    if text:
        found, more = await customers.search(look.conn, text, look.actor, look.now), None
    else:
        found, more = await customers.listing(look.conn, look.http.query.get("after", "")[:300], look.now)
    partial = look.fragment and look.http.headers.get("HX-Target") == "found"
    return View("_customers.html" if partial else "customers.html", {"found": found, "more": more, "q": text})


async def account(look: Look) -> View:
    """One customer."""
    seen = await customers.overview(look.conn, look.context, look.number, look.actor, look.now)
    return View("customer.html", {"seen": seen, "writes": look.may("customers.write")})


PAGES = [
    Page("GET", "/customers", listing, "customers.read"),
    Page("GET", "/customers/{number}", account, "customers.read"),
]
