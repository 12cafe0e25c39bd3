"""The mail that brings a month's report to somebody of the contract."""

from datetime import datetime
from email.message import EmailMessage

from callcenter.reports.words import LANGUAGES, Language, Words
from callcenter.services.context import Context
from callcenter.services.report_forms import MEDIA, Form
from callcenter.store import sealing
from callcenter.store.types import Connection, Row

# the first there is goes along; a larger one is fetched by its address
_FORMS: tuple[Form, ...] = ("pdf", "html")
_MOST_BYTES = 10_000_000


async def write(conn: Connection, context: Context, row: Row, now: datetime) -> EmailMessage:
    """The report in the person's language, with its address in the service where that is known."""
    language: Language = next((one for one in LANGUAGES if one == row["locale"]), "en")
    title = f"{Words(language)('report')} {row['code']} {row['month']}"
    mail = EmailMessage()
    mail["Subject"] = title
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
