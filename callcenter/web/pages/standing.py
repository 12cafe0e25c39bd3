"""Where the running month stands: what is at risk now, what the targets still bear, the last twelve months."""

from itertools import groupby

from callcenter.reports.model import TrendPoint
from callcenter.services import compliance
from callcenter.services.standing import standing
from callcenter.web.pages.month import head
from callcenter.web.pages.page import Look, Page, View


async def page(look: Look) -> View:
    """The running month of a contract; for htmx its moving parts alone."""
    code = look.http.match_info["code"]
    shown = await standing(look.conn, look.context, code, look.now)
    values = {"standing": shown, "trends": _trends(shown.trend)}
    found = await compliance.find(look.conn, look.context, code, None, look.now)
    return View("_standing.html" if look.fragment else "month_now.html", {**head(look, found, "now"), **values})


def _trends(points: list[TrendPoint]) -> dict[str, list[TrendPoint]]:
    """The months of each commitment that had a case in any."""
    ordered = sorted(points, key=lambda one: one.commitment)
    found = {name: list(group) for name, group in groupby(ordered, key=lambda one: one.commitment)}
    return {name: months for name, months in found.items() if any(one.compliance is not None for one in months)}


PAGES = [Page("GET", "/reports/{code}/now", page, "compliance.read")]
