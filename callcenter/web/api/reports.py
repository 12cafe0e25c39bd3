"""A month's report in every form, its exemptions, credits and seal, the hotline's figures, evaluation forms."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from callcenter.errors import Invalid, NotFound
from callcenter.reports.model import Exemption, Report
from callcenter.reports.words import Language
from callcenter.services import (
    compliance,
    credits,
    evidence,
    exemptions,
    hotline,
    monthly,
    report_forms,
    report_pictures,
    sealing,
    staffing,
    standing,
)
from callcenter.services.credits import DecideCredits, MonthCredits
from callcenter.services.evidence import Forms, FormShown, GivePoints
from callcenter.services.exemptions import AskExemption, DecideExemption, Exemptions, HoldResponsible, Responsibility
from callcenter.services.hotline import Hotline
from callcenter.services.monthly import Runs
from callcenter.services.report_forms import MEDIA, Form, Unprintable
from callcenter.services.report_forms import Asked as AskedReport
from callcenter.services.report_pictures import Behind, ClocksBehind
from callcenter.services.sealing import Sealed, SealMonth
from callcenter.services.staffing import Staffing
from callcenter.services.standing import Standing
from callcenter.services.types import Line
from callcenter.store import hotline as hotline_store
from callcenter.web.problems import Refused, problem
from callcenter.web.route import Answer, Asked, Route

Month = Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$(?!\n)")]
Day = Annotated[str, Meta(pattern=r"^(19[7-9][0-9]|[2-8][0-9]{3})-[0-9]{2}-[0-9]{2}$(?!\n)")]


class ReportQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The month, in the contract's zone (the running one when left out), and the form; `Accept` does as well."""

    month: Month | None = None
    format: Form | None = None
    lang: Language = "en"
    section: Annotated[str, Meta(min_length=1, max_length=80)] = "promises"


class MonthOnly(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The month, in the contract's zone; the running one when left out."""

    month: Month | None = None


class CasesQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The figure of the month, of the commitment, severity and region given; of all where one is not.

    With `exactly`, of that row of the report: a severity or region left out is none, not all.
    """

    month: Month | None = None
    figure: Literal["due", "met", "breached", "cancelled", "paused", "open"] = "breached"
    commitment: Line | None = None
    severity: int | None = None
    region: Line | None = None
    exactly: bool = False
    objectives: bool = False


class StaffingQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The month whose calls count, and how many in a hundred are to be answered in time."""

    month: Month | None = None
    target: Annotated[float, Meta(ge=1, le=99.9)] = 80


class SealQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The sealed month."""

    month: Month


class ContractHotlineQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The month, and whether half-hours are of the day or each of the calendar."""

    month: Month | None = None
    each: Annotated[str, Meta(pattern="^(day|half_hour)$")] = "day"


class HotlineQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """From the first day to the last, in the zone; one queue or all."""

    since: Day
    until: Day
    timezone: Line = "UTC"
    queue: Line | None = None
    each: Annotated[str, Meta(pattern="^(day|half_hour)$")] = "day"


def _form(asked: Asked) -> Form:
    """The form of the query, else the first that `Accept` names, else JSON."""
    if asked.query.format is not None:
        return asked.query.format  # type: ignore[no-any-return]  # checked when the query was read
    accepted = asked.http.headers.get("Accept", "")
    named = [(accepted.index(media), form) for form, media in MEDIA.items() if media in accepted]
    return min(named)[1] if named else "json"


async def report(asked: Asked) -> Answer:
    """The month's report in the form asked for."""
    query: ReportQuery = asked.query
    wanted = AskedReport(
        code=asked.path["code"], month=query.month, form=_form(asked), language=query.lang, section=query.section
    )
    try:
        written = await report_forms.write(asked.conn, asked.context, wanted, asked.now)
    except Unprintable as error:
        raise Refused(problem(503, "Not ready", error.detail)) from error
    headers = {"Vary": "Accept"}
    if wanted.form != "json":
        shown = "inline" if wanted.form in ("html", "pdf") else "attachment"
        headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(written.name, safe='')}"
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return Answer(raw=written.content, media_type=written.media_type, headers=headers)


