"""Type-ahead and the command palette."""

from aiohttp import web

from callcenter.services import finding
from callcenter.web.pages.page import Look, Page, View


async def find(look: Look) -> View | web.StreamResponse:
    """What the text may mean, as options of a list; with `all` tickets too."""
    text = look.http.query.get("q", "")[:100]
    hits = await finding.find(look.conn, text, look.actor, tickets="all" in look.http.query)
    return View("_hits.html", {"hits": hits})


PAGES = [Page("GET", "/find", find, "customers.read")]
