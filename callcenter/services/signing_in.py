"""Signing in to the console with login and password."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import argon2

from callcenter.errors import Unauthorized
from callcenter.services.types import Actor
from callcenter.store import sessions
from callcenter.store.types import Connection

# A shift and its handing over; every request within it moves the end.
LASTS = timedelta(hours=14)
_SEEN_EVERY = timedelta(minutes=5)
_hasher = argon2.PasswordHasher()
# verified when nobody signs in so, that the time taken does not tell
_NOBODY = _hasher.hash(secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in, and how they want pages to be."""

    actor: Actor
    name: str
    locale: str
    shortcuts: bool
    theme: str


async def sign_in(conn: Connection, login: str, password: str, now: datetime) -> str:
    """The secret of a new session; Unauthorized where login and password do not go together."""
    known = await sessions.password_of(conn, login)
    try:
        await asyncio.to_thread(_hasher.verify, known or _NOBODY, password)
    except argon2.exceptions.VerificationError as error:
        raise Unauthorized("login and password do not go together") from error
    if known is None:
        raise Unauthorized("login and password do not go together")
    secret = secrets.token_urlsafe(32)
    await sessions.expire(conn, now)
    await sessions.add(conn, _digest(secret), login, now, now + LASTS)
    return secret


async def person(conn: Connection, secret: str, now: datetime) -> Person | None:
    """Whose session the secret is, or None where it is over; it lasts on from now."""
    digest = _digest(secret)
    row = await sessions.person(conn, digest, now)
    if row is None:
        return None
    if now - row["seen_at"] > _SEEN_EVERY:
        await sessions.seen(conn, digest, now, now + LASTS)
    actor = Actor(row["login"], row["role"], 0, row["login"], row["partner"])
    return Person(actor, row["name"], row["locale"], row["shortcuts"], row["theme"])


async def sign_out(conn: Connection, secret: str) -> None:
    """The session is over."""
    await sessions.end(conn, _digest(secret))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
