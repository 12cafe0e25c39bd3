"""The mail that tells whoever is sent to a customer where to go and by when."""

from datetime import datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from callcenter.services import timeline
from callcenter.services.context import Context
from callcenter.services.zones import zone_of
from callcenter.store import mails as store
from callcenter.store import tickets
from callcenter.store.types import Connection, Row
from sla.clock import assess
from sla.interval import micros

_WORDS = {
    "en": ("Job", "Customer", "Site", "Contact", "What is wrong", "Due", "Open"),
    "zh-CN": ("派工", "客户", "服务地点", "联系人", "现象", "截止时间", "打开"),
    "zh-TW": ("派工", "客戶", "服務地點", "聯絡人", "現象", "截止時間", "開啟"),
}


async def write(conn: Connection, context: Context, row: Row, now: datetime) -> EmailMessage:
    """Where, whom, what and by when, in the person's language."""
    words = _WORDS.get(row["locale"], _WORDS["en"])
    job = await store.job(conn, row["ticket"])
    mail = EmailMessage()
    mail["Subject"] = " ".join(f"{words[0]} #{job['number']} {job['title']}".split())
    base = (context.settings.base_url or "").rstrip("/")
    told = (
        (words[1], job["customer"]),
        (words[2], ", ".join(filter(None, (job["site"], job["address"])))),
        (words[3], " ".join(filter(None, (job["contact"], job["phone"])))),
        (words[4], "\n".join(filter(None, (job["title"], job["description"])))),
        (words[5], await _due(conn, context, row["ticket"], now)),
        (words[6], f"{base}/jobs/{job['number']}" if base else None),
    )
    mail.set_content("".join(f"{name}: {value}\n" for name, value in told if value))
    return mail


async def _due(conn: Connection, context: Context, number: int, now: datetime) -> str | None:
    """The deadline that comes next, on the contract's wall clock."""
    loaded = await tickets.load(conn, context.terms, number)
    if loaded is None or loaded.terms is None:
        return None
    clocks = assess(loaded.terms, timeline.standing(loaded, now), micros(now))
    ahead = [one.due_at for one in clocks if one.due_at is not None and one.stopped_at is None]
    zone = zone_of(loaded.terms, context.settings.default_region)
    return f"{min(ahead).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}" if ahead else None
