"""Tells whoever is sent to a customer where to go and by when: at least once, under one message id."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from alerts.backoff import delay
from alerts.channels import Setup, read_config
from alerts.channels.email import Email, EmailConfig
from alerts.reasons import Reason, SendFailed
from callcenter.services import timeline
from callcenter.services.context import Context
from callcenter.services.zones import zone_of
from callcenter.store import job_messages as store
from callcenter.store import tickets
from callcenter.store.types import Connection, Row
from sla.clock import assess
from sla.interval import micros

_log = structlog.get_logger("callcenter.job_messages")
_AT_ONCE, _LEASE = 20, timedelta(minutes=2)
_WORDS = {
    "en": ("Job", "Customer", "Site", "Contact", "What is wrong", "Due", "Open"),
    "zh-CN": ("派工", "客户", "服务地点", "联系人", "现象", "截止时间", "打开"),
    "zh-TW": ("派工", "客戶", "服務地點", "聯絡人", "現象", "截止時間", "開啟"),
}


async def send_due(pool: asyncpg.Pool, context: Context, now: datetime) -> None:
    """What is ready was sent, or is tried again later."""
    async with pool.acquire() as conn:
        rows = await store.take(conn, _AT_ONCE, now, now + _LEASE)
        settings = await store.channel(conn) if rows else None
    for row in rows:
        await _send(pool, context, settings, row, now)


async def _send(
    pool: asyncpg.Pool, context: Context, settings: dict[str, object] | None, row: Row, now: datetime
) -> None:
    """No transaction is open while the other side is spoken to."""
    try:
        if settings is None:
            raise SendFailed(Reason.CHANNEL_OFF, "no e-mail channel is in use any more")
        config = read_config("email", settings)
        assert isinstance(config, EmailConfig)
        async with pool.acquire() as conn:
            mail = await _mail(conn, context, config, row, now)
        await Email(config, Setup(context.now, context.settings.base_url)).post(mail)
    except (SendFailed, ValueError) as error:
        reason = error.reason if isinstance(error, SendFailed) else Reason.BAD_CONFIG
        permanent = not isinstance(error, SendFailed) or error.permanent
        wait = None if permanent else delay(row["attempts"])
        then = None if wait is None else context.now() + wait
        async with pool.acquire() as conn:
            state = "dead" if then is None else "pending"
            await store.settle(conn, row["id"], state, context.now(), reason.value, str(error), then)
        _log.warning("job_message_not_sent", ticket=row["ticket"], login=row["login"], reason=reason.value)
        return
    async with pool.acquire() as conn:
        await store.settle(conn, row["id"], "sent", context.now())


async def _mail(conn: Connection, context: Context, config: EmailConfig, row: Row, now: datetime) -> EmailMessage:
    """Where, whom, what and by when, in the person's language."""
    if not row["active"] or not row["email"]:
        raise SendFailed(Reason.NO_RECIPIENT, f"{row['login']} has no address any more")
    words = _WORDS.get(row["locale"], _WORDS["en"])
    job = await store.job(conn, row["ticket"])
    mail = EmailMessage()
    mail["From"], mail["To"] = config.sender, row["email"]
    mail["Subject"] = " ".join(f"{words[0]} #{job['number']} {job['title']}".split())
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{row['id']}@{parseaddr(config.sender)[1].rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
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
