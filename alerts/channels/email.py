"""E-mail over SMTP."""

import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Annotated

import aiosmtplib
import msgspec
from msgspec import Meta

from alerts.channels.setup import Setup
from alerts.message import Message, subject, text
from alerts.reasons import Reason, SendFailed
from alerts.words import Locale

_TIMEOUT_S = 10


class EmailConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"sender": "from"}):
    """Settings of an e-mail channel; without `to` the people on duty are written to."""

    host: Annotated[str, Meta(min_length=1)]
    sender: Annotated[str, Meta(pattern="@")]
    port: Annotated[int, Meta(ge=1, le=65535)] = 25
    username: str | None = None
    password: str | None = None
    starttls: bool = False
    tls: bool = False
    to: tuple[Annotated[str, Meta(pattern="@")], ...] = ()
    locale: Locale = "en"

    def __post_init__(self) -> None:
        if self.starttls and self.tls:
            raise ValueError("`tls` and `starttls` are both set: keep one")


class Email:
    """Sends each message over a connection of its own."""

    def __init__(self, config: EmailConfig, setup: Setup) -> None:
        self._config = config
        self._setup = setup

    async def send(self, message: Message) -> None:
        """The SMTP server has taken the message for at least one recipient."""
        addresses = self._config.to or tuple(r.email for r in message.recipients if r.email)
        if not addresses:
            raise SendFailed(Reason.NO_RECIPIENT, "nobody on duty has an e-mail address, and the channel names none")
        await self._talk(lambda client: client.send_message(self._mail(message, addresses)))

    async def check(self) -> None:
        """The server answers and takes the login."""
        await self._talk(lambda client: client.noop())

    async def close(self) -> None:
        """Nothing is held open."""

    def _mail(self, message: Message, addresses: tuple[str, ...]) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._config.sender
        mail["To"] = ", ".join(addresses)
        mail["Subject"] = " ".join(subject(message, self._config.locale).split())
        mail["Date"] = format_datetime(self._setup.now())
        domain = parseaddr(self._config.sender)[1].rpartition("@")[2]
        mail["Message-ID"] = f"<{message.id}@{domain}>"  # the same at every try: readers can drop a double
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text(message, self._config.locale, self._setup.now(), self._setup.base_url))
        return mail

    async def _talk(self, say: "Callable[[aiosmtplib.SMTP], object]") -> None:
        config = self._config
        client = aiosmtplib.SMTP(
            hostname=config.host,
            port=config.port,
            username=config.username,
            password=config.password,
            use_tls=config.tls,
            start_tls=config.starttls,
            timeout=_TIMEOUT_S,
        )
        try:
            async with client:
                await say(client)  # type: ignore[misc]  # every use of it is awaitable
        except (aiosmtplib.SMTPException, OSError) as error:
            raise SendFailed(_reason(error), f"{type(error).__name__}: {error}") from error


def _reason(error: Exception) -> Reason:
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return Reason.AUTHENTICATION
        case aiosmtplib.SMTPTimeoutError() | TimeoutError():
            return Reason.TIMEOUT
        case aiosmtplib.SMTPRecipientsRefused():
            return Reason.REJECTED
        case aiosmtplib.SMTPResponseException():
            return Reason.REJECTED if error.code >= 500 else Reason.UNAVAILABLE
        case ssl.SSLError():
            return Reason.TLS
    return Reason.UNREACHABLE