async def contract_hotline(asked: Asked) -> Hotline:
    """The figures of a contract's queues in a month; of all queues where it names none."""
    query: ContractHotlineQuery = asked.query
    found = await compliance.find(asked.conn, asked.context, asked.path["code"], query.month, asked.now)
    span, zone = (found.since, found.until), found.terms.timezone
    each = query.each == "half_hour"
    return await hotline.figures(asked.conn, *span, zone, found.queues or None, by_day=each, now=asked.now)


async def hotline_figures(asked: Asked) -> Hotline:
    """The figures of any span of days."""
    query: HotlineQuery = asked.query
    try:
        zone = ZoneInfo(query.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid.field("?timezone", "bad_zone", f"no zone {query.timezone[:100]}; Asia/Shanghai is one") from error
    since, last = _midnight("?since", query.since, zone), _midnight("?until", query.until, zone)
    if not timedelta() <= last - since <= timedelta(days=366):
        raise Invalid.field("?until", "out_of_range", "until is the last day, at most a year after since")
    queues = await _queue(asked, query.queue)
    until = datetime.combine(last.date() + timedelta(days=1), time(), zone)
    each = query.each == "half_hour"
    return await hotline.figures(asked.conn, since, until, query.timezone, queues, by_day=each)


def _midnight(pointer: str, day: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time(), zone)
    except ValueError as error:
        raise Invalid.field(pointer, "bad_day", f"no day {day}: {error}") from error


async def _queue(asked: Asked, name: str | None) -> list[int] | None:
    if name is None:
        return None
    found = await hotline_store.queue_named(asked.conn, name)
    if found is None:
        raise NotFound(f"no queue {name}")
    return [found]


async def ask_exemption(asked: Asked) -> Exemption:
    """Asks that a breach be taken out."""
    return await exemptions.ask(asked.conn, asked.path["code"], asked.body, asked.actor, asked.now)


async def read_staffing(asked: Asked) -> Staffing:
    """What the contract's queues need."""
    query: StaffingQuery = asked.query
    code = asked.path["code"]
    return await staffing.staffing(asked.conn, asked.context, code, query.month, query.target, asked.now)


async def read_standing(asked: Asked) -> Standing:
    """How the running month stands."""
    return await standing.standing(asked.conn, asked.context, asked.path["code"], asked.now)


async def list_cases(asked: Asked) -> ClocksBehind:
    """The clocks behind a figure."""
    query: CasesQuery = asked.query
    wanted = Behind(
        figure=query.figure,
        commitment=query.commitment,
        severity=query.severity,
        region=query.region,
        exactly=query.exactly,
        customer=not query.objectives,
    )
    code = asked.path["code"]
    return await report_pictures.listed(asked.conn, asked.context, code, query.month, wanted, asked.now)


async def list_exemptions(asked: Asked) -> Exemptions:
    """The exemptions of a month's breaches."""
    return await exemptions.listing(asked.conn, asked.context, asked.path["code"], asked.query.month, asked.now)


async def decide_exemption(asked: Asked) -> Exemption:
    """Approves or refuses what somebody else asked for."""
    return await exemptions.decide(asked.conn, asked.path["code"], asked.number, asked.body, asked.actor, asked.now)


async def hold_responsible(asked: Asked) -> Responsibility:
    """Says whose doing a breach was."""
    return await exemptions.hold(asked.conn, asked.path["code"], asked.body, asked.actor, asked.now)


async def read_credits(asked: Asked) -> MonthCredits:
    """The month's credits."""
    return await credits.of_month(asked.conn, asked.context, asked.path["code"], asked.query.month, asked.now)


async def decide_credits(asked: Asked) -> MonthCredits:
    """Confirms or waives lines."""
    return await credits.decide(asked.conn, asked.context, asked.path["code"], asked.body, asked.actor, asked.now)


async def seal(asked: Asked) -> Sealed:
    """Seals a month, or records what changed since."""
    month = asked.body.month
    return await sealing.seal(asked.conn, asked.context, asked.path["code"], month, asked.actor, asked.now)


async def read_seal(asked: Asked) -> Sealed:
    """A sealed month."""
    return await sealing.shown(asked.conn, asked.context, asked.path["code"], asked.query.month, asked.now)


async def list_runs(asked: Asked) -> Runs:
    """How the monthly job went."""
    return await monthly.listing(asked.conn, asked.path["code"])


async def put_form(asked: Asked) -> FormShown:
    """Stores an evaluation form."""
    try:
        source = asked.raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(f"the file is not UTF-8: {error}") from error
    if "\x00" in source:
        raise Invalid("the file holds a NUL character")
    return await evidence.put(asked.conn, source, asked.actor, asked.now)


async def list_forms(asked: Asked) -> Forms:
    """The evaluation forms."""
    return await evidence.listing(asked.conn)


async def give_points(asked: Asked) -> GivePoints:
    """Gives an item points by hand."""
    return await evidence.give(asked.conn, asked.context, asked.path["code"], asked.body, asked.actor, asked.now)


_ONE = "/api/v1/contracts/{code}"
_READ = "compliance.read"


def _get(path: str, handler: Any, summary: str, gives: Any, query: Any = None, **more: Any) -> Route:
    return Route("GET", path, handler, _READ, summary, gives, query=query, **more)


def _post(path: str, handler: Any, right: str, summary: str, gives: Any, body: Any, **more: Any) -> Route:
    return Route("POST", f"{_ONE}{path}", handler, right, summary, gives, body=body, **more)


ROUTES = [
    _get(f"{_ONE}/compliance", report, "Read a month's compliance report", Report, ReportQuery,
         also_media=tuple(media for media in MEDIA.values() if media != "application/json")),
    _get(f"{_ONE}/hotline", contract_hotline, "Read a contract's hotline figures", Hotline, ContractHotlineQuery),
    _get("/api/v1/hotline", hotline_figures, "Read the hotline's figures of some days", Hotline, HotlineQuery),
    _get(f"{_ONE}/staffing", read_staffing, "Read how many agents each half-hour needs", Staffing, StaffingQuery),
    _get(f"{_ONE}/standing", read_standing, "Read how the running month stands", Standing),
    _get(f"{_ONE}/cases", list_cases, "List the clocks behind a figure of a month", ClocksBehind, CasesQuery),
    _get(f"{_ONE}/exemptions", list_exemptions, "List a month's exemptions", Exemptions, MonthOnly),
    _post("/exemptions", ask_exemption, "exemptions.ask", "Ask that a breach be taken out", Exemption, AskExemption,
          status=201),
    _post("/exemptions/{id}/decision", decide_exemption, "exemptions.decide", "Approve or refuse an exemption",
          Exemption, DecideExemption),
    Route("PUT", f"{_ONE}/responsibility", hold_responsible, "exemptions.ask", "Say whose doing a breach was",
          Responsibility, body=HoldResponsible),
    _get(f"{_ONE}/credits", read_credits, "Read a month's credits", MonthCredits, MonthOnly),
    _post("/credits", decide_credits, "credits.confirm", "Confirm or waive a month's credits", MonthCredits,
          DecideCredits),
    _get(f"{_ONE}/seal", read_seal, "Read a sealed month and its amendments", Sealed, SealQuery),
    _post("/seal", seal, "months.seal", "Seal a month, or record what was corrected since", Sealed, SealMonth,
          status=201),
    _get(f"{_ONE}/report-runs", list_runs, "List the runs of the monthly report", Runs),
    _get("/api/v1/evidence", list_forms, "List the evaluation forms", Forms),
    Route("PUT", "/api/v1/evidence", put_form, "evidence.write", "Store an evaluation form", FormShown,
          body=dict[str, Any], media=("application/yaml",), raw_body=True),
    Route("PUT", f"{_ONE}/evidence", give_points, "evidence.write", "Give an item of a form points by hand", GivePoints,
          body=GivePoints),
]  # fmt: skip
