"""The monthly job: on a contract's first working day, last month's reports are made, kept and sent."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import structlog

from callcenter.errors import CallcenterError, NotFound
from callcenter.reports.words import LANGUAGES, Language
from callcenter.services.context import Context
from callcenter.services.report_forms import Asked, Form, write
from callcenter.store import contracts, mails, reports, sealing
from callcenter.store.types import Connection, Row
from sla.calendar import Calendar
from sla.contract import Contract
from sla.interval import instant, micros

_log = structlog.get_logger("callcenter.monthly")
_KEPT: tuple[Form, ...] = ("html", "xlsx", "pdf")
_SHOWN = 50
# how many months back are made up for, and when one that failed is tried again
_MADE_UP, _AGAIN = 12, timedelta(minutes=55)


class Mail(msgspec.Struct, kw_only=True):
    """A report on its way to a person: pending, sending, sent or dead, with the last failure."""

    login: str
    state: str
    attempts: int
    reason: str | None
    detail: str | None
    sent_at: datetime | None


class Run(msgspec.Struct, kw_only=True):
    """How a month's report was made, and to whom it went; `detail` says what went wrong."""

    contract: str
    month: str
    state: str
    detail: str | None
    started_at: datetime
    ended_at: datetime | None
    mails: list[Mail]


class Runs(msgspec.Struct, kw_only=True):
    """The newest runs."""

    items: list[Run]


async def listing(conn: Connection, code: str) -> Runs:
    """How the job went for a contract, the newest month first."""
    if await contracts.by_code(conn, code) is None:
        raise NotFound(f"no contract {code}")
    rows = await sealing.runs(conn, code, _SHOWN)
    sent: dict[str, list[Mail]] = {}
    for mail in await mails.of_months(conn, code, [row["month"] for row in rows]):
        told = {name: mail[name] for name in Mail.__struct_fields__}
        sent.setdefault(mail["month"], []).append(Mail(**told))
    return Runs(items=[_run(row, sent.get(row["month"], [])) for row in rows])


def _run(row: Row, mails: list[Mail]) -> Run:
    return Run(contract=row["code"], mails=mails, **{name: row[name] for name in _RUN})


_RUN = ("month", "state", "detail", "started_at", "ended_at")


async def make_due(pool: asyncpg.Pool, context: Context, now: datetime) -> None:
    """Every report that is due and not there is made; one that failed is tried again an hour later."""
    async with pool.acquire() as conn:
        languages = await _languages(conn)
        for row in await reports.all_contracts(conn):
            for month in await _due(conn, context, row, now):
                await _make(conn, context, row, month, languages, now)


async def _due(conn: Connection, context: Context, row: Row, now: datetime) -> list[str]:
    """Months whose report should be there and is not: last month, and those missed since the first one made."""
    local = now.astimezone(ZoneInfo(row["timezone"]))
    versions = await contracts.versions(conn, row["code"])
    runs = {one["month"]: one for one in await sealing.runs(conn, row["code"], _SHOWN)}
    terms = await context.terms.of(conn, versions[-1]["id"])
    reached = local.date() >= first_working_day(terms, local.date(), context.settings.default_region)
    months = _before(local.date())[: None if reached else -1]
    oldest = min(runs, default=f"{local.date().replace(day=1) - timedelta(days=1):%Y-%m}")
    return [
        name
        for name in months
        if name >= oldest and _in_force(versions, name) and (name not in runs or _again(runs[name], now))
    ]


def _before(day: date) -> list[str]:
    """The months before that of the day, as far as missed ones are made up for."""
    months = []
    for _ in range(_MADE_UP):
        day = day.replace(day=1) - timedelta(days=1)
        months.append(f"{day:%Y-%m}")
    return months[::-1]


def _in_force(versions: Sequence[Row], month: str) -> bool:
    first = date.fromisoformat(f"{month}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return bool(versions[-1]["valid_until"] >= first and min(one["valid_from"] for one in versions) <= last)


def _again(run: Row, now: datetime) -> bool:
    """Whether a run that is not done is old enough: another host may be at it, or it has just failed."""
    started: datetime = run["started_at"]
    return run["state"] != "done" and now - started >= _AGAIN


def first_working_day(terms: Contract, day: date, country: str) -> date:
    """The first day of the month of `day` with working hours: the contract's, else Monday to Friday in the country."""
    calendar = next((one.calendar for one in terms.commitments if not one.calendar.always), None)
    if calendar is None:
        week = {"week": {"mon-fri": "09:00-17:00"}, "holidays": country}
        calendar = Calendar.build("working days", week, terms.timezone)
    start = datetime.combine(day.replace(day=1), time(), terms.zone)
    opening = next(calendar.intervals(micros(start), micros(start + timedelta(days=31))), None)
    return start.date() if opening is None else instant(opening.start).astimezone(terms.zone).date()


async def _languages(conn: Connection) -> Sequence[Language]:
    """The languages of those who manage contracts; English where there is nobody."""
    spoken = await sealing.languages(conn)
    return [one for one in LANGUAGES if one in spoken] or ["en"]


async def _make(
    conn: Connection, context: Context, row: Row, month: str, languages: Sequence[Language], now: datetime
) -> None:
    """The reports of the month are kept; what fails is told in the run and the log, and others go on."""
    await sealing.note_run(conn, row["id"], month, "running", None, now)
    try:
        for language in languages:
            for form in _KEPT:
                asked = Asked(code=row["code"], month=month, form=form, language=language)
                written = await write(conn, context, asked, now)
                place = {"contract": row["id"], "month": month, "form": form, "locale": language, "section": ""}
                await sealing.replace_file(conn, place, written.content, now)
    except (CallcenterError, asyncpg.PostgresError, ValueError, TimeoutError) as error:
        _log.error("month_report_failed", contract=row["code"], month=month, error=repr(error))
        await sealing.note_run(conn, row["id"], month, "failed", str(error)[:500], context.now())
        return
    async with conn.transaction():
        await sealing.note_run(conn, row["id"], month, "done", None, context.now())
        await mails.enqueue_report(conn, row["id"], month, context.now())
    _log.info("month_report_made", contract=row["code"], month=month, languages=list(languages))
