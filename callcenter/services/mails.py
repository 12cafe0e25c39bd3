"""The outbox of mails that are no alert's: at least once, each under one message id.

Whoever causes a mail writes a row that says what it is about, in the same transaction (`store.mails`). Here one row at
a time is leased, written by its kind's writer, sent by the e-mail channel in use, and recorded.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import NamedTuple

import asyncpg
import structlog

from alerts.backoff import delay
from alerts.channels import Setup, read_config
from alerts.channels.email import Email, EmailConfig
from alerts.reasons import Reason, SendFailed
from callcenter.services import job_mail, report_mail
from callcenter.services.context import Context
from callcenter.store import mails as store
from callcenter.store.types import Connection, Row

_log = structlog.get_logger("callcenter.mails")
_AT_ONCE = 50
# a try is given up well before another process may take the mail
_LONGEST, _LEASE = timedelta(minutes=1), timedelta(minutes=2)
# The mail server is at fault, not the mail: the others would only wait for it too.
_NOBODY_THERE = frozenset({Reason.TIMEOUT, Reason.UNREACHABLE, Reason.TLS, Reason.AUTHENTICATION})


class _Kind(NamedTuple):
    """Who writes a kind of mail, and whether it waits while no e-mail channel is in use."""

    write: Callable[[Connection, Context, Row, datetime], Awaitable[EmailMessage]]
    waits: bool


# Who is sent to a customer has to be told another way at once; a report keeps.
_KINDS: Mapping[str, _Kind] = {"job": _Kind(job_mail.write, False), "month_report": _Kind(report_mail.write, True)}


async def send_due(pool: asyncpg.Pool, context: Context, now: datetime) -> None:
    """What was ready at `now` has been sent, or is tried again later, up to the first that finds no mail server."""
    for _ in range(_AT_ONCE):
        async with pool.acquire() as conn:
            settings = await store.channel(conn)
            kinds = [name for name, kind in _KINDS.items() if settings is not None or not kind.waits]
            row = await store.take(conn, kinds, now, context.now() + _LEASE)
        if row is None:
            return
        failure = await _try(pool, context, settings, row, now)
        await _record(pool, row, failure, context.now())
        if failure is not None and failure.reason in _NOBODY_THERE:
            return


async def _try(
    pool: asyncpg.Pool, context: Context, settings: dict[str, object] | None, row: Row, now: datetime
) -> SendFailed | None:
    """Why the mail was not sent; None when it was."""
    try:
        async with asyncio.timeout(_LONGEST.total_seconds()):
            await _send(pool, context, settings, row, now)
    except SendFailed as failure:
        return failure
    except TimeoutError:
        return SendFailed(Reason.TIMEOUT, f"no answer within {_LONGEST.total_seconds():g} s")
    except Exception as error:  # a fault of ours in one mail must not hold up the others
        _log.exception("mail_fault", mail=str(row["id"]))
        return SendFailed(Reason.FAULT, repr(error))
    return None


async def _send(
    pool: asyncpg.Pool, context: Context, settings: dict[str, object] | None, row: Row, now: datetime
) -> None:
    """No transaction is open while the other side is spoken to."""
    config = _config(settings)
    if not row["active"] or not row["email"]:
        raise SendFailed(Reason.NO_RECIPIENT, f"{row['login']} has no address any more")
    async with pool.acquire() as conn:
        mail = await _KINDS[row["kind"]].write(conn, context, row, now)
    mail["From"], mail["To"] = config.sender, row["email"]
    mail["Date"] = format_datetime(now)
    # the same at every try: readers can drop a double
    mail["Message-ID"] = f"<{row['id']}@{parseaddr(config.sender)[1].rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    await Email(config, Setup(context.now, context.settings.base_url)).post(mail)


def _config(settings: dict[str, object] | None) -> EmailConfig:
    if settings is None:
        raise SendFailed(Reason.CHANNEL_OFF, "no e-mail channel is in use any more")
    try:
        config = read_config("email", settings)
    except ValueError as error:
        raise SendFailed(Reason.BAD_CONFIG, str(error)) from error
    assert isinstance(config, EmailConfig)
    return config


async def _record(pool: asyncpg.Pool, row: Row, failure: SendFailed | None, now: datetime) -> None:
    """Sent, or tried again after a while, longer each time, until that cannot help."""
    told = {"kind": row["kind"], "login": row["login"], "ticket": row["ticket"], "contract": row["code"],
            "month": row["month"]}  # fmt: skip
    told = {name: value for name, value in told.items() if value is not None}
    if failure is None:
        async with pool.acquire() as conn:
            held = await store.settle(conn, row, "sent", now)
        _log.info("mail_sent", held=held, **told)
        return
    wait = None if failure.permanent else delay(row["attempts"], failure.retry_after)
    state, again = ("dead", None) if wait is None else ("pending", now + wait)
    async with pool.acquire() as conn:
        held = await store.settle(conn, row, state, now, failure.reason.value, failure.detail, again)
    _log.warning("mail_not_sent", reason=failure.reason.value, detail=failure.detail[:200], given_up=wait is None,
                 held=held, **told)  # fmt: skip
