"""Reports: the month as it stands, from each figure to its tickets."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from callcenter.errors import Invalid
from callcenter.services import compliance, report_forms, report_pictures
from callcenter.services.compliance import Compliance, ComplianceRow, Month
from callcenter.services.report_forms import FORMS, Asked
from callcenter.services.report_pictures import Behind
from callcenter.web.pages.fields import LANGUAGES
from callcenter.web.pages.month import first_of, head, month_of
from callcenter.web.pages.page import _HEADERS, Look, Page, View

SHOWN = 100


async def listing(look: Look) -> View:
    """The running month of every contract."""
    return View("reports.html", {"rows": await report_pictures.running(look.conn, look.context, look.now)})


async def report(look: Look) -> View:
    """A month of a contract."""
    month = await month_of(look)
    found = await compliance.of(look.conn, month, look.now)
    return View("month.html", {**_values(look, month, found), **await _pictures(look, found)})


def _values(look: Look, month: Month, found: Compliance) -> dict[str, Any]:
    return {**head(look, month, ""), "report": found, "behind": _links(found)}


async def _pictures(look: Look, found: Compliance) -> dict[str, Any]:
    """The rows by commitment, the days of the month and the load of one of them."""
    zone, first = ZoneInfo(found.timezone), first_of(found.month)
    today, last = look.now.astimezone(zone).date(), found.until.astimezone(zone).date() - timedelta(days=1)
    day = _day(look.http.query.get("day"), first, last) or min(max(today, first), last)
    days = await report_pictures.days(look.conn, found, look.now)
    hours = await report_pictures.load(look.conn, found, day)
    return {
        "groups": report_pictures.grouped(found.rows),
        "aims": report_pictures.grouped(found.objectives),
        "verdict": report_pictures.verdict,
        "days": days,
        "most": max((one.met + one.breached + one.open for one in days), default=0),
        "hours": hours,
        "busiest": max(one.answered + one.lost for one in hours),
        "day": day,
        "first": first,
        "last": last,
    }


def _day(text: str | None, first: date, last: date) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if first <= day <= last else None


def _links(found: Compliance) -> Any:
    """Makes the address of the tickets behind a figure."""

    def link(row: ComplianceRow, figure: str, *, exactly: bool, customer: bool = True) -> str:
        query = {"month": found.month, "figure": figure}
        if row.commitment:
            query["commitment"] = row.commitment
        if exactly:
            query |= {"exactly": "1", "severity": str(row.severity or ""), "region": row.region or ""}
        if not customer:
            query["aims"] = "1"
        return f"/reports/{found.contract}/behind?{urlencode(query)}"

    return link


async def behind(look: Look) -> View:
    """The tickets behind a figure."""
    month, query = await month_of(look), look.http.query
    found = await compliance.of(look.conn, month, look.now)
    asked = Behind(
        figure=query.get("figure", "due"),
        commitment=query.get("commitment", "").replace("\x00", "") or None,
        severity=int(query["severity"]) if query.get("severity", "").isdecimal() else None,
        region=query.get("region", "").replace("\x00", "") or None,
        exactly="exactly" in query,
        customer="aims" not in query,
    )
    rows = await report_pictures.behind(look.conn, found, asked, look.now)
    start = int(query["start"]) if query.get("start", "").isdecimal() and len(query["start"]) < 5 else 0
    values = {"asked": asked, "rows": rows[start : start + SHOWN], "start": start, "count": len(rows),
              "cut": len(rows) == report_pictures.MOST, "pages": _pages(look, start, len(rows))}  # fmt: skip
    return View("month_behind.html", {**_values(look, month, found), **values})


def _pages(look: Look, start: int, count: int) -> dict[str, str]:
    """The addresses of the lines before and after these."""
    places = {"before": start - SHOWN, "after": start + SHOWN}
    return {
        name: f"{look.http.path}?{urlencode({**look.http.query, 'start': place})}"
        for name, place in places.items()
        if 0 <= place < count
    }


async def download(look: Look) -> web.Response:
    """The month's report as a file, in the form and the language asked for."""
    query, found = look.http.query, await month_of(look)
    form, language = query.get("form", "pdf"), query.get("lang", look.person.locale)
    if form not in FORMS or language not in LANGUAGES:
        raise Invalid("no such form or language")
    section = query.get("section", "promises") if form == "csv" else "promises"
    asked = Asked(code=found.code, month=found.name, form=form, language=language, section=section)  # type: ignore[arg-type]  # looked up above
    written = await report_forms.write(look.conn, look.context, asked, look.now)
    how = "inline" if form in ("html", "pdf") else "attachment"
    headers = {
        **_HEADERS,
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(written.name, safe='')}",
    }
    return web.Response(body=written.content, content_type=written.media_type, headers=headers)


PAGES = [
    Page("GET", "/reports", listing, "compliance.read"),
    Page("GET", "/reports/{code}", report, "compliance.read"),
    Page("GET", "/reports/{code}/behind", behind, "compliance.read"),
    Page("GET", "/reports/{code}/download", download, "compliance.read"),
]
