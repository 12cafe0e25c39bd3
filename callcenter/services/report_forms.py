"""A month's report in the form asked for; of a sealed month the same bytes each time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Literal, get_args

import msgspec

from callcenter.errors import CallcenterError, Invalid
from callcenter.reports import text
from callcenter.reports.model import Breach, Report
from callcenter.reports.page import html, pdf
from callcenter.reports.sections import tables
from callcenter.reports.tables import Table, breach_columns, breach_row
from callcenter.reports.words import Keys, Language
from callcenter.reports.workbook import Workbook
from callcenter.services import compliance, reports
from callcenter.services.compliance import Month
from callcenter.services.context import Context
from callcenter.services.sealing import unpacked
from callcenter.store import sealing
from callcenter.store.types import Connection, Row

Form = Literal["json", "csv", "xlsx", "html", "pdf"]
FORMS: tuple[Form, ...] = get_args(Form)
MEDIA: dict[Form, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "pdf": "application/pdf",
}


class Unprintable(CallcenterError):
    """The libraries that make a PDF are missing on this machine."""


class Asked(msgspec.Struct, kw_only=True):
    """Which report: `section` is the table a CSV file holds."""

    code: str
    month: str | None = None
    form: Form = "json"
    language: Language = "en"
    section: str = "promises"


class Written(msgspec.Struct, kw_only=True):
    """The report, its media type and a name for its file."""

    content: bytes
    media_type: str
    name: str
    sealed: bool


async def write(conn: Connection, context: Context, asked: Asked, now: datetime) -> Written:
    """The report; a sealed month's is made once and kept."""
    found = await compliance.find(conn, context, asked.code, asked.month, now)
    seal = await sealing.first(conn, found.contract, found.name)
    if seal is None:
        content = await _fresh(conn, context, found, asked, now)
    else:
        content = await _of_seal(conn, found, asked, seal, now)
    of = f"-{asked.section}" if asked.form == "csv" else ""
    name = f"{found.code}-{found.name}{of}.{asked.form}"
    return Written(content=content, media_type=MEDIA[asked.form], name=name, sealed=seal is not None)


async def _fresh(conn: Connection, context: Context, found: Month, asked: Asked, now: datetime) -> bytes:
    report = await reports.build(conn, context, found.code, found.name, now)
    pages = reports.all_breaches(reports.span_of(conn, found, report.as_of), found)
    return await made_of(report, pages, asked, sealed=False, base=context.settings.base_url or "")


async def _of_seal(conn: Connection, found: Month, asked: Asked, seal: Row, now: datetime) -> bytes:
    """The bytes kept of the seal, made and kept now where nobody has asked for them before."""
    if asked.form == "json":
        return bytes(seal["figures"])
    section = asked.section if asked.form == "csv" else ""
    language = "" if asked.form == "csv" else asked.language
    place = {"contract": found.contract, "month": found.name, "form": asked.form, "locale": language,
             "section": section, "seal": seal["id"]}  # fmt: skip
    kept = await sealing.file(conn, place)
    if kept is not None:
        return kept
    record = await asyncio.to_thread(unpacked, seal)
    # no address of this installation: another machine would give another one
    made = await made_of(record.report, _one_page(record.breaches), asked, sealed=True, base="")
    return await sealing.keep_file(conn, place, made, now)


async def _one_page(breaches: list[Breach]) -> AsyncIterator[list[Breach]]:
    yield breaches


async def made_of(
    report: Report, pages: AsyncIterator[list[Breach]], asked: Asked, *, sealed: bool, base: str
) -> bytes:
    """The report in the form, from nothing but what is given; what takes long runs beside the loop."""
    if asked.form == "json":
        return msgspec.json.encode(report)
    if asked.form == "csv":
        return (await _csv(report, pages, asked.section)).encode()
    if asked.form == "xlsx":
        return await _workbook(report, pages, asked.language)
    if asked.form == "html":
        return html(report, asked.language, sealed=sealed, base=base).encode()
    try:
        return await asyncio.to_thread(pdf, report, asked.language, sealed=sealed, base=base)
    except OSError as error:
        needed = "install libpango-1.0-0, libpangoft2-1.0-0, libharfbuzz-subset0 and fonts-noto-cjk"
        raise Unprintable(f"PDF cannot be made on this machine ({str(error)[:200]}): {needed}") from error


async def _workbook(report: Report, pages: AsyncIterator[list[Breach]], language: Language) -> bytes:
    book = await asyncio.to_thread(Workbook, report, language)
    async for page in pages:
        await asyncio.to_thread(book.add, page)
    return await asyncio.to_thread(book.bytes)


async def _csv(report: Report, pages: AsyncIterator[list[Breach]], section: str) -> str:
    """One section's table; that of the breaches has all of them."""
    keys = Keys()
    if section == "breaches":
        columns = breach_columns(keys)
        parts = [text.head(columns)]
        async for page in pages:
            parts.append(text.lines([breach_row(one, report, keys) for one in page], columns))
        return "".join(parts)
    found: dict[str, Table] = {one.key: one for one in tables(report, keys)}
    if section not in found:
        known = ", ".join(found)
        raise Invalid.field("?section", "unknown_section", f"no section {section[:40]}; there are {known}")
    return text.head(found[section].columns) + text.lines(found[section].rows, found[section].columns)
