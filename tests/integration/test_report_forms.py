"""Reports in every form, read back: workbooks with their types, PDF with its fonts, CSV that nothing runs."""

import asyncio
import csv
import io
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import openpyxl
import pypdf
import pytest

from callcenter.reports.words import LANGUAGES
from callcenter.services import contracts, monthly, report_forms, reports
from callcenter.services.context import Context
from callcenter.services.history import import_history
from callcenter.services.report_forms import Asked, Unprintable
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store import sealing
from callcenter.store.types import Connection

NOW = datetime(2026, 11, 2, 4, tzinfo=UTC)  # Monday noon in Shanghai
CONTEXT = Context(Settings(), lambda: NOW)
CONTRACT = """
contract: HF-1
title: 公共卫生网络设备
customer: 安徽省公共卫生
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: Asia/Shanghai
regions: {city: 合肥市}
severities: {1: {name: 严重故障}, 2: {name: 主要故障}}
calendars: {always: 24x7}
commitments:
  - {name: response, starts: reported, stops: responded, within: 10m, calendar: always}
  - {name: on_site, starts: reported, stops: arrived, within: 1h, calendar: always}
  - {name: restore, starts: reported, stops: restored, within: 4h, calendar: always, pauses: [waiting_customer],
     credit: {amount: 100, currency: CNY, per: breach}}
  - {name: ours, starts: reported, stops: responded, within: 5m, calendar: always, owner: internal}
reporting: {target: {response: 98%, restore: 95%}}
"""
TITLES = ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1+1", "  =2+2", "网络中断 & <b>\x0b", "plain"]


def ticket(place: int, title: str) -> bytes:
    """A fault of October: half of them restored in time, the first paused just before its deadline."""
    start = datetime(2026, 10, 5, 2, tzinfo=UTC) + timedelta(days=place)
    after = {"reported": 0, "graded": 1, "responded": 4, "arrived": 50 if place % 4 else 90}
    after |= {"paused": 230, "resumed": 235, "restored": 239} if place == 0 else {"restored": 200 if place % 2 else 300}
    told = {"reported": {"region": "city"}, "graded": {"severity": 1}, "paused": {"reason": "waiting_customer"}}
    events = [
        {"type": kind, "occurred_at": (start + timedelta(minutes=minutes)).isoformat(), **told.get(kind, {})}
        for kind, minutes in after.items()
    ]
    events.append({"type": "promised", "occurred_at": (start + timedelta(minutes=10)).isoformat(), "what": "call back",
                   "until": (start + timedelta(minutes=30)).isoformat()})  # fmt: skip
    if place % 2:
        events.append({"type": "kept", "occurred_at": (start + timedelta(minutes=20)).isoformat(), "what": "call back"})
    line = {"ref": f"T{place}", "contract": "HF-1", "kind": "fault", "region": "city", "title": title}
    return json.dumps({"ticket": {**line, "events": events}}).encode()


@pytest.fixture
async def conn(pool: asyncpg.Pool) -> Any:
    """A connection to a store with a contract and a month of faults."""
    async with pool.acquire() as connection:
        await contracts.put(connection, None, CONTRACT, Actor("tests", "admin"), NOW)
        lines = [ticket(place, title) for place, title in enumerate(TITLES)]
        assert (await import_history(connection, CONTEXT, lines, NOW)).refused == []
        yield connection


async def written(conn: Connection, form: Any, language: Any = "en", section: str = "promises") -> bytes:
    asked = Asked(code="HF-1", month="2026-10", form=form, language=language, section=section)
    return (await report_forms.write(conn, CONTEXT, asked, NOW)).content


async def printed(conn: Connection, language: Any) -> pypdf.PdfReader:
    """The PDF, opened; the test is skipped, saying so, where Pango is missing, but not in CI."""
    try:
        return pypdf.PdfReader(io.BytesIO(await written(conn, "pdf", language)))
    except Unprintable as error:
        if os.environ.get("CI"):  # noqa: TID251  of the tests, not of the service
            raise
        pytest.skip(f"no PDF on this machine: {error}")


async def test_the_figures_by_hand(conn: Connection) -> None:
    report = await reports.build(conn, CONTEXT, "HF-1", "2026-10", NOW)
    by_name = {row.commitment: (row.due, row.met, row.breached) for row in report.by_commitment}
    assert by_name == {"response": (8, 8, 0), "on_site": (8, 6, 2), "restore": (8, 5, 3)}
    assert [row.commitment for row in report.objectives] == ["ours"]
    assert [(one.region, one.arrivals, one.mean_s, one.longest_s) for one in report.on_site] == [
        ("city", 8, 3600.0, 5400.0)
    ]
    spoken = report.spoken
    assert (spoken.made, spoken.kept, spoken.broken, spoken.kept_rate) == (8, 4, 4, 50.0)
    assert [(one.commitment, one.left_s) for one in report.pauses.near_deadline] == [("restore", 600.0)]
    assert (report.repeats.visited, report.repeats.fixed_first_time) == (8, 8)
    assert (report.late_entries.entries, report.late_entries.imported) == (0, 8 * 6 + 4 + 2)
    assert [(one.amount, one.state) for one in report.credits.lines] == [("300.00", "proposed")]
    assert [one.type for one in report.breaches[0].timeline][:2] == ["reported", "graded"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_workbook_opens_with_numbers_and_dates(conn: Connection, language: Any) -> None:
    book = openpyxl.load_workbook(io.BytesIO(await written(conn, "xlsx", language)))
    sheet = book.worksheets[-1]
    head, *rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 5
    for row in rows:
        cells = dict(zip(range(len(head)), row, strict=True))
        assert isinstance(cells[0], int)  # the ticket
        assert isinstance(cells[10], datetime)  # due
        assert isinstance(cells[12], timedelta)  # over by
    assert {cell.data_type for one in book.worksheets for row in one.iter_rows() for cell in row} <= {"n", "s", "d"}
    assert '=HYPERLINK("http://x")' in [row[2] for row in rows]


async def test_csv_cells_are_harmless(conn: Connection) -> None:
    content = await written(conn, "csv", section="breaches")
    assert content.startswith(b"\xef\xbb\xbf")
    titles = {row["title"] for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))}
    assert {title for title in titles if title.startswith(("=", "+", "-", "@", "\t"))} == set()
    assert '\'=HYPERLINK("http://x")' in titles
    with pytest.raises(Exception, match="no section"):
        await written(conn, "csv", section="nothing")


