"""The doctor on this host and its settings: room on the disk, links in messages, printing; and who can sign in."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from callcenter.reports.charts import FONTS
from callcenter.services.doctor_finding import Finding
from callcenter.settings import Settings
from callcenter.store import doctor as store

_GIB = 2**30
_ROOM_LOW, _ROOM_NONE = 2 * _GIB, _GIB // 4
_LOCAL = ("localhost", "127.0.0.1", "::1")
# Two letters, and how a PDF names them where a font had them.
_SAMPLE, _NAMED = "\u4e2d\u6587", (b"<4e2d>", b"<6587>")
_PACKAGES = "install libpango-1.0-0, libpangoft2-1.0-0, libharfbuzz-subset0 and fonts-noto-cjk"


def room(folder: Path) -> Finding:
    """Whether the embedded database has room to grow."""
    usage = shutil.disk_usage(folder)
    told = f"{usage.free / _GIB:.1f} GiB free for {folder}"
    if usage.free < _ROOM_NONE:
        return Finding("fail", "disk", told, "make room now: a full disk stops the database")
    if usage.free < _ROOM_LOW:
        return Finding("warn", "disk", told, "make room, or move the folder and set CALLCENTER_DATA")
    return Finding("ok", "disk", told)


def links(settings: Settings) -> Finding:
    """Whether messages can carry links that people can follow."""
    if settings.base_url is None:
        to_do = "set CALLCENTER_BASE_URL to the address people reach the service at"
        return Finding("warn", "links", "messages carry none", to_do)
    address = urlsplit(settings.base_url)
    if address.hostname in _LOCAL:
        to_do = "set CALLCENTER_BASE_URL to an address others reach, unless this is a trial"
        return Finding("warn", "links", f"{settings.base_url} opens on this host alone", to_do)
    if address.scheme != "https":
        told = f"{settings.base_url} is not encrypted, and links acknowledge alerts"
        return Finding("warn", "links", told, "put a proxy with TLS in front, and https:// into CALLCENTER_BASE_URL")
    return Finding("ok", "links", f"messages lead to {settings.base_url}")


async def people(conn: asyncpg.Connection, now: datetime) -> Finding:
    """Whether anybody can administer the service."""
    admins, tokens = await store.administrators(conn, now)
    if not admins:
        told = "no administrator can sign in" + (f"; {tokens} admin token{_s(tokens)}" if tokens else "")
        return Finding("warn", "people", told, "`callcenter user create LOGIN --role admin`")
    return Finding("ok", "people", f"{admins} administrator{_s(admins)} can sign in")


def _s(count: int) -> str:
    return "" if count == 1 else "s"


async def printing(draw: Callable[[], bytes] | None = None) -> Finding:
    """Whether reports can be made as PDF, Chinese ones too."""
    try:
        made = await asyncio.to_thread(draw or _drawn)
    except OSError as error:
        return Finding("warn", "pdf", f"reports cannot be printed: {str(error)[:200]}", _PACKAGES)
    if not all(named in made for named in _NAMED):
        return Finding("warn", "pdf", "no font has Chinese letters: reports show boxes", "install fonts-noto-cjk")
    return Finding("ok", "pdf", "reports can be printed, Chinese letters too")


def _drawn() -> bytes:
    """A page with Chinese letters; OSError where Pango is missing."""
    from weasyprint import HTML  # takes long to load, and fails to where Pango is missing

    style = FONTS["zh-CN"].replace('"', "'")
    made: bytes = HTML(string=f'<p lang="zh" style="font-family: {style}">{_SAMPLE}').write_pdf(uncompressed_pdf=True)
    return made
