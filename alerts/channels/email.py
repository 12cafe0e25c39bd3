"""E-mail over SMTP."""

import ssl
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Annotated

import aiosmtplib
import msgspec
from msgspec import Meta
from msgspec.structs import replace

from alerts.channels.setup import Setup
from alerts.channels.told import Told
from alerts.message import Message, Recipient, subject
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
        self._told = Told()

    async def send(self, message: Message) -> None:
        """The SMTP server has taken a mail to the channel's own addresses, or one to each of those on duty.

        A mail each, as each holds a link of one's own to acknowledge by.
        """
        people = [person for person in message.recipients if person.email]
        if self._config.to:
            await self._talk(self._mail(message, self._config.to))
        elif not people:
            raise SendFailed(Reason.NO_RECIPIENT, "nobody on duty has an e-mail address, and the channel names none")
        else:
            alone = len(people) == 1
            await self._told.tell(message, people, lambda one: self._talk(self._mail_to(message, one, alone=alone)))

    async def post(self, mail: EmailMessage) -> None:
        """The SMTP server has taken this mail, which is no alert's."""
        await self._talk(mail)

    async def check(self) -> None:
        """The server answers and takes the login."""
        await self._talk(None)

    async def close(self) -> None:
        """Nothing is held open."""

    def _mail_to(self, message: Message, person: Recipient, *, alone: bool) -> EmailMessage:
        suffix = "" if alone else "." + person.login.replace("@", ".")
        return self._mail(replace(message, recipients=(person,)), (str(person.email),), suffix)

    def _mail(self, message: Message, addresses: tuple[str, ...], suffix: str = "") -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._config.sender
        mail["To"] = ", ".join(addresses)
        mail["Subject"] = " ".join(subject(message, self._config.locale).split())
        mail["Date"] = format_datetime(self._setup.now())
        domain = parseaddr(self._config.sender)[1].rpartition("@")[2]
        # the same at every try: readers can drop a double
        mail["Message-ID"] = f"<{message.id}{suffix}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self._setup.text(message, self._config.locale))
        return mail

    async def _talk(self, mail: EmailMessage | None) -> None:
        """One connection: the mail is taken, or without one the server answers."""
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
                if mail is None:
                    await client.noop()
                else:
                    await client.send_message(mail)
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