async def test_the_page_escapes_and_links(conn: Connection) -> None:
    page = (await written(conn, "html", "zh-CN")).decode()
    assert '<html lang="zh-CN">' in page
    assert "<b>" not in page.split("</header>")[1]
    assert "/reports/HF-1/behind?month=2026-10&amp;figure=breached&amp;commitment=restore" in page
    assert "违约明细" in page
    assert "ours" not in page.replace("hours", "")


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "违约明细"), ("zh-TW", "違約明細"), ("en", "Breaches")])
async def test_pdf_in_three_languages(conn: Connection, language: Any, word: str) -> None:
    book = await printed(conn, language)
    text = [page.extract_text() for page in book.pages]
    assert word in "".join(text)
    assert all(f"{number}/{len(text)}" in one.replace(" ", "") for number, one in enumerate(text, 1))
    assert "合肥市" in "".join(text)
    fonts = [font.get_object() for page in book.pages for font in page["/Resources"]["/Font"].values()]
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(descriptor), "a font is not embedded"
    assert "/CreationDate" not in (book.metadata or {})
    assert await written(conn, "pdf", language) == await written(conn, "pdf", language)


async def test_the_month_is_reported_on_its_first_working_day(pool: asyncpg.Pool, conn: Connection) -> None:
    """1 November 2026 is a Sunday: the second is the first working day in China."""
    await monthly.make_due(pool, CONTEXT, datetime(2026, 11, 1, 12, tzinfo=UTC) - timedelta(hours=1))
    assert (await monthly.listing(conn, "HF-1")).items == []
    await monthly.make_due(pool, CONTEXT, NOW)
    assert [(run.month, run.state) for run in (await monthly.listing(conn, "HF-1")).items] == [("2026-10", "done")]
    contract = await conn.fetchval("select id from contracts")
    place = {"contract": contract, "month": "2026-10", "form": "xlsx", "locale": "en", "section": "", "seal": None}
    kept = await sealing.file(conn, place)
    assert kept is not None
    assert kept.startswith(b"PK")
    made_at = await conn.fetchval("select max(made_at) from report_files")
    await monthly.make_due(pool, CONTEXT, NOW + timedelta(hours=1))
    assert await conn.fetchval("select max(made_at) from report_files") == made_at  # once


ELSEWHERE = """
import asyncio, hashlib, locale, sys, time
from datetime import datetime
import msgspec
from callcenter.reports.model import Report
from callcenter.reports.words import LANGUAGES
from callcenter.services.report_forms import FORMS, Asked, Unprintable, made_of

locale.setlocale(locale.LC_ALL, "")
report = msgspec.json.decode(sys.stdin.buffer.read(), type=Report)

async def pages():
    yield report.breaches

async def digest(form, language):
    asked = Asked(code="HF-1", form=form, language=language)
    try:
        made = await made_of(report, pages(), asked, sealed=True, base="")
    except Unprintable:
        return "no PDF here"
    return hashlib.sha256(made).hexdigest()

print(time.strftime("%z", time.localtime(1793592000)), locale.setlocale(locale.LC_NUMERIC))
for form in FORMS:
    for language in LANGUAGES:
        print(form, language, asyncio.run(digest(form, language)))
"""


async def made_elsewhere(report: bytes, zone: str, locale: str) -> tuple[str, list[str]]:
    """Where another process was, in that time zone and locale, and the digests of every form and language it made."""
    surroundings = {**os.environ, "TZ": zone, "LC_ALL": locale, "LANG": locale}  # noqa: TID251  of the tests
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ELSEWHERE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=surroundings
    )
    said = (await process.communicate(report))[0].decode().splitlines()
    assert process.returncode == 0
    return said[0], said[1:]


async def test_a_report_is_the_same_bytes_in_any_time_zone_and_locale(conn: Connection) -> None:
    report = msgspec.json.encode(await reports.build(conn, CONTEXT, "HF-1", "2026-10", NOW))
    here, one = await made_elsewhere(report, "Asia/Shanghai", "C.UTF-8")
    there, two = await made_elsewhere(report, "America/New_York", "POSIX")
    assert here != there, "both were made in the same place"
    assert len(one) == 15
    assert one == two
