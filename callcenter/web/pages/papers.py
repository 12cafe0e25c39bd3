"""Papers to print: the service report the customer signs, and the job sheet the engineer takes along."""

from callcenter.services import case as case_service
from callcenter.services.field_work import SIGNATURE
from callcenter.web.pages import acts, bars
from callcenter.web.pages.page import Look, Page, View
from callcenter.web.pages.words import word


async def report(look: Look) -> View:
    """What was wrong, who did what when, units and parts, and the signature."""
    return await _paper(look, "report.html")


async def job_sheet(look: Look) -> View:
    """Where to go, what is wrong, by when, and lines to fill in by hand."""
    return await _paper(look, "job_sheet.html")


async def _paper(look: Look, template: str) -> View:
    case = await case_service.look(look.conn, look.context, look.number, look.actor, look.now)
    signature = next((file for file in reversed(case.files) if file.name.startswith(SIGNATURE)), None)
    return View(template, {
        "case": case, "ticket": case.ticket, "zone": case.zone, "word": word, "signature": signature,
        "tightest": bars.tightest(case.clocks), "coverage": acts.COVERAGE,
    })  # fmt: skip


PAGES = [
    Page("GET", "/tickets/{number}/report", report, "tickets.read"),
    Page("GET", "/tickets/{number}/job-sheet", job_sheet, "tickets.read"),
]
