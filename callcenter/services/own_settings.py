"""What people settle for themselves: how pages are, their password, where they are signed in."""

import asyncio
import hashlib
from datetime import datetime

import argon2

from callcenter.errors import Invalid
from callcenter.services import people
from callcenter.store import sessions
from callcenter.store.types import Connection

_hasher = argon2.PasswordHasher()


async def prefer(conn: Connection, login: str, locale: str, theme: str, now: datetime, *, shortcuts: bool) -> None:
    """Pages are in this language and theme from now on, with or without shortcuts of a single key."""
    await sessions.prefer(conn, login, locale, shortcuts, theme, now)


async def change_password(conn: Connection, login: str, old: str, new: str, secret: str, now: datetime) -> None:
    """The new password counts and all other sessions are over; Invalid where the old one is wrong."""
    known = await sessions.password_of(conn, login)
    try:
        await asyncio.to_thread(_hasher.verify, known or "", old)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError) as error:
        raise Invalid.field("/old", "wrong_password", "the present password is another one") from error
    await people.set_password(conn, login, new, now)
    await sign_out_others(conn, login, secret)


async def sign_out_others(conn: Connection, login: str, secret: str | None) -> int:
    """All sessions of the person but the one with this secret are over; gives how many there were."""
    keep = hashlib.sha256((secret or "").encode("utf-8", "surrogateescape")).digest()
    return await sessions.end_others(conn, login, keep)
