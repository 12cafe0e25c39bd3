"""Sends the reports that the monthly job made to the people of the contract: at least once, under one message id."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import asyncpg
import structlog

from alerts.backoff import delay
from alerts.channels import Setup, read_config
from alerts.channels.email import Email, EmailConfig
from alerts.reasons import Reason, SendFailed
from callcenter.reports.words import LANGUAGES, Language, Words
from callcenter.services.context import Context
from callcenter.services.report_forms import MEDIA, Form
from callcenter.store import report_mails as store
from callcenter.store import sealing
from callcenter.store.types import Connection, Row

_log = structlog.get_logger("callcenter.report_mail")
_AT_ONCE, _LEASE = 10, timedelta(minutes=5)
# the first there is goes along; a larger one is fetched by its address
_FORMS: tuple[Form, ...] = ("pdf", "html")
_MOST_BYTES = 10_000_000


async def send_due(pool: asyncpg.Pool, context: Context, now: datetime) -> None:
    """What is ready was sent, or is tried again later; nothing is where there is no e-mail channel in use."""
    async with pool.acquire() as conn:
        settings = await store.channel(conn)
        if settings is None:
            return
        rows = await store.take(conn, _AT_ONCE, now, now + _LEASE)
    for row in rows:
        await _send(pool, context, settings, row, now)


async def _send(pool: asyncpg.Pool, context: Context, settings: dict[str, object], row: Row, now: datetime) -> None:
    """No transaction is open while the other side is spoken to."""
    try:
        config = read_config("email", settings)
        assert isinstance(config, EmailConfig)
        async with pool.acquire() as conn:
            mail = await _mail(conn, context, config, row, now)
        await Email(config, Setup(context.now, context.settings.base_url)).post(mail)
    except (SendFailed, ValueError) as error:
        await _failed(pool, row, error, context.now())
        return
    async with pool.acquire() as conn:
        await store.settle(conn, row["id"], "sent", context.now())
    _log.info("month_report_sent", contract=row["code"], month=row["month"], login=row["login"])


async def _failed(pool: asyncpg.Pool, row: Row, error: SendFailed | ValueError, now: datetime) -> None:
    """Tried again after a while, longer each time, until it is given up."""
    reason = error.reason if isinstance(error, SendFailed) else Reason.BAD_CONFIG
    wait = delay(row["attempts"])
    state = "dead" if wait is None else "pending"
    async with pool.acquire() as conn:
        again = None if wait is None else now + wait
        await store.settle(conn, row["id"], state, now, reason.value, str(error), again)
    _log.warning("month_report_not_sent", contract=row["code"], month=row["month"], login=row["login"],
                 reason=reason.value, detail=str(error)[:200], given_up=wait is None)  # fmt: skip


async def _mail(conn: Connection, context: Context, config: EmailConfig, row: Row, now: datetime) -> EmailMessage:
    """The report in the person's language, with its address in the service where that is known."""
    if not row["active"] or not row["email"]:
        raise SendFailed(Reason.NO_RECIPIENT, f"{row['login']} has no address any more")
    language: Language = next((one for one in LANGUAGES if one == row["locale"]), "en")
    title = f"{Words(language)('report')} {row['code']} {row['month']}"
    mail = EmailMessage()
    mail["From"], mail["To"] = config.sender, row["email"]
    mail["Subject"] = title
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{row['id']}@{parseaddr(config.sender)[1].rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    base = (context.settings.base_url or "").rstrip("/")
    mail.set_content(f"{title}\n\n{base}/reports/{row['code']}?month={row['month']}\n" if base else f"{title}\n")
    await _attach(conn, mail, row, language)
    return mail


async def _attach(conn: Connection, mail: EmailMessage, row: Row, language: Language) -> None:
    for form in _FORMS:
        place = {"contract": row["contract"], "month": row["month"], "form": form, "locale": language,
                 "section": "", "seal": None}  # fmt: skip
        kept = await sealing.file(conn, place)
        if kept is not None and len(kept) <= _MOST_BYTES:
            kind, sub = MEDIA[form].split("/")
            name = f"{row['code']}-{row['month']}.{form}"
            mail.add_attachment(kept, maintype=kind, subtype=sub, filename=name)
            return
