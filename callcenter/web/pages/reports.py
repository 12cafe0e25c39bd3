"""Reports: the month as it stands, from each figure to its tickets."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from callcenter.errors import Invalid
from callcenter.services import compliance, contracts, report_pictures
from callcenter.services.compliance import Compliance, ComplianceRow
from callcenter.services.report_pictures import Behind
from callcenter.web.pages.page import Look, Page, View
from callcenter.web.pages.words import word
from sla.contract import read

SHOWN = 100


async def listing(look: Look) -> View:
    """The running month of every contract."""
    return View("reports.html", {"rows": await report_pictures.running(look.conn, look.context, look.now)})


async def report(look: Look) -> View:
    """A month of a contract."""
    found = await _month(look)
    return View("month.html", {**await _values(look, found), **await _pictures(look, found)})


async def _month(look: Look) -> Compliance:
    month = look.http.query.get("month")
    if month is not None:
        _first(month)
    return await compliance.month(look.conn, look.context, look.http.match_info["code"], month, look.now)


def _first(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise Invalid.field("?month", "bad_month", f"{month[:20]} is no month; write 2026-10") from error


async def _values(look: Look, found: Compliance) -> dict[str, Any]:
    terms = read(await contracts.source(look.conn, found.contract, found.contract_version))
    first = _first(found.month)
    return {
        "report": found,
        "terms": terms,
        "word": word,
        "behind": _links(found),
        "before": f"{first - timedelta(days=1):%Y-%m}",
        "after": f"{first + timedelta(days=31):%Y-%m}" if found.until <= look.now else None,
    }


async def _pictures(look: Look, found: Compliance) -> dict[str, Any]:
    """The rows by commitment, the days of the month and the load of one of them."""
    zone, first = ZoneInfo(found.timezone), _first(found.month)
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
    found, query = await _month(look), look.http.query
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
    return View("month_behind.html", {**await _values(look, found), **values})


def _pages(look: Look, start: int, count: int) -> dict[str, str]:
    """The addresses of the lines before and after these."""
    places = {"before": start - SHOWN, "after": start + SHOWN}
    return {
        name: f"{look.http.path}?{urlencode({**look.http.query, 'start': place})}"
        for name, place in places.items()
        if 0 <= place < count
    }


async def download(look: Look) -> web.Response:
    """The month as JSON, to keep."""
    found = await _month(look)
    name = f"{found.contract}-{found.month}.json"
    return web.Response(
        body=msgspec.json.format(msgspec.json.encode(found), indent=2),
        content_type="application/json",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{urlencode({'': name})[1:]}"},
    )


PAGES = [
    Page("GET", "/reports", listing, "compliance.read"),
    Page("GET", "/reports/{code}", report, "compliance.read"),
    Page("GET", "/reports/{code}/behind", behind, "compliance.read"),
    Page("GET", "/reports/{code}/download", download, "compliance.read"),
]
