"""Links that let the person named in them acknowledge an alert without signing in: signed, and good for three days."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

LIFE = timedelta(hours=72)
_SIGNATURE = 16  # bytes; short enough for a text message, 128 bits


class Claim(NamedTuple):
    """What a link says: who acknowledges which alert."""

    alert: int
    login: str


class BadLink(Exception):
    """The link is not one of ours; `expired` when it was."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("the link has expired" if expired else "the link is not one of ours")
        self.expired = expired


def path(key: bytes, alert: int, login: str, now: datetime) -> str:
    """The path of a link made now."""
    content = f"{alert}.{int((now + LIFE).timestamp())}.{login}".encode()
    return f"/a/{_written(_signature(key, content) + content)}"


def read(key: bytes, token: str, now: datetime) -> Claim:
    """What the last part of a link's path says; BadLink where it was not signed by us or is too old."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadLink from error
    signed, content = raw[:_SIGNATURE], raw[_SIGNATURE:]
    # one token for one claim: base64 could write the same bytes in more than one way
    if not hmac.compare_digest(_signature(key, content), signed) or _written(raw) != token:
        raise BadLink
    alert, until, login = content.decode().split(".", 2)
    if datetime.fromtimestamp(int(until), UTC) <= now:
        raise BadLink(expired=True)
    return Claim(int(alert), login)


def _signature(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, b"acknowledge\n" + content, hashlib.sha256)[:_SIGNATURE]


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
